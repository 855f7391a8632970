"""What tests of computations share: members and segments in a line, engines that pause or fail, naive results."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.engines import Engine, EvaluationRequest, PostgresEngine
from seggraph.models.audiences import ChunkRole
from seggraph.services.members import upserts
from seggraph.services.recompute import recompute
from seggraph.services.segments import segments
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import MemberKind, RunStatus, SegmentPurpose, SegmentType

ACCOUNT = MemberKind.ACCOUNT
PATIENCE_SECONDS = 120.0

Evaluation = Callable[[Sequence[Checked], BitMap | None], bool]
"""Which evaluations are meant, by their criteria and the ordinals they are restricted to."""


def whole(_: Sequence[Checked], ordinals: BitMap | None) -> bool:
    """The scan of a whole population."""
    return ordinals is None


def restricted(_: Sequence[Checked], ordinals: BitMap | None) -> bool:
    """A look at given ordinals."""
    return ordinals is not None


@dataclass
class PausingEngine:
    """Stops once after an evaluation of this sort, with its answer found, until `resume` is set."""

    pauses: Evaluation
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    resume: asyncio.Event = field(default_factory=asyncio.Event)
    inner: Engine = field(default_factory=PostgresEngine)

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        found = await self.inner.evaluate(connection, request)
        if self.pauses(request.criteria, request.within_ordinals) and not self.reached.is_set():
            self.reached.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.resume.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class FailingEngine:
    """Raises `error` for evaluations of this sort, as long as `fails` says so."""

    fails: Evaluation
    error: Exception
    inner: Engine = field(default_factory=PostgresEngine)
    calls: int = 0

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        if self.fails(request.criteria, request.within_ordinals):
            self.calls += 1
            raise self.error
        return await self.inner.evaluate(connection, request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def with_engine(context: Context, engine: Engine) -> Context:
    """The same context, evaluating with another engine."""
    return replace(context, engine=engine)


def unhurried(context: Context) -> Context:
    """The same context with leases that no heartbeat renews and that end only when a test says so."""
    return replace(context, settings=context.settings.model_copy(update={"lease_seconds": 600}))


def country(code: str) -> dict[str, Any]:
    """Criteria: the members of a country."""
    return {"attribute": {"field": "country", "op": "EQ", "value": code}}


async def put(context: Context, viewer: Viewer, *rows: Mapping[str, Any], **one: Any) -> None:
    """Upsert accounts, all of which must be stored."""
    report = await upserts.upsert(context, viewer, ACCOUNT, [*rows, *([one] if one else [])])
    assert report.row_errors == []


async def new_segment(
    context: Context,
    viewer: Viewer,
    criteria: Mapping[str, Any] | None,
    *,
    name: str = "German",
    purpose: SegmentPurpose | None = None,
) -> SegmentView:
    """A DYNAMIC segment of accounts, ACTIVE and waiting for its first run."""
    draft = SegmentDraft(name, ACCOUNT, SegmentType.DYNAMIC, purpose=purpose, criteria=criteria)
    return await segments.create(context, viewer, draft)


async def ready_segment(
    context: Context, viewer: Viewer, criteria: Mapping[str, Any], *, name: str = "German"
) -> SegmentView:
    """A segment whose first run is over."""
    segment = await new_segment(context, viewer, criteria, name=name)
    assert await recompute.run(context, segment.id, segment.requested_revision) is RunStatus.SUCCEEDED
    return await segment_views.get(viewer, segment.id)


async def read(viewer: Viewer, segment: SegmentView) -> SegmentView:
    """The segment as it is now."""
    return await segment_views.get(viewer, segment.id)


async def members_of(connection: asyncpg.Connection, segment: SegmentView) -> set[str]:
    """The external ids of a segment's members."""
    workspace_id = await connection.fetchval("SELECT workspace_id FROM segments WHERE id = $1", segment.id)
    owner = ChunkOwner(ChunkRole.MEMBERS, segment.id)
    ordinals = list(await ChunkStore(connection, workspace_id).read(owner))
    rows = await connection.fetch(
        "SELECT external_id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)",
        workspace_id,
        segment.kind,
        ordinals,
    )
    assert len(rows) == len(ordinals)
    return {row["external_id"] for row in rows}


async def replayed(connection: asyncpg.Connection, segment_id: int) -> BitMap:
    """The membership that the history of runs leads to; each run enters and exits only whom it can."""
    moves = await connection.fetch(
        """SELECT r.id, c.move, c.roaring FROM runs r JOIN run_chunks c ON c.run_id = r.id
        WHERE r.segment_id = $1 AND r.status = 'SUCCEEDED' ORDER BY r.finished_at, r.id, c.move""",
        segment_id,
    )
    members = BitMap()
    for row in moves:
        moved = from_bytes(row["roaring"])
        if row["move"] == 1:
            assert not members & moved, f"run {row['id']} enters who is in"
            members |= moved
        else:
            assert moved <= members, f"run {row['id']} exits who is out"
            members -= moved
    return members


async def statuses_of_runs(
    connection: asyncpg.Connection, segment: SegmentView
) -> list[tuple[int, str, str]]:
    """Revision, trigger and status of each run, the first one first."""
    rows = await connection.fetch(
        "SELECT revision, trigger, status FROM runs WHERE segment_id = $1 ORDER BY id", segment.id
    )
    return [tuple(row) for row in rows]
