"""What is known about a well-known field of members: one row of the table."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from seggraph.member_fields.addresses import AddressPart, part_in_sql
from seggraph.member_fields.field_types import FieldType
from seggraph.vocabulary import Channel
from seggraph.vocabulary.described import DescribedStrEnum


class FieldGroup(DescribedStrEnum):
    """The heading under which a criteria builder shows a field."""

    PROFILE = "PROFILE", "Who or what the member is, such as its name and address."
    FIRMOGRAPHICS = "FIRMOGRAPHICS", "Facts about a company, such as its revenue and industry."
    ENGAGEMENT = "ENGAGEMENT", "How the member behaves and how it is rated."
    CONSENT = "CONSENT", "Which channels the member agreed to."
    CUSTOM = "CUSTOM", "The custom attributes of the workspace."


class MemberTable(StrEnum):
    """In which table the column of a field is. Addresses are apart, so that the rows of members are narrow."""

    MEMBERS = "members"
    ADDRESSES = "member_addresses"


class Suggestions(Enum):
    """Whether the frequent values of a field are suggested, and where the counts come from."""

    NONE = auto()
    COUNTED = auto()
    """Each change of a member changes the counts: a trigger on `members` names the column."""
    SAMPLED = auto()
    """The counts are estimated from a sample, because most values are different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberField:
    """A field that members of every kind have.

    - `name`: what GraphQL, CSV mappings, exports and criteria call it. `column` and `table`: where it is stored.
    - `type`: what its values are in PostgreSQL, GraphQL, criteria and CSV cells.
    - `label`, `description`: what people read; `input_description` instead where they set the field.
    - `clean`: checks and normalises a value that a client gives. None if clients cannot set it in `MemberInput`.
    - `stored_form`: the form in which `clean` stores a text, for texts that are compared with stored ones.
    - `default`: the SQL of the value of a new member for which nothing is given.
    - `required`: whether every member has a value.
    - `group`, `example`: the heading in the catalogue of criteria, and a value. Without a group criteria have no
      such field.
    - `aliases`: column names in the files of other tools that mean this field for every kind, in lower case with
      underscores. What depends on the kind is in services/catalogue/header_names.py.
    - `recognises`: whether a cell is so typical that its column is suggested whatever its name is.
    - `accepts`: whether a cell can be a value; for a column whose name is one of the aliases.
    - `max_length`: most characters of a text.
    - `suggestions`: whether `valueSuggestions` knows it. `is_searched`: whether the search of members looks in it.
    - `is_mappable`: whether the mapping of a destination can send it.
    - `is_personal`: whether it shows who a member is or how to reach it, so that it is kept from credentials without
      the right to personal data.
    - `consent`: the channel whose consent it is. `channels`: the channels whose address it is.
    """

    name: str
    column: str
    type: FieldType
    label: str
    description: str
    input_description: str = ""
    table: MemberTable = MemberTable.MEMBERS
    clean: Callable[[Any], Any] | None = None
    stored_form: Callable[[str], str] | None = None
    default: str | None = None
    required: bool = False
    group: FieldGroup | None = None
    example: str | int | float | bool | None = None
    aliases: str = ""
    recognises: Callable[[str], bool] | None = None
    accepts: Callable[[str], bool] | None = None
    max_length: int | None = None
    suggestions: Suggestions = Suggestions.NONE
    is_searched: bool = False
    is_mappable: bool = True
    is_personal: bool = True
    consent: Channel | None = None
    channels: tuple[Channel, ...] = ()

    @property
    def is_imported(self) -> bool:
        """Whether a column of a CSV file can go to it."""
        return self.clean is not None or self.consent is not None

    @property
    def is_address(self) -> bool:
        """Whether it is stored in the table of addresses."""
        return self.table is MemberTable.ADDRESSES


@dataclass(frozen=True, slots=True)
class PartField:
    """A part of a field that is an address object, such as the city of the shipping address."""

    field: MemberField
    part: AddressPart

    @property
    def name(self) -> str:
        """What criteria, CSV mappings, exports and destinations call it."""
        return f"{self.field.name}.{self.part.key}"

    @property
    def label(self) -> str:
        """The label that people read."""
        return f"{self.field.label}: {self.part.label}"

    @property
    def description(self) -> str:
        """What it is."""
        return self.part.description.format(address=self.field.label.lower())

    @property
    def sql(self) -> str:
        """The SQL of its text, in a statement that calls the table of addresses `a`."""
        return part_in_sql(f"a.{self.field.column}", self.part.key)
