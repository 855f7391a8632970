"""Segments that a subscriber may see no more: which they are, and what of them is still shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seggraph.access import Viewer, sees_segment
from seggraph.api.base import ids
from seggraph.api.segments.segments import Segment
from seggraph.events import Fact, SegmentUpdated, UserChanged
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.views import COLUMNS, SegmentView
from seggraph.vocabulary import ReachStatus, SegmentAction, SegmentOrigin, SegmentStatus, Visibility


def last_seen(viewer: Viewer, fact: Fact) -> SegmentView | None:
    """The segment that the viewer saw until this fact; None for who did not, and for other facts."""
    if not isinstance(fact, SegmentUpdated) or fact.last_seen is None:
        return None
    view = segment_views.restored(fact.last_seen)
    was_visible = sees_segment(
        viewer,
        visibility=view.visibility,
        created_by_id=view.created_by_id,
        hidden_from=fact.was_hidden_from,
    )
    return view if was_visible else None


async def by_role(viewer: Viewer, fact: UserChanged, segment_ids: Sequence[int] | None) -> list[SegmentView]:
    """The segments that the viewer saw by an earlier role, and does not by that of now, blank."""
    if fact.previous_role is None:
        return []
    earlier = replace(viewer, role=fact.previous_role)
    hidden = await segment_views.visible_ids(earlier) - await segment_views.visible_ids(viewer)
    wanted = sorted(hidden if segment_ids is None else hidden.intersection(segment_ids))
    return [_blank(view) for view in (await segment_views.get_many(earlier, wanted)).values()]


def _blank(view: SegmentView) -> SegmentView:
    """What may be shown of a segment that was edited, maybe, since the viewer last saw it: which one it is."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    known = {
        "id": view.id,
        "name": "",
        "kind": view.kind,
        "type": view.type,
        "status": SegmentStatus.DRAFT,
        "origin": SegmentOrigin.USER,
        "visibility": Visibility.PRIVATE,
        "version": 0,
        "requested_revision": 0,
        "computed_revision": 0,
        "reach_status": ReachStatus.NONE,
        "member_count": 0,
        "created_at": view.created_at,
        "last_action": SegmentAction.CREATED,
        "last_modified_at": view.created_at,
    }
    return SegmentView(**values | known)


def detached(view: SegmentView) -> Segment:
    """A segment as it was, with its id, from which nothing hangs: there is no segment 0 to look anything up of."""
    nothing = replace(view, id=0, criteria=None, folder_id=None, created_by_id=None, last_modified_by_id=None)
    segment = Segment.of(replace(nothing, created_by_key_id=None, last_modified_by_key_id=None))
    segment.id = ids.encode("Segment", view.id)
    return segment
