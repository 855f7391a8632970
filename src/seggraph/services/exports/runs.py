"""Writing an export's file: one snapshot of the database from the first row to the last, so that count and file agree.

A worker holds a lease that it renews; a worker that takes over after a crash begins anew, for another process
cannot see the same snapshot. The file appears under its name when it is whole.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import asyncpg
import orjson
import structlog
from pydantic import TypeAdapter

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.claimable_work import ClaimableWork, FailureClass
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE, RENEW, Lease
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, begin, snapshot
from seggraph.errors import NotFound
from seggraph.files import uploads
from seggraph.services.catalogue import catalogues
from seggraph.services.exports import audiences, files, segment_facts
from seggraph.services.exports import columns as export_columns
from seggraph.services.exports.exports import NarrowedTo, finished, progressed
from seggraph.services.exports.segment_facts import SegmentFacts
from seggraph.services.identity import present
from seggraph.vocabulary import ApiKeyScope, ExportContent, ExportFormat, ExportStatus, MemberKind, Role

log = structlog.get_logger()

WORK: Final = ClaimableWork(
    name="export",
    table="exports",
    is_open="w.status = 'RUNNING'",
    columns=(
        "w.workspace_id, w.content, w.segment_id, w.narrowed_to, w.format, w.gzip, w.columns, w.role,"
        " w.created_by_id, w.attempts"
    ),
    claiming="written = 0",
    sweep_if="w.created_at < clock_timestamp() - interval '1 second'",
    max_attempts=5,
    failing="status = 'FAILED', finished_at = clock_timestamp()",
    failed_message="Something failed on our side while writing the file. Export again.",
)
"""Exports whose files are to be written."""

ADVANCE: Final = f"{RENEW}, written = $4, total = $5, as_of = $6"

FINISH: Final = f"""
    status = 'READY', file = $3, file_size = $4, written = $5, total = $5, as_of = $6,
    finished_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $7), {RELEASE_LEASE}
"""

# any workspace: the sweeper expires files in all of them
EXPIRE: Final = """
    UPDATE exports e SET status = 'EXPIRED', file = NULL FROM exports old
    WHERE old.id = e.id AND e.id = ANY(ARRAY(
      SELECT id FROM exports WHERE status = 'READY' AND expires_at <= clock_timestamp()
      ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING e.id, e.workspace_id, old.file
"""

SEGMENT: Final = "SELECT kind FROM segments WHERE workspace_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class ExportClaim:
    """An export that this worker may carry out."""

    lease: Lease
    export_id: int
    attempt: int
    viewer: Viewer
    content: ExportContent
    segment_id: int | None
    narrowed_to: NarrowedTo
    format: ExportFormat
    gzip: bool
    columns: list[str] | None


@dataclass(slots=True)
class Progress:
    """How far the rows are."""

    written: int = 0
    total: int | None = None
    as_of: datetime | None = None


async def run(context: Context, export_id: int) -> ExportStatus | None:
    """Write an export's file, unless that is done or another worker writes it; returns the status after that."""
    claim = await _claim(context, export_id)
    if claim is None:
        return None
    with structlog.contextvars.bound_contextvars(export_id=export_id):
        name = f"{secrets.token_hex(16)}.export"
        part = (await asyncio.to_thread(uploads.path_of, context.settings, name)).with_suffix(".part")
        try:
            work, fail = _write(context, claim, part, name), partial(_fail, context, claim)
            return await leases.carry_out(claim.lease, work, fail)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)


async def ask_for_work(context: Context, limit: int) -> None:
    """Enqueue exports that no worker writes, give up on those that keep losing their workers, expire old ones."""
    async with begin() as unit:
        abandoned = await WORK.abandon(unit.connection)
        expired = await unit.connection.fetch(EXPIRE, limit)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in (*abandoned, *expired)])
        context.publish(unit, [finished(row["workspace_id"], row["id"]) for row in abandoned])
        for row in await WORK.find_due(unit.connection, limit):
            context.run_export(unit, row["id"], attempt=row["attempts"])
    for row in expired:
        uploads.remove(context.settings, row["file"])


async def _claim(context: Context, export_id: int) -> ExportClaim | None:
    async with database() as connection:
        claimed = await WORK.claim(connection, export_id, context.settings.lease_seconds)
    if claimed is None:
        return None
    row = claimed.row
    chosen = await present.least_roles(row["workspace_id"])
    return ExportClaim(
        lease=claimed.lease,
        export_id=export_id,
        attempt=row["attempts"],
        viewer=Viewer(
            row["workspace_id"],
            Role(row["role"]),
            ApiKeyScope.READ,
            row["created_by_id"],
            least_roles=chosen,
        ),
        content=ExportContent(row["content"]),
        segment_id=row["segment_id"],
        narrowed_to=TypeAdapter(NarrowedTo).validate_json(row["narrowed_to"]),
        format=ExportFormat(row["format"]),
        gzip=row["gzip"],
        columns=None if row["columns"] is None else orjson.loads(row["columns"]),
    )


async def _write(context: Context, claim: ExportClaim, part: Path, name: str) -> ExportStatus:
    """Have the rows written while the lease is renewed and the progress is published."""
    done = Progress()

    async def renew_and_publish() -> None:
        async with database() as connection:
            progress = (done.written, done.total, done.as_of)
            await claim.lease.change(connection, ADVANCE, claim.lease.seconds, *progress)
        await context.stream.publish([progressed(claim.viewer.workspace_id, claim.export_id)])

    await leases.keep(claim.lease, _write_rows(context, claim, part, done), renew_and_publish)
    await _finish(context, claim, part, name, done)
    return ExportStatus.READY


async def _write_rows(context: Context, claim: ExportClaim, part: Path, done: Progress) -> None:
    """Write the rows in a task of their own: a snapshot takes in whatever its task does with the database."""
    # An erasure that does not know the export yet is over before the snapshot is taken.
    async with begin() as unit:
        await lock_shared(unit.connection, LockSpace.MEMBERS, claim.viewer.workspace_id)
    file = await asyncio.to_thread(files.open_file, part, compressed=claim.gzip)
    try:
        facts = SegmentFacts()
        if (
            claim.content is ExportContent.SEGMENTS
        ):  # before the snapshot: values may have to be summed up first
            narrowed, columns = claim.narrowed_to, export_columns.of_segments(claim.columns)
            facts = await segment_facts.read_values(claim.viewer, narrowed.filter, narrowed.search, columns)
        async with snapshot() as connection:
            done.as_of = await connection.fetchval("SELECT now()")
            async for done.written, done.total in _rows(context, connection, claim, file, facts):
                pass  # the task that renews the lease publishes it
    finally:
        await asyncio.to_thread(file.close)


async def _finish(context: Context, claim: ExportClaim, part: Path, name: str, done: Progress) -> None:
    """Give the whole file its name, and say that it is there.

    Whatever ends it, the file goes unless the row has it: that may be committed when the answer is lost.
    """
    workspace_id, lifetime = claim.viewer.workspace_id, context.settings.export_days * 86_400
    size = (await asyncio.to_thread(part.stat)).st_size
    await asyncio.to_thread(part.replace, uploads.path_of(context.settings, name))
    try:
        async with begin() as unit:
            kept = (name, size, done.written, done.as_of, lifetime)
            await claim.lease.change(unit.connection, FINISH, *kept)
            context.publish(
                unit, [progressed(workspace_id, claim.export_id), finished(workspace_id, claim.export_id)]
            )
    except BaseException:
        await asyncio.shield(_remove_unless_kept(context, claim, name))
        raise


async def _remove_unless_kept(context: Context, claim: ExportClaim, name: str) -> None:
    async with database() as connection:
        # any workspace: the export is the one whose lease this worker holds
        kept = await connection.fetchval("SELECT file FROM exports WHERE id = $1", claim.export_id)
    if kept != name:
        await asyncio.to_thread(uploads.remove, context.settings, name)


async def _rows(
    context: Context,
    connection: asyncpg.Connection,
    claim: ExportClaim,
    file: BinaryIO,
    facts: SegmentFacts,
) -> AsyncIterator[tuple[int, int]]:
    """Write the rows; after each batch, how many are written and how many there will be."""
    viewer = claim.viewer
    if claim.content is ExportContent.SEGMENTS:
        columns = export_columns.of_segments(claim.columns)
        files.begin_file(file, columns, claim.format)
        narrowed = claim.narrowed_to
        await segment_facts.read_criteria(connection, viewer, facts)
        count = await files.write_segments(
            connection, viewer, narrowed.filter, narrowed.search, columns, claim.format, file, facts
        )
        yield count, count
        return
    kind = claim.narrowed_to.kind
    if kind is None:
        found = await connection.fetchval(SEGMENT, viewer.workspace_id, claim.segment_id)
        if found is None:
            raise NotFound("The segment was deleted.")
        kind = MemberKind(found)
    audience = await audiences.find(context, connection, viewer, kind, claim.segment_id, claim.narrowed_to)
    attributes = await catalogues.read_types(connection, viewer.workspace_id, kind)
    columns = export_columns.of_members(attributes.types, claim.columns)
    files.begin_file(file, columns, claim.format)
    yield 0, len(audience)
    written = 0
    async for count in files.write_members(
        connection,
        viewer.workspace_id,
        kind,
        audience,
        columns,
        claim.format,
        file,
        is_changing=bool(attributes.changes),
    ):
        written += count
        yield written, len(audience)


async def _fail(context: Context, claim: ExportClaim, error: Exception) -> ExportStatus:
    """Store why the export failed, or leave it to be tried again when that may help. Raises LeaseLost."""

    async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
        if failure.is_final:
            ids = (claim.viewer.workspace_id, claim.export_id)
            context.publish(unit, [progressed(*ids), finished(*ids)])

    failure = await WORK.fail(claim.lease, claim.attempt, error, settle)
    return ExportStatus.FAILED if failure.is_final else ExportStatus.RUNNING
