"""The types of well-known fields: what one value is in PostgreSQL, in GraphQL, in criteria and in a CSV cell."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from seggraph.errors import Invalid
from seggraph.member_fields import addresses
from seggraph.values import csv_values, words
from seggraph.vocabulary import AttributeType, ConsentState


class CellForm(Enum):
    """How PostgreSQL writes a value as a CSV cell (services/exports/columns.py has the SQL)."""

    TEXT = auto()
    LIST = auto()
    FLAG = auto()
    NUMBER = auto()
    """A number of a custom attribute, which may be of any magnitude."""
    DECIMAL = auto()
    """A number with decimals, written without zeros at its end."""
    INSTANT = auto()
    CONSENT = auto()
    PLAIN = auto()
    """As PostgreSQL writes it."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldType:
    """A type: `sql` in PostgreSQL, `graphql` in the schema, `attribute` in criteria (None: no comparison has it).

    Each is itself alone: two types with the same parts are different ones.

    `parse_cell` reads a CSV cell that is not empty and raises Invalid; `cell` says how a cell is written.
    """

    sql: str
    graphql: str
    attribute: AttributeType | None
    parse_cell: Callable[[str], Any]
    cell: CellForm


def parse_consent(cell: str) -> ConsentState:
    """The state of a consent, by its name or by another word for it. Raises Invalid."""
    state = words.consent_of(cell)
    if state is None:
        states = ", ".join(each.name for each in ConsentState)
        raise Invalid(f"{cell[:40]!r} is no state of consent; give {states}.")
    return state


def parse_number(cell: str) -> float:
    """The nearest double of a number. Raises Invalid."""
    return float(csv_values.parse_decimal(cell))


TEXT: Final = FieldType("text", "String", AttributeType.STRING, csv_values.unescape, CellForm.TEXT)
DECIMAL: Final = FieldType(
    "numeric", "Decimal", AttributeType.NUMBER, csv_values.parse_decimal, CellForm.DECIMAL
)
WHOLE_NUMBER: Final = FieldType(
    "bigint", "Int", AttributeType.NUMBER, csv_values.parse_integer, CellForm.PLAIN
)
NUMBER: Final = FieldType("double precision", "Float", AttributeType.NUMBER, parse_number, CellForm.PLAIN)
FLAG: Final = FieldType("boolean", "Boolean", AttributeType.BOOLEAN, csv_values.parse_boolean, CellForm.FLAG)
INSTANT: Final = FieldType("timestamptz", "DateTime", AttributeType.DATETIME, str.strip, CellForm.INSTANT)
TEXT_LIST: Final = FieldType("text[]", "[String!]", None, csv_values.parse_list, CellForm.LIST)
PHONE: Final = FieldType("text", "String", AttributeType.STRING, csv_values.unescape, CellForm.TEXT)
"""A text; which number a cell of a file names depends on the region of its column."""
ADDRESS: Final = FieldType("jsonb", "JSON", None, addresses.parse_cell, CellForm.PLAIN)
CONSENT: Final = FieldType("smallint", "ConsentState", None, parse_consent, CellForm.CONSENT)
