"""The parts of a sentence: values as people write them, and verbs with their values."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from seggraph.criteria.time.days import MonthDays
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.values import Value

_SHOWN_VALUES = 10

Wording: TypeAlias = Callable[[tuple[Value, ...], bool], str]
"""What a sentence says of a field, such as `is at least 50`: from the values, and whether they are dates or times."""


def verb(words: str, *, of_time: str | None = None, link: str = "or") -> Wording:
    """A verb followed by its values, joined by the link; dates and times may have a verb of their own."""

    def say(values: tuple[Value, ...], is_time: bool) -> str:
        said = of_time if is_time and of_time is not None else words
        return f"{said} {listed(values, link)}" if values else said

    return say


def listed(values: tuple[Value, ...], link: str) -> str:
    """The values as an enumeration, cut short when there are many: `"US", "DE" or "FR"`."""
    texts = [value(one) for one in values[:_SHOWN_VALUES]]
    if len(values) > _SHOWN_VALUES:
        texts.append(f"{len(values) - _SHOWN_VALUES} more")
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {link} {texts[-1]}"


def value(given: Value) -> str:
    """One value as a person would write it."""
    match given:
        case str():
            return f'"{given}"'
        case bool():
            return "true" if given else "false"
        case Decimal():
            return f"{given:,f}"
        case datetime():
            return f"{given:%Y-%m-%d %H:%M:%S} UTC"
        case date():
            return given.isoformat()
        case Duration() | MonthDays():
            return str(given)
