"""Comparisons in plain English: operators as verbs, values as people write them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.time.days import MonthDays
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Comparison
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

_SHOWN_VALUES = 10

_COMPARED: Final[dict[AttributeOp, str]] = {
    AttributeOp.EQ: "is",
    AttributeOp.NE: "is set and is not",
    AttributeOp.IN: "is",
    AttributeOp.NOT_IN: "is set and is not",
    AttributeOp.GT: "is more than",
    AttributeOp.GTE: "is at least",
    AttributeOp.LT: "is less than",
    AttributeOp.LTE: "is at most",
    AttributeOp.CONTAINS: "contains",
    AttributeOp.NOT_CONTAINS: "is set and does not contain",
    AttributeOp.STARTS_WITH: "starts with",
    AttributeOp.ENDS_WITH: "ends with",
    AttributeOp.IS_SET: "is set",
    AttributeOp.IS_NOT_SET: "is not set",
    AttributeOp.BEFORE: "is before",
    AttributeOp.AFTER: "is after",
    AttributeOp.ON: "is on",
    AttributeOp.WITHIN_LAST: "is within the last",
    AttributeOp.NOT_WITHIN_LAST: "is set and is not within the last",
    AttributeOp.WITHIN_NEXT: "is within the next",
    AttributeOp.ANNIVERSARY_WITHIN: "has its anniversary today or within the next",
    AttributeOp.HAS_ANY: "has any of",
    AttributeOp.HAS_ALL: "has all of",
    AttributeOp.HAS_NONE: "is set and has none of",
}
_TIMES: Final[dict[AttributeOp, str]] = {
    AttributeOp.GT: "is after",
    AttributeOp.GTE: "is on or after",
    AttributeOp.LT: "is before",
    AttributeOp.LTE: "is on or before",
}


def comparison(test: Comparison, label: str) -> str:
    """The condition with the label as its subject, such as `Country is "US"`."""
    if test.op is AttributeOp.BETWEEN:
        low, high = map(value, test.values)
        return f"{label} is between {low} and {high}"
    is_time = test.field.type in (AttributeType.DATE, AttributeType.DATETIME)
    verb = _TIMES.get(test.op, _COMPARED[test.op]) if is_time else _COMPARED[test.op]
    if not test.values:
        return f"{label} {verb}"
    if test.op is AttributeOp.ANNIVERSARY_WITHIN and test.values[0] == Duration():
        return f"{label} has its anniversary today"
    return f"{label} {verb} {listed(test.values, link(test.op.value))}"


def link(op: str) -> str:
    """The word before the last of several values."""
    return "and" if op == AttributeOp.HAS_ALL else "or"


def listed(values: tuple[Value, ...], word: str) -> str:
    """The values as an enumeration, cut short when there are many."""
    texts = [value(one) for one in values[:_SHOWN_VALUES]]
    if len(values) > _SHOWN_VALUES:
        texts.append(f"{len(values) - _SHOWN_VALUES} more")
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


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
