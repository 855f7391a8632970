"""Vacuuming the chunks of audiences as fast as they are written again.

A chunk of many ordinals is 8 KB, and is written again as a whole. PostgreSQL looks once a minute for tables with dead
rows; while refreshes follow one another, that is several times what the table has. So a worker looks more often. What
it may cost is bounded: after a vacuum there is none for nine times as long.
"""

import asyncio
from time import monotonic
from typing import Final

import structlog

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.errors import RetryLater

log = structlog.get_logger()

FEWEST_DEAD: Final = 500
"""Fewer dead rows, of 4 KB at most, are left to PostgreSQL."""
DEAD_SHARE: Final = 0.1
"""With more dead rows than this share of the others the table is vacuumed."""
LOOK_SECONDS: Final = 0.5
"""How often it is looked for dead rows: a refresh of a thousand audiences takes about as long."""
MOST_SECONDS: Final = 4.0
"""The longest pause when nothing is to be done."""
PAUSE: Final = 9
"""How many times as long as a vacuum took there is none."""

# Large chunks are in the table beside the table.
IS_DUE: Final = """
    SELECT EXISTS (
      SELECT FROM pg_class c CROSS JOIN unnest(ARRAY[c.oid, c.reltoastrelid]) AS t(oid)
      WHERE c.oid = 'chunks'::regclass
        AND pg_stat_get_dead_tuples(t.oid) >= greatest($1, $2 * pg_stat_get_live_tuples(t.oid))
    )
"""

# Without the truncation, for which readers would have to wait; and not while somebody else vacuums.
VACUUM: Final = "VACUUM (SKIP_LOCKED, TRUNCATE false) chunks"


async def serve(context: Context) -> None:
    """Vacuum the chunks whenever it is due, until cancelled."""
    pause = LOOK_SECONDS
    while True:
        try:
            took = await vacuum_if_due()
            pause = max(LOOK_SECONDS, PAUSE * took) if took else min(2 * pause, MOST_SECONDS)
        except RetryLater as error:
            log.info("vacuum_waits", reason=str(error))
        await asyncio.sleep(pause)


async def vacuum_if_due() -> float:
    """Vacuum the chunks if enough of them are dead; returns how many seconds that took. Raises RetryLater."""
    start = monotonic()
    async with database() as connection:
        if not await connection.fetchval(IS_DUE, FEWEST_DEAD, DEAD_SHARE):
            return 0.0
        await connection.execute(VACUUM)
    return monotonic() - start
