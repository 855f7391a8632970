"""The kept names of campaigns in ad reports in the schema: the type, the list, and the mutations."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload
from seggraph.api.campaigns.campaigns import Campaign
from seggraph.api.segments.segments import Segment
from seggraph.services.campaigns import kept_report_names
from seggraph.services.campaigns.kept_report_names import NameList
from seggraph.services.campaigns.kept_report_names import ReportName as ReportNameView
from seggraph.transport.compiled.loading import awaits_loaders


@strawberry.type(
    description="A name that ad reports use for a campaign, and what it stands for. importCampaignMetrics keeps"
    " what somebody chose, and uses it for the next report."
)
class ReportName(Node):
    """A kept name."""

    name: str = strawberry.field(description="The name of the campaign in reports.")
    ad_set: str | None = strawberry.field(
        description="The name of the ad set or ad group; null if the name is that of the whole campaign."
    )
    left_out: bool = strawberry.field(description="Whether rows with this name are left out.")
    used_at: datetime = strawberry.field(description="When it was last chosen, changed, or used by a report.")
    view: strawberry.Private[ReportNameView]

    @strawberry.field(description="The campaign that the name stands for; null if its rows are left out.")
    @awaits_loaders
    async def campaign(self, info: Info) -> Campaign | None:
        """Load the campaign."""
        if self.view.campaign_id is None:
            return None
        view = await caller_of(info).loaders.campaigns.by_id.load(self.view.campaign_id)
        return None if view is None else Campaign.of(view)

    @strawberry.field(
        description="The segment of the rows; null if it is that of the report, or the only one of the campaign."
    )
    @awaits_loaders
    async def segment(self, info: Info) -> Segment | None:
        """Load the segment."""
        if self.view.segment_id is None:
            return None
        view = await caller_of(info).loaders.segments.by_id.load(self.view.segment_id)
        return None if view is None else Segment.of(view)

    @staticmethod
    def of(view: ReportNameView) -> "ReportName":
        """The name as the service reads it."""
        return ReportName(
            id=ids.encode("ReportName", view.id),
            name=view.name,
            ad_set=view.ad_set,
            left_out=view.is_left_out,
            used_at=view.used_at,
            view=view,
        )


@strawberry.type(description="A page of the kept names of campaigns in ad reports.")
class ReportNameConnection(CountedConnection[ReportName, Edge[ReportName]]):
    """A page of the list."""


@strawberry.input(
    description="What a kept name stands for from now on. A field that is absent stays as it is."
)
class UpdateReportNameInput:
    """Input of updateReportName."""

    id: strawberry.ID = strawberry.field(description="The global id of the name.")
    campaign_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The campaign. With another one, the segment is unset unless it is given, too.",
    )
    segment_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The segment of the rows, which the campaign must target; null: that of the report, or the only"
        " one of the campaign.",
    )
    leave_out: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether rows with this name are left out. Only administrators and leaders choose that.",
    )


@strawberry.input(description="The kept name to delete.")
class ReportNameIdInput:
    """Input of deleteReportName."""

    id: strawberry.ID = strawberry.field(description="The global id of the name.")


@strawberry.type(description="The name as the mutation left it, or the errors.")
class ReportNamePayload:
    """Payload of updateReportName."""

    report_name: ReportName | None = strawberry.field(
        default=None, description="The name; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class ReportNameQueries:
    """The query of kept names."""

    @strawberry.field(
        description="What names of campaigns in ad reports stand for, by name, without those kept for segments that"
        " you may not see."
    )
    async def report_names(
        self,
        info: Info,
        campaign_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only names that stand for this campaign.")
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Only names of campaigns and ad sets with all these words; case is ignored."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ReportNameConnection:
        """A page of names."""
        viewer = caller_of(info).viewer
        campaign = None if campaign_id is None else ids.decode("Campaign", campaign_id, path=("campaignId",))
        asked = NameList(campaign, search)
        page = await kept_report_names.list_page(viewer, asked, request_of(first, after, last, before))
        return ReportNameConnection.of(page, ReportName.of, lambda: kept_report_names.count(viewer, asked))


@strawberry.type
class ReportNameMutations:
    """The mutations of kept names."""

    @strawberry.mutation(
        description="Correct what a name in ad reports stands for. Metrics that were recorded stay as they are.",
        extensions=[ReportErrors(ReportNamePayload)],
    )
    async def update_report_name(self, info: Info, input: UpdateReportNameInput) -> ReportNamePayload:
        """Update."""
        viewer = caller_of(info).viewer
        given: dict[str, Any] = {}
        if input.campaign_id is not strawberry.UNSET:
            given["campaign_id"] = _number("Campaign", input.campaign_id, "campaignId")
        if input.segment_id is not strawberry.UNSET:
            given["segment_id"] = _number("Segment", input.segment_id, "segmentId")
        if input.leave_out is not strawberry.UNSET:
            given["leave_out"] = bool(input.leave_out)
        view = await kept_report_names.update(viewer, ids.decode("ReportName", input.id), given)
        return ReportNamePayload(report_name=ReportName.of(view))

    @strawberry.mutation(
        description="Forget what a name in ad reports stands for: the next report with it asks again.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_report_name(self, info: Info, input: ReportNameIdInput) -> DeletePayload:
        """Forget."""
        await kept_report_names.delete(caller_of(info).viewer, ids.decode("ReportName", input.id))
        return DeletePayload(deleted_id=input.id)


def _number(what: str, given: strawberry.ID | None, path: str) -> int | None:
    return None if given is None else ids.decode(what, given, path=(path,))
