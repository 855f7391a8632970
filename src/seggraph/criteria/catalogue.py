"""The catalogue: which fields the members of a kind have, what they mean and where they are kept.

Identifiers in SQL come from here and from nowhere else. It is built from plain values, so that nothing here
reads a table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.vocabulary import AttributeType, MemberKind
from seggraph.vocabulary.described import DescribedStrEnum


class Group(DescribedStrEnum):
    """The heading under which a criteria builder shows a field."""

    PROFILE = "PROFILE", "Who or what the member is, such as its name and address."
    FIRMOGRAPHICS = "FIRMOGRAPHICS", "Facts about a company, such as its revenue and industry."
    ENGAGEMENT = "ENGAGEMENT", "How the member behaves and how it is rated."
    CONSENT = "CONSENT", "Which channels the member agreed to."
    CUSTOM = "CUSTOM", "The custom attributes of the workspace."


class Storage(StrEnum):
    """Where and as which PostgreSQL type a field is kept."""

    TEXT = "text"
    NUMERIC = "numeric"
    BIGINT = "bigint"
    DOUBLE = "double precision"
    BOOLEAN = "boolean"
    TIMESTAMPTZ = "timestamptz"
    ADDRESS = "address"
    """Text in the table of addresses, which is kept aside so that the row of a member is narrow."""
    JSON = "json"
    """A key of the members' `attributes`."""
    PROPERTY = "property"
    """A key of an event's properties, of any JSON type."""
    AGGREGATE = "aggregate"
    """A number or an instant worked out from a member's events or related members."""


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """A custom attribute of the workspace, as the tables define it."""

    name: str
    type: AttributeType
    label: str = ""
    description: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be asked of every member of a kind.

    `key` is the column, or the key of a custom attribute. `required` says that it is never unset. A hidden field
    still works in criteria but is not offered. `example` is a value as JSON has it.
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

    @property
    def operators(self) -> tuple[AttributeOp, ...]:
        """What can be asked of it, by its type."""
        return OPERATORS.of_type(self.type)

    @property
    def is_custom(self) -> bool:
        """Whether the workspace defined it."""
        return self.storage is Storage.JSON


def _text(name: str, key: str, label: str, description: str, group: Group, example: str) -> Field:
    return Field(name, AttributeType.STRING, Storage.TEXT, key, label, description, group, example)


def _number(
    name: str, storage: Storage, label: str, description: str, group: Group, example: int | float
) -> Field:
    return Field(name, AttributeType.NUMBER, storage, name, label, description, group, example)


def _flag(name: str, key: str, label: str, description: str, group: Group) -> Field:
    return Field(
        name, AttributeType.BOOLEAN, Storage.BOOLEAN, key, label, description, group, True, required=True
    )


def _instant(name: str, key: str, label: str, description: str) -> Field:
    return Field(
        name,
        AttributeType.DATETIME,
        Storage.TIMESTAMPTZ,
        key,
        label,
        description,
        Group.ENGAGEMENT,
        "2026-01-31T09:30:00Z",
        required=True,
    )


WELL_KNOWN: Final[tuple[Field, ...]] = (
    Field(
        "externalId",
        AttributeType.STRING,
        Storage.TEXT,
        "external_id",
        "External id",
        "The member's id in your own system.",
        Group.PROFILE,
        "crm-1042",
        required=True,
    ),
    _text("name", "name", "Name", "The member's name.", Group.PROFILE, "Ada Lovelace"),
    _text("email", "email", "Email", "The email address.", Group.PROFILE, "ada@example.com"),
    _text("phone", "phone", "Phone", "The phone number.", Group.PROFILE, "+44 20 7946 0000"),
    _text("country", "country", "Country", "The country, as you store it.", Group.PROFILE, "US"),
    _text("city", "city", "City", "The city.", Group.PROFILE, "London"),
    Field(
        "address",
        AttributeType.STRING,
        Storage.ADDRESS,
        "address",
        "Address",
        "The postal address on one line.",
        Group.PROFILE,
        "12 St James's Square, London",
    ),
    _text("domain", "domain", "Domain", "The web domain.", Group.FIRMOGRAPHICS, "example.com"),
    _text("industry", "industry", "Industry", "The industry.", Group.FIRMOGRAPHICS, "Software"),
    _number("revenue", Storage.NUMERIC, "Revenue", "Yearly revenue.", Group.FIRMOGRAPHICS, 1_500_000),
    _number("employees", Storage.BIGINT, "Employees", "Number of employees.", Group.FIRMOGRAPHICS, 250),
    _number("score", Storage.DOUBLE, "Score", "Lead or fit score.", Group.ENGAGEMENT, 72.5),
    _flag("isTarget", "is_target", "Is a target", "Marked as a target.", Group.ENGAGEMENT),
    _instant("createdAt", "created_at", "Created", "When the member came into seggraph."),
    _instant("updatedAt", "updated_at", "Updated", "When the member last changed."),
    _flag("hasAddress", "has_address", "Has an address", "Has a postal address.", Group.CONSENT),
)
"""The fields that members of every kind have."""

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
        """What a person is offered: all but the hidden ones, well-known first."""
        return tuple(field for field in self.all_fields if not field.hidden)

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The hidden ones as well, well-known first."""
        return tuple(sorted(self._fields.values(), key=lambda field: field.is_custom))

    def of_related(self, kind: MemberKind) -> "Catalogue":
        """The catalogue of a kind that members of this one can be related to."""
        return Catalogue(kind, self._related.get(kind, ()), self._related)

    def find(self, name: str) -> Field | None:
        """The field of that exact name, hidden or not."""
        return self._fields.get(name)

    def closest(self, name: str) -> str | None:
        """The offered name that is most like a wrong one, if any is."""
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
    )
