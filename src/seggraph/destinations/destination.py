"""What a destination is: a place with lists, which take members in batches and give them back.

Every call has a key, and repeating a call with the same key, or the same call with another key, changes nothing
further. Whatever goes wrong is one of two failures: one that may pass by itself, and one that a person has to mend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from seggraph.errors import ErrorCode, SeggraphError

MOST_REASONS = 200
"""Most characters that are kept of what a destination says about a member."""


class DestinationFailure(SeggraphError):
    """A call to a destination that failed, or whose outcome is unknown; with the status of its answer."""

    code = ErrorCode.INVALID

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(DestinationFailure):
    """A failure that may pass: no answer, an unreadable answer, 429 or 5xx. `after_seconds` is how long to wait."""

    code = ErrorCode.RETRY_LATER
    retryable = True

    def __init__(
        self, message: str, *, status: int | None = None, after_seconds: float | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.after_seconds = after_seconds


class Refused(DestinationFailure):
    """The destination will refuse it again, until a person changes the address, the secret or the mapping."""


class Declined(Refused):
    """The destination takes our credentials and refuses this call; it may take others."""


class ListGone(Unavailable):
    """The list does not exist any more: it has to be made again, and all members sent again."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member as it leaves: `key` is what the outside knows it by, `data` what the mapping made of its fields."""

    key: str
    data: Mapping[str, Any]
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a batch: all members are on the list now but `rejected`, which has a reason for each key."""

    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One call's identity: `key` makes it idempotent, `sequence` rises with every batch of a delivery."""

    key: str
    sequence: int


class Destination(Protocol):
    """Where a delivery's list is. Methods raise Unavailable, Refused, and ListGone."""

    batch_size: ClassVar[int]

    async def prepare(self, name: str, order: Order) -> str:
        """Make a list, or find the one that a call with this key made; returns its id outside."""
        ...

    async def rename(self, list_id: str, name: str, order: Order) -> None:
        """Call the list by another name. Raises Declined where lists keep their names."""
        ...

    async def upsert(self, list_id: str, recipients: Sequence[Recipient], order: Order) -> Receipt:
        """Put members on the list; members that are on it are brought up to date."""
        ...

    async def remove(self, list_id: str, keys: Sequence[str], order: Order) -> None:
        """Take members off the list; a member that is not on it is no error."""
        ...

    async def empty(self, list_id: str, order: Order) -> None:
        """Remove all members from the list."""
        ...

    async def test(self) -> int | None:
        """Find out whether calls would be taken, without changing any list; returns the status of the answer."""
        ...
