"""The operators: their names, which type of field has which, and how many values each takes."""

from enum import Enum, StrEnum
from typing import Final

from seggraph.vocabulary import AttributeType
from seggraph.vocabulary.described import DescribedStrEnum


class AttributeOp(StrEnum):
    """How a field is compared. Which of them a field has depends on its type."""

    EQ = "EQ"
    NE = "NE"
    IN = "IN"
    NOT_IN = "NOT_IN"
    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    BETWEEN = "BETWEEN"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    ON = "ON"
    WITHIN_LAST = "WITHIN_LAST"
    NOT_WITHIN_LAST = "NOT_WITHIN_LAST"
    WITHIN_NEXT = "WITHIN_NEXT"
    ANNIVERSARY_WITHIN = "ANNIVERSARY_WITHIN"
    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    HAS_NONE = "HAS_NONE"


class SetOp(DescribedStrEnum):
    """How the tags of a member are compared with the given ones."""

    HAS_ANY = "HAS_ANY", "The member has at least one of the values."
    HAS_ALL = "HAS_ALL", "The member has all of the values."
    HAS_NONE = "HAS_NONE", "The member has none of the values."


class EventAggregate(DescribedStrEnum):
    """How the events of a member are aggregated before the result is compared."""

    COUNT = "COUNT", "The number of events."
    SUM = "SUM", "The sum of the events' values, or of the property `of`."
    AVG = "AVG", "The average of the events' values, or of the property `of`."
    MIN = "MIN", "The smallest of the events' values, or of the property `of`."
    MAX = "MAX", "The greatest of the events' values, or of the property `of`."
    DISTINCT_DAYS = "DISTINCT_DAYS", "The number of calendar days on which events occurred."
    FIRST_AT = "FIRST_AT", "When the first event occurred."
    LAST_AT = "LAST_AT", "When the last event occurred."


class CompareOp(DescribedStrEnum):
    """How an aggregate or a count is compared. FIRST_AT and LAST_AT allow all values, numbers those up to BETWEEN."""

    EQ = "EQ", "It equals `value`."
    NE = "NE", "It differs from `value`."
    GT = "GT", "It is greater than `value`."
    GTE = "GTE", "It is greater than or equal to `value`."
    LT = "LT", "It is less than `value`."
    LTE = "LTE", "It is less than or equal to `value`."
    BETWEEN = "BETWEEN", "It lies between the two given values, both included."
    BEFORE = "BEFORE", "It is before the given date or time."
    AFTER = "AFTER", "It is after the given date or time."
    ON = "ON", "It is on the given day."
    WITHIN_LAST = "WITHIN_LAST", "It is within the last duration `value`, like P30D."
    NOT_WITHIN_LAST = "NOT_WITHIN_LAST", "It is not within the last duration `value`."
    ANNIVERSARY_WITHIN = "ANNIVERSARY_WITHIN", "Its next anniversary is within the duration `value`."


class InOp(DescribedStrEnum):
    """Whether a member has to be in a segment."""

    IN = "IN", "The member is in the segment."
    NOT_IN = "NOT_IN", "The member is not in the segment."


class Arity(Enum):
    """How many values an operator takes, and under which key they stand."""

    NONE = "no value"
    ONE = "one `value`"
    TWO = "two `values`, the lower one first"
    MANY = "`values`, a list of one or more"


_PRESENCE = (AttributeOp.IS_SET, AttributeOp.IS_NOT_SET)
_ORDER = (AttributeOp.GT, AttributeOp.GTE, AttributeOp.LT, AttributeOp.LTE, AttributeOp.BETWEEN)
_MATCHING = (
    AttributeOp.CONTAINS,
    AttributeOp.NOT_CONTAINS,
    AttributeOp.STARTS_WITH,
    AttributeOp.ENDS_WITH,
)
WINDOWS: Final = (AttributeOp.WITHIN_LAST, AttributeOp.NOT_WITHIN_LAST, AttributeOp.WITHIN_NEXT)
"""Operators that take a duration relative to the instant of evaluation."""

_DATES = (AttributeOp.BEFORE, AttributeOp.AFTER, AttributeOp.ON, *WINDOWS, AttributeOp.ANNIVERSARY_WITHIN)
_LISTED = (AttributeOp.EQ, AttributeOp.NE, AttributeOp.IN, AttributeOp.NOT_IN)

OPERATORS: Final[dict[AttributeType, tuple[AttributeOp, ...]]] = {
    AttributeType.STRING: (*_LISTED, *_MATCHING, *_PRESENCE),
    AttributeType.NUMBER: (*_LISTED, *_ORDER, *_PRESENCE),
    AttributeType.BOOLEAN: (AttributeOp.EQ, AttributeOp.NE, *_PRESENCE),
    AttributeType.DATE: (*_LISTED, *_ORDER, *_DATES, *_PRESENCE),
    AttributeType.DATETIME: (AttributeOp.EQ, AttributeOp.NE, *_ORDER, *_DATES, *_PRESENCE),
    AttributeType.STRING_LIST: (AttributeOp.HAS_ANY, AttributeOp.HAS_ALL, AttributeOp.HAS_NONE, *_PRESENCE),
}
"""What each type of field can be asked. Instants have no IN: a list of exact microseconds is not a question."""

ARITY: Final[dict[AttributeOp, Arity]] = {
    **dict.fromkeys(AttributeOp, Arity.ONE),
    **dict.fromkeys(_PRESENCE, Arity.NONE),
    AttributeOp.BETWEEN: Arity.TWO,
    AttributeOp.IN: Arity.MANY,
    AttributeOp.NOT_IN: Arity.MANY,
    AttributeOp.HAS_ANY: Arity.MANY,
    AttributeOp.HAS_ALL: Arity.MANY,
    AttributeOp.HAS_NONE: Arity.MANY,
}
"""How many values each operator takes."""
