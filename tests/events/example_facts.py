"""Facts for tests, told apart by their revision."""

from datetime import UTC, datetime

from seggraph.events.facts import MembershipChanged, ReachChanged
from seggraph.vocabulary import ReachStatus

AT = datetime(2026, 11, 22, 8, 30, 15, 250_000, tzinfo=UTC)


def reach(workspace_id: int, revision: int, *, segment_id: int = 7) -> ReachChanged:
    return ReachChanged(
        workspace_id=workspace_id,
        at=AT,
        segment_id=segment_id,
        revision=revision,
        reach_status=ReachStatus.READY,
    )


def entered(workspace_id: int, revision: int, count: int = 1, *, segment_id: int = 7) -> MembershipChanged:
    return MembershipChanged(
        workspace_id=workspace_id,
        at=AT,
        segment_id=segment_id,
        revision=revision,
        entered=count,
        exited=0,
        entered_sample=(revision,),
    )
