"""Every expected failure: a subclass with a code, a message that says what would work, and a path.

An error is raised where the fact is known and translated once per edge (GraphQL, CLI, job, HTTP). Anything
that is not a `SeggraphError` is a defect or an outage: edges mask it and log it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

Path = tuple[str | int, ...]
"""Where in the input the mistake is: keys and indexes from the root of the input."""


class ErrorCode(StrEnum):
    """The codes a client can switch on. A code, once published, keeps its meaning."""

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
    SEGMENT_IN_USE = "SEGMENT_IN_USE"
    BAD_CURSOR = "BAD_CURSOR"
    WRONG_TYPE = "WRONG_TYPE"
    DUPLICATE = "DUPLICATE"
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
    """A value that must be given is missing or empty."""

    code = ErrorCode.REQUIRED


class Invalid(SeggraphError):
    """A value is not acceptable."""

    code = ErrorCode.INVALID


class TooLong(SeggraphError):
    """A text is longer than its limit."""

    code = ErrorCode.TOO_LONG


class TooMany(SeggraphError):
    """A list is longer than its limit."""

    code = ErrorCode.TOO_LARGE


class NameTaken(SeggraphError):
    """Another object of the workspace already has this name."""

    code = ErrorCode.NAME_TAKEN


class NotFound(SeggraphError):
    """No such object, for this viewer: an object of another workspace is answered the same."""

    code = ErrorCode.NOT_FOUND


class Unauthenticated(SeggraphError):
    """No credentials, or credentials that are wrong, expired or foreign."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(SeggraphError):
    """The viewer may see the object but not do this to it."""

    code = ErrorCode.FORBIDDEN


class StaleVersion(SeggraphError):
    """Someone changed the object since the client read it."""

    code = ErrorCode.CONFLICT


class BadTransition(SeggraphError):
    """The object's status does not allow this; the message says what is possible from here."""

    code = ErrorCode.BAD_TRANSITION


class SegmentInUse(SeggraphError):
    """Campaigns, segments, playbooks or deliveries rely on the segment; the message names them."""

    code = ErrorCode.SEGMENT_IN_USE


class BadCursor(SeggraphError):
    """A cursor that this connection never gave, or that belongs to another order."""

    code = ErrorCode.BAD_CURSOR


class WrongType(SeggraphError):
    """A value does not fit the type of its attribute; the message names the type."""

    code = ErrorCode.WRONG_TYPE


class Duplicate(SeggraphError):
    """The same key stands twice in one input."""

    code = ErrorCode.DUPLICATE


class CriteriaError(SeggraphError):
    """A mistake in criteria, with the path of the node and what would work there."""

    code = ErrorCode.CRITERIA_INVALID
    family: ClassVar[ErrorCode | None] = ErrorCode.CRITERIA_INVALID


class CriteriaSyntaxError(CriteriaError):
    """A text that is no criteria: where (`line` and `column` from 1), what stands there and what could."""

    code = ErrorCode.CRITERIA_SYNTAX

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        line: int = 1,
        column: int = 1,
        found: str = "",
        expected: Sequence[str] = (),
    ) -> None:
        super().__init__(message, path=path)
        self.line = line
        self.column = column
        self.found = found
        self.expected = tuple(expected)


class SegmentCycle(CriteriaError):
    """A segment would come to depend on itself through the segments that its criteria refer to."""

    code = ErrorCode.SEGMENT_CYCLE
    family = None


class UnknownField(CriteriaError):
    """The catalogue has no such field for this kind."""

    code = ErrorCode.CRITERIA_UNKNOWN_FIELD


class BadOperator(CriteriaError):
    """The field's type has no such operator."""

    code = ErrorCode.CRITERIA_BAD_OPERATOR


class BadValue(CriteriaError):
    """A value that the operator cannot take."""

    code = ErrorCode.CRITERIA_BAD_VALUE


class CriteriaTooDeep(CriteriaError):
    """The tree is nested deeper than the limit."""

    code = ErrorCode.CRITERIA_TOO_DEEP


class CriteriaTooLarge(CriteriaError):
    """The tree has more leaves, or a leaf has more values, than the limit."""

    code = ErrorCode.CRITERIA_TOO_LARGE


class CriteriaTooSlow(CriteriaError):
    """Evaluating took longer than the time limit."""

    code = ErrorCode.CRITERIA_TOO_SLOW
    family = None


class CriteriaTooExpensive(CriteriaError):
    """Evaluating would cost far more than is allowed, by the database's own estimate; it was not begun."""

    code = ErrorCode.CRITERIA_TOO_EXPENSIVE
    family = None


class RetryLater(SeggraphError):
    """Something we depend on is away for the moment (a connection, a lock); the same call may work soon."""

    code = ErrorCode.RETRY_LATER
    retryable = True
