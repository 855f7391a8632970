"""What relies on a segment, in the schema."""

from collections.abc import Iterable

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.services.segments.usages import Usage, UserType
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads
from seggraph.vocabulary import SegmentUse


@strawberry.type(description="Something that uses a segment.")
class SegmentUsage:
    """Something that relies on a segment, and in which way."""

    id: strawberry.ID = strawberry.field(
        description="The global id of what uses the segment; the query node finds it."
    )
    name: str = strawberry.field(description="The name of what uses the segment.")
    status: str = strawberry.field(
        description="The status of what uses the segment, a value of its own status enum."
    )
    use: SegmentUse = strawberry.field(description="How it uses the segment.")
    holds: bool = strawberry.field(
        description="Whether it prevents archiving the segment. Every usage prevents deleting it."
    )


@strawberry.type(description="What uses a segment. Usages that you may not see are only counted.")
class SegmentUsages:
    """The users of a segment by what they are."""

    campaigns: list[SegmentUsage] = strawberry.field(description="The campaigns that use the segment.")
    segments: list[SegmentUsage] = strawberry.field(description="The segments whose criteria refer to it.")
    playbooks: list[SegmentUsage] = strawberry.field(
        description="The playbooks that add members to it, or whose criteria refer to it."
    )
    destinations: list[SegmentUsage] = strawberry.field(
        description="The destinations that it is delivered to."
    )
    hidden_count: int = strawberry.field(description="How many more usages there are that you may not see.")

    @staticmethod
    def of(usages: Iterable[Usage]) -> "SegmentUsages":
        """The usages as the service found them."""
        by_user: dict[UserType, list[SegmentUsage]] = {type_: [] for type_ in UserType}
        hidden = set()
        for usage in usages:
            if usage.visible:
                by_user[usage.type].append(_link(usage))
            else:
                hidden.add((usage.type, usage.id))
        return SegmentUsages(
            campaigns=by_user[UserType.CAMPAIGN],
            segments=by_user[UserType.SEGMENT],
            playbooks=by_user[UserType.PLAYBOOK],
            destinations=by_user[UserType.DESTINATION],
            hidden_count=len(hidden),
        )


def _link(usage: Usage) -> SegmentUsage:
    return SegmentUsage(
        id=ids.encode(usage.type.title(), usage.id),
        name=usage.name,
        status=usage.status,
        use=usage.use,
        holds=usage.needs,
    )


@strawberry.type
class SegmentUsageFields:
    """The part of Segment that says what relies on it."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="What uses the segment: campaigns, other segments, playbooks and destinations.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def usages(self, info: Info) -> SegmentUsages:
        """Look it up for the whole page at once."""
        return SegmentUsages.of(await caller_of(info).loaders.segments.usages.load(self.view.id))
