"""The context of the services: settings, Redis, the queue of jobs, the stream of events, the engine, outgoing calls.

An entry point creates it once. It is the first argument of every service that changes something. Caches of a process
live here and not in modules: two contexts share nothing.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from cachetools import LRUCache, TTLCache
from redis.asyncio import Redis

from seggraph.access import ReadTally
from seggraph.audiences import ChunkCache
from seggraph.criteria import Checked
from seggraph.database.connections import open_runtime
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.engines import Engine, PostgresEngine
from seggraph.enqueue import JobQueue
from seggraph.events import EventStream, Fact, outbox
from seggraph.http_client import Outgoing
from seggraph.settings import Settings
from seggraph.throttling import Throttle
from seggraph.vocabulary import MemberKind

MAX_CRITERIA_CHARACTERS: Final = 4_000_000
"""Most characters of criteria that are kept checked, over all workspaces of the process."""


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """Criteria that were checked, and how many characters they have as they are stored."""

    tree: Checked
    characters: int


CheckedCriteria = LRUCache[tuple[int, MemberKind, str], CheckedDocument]
"""By workspace, kind and stored criteria; those that were not used for the longest go first.

What was found valid stays valid: attributes are added, but neither removed nor given other types.
"""


AUDITED_SECONDS: Final = 3_600
"""For how long what somebody repeats leaves no further entry in the audit log."""
MAX_AUDITED: Final = 20_000

AuditedLately = TTLCache[tuple[object, ...], bool]
"""What was written to the audit log in the last hour, of what may be repeated without end."""
ReadTallies = TTLCache[tuple[int, str], ReadTally]
"""How much was read in the last hour, by workspace and who."""


def new_audited_lately() -> AuditedLately:
    """A memory without anything."""
    return TTLCache(MAX_AUDITED, AUDITED_SECONDS)


def new_read_tallies() -> ReadTallies:
    """Nobody has read anything."""
    return TTLCache(MAX_AUDITED, AUDITED_SECONDS)


def new_checked_criteria() -> CheckedCriteria:
    """A cache without any criteria."""
    return LRUCache(MAX_CRITERIA_CHARACTERS, getsizeof=lambda document: document.characters)


@dataclass(frozen=True, slots=True)
class Context:
    """What the services of one process share."""

    settings: Settings
    redis: Redis
    jobs: JobQueue
    stream: EventStream
    engine: Engine
    outgoing: Outgoing
    throttle: Throttle
    chunk_cache: ChunkCache = field(default_factory=ChunkCache)
    checked_criteria: CheckedCriteria = field(default_factory=new_checked_criteria)
    audited_lately: AuditedLately = field(default_factory=new_audited_lately)
    read_tallies: ReadTallies = field(default_factory=new_read_tallies)

    def publish(self, unit: UnitOfWork, facts: Sequence[Fact]) -> None:
        """Publish facts after the commit. If this process dies before, the sweeper publishes them."""
        if facts:
            outbox.publish(self.stream, unit, facts)

    def recompute(self, unit: UnitOfWork, segment_id: int, revision: int, *, attempt: int = 0) -> None:
        """Enqueue a full run of a segment after the commit."""
        unit.after_commit(partial(self.jobs.recompute_segment, segment_id, revision, attempt=attempt))

    def refresh(self, unit: UnitOfWork, workspace_id: int, kind: int) -> None:
        """Enqueue a refresh of a population after the commit."""
        unit.after_commit(partial(self.jobs.refresh_population, workspace_id, kind))

    def run_import(self, unit: UnitOfWork, import_id: int, position: int, *, attempt: int = 0) -> None:
        """Enqueue the next part of an import, from a position in its file, after the commit."""
        unit.after_commit(partial(self.jobs.run_import, import_id, position, attempt=attempt))

    def run_export(self, unit: UnitOfWork, export_id: int, *, attempt: int = 0) -> None:
        """Enqueue the writing of an export's file after the commit."""
        unit.after_commit(partial(self.jobs.run_export, export_id, attempt=attempt))

    def run_bulk_edit(self, unit: UnitOfWork, edit_id: int, position: int = -1, *, attempt: int = 0) -> None:
        """Enqueue a bulk edit of members, from a position on, after the commit."""
        unit.after_commit(partial(self.jobs.run_bulk_edit, edit_id, position, attempt=attempt))

    def tend_sort_index(self, unit: UnitOfWork, index_id: int, *, attempt: int = 0) -> None:
        """Enqueue the making or dropping of an index for sorted lists after the commit."""
        unit.after_commit(partial(self.jobs.tend_sort_index, index_id, attempt=attempt))

    def deliver(self, unit: UnitOfWork, delivery_id: int, *, claim: int = 0) -> None:
        """Enqueue an update of a delivery after the commit."""
        unit.after_commit(partial(self.jobs.deliver, delivery_id, claim=claim))

    def prune_events(self, unit: UnitOfWork, workspace_id: int) -> None:
        """Enqueue the removal of old events of a workspace after the commit."""
        unit.after_commit(partial(self.jobs.prune_events, workspace_id))


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Connect to the servers and create the context; close everything at the end."""
    async with (
        open_runtime(settings) as runtime,
        aclosing(Outgoing(settings.outgoing_networks)) as outgoing,
        Throttle(settings, runtime.redis).running() as throttle,
    ):
        yield Context(
            settings=settings,
            redis=runtime.redis,
            jobs=JobQueue(runtime.redis),
            stream=EventStream(runtime.redis),
            engine=PostgresEngine(cache_bytes=settings.preview_cache_bytes),
            outgoing=outgoing,
            throttle=throttle,
            chunk_cache=ChunkCache(settings.chunk_cache_bytes),
        )
