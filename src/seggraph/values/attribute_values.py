"""Values of custom attributes: the type that a first value suggests, and the normal form in which a value is stored.

Normal forms, by type: STRING text, NUMBER a JSON number, BOOLEAN a JSON boolean, DATE ``YYYY-MM-DD``, DATETIME
``YYYY-MM-DDTHH:MM:SS.ffffffZ`` in UTC, STRING_LIST an array of texts. A null is never stored.

Texts are without white space around them. An empty text says nothing: it unsets an attribute, and is left out of a
list.
"""

import math
from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

from seggraph.errors import WrongType
from seggraph.values import iso_times
from seggraph.vocabulary import AttributeType

MAX_TEXT: Final = 10_000
MAX_LIST: Final = 1_000
MAX_MAGNITUDE: Final = 10**30
MAX_EXACT_INTEGER: Final = 2**63
"""Whole numbers from here on are kept as the nearest double, as any JSON reader would read them."""

EXPECTED: Final = {
    AttributeType.STRING: f"a text of at most {MAX_TEXT} characters",
    AttributeType.NUMBER: "a number below 10^30 on either side of zero",
    AttributeType.BOOLEAN: "true or false",
    AttributeType.DATE: "a date like 2026-01-31",
    AttributeType.DATETIME: "a time with its offset like 2026-01-31T09:30:00Z",
    AttributeType.STRING_LIST: f"a list of at most {MAX_LIST} texts",
}


def type_of(value: object) -> AttributeType:
    """The type that an attribute gets when this is its first value.

    Raises WrongType for what no type holds: objects, nested lists, lists of other things than texts.
    """
    for type_ in _GUESSES:
        try:
            normalised(value, type_)
        except WrongType:
            continue
        return type_
    raise WrongType(f"No attribute can hold this value; give {', or '.join(EXPECTED.values())}.")


def is_unset(value: object) -> bool:
    """Whether a value unsets an attribute."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def normalised(value: object, type_: AttributeType) -> Any:
    """The value in its normal form; one that is unset has none.

    Raises WrongType, which names the type and the values that it takes.
    """
    result = _NORMALISE[type_](value.strip() if isinstance(value, str) else value)
    if result is None:
        raise WrongType(f"The attribute has the type {type_}: give {EXPECTED[type_]}.")
    return result


def storable_text(value: object, limit: int) -> bool:
    """Whether PostgreSQL can store it: a text within the limit, without NUL and lone surrogates."""
    return (
        isinstance(value, str)
        and len(value) <= limit
        and "\0" not in value
        and (value.isascii() or _is_unicode(value))
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True


def _text(value: object) -> str | None:
    return str(value) if storable_text(value, MAX_TEXT) else None


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or abs(value) >= MAX_MAGNITUDE:
        return None
    return value if abs(value) < MAX_EXACT_INTEGER else float(value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _day(value: object) -> str | None:
    day = iso_times.parse_day(value) if isinstance(value, str) else None
    return None if day is None else day.isoformat()


def _instant(value: object) -> str | None:
    instant = iso_times.parse_time(value) if isinstance(value, str) else None
    if instant is None:
        return None
    try:
        return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    except OverflowError:
        return None


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        return None
    if not all(storable_text(item, MAX_TEXT) for item in value):
        return None
    return [text for item in value if (text := item.strip())]


_NORMALISE: Final[dict[AttributeType, Callable[[object], Any]]] = {
    AttributeType.STRING: _text,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _flag,
    AttributeType.DATE: _day,
    AttributeType.DATETIME: _instant,
    AttributeType.STRING_LIST: _texts,
}
_GUESSES: Final = (
    AttributeType.BOOLEAN,
    AttributeType.NUMBER,
    AttributeType.STRING_LIST,
    AttributeType.DATE,
    AttributeType.DATETIME,
    AttributeType.STRING,
)
