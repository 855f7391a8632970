"""Members that were removed from a segment manually, in the schema: who they are, and what may not add them."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.links.playbook_links import LinkedPlaybook, playbooks_seen
from seggraph.api.members.members import Member
from seggraph.services.segments import blocked_members
from seggraph.services.segments.blocked_members import Block, BlockedPage
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import SourceKind


@strawberry.type(
    description="A member that was removed from a segment manually, with what may not add it again."
)
class BlockedMemberEdge(Edge[Member]):
    """Relay's edge, with the sources."""

    blocks: strawberry.Private[list[Block]]

    @strawberry.field(description="The kinds of sources that may not add the member.")
    def sources(self) -> list[SourceKind]:
        """Each kind once."""
        return list(dict.fromkeys(block.kind for block in self._blocking))

    @strawberry.field(
        description="The playbooks that may not add the member, of those that you may see. One that does not add"
        " to the segment now may not when it does again."
    )
    @awaits_loaders
    async def playbooks(self, info: Info) -> list[LinkedPlaybook]:
        """Look them up for the whole page at once."""
        found = (block.playbook_id for block in self._blocking)
        return await playbooks_seen(info, [number for number in found if number is not None])

    @property
    def _blocking(self) -> list[Block]:
        return [block for block in self.blocks if self.item.ordinal in block.ordinals]


@strawberry.type(description="A page of the members that were removed from a segment manually.")
class BlockedMemberConnection(CountedConnection[Member, BlockedMemberEdge]):
    """Relay's connection, with what blocks each member."""

    blocks: strawberry.Private[list[Block]]

    def edge(self, index: int) -> BlockedMemberEdge:
        """The edge of a member."""
        return BlockedMemberEdge(page=self.page, index=index, make=self.make, blocks=self.blocks)

    @staticmethod
    def of_page(found: BlockedPage) -> "BlockedMemberConnection":
        """The connection of a page."""

        async def count() -> int:
            return len(found.members)

        return BlockedMemberConnection(
            page=found.page, make=Member.of, count=count, blocks=list(found.blocks)
        )


@strawberry.type
class SegmentBlockFields:
    """What of a segment is blocked."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The members that were removed manually, oldest first: criteria and playbooks may not add"
        " them. unblockSegmentMembers gives them back. A member may be in the segment all the same, because of a"
        " manual addition or an import."
    )
    async def blocked_members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> BlockedMemberConnection:
        """A page of them."""
        request = request_of(first, after, last, before)
        found = await blocked_members.list_page(caller_of(info).viewer, self.view, request)
        return BlockedMemberConnection.of_page(found)
