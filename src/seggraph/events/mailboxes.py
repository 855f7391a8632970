"""Mailboxes: a bounded queue of deliveries for each subscriber.

If the subscriber is fast enough, nothing is combined. When the queue is full, only the last state of each subject is
kept and increments are added up. If the queue is still too long, it is replaced by one resync.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from seggraph.events.facts import Fact
from seggraph.events.stream import ResyncReason


@dataclass(frozen=True, slots=True)
class Delivery:
    """A fact, and the cursor of the position after it."""

    cursor: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Resync:
    """Facts were missed: read the current state *after* receiving this. The subscription continues at `cursor`."""

    reason: ResyncReason
    cursor: str


class Mailbox:
    """At most `limit` items for one subscriber. `cursor` is the position at which the subscriber starts."""

    def __init__(self, limit: int, cursor: str) -> None:
        self._limit = limit
        self._cursor = cursor
        self._items: deque[Delivery | Resync] = deque()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def cursor(self) -> str:
        """The cursor of the item that was taken last, or the initial one."""
        return self._cursor

    def put(self, delivery: Delivery) -> None:
        """Add a fact. If the mailbox is full, combine items first."""
        if len(self._items) >= self._limit:
            self._coalesce()
        if len(self._items) >= self._limit:
            self.put_resync(Resync(ResyncReason.SLOW_CONSUMER, delivery.cursor))
        else:
            self._items.append(delivery)

    def put_resync(self, resync: Resync) -> None:
        """Replace all waiting items: after a resync the subscriber does not need them."""
        self._items.clear()
        self._items.append(resync)

    def take(self) -> Delivery | Resync | None:
        """Take the next item, or None."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._cursor = item.cursor
        return item

    def _coalesce(self) -> None:
        """Free at least a quarter of the mailbox, so that a full one is not combined again for every fact."""
        resyncs = [item for item in self._items if isinstance(item, Resync)]
        floor = resyncs[-1].cursor if resyncs else self._cursor
        fewer = coalesced((item for item in self._items if isinstance(item, Delivery)), floor)
        if len(resyncs) + len(fewer) <= self._limit * 3 // 4:
            self._items = deque([*resyncs, *fewer])


def coalesced(deliveries: Iterable[Delivery], floor: str) -> list[Delivery]:
    """Combine deliveries for a subscriber that has seen everything up to the cursor `floor`.

    From the cursor of each result, a subscriber can continue without missing a fact or counting an increment twice.
    So increments are not added up across an increment of another subject. A state that now comes before a sum with
    an older part gets an older cursor. Continuing from it may send the state again, which is harmless.
    """
    result: list[Delivery] = []
    at: int | None = None  # the index of the last increment in `result`
    for delivery in _last_states(list(deliveries)):
        if delivery.fact.adds_up:
            if at is not None and _subject(result[at].fact) == _subject(delivery.fact):
                before = result[at - 1].cursor if at else floor
                delivery = replace(delivery, fact=result[at].fact.followed_by(delivery.fact))
                result[at:] = [replace(state, cursor=before) for state in result[at + 1 :]]
            at = len(result)
        result.append(delivery)
    return result


def _last_states(deliveries: list[Delivery]) -> list[Delivery]:
    last = {_subject(delivery.fact): index for index, delivery in enumerate(deliveries)}
    return [
        delivery
        for index, delivery in enumerate(deliveries)
        if delivery.fact.adds_up or last[_subject(delivery.fact)] == index
    ]


def _subject(fact: Fact) -> tuple[type[Fact], int]:
    return type(fact), fact.subject_id
