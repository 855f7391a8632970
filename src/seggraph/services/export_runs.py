"""Writing an export's file: one snapshot of the database from the first row to the last, so that count and file agree.

A worker holds a lease that it renews; whoever takes over after a crash begins anew, for another process
cannot see the same snapshot. The file appears under its name when it is whole.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import asyncpg
import orjson
import structlog
from pydantic import TypeAdapter

from seggraph.errors import ErrorCode, NotFound, SeggraphError
from seggraph.runtime import database
from seggraph.services import catalogues, export_columns, export_files, member_locks, uploads
from seggraph.services.context import Context
from seggraph.services.exports import NarrowedTo, finished, progressed
from seggraph.services.policy import Viewer
from seggraph.vocabulary import ApiKeyScope, ExportContent, ExportFormat, ExportStatus, Role
from seggraph.work import begin, snapshot

log = structlog.get_logger()

MAX_ATTEMPTS: Final = 5
HEARTBEATS_PER_LEASE: Final = 3
FAILED_MESSAGE: Final = "Something failed on our side while writing the file. Export again."

CLAIM: Final = """
    UPDATE exports SET lease_holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
      attempts = attempts + 1, retry_at = NULL, written = 0
    WHERE id = $1 AND status = 'RUNNING' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING workspace_id, content, segment_id, narrowed_to, format, gzip, columns, role, created_by_id, attempts
"""

ADVANCE: Final = """
    UPDATE exports SET written = $4, total = $5, as_of = $6,
      lease_until = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

FINISH: Final = """
    UPDATE exports SET status = 'READY', file = $3, file_size = $4, written = $5, total = $5, as_of = $6,
      lease_holder = NULL, lease_until = NULL, finished_at = clock_timestamp(),
      expires_at = clock_timestamp() + make_interval(secs => $7)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

GIVE_BACK: Final = """
    UPDATE exports SET lease_holder = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

RETRY: Final = """
    UPDATE exports SET lease_holder = NULL, lease_until = NULL,
      retry_at = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

FAIL: Final = """
    UPDATE exports SET status = 'FAILED', error_code = $3, error_message = $4, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), lease_holder = NULL, lease_until = NULL
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

ABANDONED: Final = """
    UPDATE exports SET status = 'FAILED', error_code = $1, error_message = $2, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), lease_holder = NULL, lease_until = NULL
    WHERE status = 'RUNNING' AND attempts >= $3 AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id, workspace_id
"""

DUE: Final = """
    SELECT id, attempts FROM exports
    WHERE status = 'RUNNING' AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (retry_at IS NULL OR retry_at <= clock_timestamp()) AND attempts < $1
      AND created_at < clock_timestamp() - interval '1 second'
    ORDER BY id LIMIT $2
"""

EXPIRE: Final = """
    UPDATE exports e SET status = 'EXPIRED', file = NULL FROM exports old
    WHERE old.id = e.id AND e.id = ANY(ARRAY(
      SELECT id FROM exports WHERE status = 'READY' AND expires_at <= clock_timestamp()
      ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING e.id, e.workspace_id, old.file
"""

SEGMENT: Final = "SELECT kind FROM segments WHERE workspace_id = $1 AND id = $2"


class ExportLost(Exception):
    """The export was thrown away, or another worker holds its lease."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An export that this worker may carry out."""

    export_id: int
    holder: str
    lease_seconds: float
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
            return await _write(context, claim, part, name)
        except ExportLost:
            log.info("export_lost")
            return None
        except Exception as error:  # whatever it was, the export must not stay RUNNING without a reason
            return await _fail(context, claim, error)
        except asyncio.CancelledError:
            await asyncio.shield(_execute(GIVE_BACK, claim))
            raise
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
    holder, lease_seconds = secrets.token_hex(8), context.settings.lease_seconds
    async with database() as connection:
        row = await connection.fetchrow(CLAIM, export_id, holder, lease_seconds)
    if row is None:
        return None
    return Claim(
        export_id=export_id,
        holder=holder,
        lease_seconds=lease_seconds,
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
    writing = asyncio.create_task(_write_rows(claim, part, done))
    try:
        while not (await asyncio.wait({writing}, timeout=claim.lease_seconds / HEARTBEATS_PER_LEASE))[0]:
            await _execute(ADVANCE, claim, claim.lease_seconds, done.written, done.total, done.as_of)
            await context.stream.publish([progressed(claim.viewer.workspace_id, claim.export_id)])
        await writing
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await _finish(context, claim, part, name, done)
    return ExportStatus.READY


async def _write_rows(claim: Claim, part: Path, done: Progress) -> None:
    """Write the rows in a task of their own: a snapshot takes in whatever its task does with the database."""
    async with (
        begin() as unit
    ):  # an erasure that does not know the export yet is over before the snapshot is taken
        await member_locks.hold_together(unit.connection, claim.viewer.workspace_id)
    file = await asyncio.to_thread(export_files.open_file, part, compressed=claim.gzip)
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
            await _changed(unit.connection, FINISH, claim, name, size, done.written, done.as_of, lifetime)
            context.publish(
                unit, [progressed(workspace_id, claim.export_id), finished(workspace_id, claim.export_id)]
            )
    except BaseException:
        await asyncio.shield(_remove_unless_kept(context, claim, name))
        raise


async def _remove_unless_kept(context: Context, claim: Claim, name: str) -> None:
    async with database() as connection:
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
        export_files.begin_file(file, columns, claim.format)
        narrowed = claim.narrowed_to
        count = await export_files.write_segments(
            connection, viewer, narrowed.filter, narrowed.search, columns, claim.format, file
        )
        yield count, count
        return
    kind = await connection.fetchval(SEGMENT, viewer.workspace_id, claim.segment_id)
    if kind is None:
        raise NotFound("The segment was deleted.")
    audience = await export_files.audience_of(connection, viewer.workspace_id, kind, claim.segment_id)
    types = await catalogues.types(connection, viewer.workspace_id, kind)
    columns = export_columns.of_members(types, claim.columns)
    export_files.begin_file(file, columns, claim.format)
    yield 0, len(audience)
    written = 0
    async for count in export_files.write_members(
        connection, viewer.workspace_id, kind, audience, columns, claim.format, file
    ):
        written += count
        yield written, len(audience)


async def _fail(context: Context, claim: Claim, error: Exception) -> ExportStatus | None:
    """Say why the export failed, or leave it to be tried again when that may help."""
    is_ours = isinstance(error, SeggraphError) and not error.retryable
    final = is_ours or claim.attempt >= MAX_ATTEMPTS
    log.warning("export_failed", attempt=claim.attempt, final=final, exc_info=error)
    if not final:
        await _execute(RETRY, claim, float(2 ** (claim.attempt - 1)))
        return ExportStatus.RUNNING
    code, message = ErrorCode.INTERNAL, FAILED_MESSAGE
    if isinstance(error, SeggraphError):
        code, message = error.code, error.message
    try:
        async with begin() as unit:
            await _changed(unit.connection, FAIL, claim, code, message)
            ids = (claim.viewer.workspace_id, claim.export_id)
            context.publish(unit, [progressed(*ids), finished(*ids)])
    except ExportLost:
        return None
    return ExportStatus.FAILED


async def _execute(statement: str, claim: Claim, *arguments: Any) -> None:
    """Change the export's row outside a unit. Raises ExportLost if it is not ours any more."""
    async with database() as connection:
        await _changed(connection, statement, claim, *arguments)


async def _changed(connection: asyncpg.Connection, statement: str, claim: Claim, *arguments: Any) -> None:
    done = await connection.execute(statement, claim.export_id, claim.holder, *arguments)
    if done == "UPDATE 0":
        raise ExportLost
