"""What fills a segment, and how current its members are, in the schema."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.api.links.playbook_links import LinkedPlaybook, playbook_of
from seggraph.services.memberships.memberships import SourceView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import SourceKind


@strawberry.type(description="How current the members of a segment are.")
class Freshness:
    """What was asked for, what was computed, and what is still to be looked at."""

    as_of: datetime | None = strawberry.field(
        description="The time of the data from which the numbers were calculated; null before the first"
        " calculation."
    )
    lag_seconds: float | None = strawberry.field(
        description="How long the oldest change that is not evaluated yet has waited, in seconds; 0 if there"
        " is none."
    )
    pending_changes: int = strawberry.field(
        description="How many changed members of the kind are not evaluated yet. It is read after the"
        " segment: counts of the same answer may be slightly older; counts that you query after"
        " it is 0 are complete."
    )
    computed_revision: int | None = strawberry.field(
        description="The revision from which the numbers were calculated; null before the first calculation."
    )
    requested_revision: int = strawberry.field(
        description="The revision that was requested last. If it equals computedRevision, the numbers are up"
        " to date."
    )


@strawberry.type(description="A source: something that adds members to a segment.")
class SegmentSource:
    """Criteria, a playbook, manual changes, or imports."""

    kind: SourceKind = strawberry.field(description="The kind of the source.")
    playbook_id: strawberry.Private[int | None]
    member_count: int = strawberry.field(
        description="How many members are in the segment because of this source."
    )
    blocked_count: int = strawberry.field(
        description="How many members this source may not add because they were removed manually."
    )

    @strawberry.field(description="The playbook; null for other sources, or if you may not see it.")
    @awaits_loaders
    async def playbook(self, info: Info) -> LinkedPlaybook | None:
        """Look it up for all sources at once."""
        return await playbook_of(info, self.playbook_id)

    @staticmethod
    def of(view: SourceView) -> "SegmentSource":
        """The source as the service reads it."""
        return SegmentSource(
            kind=view.kind,
            playbook_id=view.playbook_id,
            member_count=view.member_count,
            blocked_count=view.blocked_count,
        )
