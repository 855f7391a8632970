"""The sources of a playbook: which segments it adds to, and what its coming and going sets in motion there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from seggraph.access import VISIBLE_SEGMENT, Viewer, require_segment_management, visibility_arguments
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Forbidden, Invalid, NotFound, Required, TooMany
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.segments import rows as segment_rows
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import MemberKind, SegmentStatus, SegmentTransition, SegmentType

MAX_SEGMENTS: Final = 100
"""Most segments that one playbook adds to."""
MAX_PLAYBOOKS: Final = 100
"""Most playbooks that add to one segment: a run evaluates all of them."""

PATH: Final = "addToSegmentIds"

FED = "SELECT segment_id FROM sources WHERE workspace_id = $1 AND playbook_id = $2"

VISIBLE: Final = f"SELECT s.id FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = ANY($4)"  # noqa: S608

# A playbook that comes back finds the blocks that it had.
ADD = """
    WITH added AS (
      INSERT INTO sources (workspace_id, segment_id, kind, playbook_id, created_at)
      SELECT $1, segment_id, 'PLAYBOOK', $2, now() FROM unnest($3::bigint[]) AS segment_id ORDER BY segment_id
      RETURNING id, segment_id
    ), former AS (
      DELETE FROM former_sources WHERE workspace_id = $1 AND playbook_id = $2 AND segment_id = ANY($3)
      RETURNING id, segment_id
    )
    UPDATE chunks c SET role = 3, owner_id = a.id FROM former f JOIN added a ON a.segment_id = f.segment_id
    WHERE c.workspace_id = $1 AND c.role = 4 AND c.owner_id = f.id
"""

CROWDED = """
    SELECT min(segment_id) FROM (
      SELECT segment_id FROM sources WHERE workspace_id = $1 AND segment_id = ANY($2) AND playbook_id IS NOT NULL
      GROUP BY segment_id HAVING count(*) > $3
    ) AS crowded
"""

# Whom a person removed stays blocked for this playbook: its blocks are kept apart from the segment's sources.
REMOVE = """
    WITH gone AS (
      DELETE FROM sources WHERE workspace_id = $1 AND playbook_id = $2 AND segment_id = ANY($3)
      RETURNING id, segment_id
    ), links AS (
      DELETE FROM chunks WHERE workspace_id = $1 AND role = 2 AND owner_id IN (SELECT id FROM gone)
    ), blocks AS (
      UPDATE chunks SET role = 4 WHERE workspace_id = $1 AND role = 3 AND owner_id IN (SELECT id FROM gone)
      RETURNING owner_id
    )
    INSERT INTO former_sources (id, workspace_id, segment_id, playbook_id)
    SELECT id, $1, segment_id, $2 FROM gone WHERE id IN (SELECT owner_id FROM blocks)
"""

FORGET = """
    WITH former AS (
      DELETE FROM former_sources WHERE workspace_id = $1 AND playbook_id = $2 RETURNING id
    )
    DELETE FROM chunks WHERE workspace_id = $1 AND role = 4 AND owner_id IN (SELECT id FROM former)
"""


@dataclass(frozen=True, slots=True)
class Feeding:
    """The segments that a playbook adds to after a change, and those that it does not add to any more."""

    kept: Sequence[SegmentView]
    added: Sequence[SegmentView]
    removed: Sequence[SegmentView]

    @property
    def after(self) -> list[SegmentView]:
        """All that it adds to now."""
        return [*self.kept, *self.added]


async def hold(
    unit: UnitOfWork, viewer: Viewer, playbook_id: int, kind: MemberKind, wanted: Sequence[int] | None
) -> Feeding:
    """Hold the segments that the playbook adds to and, if `wanted` is given, is to add to from now on.

    Segments that it adds to and that the viewer does not see stay. Raises Required, TooMany; NotFound, Forbidden,
    Invalid and BadTransition with the index of a segment that can not be added to; and Forbidden for team members
    who did not create all of those that it adds to.
    """
    rows = await unit.connection.fetch(FED, viewer.workspace_id, playbook_id)
    fed = {row["segment_id"] for row in rows}
    _require_number(wanted)
    held = await segment_rows.hold_any(unit, viewer.workspace_id, fed | set(wanted or ()))
    fed &= held.keys()
    for segment_id in fed:
        _require_own(viewer, held[segment_id])
    if wanted is None:
        return Feeding([held[segment_id] for segment_id in sorted(fed)], [], [])
    seen = await _visible(unit, viewer, held)
    for index, segment_id in enumerate(wanted):
        if segment_id not in seen:
            raise NotFound("There is no such segment.", path=(PATH, index))
        if segment_id not in fed:
            _require_feedable(viewer, kind, held[segment_id], index)
    kept = {segment_id for segment_id in fed if segment_id in wanted or segment_id not in seen}
    return Feeding(
        kept=[held[segment_id] for segment_id in sorted(kept)],
        added=[held[segment_id] for segment_id in sorted(set(wanted) - fed)],
        removed=[held[segment_id] for segment_id in sorted(fed - kept)],
    )


async def write(unit: UnitOfWork, viewer: Viewer, playbook_id: int, feeding: Feeding) -> None:
    """Make the sources, and take those away that are no more, with their links; blocks wait for the playbook.

    Raises TooMany.
    """
    added = [segment.id for segment in feeding.added]
    await unit.connection.execute(ADD, viewer.workspace_id, playbook_id, added)
    crowded = await unit.connection.fetchval(CROWDED, viewer.workspace_id, added, MAX_PLAYBOOKS)
    if crowded is not None:
        name = next(segment.name for segment in feeding.added if segment.id == crowded)
        raise TooMany(f'{MAX_PLAYBOOKS} playbooks add to "{name}" already.', path=(PATH,))
    removed = [segment.id for segment in feeding.removed]
    await unit.connection.execute(REMOVE, viewer.workspace_id, playbook_id, removed)


async def forget(unit: UnitOfWork, viewer: Viewer, playbook_id: int) -> None:
    """Forget the blocks that wait for a playbook that is deleted."""
    await unit.connection.execute(FORGET, viewer.workspace_id, playbook_id)


async def compute(
    context: Context, unit: UnitOfWork, viewer: Viewer, segments: Iterable[SegmentView]
) -> None:
    """Have those of the segments computed that are ACTIVE. Others are computed when they become so."""
    for segment in segments:
        if segment.status is SegmentStatus.ACTIVE:
            await segment_rows.compute(context, unit, viewer.workspace_id, segment.id, segment.status)


async def compute_filled(
    context: Context, unit: UnitOfWork, viewer: Viewer, segments: Collection[SegmentView]
) -> None:
    """Have segments computed that an ACTIVE playbook adds to, and make the STATIC drafts among them ACTIVE.

    They have what they need by it. A DYNAMIC draft waits for its own criteria.
    """
    await compute(context, unit, viewer, segments)
    for segment in segments:
        if segment.status is SegmentStatus.DRAFT and segment.type is SegmentType.STATIC:
            await segment_rows.activate(context, unit, viewer, segment.id)


def _require_number(wanted: Sequence[int] | None) -> None:
    if wanted is None:
        return
    if not wanted:
        raise Required("Say which segments it adds to; without any, delete it.", path=(PATH,))
    if len(set(wanted)) > MAX_SEGMENTS:
        raise TooMany(f"A playbook adds to at most {MAX_SEGMENTS} segments.", path=(PATH,))


def _require_own(viewer: Viewer, segment: SegmentView) -> None:
    """Raise Forbidden for a team member whose playbook adds to another user's segment by a third user's edit."""
    if not viewer.manages_all and segment.created_by_id != viewer.user_id:
        raise Forbidden(
            "This playbook adds to segments that you did not create: a leader or an administrator may change it."
        )


async def _visible(unit: UnitOfWork, viewer: Viewer, segment_ids: Iterable[int]) -> set[int]:
    rows = await unit.connection.fetch(VISIBLE, *visibility_arguments(viewer), list(segment_ids))
    return {row["id"] for row in rows}


def _require_feedable(viewer: Viewer, kind: MemberKind, segment: SegmentView, index: int) -> None:
    path = (PATH, index)
    try:
        require_segment_management(viewer, created_by_id=segment.created_by_id)
    except Forbidden as error:
        raise Forbidden(error.message, path=path) from error
    if segment.kind is not kind:
        message = f'"{segment.name}" holds {segment.kind.name}, the playbook adds {kind.name}.'
        raise Invalid(message, path=path)
    segment_life.require_possible(segment, SegmentTransition.EDIT, path=path)
