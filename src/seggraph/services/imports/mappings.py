"""Mappings: which column goes to which field, checked once, and then rows of cells turned into member drafts.

A field is a well-known one by its name in the API (`consentEmail` and its like for consents), or else the name
of a custom attribute; `attributes.<name>` reaches one that is called like a field. An empty cell leaves its
field as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from seggraph import member_fields
from seggraph.errors import Duplicate, Invalid, NotFound, Problems, Required, SeggraphError, TooMany
from seggraph.files.csv_records import MAX_COLUMNS, Record, has_foreign_bytes
from seggraph.member_fields import CONSENTS
from seggraph.services.catalogue import attribute_names
from seggraph.services.catalogue.catalogues import MAX_ATTRIBUTES
from seggraph.services.members.drafts import MemberDraft, clean
from seggraph.values import csv_values, domains
from seggraph.vocabulary import AttributeType, MemberKind

ATTRIBUTE_PREFIX: Final = "attributes."

FIELDS: Final = {field.name: field for field in member_fields.FIELDS if field.is_imported}
"""The well-known fields that a column can go to."""

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
        """The custom attribute that it goes to, unless it is a well-known field."""
        if self.field in FIELDS:
            return None
        return self.field.removeprefix(ATTRIBUTE_PREFIX)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row that can be stored: where it stands, its cells, the key of its member, and the draft of it."""

    record: Record
    key: str
    draft: MemberDraft


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be stored, and why."""

    record: Record
    error: SeggraphError


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


def _attribute_problems(pair: Pair, index: int) -> list[SeggraphError]:
    name, path = pair.attribute, ("mapping", index, "field")
    if name is None:
        return []
    try:
        attribute_names.require_name(name)
    except SeggraphError as error:
        return [type(error)(f"{attribute_names.shown(pair.field)!r}: {error.message}", path=path)]
    return []


class RowMaker:
    """Makes rows of records, by a mapping that was checked and the types of its attributes."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        columns: Sequence[str],
        kind: MemberKind,
        types: Mapping[str, AttributeType],
    ) -> None:
        index_of = {name: index for index, name in enumerate(columns)}
        self._width = len(columns)
        self._key = key_field(pairs, kind) or "externalId"
        self._fields = [
            (index_of[pair.column], pair, FIELDS[pair.field].type.parse_cell)
            for pair in pairs
            if pair.attribute is None
        ]
        self._attributes = [
            (index_of[pair.column], pair, pair.attribute, types[pair.attribute])
            for pair in pairs
            if pair.attribute is not None
        ]

    def make(self, record: Record) -> ImportRow | Refusal:
        """The row of a record, or why there is none."""
        try:
            return self._make(record)
        except SeggraphError as error:
            return Refusal(record, error)

    def _make(self, record: Record) -> ImportRow:
        if record.problem is not None:
            raise Invalid(record.problem)
        self._require_shape(record.cells)
        given = self._given_fields(record.cells)
        key = given.get(self._key)
        if not key or not key.strip():
            raise Required(f"The row has no {self._key} to find its member by.")
        key = _KEY_FORMS[self._key](key.strip())
        given["externalId"] = key if self._key != "externalId" else given["externalId"]
        given["attributes"] = self._given_attributes(record.cells)
        return ImportRow(record, key, _cleaned(given))

    def _require_shape(self, row: list[str]) -> None:
        if len(row) < self._width or any(cell.strip() for cell in row[self._width :]):
            raise Invalid(f"The row has {len(row)} cells, and the file {self._width} columns.")
        if has_foreign_bytes(row):
            raise Invalid("The row holds bytes that the file's encoding does not have.")

    def _given_fields(self, row: list[str]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for index, pair, read in self._fields:
            cell = row[index]
            if not cell or cell.isspace():
                continue
            try:
                value = read(cell)
            except SeggraphError as error:
                raise _in_column(error, pair) from error
            if pair.field in CONSENTS:
                given.setdefault("consents", []).append((CONSENTS[pair.field], value))
            else:
                given[pair.field] = value
        return given

    def _given_attributes(self, row: list[str]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for index, pair, name, type_ in self._attributes:
            cell = row[index]
            if not cell:
                continue
            if type_ is not AttributeType.STRING and cell.isspace():
                continue
            try:
                given[name] = csv_values.parse_attribute(cell, type_)
            except SeggraphError as error:
                raise _in_column(error, pair) from error
        return given


_KEY_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "externalId": str,
    "domain": domains.normalise,
    "email": str.lower,
}
"""How the values of a key are compared."""


def _cleaned(given: dict[str, Any]) -> MemberDraft:
    """The draft of a member. The failure that is raised, the first of several, names its field."""
    try:
        return clean(given)
    except SeggraphError as error:
        first = error.problems[0] if isinstance(error, Problems) else error
        field = ".".join(str(part) for part in first.path)
        raise type(first)(f"{field}: {first.message}", path=first.path) from error


def _in_column(error: SeggraphError, pair: Pair) -> SeggraphError:
    """The same failure, which says in which column it is."""
    return type(error)(f"{pair.column}: {error.message}", path=(pair.field,))
