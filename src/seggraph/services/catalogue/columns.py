"""Which field of a member each column of a file may go to: by the name of the column, and by its cells.

Guesses to show to a person, from the first records only. Nothing is imported by a guess: `startImport` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seggraph.errors import SeggraphError
from seggraph.files.columns import CellReader, unmarker
from seggraph.files.csv_records import Dialect
from seggraph.files.layout import Column, read_layout
from seggraph.member_fields import FIELDS, PARTS, MemberField
from seggraph.services.catalogue import attribute_names
from seggraph.services.catalogue.address_names import (
    PLACES_OF_MEMBERS,
    is_of_billing,
    is_second_line,
    part_of,
)
from seggraph.services.catalogue.header_names import (
    KNOWN,
    PART_OF_NAME,
    compact,
    field_of,
    is_main,
    is_of_another,
    simple,
)
from seggraph.vocabulary import MemberKind

CONTENT_SHARE: Final = 0.8
"""The share of a column's cells that must look alike for the column to be suggested by its content."""

ENOUGH_CELLS: Final = 5
"""So many cells say whether most rows have a value of their own."""

_WITH_DOMAINS: Final = frozenset({MemberKind.ACCOUNT, MemberKind.ORGANIZATION})
_OF_ONE: Final = frozenset({"email", "phone"})
"""The fields that hardly any two members share."""
_IMPORTED: Final = {field.name: field for field in FIELDS if field.is_imported}
_EXACT, _ALIAS, _SECOND_CHOICE, _CONTENT, _CUSTOM = 1.0, 0.9, 0.8, 0.75, 0.3


@dataclass(frozen=True, slots=True)
class FieldSuggestion:
    """A column, the field or custom attribute that it may go to, and how sure that is, from 0 to 1."""

    column: str
    field: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a file seems to be."""

    dialect: Dialect
    columns: list[Column]
    suggestions: list[FieldSuggestion]


def look(path: Path, encoding: str, kind: MemberKind, *, has_header: bool | None) -> Appearance:
    """Read the layout of a stored file and suggest fields; `has_header` None means: find out.

    Raises what `read_layout` raises.
    """
    layout = read_layout(
        path, encoding, has_header=has_header, is_known_name=is_known_name, is_export=_is_export
    )
    names = [column.name for column in layout.columns]
    cells = [
        [unmark(cell) for cell in column]
        for column, unmark in zip(layout.cells, map(_unmarker, layout.columns), strict=True)
    ]
    return Appearance(layout.dialect, layout.columns, suggest(names, cells, kind))


def _unmarker(column: Column) -> CellReader:
    return unmarker(column.sniffed.reading)


def _is_export(names: Sequence[str]) -> bool:
    """Whether a file is an export of ours: no other program calls columns so."""
    return not {"externalId", "isTarget", "consentEmail"} - set(names)


def is_known_name(name: str) -> bool:
    """Whether a cell is the name that a column usually has, and hardly ever a value."""
    return compact(name) in KNOWN


def suggest(
    names: Sequence[str], columns: Sequence[Sequence[str]], kind: MemberKind
) -> list[FieldSuggestion]:
    """A field for each column that may have one, no field twice; what is unknown may be a custom attribute."""
    header = _Header.of(names, kind)
    ranked = sorted(
        (-confidence, not is_main(name, field), index, field)
        for index, (name, column) in enumerate(zip(names, columns, strict=True))
        for field, confidence in _candidates(name, column, kind, header).items()
    )
    chosen: dict[int, tuple[str, float]] = {}
    given: set[str] = set()
    for negative, _, index, field in ranked:
        if index not in chosen and field not in given:
            chosen[index] = (field, -negative)
            given.add(field)
    return [FieldSuggestion(names[index], *chosen[index]) for index in sorted(chosen)]


@dataclass(frozen=True, slots=True)
class _Header:
    """What the columns of a file say together: its compact names, and whether it has another address than a billing
    address.
    """

    names: frozenset[str]
    has_own_address: bool

    @staticmethod
    def of(names: Sequence[str], kind: MemberKind) -> "_Header":
        own = (name for name in names if not is_of_billing(name) and not is_of_another(simple(name)))
        has_own = any(field_of(name, kind) in ("address", "city", "postalCode") for name in own)
        return _Header(frozenset(map(compact, names)), has_own)

    def named(self, name: str, kind: MemberKind) -> str | None:
        """The field that the name of a column means beside the others."""
        if self.has_own_address and is_of_billing(name):
            return part_of(name)
        if is_second_line(name):
            return "address.line2"
        field = field_of(name, kind)
        if kind is MemberKind.PERSON and field == "name" and (part := PART_OF_NAME.get(compact(name))):
            of_name, beside = part
            field = of_name if self.names & set(beside.split()) else field
        return field or part_of(name)


def _candidates(name: str, column: Sequence[str], kind: MemberKind, header: _Header) -> dict[str, float]:
    suggestions: dict[str, float] = {}
    if name not in _IMPORTED and _is_attribute_name(name):
        suggestions[name] = _CUSTOM
    if name in _IMPORTED or name in PARTS:
        suggestions[name] = _EXACT
        return suggestions
    if is_of_another(simple(name)):
        return suggestions
    filled = [cell.strip() for cell in column if cell.strip()]
    for field in _IMPORTED.values():
        if _is_recognised(field, filled, kind) and not (field.name in _OF_ONE and _is_shared(filled)):
            suggestions[field.name] = _CONTENT
    named = header.named(name, kind)
    if named is not None and _is_plausible(named, filled) and not (named in _OF_ONE and _is_shared(filled)):
        suggestions[named] = _ALIAS
        if is_of_billing(name) and named in PLACES_OF_MEMBERS and (part := part_of(name)) is not None:
            suggestions[part] = _SECOND_CHOICE
    return suggestions


def _is_recognised(field: MemberField, filled: Sequence[str], kind: MemberKind) -> bool:
    """Whether cells are so typical of a field that the name of their column does not matter."""
    if field.recognises is None or not filled or (field.name == "domain" and kind not in _WITH_DOMAINS):
        return False
    return sum(map(field.recognises, filled)) >= CONTENT_SHARE * len(filled)


def _is_shared(filled: Sequence[str]) -> bool:
    """Whether many rows have the same few values: an address that is so is that of a colleague who serves them."""
    return len(filled) >= ENOUGH_CELLS and len(set(filled)) * 2 < len(filled)


def _is_attribute_name(name: str) -> bool:
    try:
        attribute_names.require_name(name)
    except SeggraphError:
        return False
    return True


def _is_plausible(field: str, filled: Sequence[str]) -> bool:
    """Whether cells can be what their column's name says; without cells the name counts."""
    accepts = _IMPORTED[field].accepts if field in _IMPORTED else None
    return accepts is None or not filled or sum(map(accepts, filled)) * 2 >= len(filled)
