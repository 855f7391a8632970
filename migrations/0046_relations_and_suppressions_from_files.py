"""Relations and suppressions come from files, and columns of members may name members that they are related to."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import Channel, ImportContent, SuppressionReason

SQL = [
    (
        "ALTER TABLE imports DROP CONSTRAINT imports_account_for_every_row",
        "ALTER TABLE imports ADD CONSTRAINT imports_account_for_every_row"
        " CHECK (read = added + updated + already_in + duplicate + ignored + failed + merged + removed)",
    ),
    (
        "ALTER TABLE imports ADD CONSTRAINT imports_account_for_every_row"
        " CHECK (read = added + updated + already_in + duplicate + ignored + failed + merged + removed + pending)",
        "ALTER TABLE imports DROP CONSTRAINT imports_account_for_every_row",
    ),
    # what an earlier version cannot read
    ("SELECT 1", "DELETE FROM imports WHERE content IN ('RELATIONS', 'SUPPRESSIONS')"),
    (
        "SELECT 1",
        "DELETE FROM import_rejects r WHERE EXISTS"
        " (SELECT FROM imports i WHERE i.id = r.import_id AND i.content IN ('RELATIONS', 'SUPPRESSIONS'))",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0045_history_spans")]

    operations = [
        ops.AlterField(
            model_name='Import',
            name='content',
            field=fields.CharEnumField(default=ImportContent.MEMBERS, description='MEMBERS: MEMBERS\nEVENTS: EVENTS\nORDERS: ORDERS\nRELATIONS: RELATIONS\nSUPPRESSIONS: SUPPRESSIONS', enum_type=ImportContent, max_length=16),
        ),
        ops.AlterField(
            model_name='Import',
            name='removed',
            field=fields.BigIntField(default=0, description='Members that left the segment, or relations that ended'),
        ),
        ops.AddField(
            model_name='Import',
            name='channel',
            field=fields.IntEnumField(null=True, description='The channel of all suppressions, where no column has it', enum_type=Channel, generated=False),
        ),
        ops.AddField(
            model_name='Import',
            name='pending',
            field=fields.BigIntField(default=0, description='Relations that wait for a member'),
        ),
        ops.AddField(
            model_name='Import',
            name='reason',
            field=fields.CharEnumField(null=True, description='The reason of all suppressions, likewise', enum_type=SuppressionReason, max_length=16),
        ),
        ops.AddField(
            model_name='Import',
            name='related',
            field=fields.BigIntField(default=0, description='Relations that columns of members made'),
        ),
        ops.AddField(
            model_name='Import',
            name='related_ambiguous',
            field=fields.BigIntField(default=0, description='Rows that name several members to relate'),
        ),
        ops.AddField(
            model_name='Import',
            name='related_not_found',
            field=fields.BigIntField(default=0, description='Rows whose related member does not exist'),
        ),
        ops.AddField(
            model_name='Import',
            name='relation',
            field=fields.CharField(null=True, description='The relation of all rows, if no column has it', max_length=40),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]
