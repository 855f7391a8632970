"""Postal addresses: objects with lines, postal code, city, state and country, and whatever else a client keeps there.

The parts have names of their own, such as `shippingAddress.city`, by which criteria, files and destinations reach
them. The address that every member has, `address`, consists of the well-known fields `address`, `postalCode`, `city`,
`state` and `country`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from seggraph.errors import Invalid
from seggraph.values import countries
from seggraph.values.attribute_values import storable_text

MAX_BYTES: Final = 4_000
LINES: Final = "lines"
SEPARATOR: Final = ", "
"""What stands between the lines where an address is one text."""


@dataclass(frozen=True, slots=True)
class AddressPart:
    """A part of an address object: `key` in the object, and what people read.

    `stored_form` brings a text into the form in which it is stored.
    """

    key: str
    label: str
    description: str
    example: str
    stored_form: Callable[[str], str] | None = None


PARTS: Final = (
    AddressPart(LINES, "lines", "The lines of the {address}, one behind the other.", "12 St James's Square"),
    AddressPart("postalCode", "postal code", "The postal code of the {address}.", "SW1Y 4LE"),
    AddressPart("city", "city", "The city of the {address}.", "London"),
    AddressPart("state", "state", "The state, province or region of the {address}.", "CA"),
    AddressPart(
        "country",
        "country",
        "The country of the {address}: its code of ISO 3166, or any other text as it was given.",
        "GB",
        countries.normal_form,
    ),
)

_KNOWN: Final = frozenset(part.key for part in PARTS)
_PLACE: Final = _KNOWN - {LINES}


def clean(value: Any) -> dict[str, Any] | None:
    """An address object with its known parts in their normal forms, or one of a text. Raises Invalid.

    Keys that are not known stay as they are, and so do known ones whose value is of another type.
    """
    if isinstance(value, str):
        value = {LINES: value}
    if value is not None and not (isinstance(value, dict) and _is_small_json(value)):
        raise Invalid(f"An address is a text, or an object of at most {MAX_BYTES:,} bytes of plain JSON.")
    if not value:
        return None
    known = {key: _clean(key, value[key]) for key in value.keys() & _KNOWN}
    return {
        key: item for key, item in (value | known).items() if item is not None or key not in _KNOWN
    } or None


def clean_part(key: str) -> Callable[[Any], Any]:
    """The function that brings a part into its normal form. It raises Invalid."""

    def cleaned(value: Any) -> Any:
        if value is not None and not isinstance(value, str):
            raise Invalid("This must be a text.")
        if value is not None and not storable_text(value, MAX_BYTES):
            raise Invalid(f"This must be a text of at most {MAX_BYTES:,} characters without NUL characters.")
        return _clean(key, value)

    return cleaned


def merged(before: Mapping[str, Any] | None, parts: Mapping[str, Any]) -> dict[str, Any] | None:
    """An address with some parts set; a part that is None goes."""
    after = {key: value for key, value in {**(before or {}), **parts}.items() if value is not None}
    return after or None


def reaches(address: str | Mapping[str, Any] | None) -> bool:
    """Whether a letter could be sent there: it takes more than a place."""
    if isinstance(address, Mapping):
        return not address.keys() <= _PLACE
    return bool(address)


def part_in_sql(column: str, key: str) -> str:
    """The SQL of a part as a text, of a column with address objects; NULL if it is unset."""
    stored, text = f"{column} -> '{key}'", f"{column} ->> '{key}'"
    lines = f"ARRAY(SELECT jsonb_array_elements_text({stored}))"
    return (
        f"nullif(CASE jsonb_typeof({stored}) WHEN 'string' THEN {text}"
        f" WHEN 'array' THEN array_to_string({lines}, '{SEPARATOR}') END, '')"
    )


def part_of(address: Mapping[str, Any] | None, key: str) -> str | None:
    """The same of an address object."""
    stored = (address or {}).get(key)
    if isinstance(stored, list):
        texts = (
            one if isinstance(one, str) else orjson.dumps(one).decode() for one in stored if one is not None
        )
        stored = SEPARATOR.join(texts)
    return stored if isinstance(stored, str) and stored else None


def parse_cell(cell: str) -> dict[str, Any] | str:
    """What a cell of a file holds: a JSON object, or else a text."""
    if cell.startswith("{"):
        try:
            parsed = orjson.loads(cell)
        except orjson.JSONDecodeError:
            raise Invalid("This begins like a JSON object, and is none.") from None
        if isinstance(parsed, dict):
            return parsed
    return cell


def _clean(key: str, value: Any) -> Any:
    if key == LINES and isinstance(value, str | list):
        return _lines(value)
    if isinstance(value, str):
        text = value.strip()
        return (countries.normal_form(text) if key == "country" else text) or None
    return value


def _lines(value: str | list[Any]) -> list[Any] | None:
    given = value.splitlines() if isinstance(value, str) else value
    if not all(isinstance(line, str) for line in given):
        return given
    lines = [text for line in given if (text := line.strip())]
    return lines or None


def _is_small_json(value: object) -> bool:
    """Whether it can be stored, and read again by any JSON reader, within the limit."""
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # whole numbers beyond 64 bits, half a surrogate pair, too deep
        return False
    return size <= MAX_BYTES and _has_no_nul(value)


def _has_no_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" not in value
        case dict():
            return all("\0" not in key and _has_no_nul(item) for key, item in value.items())
        case list():
            return all(map(_has_no_nul, value))
    return True
