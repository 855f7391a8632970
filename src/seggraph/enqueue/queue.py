"""The queue of jobs. Only this module enqueues jobs of ARQ; `seggraph.worker` runs them.

A job is a nudge: it says that there is work, and the work itself is stored in PostgreSQL. So a job can be lost or
repeated without harm. The sweeper enqueues due work again, and a job without work does nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from arq.connections import ArqRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from seggraph.errors import RetryLater

ASK_SECONDS: Final = 5.0
BEGIN_SECONDS: Final = 1.0
NUDGE_SECONDS: Final = 5
"""After a refresh of a population was enqueued, no other is enqueued until it ends, or for this time at most."""

queue_name: Final = "seggraph:jobs"

wake_name: Final = "seggraph:wake"
"""The list of tokens. Each enqueued job adds one, and a waiting worker takes it."""

MAX_TOKENS: Final = 100
"""Maximum number of tokens. It need not equal the number of jobs: for each token a worker reads the whole queue."""


class Job(StrEnum):
    """The names of the jobs."""

    RECOMPUTE_SEGMENT = "recompute_segment"
    REFRESH_POPULATION = "refresh_population"
    PRUNE_EVENTS = "prune_events"
    PRUNE_AUDIT = "prune_audit"
    VALUE_SEGMENTS = "value_segments"
    COMPACT_HISTORY = "compact_history"
    RUN_IMPORT = "run_import"
    RUN_EXPORT = "run_export"
    DELIVER = "deliver"
    COMPLETE_ERASURE = "complete_erasure"
    SCRUB_CHUNKS = "scrub_chunks"
    RUN_BULK_EDIT = "run_bulk_edit"
    TEND_SORT_INDEX = "tend_sort_index"


def encode(message: Any) -> bytes:
    """Encode a job or its result as JSON, which is readable and cannot run code when it is decoded."""
    return orjson.dumps(message, default=str)


def decode(message: bytes) -> Any:
    """Decode what `encode` returned."""
    return orjson.loads(message)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number of jobs in the queue, running jobs included, and for how many seconds the oldest has been due."""

    jobs: int
    oldest_seconds: float


class WakingRedis(ArqRedis):
    """The queue of ARQ, which also wakes a worker for each job. Without it, workers would have to poll often."""

    async def enqueue_job(self, *arguments: Any, **options: Any) -> Any:
        """See `ArqRedis.enqueue_job`. If the token is lost, workers still find the job when they poll."""
        job = await super().enqueue_job(*arguments, **options)
        if job is not None:
            async with self.pipeline(transaction=False) as pipe:
                pipe.rpush(wake_name, b"1")
                pipe.ltrim(wake_name, -MAX_TOKENS, -1)
                await pipe.execute()
        return job


class JobQueue:
    """Enqueues jobs. Call its methods after the commit, by `UnitOfWork.after_commit`.

    They raise RetryLater if Redis does not answer.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._arq = WakingRedis(
            redis.connection_pool,
            job_serializer=encode,
            job_deserializer=decode,
            default_queue_name=queue_name,
        )

    async def recompute_segment(self, segment_id: int, revision: int, *, attempt: int = 0) -> None:
        """Enqueue a full run of a segment at a revision.

        A job with the same segment, revision and attempt is enqueued only once while it waits or runs. If a worker
        was lost, use the next attempt: ARQ reserves the job id until the time limit of the job.
        """
        job_id = f"recompute:{segment_id}:{revision}:{attempt}"
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RECOMPUTE_SEGMENT, segment_id, revision, _job_id=job_id)

    async def refresh_population(self, workspace_id: int, kind: int) -> None:
        """Enqueue a refresh of a population, unless one is enqueued or running already.

        A refresh calls `refresh_ends` before it looks for changes for the last time. So a change that it does not
        see enqueues the next refresh.
        """
        key = _nudge_key(workspace_id, kind)
        async with _asking(ASK_SECONDS):
            if await self._redis.set(key, b"1", nx=True, ex=NUDGE_SECONDS):
                await self._arq.enqueue_job(Job.REFRESH_POPULATION, workspace_id, kind)

    async def prune_events(self, workspace_id: int) -> None:
        """Enqueue the removal of old events of a workspace; only once while it waits or runs."""
        await self._arq.enqueue_job(Job.PRUNE_EVENTS, workspace_id, _job_id=f"prune:{workspace_id}")

    async def prune_audit(self) -> None:
        """Enqueue the removal of old audit entries; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.PRUNE_AUDIT, _job_id="prune-audit")

    async def value_segments(self, workspace_id: int, kind: int) -> None:
        """Enqueue the update of the customer values of a population's segments; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(
                Job.VALUE_SEGMENTS, workspace_id, kind, _job_id=f"values:{workspace_id}:{kind}"
            )

    async def compact_history(self, segment_id: int) -> None:
        """Enqueue the compaction of a segment's history; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.COMPACT_HISTORY, segment_id, _job_id=f"compact:{segment_id}")

    async def run_import(self, import_id: int, position: int, *, attempt: int = 0) -> None:
        """Enqueue an import, or its next part, from a position in its file.

        As for `recompute_segment`, use the next attempt if a worker was lost.
        """
        job_id = f"import:{import_id}:{position}:{attempt}"
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RUN_IMPORT, import_id, _job_id=job_id)

    async def run_export(self, export_id: int, *, attempt: int = 0) -> None:
        """Enqueue the writing of an export's file. Use the next attempt if a worker was lost."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RUN_EXPORT, export_id, _job_id=f"export:{export_id}:{attempt}")

    async def deliver(self, delivery_id: int, *, claim: int = 0) -> None:
        """Enqueue an update of a delivery after its claim with this number; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.DELIVER, delivery_id, _job_id=f"deliver:{delivery_id}:{claim}")

    async def complete_erasure(self, erasure_id: int) -> None:
        """Enqueue the completion of an erasure whose process was lost; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.COMPLETE_ERASURE, erasure_id, _job_id=f"erase:{erasure_id}")

    async def scrub_chunks(self, workspace_id: int, kind: int) -> None:
        """Enqueue the rewriting of chunks that have ordinals of erased members; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(
                Job.SCRUB_CHUNKS, workspace_id, kind, _job_id=f"scrub:{workspace_id}:{kind}"
            )

    async def run_bulk_edit(self, edit_id: int, position: int, *, attempt: int = 0) -> None:
        """Enqueue a bulk edit of members, from a position on. Use the next attempt if a worker was lost."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(
                Job.RUN_BULK_EDIT, edit_id, _job_id=f"bulk-edit:{edit_id}:{position}:{attempt}"
            )

    async def tend_sort_index(self, index_id: int, *, attempt: int = 0) -> None:
        """Enqueue the making or dropping of an index for sorted lists; only once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(
                Job.TEND_SORT_INDEX, index_id, _job_id=f"sort-index:{index_id}:{attempt}"
            )

    async def backlog(self) -> Backlog:
        """Read the state of the queue."""
        async with _asking(BEGIN_SECONDS):
            jobs = await self._redis.zcard(queue_name)
            oldest = await self._redis.zrange(queue_name, 0, 0, withscores=True)
        due_at = oldest[0][1] / 1_000 if oldest else time.time()
        return Backlog(jobs, max(0.0, time.time() - due_at))

    async def refresh_ends(self, workspace_id: int, kind: int) -> None:
        """Let the next change enqueue a refresh again. If Redis does not answer, NUDGE_SECONDS have the same effect."""
        with suppress(RetryLater):
            async with _asking(BEGIN_SECONDS):
                await self._redis.delete(_nudge_key(workspace_id, kind))


@asynccontextmanager
async def _asking(seconds: float) -> AsyncIterator[None]:
    """Set a time limit and translate errors of the driver."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (RedisError, OSError) as error:
        raise RetryLater("The queue of jobs does not answer; try again soon.") from error


def _nudge_key(workspace_id: int, kind: int) -> str:
    return f"seggraph:{workspace_id}:refresh:{kind}"
