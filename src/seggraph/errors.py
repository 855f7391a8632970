"""Every expected failure: a subclass with a code, a message that says what would work, and a path.

The docstring of a failure describes its code in the schema.

An error is raised where the fact is known and translated once per edge (GraphQL, CLI, job, HTTP). Anything
that is not a `SeggraphError` is a defect or an outage: edges mask it and log it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

Path = tuple[str | int, ...]
"""Where in the input the error is: keys and indexes from the root of the input."""


class ErrorCode(StrEnum):
    """A code for programs, which says what kind of error it is. A published code keeps its meaning."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    TOO_LARGE = "TOO_LARGE"
    NAME_TAKEN = "NAME_TAKEN"
    NOT_FOUND = "NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"
    BAD_TRANSITION = "BAD_TRANSITION"
    LAST_ADMINISTRATOR = "LAST_ADMINISTRATOR"
    SEGMENT_IN_USE = "SEGMENT_IN_USE"
    ATTRIBUTE_IN_USE = "ATTRIBUTE_IN_USE"
    BAD_CURSOR = "BAD_CURSOR"
    WRONG_TYPE = "WRONG_TYPE"
    DUPLICATE = "DUPLICATE"
    AMBIGUOUS = "AMBIGUOUS"
    SEGMENT_CYCLE = "SEGMENT_CYCLE"
    CRITERIA_INVALID = "CRITERIA_INVALID"
    CRITERIA_SYNTAX = "CRITERIA_SYNTAX"
    CRITERIA_UNKNOWN_FIELD = "CRITERIA_UNKNOWN_FIELD"
    CRITERIA_BAD_OPERATOR = "CRITERIA_BAD_OPERATOR"
    CRITERIA_BAD_VALUE = "CRITERIA_BAD_VALUE"
    CRITERIA_TOO_DEEP = "CRITERIA_TOO_DEEP"
    CRITERIA_TOO_LARGE = "CRITERIA_TOO_LARGE"
    CRITERIA_TOO_SLOW = "CRITERIA_TOO_SLOW"
    CRITERIA_TOO_EXPENSIVE = "CRITERIA_TOO_EXPENSIVE"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    RETRY_LATER = "RETRY_LATER"
    INTERNAL = "INTERNAL"


class SeggraphError(Exception):
    """An expected failure.

    `family` is the code that several kinds of failure share for clients. `retryable` says whether the same work
    may succeed later without anyone changing anything; it is a property of the class.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INVALID
    family: ClassVar[ErrorCode | None] = None
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, path: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path: Path = tuple(path)

    @property
    def published_code(self) -> ErrorCode:
        """The code that clients switch on: that of the family, if there is one, and `code` is its reason."""
        return self.family or self.code


class Problems(SeggraphError):
    """Several expected failures found in one input, reported together."""

    def __init__(self, problems: Sequence[SeggraphError]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Required(SeggraphError):
    """A required value is missing or empty."""

    code = ErrorCode.REQUIRED


class Invalid(SeggraphError):
    """A value is not valid; the message says what would be."""

    code = ErrorCode.INVALID


class Ambiguous(SeggraphError):
    """The values can be read in several ways; the message lists them, so choose one."""

    code = ErrorCode.AMBIGUOUS


class TooLong(SeggraphError):
    """A text is longer than its limit, which the message names."""

    code = ErrorCode.TOO_LONG


class TooMany(SeggraphError):
    """A list is longer than its limit, which the message names."""

    code = ErrorCode.TOO_LARGE


class NameTaken(SeggraphError):
    """Another object of the workspace already has this name."""

    code = ErrorCode.NAME_TAKEN


class NotFound(SeggraphError):
    """The object does not exist, or you may not see it."""

    code = ErrorCode.NOT_FOUND


class Unauthenticated(SeggraphError):
    """The credentials are missing, wrong, expired or from another issuer."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(SeggraphError):
    """You may see the object, but you may not do this."""

    code = ErrorCode.FORBIDDEN


class StaleVersion(SeggraphError):
    """The object was changed after you read the version that you sent; read it again."""

    code = ErrorCode.CONFLICT


class BadTransition(SeggraphError):
    """The status of the object does not allow this; the message says what is allowed."""

    code = ErrorCode.BAD_TRANSITION


class SegmentInUse(SeggraphError):
    """Campaigns, segments, playbooks or deliveries use the segment; the message names them."""

    code = ErrorCode.SEGMENT_IN_USE


class AttributeInUse(SeggraphError):
    """The attribute is used by what the message names."""

    code = ErrorCode.ATTRIBUTE_IN_USE


class BadCursor(SeggraphError):
    """The cursor does not come from this list, or the list is in another order."""

    code = ErrorCode.BAD_CURSOR


class WrongType(SeggraphError):
    """A value does not have the type of its attribute; the message names the type."""

    code = ErrorCode.WRONG_TYPE


class IdempotencyConflict(SeggraphError):
    """The Idempotency-Key was given with another request: with other input, or with other rights."""

    code = ErrorCode.IDEMPOTENCY_CONFLICT


class LastAdministrator(SeggraphError):
    """The workspace would have no administrator any more who can sign in: make another user one first."""

    code = ErrorCode.LAST_ADMINISTRATOR


class Duplicate(SeggraphError):
    """The same key occurs twice in one input."""

    code = ErrorCode.DUPLICATE


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a text: line and column of its first character, from 1, and offsets in characters, the end excluded."""

    line: int
    column: int
    start: int
    end: int


class CriteriaError(SeggraphError):
    """The criteria have an error; reason says which one, and path says where."""

    code = ErrorCode.CRITERIA_INVALID
    family: ClassVar[ErrorCode | None] = ErrorCode.CRITERIA_INVALID

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        span: TextSpan | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        """`span` is where in a text the error is; `suggestions` are what could stand there instead."""
        super().__init__(message, path=path)
        self.span = span
        self.suggestions = tuple(suggestions)


class CriteriaSyntaxError(CriteriaError):
    """The criteria text has a syntax error; the message gives its line and column, and what was expected."""

    code = ErrorCode.CRITERIA_SYNTAX

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        span: TextSpan | None = None,
        suggestions: Sequence[str] = (),
        found: str = "",
        expected: Sequence[str] = (),
    ) -> None:
        super().__init__(message, path=path, span=span, suggestions=suggestions)
        self.found = found
        self.expected = tuple(expected)


class SegmentCycle(CriteriaError):
    """The segment would depend on itself through the segments that its criteria or playbooks refer to."""

    code = ErrorCode.SEGMENT_CYCLE
    family = None


class UnknownField(CriteriaError):
    """The criteria use a field that members of this kind do not have."""

    code = ErrorCode.CRITERIA_UNKNOWN_FIELD


class BadOperator(CriteriaError):
    """The criteria use an operator that the type of the field does not support."""

    code = ErrorCode.CRITERIA_BAD_OPERATOR


class BadValue(CriteriaError):
    """The criteria contain a value that the operator does not accept."""

    code = ErrorCode.CRITERIA_BAD_VALUE


class CriteriaTooDeep(CriteriaError):
    """The criteria are nested deeper than the limit, which the message names."""

    code = ErrorCode.CRITERIA_TOO_DEEP


class CriteriaTooLarge(CriteriaError):
    """The criteria have more conditions or values than the limit, which the message names."""

    code = ErrorCode.CRITERIA_TOO_LARGE


class CriteriaTooSlow(CriteriaError):
    """Evaluating the criteria took longer than the time limit."""

    code = ErrorCode.CRITERIA_TOO_SLOW
    family = None


class CriteriaTooExpensive(CriteriaError):
    """Evaluating the criteria would take far too long by the database's estimate, so it was not started."""

    code = ErrorCode.CRITERIA_TOO_EXPENSIVE
    family = None


class RetryLater(SeggraphError):
    """The server could not reach something that it needs, such as the database; try again soon."""

    code = ErrorCode.RETRY_LATER
    retryable = True


class RateLimited(SeggraphError):
    """You have used up what you may spend in a time, or have as much open or running as you may have at once."""

    code = ErrorCode.RATE_LIMITED
    retryable = True

    def __init__(
        self, message: str, *, limit: int, retry_after_seconds: int = 1, path: Sequence[str | int] = ()
    ) -> None:
        super().__init__(message, path=path)
        self.limit = limit
        self.retry_after_seconds = retry_after_seconds
