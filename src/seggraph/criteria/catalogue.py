"""The catalogue: the fields that members of a kind have, what they mean and where they are stored.

Identifiers in SQL come from here and from nowhere else. It is built from plain values, so that nothing here
reads a table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import chain
from typing import Final

from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.member_fields import FIELDS, PARTS, FieldGroup, MemberField, PartField
from seggraph.vocabulary import AttributeType, MemberKind

Group = FieldGroup
"""The heading under which a criteria builder shows a field."""


class Storage(StrEnum):
    """Where and as which PostgreSQL type a field is stored."""

    TEXT = "text"
    NUMERIC = "numeric"
    BIGINT = "bigint"
    DOUBLE = "double precision"
    BOOLEAN = "boolean"
    TIMESTAMPTZ = "timestamptz"
    ADDRESS = "address"
    """Text in the table of addresses, which is separate so that the row of a member is narrow."""
    ADDRESS_PART = "address part"
    """A key of an address object in that table."""
    JSON = "json"
    """A key of the members' `attributes`."""
    PROPERTY = "property"
    """A key of an event's properties, of any JSON type."""
    AGGREGATE = "aggregate"
    """A number or an instant aggregated from a member's events or related members."""


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """A custom attribute of the workspace, as the tables define it."""

    name: str
    type: AttributeType
    label: str = ""
    description: str = ""
    hidden: bool = False
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the members of a kind.

    `key` is the column, or the key of a custom attribute; `part` is the key in an address object. `required` says that
    it is never unset. A hidden field still works in criteria but is not offered. `example` is a value as JSON has it.
    `stored_form` brings a text into the form in which values are stored; it is None where they are stored as they come.
    """

    name: str
    type: AttributeType
    storage: Storage
    key: str
    label: str
    description: str
    group: Group
    example: str | int | float | bool
    required: bool = False
    hidden: bool = False
    is_personal: bool = False
    part: str | None = None
    stored_form: Callable[[str], str] | None = None

    @property
    def operators(self) -> tuple[AttributeOp, ...]:
        """The operators of its type."""
        return OPERATORS.of_type(self.type)

    @property
    def is_custom(self) -> bool:
        """Whether the workspace defined it."""
        return self.storage is Storage.JSON

    @property
    def is_address(self) -> bool:
        """Whether it is in the table of addresses."""
        return self.storage in (Storage.ADDRESS, Storage.ADDRESS_PART)

    @property
    def change(self) -> str:
        """What a change of it is called: as the column, or as the attribute; all addresses have one name."""
        if self.is_address:
            return "address"
        return f"attributes.{self.key}" if self.is_custom else self.key


def _well_known(field: MemberField) -> Iterator[Field]:
    """The field as criteria see it, if they do."""
    if field.group is not None and field.type.attribute is not None and field.example is not None:
        yield Field(
            name=field.name,
            type=field.type.attribute,
            storage=Storage.ADDRESS if field.is_address else Storage(field.type.sql),
            key=field.column,
            label=field.label,
            description=field.description,
            group=field.group,
            example=field.example,
            required=field.required,
            is_personal=field.is_personal,
            stored_form=field.stored_form,
        )


def _part(part: PartField) -> Field:
    """The part of an address as criteria see it."""
    return Field(
        name=part.name,
        type=AttributeType.STRING,
        storage=Storage.ADDRESS_PART,
        key=part.field.column,
        label=part.label,
        description=part.description,
        group=Group.PROFILE,
        example=part.part.example,
        is_personal=part.field.is_personal,
        part=part.part.key,
        stored_form=part.part.stored_form,
    )


WELL_KNOWN: Final[tuple[Field, ...]] = tuple(
    sorted(
        (*chain.from_iterable(map(_well_known, FIELDS)), *map(_part, PARTS.values())),
        key=lambda field: list(Group).index(field.group),
    )
)
"""The fields that members of every kind have, by group: those of the table in member_fields that have one, and
the parts of addresses."""

_EXAMPLES: Final[dict[AttributeType, str | int | bool]] = {
    AttributeType.STRING: "gold",
    AttributeType.NUMBER: 10,
    AttributeType.BOOLEAN: True,
    AttributeType.DATE: "2026-01-31",
    AttributeType.DATETIME: "2026-01-31T09:30:00Z",
    AttributeType.STRING_LIST: "gold",
}


class Catalogue:
    """The fields of one kind: the well-known ones, then the workspace's attributes.

    Names are case-sensitive. An attribute that has the name of a well-known field does not replace it.
    """

    def __init__(
        self,
        kind: MemberKind,
        attributes: Iterable[AttributeDefinition] = (),
        related: Mapping[MemberKind, Iterable[AttributeDefinition]] | None = None,
    ) -> None:
        """`related` has the attributes of the kinds that members of this one can be related to, and of theirs."""
        self.kind = kind
        self._related = related or {}
        custom = {definition.name: _custom(definition) for definition in attributes}
        self._fields = custom | {field.name: field for field in WELL_KNOWN}

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that are offered: all but the hidden ones, well-known first."""
        return tuple(field for field in self.all_fields if not field.hidden)

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """All fields, hidden ones as well, well-known first."""
        return tuple(sorted(self._fields.values(), key=lambda field: field.is_custom))

    def of_related(self, kind: MemberKind) -> "Catalogue":
        """The catalogue of a kind that members of this one can be related to."""
        return Catalogue(kind, self._related.get(kind, ()), self._related)

    def find(self, name: str) -> Field | None:
        """The field of that exact name, hidden or not."""
        return self._fields.get(name)

    def closest(self, name: str) -> str | None:
        """The offered name that is most similar to a wrong one, or None."""
        offered = {field.name.casefold(): field.name for field in self.fields}
        found = get_close_matches(name.casefold()[:64], offered, n=1)
        return offered[found[0]] if found else None


def _custom(definition: AttributeDefinition) -> Field:
    return Field(
        name=definition.name,
        type=definition.type,
        storage=Storage.JSON,
        key=definition.name,
        label=definition.label or definition.name,
        description=definition.description,
        group=Group.CUSTOM,
        example=_EXAMPLES[definition.type],
        hidden=definition.hidden,
        is_personal=definition.is_personal,
    )
