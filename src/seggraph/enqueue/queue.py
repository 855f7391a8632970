"""The queue of jobs. The one module that knows how ARQ is asked for work; `seggraph.worker` is where it runs.

A job is a nudge to look at intent that is stored in PostgreSQL, so every method may lose or repeat its job
without harm: the sweeper asks again for what is due, and a job that finds nothing to do does nothing.
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
"""How long a refresh that was asked for but never ended keeps others from being asked for."""

queue_name: Final = "seggraph:jobs"

wake_name: Final = "seggraph:wake"
"""The list in which every job that is asked for leaves a token, for a worker that waits for one."""

MAX_TOKENS: Final = 100
"""Most tokens that wait: a worker looks at the whole queue for each."""


class Job(StrEnum):
    """The jobs, by the name under which the worker knows them."""

    RECOMPUTE_SEGMENT = "recompute_segment"
    REFRESH_POPULATION = "refresh_population"
    PRUNE_EVENTS = "prune_events"
    PRUNE_AUDIT = "prune_audit"
    VALUE_SEGMENTS = "value_segments"
    COMPACT_HISTORY = "compact_history"
    RUN_IMPORT = "run_import"
    RUN_EXPORT = "run_export"
    DELIVER = "deliver"


def encode(message: Any) -> bytes:
    """A job or its result as JSON: what travels is readable and cannot run code."""
    return orjson.dumps(message, default=str)


def decode(message: bytes) -> Any:
    """The message of `encode`."""
    return orjson.loads(message)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is in the queue, jobs at work included, and for how many seconds the oldest has been due."""

    jobs: int
    oldest_seconds: float


class WakingRedis(ArqRedis):
    """ARQ's queue, which wakes a worker for each job: by itself ARQ would find it when it next looks."""

    async def enqueue_job(self, *arguments: Any, **options: Any) -> Any:
        """See `ArqRedis.enqueue_job`. Should the token be lost, the worker looks soon enough without one."""
        job = await super().enqueue_job(*arguments, **options)
        if job is not None:
            async with self.pipeline(transaction=False) as pipe:
                pipe.rpush(wake_name, b"1")
                pipe.ltrim(wake_name, -MAX_TOKENS, -1)
                await pipe.execute()
        return job


class JobQueue:
    """Asks workers for jobs. Call it after the commit, and through `UnitOfWork.after_commit`.

    Methods raise RetryLater while Redis is away.
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
        """Ask for a full run of a segment at a revision.

        The same (segment, revision, attempt) is asked for once while it waits or runs; a lost worker's work is
        asked for under the next attempt, because its job id stays taken until ARQ gives the job up.
        """
        job_id = f"recompute:{segment_id}:{revision}:{attempt}"
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RECOMPUTE_SEGMENT, segment_id, revision, _job_id=job_id)

    async def refresh_population(self, workspace_id: int, kind: int) -> None:
        """Ask for a look at the members that changed, unless someone has asked and it has not ended.

        The refresh calls `refresh_ends` before it looks for the last time, so a change that comes later asks
        again.
        """
        key = _nudge_key(workspace_id, kind)
        async with _asking(ASK_SECONDS):
            if await self._redis.set(key, b"1", nx=True, ex=NUDGE_SECONDS):
                await self._arq.enqueue_job(Job.REFRESH_POPULATION, workspace_id, kind)

    async def prune_events(self, workspace_id: int) -> None:
        """Ask for the removal of the events that a workspace no longer keeps; once while it waits or runs."""
        await self._arq.enqueue_job(Job.PRUNE_EVENTS, workspace_id, _job_id=f"prune:{workspace_id}")

    async def prune_audit(self) -> None:
        """Ask for the removal of audit entries that are too old; once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.PRUNE_AUDIT, _job_id="prune-audit")

    async def value_segments(self, workspace_id: int, kind: int) -> None:
        """Ask for the values of a population's segments to be brought up to date; once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(
                Job.VALUE_SEGMENTS, workspace_id, kind, _job_id=f"values:{workspace_id}:{kind}"
            )

    async def compact_history(self, segment_id: int) -> None:
        """Ask for the compaction of a segment's history; once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.COMPACT_HISTORY, segment_id, _job_id=f"compact:{segment_id}")

    async def run_import(self, import_id: int, position: int, *, attempt: int = 0) -> None:
        """Ask for an import to be carried out, or carried on from a position in its file.

        As with `recompute_segment`, a lost worker's work is asked for under the next attempt.
        """
        job_id = f"import:{import_id}:{position}:{attempt}"
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RUN_IMPORT, import_id, _job_id=job_id)

    async def run_export(self, export_id: int, *, attempt: int = 0) -> None:
        """Ask for a file to be written; a lost worker's work is asked for under the next attempt."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.RUN_EXPORT, export_id, _job_id=f"export:{export_id}:{attempt}")

    async def deliver(self, delivery_id: int, *, claim: int = 0) -> None:
        """Ask for a delivery to be brought up to date, after the claim of that number; once while it waits or runs."""
        async with _asking(ASK_SECONDS):
            await self._arq.enqueue_job(Job.DELIVER, delivery_id, _job_id=f"deliver:{delivery_id}:{claim}")

    async def backlog(self) -> Backlog:
        """What is in the queue now."""
        async with _asking(BEGIN_SECONDS):
            jobs = await self._redis.zcard(queue_name)
            oldest = await self._redis.zrange(queue_name, 0, 0, withscores=True)
        due_at = oldest[0][1] / 1_000 if oldest else time.time()
        return Backlog(jobs, max(0.0, time.time() - due_at))

    async def refresh_ends(self, workspace_id: int, kind: int) -> None:
        """Let the next change ask for a refresh again. While Redis is away time does it, in NUDGE_SECONDS."""
        with suppress(RetryLater):
            async with _asking(BEGIN_SECONDS):
                await self._redis.delete(_nudge_key(workspace_id, kind))


@asynccontextmanager
async def _asking(seconds: float) -> AsyncIterator[None]:
    """The seam to the driver: a time limit, and its errors as ours."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (RedisError, OSError) as error:
        raise RetryLater("The queue of jobs does not answer; try again soon.") from error


def _nudge_key(workspace_id: int, kind: int) -> str:
    return f"seggraph:{workspace_id}:refresh:{kind}"
