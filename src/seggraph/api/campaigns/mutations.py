"""The mutations of campaigns."""

from datetime import date
from typing import Any, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.payloads import DeletePayload
from seggraph.api.campaigns.campaigns import Campaign
from seggraph.services.campaigns import campaigns
from seggraph.services.campaigns.campaigns import CampaignDraft
from seggraph.services.campaigns.views import CampaignView
from seggraph.vocabulary import CampaignStatus, Channel

SEGMENTS: Final = (
    "The segments that the campaign targets: all of one kind, neither archived nor paused; up to 200 in all."
)
EXCLUDED: Final = "The segments whose members the campaign leaves out, of the same kind."
UNSEEN_STAY: Final = "Segments that you may not see stay."


@strawberry.type(description="The campaign as the mutation left it, or the errors.")
class CampaignPayload:
    """Payload of the mutations of campaigns."""

    campaign: Campaign | None = strawberry.field(
        default=None, description="The campaign; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )

    @staticmethod
    def of(view: CampaignView) -> "CampaignPayload":
        """What was done."""
        return CampaignPayload(campaign=Campaign.of(view))


@strawberry.input(description="The campaign to create, as a DRAFT.")
class CreateCampaignInput:
    """Input of createCampaign."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    channel: Channel | None = strawberry.field(
        default=None, description="The channel by which the campaign contacts members."
    )
    segment_ids: list[strawberry.ID] = strawberry.field(description=SEGMENTS)
    exclude_segment_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=EXCLUDED)
    starts_on: date | None = strawberry.field(default=None, description="The first day of the campaign.")
    ends_on: date | None = strawberry.field(
        default=None, description="The last day of the campaign, not before the first."
    )


@strawberry.input(description="The changes of a campaign. A field that is absent stays as it is.")
class UpdateCampaignInput:
    """Input of updateCampaign."""

    id: strawberry.ID = strawberry.field(description="The global id of the campaign.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that your edit is based on. If it is no longer current, the answer is"
        " CONFLICT.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    channel: Channel | None = strawberry.field(
        default=strawberry.UNSET, description="The new value; null removes it."
    )
    segment_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{SEGMENTS} {UNSEEN_STAY}"
    )
    exclude_segment_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{EXCLUDED} {UNSEEN_STAY}"
    )
    starts_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="The new value; null removes it."
    )
    ends_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="The new value; null removes it."
    )


@strawberry.input(description="The campaign and its new status.")
class SetCampaignStatusInput:
    """Input of setCampaignStatus."""

    id: strawberry.ID = strawberry.field(description="The global id of the campaign.")
    status: CampaignStatus = strawberry.field(
        description="The new status: from DRAFT to ACTIVE, between ACTIVE and PAUSED, or to COMPLETED, which"
        " is final."
    )


@strawberry.input(description="The campaign to delete.")
class CampaignIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The global id of the campaign.")


@strawberry.type
class CampaignMutations:
    """The mutations of campaigns."""

    @strawberry.mutation(
        description="Create a campaign as a DRAFT, over segments that you may see.",
        extensions=[ReportErrors(CampaignPayload)],
    )
    async def create_campaign(self, info: Info, input: CreateCampaignInput) -> CampaignPayload:
        """Create."""
        caller = caller_of(info)
        draft = CampaignDraft(
            name=input.name,
            channel=input.channel,
            segment_ids=_segment_ids(input.segment_ids, "segmentIds"),
            exclude_segment_ids=_segment_ids(input.exclude_segment_ids, "excludeSegmentIds"),
            starts_on=input.starts_on,
            ends_on=input.ends_on,
        )
        return CampaignPayload.of(await campaigns.create(caller.services, caller.viewer, draft))

    @strawberry.mutation(
        description="Change a campaign. Team members may change only campaigns that they created.",
        extensions=[ReportErrors(CampaignPayload)],
    )
    async def update_campaign(self, info: Info, input: UpdateCampaignInput) -> CampaignPayload:
        """Update."""
        caller = caller_of(info)
        campaign_id = ids.decode("Campaign", input.id)
        view = await campaigns.update(
            caller.services, caller.viewer, campaign_id, _changes(input), version=input.version
        )
        return CampaignPayload.of(view)

    @strawberry.mutation(
        description="Change the status of a campaign. While it is ACTIVE its segments cannot be archived.",
        extensions=[ReportErrors(CampaignPayload)],
    )
    async def set_campaign_status(self, info: Info, input: SetCampaignStatusInput) -> CampaignPayload:
        """Lead on."""
        caller = caller_of(info)
        campaign_id = ids.decode("Campaign", input.id)
        return CampaignPayload.of(
            await campaigns.set_status(caller.services, caller.viewer, campaign_id, input.status)
        )

    @strawberry.mutation(
        description="Delete a campaign that is a DRAFT and has no metrics.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_campaign(self, info: Info, input: CampaignIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        await campaigns.delete(caller.services, caller.viewer, ids.decode("Campaign", input.id))
        return DeletePayload(deleted_id=input.id)


def _changes(input: UpdateCampaignInput) -> dict[str, Any]:
    """What is given, as the service takes it."""
    given = {
        name: getattr(input, name)
        for name in ("name", "channel", "starts_on", "ends_on")
        if getattr(input, name) is not strawberry.UNSET
    }
    if input.segment_ids is not strawberry.UNSET:
        given["segment_ids"] = _segment_ids(input.segment_ids, "segmentIds")
    if input.exclude_segment_ids is not strawberry.UNSET:
        given["exclude_segment_ids"] = _segment_ids(input.exclude_segment_ids, "excludeSegmentIds")
    return given


def _segment_ids(global_ids: list[strawberry.ID] | None, name: str) -> list[int]:
    return ids.decode_all("Segment", global_ids or [], path=(name,))
