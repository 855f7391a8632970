"""Exports as a person deals with them: asked for, watched, fetched by a signed address, thrown away.

What a worker does with one is `export_runs`. Users see the exports that they made; users that manage all segments see
everyone's; an export of another workspace does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import (
    VISIBLE_EXPORT,
    VISIBLE_SEGMENT,
    Viewer,
    require_personal_data,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, NotFound, RateLimited, Required
from seggraph.events import ExportFinished, ExportProgressed
from seggraph.files import uploads
from seggraph.files.signed_paths import sign
from seggraph.models.exports import Export
from seggraph.services.audit import audit
from seggraph.services.catalogue import catalogues
from seggraph.services.exports import columns as export_columns
from seggraph.services.segments.views import SegmentFilter
from seggraph.settings import Settings
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    ExportContent,
    ExportFormat,
    ExportStatus,
    MemberKind,
)

SEGMENT_KIND: Final = f"SELECT s.kind FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = $4"  # noqa: S608

DISCARD: Final = """
    UPDATE exports SET status = 'EXPIRED', file = NULL, lease_holder = NULL, lease_until = NULL
    WHERE workspace_id = $1 AND id = $2
"""


# What is being written begins anew: it is of an instant at which the members were there.
WITHDRAW: Final = """
    UPDATE exports e SET status = CASE e.status WHEN 'READY' THEN 'EXPIRED' ELSE e.status END, file = NULL,
      lease_holder = NULL, lease_until = NULL
    FROM (SELECT id, file FROM exports
      WHERE workspace_id = $1 AND content = 'MEMBERS' AND status IN ('READY', 'RUNNING')
        AND (segment_id IS NULL OR segment_id IN (SELECT id FROM segments WHERE workspace_id = $1 AND kind = $2))
      ORDER BY id FOR NO KEY UPDATE) AS old
    WHERE old.id = e.id RETURNING e.id, old.file
"""


@dataclass(frozen=True, slots=True)
class NarrowedTo:
    """What a list of segments is narrowed to."""

    filter: SegmentFilter = field(default_factory=SegmentFilter)
    search: str | None = None


@dataclass(frozen=True, slots=True)
class ExportDraft:
    """An export to make: a segment's members, or the segments that its maker sees, narrowed down."""

    content: ExportContent
    segment_id: int | None = None
    columns: Sequence[str] | None = None
    format: ExportFormat = ExportFormat.CSV
    gzip: bool = False
    narrowed_to: NarrowedTo = field(default_factory=NarrowedTo)


@dataclass(frozen=True, slots=True)
class ExportView:
    """An export as it is read: the columns of models.exports.Export that clients see."""

    id: int
    content: ExportContent
    segment_id: int | None
    format: ExportFormat
    gzip: bool
    columns: list[str] | None
    status: ExportStatus
    total: int | None
    written: int
    as_of: datetime | None
    file: str | None
    file_size: int | None
    error_code: str | None
    error_message: str | None
    error_at: datetime | None
    created_by_id: int | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None

    @property
    def progress(self) -> float:
        """How far it is, from 0 to 1."""
        if self.status in (ExportStatus.READY, ExportStatus.EXPIRED):
            return 1.0
        return min(self.written / self.total, 1.0) if self.total else 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen before it expires."""
        return self.status is not ExportStatus.RUNNING

    @property
    def file_name(self) -> str:
        """What a client's file may be called."""
        ending = "jsonl" if self.format is ExportFormat.JSON_LINES else "csv"
        what = "members" if self.content is ExportContent.MEMBERS else "segments"
        return f"{what}-{self.id}.{ending}{'.gz' if self.gzip else ''}"


SELECT: Final = f"""
    SELECT {", ".join(f"e.{field.name}" for field in fields(ExportView))} /*keys*/ FROM exports e WHERE {VISIBLE_EXPORT}
"""  # noqa: S608 - constants only

COUNT: Final = f"SELECT count(*) FROM exports e WHERE {VISIBLE_EXPORT}"  # noqa: S608 - constants only

RUNNING: Final = """
    SELECT count(*) AS all, count(*) FILTER (WHERE created_by_id IS NOT DISTINCT FROM $2
      AND created_by_key_id IS NOT DISTINCT FROM $3) AS own
    FROM exports WHERE workspace_id = $1 AND status = 'RUNNING'
"""
"""How many exports are being written: of the workspace, and of a user or an API key."""
EXPORT_AGAIN_SECONDS: Final = 10

NEWEST_FIRST: Final = Order("export.id", (Key("e.id", "bigint"),), descending=True)


async def create(context: Context, viewer: Viewer, draft: ExportDraft) -> ExportView:
    """Ask for a file.

    Raises Forbidden, Required, NotFound (segment, column), Duplicate, TooMany, Invalid, and RateLimited.
    """
    require_write(viewer)
    require_personal_data(viewer)
    await _require_possible(viewer, draft)
    async with begin() as unit:
        await _require_few_running(context, unit, viewer)
        row = await Export.create(
            workspace_id=viewer.workspace_id,
            content=draft.content,
            segment_id=draft.segment_id,
            narrowed_to=orjson.loads(orjson.dumps(draft.narrowed_to)),
            format=draft.format,
            gzip=draft.gzip,
            columns=None if draft.columns is None else list(draft.columns),
            role=viewer.role,
            created_by_id=viewer.user_id,
            created_by_key_id=viewer.api_key_id,
        )
        audited = {"content": draft.content, "segment_id": draft.segment_id, "columns": draft.columns}
        audited |= {"format": draft.format, "gzip": draft.gzip}
        subject = audit.Subject(AuditSubject.EXPORT, row.id)
        await audit.record(unit, viewer, AuditAction.CREATED, subject, after=audited)
        context.run_export(unit, row.id)
        stored = await unit.connection.fetchrow(
            f"{SELECT} AND e.id = $4", *visibility_arguments(viewer), row.id
        )
    return view_of(stored)


async def _require_few_running(context: Context, unit: UnitOfWork, viewer: Viewer) -> None:
    """Raise RateLimited while many exports are being written: of the workspace, or of who asks."""
    settings = context.settings
    # One after the other, so that two that ask at the same time do not both take the last place.
    await lock_exclusive(unit.connection, LockSpace.EXPORTS, viewer.workspace_id)
    row = await unit.connection.fetchrow(RUNNING, viewer.workspace_id, viewer.user_id, viewer.api_key_id)
    for count, most, whose in (
        (row["own"], settings.max_exports, "this user or API key"),
        (row["all"], settings.max_workspace_exports, "this workspace"),
    ):
        if count >= most:
            raise RateLimited(
                f"At most {most:,} exports of {whose} are written at the same time: wait for one, or discard it.",
                limit=most,
                retry_after_seconds=EXPORT_AGAIN_SECONDS,
            )


async def get(viewer: Viewer, export_id: int) -> ExportView:
    """One export. Raises NotFound."""
    views = await get_many(viewer, [export_id])
    if export_id not in views:
        raise NotFound("There is no such export.", path=("id",))
    return views[export_id]


async def get_many(viewer: Viewer, export_ids: Sequence[int]) -> dict[int, ExportView]:
    """Those of the exports that the viewer may see, by id."""
    if not export_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND e.id = ANY($4)", *visibility_arguments(viewer), list(export_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def list_page(viewer: Viewer, request: PageRequest) -> Page[ExportView]:
    """A page of the exports that the viewer may see, the newest first."""
    async with database() as connection:
        return await fetch_page(
            connection, SELECT, visibility_arguments(viewer), NEWEST_FIRST, request, view_of
        )


async def count(viewer: Viewer) -> int:
    """How many exports the viewer may see."""
    async with database() as connection:
        return int(await connection.fetchval(COUNT, *visibility_arguments(viewer)))


async def discard(context: Context, viewer: Viewer, export_id: int) -> ExportView:
    """Stop an export, or throw its file away: it is EXPIRED. Raises NotFound, Forbidden."""
    require_write(viewer)
    before = await get(viewer, export_id)
    async with begin() as unit:
        await unit.connection.execute(DISCARD, viewer.workspace_id, export_id)
        subject = audit.Subject(AuditSubject.EXPORT, export_id)
        was = {"status": before.status, "segment_id": before.segment_id, "written": before.written}
        await audit.record(unit, viewer, AuditAction.DISCARDED, subject, was)
        context.publish(unit, [progressed(viewer.workspace_id, export_id)])
    if before.file is not None:
        uploads.remove(context.settings, before.file)
    return await get(viewer, export_id)


async def withdraw(context: Context, unit: UnitOfWork, workspace_id: int, kind: MemberKind) -> list[str]:
    """Expire the exports that may show erased members of a kind; returns the files to remove after the commit."""
    rows = await unit.connection.fetch(WITHDRAW, workspace_id, kind)
    context.publish(unit, [progressed(workspace_id, row["id"]) for row in rows])
    return [row["file"] for row in rows if row["file"] is not None]


def signed_path(settings: Settings, viewer: Viewer, export_id: int) -> str:
    """A path under which the file can be fetched for an hour without signing in."""
    return sign(settings, f"/files/exports/{viewer.workspace_id}/{export_id}", viewer.who)


async def file_of(viewer: Viewer, export_id: int) -> ExportView:
    """The export whose file the viewer fetches. Raises NotFound once it has expired, Forbidden without the right."""
    require_personal_data(viewer)
    view = await get(viewer, export_id)
    if view.status is not ExportStatus.READY:
        raise NotFound("There is no such file, or it has expired: export again.")
    return view


def progressed(workspace_id: int, export_id: int) -> ExportProgressed:
    """The fact that an export came further."""
    return ExportProgressed(workspace_id=workspace_id, at=datetime.now(UTC), export_id=export_id)


def finished(workspace_id: int, export_id: int) -> ExportFinished:
    """The fact that an export's file is ready, or that it failed."""
    return ExportFinished(workspace_id=workspace_id, at=datetime.now(UTC), export_id=export_id)


def view_of(row: asyncpg.Record) -> ExportView:
    """The view of a row of SELECT."""
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(ExportView)}
    values["content"] = ExportContent(row["content"])
    values["format"] = ExportFormat(row["format"])
    values["status"] = ExportStatus(row["status"])
    values["columns"] = None if row["columns"] is None else orjson.loads(row["columns"])
    return ExportView(**values)


async def _require_possible(viewer: Viewer, draft: ExportDraft) -> None:
    """Raise Required, NotFound, Invalid, Duplicate or TooMany unless the file can be written."""
    if draft.content is ExportContent.SEGMENTS:
        if draft.segment_id is not None:
            raise Invalid(
                "A list of segments is not of one segment; leave segmentId out.", path=("segmentId",)
            )
        export_columns.of_segments(draft.columns)
        return
    if draft.segment_id is None:
        raise Required("Say whose members: give segmentId.", path=("segmentId",))
    async with database() as connection:
        kind = await connection.fetchval(SEGMENT_KIND, *visibility_arguments(viewer), draft.segment_id)
        if kind is None:
            raise NotFound("There is no such segment.", path=("segmentId",))
        types = await catalogues.types(connection, viewer.workspace_id, MemberKind(kind))
    export_columns.of_members(types, draft.columns)
