"""The schema: queries, mutations and subscriptions put together, and its text."""

from typing import Annotated, Any, cast

import strawberry
from strawberry.types import Info

from seggraph.api.audit.audit import AuditQueries
from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import CriteriaError, InputError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, First, Last, request_of
from seggraph.api.base.scalars import CONFIG
from seggraph.api.campaigns.campaigns import CampaignQueries
from seggraph.api.campaigns.metric_imports import MetricImportMutations
from seggraph.api.campaigns.metric_mutations import MetricMutations
from seggraph.api.campaigns.mutations import CampaignMutations
from seggraph.api.campaigns.report_names import ReportNameMutations, ReportNameQueries
from seggraph.api.costs import COSTS
from seggraph.api.criteria.attributes import AttributeMutations, AttributeQueries
from seggraph.api.criteria.criteria import CriteriaInput, document_of
from seggraph.api.criteria.fields import CriteriaFieldQueries
from seggraph.api.criteria.texts import CriteriaTextQueries
from seggraph.api.destinations.destinations import DestinationMutations, DestinationQueries
from seggraph.api.events.events import EventMutations
from seggraph.api.events.names import EventNameQueries
from seggraph.api.files.exports import ExportMutations, ExportQueries
from seggraph.api.files.import_templates import ImportTemplateMutations, ImportTemplateQueries
from seggraph.api.files.imports import ImportMutations, ImportQueries
from seggraph.api.labels.folders import FolderMutations, FolderQueries
from seggraph.api.labels.labels import LabelMutations, LabelQueries
from seggraph.api.members.attribute_changes import AttributeChangeMutations, AttributeChangeQueries
from seggraph.api.members.bulk_edits import BulkEditMutations, BulkEditQueries
from seggraph.api.members.erasure import ErasureMutations
from seggraph.api.members.members import Member, MemberConnection, MemberOrder
from seggraph.api.members.mutations import MemberMutations
from seggraph.api.members.relations import RelationMutations
from seggraph.api.nodes import find_many
from seggraph.api.playbooks.playbooks import PlaybookMutations, PlaybookQueries
from seggraph.api.saved_views.saved_views import SavedViewMutations, SavedViewQueries
from seggraph.api.segments.bulk import BulkSegmentMutations
from seggraph.api.segments.comparisons import ComparisonMutations, ComparisonQueries
from seggraph.api.segments.lists import (
    SegmentConnection,
    SegmentFilter,
    SegmentListQueries,
    SegmentOrder,
    filter_of,
    order_of,
)
from seggraph.api.segments.members import SegmentMemberMutations
from seggraph.api.segments.mutations import SegmentMutations
from seggraph.api.segments.previews import PreviewQueries
from seggraph.api.segments.segments import Segment, member_order
from seggraph.api.subscriptions.subscriptions import EVENT_TYPES, Subscription
from seggraph.api.subscriptions.workspace_events import WorkspaceEventQueries
from seggraph.api.suppressions.suppressions import SuppressionMutations, SuppressionQueries
from seggraph.api.users.api_keys import ApiKeyMutations, ApiKeyQueries
from seggraph.api.users.rate_limit import RateLimitQueries
from seggraph.api.users.users import UserMutations, UserQueries
from seggraph.api.users.viewer import Viewer
from seggraph.api.webhooks.mutations import WebhookMutations
from seggraph.api.webhooks.webhooks import WebhookQueries
from seggraph.api.workspaces.settings import WorkspaceMutations
from seggraph.api.workspaces.usage import UsageQueries
from seggraph.errors import Invalid, NotFound, TooMany
from seggraph.services.criteria import matching
from seggraph.services.members import members, pages
from seggraph.services.members.lists import MemberList
from seggraph.services.segments import views as segment_views
from seggraph.settings import Settings
from seggraph.transport import Observe, ServedSchema
from seggraph.transport.compiled.records import wanted
from seggraph.transport.cost import CostLimits
from seggraph.vocabulary import MemberKind

MAX_NODES = 100

ObjectId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the object.")]


@strawberry.type(description="The queries. They show what the viewer may see, and change nothing.")
class Query(
    CampaignQueries,
    ApiKeyQueries,
    AuditQueries,
    AttributeQueries,
    AttributeChangeQueries,
    ComparisonQueries,
    CriteriaFieldQueries,
    CriteriaTextQueries,
    DestinationQueries,
    BulkEditQueries,
    EventNameQueries,
    ExportQueries,
    ImportQueries,
    ImportTemplateQueries,
    FolderQueries,
    LabelQueries,
    SavedViewQueries,
    UsageQueries,
    PlaybookQueries,
    PreviewQueries,
    RateLimitQueries,
    ReportNameQueries,
    SegmentListQueries,
    SuppressionQueries,
    UserQueries,
    WebhookQueries,
    WorkspaceEventQueries,
):
    """The queries."""

    @strawberry.field(description="The object with a global id; null if there is none that you may see.")
    async def node(self, info: Info, id: ObjectId) -> Node | None:
        """Find one object."""
        return (await find_many(caller_of(info), [id]))[0]

    @strawberry.field(
        description="The objects with these global ids, in the same order; null for each that does not exist"
        " or that you may not see. Up to 100 ids."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="The global ids of the objects.")
        ],
    ) -> list[Node | None]:
        """Find several objects."""
        if len(ids) > MAX_NODES:
            raise TooMany(f"Give at most {MAX_NODES} ids at once.", path=("ids",))
        return await find_many(caller_of(info), ids)

    @strawberry.field(description="The user or API key that sends the request, with its role and workspace.")
    async def viewer(self, info: Info) -> Viewer:
        """The caller."""
        return Viewer.of(caller_of(info).viewer)

    @strawberry.field(description="A segment by its global id; null if there is none that you may see.")
    async def segment(self, info: Info, id: ObjectId) -> Segment | None:
        """Find a segment."""
        viewer, number = caller_of(info).viewer, ids.find("Segment", id)
        if number is None:
            return None
        columns = wanted(info)
        if columns is not None:
            return cast(Segment | None, await segment_views.find_row(viewer, number, columns))
        found = await segment_views.get_many(viewer, [number])
        return Segment.of(found[number]) if found else None

    @strawberry.field(description="The segments that you may see, newest first by default.")
    async def segments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            SegmentFilter | None,
            strawberry.argument(description="Conditions that the segments have to satisfy."),
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only segments whose name or description contains these words, in any order; case is"
                " ignored. A global id finds its segment."
            ),
        ] = None,
        order_by: Annotated[
            SegmentOrder | None, strawberry.argument(description="The order of the list.")
        ] = None,
    ) -> SegmentConnection:
        """A page of segments."""
        state = filter_of(filter)
        viewer = caller_of(info).viewer
        request = request_of(first, after, last, before)
        page = await segment_views.list_page(
            viewer, state, search, order_of(order_by), request, columns=wanted(info)
        )
        return SegmentConnection.of(page, Segment.of, lambda: segment_views.count(viewer, state, search))

    @strawberry.field(description="A member by its global id; null if the workspace has no such member.")
    async def member(self, info: Info, id: ObjectId) -> Member | None:
        """Find a member."""
        number = ids.find("Member", id)
        found = {} if number is None else await members.get_many(caller_of(info).viewer, [number])
        return Member.of(next(iter(found.values()))) if found else None

    @strawberry.field(description="A member by its kind and external id; null if there is none.")
    async def member_by_external_id(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the member.")],
        external_id: Annotated[
            str, strawberry.argument(description="The external id: the id in your own system.")
        ],
    ) -> Member | None:
        """Find a member by its external id."""
        view = await members.find_by_external_id(caller_of(info).viewer, kind, external_id)
        return None if view is None else Member.of(view)

    @strawberry.field(description="The members of a kind, oldest first by default.")
    async def members(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
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
        segment_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Return only members of at least one of these segments."),
        ] = None,
        order_by: Annotated[
            MemberOrder | None, strawberry.argument(description="The order of the list.")
        ] = None,
    ) -> MemberConnection:
        """A page of members."""
        caller = caller_of(info)
        audience = None
        if segment_ids is not None:
            audience = await members.audience_of(caller.viewer, await _visible(caller, segment_ids, kind))
        if where is not None:
            matching_members = await matching.find(
                caller.services, caller.viewer, kind, document_of(where), path="where"
            )
            audience = matching_members if audience is None else audience & matching_members
        list_ = MemberList(kind, search, audience)
        order = await member_order(caller, kind, order_by)
        page = await pages.list_page(
            caller.viewer, list_, order, request_of(first, after, last, before), columns=wanted(info)
        )
        return MemberConnection.of_list(caller.viewer, page, list_)


@strawberry.type(
    description="The mutations. Errors that the user can correct are in `errors` of the payload, with code and path."
)
class Mutation(
    ApiKeyMutations,
    CampaignMutations,
    MetricMutations,
    MetricImportMutations,
    ReportNameMutations,
    AttributeMutations,
    AttributeChangeMutations,
    ComparisonMutations,
    DestinationMutations,
    ErasureMutations,
    EventMutations,
    BulkEditMutations,
    ExportMutations,
    ImportMutations,
    ImportTemplateMutations,
    FolderMutations,
    LabelMutations,
    SavedViewMutations,
    MemberMutations,
    PlaybookMutations,
    RelationMutations,
    SegmentMutations,
    BulkSegmentMutations,
    SegmentMemberMutations,
    SuppressionMutations,
    UserMutations,
    WebhookMutations,
    WorkspaceMutations,
):
    """The mutations."""


async def _visible(caller: Caller, segment_ids: list[strawberry.ID], kind: MemberKind) -> list[int]:
    """The numbers of segments that the viewer may see. Raises NotFound for any other, and Invalid for another kind."""
    numbers = ids.decode_all("Segment", segment_ids, path=("segmentIds",))
    visible = await segment_views.get_many(caller.viewer, numbers)
    for index, number in enumerate(numbers):
        if number not in visible:
            raise NotFound("There is no segment with this id.", path=("segmentIds", index))
        if visible[number].kind is not kind:
            raise Invalid(
                f"This segment's members are of the kind {visible[number].kind.name}.",
                path=("segmentIds", index),
            )
    return numbers


def build_schema(observe: Observe | None = None, settings: Settings | None = None) -> ServedSchema:
    """The schema that is served, with the limits of the settings; `observe` is called after each operation."""
    return ServedSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[CriteriaError, InputError, *EVENT_TYPES],
        config=CONFIG,
        observe=observe,
        costs=COSTS,
        **({} if settings is None else _limits(settings)),
    )


def _limits(settings: Settings) -> dict[str, Any]:
    """What operations may cost, and how long they may take."""
    limits = CostLimits(nodes=settings.max_operation_nodes, cost=settings.max_operation_cost)
    return {"cost_limits": limits, "operation_seconds": settings.operation_timeout_seconds}
