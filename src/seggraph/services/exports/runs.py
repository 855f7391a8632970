"""Writing an export's file: one snapshot of the database from the first row to the last, so that count and file agree.

A worker holds a lease that it renews; whoever takes over after a crash begins anew, for another process
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
from seggraph.database.connections import database
from seggraph.database.leases import FREE, RELEASE_LEASE, RENEW, RESTED, RETRY, Lease
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import begin, snapshot
from seggraph.errors import ErrorCode, NotFound
from seggraph.files import uploads
from seggraph.services.catalogue import catalogues
from seggraph.services.exports import columns as export_columns
from seggraph.services.exports import files
from seggraph.services.exports.exports import NarrowedTo, finished, progressed
from seggraph.vocabulary import ApiKeyScope, ExportContent, ExportFormat, ExportStatus, Role

log = structlog.get_logger()

MAX_ATTEMPTS: Final = 5
FAILED_MESSAGE: Final = "Something failed on our side while writing the file. Export again."

# any workspace: a worker claims the export that a job names, whosever it is
CLAIM: Final = f"""
    UPDATE exports SET lease_holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
      attempts = attempts + 1, retry_at = NULL, written = 0
    WHERE id = $1 AND status = 'RUNNING' AND {FREE}
    RETURNING workspace_id, content, segment_id, narrowed_to, format, gzip, columns, role, created_by_id, attempts
"""  # noqa: S608 - constants only

ADVANCE: Final = f"{RENEW}, written = $4, total = $5, as_of = $6"

FINISH: Final = f"""
    status = 'READY', file = $3, file_size = $4, written = $5, total = $5, as_of = $6,
    finished_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $7), {RELEASE_LEASE}
"""

FAIL: Final = f"""
    status = 'FAILED', error_code = $3, error_message = $4, error_at = clock_timestamp(),
    finished_at = clock_timestamp(), {RELEASE_LEASE}
"""

# any workspace: the sweeper fails what was tried too often in all of them
ABANDONED: Final = f"""
    UPDATE exports SET status = 'FAILED', error_code = $1, error_message = $2, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), {RELEASE_LEASE}
    WHERE status = 'RUNNING' AND attempts >= $3 AND {FREE}
    RETURNING id, workspace_id
"""  # noqa: S608 - constants only

# any workspace: the sweeper looks for what is due in all of them
DUE: Final = f"""
    SELECT id, attempts FROM exports
    WHERE status = 'RUNNING' AND {FREE} AND {RESTED} AND attempts < $1
      AND created_at < clock_timestamp() - interval '1 second'
    ORDER BY id LIMIT $2
"""  # noqa: S608 - constants only

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
class Claim:
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
    """Write an export's file, unless that is done or somebody is at it; returns the status that it has then."""
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
    """Hand out exports that nobody is at, give up on those that keep losing their workers, expire old ones."""
    async with begin() as unit:
        abandoned = await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, FAILED_MESSAGE, MAX_ATTEMPTS)
        expired = await unit.connection.fetch(EXPIRE, limit)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in (*abandoned, *expired)])
        context.publish(unit, [finished(row["workspace_id"], row["id"]) for row in abandoned])
        for row in await unit.connection.fetch(DUE, MAX_ATTEMPTS, limit):
            context.run_export(unit, row["id"], attempt=row["attempts"])
    for row in expired:
        uploads.remove(context.settings, row["file"])


async def _claim(context: Context, export_id: int) -> Claim | None:
    lease = Lease("exports", export_id, context.settings.lease_seconds)
    async with database() as connection:
        row = await connection.fetchrow(CLAIM, export_id, lease.holder, lease.seconds)
    if row is None:
        return None
    return Claim(
        lease=lease,
        export_id=export_id,
        attempt=row["attempts"],
        viewer=Viewer(row["workspace_id"], Role(row["role"]), ApiKeyScope.READ, row["created_by_id"]),
        content=ExportContent(row["content"]),
        segment_id=row["segment_id"],
        narrowed_to=TypeAdapter(NarrowedTo).validate_json(row["narrowed_to"]),
        format=ExportFormat(row["format"]),
        gzip=row["gzip"],
        columns=None if row["columns"] is None else orjson.loads(row["columns"]),
    )


async def _write(context: Context, claim: Claim, part: Path, name: str) -> ExportStatus:
    """Have the rows written while the lease is renewed, and tell how far they are."""
    done = Progress()

    async def tell() -> None:
        async with database() as connection:
            told = (done.written, done.total, done.as_of)
            await claim.lease.change(connection, ADVANCE, claim.lease.seconds, *told)
        await context.stream.publish([progressed(claim.viewer.workspace_id, claim.export_id)])

    await leases.keep(claim.lease, _write_rows(claim, part, done), tell)
    await _finish(context, claim, part, name, done)
    return ExportStatus.READY


async def _write_rows(claim: Claim, part: Path, done: Progress) -> None:
    """Write the rows in a task of their own: a snapshot takes in whatever its task does with the database."""
    # An erasure that does not know the export yet is over before the snapshot is taken.
    async with begin() as unit:
        await lock_shared(unit.connection, LockSpace.MEMBERS, claim.viewer.workspace_id)
    file = await asyncio.to_thread(files.open_file, part, compressed=claim.gzip)
    try:
        async with snapshot() as connection:
            done.as_of = await connection.fetchval("SELECT now()")
            async for done.written, done.total in _rows(connection, claim, file):
                pass  # the task that renews the lease tells it
    finally:
        await asyncio.to_thread(file.close)


async def _finish(context: Context, claim: Claim, part: Path, name: str, done: Progress) -> None:
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


async def _remove_unless_kept(context: Context, claim: Claim, name: str) -> None:
    async with database() as connection:
        # any workspace: the export is the one whose lease this worker holds
        kept = await connection.fetchval("SELECT file FROM exports WHERE id = $1", claim.export_id)
    if kept != name:
        await asyncio.to_thread(uploads.remove, context.settings, name)


async def _rows(
    connection: asyncpg.Connection, claim: Claim, file: BinaryIO
) -> AsyncIterator[tuple[int, int]]:
    """Write the rows; after each batch, how many are written and how many there will be."""
    viewer = claim.viewer
    if claim.content is ExportContent.SEGMENTS:
        columns = export_columns.of_segments(claim.columns)
        files.begin_file(file, columns, claim.format)
        narrowed = claim.narrowed_to
        count = await files.write_segments(
            connection, viewer, narrowed.filter, narrowed.search, columns, claim.format, file
        )
        yield count, count
        return
    kind = await connection.fetchval(SEGMENT, viewer.workspace_id, claim.segment_id)
    if kind is None:
        raise NotFound("The segment was deleted.")
    audience = await files.audience_of(connection, viewer.workspace_id, kind, claim.segment_id)
    types = await catalogues.types(connection, viewer.workspace_id, kind)
    columns = export_columns.of_members(types, claim.columns)
    files.begin_file(file, columns, claim.format)
    yield 0, len(audience)
    written = 0
    async for count in files.write_members(
        connection, viewer.workspace_id, kind, audience, columns, claim.format, file
    ):
        written += count
        yield written, len(audience)


async def _fail(context: Context, claim: Claim, error: Exception) -> ExportStatus:
    """Say why the export failed, or leave it to be tried again when that may help. Raises LeaseLost."""
    verdict = leases.classify_failure(error, claim.attempt, MAX_ATTEMPTS, FAILED_MESSAGE)
    log.warning("export_failed", attempt=claim.attempt, final=verdict.is_final, exc_info=error)
    if not verdict.is_final:
        async with database() as connection:
            await claim.lease.change(connection, RETRY, leases.wait_seconds(claim.attempt))
        return ExportStatus.RUNNING
    async with begin() as unit:
        await claim.lease.change(unit.connection, FAIL, verdict.code, verdict.message)
        ids = (claim.viewer.workspace_id, claim.export_id)
        context.publish(unit, [progressed(*ids), finished(*ids)])
    return ExportStatus.FAILED
