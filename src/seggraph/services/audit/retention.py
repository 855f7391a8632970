"""How long the audit log is kept: entries that are too old go whole, the oldest first, batch by batch.

The database refuses every other removal: see migration 0018_drift_and_audit.
"""

from typing import Final

import structlog

from seggraph.context import Context
from seggraph.database.unit_of_work import begin

log = structlog.get_logger()

BATCH: Final = 5_000
"""Most entries that one transaction removes."""
INTERVAL_SECONDS: Final = 3_600
ASKED: Final = "seggraph:audit:asked"
"""The key in Redis that keeps one process an hour asking for the removal."""

ALLOW: Final = "SELECT set_config('seggraph.audit_days', $1::int::text, true)"

# Ids grow with time, so the oldest entries are the first ones, and the time needs no index. Entries that were written
# at once may be some out of order: those that are left go the next time.
# any workspace: one limit of age holds for all of them
REMOVE: Final = """
    WITH removed AS (
      DELETE FROM audit_entries WHERE id = ANY(ARRAY(
        SELECT id FROM (SELECT id, at FROM audit_entries ORDER BY id LIMIT $2) AS oldest
        WHERE at < clock_timestamp() - make_interval(days => $1)))
      RETURNING id)
    SELECT count(*) FROM removed
"""


async def ask_for_due(context: Context) -> None:
    """Ask for the removal of old entries once an hour, unless entries are kept for ever."""
    if context.settings.audit_days and await context.redis.set(ASKED, "1", nx=True, ex=INTERVAL_SECONDS):
        await context.jobs.prune_audit()


async def prune(context: Context) -> int:
    """Remove the entries that are older than the setting keeps them; returns how many there were.

    Each batch is a transaction of its own: being stopped in between harms nothing.
    """
    days = context.settings.audit_days
    removed = 0
    while days and (count := await _prune_once(days)):
        removed += count
    if removed:
        log.info("audit_entries_removed", entries=removed, days=days)
    return removed


async def _prune_once(days: int) -> int:
    async with begin() as unit:
        await unit.connection.execute(ALLOW, days)
        removed: int = await unit.connection.fetchval(REMOVE, days, BATCH)
        return removed
