"""What every engine promises."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.criteria.typed import Checked, EventTest, RelatedTest
from seggraph.engines.leaf_cache import Recall
from seggraph.engines.population import Population


class Engine(Protocol):
    """Evaluates typed criteria over a population."""

    async def evaluate(
        self,
        connection: asyncpg.Connection,
        population: Population,
        criteria: Sequence[Checked],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        ordinals: BitMap | None = None,
        audiences: Mapping[int, BitMap] | None = None,
        recall: Recall | None = None,
        timeout_seconds: float,
        is_limited: bool = False,
        max_cost: float | None = None,
    ) -> list[BitMap]:
        """The ordinals of the members that satisfy each tree, in the order of the trees.

        `as_of` is aware; windows are relative to it, calendar operators use `zone`. With `ordinals` only these
        members are looked at. A segment that the criteria refer to has the members in `audiences`, by its id, and
        otherwise those that are stored. The caller has opened the transaction on `connection`, and with it chooses the
        snapshot: give it one (REPEATABLE READ) when the answers must agree with something else that is read.

        With a `recall` of the same snapshot, conditions that it knows are not evaluated again, and the others are kept
        for the next time; `as_of` is its instant then.

        Raises CriteriaTooSlow when a scan takes longer than `timeout_seconds`; the transaction is void then. That limit
        is set for each statement unless the call `is_limited`: within `limited` with as much time. Raises
        CriteriaTooExpensive before a scan of everybody that is estimated to cost more than `max_cost`.
        """
        ...

    async def recall(
        self, connection: asyncpg.Connection, population: Population, *, zone: ZoneInfo, now: datetime
    ) -> Recall:
        """What is known of conditions on the data that the snapshot of `connection` sees, for `evaluate`.

        Its `as_of` is `now`, or as long as nothing changed an instant up to half a minute before.
        """
        ...

    async def observe(
        self,
        connection: asyncpg.Connection,
        population: Population,
        ordinal: int,
        questions: Sequence[EventTest | RelatedTest],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        timeout_seconds: float,
    ) -> list[Any]:
        """What each question sees of one member: an aggregate or a count; None if there is nothing to aggregate."""
        ...

    async def moved_by_time(
        self,
        connection: asyncpg.Connection,
        population: Population,
        criteria: Sequence[Checked],
        *,
        after: datetime,
        until: datetime,
        zone: ZoneInfo,
        timeout_seconds: float,
    ) -> list[BitMap]:
        """For each tree whom time alone may have moved in or out between two instants, and perhaps others.

        A member whose data stayed the same and who is not among them has one answer at `until` and at every instant
        from `after` on. Members who moved in segments that the criteria refer to are not among them. The transaction
        is the caller's, as for `evaluate`.

        Raises CriteriaTooSlow when a statement takes longer than `timeout_seconds`; the transaction is void then.
        """
        ...
