"""Cells of CSV files: what a text in a cell stands for, how a value is written, and how formulas are neutralised.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``. Such texts are written behind an
apostrophe, which is taken away again when they are read: what is written reads as it was, `'s-Hertogenbosch` too.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from seggraph.errors import Invalid, WrongType
from seggraph.values import attribute_values
from seggraph.vocabulary import AttributeType

QUOTE: Final = "'"
DANGEROUS: Final = frozenset("=+-@\t\r\n")
LIST_SEPARATOR: Final = ";"
MAX_NUMBER_LENGTH: Final = 60

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_DOUBLE = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_DECORATION = re.compile(r"[$€£¥\s_]")
_TRUE: Final = frozenset({"true", "yes", "y", "1"})
_FALSE: Final = frozenset({"false", "no", "n", "0"})


def escape(text: str) -> str:
    """A text as it is written: behind an apostrophe if it could run, or would otherwise read as another."""
    if not text or text[0] in DANGEROUS or (text[0] == QUOTE and _is_marked(text)):
        return QUOTE + text
    return text


def unescape(cell: str) -> str:
    """The text in a cell: without the apostrophe of `escaped`."""
    return cell[1:] if cell.startswith(QUOTE) and _is_marked(cell) else cell


def _is_marked(cell: str) -> bool:
    return len(cell) == 1 or cell[1] in DANGEROUS or cell[1] == QUOTE


def neutralise_formula(cell: str) -> str:
    """A foreign cell for a person to look at: it cannot run, but is otherwise as it came."""
    return QUOTE + cell if cell and cell[0] in DANGEROUS else cell


def format_value(value: Any) -> str:
    """A value of a member as a cell; nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return escape(value)
        case Decimal():
            return f"{value.normalize():f}" if value else "0"
        case int() | float():
            return repr(value)
        case list():
            return _written_list(value)
    return orjson.dumps(value).decode()


def _written_list(items: list[str]) -> str:
    simple = items and all(
        item and item == item.strip() and LIST_SEPARATOR not in item and item[0] not in "['{"
        for item in items
    )
    return escape(LIST_SEPARATOR.join(items)) if simple else orjson.dumps(items).decode()


def parse_list(cell: str) -> list[str]:
    """A list of texts: separated by semicolons, or as JSON."""
    text = unescape(cell)
    if text.startswith("["):
        try:
            items = orjson.loads(text)
        except orjson.JSONDecodeError:
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    return [item for part in text.split(LIST_SEPARATOR) if (item := part.strip())]


def parse_object(cell: str) -> dict[str, Any]:
    """A JSON object. Raises Invalid."""
    try:
        parsed = orjson.loads(cell)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Invalid("This must be a JSON object.")
    return parsed


def parse_decimal(cell: str) -> Decimal:
    """An exact number, with or without currency sign and commas between thousands. Raises Invalid."""
    text = _DECORATION.sub("", unescape(cell))
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        if len(text) > MAX_NUMBER_LENGTH:
            raise InvalidOperation
        number = Decimal(text)
        if not number.is_finite() or abs(number.adjusted()) > MAX_NUMBER_LENGTH:
            raise InvalidOperation
    except InvalidOperation:
        raise Invalid(f"{cell[:40]!r} is no number; write it like 1250.50.") from None
    return number


def parse_integer(cell: str) -> int:
    """A whole number. Raises Invalid."""
    number = parse_decimal(cell)
    if number != number.to_integral_value():
        raise Invalid(f"{cell[:40]!r} is no whole number.")
    return int(number)


def parse_boolean(cell: str) -> bool:
    """True or false, yes or no, 1 or 0. Raises Invalid."""
    word = cell.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Invalid(f"{cell[:40]!r} is neither true nor false.")


def parse_attribute(cell: str, type_: AttributeType) -> Any:
    """The value of a custom attribute of a type in a cell, in its normal form. Raises WrongType."""
    try:
        return attribute_values.normalised(_READ[type_](cell), type_)
    except Invalid:
        expected = attribute_values.EXPECTED[type_]
        raise WrongType(f"The attribute has the type {type_}: give {expected}, not {cell[:40]!r}.") from None


def parse_number(cell: str) -> int | float:
    """A number as JSON has them: whole ones exactly, the others as the nearest double. Raises Invalid."""
    text = unescape(cell).strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DOUBLE.fullmatch(text) else float(parse_decimal(cell))


_READ: Final[dict[AttributeType, Callable[[str], Any]]] = {
    AttributeType.STRING: unescape,
    AttributeType.NUMBER: parse_number,
    AttributeType.BOOLEAN: parse_boolean,
    AttributeType.DATE: str.strip,
    AttributeType.DATETIME: str.strip,
    AttributeType.STRING_LIST: parse_list,
}


class TypeGuess:
    """The narrowest type that holds every cell of a column that was seen; empty cells say nothing.

    A number with zeros ahead, as in a postal code, is a text. Only ISO 8601 dates are dates: of 03/04/2026
    nobody knows which it is.
    """

    def __init__(self) -> None:
        self._possible = list(_GUESSES)
        self._seen = False

    def see(self, cell: str) -> None:
        """Take a cell into account."""
        text = cell.strip()
        if text:
            self._seen = True
            if self._possible:
                self._possible = [type_ for type_ in self._possible if _GUESSES[type_](text)]

    @property
    def type(self) -> AttributeType:
        """The type so far; STRING when nothing was seen."""
        return self._possible[0] if self._seen and self._possible else AttributeType.STRING


def guess_type(column: Iterable[str]) -> AttributeType:
    """The type of a column of cells."""
    guess = TypeGuess()
    for cell in column:
        guess.see(cell)
    return guess.type


def _fits(type_: AttributeType) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            attribute_values.normalised(text, type_)
        except WrongType:
            return False
        return True

    return fits


def _is_number(text: str) -> bool:
    return bool(_PLAIN_NUMBER.fullmatch(text)) and abs(float(text)) < attribute_values.MAX_MAGNITUDE


_GUESSES: Final[dict[AttributeType, Callable[[str], bool]]] = {
    AttributeType.BOOLEAN: lambda text: text.lower() in ("true", "false"),
    AttributeType.NUMBER: _is_number,
    AttributeType.DATE: _fits(AttributeType.DATE),
    AttributeType.DATETIME: _fits(AttributeType.DATETIME),
}
