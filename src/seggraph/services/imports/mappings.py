"""Mappings: which column goes to which field, checked once.

A field is a well-known one by its name in the API (`consentEmail` and its like for consents), a part of an address such
as `shippingAddress.city`, or else the name of a custom attribute; `attributes.<name>` reaches one that is called like a
field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seggraph import member_fields
from seggraph.errors import Duplicate, Invalid, NotFound, Problems, Required, SeggraphError, TooMany
from seggraph.files.csv_records import MAX_COLUMNS
from seggraph.member_fields.field_types import ADDRESS
from seggraph.services.catalogue import attribute_names
from seggraph.services.catalogue.catalogues import MAX_ATTRIBUTES
from seggraph.services.imports import event_fields
from seggraph.services.imports.relating import related_fields
from seggraph.vocabulary import MemberKind

ATTRIBUTE_PREFIX: Final = "attributes."

ADDRESSES: Final = tuple(field.name for field in member_fields.FIELDS if field.type is ADDRESS)

FIELDS: Final = {field.name: field for field in member_fields.FIELDS if field.is_imported}
"""The well-known fields that a column can go to."""

PLACES: Final = {
    "address.lines": "address",
    **{f"address.{name}": name for name in ("postalCode", "city", "state", "country")},
}
"""Other names of the fields that make up the address of a member, like those of the parts of other addresses."""

SECOND_LINE: Final = ".line2"
SECOND_LINES: Final = {f"{name}{SECOND_LINE}": name for name in ("address", *ADDRESSES)}
"""Where a second line of an address goes: behind the first, which is in the field itself or in its lines."""

TARGETS: Final = frozenset({*FIELDS, *member_fields.PARTS, *SECOND_LINES, *related_fields.NAMES})
"""Whatever a column can go to, but for attributes."""


def canonical(field: str) -> str:
    """The one name of a field that has another in mappings."""
    return PLACES.get(field, field)


KEYS: Final = {MemberKind.ACCOUNT: ("externalId", "domain"), MemberKind.PERSON: ("externalId", "email")}
"""The fields that a row can find its member by, the first that is mapped; externalId for the other kinds."""

_NEEDED: Final = {
    MemberKind.ACCOUNT: "Account Domain or Account ID: map a column to domain or to externalId.",
    MemberKind.PERSON: "the person's email or ID: map a column to email or to externalId.",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One column and where it goes."""

    column: str
    field: str

    @property
    def attribute(self) -> str | None:
        """The custom attribute that it goes to, unless it is a well-known field, or one of events."""
        if self.field in TARGETS or self.field.startswith(event_fields.PREFIX):
            return None
        return self.field.removeprefix(ATTRIBUTE_PREFIX)


def check(pairs: Sequence[Pair], columns: Sequence[str], kind: MemberKind) -> None:
    """Raise Required (no key is mapped), Invalid, NotFound, Duplicate, TooLong, TooMany or Problems."""
    if len(pairs) > MAX_COLUMNS:
        raise TooMany(f"Map at most {MAX_COLUMNS} columns.", path=("mapping",))
    problems: list[SeggraphError] = []
    given: dict[str, int] = {}
    known = set(columns)
    for index, pair in enumerate(pairs):
        if pair.column not in known:
            message = f"The file has no column {pair.column[:100]!r}."
            problems.append(NotFound(message, path=("mapping", index, "column")))
        target = pair.field if pair.attribute is None else ATTRIBUTE_PREFIX + pair.attribute
        if given.setdefault(target, index) != index:
            message = f"Two columns are mapped to {pair.field[:100]}; map one."
            problems.append(Duplicate(message, path=("mapping", index, "field")))
        problems.extend(_attribute_problems(pair, index))
        problems.extend(_relation_problems(pairs, index, kind))
    if sum(target.startswith(ATTRIBUTE_PREFIX) for target in given) > MAX_ATTRIBUTES:
        message = f"A kind has at most {MAX_ATTRIBUTES} custom attributes; map fewer columns."
        problems.append(TooMany(message, path=("mapping",)))
    if key_field(pairs, kind) is None:
        needed = _NEEDED.get(kind, f"the {kind.name.lower()}'s ID: map a column to externalId.")
        problems.insert(0, Required(f"To find its member each row needs {needed}", path=("mapping",)))
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems[:20])


def key_field(pairs: Sequence[Pair], kind: MemberKind) -> str | None:
    """The field by which rows find their members, if one is mapped."""
    mapped = {pair.field for pair in pairs}
    return next((field for field in KEYS.get(kind, ("externalId",)) if field in mapped), None)


def _relation_problems(pairs: Sequence[Pair], index: int, kind: MemberKind) -> list[SeggraphError]:
    """What is wrong with a column that names a related member: the kind has no such relation, or two columns do."""
    field, path = pairs[index].field, ("mapping", index, "field")
    if field not in related_fields.NAMES:
        return []
    fields = related_fields.FIELDS[kind]
    if field not in fields:
        names = ", ".join(sorted(fields)) or "no relations"
        return [Invalid(f"{kind.name} has no {field}; it has {names}.", path=path)]
    direction = fields[field].direction
    same = [one for one, its in fields.items() if its.direction is direction and one != field]
    if any(pair.field in same for pair in pairs[:index]):
        return [Duplicate(f"Two columns name the {direction.name} of a row; map one.", path=path)]
    return []


def _attribute_problems(pair: Pair, index: int) -> list[SeggraphError]:
    name, path = pair.attribute, ("mapping", index, "field")
    if name is None:
        return []
    try:
        attribute_names.require_name(name)
    except SeggraphError as error:
        return [type(error)(f"{attribute_names.shown(pair.field)!r}: {error.message}", path=path)]
    return []
