"""The customer value of segments in the schema."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.events.events import CustomerValue
from seggraph.api.members.distributions import BucketCount, Distribution, FieldName, distribution_of
from seggraph.services.members import members
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads


@strawberry.type
class SegmentValueFields:
    """The part of Segment that says what its members are worth."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The customer value of the members, exact as of value.asOf. That is now, unless orders"
        " of very many members changed in the last minute.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def value(self, info: Info) -> CustomerValue:
        """Look it up for the whole page at once."""
        return CustomerValue.of(await caller_of(info).loaders.segments.values.load(self.view.id))

    @strawberry.field(
        description="How the values of a field are distributed over the members; of a number field also its sum,"
        " average and median."
    )
    async def distribution(self, info: Info, field: FieldName, buckets: BucketCount = None) -> Distribution:
        """Count the values."""
        viewer = caller_of(info).viewer
        audience = await members.audience_of(viewer, [self.view.id])
        return await distribution_of(viewer, self.view.kind, audience, field, buckets)
