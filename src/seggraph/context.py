"""What use-cases work with: the settings, the queue of jobs, the stream of events, the engine, and the way out.

Made once by an entry point and handed down; the first argument of every service that changes something.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from redis.asyncio import Redis

from seggraph.audiences import ChunkCache
from seggraph.database.connections import open_runtime
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.engines import Engine, PostgresEngine
from seggraph.enqueue import JobQueue
from seggraph.events import EventStream, Fact, outbox
from seggraph.http_client import Outgoing
from seggraph.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that services share in one process."""

    settings: Settings
    redis: Redis
    jobs: JobQueue
    stream: EventStream
    engine: Engine
    outgoing: Outgoing
    chunk_cache: ChunkCache = field(default_factory=ChunkCache)

    def publish(self, unit: UnitOfWork, facts: Sequence[Fact]) -> None:
        """Publish facts once the unit of work is committed, even if this process does not live to do it."""
        if facts:
            outbox.publish(self.stream, unit, facts)

    def recompute(self, unit: UnitOfWork, segment_id: int, revision: int, *, attempt: int = 0) -> None:
        """Ask for a full run of a segment once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.recompute_segment, segment_id, revision, attempt=attempt))

    def refresh(self, unit: UnitOfWork, workspace_id: int, kind: int) -> None:
        """Ask for a refresh of a population once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.refresh_population, workspace_id, kind))

    def run_import(self, unit: UnitOfWork, import_id: int, position: int, *, attempt: int = 0) -> None:
        """Ask for an import to be carried on from a position once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.run_import, import_id, position, attempt=attempt))

    def run_export(self, unit: UnitOfWork, export_id: int, *, attempt: int = 0) -> None:
        """Ask for an export's file to be written once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.run_export, export_id, attempt=attempt))

    def deliver(self, unit: UnitOfWork, delivery_id: int, *, claim: int = 0) -> None:
        """Ask for a delivery to be brought up to date once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.deliver, delivery_id, claim=claim))

    def prune_events(self, unit: UnitOfWork, workspace_id: int) -> None:
        """Ask for the removal of events that are too old once the unit of work is committed."""
        unit.after_commit(partial(self.jobs.prune_events, workspace_id))


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Connect, and make the parts."""
    async with open_runtime(settings) as runtime, aclosing(Outgoing(settings.outgoing_networks)) as outgoing:
        yield Context(
            settings=settings,
            redis=runtime.redis,
            jobs=JobQueue(runtime.redis),
            stream=EventStream(runtime.redis),
            engine=PostgresEngine(cache_bytes=settings.preview_cache_bytes),
            outgoing=outgoing,
        )
