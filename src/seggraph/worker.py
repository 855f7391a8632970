"""The worker process: jobs on ARQ, the sweeper, the ticks, the sending of webhook messages and the vacuum of chunks.

Several workers can run at the same time. Only this module knows how ARQ runs jobs. A job unpacks its arguments and
calls one service.
"""

import asyncio
import secrets
from collections.abc import Awaitable
from contextlib import suppress
from itertools import count
from typing import Any, Final, cast

import structlog
from arq.connections import ArqRedis
from arq.worker import Function, Worker, func
from redis.asyncio import Redis
from redis.exceptions import RedisError

from seggraph.context import Context
from seggraph.database.connections import connect_redis
from seggraph.enqueue import Job, decode, encode, queue_name, wake_name
from seggraph.errors import RetryLater
from seggraph.observability import bound
from seggraph.services.audit import retention as audit_retention
from seggraph.services.customer_value import value_upkeep
from seggraph.services.destinations import delivery_runs
from seggraph.services.erasure import erasure, scrubbing
from seggraph.services.events import retention as event_retention
from seggraph.services.exports import runs as export_runs
from seggraph.services.history import run_compaction
from seggraph.services.imports import runs as import_runs
from seggraph.services.members import bulk_edit_runs, sort_index_builds
from seggraph.services.operations import sweeping, vacuuming
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh, ticks
from seggraph.services.webhooks import runs as webhook_runs
from seggraph.settings import Settings
from seggraph.tasks import end, see_out
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
"""How often the worker looks at the queue without a token, to find jobs whose token was lost."""
WAIT_SECONDS: Final = 5
"""How long the worker waits for a token at once. It is less than the time limit of the connection."""
MAX_JOBS: Final = 8
SPARE_CONNECTIONS: Final = 4
"""Database connections that jobs do not use: they are for heartbeats, the sweeper and other tasks."""
TAKEN_SECONDS: Final = 8
"""After this time another worker may start the job of a killed worker. If the job still runs, its lease decides."""
HEALTH_SECONDS: Final = 10
SWEEPS_BETWEEN: Final = 15
"""Every so many sweeps what is seldom due is looked for too."""
RETRY_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 30
IMPORT_SECONDS: Final = 300
"""Additional time for an import to check a file of gigabytes before it stores the first part."""
EXPORT_SECONDS: Final = 3_600
"""Time limit of an export. It reads one snapshot, so it cannot be divided into several jobs."""
BULK_EDIT_SECONDS: Final = 3_600
"""Time limit of one job of a bulk edit. What is left then is carried on by another job."""
INDEX_SECONDS: Final = 3_600
"""Time limit of making an index, which waits for every transaction that began before it."""
DELIVER_SECONDS: Final = 900
"""Time limit of one part of a delivery: a few batches of calls that can be slow."""


async def recompute_segment(ctx: dict[str, Any], segment_id: int, revision: int) -> None:
    """Carry out a segment's run."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await recompute.run(context, segment_id, revision)


async def refresh_population(ctx: dict[str, Any], workspace_id: int, kind: int) -> None:
    """Evaluate the members that changed."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"], workspace_id=workspace_id):
        await refresh.answer_nudge(context, workspace_id, MemberKind(kind))


async def prune_events(ctx: dict[str, Any], workspace_id: int) -> None:
    """Remove the events that a workspace no longer keeps."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"], workspace_id=workspace_id):
        await event_retention.prune(context, workspace_id)


async def prune_audit(ctx: dict[str, Any]) -> None:
    """Remove the entries of the audit log that are too old."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await audit_retention.prune(context)


async def value_segments(ctx: dict[str, Any], workspace_id: int, kind: int) -> None:
    """Bring the customer values of a population's segments up to date."""
    with bound(job_id=ctx["job_id"], workspace_id=workspace_id):
        await value_upkeep.bring_up_to_date(workspace_id, MemberKind(kind))


async def compact_history(ctx: dict[str, Any], segment_id: int) -> None:
    """Merge the old runs of a segment."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await run_compaction.compact(context, segment_id)


async def run_import(ctx: dict[str, Any], import_id: int) -> None:
    """Carry out an import, or the next part of it."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await import_runs.run(context, import_id)


async def run_export(ctx: dict[str, Any], export_id: int) -> None:
    """Write an export's file."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await export_runs.run(context, export_id)


async def deliver(ctx: dict[str, Any], delivery_id: int) -> None:
    """Bring a delivery up to date, or part of it."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await delivery_runs.run(context, delivery_id)


async def complete_erasure(ctx: dict[str, Any], erasure_id: int) -> None:
    """Carry on an erasure whose process was lost."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await erasure.complete(context, erasure_id)


async def scrub_chunks(ctx: dict[str, Any], workspace_id: int, kind: int) -> None:
    """Take ordinals of erased members out of the bytes of chunks."""
    with bound(job_id=ctx["job_id"], workspace_id=workspace_id):
        await scrubbing.scrub(workspace_id, MemberKind(kind))


async def run_bulk_edit(ctx: dict[str, Any], edit_id: int) -> None:
    """Carry on a bulk edit of members."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await bulk_edit_runs.run(context, edit_id)


async def tend_sort_index(ctx: dict[str, Any], index_id: int) -> None:
    """Make an index for sorted lists of members, or drop one."""
    context: Context = ctx["context"]
    with bound(job_id=ctx["job_id"]):
        await sort_index_builds.run(context, index_id)


def _functions(settings: Settings) -> list[Function]:
    """The jobs with their time limits. A job that exceeds its limit is cancelled, and its work is enqueued again."""
    limit = recompute.longest_seconds(settings) + GRACE_SECONDS
    return [
        func(recompute_segment, name=Job.RECOMPUTE_SEGMENT, timeout=limit, keep_result=0, max_tries=3),
        func(refresh_population, name=Job.REFRESH_POPULATION, timeout=limit, keep_result=0, max_tries=3),
        func(compact_history, name=Job.COMPACT_HISTORY, timeout=limit, keep_result=0, max_tries=3),
        func(prune_events, name=Job.PRUNE_EVENTS, timeout=limit, keep_result=0, max_tries=3),
        func(prune_audit, name=Job.PRUNE_AUDIT, timeout=limit, keep_result=0, max_tries=3),
        func(value_segments, name=Job.VALUE_SEGMENTS, timeout=limit, keep_result=0, max_tries=3),
        func(complete_erasure, name=Job.COMPLETE_ERASURE, timeout=limit, keep_result=0, max_tries=3),
        func(scrub_chunks, name=Job.SCRUB_CHUNKS, timeout=limit, keep_result=0, max_tries=3),
        func(run_import, name=Job.RUN_IMPORT, timeout=limit + IMPORT_SECONDS, keep_result=0, max_tries=3),
        func(run_bulk_edit, name=Job.RUN_BULK_EDIT, timeout=BULK_EDIT_SECONDS, keep_result=0, max_tries=3),
        func(tend_sort_index, name=Job.TEND_SORT_INDEX, timeout=INDEX_SECONDS, keep_result=0, max_tries=3),
        func(deliver, name=Job.DELIVER, timeout=DELIVER_SECONDS, keep_result=0, max_tries=3),
        func(run_export, name=Job.RUN_EXPORT, timeout=EXPORT_SECONDS, keep_result=0, max_tries=3),
    ]


async def run_worker(context: Context, stopping: asyncio.Event) -> None:
    """Run until `stopping` is set. Then cancel the running jobs, so that other workers can take their work."""
    tasks = [
        asyncio.create_task(_run_jobs(context), name="seggraph-jobs"),
        asyncio.create_task(_sweep_forever(context), name="seggraph-sweeper"),
        asyncio.create_task(_tick_forever(context), name="seggraph-ticks"),
        asyncio.create_task(webhook_runs.serve(context), name="seggraph-webhooks"),
        asyncio.create_task(vacuuming.serve(context), name="seggraph-vacuum"),
    ]
    waiting = asyncio.create_task(stopping.wait())
    log.info("worker_started")
    try:
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
    finally:
        await end([*tasks, waiting])
        log.info("worker_stopped")


async def _run_jobs(context: Context) -> None:
    """Run ARQ, and start it again when it ends: it ends when Redis restarts (arq #498)."""
    url = context.settings.redis_url
    if url is None:
        raise ValueError("a worker needs redis_url")
    while True:
        redis = connect_redis(url)
        pool = ArqRedis(
            redis.connection_pool,
            job_serializer=encode,
            job_deserializer=decode,
            default_queue_name=queue_name,
        )
        worker = _new_worker(context, pool)
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("worker_waits_for_redis", reason=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            await see_out(_stop(worker, redis))


class WakingWorker(Worker):
    """A worker of ARQ that reads the queue when a job is enqueued or ends, instead of every few milliseconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._look = asyncio.Event()
        self._has_room = asyncio.Event()

    async def main(self) -> None:
        """Replaces the loop of ARQ. It ends when Redis does not answer."""
        self.ctx["redis"] = self.pool
        listening = asyncio.create_task(self._listen(), name="seggraph-waker")
        try:
            while True:
                self._look.clear()
                await self._poll_iteration()
                if self.job_counter < self.max_jobs:
                    self._has_room.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._look.wait()
        finally:
            await see_out(end([listening]))

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """See `Worker.start_jobs`. A job that this worker still runs is not started again after `TAKEN_SECONDS`."""
        at_work = {job_id for job_id, task in self.tasks.items() if not task.done()}
        await super().start_jobs([job_id for job_id in job_ids if job_id.decode() not in at_work])

    async def _listen(self) -> None:
        """Take a token when the worker can run another job. Otherwise another worker can take it."""
        while True:
            await self._has_room.wait()
            try:
                token = await cast(Awaitable[Any], self.pool.blpop([wake_name], timeout=WAIT_SECONDS))
            except (RedisError, OSError):  # the loop notices it as well
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if token is not None:
                self._has_room.clear()
                self._look.set()

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self._look.set()


def _new_worker(context: Context, pool: ArqRedis) -> Worker:
    worker = WakingWorker(
        _functions(context.settings),
        queue_name=queue_name,
        redis_pool=pool,
        ctx={"context": context},
        handle_signals=False,
        max_jobs=max(1, min(MAX_JOBS, context.settings.database_pool_size - SPARE_CONNECTIONS)),
        poll_delay=POLL_SECONDS,
        keep_result=0,
        job_serializer=encode,
        job_deserializer=decode,
        log_results=False,
        health_check_interval=HEALTH_SECONDS,
        health_check_key=f"{queue_name}:health:{secrets.token_hex(6)}",
    )
    worker.in_progress_timeout_s = TAKEN_SECONDS  # ARQ would make it longer than the longest job's limit
    return worker


async def _stop(worker: Worker, redis: Redis) -> None:
    """Cancel the running jobs, wait until they have released their leases, and close the connection to Redis.

    `Worker.close` would wait for the same tasks and raise when one was cancelled.
    """
    await end([*worker.job_tasks.values(), *worker.tasks.values()])
    with suppress(RedisError, OSError):
        await worker.pool.delete(worker.health_check_key)
    await redis.aclose()


async def _tick_forever(context: Context) -> None:
    while True:
        try:
            await ticks.tick(context)
        except RetryLater as error:
            log.warning("tick_waits", reason=error.message)
        except Exception:  # the outermost loop: the next tick may succeed
            log.warning("tick_failed", exc_info=True)
        await asyncio.sleep(context.settings.tick_seconds)


async def _sweep_forever(context: Context) -> None:
    for number in count():
        try:
            await sweeping.sweep(context, also_seldom=number % SWEEPS_BETWEEN == 0)
        except RetryLater as error:
            log.warning("sweep_waits", reason=error.message)
        except Exception:  # the outermost loop: the next sweep may succeed
            log.warning("sweep_failed", exc_info=True)
        await asyncio.sleep(context.settings.sweep_seconds)
