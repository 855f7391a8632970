"""How long from a change to its subscriber: an upsert, its commit, the membership, and the event at a subscriber.

A worker in a process of its own; the changes and the subscriber in this one. Changes begin when they are due,
whether or not earlier ones are done, and are timed from then. Targets at 200 changes a second: half of them within
50 ms, and 99 of 100 within 250 ms. What comes first is not counted: connections are opened, and statements prepared.

    python bench/latency.py [--seconds 3] [--rates 75 200 1000]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from seggraph import embedded
from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.events import MembershipChanged
from seggraph.events.hub import Hub
from seggraph.events.subscriptions import Subscription
from seggraph.services.identity import workspaces
from seggraph.services.members import upserts
from seggraph.services.segments import segments
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.segments import SegmentDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, ReachStatus, Role, SegmentType

ACCOUNT: Final = MemberKind.ACCOUNT
SECRET: Final = "a secret of the bench, of thirty-two characters and more"
MEMBERS: Final = 5_000
UPSERTS_PER_SECOND: Final = 200
"""More changes than this in a second share an upsert."""
PATIENCE_SECONDS: Final = 30.0
TARGETS: Final = {200: (50, 250)}

MOVED = """
    SELECT c.run_id, c.roaring FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND c.segment_id = $2 AND c.run_id > $3 ORDER BY r.applied
"""


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """A worker, as a deployment runs it."""
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": str(settings.database_url),
        "SEGGRAPH_REDIS_URL": str(settings.redis_url),
        "SEGGRAPH_JWT_SECRET": SECRET,
        "SEGGRAPH_LOG_LEVEL": "error",
    }
    running = subprocess.Popen([sys.executable, "-m", "seggraph", "worker"], env=environment)
    try:
        yield
    finally:
        running.terminate()
        running.wait(timeout=30)


@dataclass
class Trial:
    """Members who enter the segment one after the other, each once: when each was due, and seen to have entered.

    The ordinal of a member is the number in its external id.
    """

    context: Context
    viewer: Viewer
    segment_id: int
    upserted: list[float] = field(default_factory=list)
    due: dict[int, float] = field(default_factory=dict)
    seen: list[tuple[int, float]] = field(default_factory=list)

    async def make(self, numbers: Sequence[int], at: float) -> None:
        """Change some members at a time."""
        self.due |= dict.fromkeys(numbers, at)
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        rows = [{"externalId": f"a{number}", "country": "DE"} for number in numbers]
        await upserts.upsert(self.context, self.viewer, ACCOUNT, rows)
        self.upserted.append((time.perf_counter() - at) * 1000)

    async def watch(self, subscription: Subscription, total: int) -> None:
        """Note when the subscriber learns of each run that moved members, until all have."""
        entered = 0
        async for delivery in subscription:
            fact = getattr(delivery, "fact", None)
            if isinstance(fact, MembershipChanged) and fact.run_id is not None:
                self.seen.append((fact.run_id, time.perf_counter()))
                entered += fact.entered
                if entered >= total:
                    return

    async def taken(self, after_run: int) -> list[float]:
        """How long each change took, in milliseconds. What a fact told together with a later one came with that."""
        async with database() as connection:
            rows = await connection.fetch(MOVED, self.viewer.workspace_id, self.segment_id, after_run)
        seen, found = iter(self.seen), []
        run_id, at = next(seen)
        for row in rows:
            while run_id < row["run_id"]:
                run_id, at = next(seen)
            found += [(at - self.due[ordinal]) * 1000 for ordinal in from_bytes(row["roaring"])]
        return sorted(found)


async def newest_run(viewer: Viewer) -> int:
    """The id of the newest run."""
    async with database() as connection:
        return int(
            await connection.fetchval("SELECT max(id) FROM runs WHERE workspace_id = $1", viewer.workspace_id)
        )


async def measure(
    context: Context, viewer: Viewer, segment_id: int, rate: int, seconds: float, *, told: bool = True
) -> None:
    """Make changes at a rate, and print how long they took, unless it is not to be told."""
    at_once = max(1, rate // UPSERTS_PER_SECOND)
    total = min(MEMBERS, int(seconds * rate)) // at_once * at_once
    trial, before = Trial(context, viewer, segment_id), await newest_run(viewer)
    hub = Hub(context.stream)
    used = time.process_time()
    async with hub.running(), hub.subscribe(viewer.workspace_id) as subscription:
        start = time.perf_counter() + 0.1
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(trial.watch(subscription, total))
            for first in range(0, total, at_once):
                group.create_task(trial.make(range(first, first + at_once), start + first / rate))
    used, achieved = time.process_time() - used, total / (time.perf_counter() - start)
    taken = await trial.taken(before)
    assert len(taken) == total, (len(taken), total)
    await let_everyone_leave(context, viewer, segment_id)
    if not told:
        return
    half, most = statistics.median(taken), taken[len(taken) * 99 // 100]
    line = f"{rate:>5} changes a second ({achieved:.0f} achieved): p50 {half:.0f} ms, p99 {most:.0f} ms"
    if rate in TARGETS:
        line += ", met" if half < TARGETS[rate][0] and most < TARGETS[rate][1] else ", MISSED: 50 and 250 ms"
    print(
        f"{line}; of it the upsert p50 {statistics.median(trial.upserted):.0f} ms; {len(trial.seen)} refreshes; "
        f"{used / len(trial.upserted) * 1000:.1f} ms of this process per upsert; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


async def let_everyone_leave(context: Context, viewer: Viewer, segment_id: int) -> None:
    """Make the next measurement begin as this one did."""
    rows = [{"externalId": f"a{n}", "country": "US"} for n in range(MEMBERS)]
    for first in range(0, MEMBERS, 1_000):
        await upserts.upsert(context, viewer, ACCOUNT, rows[first : first + 1_000])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await segment_views.get(viewer, segment_id)).member_count:  # noqa: ASYNC110 - the worker does it
            await asyncio.sleep(0.1)


async def run(settings: Settings, rates: list[int], seconds: float) -> None:
    """Make the members and the segment, then measure each rate."""
    async with open_context(settings) as context:
        viewer = Viewer((await workspaces.create("Bench")).id, Role.ADMIN, ApiKeyScope.ADMIN)
        rows = [{"externalId": f"a{n}", "country": "US"} for n in range(MEMBERS)]
        for first in range(0, MEMBERS, 1_000):
            await upserts.upsert(context, viewer, ACCOUNT, rows[first : first + 1_000])
        async with database() as connection:
            await connection.execute("VACUUM ANALYZE")
        criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
        draft = SegmentDraft("Bench", ACCOUNT, SegmentType.DYNAMIC, criteria=criteria)
        segment = await segments.create(context, viewer, draft)
        with worker(settings):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await segment_views.get(viewer, segment.id)).reach_status is not ReachStatus.READY:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            await measure(context, viewer, segment.id, UPSERTS_PER_SECOND, 1, told=False)
            for rate in rates:
                await measure(context, viewer, segment.id, rate, seconds)


def main() -> None:
    """Run on embedded servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rates", type=int, nargs="+", default=[75, 200, 1000])
    options = parser.parse_args()
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            jwt_secret=SECRET,
            log_level="error",
        )
        asyncio.run(migrating.migrate(servers.database_url))
        asyncio.run(run(settings, options.rates, options.seconds))


if __name__ == "__main__":
    main()
