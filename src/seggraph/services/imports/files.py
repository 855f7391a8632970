"""The files of imports at the end of their lives: nothing that was uploaded stays longer than it is needed.

A file goes when its import has stored it, has failed or is cancelled, and when nobody started it in time. What a
crash left in the folder without a row goes a day later.
"""

import asyncio
import re
import time
from typing import Final

import structlog

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.files import uploads
from seggraph.services.imports.imports import progressed
from seggraph.settings import Settings

log = structlog.get_logger()

ORPHAN_SECONDS: Final = 24 * 3_600
"""A file that nobody wrote to for so long belongs to no upload at work: its row comes seconds after it."""

LOOK_AGAIN_SECONDS: Final = 3_600
LOOKED: Final = "seggraph:upload-files:looked"
"""The key in Redis that keeps one process an hour looking through the folder."""

NAMES: Final = re.compile(r"[0-9a-f]{32}\.(?:rejected\.)?(?:csv|part)")
REJECTED: Final = ".rejected.csv"
"""The end of the names of files with rejected rows of ad reports: no import has them, and nobody needs them so long."""

# A dry run may be started for good until its time is over.
# any workspace: the sweeper removes old files in all of them
OVER: Final = """
    UPDATE imports SET file = '', status = CASE status WHEN 'UPLOADED' THEN 'CANCELLED' ELSE status END,
      finished_at = coalesce(finished_at, now())
    FROM (SELECT id AS number, file AS name FROM imports
      WHERE file <> '' AND CASE
        WHEN status = 'UPLOADED' OR (status = 'COMPLETED' AND dry_run)
        THEN coalesce(finished_at, created_at) < now() - make_interval(secs => $1)
        ELSE status <> 'RUNNING' END
      ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) AS over
    WHERE id = number RETURNING id, workspace_id, name
"""

# any workspace: the folder holds the files of all of them
KNOWN: Final = "SELECT file FROM imports WHERE file = ANY($1)"


async def sweep(context: Context, limit: int) -> None:
    """Delete up to `limit` files that are not needed any more, and sometimes files without an import."""
    seconds = context.settings.upload_days * 86_400
    async with begin() as unit:
        rows = await unit.connection.fetch(OVER, seconds, limit)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in rows])
    for row in rows:
        await asyncio.to_thread(uploads.remove, context.settings, row["name"])
    if rows:
        log.info("upload_files_removed", files=len(rows))
    if await context.redis.set(LOOKED, "1", nx=True, ex=LOOK_AGAIN_SECONDS):
        await remove_orphans(context.settings)


async def remove_orphans(settings: Settings) -> int:
    """Delete files that belong to no import and were not written to for a day; returns how many."""
    old = await asyncio.to_thread(_old_files, settings)
    async with database() as connection:
        known = {row["file"] for row in await connection.fetch(KNOWN, old)}
    orphans = [name for name in old if name not in known]
    for name in orphans:
        await asyncio.to_thread(uploads.remove, settings, name)
    lost = sum(not name.endswith(REJECTED) for name in orphans)
    if lost:
        log.warning("orphan_files_removed", files=lost)
    return len(orphans)


def _old_files(settings: Settings) -> list[str]:
    latest = time.time() - ORPHAN_SECONDS
    names = []
    for path in uploads.folder(settings).iterdir():
        try:
            if NAMES.fullmatch(path.name) and path.stat().st_mtime < latest:
                names.append(path.name)
        except FileNotFoundError:
            continue  # another process deleted it first
    return names
