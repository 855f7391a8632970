"""Campaigns, and the segments that they target and exclude.

The tables of metrics, of customer values and of changes of orders have no models: they are read and written only by
set-based SQL. migrations/0012_campaigns.py describes them.
"""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.segments import Segment
from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import CampaignSegmentRole, CampaignStatus, Channel


class Campaign(Model):
    """A campaign targets some segments, excludes others, and has metrics."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; it is unique")
    channel = fields.IntEnumField(Channel, null=True)
    status = fields.CharEnumField(CampaignStatus, max_length=16, default=CampaignStatus.DRAFT)
    starts_on = fields.DateField(null=True)
    ends_on = fields.DateField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="created_campaigns", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_modified_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name, keys and the order lists are read in."""

        table = "campaigns"
        unique_together = (("workspace_id", "name_key"),)
        indexes = (Index(fields=("workspace_id", "created_at", "id"), name="campaigns_by_creation"),)


class CampaignSegment(Model):
    """A segment that a campaign targets or excludes."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    campaign: fields.ForeignKeyRelation[Campaign] = fields.ForeignKeyField("seggraph.Campaign")
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    role = fields.CharEnumField(CampaignSegmentRole, max_length=8)
    campaign_id: int
    segment_id: int

    class Meta:
        """Table name and keys."""

        table = "campaign_segments"
        unique_together = (("workspace_id", "campaign_id", "segment_id"),)
        indexes = (Index(fields=("segment_id", "campaign_id"), name="campaign_segments_by_segment"),)


class ReportCampaign(Model):
    """What the name of a campaign in ad reports stands for; without a campaign its rows are left out."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(
        max_length=600, default="", description="The name of the campaign in reports, for display"
    )
    ad_set = fields.CharField(
        max_length=600, default="", description="That of the ad set; empty for the whole campaign"
    )
    name_key = fields.CharField(max_length=600, description="The case-folded name of the campaign in reports")
    ad_set_key = fields.CharField(
        max_length=600, description="That of the ad set; empty for the whole campaign"
    )
    campaign: fields.ForeignKeyNullableRelation[Campaign] = fields.ForeignKeyField(
        "seggraph.Campaign", related_name="report_names", null=True, on_delete=fields.CASCADE
    )
    segment: fields.ForeignKeyNullableRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", related_name="report_names", null=True, on_delete=fields.SET_NULL
    )
    used_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    campaign_id: int | None
    segment_id: int | None

    class Meta:
        """Table name and keys."""

        table = "report_campaigns"
        unique_together = (("workspace_id", "name_key", "ad_set_key"),)
