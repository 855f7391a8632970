"""What upkeep costs: the tables of audiences under refreshes without a pause, and processors with nothing changing.

Refreshes follow one another, of 1,000 members in whom all segments are interested, while the chunks are vacuumed as a
worker does it. What the table takes is compared with the bytes of its audiences. Then one worker is started, and with
nothing changing the processor time is measured that it and PostgreSQL take.

    python -m bench.upkeep [--members 20000] [--segments 200] [--refreshes 40] [--seconds 60]
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from random import Random
from typing import Final

import asyncpg
from pyroaring import BitMap

from bench.refresh import ACCOUNT, CHANGE, MARK, build
from bench.results import Ratio
from seggraph import embedded
from seggraph.audiences import to_bytes
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.services.operations import vacuuming
from seggraph.services.refresh import refresh
from seggraph.settings import Settings
from seggraph.tasks import end

SECRET: Final = "a secret of the bench, of thirty-two characters and more"
CHANGED: Final = 1_000
SETTLE_SECONDS: Final = 20
"""After the refreshes and the start of the worker: what they left is vacuumed and analysed."""

SIZES: Final = """
    SELECT pg_relation_size('chunks') + pg_relation_size(reltoastrelid) AS size,
      (SELECT sum(length(roaring)) FROM chunks)::bigint AS content
    FROM pg_class WHERE oid = 'chunks'::regclass
"""


def seconds_of(pid: int, *, with_children: bool) -> float:
    """The processor time of a process so far, with that of children that are over or alive."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:15] if with_children else fields[11:13]))
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    if with_children:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        seconds += sum(seconds_of(int(child), with_children=True) for child in children)
    return seconds


def parent_of(pid: int) -> int:
    """The process that started another one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def bloat(
    context: Context, connection: asyncpg.Connection, workspace_id: int, members: int, refreshes: int
) -> float:
    """How many times its content the table of chunks takes after refreshes."""
    vacuuming_them = asyncio.create_task(vacuuming.serve(context))
    for number in range(refreshes):
        ordinals = Random(number).sample(range(members), min(CHANGED, members))
        await connection.execute(CHANGE, workspace_id, ordinals)
        await connection.execute(MARK, workspace_id, to_bytes(BitMap(ordinals)), ["employees"])
        await refresh.drain(context, workspace_id, ACCOUNT)
    row = await connection.fetchrow(SIZES)
    await end([vacuuming_them])
    ratio = float(row["size"]) / float(row["content"])
    print(
        f"chunks {row['size'] / 1e6:.1f} MB for {row['content'] / 1e6:.1f} MB of audiences: {ratio:.2f} times"
    )
    return ratio


async def at_rest(settings: Settings, connection: asyncpg.Connection, seconds: int) -> tuple[float, float]:
    """Which share of a core a worker and PostgreSQL take with nothing changing."""
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": settings.database_url or "",
        "SEGGRAPH_REDIS_URL": settings.redis_url or "",
        "SEGGRAPH_JWT_SECRET": SECRET,
        "SEGGRAPH_LOG_LEVEL": "error",
    }
    server = parent_of(await connection.fetchval("SELECT pg_backend_pid()"))
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "seggraph", "worker", env=environment)
    try:
        await asyncio.sleep(SETTLE_SECONDS)
        before = seconds_of(worker.pid, with_children=False), seconds_of(server, with_children=True)
        await asyncio.sleep(seconds)
        after = seconds_of(worker.pid, with_children=False), seconds_of(server, with_children=True)
    finally:
        worker.terminate()
        await worker.wait()
    shares = (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds
    print(f"at rest: worker {shares[0]:.2%} of a core, PostgreSQL {shares[1]:.2%}, over {seconds} s")
    return shares


async def run(settings: Settings, options: argparse.Namespace) -> None:
    """Measure both."""
    connection = await asyncpg.connect(settings.database_url)
    criteria = [
        {"attribute": {"field": "employees", "op": "BETWEEN", "values": [n * 37 % 4500, n * 37 % 4500 + 500]}}
        for n in range(options.segments)
    ]
    async with open_context(settings) as context:
        workspace_id = await build(context, connection, options.members, criteria)
        print(f"{options.members:,} members, {options.segments:,} segments, {options.refreshes} refreshes")
        ratio = await bloat(context, connection, workspace_id, options.members, options.refreshes)
    worker, server = await at_rest(settings, connection, options.seconds)
    await connection.close()
    Ratio("Table of chunks under refreshes, to the bytes of audiences", ratio, at_most=1.5).print()
    Ratio("Worker with nothing changing, percent of a core", 100 * worker, at_most=1).print()
    Ratio("PostgreSQL with nothing changing, percent of a core", 100 * server, at_most=1).print()


def main() -> None:
    """Run on embedded servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--segments", type=int, default=200)
    parser.add_argument("--refreshes", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            jwt_secret=SECRET,
            log_level="error",
        )
        asyncio.run(migrating.migrate(servers.database_url))
        asyncio.run(run(settings, options))


if __name__ == "__main__":
    main()
