"""Kept names of campaigns in ad reports are shown as they were written, and one that is empty stands for nothing.

Mapping templates keep what was chosen for all rows of a file.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

SQL = [
    ("DELETE FROM report_campaigns WHERE name_key = ''", "SELECT 1"),
    ("UPDATE report_campaigns SET name = name_key, ad_set = ad_set_key", "SELECT 1"),
    # a process of the version before writes no names
    ("ALTER TABLE report_campaigns ALTER COLUMN name SET DEFAULT '', ALTER COLUMN ad_set SET DEFAULT ''", "SELECT 1"),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0048_labels")]

    operations = [
        ops.AddField(
            model_name="ReportCampaign",
            name="name",
            field=fields.CharField(default="", description="The name of the campaign in reports, for display", max_length=600),
        ),
        ops.AddField(
            model_name="ReportCampaign",
            name="ad_set",
            field=fields.CharField(default="", description="That of the ad set; empty for the whole campaign", max_length=600),
        ),
        ops.AddField(
            model_name="ImportTemplate",
            name="of_all_rows",
            field=fields.JSONField(null=True, description="The event name, relation, channel and reason of all rows"),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]
