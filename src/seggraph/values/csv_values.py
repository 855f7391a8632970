"""Cells of CSV files: what a text in a cell stands for, how a value is written, and how formulas are neutralised.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, but for a phone number like ``+49 30 123``,
which has nothing that could run. Such texts are written behind an apostrophe, which is taken away again when they are
read: what is written reads as it was, `'s-Hertogenbosch` too.
"""

import re
from decimal import Decimal
from typing import Any, Final

import orjson

from seggraph.errors import Invalid
from seggraph.values import numbers, words

QUOTE: Final = "'"
DANGEROUS: Final = frozenset("=+-@\t\r\n")
LIST_SEPARATOR: Final = ";"
LIST_SIGNS: Final = ";,|\n"
"""What separates the items of a list in some file. An item with one of them is written as JSON."""

PHONE: Final = r"[+][0-9(][0-9 ()./-]*"
"""A phone number, as Python and PostgreSQL match a whole text with it."""

_PHONE: Final = re.compile(PHONE)
_SIGNS: Final = frozenset(LIST_SIGNS)


def escape(text: str) -> str:
    """A text as it is written: behind an apostrophe if it could run, or would otherwise read as another."""
    if not text or could_run(text) or (text[0] == QUOTE and _is_marked(text)):
        return QUOTE + text
    return text


def could_run(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula that does something."""
    return bool(cell) and cell[0] in DANGEROUS and _PHONE.fullmatch(cell) is None


def unescape(cell: str) -> str:
    """The text in a cell: without the apostrophe of `escaped`."""
    return cell[1:] if cell.startswith(QUOTE) and _is_marked(cell) else cell


def _is_marked(cell: str) -> bool:
    return len(cell) == 1 or cell[1] in DANGEROUS or cell[1] == QUOTE


def neutralise_formula(cell: str) -> str:
    """A foreign cell for a person to look at: it cannot run, but is otherwise as it came."""
    return QUOTE + cell if could_run(cell) else cell


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
        item and item == item.strip() and not _SIGNS & set(item) and item[0] not in "['{" for item in items
    )
    return escape(LIST_SEPARATOR.join(items)) if simple else orjson.dumps(items).decode()


def parse_list(cell: str, separator: str = LIST_SEPARATOR) -> list[str]:
    """A list of texts in a cell as it is written: separated by a sign, or as JSON."""
    return split_list(unescape(cell), separator)


def split_list(text: str, separator: str) -> list[str]:
    """A list of texts in a text: separated by a sign, or as JSON."""
    if text.startswith("["):
        try:
            items = orjson.loads(text)
        except orjson.JSONDecodeError:
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    return [item for part in text.split(separator) if (item := part.strip())]


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
    try:
        return numbers.parse(unescape(cell), ".")
    except Invalid:
        raise Invalid(f"{cell[:40]!r} is no number; write it like 1250.50.") from None


def parse_integer(cell: str) -> int:
    """A whole number. Raises Invalid."""
    number = parse_decimal(cell)
    if number != number.to_integral_value():
        raise Invalid(f"{cell[:40]!r} is no whole number.")
    return int(number)


def parse_boolean(cell: str) -> bool:
    """True or false, yes or no, 1 or 0. Raises Invalid."""
    word = cell.strip().lower()
    if word in words.TRUE_WORDS:
        return True
    if word in words.FALSE_WORDS:
        return False
    raise Invalid(f"{cell[:40]!r} is neither true nor false.")
