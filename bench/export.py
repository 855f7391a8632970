"""How fast an export is written, next to COPY of the same table to a client, and what memory it takes.

Run: ``python -m bench.export [--members 1000000]``. Starts servers of its own; prints medians as ratios (aim: 0.25
of COPY's rows per second) and the peak memory before and after.
"""

import argparse
import asyncio
import resource
import statistics
import time
from typing import Any

import asyncpg

from bench.members import KIND, filled
from bench.results import Ratio
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.services.exports import exports
from seggraph.services.exports import runs as export_runs
from seggraph.services.exports.exports import ExportDraft
from seggraph.services.recompute.recompute import run as recompute
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import (
    ExportContent,
    ExportFormat,
    ExportStatus,
    SegmentType,
)

ROUNDS = 3
COPY = "SELECT * FROM members WHERE workspace_id = $1 AND kind = $2"


async def main(count: int) -> None:
    """Fill a database, then time COPY and each form of export in turn."""
    async with filled(count) as (context, viewer):
        await _report(context, viewer, await _everyone(context, viewer), count)


async def _everyone(context: Context, viewer: Viewer) -> int:
    criteria = {"attribute": {"field": "externalId", "op": "IS_SET"}}
    draft = SegmentDraft("Everyone", KIND, SegmentType.DYNAMIC, criteria=criteria)
    segment = await segments.create(context, viewer, draft)
    await recompute(context, segment.id, segment.requested_revision)
    return segment.id


async def _report(context: Context, viewer: Viewer, segment_id: int, count: int) -> None:
    forms: dict[str, dict[str, Any]] = {
        "CSV": {},
        "CSV, gzip": {"gzip": True},
        "JSON Lines": {"format": ExportFormat.JSON_LINES},
    }
    before = _peak_megabytes()
    times: dict[str, list[float]] = {"COPY": [], **{name: [] for name in forms}}
    for _ in range(ROUNDS):
        times["COPY"].append(await _copy(viewer))
        for name, form in forms.items():
            began = time.perf_counter()
            made = await exports.create(
                context, viewer, ExportDraft(ExportContent.MEMBERS, segment_id, **form)
            )
            assert await export_runs.run(context, made.id) is ExportStatus.READY
            times[name].append(time.perf_counter() - began)
            await exports.discard(context, viewer, made.id)
    copied = statistics.median(times["COPY"])
    for name, took in times.items():
        median = statistics.median(took)
        print(f"{name:12} {count / median:10,.0f} rows/s  {copied / median:5.2f} x COPY")
        if name != "COPY":
            Ratio(f"Export, {name}, rows per second to COPY's", copied / median, at_least=0.25).print()
    print(f"peak memory {before:.0f} MB before, {_peak_megabytes():.0f} MB after")


async def _copy(viewer: Viewer) -> float:
    async def drop(_: bytes) -> None:
        pass

    began = time.perf_counter()
    async with database() as connection:
        raw: asyncpg.Connection = connection
        await raw.copy_from_query(COPY, viewer.workspace_id, int(KIND), output=drop)
    return time.perf_counter() - began


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    asyncio.run(main(parser.parse_args().members))
