"""Segments in the schema: the type and what hangs from it, and the connections."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

import orjson
import strawberry
from asyncpg import Record
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.enums import OrderDirection
from seggraph.api.base.node import Node, row_id
from seggraph.api.base.paging import (
    TOTAL_COUNT,
    TOTAL_COUNT_IS_ESTIMATE,
    After,
    Before,
    Connection,
    Edge,
    First,
    Last,
    request_of,
)
from seggraph.api.base.scalars import JSON, DurationText
from seggraph.api.criteria.criteria import CriteriaInput, document_of, may_show, shown, text_shown
from seggraph.api.destinations.deliveries import SegmentDeliveryFields
from seggraph.api.labels.folders import Folder
from seggraph.api.labels.labels import Label
from seggraph.api.links.campaign_links import SegmentCampaignFields
from seggraph.api.links.playbook_links import LinkedPlaybook, kinds_holding, playbooks_holding
from seggraph.api.members.members import Member, MemberOrder
from seggraph.api.metrics.metrics import SegmentMetricFields
from seggraph.api.reach.reach import Reach
from seggraph.api.segments.blocked_members import SegmentBlockFields
from seggraph.api.segments.explanations import MembershipExplanation
from seggraph.api.segments.history import SegmentHistoryFields
from seggraph.api.segments.sources import Freshness, SegmentSource
from seggraph.api.segments.usages import SegmentUsageFields
from seggraph.api.segments.values import SegmentValueFields
from seggraph.api.users.viewer import KeyName, User, load_key_name
from seggraph.criteria import Catalogue, Duration
from seggraph.database.paging import Order
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.criteria import texts as criteria_texts
from seggraph.services.identity import users
from seggraph.services.members import members, orders
from seggraph.services.members.lists import Total
from seggraph.services.memberships import memberships
from seggraph.services.segments import explanations
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.segments import members as segment_members
from seggraph.services.segments.members import SegmentPage, SegmentPageRequest
from seggraph.services.segments.views import COLUMNS, TYPES, SegmentView, view_of
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import (
    column,
    in_bulk,
    loads,
    of_page,
    reads,
    rows_of,
    same_row,
    wanted,
)
from seggraph.vocabulary import (
    MemberKind,
    SegmentAction,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentTransition,
    SegmentType,
    SourceKind,
    Visibility,
)


@strawberry.type(description="A member in a list of a segment's members, with how it entered the segment.")
class SegmentMemberEdge(Edge[Member]):
    """Relay's edge, with how the member came in."""

    segment_id: strawberry.Private[int]

    @property
    def ordinal(self) -> int:
        """The member's ordinal."""
        number: int = self.item["ordinal"] if isinstance(self.item, Record) else self.item.ordinal
        return number

    @strawberry.field(
        description="When the member last entered the segment.",
        metadata=of_page(
            lambda connection: connection.members,
            lambda info, pages: memberships.entered_in(caller_of(info).viewer, pages),
        ),
    )
    @awaits_loaders
    async def entered_at(self, info: Info) -> datetime | None:
        """Look it up for the whole page at once."""
        return await caller_of(info).loaders.memberships.entered_at.load((self.segment_id, self.ordinal))

    @strawberry.field(description="The kinds of sources because of which the member is in the segment.")
    @awaits_loaders
    async def sources(self, info: Info) -> list[SourceKind]:
        """Look it up for the whole page at once."""
        return await kinds_holding(info, self.segment_id, self.ordinal)

    @strawberry.field(
        description="The playbooks because of which the member is in the segment, of those that you may see."
    )
    @awaits_loaders
    async def playbooks(self, info: Info) -> list[LinkedPlaybook]:
        """Look them up for the whole page at once."""
        return await playbooks_holding(info, self.segment_id, self.ordinal)


@strawberry.type(description="A page of the members of a segment.")
class SegmentMemberConnection(Connection[Member, SegmentMemberEdge]):
    """Relay's connection: the audience is known, so that counting it costs little."""

    total: strawberry.Private[Total]
    segment_id: strawberry.Private[int]

    @property
    def members(self) -> tuple[int, list[int]]:
        """The segment, and the ordinals of the page's members."""
        items = self.page.items
        if items and isinstance(items[0], Record):
            return self.segment_id, [item["ordinal"] for item in items]
        return self.segment_id, [item.ordinal for item in items]

    def edge(self, index: int) -> SegmentMemberEdge:
        """The edge of a member."""
        return SegmentMemberEdge(page=self.page, index=index, make=self.make, segment_id=self.segment_id)

    @strawberry.field(description=TOTAL_COUNT)
    def total_count(self) -> int:
        """Count the list."""
        return self.total.count

    @strawberry.field(description=TOTAL_COUNT_IS_ESTIMATE)
    def total_count_is_estimate(self) -> bool:
        """Whether the count is an estimate."""
        return self.total.is_estimate

    @staticmethod
    def of(segment_id: int, members_page: SegmentPage) -> "SegmentMemberConnection":
        """The connection of a page."""
        return SegmentMemberConnection(
            page=members_page.page,
            make=Member.of,
            total=members_page.total,
            segment_id=segment_id,
        )


@strawberry.type(
    description="A named audience of members of one kind, selected by criteria, imports or manual changes."
)
class Segment(
    SegmentBlockFields,
    SegmentHistoryFields,
    SegmentCampaignFields,
    SegmentDeliveryFields,
    SegmentMetricFields,
    SegmentValueFields,
    SegmentUsageFields,
    Node,
):
    """A segment. Its numbers belong together: they are all as of reach.asOf."""

    id: strawberry.ID = row_id("Segment")
    name: str = strawberry.field(description="The name. It is unique in the workspace; case is ignored.")
    description: str | None = strawberry.field(description="A description in words; null if there is none.")
    kind: MemberKind = strawberry.field(description="The kind of the members.")
    type: SegmentType = strawberry.field(
        description="Whether criteria (DYNAMIC), or imports and manual changes (STATIC), select the members."
    )
    status: SegmentStatus = strawberry.field(description="The status of the segment.")
    purpose: SegmentPurpose | None = strawberry.field(
        description="The purpose, which decides the channels that the total reach counts; null if none is"
        " set."
    )
    origin: SegmentOrigin = strawberry.field(description="Who created the segment.")
    visibility: Visibility = strawberry.field(description="Who may see the segment.")
    version: int = strawberry.field(
        description="The number of edits so far. Send it with an edit to get CONFLICT if the object was"
        " edited in between."
    )
    revision: int = strawberry.field(
        description="The number of the last requested calculation.", metadata=column("requested_revision")
    )
    member_count: int = strawberry.field(description="How many members the segment has, as of reach.asOf.")
    reach: Reach = strawberry.field(
        description="How many of the members can be contacted.", metadata=same_row()
    )
    sync_interval: DurationText | None = strawberry.field(
        description="How often the whole segment is calculated again, besides following changes; null means"
        " every PT4H.",
        metadata=column("sync_interval_seconds", make=lambda seconds: _duration(seconds)),
    )
    next_sync_at: datetime | None = strawberry.field(
        description="When the whole segment is next calculated; null if that is not planned."
    )
    created_at: datetime = strawberry.field(description="When the segment was created.")
    last_action: SegmentAction = strawberry.field(description="The last action on the segment.")
    last_modified_at: datetime = strawberry.field(description="When the last action happened.")
    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The criteria as a JSON tree in canonical form; null without criteria, and if they ask about"
        " personal data that you may not read. The id of a segment that you may not see is null."
    )
    @awaits_loaders
    async def criteria(self, info: Info) -> JSON | None:
        """Show the criteria."""
        if self.view.criteria is None or not await may_show(info, self.kind, self.view.criteria):
            return None
        return shown(self.view.criteria, await self._segment_names(info))

    @strawberry.field(
        description="The criteria as a sentence for people; null without criteria, or if a field that they"
        ' use was deleted. A segment that you may not see appears as "a segment".'
    )
    @awaits_loaders
    async def criteria_sentence(self, info: Info) -> str | None:
        """Describe the criteria in words."""
        if self.view.criteria is None:
            return None
        catalogue = await caller_of(info).loaders.catalogue.by_kind.load(self.kind)
        viewer = caller_of(info).viewer
        if catalogue is None or not criteria_documents.may_show(viewer, self.view.criteria, catalogue):
            return None
        return criteria_documents.sentence(self.view.criteria, catalogue, await self._segment_names(info))

    @strawberry.field(
        description="The criteria as text, as createSegment and other mutations accept it; null without"
        " criteria, or if they refer to a segment that you may not see."
    )
    @awaits_loaders
    async def criteria_text(self, info: Info) -> str | None:
        """Write the criteria."""
        if self.view.criteria is None or not await may_show(info, self.kind, self.view.criteria):
            return None
        return text_shown(self.view.criteria, await self._segment_names(info))

    async def _segment_names(self, info: Info) -> dict[int, str]:
        """What the segments in the criteria are called, of those that the viewer sees."""
        if self.view.criteria is None:
            return {}
        named = sorted(criteria_texts.segments_of(self.view.criteria))
        seen = await caller_of(info).loaders.segments.by_id.load_many(named)
        return {segment.id: segment.name for segment in seen if segment is not None}

    @strawberry.field(
        description="The actions that are possible now, by the segment's status and your rights."
    )
    def transitions(self, info: Info) -> list[SegmentTransition]:
        """What is possible."""
        return segment_life.open_to(caller_of(info).viewer, self.view)

    @strawberry.field(
        description="The users that the segment is hidden from.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def hidden_from(self, info: Info) -> list[User]:
        """Load the users."""
        loaders = caller_of(info).loaders
        users = await loaders.users.by_id.load_many(await loaders.segments.hidden_from.load(self.view.id))
        return [User.of(user) for user in users if user is not None]

    @strawberry.field(
        description="The labels of the segment, by name.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def labels(self, info: Info) -> list[Label]:
        """Load the labels."""
        views = await caller_of(info).loaders.labels.of_segments.load(self.view.id)
        return [Label.of(view) for view in views]

    @strawberry.field(
        description="The folder that the segment is in; null if it is in none.",
        metadata=loads(
            lambda info: caller_of(info).loaders.labels.folders,
            "view.folder_id",
            Folder.of,
        ),
    )
    @awaits_loaders
    async def folder(self, info: Info) -> Folder | None:
        """Load the folder."""
        if self.view.folder_id is None:
            return None
        view = await caller_of(info).loaders.labels.folders.load(self.view.folder_id)
        return None if view is None else Folder.of(view)

    @strawberry.field(
        description="Whether the segment is a favourite of yours; never for an API key.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def is_favourite(self, info: Info) -> bool:
        """Load it for all segments at once."""
        return await caller_of(info).loaders.labels.favourites.load(self.view.id)

    @strawberry.field(
        description="The sources that add members to the segment.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def sources(self, info: Info) -> list[SegmentSource]:
        """Load the sources."""
        return [
            SegmentSource.of(view)
            for view in await caller_of(info).loaders.segments.sources.load(self.view.id)
        ]

    @strawberry.field(
        description="How current the members are.",
        metadata=reads("kind", "as_of", "computed_revision", "requested_revision"),
    )
    @awaits_loaders
    async def freshness(self, info: Info) -> Freshness:
        """Measure the freshness."""
        pending = await caller_of(info).loaders.segments.pending_changes.load(self.kind)
        return Freshness(
            as_of=self.view.as_of,
            lag_seconds=pending.oldest_seconds,
            pending_changes=pending.members,
            computed_revision=self.view.computed_revision or None,
            requested_revision=self.view.requested_revision,
        )

    @strawberry.field(
        description="The user who created it; null if an API key did, or if the user was deleted.",
        metadata=loads(
            lambda info: caller_of(info).loaders.users.by_id,
            "view.created_by_id",
            User.of,
            joined=users.JOINED,
        ),
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await _user(caller_of(info), self.view.created_by_id)

    @strawberry.field(
        description="The API key that created it; null if a user did, or if the key was deleted.",
        metadata=loads(
            lambda info: caller_of(info).loaders.users.key_names,
            "view.created_by_key_id",
            KeyName.of,
        ),
    )
    @awaits_loaders
    async def created_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.view.created_by_key_id)

    @strawberry.field(
        description="The user who did the last action; null if an API key did, or if the user was deleted.",
        metadata=loads(
            lambda info: caller_of(info).loaders.users.by_id,
            "view.last_modified_by_id",
            User.of,
            joined=users.JOINED,
        ),
    )
    @awaits_loaders
    async def last_modified_by(self, info: Info) -> User | None:
        """Load the user."""
        return await _user(caller_of(info), self.view.last_modified_by_id)

    @strawberry.field(
        description="The API key that did the last action; null if a user did, or if the key was deleted.",
        metadata=loads(
            lambda info: caller_of(info).loaders.users.key_names,
            "view.last_modified_by_key_id",
            KeyName.of,
        ),
    )
    @awaits_loaders
    async def last_modified_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.view.last_modified_by_key_id)

    @strawberry.field(
        description="Why a member is in the segment or not: by sources, and by each part of the criteria;"
        " null beside an error, such as that of a member of another kind."
    )
    async def explain(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID, strawberry.argument(description="The global id of a member of the same kind.")
        ],
    ) -> MembershipExplanation | None:
        """Explain."""
        caller = caller_of(info)
        number = ids.decode("Member", member_id, path=("memberId",))
        return MembershipExplanation.of(
            await explanations.explain(caller.services, caller.viewer, self.view, number)
        )

    @strawberry.field(
        description="The members of the segment, oldest first by default.",
        metadata=in_bulk(
            lambda info, keys, **arguments: _member_pages(info, keys, **arguments),
            "id",
            "kind",
            members.AUDIENCE,
        ),
    )
    @awaits_loaders
    async def members(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only members whose name, domain and email contain these words, in any order"
                " and whatever their case, or whose external id is this text."
            ),
        ] = None,
        where: Annotated[
            CriteriaInput | None,
            strawberry.argument(description="Return only members that match these criteria."),
        ] = None,
        order_by: Annotated[
            MemberOrder | None, strawberry.argument(description="The order of the list.")
        ] = None,
    ) -> SegmentMemberConnection:
        """A page of the members."""
        request = await _page_request(info, self.kind, first, after, last, before, search, where, order_by)
        pages = caller_of(info).loaders.segments.member_pages
        return SegmentMemberConnection.of(self.view.id, await pages.load((request, self.view.id)))

    @staticmethod
    def of(view: SegmentView) -> "Segment":
        """The segment as the service reads it."""
        return Segment(
            id=ids.encode("Segment", view.id),
            name=view.name,
            description=view.description,
            kind=view.kind,
            type=view.type,
            status=view.status,
            purpose=view.purpose,
            origin=view.origin,
            visibility=view.visibility,
            version=view.version,
            revision=view.requested_revision,
            member_count=view.member_count,
            reach=Reach.of(view),
            sync_interval=_duration(view.sync_interval_seconds),
            next_sync_at=view.next_sync_at,
            created_at=view.created_at,
            last_action=view.last_action,
            last_modified_at=view.last_modified_at,
            view=view,
        )


def _duration(seconds: int | None) -> DurationText | None:
    return None if seconds is None else DurationText(Duration(seconds=seconds).iso)


async def _user(caller: Caller, user_id: int | None) -> User | None:
    view = None if user_id is None else await caller.loaders.users.by_id.load(user_id)
    return None if view is None else User.of(view)


async def _page_request(
    info: Info,
    kind: MemberKind,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    search: str | None,
    where: CriteriaInput | None,
    order_by: MemberOrder | None,
) -> SegmentPageRequest:
    return SegmentPageRequest(
        kind,
        order=await member_order(caller_of(info), kind, order_by),
        request=request_of(first, after, last, before),
        search=search,
        where=None if where is None else criteria_documents.canonical(document_of(where)),
        columns=wanted(info),
    )


async def _member_pages(
    info: Info, segments: Sequence[tuple[int, MemberKind, Sequence[bytes] | None]], **arguments: Any
) -> list[SegmentMemberConnection]:
    """The same page of the members of many segments."""
    caller, by_kind = caller_of(info), groupby(sorted(segments, key=itemgetter(1)), itemgetter(1))
    found: dict[int, SegmentPage] = {}
    for kind, some in by_kind:
        request = await _page_request(info, kind, **arguments)
        chunks = {segment_id: its_chunks for segment_id, _, its_chunks in some}
        found |= await segment_members.pages(caller.services, caller.viewer, request, chunks)
    return [SegmentMemberConnection.of(segment_id, found[segment_id]) for segment_id, *_ in segments]


async def member_order(caller: Caller, kind: MemberKind, order: MemberOrder | None) -> Order:
    """The order that an argument asks for."""
    if order is None:
        return orders.BY_ORDINAL
    catalogue = await caller.loaders.catalogue.by_kind.load(kind) or Catalogue(kind)
    orders.require_sortable(caller.viewer, catalogue, order.field)
    return orders.order_by(catalogue, order.field, descending=order.direction is OrderDirection.DESC)


rows_of(
    Segment, COLUMNS, lambda row: Segment.of(view_of(row)), {**TYPES, "criteria": orjson.loads}, table="s"
)
rows_of(Reach, COLUMNS, lambda row: Reach.of(view_of(row)), table="s")
