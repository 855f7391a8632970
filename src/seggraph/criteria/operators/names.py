"""The names of the closed sets of the language. What each name means stands in the tables of this package."""

from enum import StrEnum


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
    """How the member's tags are compared with the given ones: by an operator of lists."""

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
