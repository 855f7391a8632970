"""Segments that refer to segments: what may be referred to, that nothing goes round in circles, and who follows whom.

A segment that others refer to changes for them when its membership does: those members are marked as changed, in the
same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.criteria import Checked, Reference, references
from seggraph.errors import BadValue, CriteriaError, Path, Problems, SegmentCycle
from seggraph.services import changes
from seggraph.services.context import Context
from seggraph.services.policy import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.services.shifts import Shift
from seggraph.vocabulary import MemberKind, SegmentStatus
from seggraph.work import Work

LOCK_SPACE: Final = 0x5E66_0600
"""The first key of the advisory lock under which criteria that refer to segments are saved, one at a time."""

TAKE_TURN = "SELECT pg_advisory_xact_lock($1, hashint8($2))"

FIND: Final = f"""
    SELECT s.id, s.kind, s.name, s.status FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = ANY($4)
"""  # noqa: S608 - constants only

EDGES = """
    SELECT s.id, s.name, (r.id #>> '{}')::bigint AS refers_to
    FROM segments s, jsonb_path_query(s.criteria, '$.**.segment.id') AS r(id)
    WHERE s.workspace_id = $1 AND s.criteria @? '$.**.segment.id'
"""

REFERRED_TO = """
    SELECT DISTINCT (r.id #>> '{}')::bigint AS id
    FROM segments s, jsonb_path_query(s.criteria, '$.**.segment.id') AS r(id)
    WHERE s.workspace_id = $1 AND s.kind = $2 AND s.status = 'ACTIVE' AND s.criteria @? '$.**.segment.id'
"""


async def require_usable(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, tree: Checked, *, path: Path
) -> list[Reference]:
    """The references in criteria, all to segments that the viewer sees, of the right kind and not archived.

    Raises CRITERIA_BAD_VALUE, or Problems of several, with the path of each id.
    """
    found = references(tree, kind, path=path)
    if not found:
        return []
    ids = [reference.segment_id for reference in found]
    rows = {row["id"]: row for row in await connection.fetch(FIND, *visibility_arguments(viewer), ids)}
    problems = [
        problem
        for reference in found
        if (problem := _problem(reference, rows.get(reference.segment_id))) is not None
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems)
    return found


def _problem(reference: Reference, row: asyncpg.Record | None) -> CriteriaError | None:
    if row is None:
        return BadValue("There is no segment with this id.", path=reference.path)
    if row["kind"] != reference.kind:
        kind = MemberKind(row["kind"]).name
        message = f'"{row["name"]}" holds {kind}, here a segment of {reference.kind.name} is needed.'
        return BadValue(message, path=reference.path)
    if row["status"] == SegmentStatus.ARCHIVED:
        return BadValue(f'"{row["name"]}" is archived; take another segment.', path=reference.path)
    return None


async def require_acyclic(
    connection: asyncpg.Connection, viewer: Viewer, segment_id: int, found: Sequence[Reference]
) -> None:
    """Raise SegmentCycle if a segment with these references would come to depend on itself.

    Until the transaction ends nobody else in the workspace saves criteria that refer to segments.
    """
    if not found:
        return
    await connection.execute(TAKE_TURN, LOCK_SPACE, viewer.workspace_id)
    names: dict[int, str] = {}
    edges: dict[int, list[int]] = {}
    for row in await connection.fetch(EDGES, viewer.workspace_id):
        names[row["id"]] = row["name"]
        edges.setdefault(row["id"], []).append(row["refers_to"])
    for reference in found:
        way = way_to(segment_id, reference.segment_id, edges)
        if way is not None:
            through = " → ".join(f'"{names.get(one, one)}"' for one in way[:-1])
            message = f"These criteria would depend on themselves: {through} leads back to this segment."
            raise SegmentCycle(
                message if len(way) > 1 else "A segment can not refer to itself.", path=reference.path
            )


def way_to(goal: int, start: int, edges: Mapping[int, Iterable[int]]) -> list[int] | None:
    """The nodes from a start up to a goal along edges, or None if no way leads there."""
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node == goal:
            way: list[int] = []
            step: int | None = node
            while step is not None:
                way.append(step)
                step = came_from[step]
            return way[::-1]
        for following in edges.get(node, ()):
            if following not in came_from:
                came_from[following] = node
                waiting.append(following)
    return None


async def mark_followers(
    context: Context, unit: Work, workspace_id: int, kind: MemberKind, shifts: Sequence[Shift]
) -> None:
    """Mark the members that moved in segments to which ACTIVE ones of the kind refer.

    It comes to an end because references never go round in circles.
    """
    if not shifts:
        return
    referred = {row["id"] for row in await unit.connection.fetch(REFERRED_TO, workspace_id, kind)}
    moved = [one for one in shifts if one.segment_id in referred]
    ordinals = BitMap.union(BitMap(), *(one.entered | one.exited for one in moved))
    names = {f"segment:{one.segment_id}" for one in moved}
    await changes.mark(context, unit, workspace_id, kind, ordinals, names)
