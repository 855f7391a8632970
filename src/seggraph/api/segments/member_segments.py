"""The segments of a member in the schema: which ones hold it, since when, and by what."""

from datetime import datetime
from itertools import chain
from typing import Final, cast

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.paging import TOTAL_COUNT, Connection, Edge
from seggraph.api.links.playbook_links import LinkedPlaybook, kinds_holding, playbooks_holding
from seggraph.api.segments.segments import Segment
from seggraph.database.paging import Key, Order, Page, PageRequest, decode_cursor, encode_cursor
from seggraph.services.memberships import memberships
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import of_page
from seggraph.vocabulary import MemberKind, SourceKind

NEWEST_FIRST: Final = Order("member.segments", (Key("id", "bigint"),), descending=True)


@strawberry.type(description="A segment in a list of a member's segments, with how the member entered it.")
class MemberSegmentEdge(Edge[Segment]):
    """Relay's edge, with how the member came in."""

    ordinal: strawberry.Private[int]

    @property
    def segment_id(self) -> int:
        """The number of the segment."""
        number: int = self.item.id
        return number

    @strawberry.field(
        description="When the member last entered the segment.",
        metadata=of_page(
            lambda connection: [(item.id, [connection.ordinal]) for item in connection.page.items],
            lambda info, lists: memberships.entered_in(
                caller_of(info).viewer, list(chain.from_iterable(lists))
            ),
        ),
    )
    @awaits_loaders
    async def entered_at(self, info: Info) -> datetime | None:
        """Look it up for all members and segments at once."""
        return await caller_of(info).loaders.memberships.entered_at.load((self.segment_id, self.ordinal))

    @strawberry.field(description="The kinds of sources because of which the member is in the segment.")
    @awaits_loaders
    async def sources(self, info: Info) -> list[SourceKind]:
        """Look it up for all members and segments at once."""
        return await kinds_holding(info, self.segment_id, self.ordinal)

    @strawberry.field(
        description="The playbooks because of which the member is in the segment, of those that you may see."
    )
    @awaits_loaders
    async def playbooks(self, info: Info) -> list[LinkedPlaybook]:
        """Look them up for all members and segments at once."""
        return await playbooks_holding(info, self.segment_id, self.ordinal)


@strawberry.type(
    description="A page of the segments that a member is in, of those that you may see. Archived ones are left out."
)
class MemberSegmentConnection(Connection[Segment, MemberSegmentEdge]):
    """Relay's connection: the number of segments is known, so that counting them costs nothing."""

    ordinal: strawberry.Private[int]
    total_count: int = strawberry.field(description=TOTAL_COUNT)

    def edge(self, index: int) -> MemberSegmentEdge:
        """The edge of a segment."""
        return MemberSegmentEdge(page=self.page, index=index, make=self.make, ordinal=self.ordinal)


async def page_of(
    info: Info, kind: MemberKind, ordinal: int, request: PageRequest
) -> MemberSegmentConnection:
    """A page of a member's segments. Raises BadCursor, Invalid, TooMany."""
    loaders = caller_of(info).loaders
    size, after, before = request.size, _number(request.after, "after"), _number(request.before, "before")
    held_by = await loaders.memberships.segment_ids.load((kind, ordinal))
    within = [
        number
        for number in held_by
        if (after is None or number < after) and (before is None or number > before)
    ]
    shown = within[max(0, len(within) - size) :] if request.backwards else within[:size]
    views = await loaders.segments.by_id.load_many(shown)
    seen = [view for view in views if view is not None]  # one may have been hidden in between
    cursors = [encode_cursor(NEWEST_FIRST, [view.id]) for view in seen]
    has_more = len(within) > size
    page = Page(
        seen,
        cursors,
        has_next=before is not None if request.backwards else has_more,
        has_previous=has_more if request.backwards else after is not None,
    )
    return MemberSegmentConnection(page=page, make=Segment.of, ordinal=ordinal, total_count=len(held_by))


def _number(cursor: str | None, path: str) -> int | None:
    """The id of the segment in a cursor."""
    return None if cursor is None else cast(int, decode_cursor(NEWEST_FIRST, cursor, path=path)[0])
