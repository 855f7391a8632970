"""The orders of lists of members: by when they came, by a well-known field, or by an attribute that has an order."""

from dataclasses import dataclass
from typing import Final

from seggraph.access import Viewer, require_personal_data
from seggraph.criteria.catalogue import Catalogue, Field
from seggraph.database.paging import Key, Order, nullable
from seggraph.errors import UnknownField
from seggraph.vocabulary import AttributeType


@dataclass(frozen=True, slots=True)
class Sort:
    """What members are sorted by: a field, and its values in SQL, as a column of `m` and as one of an index."""

    field: str
    sql: str
    indexed_sql: str
    type: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class MemberOrder(Order):
    """An order of members. Without a sort it is the order in which they came."""

    sort: Sort | None = None


BY_ORDINAL: Final = MemberOrder("ordinal", (Key("m.ordinal", "bigint"),))

EMPTY: Final = {
    "text": "''",
    "numeric": "0",
    "bigint": "0",
    "double precision": "0",
}
"""What stands for an unset value in the keys of a cursor, by type."""

_OF_ATTRIBUTES: Final = {
    # Another kind's attribute of this name may be of another type, and conditions come in no certain order.
    AttributeType.NUMBER: (
        """(jsonb_path_query_first({m}attributes -> {key}, '$ ? (@.type() == "number")')::numeric)""",
        "numeric",
    ),
    # Stored as ISO 8601 of fixed width, in UTC: such texts sort like time.
    AttributeType.DATE: ('(({m}attributes ->> {key}) COLLATE "C")', "text"),
    AttributeType.DATETIME: ('(({m}attributes ->> {key}) COLLATE "C")', "text"),
}
"""The values of attributes by which members can be sorted, and their types."""


def require_sortable(viewer: Viewer, catalogue: Catalogue, field: str | None) -> None:
    """Raise Forbidden if the viewer may not sort members by a field: the order would show what it holds."""
    sort_field = None if field is None else catalogue.find(field)
    if sort_field is not None and sort_field.is_personal:
        require_personal_data(viewer, path=("orderBy", "field"))


def order_by(catalogue: Catalogue, field: str | None, *, descending: bool) -> MemberOrder:
    """The order of a list by any well-known field, or by a number or date attribute. Raises UnknownField.

    Without a field it is the order in which members came.
    """
    if field is None:
        return MemberOrder(BY_ORDINAL.name, BY_ORDINAL.keys, descending)
    found = catalogue.find(field)
    sort = None if found is None else _sort(found)
    if sort is None:
        message = (
            f"Members cannot be sorted by {field[:100]!r}; use a well-known field, or an attribute of the type"
            " NUMBER, DATE or DATETIME."
        )
        raise UnknownField(message, path=("orderBy", "field"))
    keys: tuple[Key, ...] = (Key(sort.sql, sort.type),)
    if not sort.is_required:
        keys = nullable(sort.sql, sort.type, EMPTY[sort.type], descending=descending)
    return MemberOrder(f"member.{field}", (*keys, *BY_ORDINAL.keys), descending, sort)


def _sort(field: Field) -> Sort | None:
    """How members are sorted by a field; None if they cannot be."""
    if not field.is_custom:
        if field.is_address:
            return None
        return Sort(field.name, f"m.{field.key}", field.key, str(field.storage), field.required)
    if field.type not in _OF_ATTRIBUTES:
        return None
    template, type_ = _OF_ATTRIBUTES[field.type]
    key = "'{}'".format(field.key.replace("'", "''"))
    sql, indexed = (template.format(m=prefix, key=key) for prefix in ("m.", ""))
    return Sort(field.name, sql, indexed, type_, is_required=False)
