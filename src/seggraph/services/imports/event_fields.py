"""The fields of imports of other contents than members: above all those of events and orders, which names of columns
mean them, and what is needed. Those of relations and suppressions are in `content_fields`.

They are kept apart from the fields and attributes of members by a prefix that no attribute's name can have. Clients
never see it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from seggraph.errors import Problems, Required
from seggraph.files.columns import ColumnReading
from seggraph.member_fields import CellForm, FieldType
from seggraph.member_fields.field_types import DECIMAL, TEXT
from seggraph.services.catalogue.columns import FieldSuggestion
from seggraph.services.imports import content_fields
from seggraph.values import csv_values
from seggraph.vocabulary import AttributeType, ImportContent, MemberKind

PREFIX: Final = "event\x1f"
PROPERTIES: Final = "properties."
ITEMS: Final = "items."
OCCURRED_AT: Final = "occurredAt"
TIMES: Final = frozenset({OCCURRED_AT, content_fields.SUPPRESSED_AT})
OTHERS: Final = frozenset({ImportContent.RELATIONS, ImportContent.SUPPRESSIONS})
"""The contents whose fields are in `content_fields`."""
MAX_PROPERTY: Final = 200
_ITEM = re.compile(r"(?:line ?item|item)[ _]", re.IGNORECASE)

JSON_OBJECT: Final = FieldType("jsonb", "JSON", None, csv_values.parse_object, CellForm.PLAIN)

TYPES: Final[Mapping[str, FieldType]] = {
    "memberExternalId": TEXT,
    "memberEmail": TEXT,
    "memberDomain": TEXT,
    "externalId": TEXT,
    "name": TEXT,
    "value": DECIMAL,
    "properties": JSON_OBJECT,
}
"""The fields besides the time, and besides `properties.<name>` and `items.<name>`, which the columns decide."""

_ALL_TYPES: Final[Mapping[str, FieldType]] = {**content_fields.TYPES, **TYPES}

KEYS: Final[Mapping[MemberKind, tuple[str, ...]]] = {
    MemberKind.PERSON: ("memberExternalId", "memberEmail"),
    MemberKind.ACCOUNT: ("memberExternalId", "memberDomain"),
}
"""The fields that a row can find its member by, the first that is mapped."""

MEMBER_FIELDS: Final = {"memberExternalId": "externalId", "memberEmail": "email", "memberDomain": "domain"}

_MEMBER_NAMES: Final = {
    "memberExternalId": """member external id, customer id, user id, contact id, member id, person id, profile id,
        distinct id, external id, account id, customer user id, customer number, kundennummer, kunden nr, client id,
        numero client, id cliente, userid, customerid""",
    "memberEmail": """email, email address, customer email, email (billing), billing email, e mail, e mail adresse,
        adresse e mail, correo electronico, contact email""",
    "memberDomain": "domain, website, account domain, company domain",
}

NAMES: Final[Mapping[ImportContent, Mapping[str, str]]] = {
    ImportContent.EVENTS: _MEMBER_NAMES
    | {
        "occurredAt": """occurred at, timestamp, event time, time, event timestamp, datetime, date time, event date,
            date, created at, zeitpunkt, zeit, datum, date heure, fecha, data""",
        "name": "event name, event, event type, name, type, action, ereignis, evenement, evento",
        "value": "value, event value, amount, revenue, betrag, montant, importe, valor",
        "externalId": "event id, insert id, message id, id, uuid",
        "properties": "properties, event properties",
    },
    ImportContent.ORDERS: _MEMBER_NAMES
    | {
        "externalId": """order id, order number, order no, order, order name, increment id, purchase id, bestellnummer,
            numero de commande, numero de pedido, numero do pedido, name, id""",
        "occurredAt": """occurred at, order date, created at, purchase date, date created, ordered at, date, paid at,
            bestelldatum, date de commande, fecha del pedido, data do pedido""",
        "value": """total, order total, order total amount, grand total, grand total (purchased), total price, amount,
            gesamtbetrag, gesamtsumme, total de la commande, total del pedido, total do pedido, value""",
        "items.name": """lineitem name, item name, product name, line item name, product, artikelname, nom du produit,
            nombre del producto, nome do produto""",
        "items.sku": "lineitem sku, item sku, product sku, sku, artikelnummer",
        "items.quantity": """lineitem quantity, item quantity, quantity, quantity (- refund), qty, qty ordered, menge,
            quantite, cantidad, quantidade""",
        "items.price": "lineitem price, item price, item cost, price, unit price, einzelpreis, prix, precio, preco",
        "items.total": "lineitem total, item total, line total, row total, order line subtotal, order line total",
        "properties": "properties",
        "properties.currency": "currency, order currency, currency code, wahrung, devise, moneda, moeda",
        "properties.status": "status, financial status, order status",
    },
}
"""The names that columns have in the files of shops and of analytics, the best first."""


def stored(field: str) -> str:
    """A field as it is kept."""
    return PREFIX + field


def shown(field: str) -> str:
    """A field as clients know it; those of members are kept so, too."""
    return field.removeprefix(PREFIX)


def target_of(field: str, reading: ColumnReading) -> AttributeType | FieldType:
    """What the cells of a column become in a field of events, given without the prefix."""
    if field in TIMES:
        is_time = reading.type in (AttributeType.DATE, AttributeType.DATETIME)
        return reading.type if is_time else AttributeType.DATETIME
    return _ALL_TYPES.get(field, reading.type)


def is_free(field: str) -> bool:
    """Whether the cells decide the type: of a property, or a part of an item."""
    return shown(field).startswith((PROPERTIES, ITEMS))


def suggest(names: Sequence[str], content: ImportContent, kind: MemberKind) -> list[FieldSuggestion]:
    """A field for each column, no field twice; what is unknown may be a property."""
    if content in OTHERS:
        places = content_fields.suggest(names, content, kind)
        return [FieldSuggestion(names[place], stored(field), 0.9) for place, field in sorted(places.items())]
    keys = KEYS.get(kind, ("memberExternalId",))
    fields = [field for field in NAMES[content] if field not in MEMBER_FIELDS or field in keys]
    named = content_fields.by_name(names, NAMES[content], fields)
    return [
        FieldSuggestion(name, stored(named[place]), 0.9)
        if place in named
        else FieldSuggestion(name, stored(_property(name, content)), 0.3)
        for place, name in enumerate(names)
    ]


def _property(name: str, content: ImportContent) -> str:
    """The property that an unknown column becomes, or the part of an item if its name says that it is one."""
    shown_name = "".join(one if one.isprintable() else " " for one in name).strip()[:MAX_PROPERTY] or "column"
    if content is ImportContent.ORDERS and (found := _ITEM.match(shown_name)) and shown_name[found.end() :]:
        return ITEMS + shown_name[found.end() :]
    return PROPERTIES + shown_name


def check(
    pairs: Sequence[tuple[str, str]],
    columns: Sequence[str],
    content: ImportContent,
    kind: MemberKind,
    event_name: str | None = None,
    relation: str | None = None,
) -> None:
    """Check pairs of a column and a field as clients know it; `event_name` and `relation` are those of all rows.

    Raises Required, Invalid, NotFound, Duplicate, TooMany and Problems.
    """
    taken = {field for _, field in pairs}
    if content in OTHERS:
        known = set(content_fields.fields_of(content, kind))
        problems = content_fields.pair_problems(pairs, columns, known.__contains__, ", ".join(sorted(known)))
        missing = content_fields.missing(taken, content, kind, relation)
    else:
        keys = KEYS.get(kind, ("memberExternalId",))
        known = {*TYPES, OCCURRED_AT} - (MEMBER_FIELDS.keys() - set(keys))
        if content is ImportContent.ORDERS:
            known -= {"name"}
        more = " or items.<name>" if content is ImportContent.ORDERS else ""
        names = f"{', '.join(sorted(known))}, properties.<name>{more}"
        problems = content_fields.pair_problems(
            pairs, columns, lambda field: _is_field(field, known, content), names
        )
        missing = _missing(taken, keys, content, event_name)
    problems[:0] = [Required(f"Each row needs {one}", path=("mapping",)) for one in missing]
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems[:20])


def _is_field(field: str, known: set[str], content: ImportContent) -> bool:
    prefixes = (PROPERTIES, ITEMS) if content is ImportContent.ORDERS else (PROPERTIES,)
    for prefix in prefixes:
        name = field.removeprefix(prefix)
        if name != field:
            return 0 < len(name) <= MAX_PROPERTY and name.isprintable() and name == name.strip()
    return field in known


def _missing(
    taken: set[str], keys: Sequence[str], content: ImportContent, event_name: str | None
) -> list[str]:
    missing = []
    if taken.isdisjoint(keys):
        missing.append(f"the member: map a column to {' or to '.join(keys)}.")
    if OCCURRED_AT not in taken:
        missing.append("the time: map a column to occurredAt.")
    if content is ImportContent.ORDERS and "externalId" not in taken:
        missing.append("the id of the order: map a column to externalId.")
    if content is ImportContent.EVENTS and "name" not in taken and event_name is None:
        missing.append("the name of the event: map a column to name, or give eventName.")
    return missing
