"""The fields of files of relations and of suppressions: which there are, and which names of columns mean them."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final

from seggraph.criteria import relations
from seggraph.errors import Duplicate, Invalid, NotFound, SeggraphError, TooMany
from seggraph.files.csv_records import MAX_COLUMNS
from seggraph.member_fields import CellForm, FieldType
from seggraph.member_fields.field_types import PHONE, TEXT
from seggraph.services.imports.relating import related_fields
from seggraph.values.words import word_key
from seggraph.vocabulary import Channel, ImportContent, MemberKind, SuppressionReason

SUPPRESSED_AT: Final = "suppressedAt"
RELATED: Final = "related"
MEMBER: Final = "member"

_CHANNEL_WORDS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: "email,e-mail,mail,newsletter,e-mail marketing,email marketing",
    Channel.DIRECT_MAIL: "direct mail,directmail,post,postal,postal mail,letter,brief,courrier,correo postal,correio",
    Channel.SMS: "sms,text,text message,mobile,whatsapp",
    Channel.PHONE: "phone,call,calls,telephone,telefon,telefono,telephone call,anruf,appel,llamada",
}
_REASON_WORDS: Final[Mapping[SuppressionReason, str]] = {
    SuppressionReason.BOUNCE: """bounce,bounced,hard bounce,hardbounce,hard bounced,soft bounce,cleaned,invalid,
        undelivered,undeliverable,invalid email,unzustellbar,rebond,rebote""",
    SuppressionReason.COMPLAINT: """complaint,complained,spam,spam complaint,spam report,spamreport,abuse,
        marked as spam,reported as spam,beschwerde,plainte,queja""",
    SuppressionReason.UNSUBSCRIBE: """unsubscribe,unsubscribed,unsub,opt out,opt-out,optout,opted out,opted_out,
        do not contact,abgemeldet,abbestellt,desabonne,désabonné,desinscrit,désinscrit,baja,cancelado,descadastrado""",
    SuppressionReason.MANUAL: "manual,manually,manually added,blocked,block,user,admin,manuell,manuel",
}


_CHANNELS: Final = {
    word_key(spelling): channel
    for channel, spellings in _CHANNEL_WORDS.items()
    for spelling in (channel.name, *spellings.split(","))
}
_REASONS: Final = {
    word_key(spelling): reason
    for reason, spellings in _REASON_WORDS.items()
    for spelling in (reason.name, *spellings.split(","))
}


def parse_channel(cell: str) -> Channel:
    """The channel that a cell names. Raises Invalid."""
    found = _CHANNELS.get(word_key(cell))
    if found is None:
        names = ", ".join(channel.name for channel in _CHANNEL_WORDS)
        raise Invalid(f"{cell[:40]!r} is no channel with addresses; give {names}.")
    return found


def parse_reason(cell: str) -> SuppressionReason:
    """The reason that a cell names. Raises Invalid."""
    found = _REASONS.get(word_key(cell))
    if found is None:
        names = ", ".join(reason.value for reason in SuppressionReason)
        raise Invalid(f"{cell[:40]!r} is no known reason; it is one of {names}.")
    return found


CHANNEL: Final = FieldType("smallint", "Channel", None, parse_channel, CellForm.PLAIN)
REASON: Final = FieldType("text", "SuppressionReason", None, parse_reason, CellForm.PLAIN)

TYPES: Final[Mapping[str, FieldType]] = {
    "relation": TEXT,
    "relatedExternalId": TEXT,
    "relatedEmail": TEXT,
    "relatedDomain": TEXT,
    "relatedName": TEXT,
    "email": TEXT,
    "phone": PHONE,
    "address": TEXT,
    "channel": CHANNEL,
    "reason": REASON,
}
"""The types of the fields that events do not have, but for `suppressedAt`, which is a time."""

ADDRESS_CHANNELS: Final[Mapping[str, tuple[Channel, ...]]] = {
    "email": (Channel.EMAIL,),
    "phone": (Channel.SMS, Channel.PHONE),
    "address": (Channel.DIRECT_MAIL,),
}
"""The channels that use the addresses of a field."""

SUPPRESSION_FIELDS: Final = (*ADDRESS_CHANNELS, "channel", "reason", SUPPRESSED_AT)

_SUPPRESSION_NAMES: Final = {
    "email": """email, email address, e mail, e mail adresse, recipient, recipient email, subscriber, adresse e mail,
        correo electronico, mail, endereco de email, blocked email, contact email""",
    "phone": """phone, phone number, mobile, mobile phone, mobile number, telephone, telefon, telefonnummer, handy,
        telefono, telefone, number, numero de telephone, sms number""",
    "address": "address, postal address, postadresse, anschrift, adresse postale, direccion, endereco",
    "channel": "channel, medium, kanal, canal, type of contact",
    "reason": """reason, suppression reason, status, bounce type, type, category, grund, raison, motif, motivo,
        event, suppression type""",
    SUPPRESSED_AT: """suppressed at, created, created at, date, unsubscribed at, unsub time, bounced at, timestamp,
        last changed, time, optout time, unsubscribe date, datum, zeitpunkt, date de desinscription, fecha, data""",
}

_RELATION_NAMES: Final = {
    "relation": "relation, relation type, relationship, relationship type, association, association type, beziehung",
    "memberExternalId": "from, from id, from external id, source id, member external id, external id, id, record id",
    "relatedExternalId": "to, to id, to external id, target id, related id, related external id",
    "relatedEmail": "related email, to email",
    "relatedDomain": "related domain, to domain",
    "relatedName": "related name, to name",
}


def member_keys(kind: MemberKind) -> dict[str, str]:
    """The fields by which a row of a relation can name its first member, and the fields of members that they are."""
    return {MEMBER + key[0].upper() + key[1:]: key for key in related_fields.keys_of(kind) if key != "name"}


def related_keys(kind: MemberKind) -> dict[str, str]:
    """The fields by which a row can name a related member of a kind, and the fields of members that they are."""
    return {RELATED + key[0].upper() + key[1:]: key for key in related_fields.keys_of(kind)}


def fields_of(content: ImportContent, kind: MemberKind) -> tuple[str, ...]:
    """What a column can go to."""
    if content is ImportContent.SUPPRESSIONS:
        return SUPPRESSION_FIELDS
    related = {field for direction in relations.of_kind(kind) for field in related_keys(direction.other_kind)}
    return (*member_keys(kind), "relation", *sorted(related))


def suggest(names: Sequence[str], content: ImportContent, kind: MemberKind) -> dict[int, str]:
    """The fields that columns seem to be for, by place; no field twice."""
    if content is ImportContent.SUPPRESSIONS:
        return by_name(names, _SUPPRESSION_NAMES, SUPPRESSION_FIELDS)
    found: dict[int, str] = {}
    others = sorted({direction.other_kind for direction in relations.of_kind(kind)})
    sides = [(kind, member_keys(kind)), *((other, related_keys(other)) for other in others)]
    for place, name in enumerate(names):
        for side, keys in sides:
            key = related_fields.key_of(name, side)
            field = next((field for field, its_key in keys.items() if its_key == key), None)
            if field is not None and field not in found.values():
                found[place] = field
                break
    rest = by_name(names, _RELATION_NAMES, fields_of(content, kind))
    for place, field in rest.items():
        if place not in found and field not in found.values():
            found[place] = field
    return found


def by_name(names: Sequence[str], aliases: Mapping[str, str], fields: Sequence[str]) -> dict[int, str]:
    """The fields that columns are called like, by place; of several columns the one with the better name."""
    ranks = {bare(field): (field, 0) for field in fields}
    ranks |= {
        bare(alias): (field, rank)
        for field, spellings in aliases.items()
        for rank, alias in enumerate(spellings.split(","))
    }
    best: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(names):
        field, rank = ranks.get(bare(name), ("", 0))
        if field in fields:
            best[field] = min(best.get(field, (rank, place)), (rank, place))
    return {place: field for field, (_, place) in best.items()}


def bare(name: str) -> str:
    """A name for comparing: only its letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(one for one in plain if one.isalnum())


def pair_problems(
    pairs: Sequence[tuple[str, str]], columns: Sequence[str], is_field: Callable[[str], bool], known: str
) -> list[SeggraphError]:
    """What is wrong with pairs of a column and a field; `known` says which fields there are. Raises TooMany."""
    if len(pairs) > MAX_COLUMNS:
        raise TooMany(f"Map at most {MAX_COLUMNS} columns.", path=("mapping",))
    problems: list[SeggraphError] = []
    taken: set[str] = set()
    for index, (column, field) in enumerate(pairs):
        if column not in columns:
            message = f"The file has no column {column[:100]!r}."
            problems.append(NotFound(message, path=("mapping", index, "column")))
        path = ("mapping", index, "field")
        if field in taken:
            problems.append(Duplicate(f"Two columns are mapped to {field[:100]}; map one.", path=path))
        elif not is_field(field):
            problems.append(Invalid(f"{field[:100]!r} is none of {known}.", path=path))
        taken.add(field)
    return problems


def missing(
    taken: Set[str],
    content: ImportContent,
    kind: MemberKind,
    relation: str | None,
) -> list[str]:
    """What a mapping lacks."""
    if content is ImportContent.SUPPRESSIONS:
        if taken.isdisjoint(ADDRESS_CHANNELS):
            return [f"an address: map a column to {', '.join(ADDRESS_CHANNELS)}."]
        return []
    lacks = []
    members = member_keys(kind)
    if taken.isdisjoint(members):
        lacks.append(f"the member: map a column to {' or to '.join(members)}.")
    if not any(field.startswith(RELATED) for field in taken):
        lacks.append("the related member: map a column to relatedExternalId or the like.")
    if relation is None and "relation" not in taken:
        names = ", ".join(direction.name for direction in relations.of_kind(kind))
        lacks.append(f"the relation: map a column to relation, or give relation: {names}.")
    return lacks
