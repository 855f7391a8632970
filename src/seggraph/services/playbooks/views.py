"""Reading playbooks: one, many, or a page of them, as the viewer may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import VISIBLE_PLAYBOOK, Viewer, visibility_arguments
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.values.names import words_sought
from seggraph.vocabulary import MemberKind, PlaybookStatus, Visibility


@dataclass(frozen=True, slots=True)
class PlaybookView:
    """A playbook as it is read: the columns of models.playbooks.Playbook that clients see."""

    id: int
    name: str
    kind: MemberKind
    status: PlaybookStatus
    visibility: Visibility
    criteria: dict[str, Any]
    version: int
    created_by_id: int | None
    created_by_key_id: int | None
    created_at: datetime
    last_modified_at: datetime


COLUMNS: Final = tuple(field.name for field in fields(PlaybookView))

SELECT: Final = f"""
    SELECT {", ".join(f"p.{column}" for column in COLUMNS)} /*keys*/ FROM playbooks p WHERE {VISIBLE_PLAYBOOK}
"""  # noqa: S608 - constants only

FILTER: Final = """
    AND ($4::smallint[] IS NULL OR p.kind = ANY($4))
    AND ($5::text[] IS NULL OR p.status = ANY($5))
    AND NOT EXISTS (SELECT FROM unnest($6::text[]) AS word WHERE position(word IN p.name_key) = 0)
"""

COUNT: Final = f"SELECT count(*) FROM playbooks p WHERE {VISIBLE_PLAYBOOK} {FILTER}"  # noqa: S608

FED_SEGMENTS: Final = """
    SELECT playbook_id, segment_id FROM sources
    WHERE workspace_id = $1 AND playbook_id = ANY($2) ORDER BY playbook_id, segment_id
"""

NEWEST_FIRST: Final = Order("playbook", (Key("p.id", "bigint"),), descending=True)


@dataclass(frozen=True, slots=True)
class PlaybookFilter:
    """What a list of playbooks is narrowed to; None does not narrow."""

    kinds: Sequence[MemberKind] | None = None
    statuses: Sequence[PlaybookStatus] | None = None
    search: str | None = None

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The values of $4 to $6 in FILTER. Raises Invalid for a search that no name can match."""
        return self.kinds, self.statuses, words_sought(self.search)


async def get_many(viewer: Viewer, playbook_ids: Sequence[int]) -> dict[int, PlaybookView]:
    """Those of the playbooks that the viewer may see, by id."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND p.id = ANY($4)", *visibility_arguments(viewer), list(playbook_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def list_page(viewer: Viewer, filter_: PlaybookFilter, request: PageRequest) -> Page[PlaybookView]:
    """A page of the playbooks that the viewer may see, the newest first."""
    arguments = (*visibility_arguments(viewer), *filter_.arguments)
    async with database() as connection:
        return await fetch_page(connection, SELECT + FILTER, arguments, NEWEST_FIRST, request, view_of)


async def count(viewer: Viewer, filter_: PlaybookFilter) -> int:
    """How many playbooks the whole list has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, *visibility_arguments(viewer), *filter_.arguments)
    return found


async def fed_segments(viewer: Viewer, playbook_ids: Sequence[int]) -> dict[int, list[int]]:
    """The ids of the segments that each playbook adds to, whether or not the viewer may see them."""
    fed: dict[int, list[int]] = {playbook_id: [] for playbook_id in playbook_ids}
    async with database() as connection:
        for row in await connection.fetch(FED_SEGMENTS, viewer.workspace_id, list(playbook_ids)):
            fed[row["playbook_id"]].append(row["segment_id"])
    return fed


def view_of(row: asyncpg.Record) -> PlaybookView:
    """The view of a row of SELECT."""
    values = {column: row[column] for column in COLUMNS}
    values["kind"] = MemberKind(values["kind"])
    values["status"] = PlaybookStatus(values["status"])
    values["visibility"] = Visibility(values["visibility"])
    values["criteria"] = orjson.loads(values["criteria"])
    return PlaybookView(**values)
