"""The runs of segments as they are read: the newest first, pages for many segments in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import asyncpg

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_pages
from seggraph.vocabulary import RunStatus, RunTrigger


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it is read: the columns of models.runs.Run that clients see."""

    id: int
    revision: int
    trigger: RunTrigger
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    member_count: int | None
    entered: int | None
    exited: int | None
    error_code: str | None
    error_message: str | None


_COLUMNS: Final = ", ".join(f"r.{one.name}" for one in fields(RunView))

NEWEST_FIRST: Final = Order("run", (Key("r.id", "bigint"),), descending=True)

COUNTS: Final = """
    SELECT segment_id, count(*) AS count FROM runs WHERE workspace_id = $1 AND segment_id = ANY($2)
    GROUP BY segment_id
"""

BY_ID: Final = f"""
    SELECT {_COLUMNS} FROM segments s JOIN runs r ON r.workspace_id = s.workspace_id AND r.segment_id = s.id
    WHERE {VISIBLE_SEGMENT} AND r.id = ANY($4)
"""  # noqa: S608 - constants only

Asked = tuple[int, PageRequest]
"""A segment, which the caller has found visible, and which page of its runs."""


async def pages(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, Page[RunView]]:
    """The pages asked for, with one statement for each page request. Raises BadCursor, Invalid, TooMany."""
    found: dict[Asked, Page[RunView]] = {}
    for request in dict.fromkeys(request for _, request in asked):
        segment_ids = [segment_id for segment_id, one in asked if one == request]
        selects = [
            f"SELECT {_COLUMNS} /*keys*/ FROM runs r WHERE r.workspace_id = $1 AND r.segment_id = ${number}"  # noqa: S608
            for number in range(2, len(segment_ids) + 2)
        ]
        async with database() as connection:
            cut = await fetch_pages(
                connection, selects, [viewer.workspace_id, *segment_ids], NEWEST_FIRST, request, _view
            )
        found |= {(segment_id, request): page for segment_id, page in zip(segment_ids, cut, strict=True)}
    return found


async def get_many(viewer: Viewer, run_ids: Sequence[int]) -> dict[int, RunView]:
    """Those of the runs that are of segments which the viewer may see, by id."""
    async with database() as connection:
        rows = await connection.fetch(BY_ID, *visibility_arguments(viewer), list(run_ids))
    return {row["id"]: _view(row) for row in rows}


async def counts(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, int]:
    """How many runs the segments have; one that has none is absent."""
    async with database() as connection:
        rows = await connection.fetch(COUNTS, viewer.workspace_id, list(segment_ids))
    return {row["segment_id"]: row["count"] for row in rows}


def _view(row: asyncpg.Record) -> RunView:
    values = {one.name: row[one.name] for one in fields(RunView)}
    values["trigger"] = RunTrigger(values["trigger"])
    values["status"] = RunStatus(values["status"])
    return RunView(**values)
