"""What relies on a segment, in the schema."""

from collections.abc import Iterable

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.services.segments.usages import Usage, UserType
from seggraph.services.segments.views import SegmentView
from seggraph.transport.loading import awaits_loaders
from seggraph.transport.records import reads
from seggraph.vocabulary import SegmentUse


@strawberry.type(description="A link to something that relies on a segment.")
class SegmentUsage:
    """Something that relies on a segment, and in which way."""

    id: strawberry.ID = strawberry.field(description="Its global id, which node finds.")
    name: str = strawberry.field(description="Its name.")
    status: str = strawberry.field(description="Its status, by the name that its own type gives it.")
    use: SegmentUse = strawberry.field(description="In which way it relies on the segment.")
    holds: bool = strawberry.field(
        description="Whether it keeps the segment from being archived. Anything here keeps it from being deleted."
    )


@strawberry.type(description="What relies on a segment. What you may not see is only counted.")
class SegmentUsages:
    """The users of a segment by what they are."""

    campaigns: list[SegmentUsage] = strawberry.field(description="Campaigns that it is attached to.")
    segments: list[SegmentUsage] = strawberry.field(description="Segments whose criteria refer to it.")
    playbooks: list[SegmentUsage] = strawberry.field(
        description="Playbooks that add to it, or whose criteria refer to it."
    )
    destinations: list[SegmentUsage] = strawberry.field(description="Destinations that it is delivered to.")
    hidden_count: int = strawberry.field(description="How many more there are that you may not see.")

    @staticmethod
    def of(usages: Iterable[Usage]) -> "SegmentUsages":
        """The usages as the service found them."""
        found: dict[UserType, list[SegmentUsage]] = {type_: [] for type_ in UserType}
        hidden = set()
        for usage in usages:
            if usage.visible:
                found[usage.type].append(_link(usage))
            else:
                hidden.add((usage.type, usage.id))
        return SegmentUsages(
            campaigns=found[UserType.CAMPAIGN],
            segments=found[UserType.SEGMENT],
            playbooks=found[UserType.PLAYBOOK],
            destinations=found[UserType.DESTINATION],
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
        description="What relies on it: campaigns, segments, playbooks and destinations.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def usages(self, info: Info) -> SegmentUsages:
        """Look it up for the whole page at once."""
        return SegmentUsages.of(await caller_of(info).loaders.segments.usages.load(self.view.id))
