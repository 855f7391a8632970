"""Segments by id, with their sources, members, usages and customer value."""

from datetime import UTC, datetime
from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.errors import SeggraphError
from seggraph.services.changes import freshness
from seggraph.services.changes.freshness import Pending
from seggraph.services.customer_value import audience_values, customer_values
from seggraph.services.customer_value.customer_values import CustomerValue
from seggraph.services.memberships import memberships
from seggraph.services.memberships.memberships import SourceView
from seggraph.services.segments import members as segment_members
from seggraph.services.segments import usages as segment_usages
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.members import SegmentPage, SegmentPageRequest
from seggraph.services.segments.usages import Usage
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import DataLoader
from seggraph.vocabulary import MemberKind


class SegmentLoaders(NounLoaders):
    """Segments by id, with their sources, members, usages and customer value."""

    @cached_property
    def by_id(self) -> DataLoader[int, SegmentView | None]:
        """Segments that the viewer sees, by id."""
        return by_key(lambda ids: segment_views.get_many(self._viewer, ids), None)

    @cached_property
    def sources(self) -> DataLoader[int, list[SourceView]]:
        """Sources by segment id."""
        return by_key(lambda ids: memberships.sources(self._viewer, ids), [])

    @cached_property
    def hidden_from(self) -> DataLoader[int, list[int]]:
        """The users that a segment is hidden from, by segment id."""
        return by_key(lambda ids: segment_views.users_hidden_from(self._viewer, ids), [])

    @cached_property
    def member_pages(self) -> DataLoader[tuple[SegmentPageRequest, int], SegmentPage]:
        """Pages of segments' members, by what is asked for and the segment's id."""

        async def load(
            asked: list[tuple[SegmentPageRequest, int]],
        ) -> list[SegmentPage | BaseException]:
            by_request: dict[SegmentPageRequest, list[int]] = {}
            for request, segment_id in asked:
                by_request.setdefault(request, []).append(segment_id)
            found: dict[tuple[SegmentPageRequest, int], SegmentPage | BaseException] = {}
            for request, segment_ids in by_request.items():
                try:
                    pages = await segment_members.pages(
                        self._services, self._viewer, request, dict.fromkeys(segment_ids)
                    )
                except SeggraphError as error:
                    found |= {(request, segment_id): error for segment_id in segment_ids}
                else:
                    found |= {(request, segment_id): page for segment_id, page in pages.items()}
            return [found[one] for one in asked]

        return DataLoader(load_fn=load)

    @cached_property
    def pending_changes(self) -> DataLoader[MemberKind, Pending]:
        """Changes that were not looked at, by kind."""
        return by_key(lambda kinds: freshness.pending(self._viewer, kinds), Pending(0, 0.0))

    @cached_property
    def usages(self) -> DataLoader[int, list[Usage]]:
        """What relies on a segment, by its id."""
        return by_key(lambda ids: segment_usages.of_segments(self._viewer, ids), [])

    @cached_property
    def values(self) -> DataLoader[int, CustomerValue]:
        """The customer value of segments, by their ids."""
        return by_key(
            lambda ids: audience_values.of_segments(self._viewer, ids),
            customer_values.value_of([], datetime.now(UTC)),
        )
