"""What every engine promises."""

from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.engines.leaf_cache import Recall
from seggraph.engines.population import Population
from seggraph.engines.request import EvaluationRequest


class Engine(Protocol):
    """Evaluates typed criteria over a population.

    The caller opens the transaction on `connection`, and so chooses the snapshot: REPEATABLE READ when the answers
    must agree with something else that is read. When a statement takes longer than the request's `timeout_seconds`,
    a method raises CriteriaTooSlow and the transaction is void.
    """

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        """The ordinals of the members that satisfy each tree, in the order of the trees.

        With a `recall` the conditions whose answers are cached are not evaluated again, and the answers to others are
        cached. Raises CriteriaTooSlow, and CriteriaTooExpensive before a scan of all members that is estimated to
        cost more than `max_cost`.
        """
        ...

    async def recall(
        self, connection: asyncpg.Connection, population: Population, *, zone: ZoneInfo, now: datetime
    ) -> Recall:
        """The cached answers that are true of the data that the snapshot of `connection` sees, for `evaluate`.

        Its `as_of` is `now`; as long as nothing changes, it is an instant up to half a minute before.
        """
        ...

    async def observe(
        self, connection: asyncpg.Connection, request: EvaluationRequest, *, ordinal: int
    ) -> list[Any]:
        """What each condition of the request sees of one member: an aggregate or a count; None if it is unset.

        The conditions are tests of events or of related members; raises TypeError for any other. Raises
        CriteriaTooSlow.
        """
        ...

    async def moved_by_time(
        self, connection: asyncpg.Connection, request: EvaluationRequest, *, since: datetime
    ) -> list[BitMap]:
        """For each tree the members that may have entered or left by the passing of time alone, and perhaps others.

        A member that is not found, and whose data did not change, has one answer at every instant from `since` to
        the request's `as_of`. Members that moved in segments that the criteria refer to are not found. Raises
        CriteriaTooSlow.
        """
        ...
