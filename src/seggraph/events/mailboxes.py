"""What waits for one subscriber: a bounded queue that coalesces before it gives up.

Nothing is coalesced while the subscriber keeps up. When the queue is full, states are reduced to the last of
each and increments are added up; if too much is left, all of it gives way to one demand to resync.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from seggraph.events.facts import Fact
from seggraph.events.stream import ResyncReason


@dataclass(frozen=True, slots=True)
class Delivery:
    """A fact, and the cursor from which a subscriber who has it continues."""

    cursor: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Resync:
    """Something was missed: read the present state *after* this came. It goes on from `cursor`."""

    reason: ResyncReason
    cursor: str


class Mailbox:
    """At most `limit` things to hand over. `cursor` is the one the subscriber starts with."""

    def __init__(self, limit: int, cursor: str) -> None:
        self._limit = limit
        self._cursor = cursor
        self._items: deque[Delivery | Resync] = deque()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def cursor(self) -> str:
        """The cursor of what was taken last, or the one it began with."""
        return self._cursor

    def put(self, delivery: Delivery) -> None:
        """Add a fact, making room first when there is none."""
        if len(self._items) >= self._limit:
            self._coalesce()
        if len(self._items) >= self._limit:
            self.put_resync(Resync(ResyncReason.SLOW_CONSUMER, delivery.cursor))
        else:
            self._items.append(delivery)

    def put_resync(self, resync: Resync) -> None:
        """Replace all that waits: who reads the present state anew needs none of it."""
        self._items.clear()
        self._items.append(resync)

    def take(self) -> Delivery | Resync | None:
        """The next thing to hand over, or None."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._cursor = item.cursor
        return item

    def _coalesce(self) -> None:
        """Make room for a quarter at least, so that a full queue is not worked through for every fact."""
        resyncs = [item for item in self._items if isinstance(item, Resync)]
        floor = resyncs[-1].cursor if resyncs else self._cursor
        kept = coalesced((item for item in self._items if isinstance(item, Delivery)), floor)
        if len(resyncs) + len(kept) <= self._limit * 3 // 4:
            self._items = deque([*resyncs, *kept])


def coalesced(deliveries: Iterable[Delivery], floor: str) -> list[Delivery]:
    """Fewer deliveries that say the same to a subscriber who has all up to the cursor `floor`.

    From the cursor of any of them a subscriber continues and misses nothing, nor counts anything twice. So an
    increment is not added up across an increment of something else; and a state that now comes before a sum,
    a part of which was older, gets an older cursor: after it the state may come again, which does no harm.
    """
    kept: list[Delivery] = []
    at: int | None = None  # where the last increment stands in `kept`
    for delivery in _last_states(list(deliveries)):
        if delivery.fact.adds_up:
            if at is not None and _subject(kept[at].fact) == _subject(delivery.fact):
                before = kept[at - 1].cursor if at else floor
                delivery = replace(delivery, fact=kept[at].fact.followed_by(delivery.fact))
                kept[at:] = [replace(state, cursor=before) for state in kept[at + 1 :]]
            at = len(kept)
        kept.append(delivery)
    return kept


def _last_states(deliveries: list[Delivery]) -> list[Delivery]:
    last = {_subject(delivery.fact): index for index, delivery in enumerate(deliveries)}
    return [
        delivery
        for index, delivery in enumerate(deliveries)
        if delivery.fact.adds_up or last[_subject(delivery.fact)] == index
    ]


def _subject(fact: Fact) -> tuple[type[Fact], int]:
    return type(fact), fact.subject_id
