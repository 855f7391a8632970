from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.vocabulary import (
    ApiKeyScope,
    AttributeType,
    ConsentPolicy,
    ConsentState,
    MemberKind,
    ReachStatus,
    Role,
    RunStatus,
    RunTrigger,
    SegmentAction,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
    SourceKind,
    Visibility,
)
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Attribute",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                (
                    "type",
                    fields.CharEnumField(
                        description="STRING: STRING\nNUMBER: NUMBER\nBOOLEAN: BOOLEAN\nDATE: DATE\nDATETIME: DATETIME\nSTRING_LIST: STRING_LIST",
                        enum_type=AttributeType,
                        max_length=16,
                    ),
                ),
                ("label", fields.CharField(null=True, max_length=200)),
                ("description", fields.TextField(null=True, unique=False)),
                ("hidden", fields.BooleanField(default=False, db_default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "attributes",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind", "name"),),
                "pk_attr": "id",
                "table_description": "A typed custom field of one kind in one workspace. Its type never changes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Chunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "role",
                    fields.IntEnumField(
                        description="MEMBERS: 1\nLINKS: 2\nBLOCKS: 3\nREACHABLE_EMAIL: 11\nREACHABLE_DIRECT_MAIL: 12\nREACHABLE_SMS: 13\nREACHABLE_PHONE: 14\nREACHABLE_PUSH: 15",
                        enum_type=ChunkRole,
                        generated=False,
                    ),
                ),
                ("owner_id", fields.BigIntField()),
                ("chunk", fields.IntField()),
                ("cardinality", fields.IntField()),
                ("roaring", fields.BinaryField()),
            ],
            options={
                "table": "chunks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "role", "owner_id", "chunk"),),
                "pk_attr": "id",
                "table_description": "The part of a bitmap whose ordinals share their upper bits (`ordinal >> 16`), as portable roaring bytes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DirtyBatch",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                ("ordinals", fields.BinaryField()),
                ("changed", ArrayField(element_type="TEXT")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "dirty_batches",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "kind", "id"], name="dirty_batches_in_order")],
                "pk_attr": "id",
                "table_description": "The members that one change touched, as one bitmap, and the names of what changed in them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Member",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                (
                    "ordinal",
                    fields.IntField(
                        description="Bit in every bitmap of (workspace, kind). Given once, never reused"
                    ),
                ),
                ("external_id", fields.TextField(unique=False)),
                ("name", fields.TextField(null=True, unique=False)),
                ("domain", fields.TextField(null=True, unique=False)),
                ("email", fields.TextField(null=True, unique=False)),
                ("phone", fields.TextField(null=True, unique=False)),
                ("country", fields.TextField(null=True, unique=False)),
                ("city", fields.TextField(null=True, unique=False)),
                ("industry", fields.TextField(null=True, unique=False)),
                ("revenue", fields.DecimalField(null=True, max_digits=20, decimal_places=4)),
                ("employees", fields.BigIntField(null=True)),
                ("score", fields.FloatField(null=True)),
                ("is_target", fields.BooleanField(default=True, db_default=True)),
                ("has_address", fields.BooleanField(default=False, db_default=False)),
                ("tags", ArrayField(element_type="TEXT")),
                ("attributes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "consent_email",
                    fields.IntEnumField(
                        default=ConsentState.UNKNOWN,
                        description="UNKNOWN: 0\nGRANTED: 1\nDENIED: 2",
                        db_default=0,
                        enum_type=ConsentState,
                        generated=False,
                    ),
                ),
                (
                    "consent_direct_mail",
                    fields.IntEnumField(
                        default=ConsentState.UNKNOWN,
                        description="UNKNOWN: 0\nGRANTED: 1\nDENIED: 2",
                        db_default=0,
                        enum_type=ConsentState,
                        generated=False,
                    ),
                ),
                (
                    "consent_sms",
                    fields.IntEnumField(
                        default=ConsentState.UNKNOWN,
                        description="UNKNOWN: 0\nGRANTED: 1\nDENIED: 2",
                        db_default=0,
                        enum_type=ConsentState,
                        generated=False,
                    ),
                ),
                (
                    "consent_phone",
                    fields.IntEnumField(
                        default=ConsentState.UNKNOWN,
                        description="UNKNOWN: 0\nGRANTED: 1\nDENIED: 2",
                        db_default=0,
                        enum_type=ConsentState,
                        generated=False,
                    ),
                ),
                (
                    "consent_push",
                    fields.IntEnumField(
                        default=ConsentState.UNKNOWN,
                        description="UNKNOWN: 0\nGRANTED: 1\nDENIED: 2",
                        db_default=0,
                        enum_type=ConsentState,
                        generated=False,
                    ),
                ),
                ("version", fields.IntField(default=1, db_default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "members",
                "app": "seggraph",
                "unique_together": (
                    ("workspace_id", "kind", "ordinal"),
                    ("workspace_id", "kind", "external_id"),
                ),
                "pk_attr": "id",
                "table_description": "One member. The row is narrow, because whole populations are scanned: long text lives in `MemberAddress`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MemberAddress",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("member_id", fields.BigIntField(unique=True)),
                ("workspace_id", fields.BigIntField()),
                ("address", fields.TextField(null=True, unique=False)),
                ("shipping_address", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("billing_address", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "member_addresses",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "The postal addresses of a member, aside from the row that is scanned.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Population",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                ("next_ordinal", fields.BigIntField(default=0, db_default=0)),
            ],
            options={
                "table": "populations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind"),),
                "pk_attr": "id",
                "table_description": "All members of one kind in one workspace: it counts their ordinals and owns their audiences.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("subject", fields.CharField(unique=True, max_length=255)),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(max_length=320)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "users",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "A person who signs in; never a member. `subject` is the `sub` of their tokens.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Workspace",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=200)),
                (
                    "time_zone",
                    fields.CharField(
                        default="UTC", description="IANA name; calendar operators use it", max_length=64
                    ),
                ),
                (
                    "consent_policy",
                    fields.CharEnumField(
                        default=ConsentPolicy.OPT_OUT,
                        description="OPT_OUT: OPT_OUT\nOPT_IN: OPT_IN",
                        enum_type=ConsentPolicy,
                        max_length=16,
                    ),
                ),
                ("currency", fields.CharField(default="USD", description="ISO 4217", max_length=3)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "workspaces",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "A tenant. Nothing crosses it: every other table carries its id.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiKey",
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
                    "hint",
                    fields.CharField(
                        description="The first characters, to tell keys apart in a list", max_length=24
                    ),
                ),
                (
                    "digest",
                    fields.CharField(
                        unique=True, description="SHA-256 of the whole key, in hex", max_length=64
                    ),
                ),
                (
                    "scope",
                    fields.CharEnumField(
                        description="READ: READ\nWRITE: WRITE\nADMIN: ADMIN",
                        enum_type=ApiKeyScope,
                        max_length=8,
                    ),
                ),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_keys",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name"),),
                "pk_attr": "id",
                "table_description": "A key `sgk_live_…`. Only its SHA-256 is kept: the secret has 256 random bits, so a slow hash adds nothing.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Segment",
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
                ("description", fields.TextField(null=True, unique=False)),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                (
                    "type",
                    fields.CharEnumField(
                        description="STATIC: STATIC\nDYNAMIC: DYNAMIC", enum_type=SegmentType, max_length=8
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=SegmentStatus.DRAFT,
                        description="DRAFT: DRAFT\nACTIVE: ACTIVE\nPAUSED: PAUSED\nARCHIVED: ARCHIVED",
                        enum_type=SegmentStatus,
                        max_length=8,
                    ),
                ),
                (
                    "purpose",
                    fields.CharEnumField(
                        null=True,
                        description="ACQUISITION: ACQUISITION\nRETENTION: RETENTION",
                        enum_type=SegmentPurpose,
                        max_length=16,
                    ),
                ),
                (
                    "origin",
                    fields.CharEnumField(
                        default=SegmentOrigin.USER,
                        description="DEFAULT: DEFAULT\nUSER: USER\nCUSTOM: CUSTOM",
                        enum_type=SegmentOrigin,
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
                ("criteria", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("sync_interval_seconds", fields.IntField(null=True)),
                ("next_sync_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1, db_default=1)),
                ("requested_revision", fields.IntField(default=0, db_default=0)),
                ("computed_revision", fields.IntField(default=0, db_default=0)),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "attempts",
                    fields.IntField(
                        default=0, description="Failed runs of the requested revision", db_default=0
                    ),
                ),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("progress", fields.FloatField(null=True)),
                (
                    "reach_status",
                    fields.CharEnumField(
                        default=ReachStatus.NONE,
                        description="NONE: NONE\nCALCULATING: CALCULATING\nREADY: READY\nFAILED: FAILED",
                        enum_type=ReachStatus,
                        max_length=16,
                    ),
                ),
                ("as_of", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("member_count", fields.BigIntField(default=0, db_default=0)),
                ("reach_total", fields.BigIntField(null=True)),
                ("reach_email", fields.BigIntField(null=True)),
                ("reach_direct_mail", fields.BigIntField(null=True)),
                ("reach_sms", fields.BigIntField(null=True)),
                ("reach_phone", fields.BigIntField(null=True)),
                ("reach_push", fields.BigIntField(null=True)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("error_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="created_segments",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "last_action",
                    fields.CharEnumField(
                        default=SegmentAction.CREATED,
                        description="CREATED: CREATED\nEDITED: EDITED\nCLONED: CLONED\nARCHIVED: ARCHIVED\nUNARCHIVED: UNARCHIVED\nPAUSED: PAUSED\nRESUMED: RESUMED\nACTIVATED: ACTIVATED",
                        enum_type=SegmentAction,
                        max_length=16,
                    ),
                ),
                (
                    "last_modified_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="last_modified_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="modified_segments",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("last_modified_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "segments",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "indexes": [
                    Index(fields=["workspace_id", "kind", "status"], name="segments_by_kind"),
                    Index(fields=["workspace_id", "created_at", "id"], name="segments_by_creation"),
                    Index(fields=["workspace_id", "last_modified_at", "id"], name="segments_by_modification"),
                ],
                "pk_attr": "id",
                "table_description": "A named audience: its definition, the intent to compute it, and the last good numbers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Run",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                (
                    "trigger",
                    fields.CharEnumField(
                        description="FULL: FULL\nREFRESH: REFRESH\nMANUAL: MANUAL",
                        enum_type=RunTrigger,
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        description="RUNNING: RUNNING\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nVOID: VOID",
                        enum_type=RunStatus,
                        max_length=16,
                    ),
                ),
                ("holder", fields.CharField(null=True, max_length=64)),
                ("as_of", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("member_count", fields.BigIntField(null=True)),
                ("entered", fields.IntField(null=True)),
                ("exited", fields.IntField(null=True)),
                ("refreshed", fields.BinaryField(null=True)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "runs",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "segment_id", "id"], name="runs_by_segment")],
                "pk_attr": "id",
                "table_description": "One computation of a segment: what, when, how long, counts, error.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RunChunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "run",
                    fields.ForeignKeyField(
                        "seggraph.Run",
                        source_field="run_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("segment_id", fields.BigIntField()),
                (
                    "move",
                    fields.IntEnumField(
                        description="ENTERED: 1\nEXITED: 2", enum_type=Direction, generated=False
                    ),
                ),
                ("chunk", fields.IntField()),
                ("cardinality", fields.IntField()),
                ("roaring", fields.BinaryField()),
            ],
            options={
                "table": "run_chunks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "chunk", "run_id", "move"),),
                "pk_attr": "id",
                "table_description": "A chunk of the bitmap of who entered or exited in a run.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SegmentHiding",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "segment_hidings",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "That a segment is hidden from a user.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Source",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="CRITERIA: CRITERIA\nMANUAL: MANUAL\nIMPORT: IMPORT\nPLAYBOOK: PLAYBOOK",
                        enum_type=SourceKind,
                        max_length=8,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "sources",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "kind"),),
                "pk_attr": "id",
                "table_description": "What puts members into a segment. Its links and blocks are chunks that it owns.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WorkspaceUser",
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
                    "user",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="ADMIN: ADMIN\nLEADER: LEADER\nTEAM_MEMBER: TEAM_MEMBER",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
            ],
            options={
                "table": "workspace_users",
                "app": "seggraph",
                "unique_together": (("workspace_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "That a user belongs to a workspace, and as what.",
            },
            bases=["Model"],
        ),
    ]
