"""Conversions may be fractions, names of campaigns in ad reports are kept, and events and orders come from files."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from seggraph.vocabulary import ImportContent

SQL = [
    (
        "ALTER TABLE campaign_metrics ALTER COLUMN conversions TYPE numeric(16, 4)",
        "ALTER TABLE campaign_metrics ALTER COLUMN conversions TYPE bigint USING round(conversions)",
    ),
    ("ALTER TABLE report_campaigns ALTER COLUMN used_at SET DEFAULT now()", "SELECT 1"),
    (
        "ALTER TABLE imports DROP CONSTRAINT imports_account_for_every_row",
        "ALTER TABLE imports ADD CONSTRAINT imports_account_for_every_row"
        " CHECK (read = added + updated + already_in + duplicate + ignored + failed)",
    ),
    (
        "ALTER TABLE imports ADD CONSTRAINT imports_account_for_every_row"
        " CHECK (read = added + updated + already_in + duplicate + ignored + failed + merged + removed)",
        "ALTER TABLE imports DROP CONSTRAINT imports_account_for_every_row",
    ),
    # what an earlier version cannot read
    ("SELECT 1", "DELETE FROM imports WHERE content <> 'MEMBERS' OR removes"),
    (
        "SELECT 1",
        "DELETE FROM import_rejects r WHERE EXISTS"
        " (SELECT FROM imports i WHERE i.id = r.import_id AND (i.content <> 'MEMBERS' OR i.removes))",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0040_people_and_addresses")]

    operations = [
        ops.CreateModel(
            name="ReportCampaign",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "workspace",
                    fields.ForeignKeyField(
                        "seggraph.Workspace",
                        source_field="workspace_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "name_key",
                    fields.CharField(
                        description="The case-folded name of the campaign in reports", max_length=600
                    ),
                ),
                (
                    "ad_set_key",
                    fields.CharField(
                        description="That of the ad set; empty for the whole campaign", max_length=600
                    ),
                ),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "seggraph.Campaign",
                        source_field="campaign_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="report_names",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="report_names",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("used_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "report_campaigns",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key", "ad_set_key"),),
                "pk_attr": "id",
                "table_description": "What the name of a campaign in ad reports stands for; without a campaign its rows are left out.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Import",
            name="content",
            field=fields.CharEnumField(default=ImportContent.MEMBERS, description="MEMBERS: MEMBERS\nEVENTS: EVENTS\nORDERS: ORDERS", enum_type=ImportContent, max_length=16),
        ),
        ops.AddField(
            model_name="Import",
            name="event_name",
            field=fields.CharField(null=True, description="The name of all events, if no column has it", max_length=100),
        ),
        ops.AddField(
            model_name="Import",
            name="merged",
            field=fields.BigIntField(default=0, description="Further lines of orders"),
        ),
        ops.AddField(
            model_name="Import",
            name="removes",
            field=fields.BooleanField(default=False, description="Whether the members leave the segment"),
        ),
        ops.AddField(
            model_name="Import",
            name="removed",
            field=fields.BigIntField(default=0, description="Members that left the segment"),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]
