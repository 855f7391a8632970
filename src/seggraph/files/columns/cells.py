"""The functions that read the cells of one column into values, by how the column is read."""

import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from seggraph.errors import Invalid, WrongType
from seggraph.files.columns.reading import ColumnReading, Setting
from seggraph.member_fields import FieldType
from seggraph.member_fields.field_types import (
    CONSENT,
    DECIMAL,
    FLAG,
    NUMBER,
    PHONE,
    TEXT,
    TEXT_LIST,
    WHOLE_NUMBER,
)
from seggraph.values import attribute_values, csv_values, dates, numbers, phones, words
from seggraph.vocabulary import AttributeType, ConsentState

CellReader = Callable[[str], Any]
"""Takes a cell that has a value, without the mark of a spreadsheet; raises a SeggraphError."""

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})", re.ASCII)
_ANY_DOUBLE = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_FORMULA_MARK = re.compile(r'\s*="([^"]*)"\s*')


def unmarker(reading: ColumnReading) -> CellReader:
    """The function that takes a spreadsheet's mark away from a cell, if the column has them."""

    def unmark(cell: str) -> str:
        if cell[:1] == "'":
            return cell[1:]
        found = _FORMULA_MARK.fullmatch(cell)
        return found[1] if found else cell

    return unmark if reading.marks else csv_values.unescape


def settings_of(target: AttributeType | FieldType) -> tuple[Setting, ...]:
    """The settings that decide what the cells of a column mean for a custom attribute or a well-known field."""
    return _SETTINGS.get(target, ())


def cell_reader(target: AttributeType | FieldType, reading: ColumnReading, zone: tzinfo) -> CellReader:
    """The function that reads the cells of a column for a custom attribute of a type, or for a well-known field.

    `zone` is the workspace's; the reading may name another.
    """
    own_zone = zone if reading.time_zone is None else ZoneInfo(reading.time_zone)
    if isinstance(target, FieldType):
        make = _FIELD_READERS.get(target)
        return target.parse_cell if make is None else make(reading)
    return _attribute_reader(target, reading, own_zone)


def _attribute_reader(type_: AttributeType, reading: ColumnReading, zone: tzinfo) -> CellReader:
    read = _ATTRIBUTE_READERS[type_](reading, zone)
    needs_normalising = type_ is not AttributeType.DATE
    expected = attribute_values.EXPECTED[type_]

    def read_attribute(cell: str) -> Any:
        try:
            value = read(cell)
            return attribute_values.normalised(value, type_) if needs_normalising else value
        except Invalid as problem:
            raise WrongType(
                f"The attribute has the type {type_}: give {expected}. {problem.message}"
            ) from None

    return read_attribute


def _text(reading: ColumnReading, zone: tzinfo) -> CellReader:
    return str


def _number(reading: ColumnReading, zone: tzinfo | None = None) -> CellReader:
    """Numbers as JSON has them: whole ones exactly, the others as the nearest double."""
    decimal = reading.decimal

    def read(cell: str) -> int | float:
        text = cell.strip()
        if _INTEGER.fullmatch(text):
            return int(text)
        if _has_zeros_ahead(text):
            raise Invalid(f"{text[:40]!r} has zeros ahead, which a number does not keep.")
        if decimal == "." and _ANY_DOUBLE.fullmatch(text) and not text.lstrip("-").isdigit():
            return float(text)
        number = numbers.parse(text, decimal)
        return int(number) if number == number.to_integral_value() else float(number)

    return read


def _has_zeros_ahead(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()


def _decimal(reading: ColumnReading) -> CellReader:
    def read(cell: str) -> Decimal:
        return numbers.parse(cell, reading.decimal)

    return read


def _whole_number(reading: ColumnReading) -> CellReader:
    def read(cell: str) -> int:
        if _INTEGER.fullmatch(cell):
            return int(cell)
        number = numbers.parse(cell, reading.decimal)
        if number != number.to_integral_value():
            raise Invalid(f"{cell[:40]!r} is no whole number.")
        return int(number)

    return read


def _field_number(reading: ColumnReading) -> CellReader:
    def read(cell: str) -> float:
        if reading.decimal == "." and _ANY_DOUBLE.fullmatch(cell):
            return float(cell)
        return float(numbers.parse(cell, reading.decimal))

    return read


def _boolean(reading: ColumnReading, zone: tzinfo | None = None) -> CellReader:
    own = {word: meaning == "true" for word, meaning in reading.words.items() if meaning in ("true", "false")}

    def read(cell: str) -> bool:
        word = words.word_key(cell)
        if word in own:
            return own[word]
        if word in words.TRUE_WORDS:
            return True
        if word in words.FALSE_WORDS:
            return False
        raise Invalid(f"{cell[:40]!r} is neither true nor false.")

    return read


def _consent(reading: ColumnReading) -> CellReader:
    own = {
        word: ConsentState[meaning]
        for word, meaning in reading.words.items()
        if meaning in ConsentState.__members__
    }
    own |= {
        word: ConsentState.GRANTED if meaning == "true" else ConsentState.DENIED
        for word, meaning in reading.words.items()
        if meaning in ("true", "false")
    }

    def read(cell: str) -> ConsentState:
        word = words.word_key(cell)
        state = own.get(word, words.CONSENT_WORDS.get(word))
        if state is None:
            states = ", ".join(each.name for each in ConsentState)
            raise Invalid(
                f"Nobody knows what {cell[:40]!r} says about a consent; give one of {states}, or say what the word"
                " means."
            )
        return state

    return read


def _phone(reading: ColumnReading) -> CellReader:
    region = reading.phone_region

    def read(cell: str) -> str:
        return phones.normal_form(cell, region)

    return read


def _day(reading: ColumnReading, zone: tzinfo) -> CellReader:
    def read(cell: str) -> str:
        return dates.parse_day(cell.strip(), reading.date_order).isoformat()

    return read


def _time(reading: ColumnReading, zone: tzinfo) -> CellReader:
    def read(cell: str) -> str:
        instant = dates.parse_time(cell.strip(), reading.date_order, zone)
        try:
            return instant.astimezone(UTC).isoformat(timespec="microseconds")
        except OverflowError:
            raise Invalid(f"{cell[:40]!r} is out of range.") from None

    return read


def _list(reading: ColumnReading, zone: tzinfo | None = None) -> CellReader:
    def read(cell: str) -> list[str]:
        return csv_values.split_list(cell, reading.separator)

    return read


_FIELD_READERS: Final[dict[FieldType, Callable[[ColumnReading], CellReader]]] = {
    TEXT: lambda reading: str,
    PHONE: _phone,
    DECIMAL: _decimal,
    WHOLE_NUMBER: _whole_number,
    NUMBER: _field_number,
    FLAG: _boolean,
    CONSENT: _consent,
    TEXT_LIST: _list,
}
"""The types of well-known fields whose cells depend on how their column is read, or are without marks already."""

_ATTRIBUTE_READERS: Final[dict[AttributeType, Callable[[ColumnReading, tzinfo], CellReader]]] = {
    AttributeType.STRING: _text,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.DATE: _day,
    AttributeType.DATETIME: _time,
    AttributeType.STRING_LIST: _list,
}

_SETTINGS: Final[dict[AttributeType | FieldType, tuple[Setting, ...]]] = {
    **dict.fromkeys((AttributeType.NUMBER, DECIMAL, WHOLE_NUMBER, NUMBER), (Setting.DECIMAL,)),
    **dict.fromkeys((AttributeType.DATE, AttributeType.DATETIME), (Setting.DATE_ORDER,)),
    **dict.fromkeys((AttributeType.STRING_LIST, TEXT_LIST), (Setting.SEPARATOR,)),
    CONSENT: (Setting.WORDS,),
}
