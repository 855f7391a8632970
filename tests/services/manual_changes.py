"""What tests of memberships share: members and segments made through the services, and what is stored of them."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.engines import EvaluationRequest, PostgresEngine
from seggraph.models.audiences import ChunkRole
from seggraph.services.members import members, upserts
from seggraph.services.members.selections import Selection
from seggraph.services.memberships import memberships
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import segments
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import Channel, MemberKind, RunStatus, SegmentType, SourceKind

GERMAN = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}


class PausingEngine(PostgresEngine):
    """An engine that stops after an evaluation, while armed, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False
        self.paused = asyncio.Event()
        self.let_go = asyncio.Event()

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        found = await super().evaluate(connection, request)
        if self.armed:
            self.armed = False
            self.paused.set()
            await self.let_go.wait()
        return found


@dataclass(frozen=True)
class UnitOfWork:
    """A workspace in which accounts come and go."""

    context: Context
    viewer: Viewer

    def pausing(self) -> tuple["UnitOfWork", PausingEngine]:
        """The same with an engine that stops at its next evaluation."""
        engine = PausingEngine()
        engine.armed = True
        return replace(self, context=replace(self.context, engine=engine)), engine

    async def put(self, *names: str, country: str = "DE", email: bool = True) -> None:
        """Members with these external ids, dirty."""
        rows: list[dict[str, Any]] = [
            {"externalId": name, "country": country, "email": f"{name}@example.com" if email else None}
            for name in names
        ]
        report = await upserts.upsert(self.context, self.viewer, MemberKind.ACCOUNT, rows)
        assert report.row_errors == []

    async def refresh(self) -> None:
        await refresh.drain(self.context, self.viewer.workspace_id, MemberKind.ACCOUNT)

    async def segment(self, name: str, *, criteria: dict[str, Any] | None = None) -> SegmentView:
        """An ACTIVE segment that is computed: DYNAMIC with criteria, STATIC without."""
        type_ = SegmentType.STATIC if criteria is None else SegmentType.DYNAMIC
        draft = SegmentDraft(name, MemberKind.ACCOUNT, type_, criteria=criteria, activate=True)
        made = await segments.create(self.context, self.viewer, draft)
        return await self.compute(made)

    async def compute(self, segment: SegmentView) -> SegmentView:
        """Carry out the run that the segment asks for."""
        status = await recompute.run(self.context, segment.id, segment.requested_revision)
        assert status is RunStatus.SUCCEEDED
        return await self.read(segment)

    async def recalculate(self, segment: SegmentView) -> SegmentView:
        return await self.compute(await segments.recalculate(self.context, self.viewer, segment.id))

    async def read(self, segment: SegmentView) -> SegmentView:
        return await segment_views.get(self.viewer, segment.id)

    async def names_in(self, segment: SegmentView) -> set[str]:
        """The external ids of the members in the segment."""
        audience = await members.audience_of(self.viewer, [segment.id])
        async with database() as connection:
            found = await members.by_ordinals(connection, self.viewer, MemberKind.ACCOUNT, list(audience))
        return {view.external_id for view in found}

    async def sources(self, segment: SegmentView) -> dict[SourceKind, tuple[int, int]]:
        """How many members each source links and blocks."""
        views = (await memberships.sources(self.viewer, [segment.id]))[segment.id]
        return {view.kind: (view.member_count, view.blocked_count) for view in views}

    async def emailable(self, segment: SegmentView) -> int:
        """How many members of the segment the stored reachable audience says that email reaches."""
        audience = await members.audience_of(self.viewer, [segment.id])
        async with database() as connection:
            population_id = await connection.fetchval(
                "SELECT id FROM populations WHERE workspace_id = $1 AND kind = $2",
                self.viewer.workspace_id,
                MemberKind.ACCOUNT,
            )
            owner = ChunkOwner(ChunkRole.reachable(Channel.EMAIL), population_id)
            reachable = await ChunkStore(connection, self.viewer.workspace_id).read(owner)
        return len(audience & reachable)


def named(*names: str) -> Selection:
    """The members with these external ids."""
    return Selection(external_ids=names)
