"""What a context may bound: the points of operations, how many run at once, and what is open.

The transport asks; the context decides. Any other context bounds nothing.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, MutableMapping
from contextlib import ExitStack
from typing import Any, Final, Protocol, TypeVar

from seggraph.throttling import Bounded, Lane, Place, Standing
from seggraph.transport.media_types import TOO_MANY_REQUESTS, retry_after
from seggraph.transport.pacing import work_for

T = TypeVar("T")

_CALLER: Final = "seggraph.caller"
_PLACES: Final = "seggraph.places"
NAMES: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
"""The headers that say how much may be spent, which pages of other origins may read."""


class Throttled(Protocol):
    """A context that bounds what its client does."""

    @property
    def payer(self) -> str:
        """Who pays: a name of the user or API key."""

    @property
    def workspace(self) -> Hashable:
        """The workspace that the work is done for: they take turns on the event loop."""

    is_paid: bool
    """Whether the operation was paid for."""

    def spend(self, points: int) -> None:
        """Spend the points of an operation, once for each. Raises RateLimited."""

    def lane(self) -> Lane | None:
        """The lane in which an operation runs; None for one that runs in its lane already. Raises RateLimited."""

    def standing(self) -> Standing:
        """What is left to spend."""

    def is_spent(self) -> bool:
        """Whether there is nothing left."""

    async def take(self, kind: Bounded) -> Place:
        """A place for something that is open for long. Raises RateLimited."""

    async def hold_back(self) -> None:
        """Wait with a refusal, if the client did not heed those before."""


def spend(context: object, points: int) -> None:
    """Spend the points of an operation. Raises RateLimited."""
    decide = getattr(context, "spend", None)
    if decide is not None:
        decide(points)


def paid(context: T) -> T:
    """The same context for an operation that was paid for: a subscription that goes on, or is shared."""
    if hasattr(context, "is_paid"):
        context.is_paid = True
    return context


def lane_of(context: object) -> Lane | None:
    """The lane in which an operation has to run. Raises RateLimited."""
    find: Callable[[], Lane | None] | None = getattr(context, "lane", None)
    return None if find is None else find()


async def in_lane(context: object, work: Callable[[], Awaitable[T]]) -> T:
    """Do work in the lane of its context. Raises RateLimited."""
    lane = lane_of(context)
    return await (work() if lane is None else lane.run(work))


async def take(context: object, kind: Bounded) -> Place | None:
    """A place for something that is open for long. Raises RateLimited."""
    find = getattr(context, "take", None)
    return None if find is None else await find(kind)


async def take_for_request(scope: MutableMapping[str, Any], context: object, kind: Bounded) -> None:
    """Take a place until the request has been answered. Raises RateLimited."""
    place = await take(context, kind)
    if place is not None:
        scope.setdefault(_PLACES, ExitStack()).enter_context(place)


def leave_places(scope: Mapping[str, Any]) -> None:
    """Leave the places that were taken for a request."""
    taken: ExitStack | None = scope.get(_PLACES)
    if taken is not None:
        taken.close()


def remember(scope: MutableMapping[str, Any], context: object) -> None:
    """Keep who sends a request, for the headers of its answer, and whose turns it takes."""
    scope[_CALLER] = context
    work_for(context)


def rate_headers(context: object) -> list[tuple[bytes, bytes]]:
    """The headers that say what is left to spend."""
    find: Callable[[], Standing] | None = getattr(context, "standing", None)
    if find is None:
        return []
    limit, remaining, reset_seconds, _ = find()
    return [
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % reset_seconds),
    ]


def retry_headers(body: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header that says when to try again what an answer says was refused for its rate."""
    seconds = retry_after(body)
    return [] if seconds is None else [(b"retry-after", b"%d" % seconds)]


async def hold_back_if(status: int, context: object) -> None:
    """Wait with a refusal for the rate, if the client did not heed those before."""
    wait = getattr(context, "hold_back", None)
    if wait is not None and status == TOO_MANY_REQUESTS:
        await wait()


def caller_of(scope: Mapping[str, Any]) -> Any:
    """Who sends a request; None when that is not known."""
    return scope.get(_CALLER)


async def hold_frames(context: object) -> None:
    """Read no more frames for a while from a socket whose client has nothing left to spend."""
    is_spent = getattr(context, "is_spent", None)
    if is_spent is not None and is_spent():
        await hold_back_if(TOO_MANY_REQUESTS, context)
