"""Playbooks, and their sources in segments."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.vocabulary import MemberKind, PlaybookStatus, Visibility
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

SQL = [
    (
        "ALTER TABLE sources ADD CONSTRAINT sources_playbook_named CHECK ((kind = 'PLAYBOOK') = (playbook_id IS NOT NULL))",
        "ALTER TABLE sources DROP CONSTRAINT sources_playbook_named",
    ),
    (
        "CREATE UNIQUE INDEX sources_by_segment ON sources (workspace_id, segment_id, kind) WHERE playbook_id IS NULL",
        "DROP INDEX sources_by_segment",
    ),
    (
        "CREATE UNIQUE INDEX sources_by_playbook ON sources (workspace_id, playbook_id, segment_id)"
        " WHERE playbook_id IS NOT NULL",
        "DROP INDEX sources_by_playbook",
    ),
    ("CREATE INDEX sources_of_segment ON sources (segment_id, id)", "DROP INDEX sources_of_segment"),
    (
        "ALTER TABLE playbooks ADD CONSTRAINT playbooks_name_not_empty CHECK (btrim(name) <> '' AND name_key <> '')",
        "ALTER TABLE playbooks DROP CONSTRAINT playbooks_name_not_empty",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0006_exports")]

    operations = [
        ops.CreateModel(
            name="Playbook",
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
                ("name", fields.CharField(max_length=200)),
                (
                    "name_key",
                    fields.CharField(
                        description="The name, case-folded: what must be unique", max_length=600
                    ),
                ),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=PlaybookStatus.ACTIVE,
                        description="ACTIVE: ACTIVE\nPAUSED: PAUSED",
                        enum_type=PlaybookStatus,
                        max_length=8,
                    ),
                ),
                (
                    "visibility",
                    fields.CharEnumField(
                        default=Visibility.WORKSPACE,
                        description="WORKSPACE: WORKSPACE\nPRIVATE: PRIVATE",
                        enum_type=Visibility,
                        max_length=16,
                    ),
                ),
                ("criteria", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField(default=1, db_default=1)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="created_playbooks",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_modified_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "playbooks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "pk_attr": "id",
                "table_description": "A rule and, through the sources that it has in segments, what it adds its members to.",
            },
            bases=["Model"],
        ),
        ops.RemoveConstraint(
            model_name="Source",
            name=None,
            fields=["workspace_id", "segment_id", "kind"],
        ),
        ops.AddField(
            model_name="Source",
            name="playbook",
            field=fields.ForeignKeyField(
                "seggraph.Playbook",
                source_field="playbook_id",
                null=True,
                db_constraint=True,
                to_field="id",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]
