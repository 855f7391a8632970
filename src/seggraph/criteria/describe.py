"""Tree to a plain English sentence, for people who did not build it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from seggraph.criteria.checker import Checked, Comparison
from seggraph.criteria.durations import Duration
from seggraph.criteria.nodes import All, AnyOf, Consent, Not, Tags
from seggraph.criteria.operators import AttributeOp, SetOp
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType, Channel, ConsentState

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
_TAGS: Final[dict[SetOp, str]] = {
    SetOp.HAS_ANY: "has any of the tags",
    SetOp.HAS_ALL: "has all of the tags",
    SetOp.HAS_NONE: "has none of the tags",
}
_CONSENTS: Final[dict[ConsentState, str]] = {
    ConsentState.GRANTED: "has granted",
    ConsentState.DENIED: "has denied",
    ConsentState.UNKNOWN: "has neither granted nor denied",
}
_CHANNELS: Final[dict[Channel, str]] = {
    Channel.EMAIL: "email",
    Channel.DIRECT_MAIL: "direct mail",
    Channel.SMS: "SMS",
    Channel.PHONE: "phone",
    Channel.PUSH: "push messages",
}


def describe(tree: Checked, *, subject: str = "Members") -> str:
    """The criteria as one sentence, such as `Members where Country is "US" and Employees is at least 50.`"""
    match tree:
        case All(()):
            return f"{subject}, all of them."
        case AnyOf(()):
            return f"{subject}, none of them."
    return f"{subject} where {_phrase(tree)}."


def _phrase(tree: Checked) -> str:
    match tree:
        case All(items):
            return _joined(items, " and ", empty="anything holds")
        case AnyOf(items):
            return _joined(items, " or ", empty="nothing holds")
        case Not(item):
            return f"it is not so that {_nested(item)}"
        case Tags(op, values):
            return f"the member {_TAGS[op]} {_listed(values, _link(op.value))}"
        case Consent(channel, state):
            return f"the member {_CONSENTS[state]} consent for {_CHANNELS[channel]}"
        case Comparison():
            return _comparison(tree)


def _joined(items: tuple[Checked, ...], word: str, *, empty: str) -> str:
    if len(items) == 1:
        return _phrase(items[0])
    return word.join(map(_nested, items)) or empty


def _nested(tree: Checked) -> str:
    """The phrase, in parentheses where it would read ambiguously inside another."""
    match tree:
        case All(items) | AnyOf(items) if len(items) > 1:
            return f"({_phrase(tree)})"
        case Not():
            return f"({_phrase(tree)})"
    return _phrase(tree)


def _comparison(test: Comparison) -> str:
    label = test.field.label
    if test.op is AttributeOp.BETWEEN:
        low, high = map(_value, test.values)
        return f"{label} is between {low} and {high}"
    is_time = test.field.type in (AttributeType.DATE, AttributeType.DATETIME)
    verb = _TIMES.get(test.op, _COMPARED[test.op]) if is_time else _COMPARED[test.op]
    if not test.values:
        return f"{label} {verb}"
    if test.op is AttributeOp.ANNIVERSARY_WITHIN and test.values[0] == Duration():
        return f"{label} has its anniversary today"
    return f"{label} {verb} {_listed(test.values, _link(test.op.value))}"


def _link(op: str) -> str:
    return "and" if op == AttributeOp.HAS_ALL else "or"


def _listed(values: tuple[Value, ...], link: str) -> str:
    texts = [_value(value) for value in values[:_SHOWN_VALUES]]
    if len(values) > _SHOWN_VALUES:
        texts.append(f"{len(values) - _SHOWN_VALUES} more")
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {link} {texts[-1]}"


def _value(value: Value) -> str:
    match value:
        case str():
            return f'"{value}"'
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:,f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case date():
            return value.isoformat()
        case Duration():
            return str(value)
