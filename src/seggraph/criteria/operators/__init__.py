"""The operators: their names, which type of field has which, and how many values each takes."""

from enum import Enum, StrEnum
from typing import Final

from seggraph.vocabulary import AttributeType


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


class SetOp(StrEnum):
    """How a set of texts is compared with the given ones."""

    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    HAS_NONE = "HAS_NONE"


class EventAggregate(StrEnum):
    """What is made of a member's events before it is compared."""

    COUNT = "COUNT"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    DISTINCT_DAYS = "DISTINCT_DAYS"
    FIRST_AT = "FIRST_AT"
    LAST_AT = "LAST_AT"


class CompareOp(StrEnum):
    """How an aggregate or a count is compared. FIRST_AT and LAST_AT have all of them, numbers those up to BETWEEN."""

    EQ = "EQ"
    NE = "NE"
    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    BETWEEN = "BETWEEN"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    ON = "ON"
    WITHIN_LAST = "WITHIN_LAST"
    NOT_WITHIN_LAST = "NOT_WITHIN_LAST"
    ANNIVERSARY_WITHIN = "ANNIVERSARY_WITHIN"


class InOp(StrEnum):
    """Whether a member has to be in a segment, or not."""

    IN = "IN"
    NOT_IN = "NOT_IN"


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
