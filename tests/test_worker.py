"""The worker's way with jobs: each is begun once, and none is left behind when the worker stops."""

import asyncio
from dataclasses import dataclass, field

import pytest

from seggraph import tasks, worker
from seggraph.context import Context
from seggraph.services.imports import runs as import_runs
from tests.product import PATIENCE_SECONDS, working


@dataclass
class Jobs:
    """Imports that take as long as the test wants, in place of those that read files."""

    ready: set[int] = field(default_factory=set)
    cancellations: int = 0
    began: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, _: Context, import_id: int) -> None:
        """Begin, and end when it is ready or has been cancelled so many times."""
        async with self.changed:
            self.began.append(import_id)
            self.changed.notify_all()
        try:
            left = self.cancellations
            while import_id not in self.ready:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    left -= 1
                    if left <= 0:
                        raise
        finally:
            self.ended.append(import_id)

    async def until_began(self, import_id: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.changed:
            await self.changed.wait_for(lambda: import_id in self.began)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    made = Jobs()
    monkeypatch.setattr(import_runs, "run", made.run)
    return made


async def test_a_job_that_is_slow_to_let_go_is_waited_for(
    context: Context, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a job that ends at the third cancellation only
    monkeypatch.setattr(tasks, "CANCEL_AGAIN_SECONDS", 0.02)
    jobs.cancellations = 3

    # when the worker stops
    async with working(context):
        await context.jobs.run_import(1, 0)
        await jobs.until_began(1)

    # then it has not parted from it before
    assert jobs.ended == [1]


async def test_a_worker_does_not_begin_again_what_it_is_at(
    context: Context, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a job that takes longer than it is kept from other workers
    monkeypatch.setattr(worker, "TAKEN_SECONDS", 0.1)
    jobs.ready.add(2)
    async with working(context):
        await context.jobs.run_import(1, 0)
        await jobs.until_began(1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await context.redis.exists("arq:in-progress:import:1:0:0"):  # noqa: ASYNC110 - Redis lets it go
                await asyncio.sleep(0.01)

        # when the worker looks at the queue for the next job
        await context.jobs.run_import(2, 0)
        await jobs.until_began(2)

        # then it has begun the first one once, and sees it ended when it stops
        assert jobs.began == [1, 2]
    assert sorted(jobs.ended) == [1, 2]
