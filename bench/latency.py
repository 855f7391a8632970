"""How long from a change to its subscriber: an upsert, its commit, the membership, and the event at a subscriber.

A worker in a process of its own; the changes and the subscriber in this one. Targets at 200 changes a second: half
of them within 50 ms, and 99 of 100 within 250 ms.

    python bench/latency.py [--seconds 4] [--rates 75 200 1000]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from seggraph import embedded
from seggraph.events import MembershipChanged
from seggraph.events.hub import Hub
from seggraph.events.subscriptions import Subscription
from seggraph.models import migrating
from seggraph.services import segment_views, segments, upserts, workspaces
from seggraph.services.context import Context, open_context
from seggraph.services.policy import Viewer
from seggraph.services.segments import SegmentDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, ReachStatus, Role, SegmentType

ACCOUNT: Final = MemberKind.ACCOUNT
SECRET: Final = "a secret of the bench, of thirty-two characters and more"
MEMBERS: Final = 5_000
UPSERTS_PER_SECOND: Final = 200
"""More changes than this in a second share an upsert."""
PATIENCE_SECONDS: Final = 60.0
TARGETS: Final = {200: (50, 250)}


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


class Changes:
    """Members who enter and leave the segment in turns, so that every change moves one member."""

    def __init__(self, context: Context, viewer: Viewer) -> None:
        self._context = context
        self._viewer = viewer
        self._next = 0
        self.begun: list[float] = []

    async def make(self, number: int) -> None:
        """Change so many members, and note when."""
        numbers = range(self._next, self._next + number)
        self._next += number
        rows = [
            {"externalId": f"a{n % MEMBERS}", "country": "US" if n // MEMBERS % 2 else "DE"} for n in numbers
        ]
        self.begun += [time.perf_counter()] * number
        await upserts.upsert(self._context, self._viewer, ACCOUNT, rows)


async def until_all_seen(subscription: Subscription, changes: Changes, total: int) -> list[float]:
    """How long each change took, in milliseconds: as many as have moved are those that were made first."""
    taken: list[float] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for delivery in subscription:
            fact = getattr(delivery, "fact", None)
            if isinstance(fact, MembershipChanged):
                now = time.perf_counter()
                seen = fact.entered + fact.exited
                taken += [(now - begun) * 1000 for begun in changes.begun[len(taken) : len(taken) + seen]]
                if len(taken) >= total:
                    break
    return taken


async def measure(context: Context, viewer: Viewer, segment_id: int, rate: int, seconds: float) -> None:
    """Make changes at a rate, and print how long they took."""
    changes = Changes(context, viewer)
    at_once = max(1, rate // UPSERTS_PER_SECOND)
    ticks = int(seconds * rate / at_once)
    hub = Hub(context.stream)
    async with hub.running(), hub.subscribe(viewer.workspace_id) as subscription:
        watching = asyncio.create_task(until_all_seen(subscription, changes, ticks * at_once))
        start = time.perf_counter()
        for tick in range(ticks):
            await asyncio.sleep(max(0.0, start + tick * at_once / rate - time.perf_counter()))
            await changes.make(at_once)
        achieved = ticks * at_once / (time.perf_counter() - start)
        taken = sorted(await watching)
    half, most = statistics.median(taken), taken[len(taken) * 99 // 100]
    line = f"{rate:>5} changes a second ({achieved:.0f} achieved): p50 {half:.0f} ms, p99 {most:.0f} ms"
    if rate in TARGETS:
        line += ", met" if half < TARGETS[rate][0] and most < TARGETS[rate][1] else ", MISSED: 50 and 250 ms"
    print(line, flush=True)
    # Whoever entered leaves, so that the next measurement begins as this one did.
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
        criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
        draft = SegmentDraft("Bench", ACCOUNT, SegmentType.DYNAMIC, criteria=criteria)
        segment = await segments.create(context, viewer, draft)
        with worker(settings):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await segment_views.get(viewer, segment.id)).reach_status is not ReachStatus.READY:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            for rate in rates:
                await measure(context, viewer, segment.id, rate, seconds)


def main() -> None:
    """Run on embedded servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4)
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
