"""Segments that refer to segments: what may be referred to, that there are no circles, and which follow others.

A segment that others refer to changes for them when its membership does: those members are marked as changed, in the
same transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.context import Context
from seggraph.criteria import Checked, Reference, references
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import BadTransition, BadValue, CriteriaError, Path, Problems, SegmentCycle
from seggraph.services.changes import changes
from seggraph.services.memberships.deltas import MembershipDelta
from seggraph.services.rules import dependencies
from seggraph.vocabulary import MemberKind, SegmentStatus

FIND: Final = f"""
    SELECT s.id, s.kind, s.name, s.status FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = ANY($4)
"""  # noqa: S608 - constants only

EDGES = """
    SELECT s.id, (r.id #>> '{}')::bigint AS refers_to
    FROM segments s, jsonb_path_query(s.criteria, '$.**.segment.id') AS r(id)
    WHERE s.workspace_id = $1 AND s.criteria @? '$.**.segment.id'
    UNION ALL
    SELECT s.id, (r.id #>> '{}')::bigint
    FROM playbooks p JOIN sources o ON o.workspace_id = $1 AND o.playbook_id = p.id
    JOIN segments s ON s.id = o.segment_id, jsonb_path_query(p.criteria, '$.**.segment.id') AS r(id)
    WHERE p.workspace_id = $1 AND p.criteria @? '$.**.segment.id'
"""
"""Which segment depends on which: by its own criteria, or by those of a playbook that adds to it, PAUSED or not."""

GONE: Final = f"""
    SELECT s.name, ({VISIBLE_SEGMENT}) AS visible
    FROM jsonb_path_query($4::jsonb, '$.**.segment.id') AS r(id)
    LEFT JOIN segments s ON s.workspace_id = $1 AND s.id = (r.id #>> '{{}}')::bigint
    WHERE s.id IS NULL OR s.status = 'ARCHIVED' ORDER BY s.name NULLS LAST LIMIT 1
"""  # noqa: S608 - constants only


async def require_live(
    connection: asyncpg.Connection, viewer: Viewer, criteria: Mapping[str, Any] | None
) -> None:
    """Raise BadTransition if stored criteria refer to a segment that is archived or gone.

    It takes the exclusive lock of references.
    """
    document = orjson.dumps(criteria).decode()
    if '"segment"' not in document:
        return
    await dependencies.lock_references_exclusive(connection, viewer.workspace_id)
    gone = await connection.fetchrow(GONE, *visibility_arguments(viewer), document)
    if gone is not None:
        what = f'"{gone["name"]}"' if gone["visible"] else "a segment that you may not see"
        how = "which is archived: unarchive that first" if gone["name"] is not None else "which is gone"
        raise BadTransition(f"Its criteria refer to {what}, {how}.", path=("id",))


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
    connection: asyncpg.Connection, viewer: Viewer, segment_ids: Collection[int], found: Sequence[Reference]
) -> None:
    """Raise SegmentCycle if one of the segments, with these references, would come to depend on itself.

    Until the transaction ends no other one in the workspace saves criteria that refer to segments.
    """
    if not found:
        return
    await dependencies.lock_references_exclusive(connection, viewer.workspace_id)
    await require_acyclic_now(connection, viewer, segment_ids, found)


async def require_acyclic_now(
    connection: asyncpg.Connection, viewer: Viewer, segment_ids: Collection[int], found: Sequence[Reference]
) -> None:
    """The same without waiting for anybody: for criteria that are not saved."""
    if not found:
        return
    edges: dict[int, list[int]] = {}
    for row in await connection.fetch(EDGES, viewer.workspace_id):
        edges.setdefault(row["id"], []).append(row["refers_to"])
    for reference in found:
        way = way_to(segment_ids, reference.segment_id, edges)
        if way is not None:
            rows = await connection.fetch(FIND, *visibility_arguments(viewer), way)
            names = {row["id"]: row["name"] for row in rows}
            through = " → ".join(
                f'"{names[one]}"' if one in names else "a segment that you may not see" for one in way[:-1]
            )
            message = f"These criteria would depend on themselves: {through} leads back to this segment."
            if len(way) == 1:
                message = "A segment can not refer to itself: these criteria fill it."
            raise SegmentCycle(message, path=reference.path)


def way_to(goals: Collection[int], start: int, edges: Mapping[int, Iterable[int]]) -> list[int] | None:
    """The nodes from a start up to one of the goals along edges, or None if no way leads there."""
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node in goals:
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
    context: Context, unit: UnitOfWork, workspace_id: int, kind: MemberKind, deltas: Sequence[MembershipDelta]
) -> None:
    """Mark the members that entered or exited segments to which ACTIVE ones refer, of this kind or another.

    Call it when the rows of segments that the unit needs are held. It comes to an end because references never go
    round in circles.
    """
    moved = {changes.of_segment(delta.segment_id): delta.change.ordinals for delta in deltas if delta.change}
    if not moved:
        return
    for name in await dependencies.read_by_anyone(unit.connection, workspace_id, kind, list(moved)):
        await changes.mark(context, unit, workspace_id, kind, moved[name], [name])
