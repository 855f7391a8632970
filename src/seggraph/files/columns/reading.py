"""How one column is read: the settings that `createImport` shows and `startImport` may choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from zoneinfo import available_timezones

from seggraph.errors import Invalid, SeggraphError
from seggraph.values import phones
from seggraph.values.dates import DateOrder
from seggraph.values.words import NULLS, word_key
from seggraph.vocabulary import AttributeType, ConsentState

DECIMALS: Final = (".", ",")
SEPARATORS: Final = (";", ",", "|", "\n", "\t", "/")
MAX_WORDS: Final = 50
MAX_NULLS: Final = 20
MAX_WORD: Final = 100


class Setting(StrEnum):
    """A setting that the cells of a column may leave open; the value is its name in the API."""

    DECIMAL = "decimal"
    DATE_ORDER = "dateOrder"
    SEPARATOR = "separator"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A setting for which the cells allow several values, and what to say about it."""

    setting: Setting
    options: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """How the cells of a column are read.

    - `type`: what a new attribute becomes. `decimal`: the decimal sign of numbers.
    - `date_order`: the order of day, month and year. `time_zone`: the zone of times that name none; None is the
      workspace's.
    - `separator`: what stands between the items of a list.
    - `marks`: whether a spreadsheet's mark for texts, `'04616` or `="04616"`, is taken away from every cell.
    - `empty_clears`: whether an empty cell clears the value. `nulls`: texts that count as empty.
    - `phone_region`: where phone numbers without a country are from; None leaves them as they are.
    - `words`: what words mean, by `word_key`: `true`, `false` or the name of a state of consent.
    """

    type: AttributeType = AttributeType.STRING
    decimal: str = "."
    date_order: DateOrder = DateOrder.YMD
    time_zone: str | None = None
    separator: str = ";"
    marks: bool = False
    empty_clears: bool = False
    nulls: tuple[str, ...] = NULLS
    phone_region: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The reading as it is stored, and as the API shows it."""
        shown: dict[str, Any] = {
            "type": self.type.value,
            "emptyClears": self.empty_clears,
            "marks": self.marks,
        }
        shown |= {"decimal": self.decimal, "dateOrder": self.date_order.value, "timeZone": self.time_zone}
        shown |= {"phoneRegion": self.phone_region}
        return shown | {"separator": self.separator, "nulls": list(self.nulls), "words": dict(self.words)}

    @staticmethod
    def from_json(shown: Mapping[str, Any]) -> "ColumnReading":
        """The reading of `to_json`."""
        return ColumnReading(
            type=AttributeType(shown["type"]),
            decimal=shown["decimal"],
            date_order=DateOrder(shown["dateOrder"]),
            time_zone=shown["timeZone"],
            separator=shown["separator"],
            marks=shown["marks"],
            empty_clears=shown["emptyClears"],
            nulls=tuple(shown["nulls"]),
            phone_region=shown.get("phoneRegion"),
            words=shown["words"],
        )

    def chosen(self, choice: Mapping[str, Any]) -> "ColumnReading":
        """The reading with what a client chose. Raises the problem of the first choice that cannot be."""
        given: dict[str, Any] = {}
        for name, value in choice.items():
            if value is None:
                continue
            try:
                given[_FIELDS[name]] = _CHECKS[name](value)
            except SeggraphError as problem:
                problem.path = (name, *problem.path)
                raise
        return replace(self, **given)


def _one_of(options: tuple[str, ...]) -> Any:
    def check(value: str) -> str:
        if value not in options:
            known = ", ".join(repr(option) for option in options)
            raise Invalid(f"{value[:20]!r} is none of {known}.")
        return value

    return check


def _order(value: str) -> DateOrder:
    try:
        return DateOrder(value.upper())
    except ValueError:
        raise Invalid(f"{value[:20]!r} is no order of a date; give YMD, DMY or MDY.") from None


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise Invalid(f"{value[:60]!r} is no time zone of the IANA list, like Europe/Berlin.")
    return value


def _region(value: str) -> str:
    if value not in phones.REGIONS:
        raise Invalid(f"{value[:20]!r} is no region of phone numbers; give a code of ISO 3166 such as DE.")
    return value


def _nulls(value: list[str]) -> tuple[str, ...]:
    if len(value) > MAX_NULLS or any(len(text) > MAX_WORD for text in value):
        raise Invalid(f"Give at most {MAX_NULLS} texts of at most {MAX_WORD} characters.")
    return tuple(value)


def _words(value: object) -> dict[str, str]:
    meanings = ("true", "false", *(state.name for state in ConsentState))
    if not isinstance(value, dict) or len(value) > MAX_WORDS:
        raise Invalid(f"Words are an object of at most {MAX_WORDS} words with their meanings.")
    words: dict[str, str] = {}
    for word, meaning in value.items():
        shown = str(meaning).lower() if isinstance(meaning, bool) else meaning
        if shown not in meanings or len(word) > MAX_WORD:
            raise Invalid(f"A word means one of {', '.join(meanings)}.", path=(word[:MAX_WORD],))
        words[word_key(word)] = shown
    return words


_FIELDS: Final = {
    "type": "type",
    "decimal": "decimal",
    "dateOrder": "date_order",
    "timeZone": "time_zone",
    "separator": "separator",
    "marks": "marks",
    "emptyClears": "empty_clears",
    "nulls": "nulls",
    "phoneRegion": "phone_region",
    "words": "words",
}
_CHECKS: Final[dict[str, Any]] = {
    "type": AttributeType,
    "decimal": _one_of(DECIMALS),
    "dateOrder": _order,
    "timeZone": _zone,
    "separator": _one_of(SEPARATORS),
    "marks": bool,
    "emptyClears": bool,
    "nulls": _nulls,
    "phoneRegion": _region,
    "words": _words,
}
