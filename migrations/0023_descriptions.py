from tortoise import migrations
from tortoise.migrations import operations as ops
from seggraph.vocabulary import Channel
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0022_spread_chunks")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="ApiKey",
            options={
                "table": "api_keys",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name"),),
                "pk_attr": "id",
                "table_description": "A key `sgk_live_…`. Only its SHA-256 is stored. The secret has 256 random bits, so a slow hash is not needed.",
            },
        ),
        ops.AlterModelOptions(
            name="AuditEntry",
            options={
                "table": "audit_entries",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "id"], name="audit_entries_by_workspace"),
                    Index(fields=["workspace_id", "subject_id", "id"], name="audit_entries_by_subject"),
                ],
                "pk_attr": "id",
                "table_description": "One action of a user, an API key or an operator. A trigger refuses to change rows.",
            },
        ),
        ops.AlterModelOptions(
            name="Campaign",
            options={
                "table": "campaigns",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "indexes": [Index(fields=["workspace_id", "created_at", "id"], name="campaigns_by_creation")],
                "pk_attr": "id",
                "table_description": "A campaign targets some segments, excludes others, and has metrics.",
            },
        ),
        ops.AlterField(
            model_name="Campaign",
            name="name_key",
            field=fields.CharField(description="The case-folded name; it is unique", max_length=600),
        ),
        ops.AlterModelOptions(
            name="CampaignSegment",
            options={
                "table": "campaign_segments",
                "app": "seggraph",
                "unique_together": (("workspace_id", "campaign_id", "segment_id"),),
                "indexes": [Index(fields=["segment_id", "campaign_id"], name="campaign_segments_by_segment")],
                "pk_attr": "id",
                "table_description": "A segment that a campaign targets or excludes.",
            },
        ),
        ops.AlterModelOptions(
            name="DataVersion",
            options={
                "table": "data_versions",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind"),),
                "pk_attr": "id",
                "table_description": "How often dirty batches or members of a population were deleted.",
            },
        ),
        ops.AlterModelOptions(
            name="Delivery",
            options={
                "table": "deliveries",
                "app": "seggraph",
                "unique_together": (("workspace_id", "destination_id", "segment_id"),),
                "indexes": [Index(fields=["workspace_id", "segment_id"], name="deliveries_by_segment")],
                "pk_attr": "id",
                "table_description": "One segment at one destination: the desired state (`wish`), the progress, and the last successful numbers.",
            },
        ),
        ops.AlterField(
            model_name="Delivery",
            name="attempts",
            field=fields.IntField(
                default=0, description="Failed attempts since the last acknowledged batch", db_default=0
            ),
        ),
        ops.AlterField(
            model_name="Delivery",
            name="is_behind",
            field=fields.BooleanField(
                default=False,
                description="Whether there is work that was found and not finished",
                db_default=False,
            ),
        ),
        ops.AlterField(
            model_name="Delivery",
            name="list_id",
            field=fields.TextField(
                null=True, description="The id of the list at the destination", unique=False
            ),
        ),
        ops.AlterField(
            model_name="Delivery",
            name="list_name",
            field=fields.TextField(
                null=True,
                description="The name of the list at the destination; null while it is renamed",
                unique=False,
            ),
        ),
        ops.AlterField(
            model_name="Delivery",
            name="refused_name",
            field=fields.TextField(
                null=True, description="The name that the destination refused for the list", unique=False
            ),
        ),
        ops.AlterModelOptions(
            name="DeliveryChange",
            options={
                "table": "delivery_changes",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "delivery_id", "id"], name="delivery_changes_by_delivery")
                ],
                "pk_attr": "id",
                "table_description": "A delivery that needs an update; with `ordinals`, the members whose sent data may be out of date.",
            },
        ),
        ops.AlterModelOptions(
            name="DeliveryRemoval",
            options={
                "table": "delivery_removals",
                "app": "seggraph",
                "unique_together": (("workspace_id", "delivery_id", "key"),),
                "pk_attr": "id",
                "table_description": "The key of an erased member at a destination, until the destination has removed it.",
            },
        ),
        ops.AlterModelOptions(
            name="Dependency",
            options={
                "table": "dependencies",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "Something that the rule of a source reads of the members of a kind.",
            },
        ),
        ops.AlterModelOptions(
            name="Destination",
            options={
                "table": "destinations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "pk_attr": "id",
                "table_description": "An external system. Its secrets are encrypted (files/secrets.py); `auth_hint` shows the end of the given one.",
            },
        ),
        ops.AlterField(
            model_name="Destination",
            name="channel",
            field=fields.IntEnumField(
                null=True,
                description="Only members that it reaches are sent; null: all members",
                enum_type=Channel,
                generated=False,
            ),
        ),
        ops.AlterField(
            model_name="Destination",
            name="name_key",
            field=fields.CharField(description="The case-folded name; it is unique", max_length=600),
        ),
        ops.AlterModelOptions(
            name="DirtyBatch",
            options={
                "table": "dirty_batches",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "kind", "id"], name="dirty_batches_in_order")],
                "pk_attr": "id",
                "table_description": "The members that one change affected, as one bitmap, and the names of what changed.",
            },
        ),
        ops.AlterModelOptions(
            name="Export",
            options={
                "table": "exports",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="exports_by_workspace")],
                "pk_attr": "id",
                "table_description": "A file that is being written, or can be downloaded until it expires.",
            },
        ),
        ops.AlterField(
            model_name="Export",
            name="as_of",
            field=fields.DatetimeField(
                null=True, description="The instant of the data", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AlterField(
            model_name="Export",
            name="total",
            field=fields.BigIntField(null=True, description="The number of rows that it will have"),
        ),
        ops.AlterModelOptions(
            name="Import",
            options={
                "table": "imports",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="imports_by_workspace")],
                "pk_attr": "id",
                "table_description": "A file and its result: read = added + updated + already_in + duplicate + ignored + failed.",
            },
        ),
        ops.AlterField(
            model_name="Import",
            name="encoding",
            field=fields.CharField(description="The encoding of the stored file", max_length=16),
        ),
        ops.AlterField(
            model_name="Import",
            name="file_encoding",
            field=fields.CharField(description="The encoding of the upload", max_length=16),
        ),
        ops.AlterField(
            model_name="Import",
            name="file_name",
            field=fields.CharField(description="The name from the client; only for display", max_length=255),
        ),
        ops.AlterField(
            model_name="Import",
            name="total",
            field=fields.BigIntField(null=True, description="The number of rows, after the file was checked"),
        ),
        ops.AlterModelOptions(
            name="ImportReject",
            options={
                "table": "import_rejects",
                "app": "seggraph",
                "unique_together": (("workspace_id", "import_id", "line"),),
                "pk_attr": "id",
                "table_description": "A rejected row of an import: its cells as they are in the file, and the reason.",
            },
        ),
        ops.AlterField(
            model_name="ImportReject",
            name="line",
            field=fields.BigIntField(description="The line of the file on which the row begins, from 1"),
        ),
        ops.AlterModelOptions(
            name="Member",
            options={
                "table": "members",
                "app": "seggraph",
                "unique_together": (
                    ("workspace_id", "kind", "ordinal"),
                    ("workspace_id", "kind", "external_id"),
                ),
                "pk_attr": "id",
                "table_description": "One member. Whole populations are scanned, so the row is short, and long texts are in `MemberAddress`.",
            },
        ),
        ops.AlterField(
            model_name="Member",
            name="ordinal",
            field=fields.IntField(
                description="Its bit in every bitmap of (workspace, kind). Assigned once, never used again"
            ),
        ),
        ops.AlterModelOptions(
            name="MemberAddress",
            options={
                "table": "member_addresses",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "The postal addresses of a member, separate from the row that is scanned.",
            },
        ),
        ops.AlterModelOptions(
            name="Playbook",
            options={
                "table": "playbooks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "pk_attr": "id",
                "table_description": "A rule that adds members to segments. In each of them it has a source.",
            },
        ),
        ops.AlterField(
            model_name="Playbook",
            name="name_key",
            field=fields.CharField(description="The case-folded name; it is unique", max_length=600),
        ),
        ops.AlterModelOptions(
            name="Relation",
            options={
                "table": "relations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "relation", "from_ordinal", "to_ordinal"),),
                "indexes": [
                    Index(
                        fields=["workspace_id", "relation", "to_ordinal", "from_ordinal"],
                        name="relations_backwards",
                    )
                ],
                "pk_attr": "id",
                "table_description": "A relation of two members. `relation` implies both kinds.",
            },
        ),
        ops.AlterModelOptions(
            name="Run",
            options={
                "table": "runs",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "segment_id", "id"], name="runs_by_segment"),
                    Index(fields=["workspace_id", "segment_id", "applied"], name="runs_as_applied"),
                ],
                "pk_attr": "id",
                "table_description": "One computation of a segment: its reason, time, duration, counts and error.",
            },
        ),
        ops.AlterModelOptions(
            name="RunChunk",
            options={
                "table": "run_chunks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "chunk", "applied", "move"),),
                "indexes": [
                    Index(fields=["workspace_id", "segment_id", "applied"], name="run_chunks_as_applied")
                ],
                "pk_attr": "id",
                "table_description": "A chunk of the bitmap of members that entered or exited in a run; `applied` is that of the run.",
            },
        ),
        ops.AlterField(
            model_name="RunChunk",
            name="causes",
            field=fields.BinaryField(
                null=True,
                description="The sources of each change, see services/memberships/attribution.py; null: not known",
            ),
        ),
        ops.AlterModelOptions(
            name="Segment",
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
                "table_description": "A named audience: its definition, the requested computation, and the last successful numbers.",
            },
        ),
        ops.AlterField(
            model_name="Segment",
            name="compact_at",
            field=fields.DatetimeField(
                null=True,
                description="Time of the next compaction of its history",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterField(
            model_name="Segment",
            name="excused",
            field=fields.BinaryField(null=True, description="The members that refreshes left to that run"),
        ),
        ops.AlterField(
            model_name="Segment",
            name="name_key",
            field=fields.CharField(description="The case-folded name; it is unique", max_length=600),
        ),
        ops.AlterField(
            model_name="Segment",
            name="reach_members",
            field=fields.BigIntField(
                null=True, description="The size of the segment when its reach was counted"
            ),
        ),
        ops.AlterField(
            model_name="Segment",
            name="synced_revision",
            field=fields.IntField(null=True, description="The revision of the last sync, which finds drift"),
        ),
        ops.AlterModelOptions(
            name="SegmentHiding",
            options={
                "table": "segment_hidings",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "A user that a segment is hidden from.",
            },
        ),
        ops.AlterModelOptions(
            name="Source",
            options={
                "table": "sources",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "What adds members to a segment. It owns the chunks of its links and blocks.",
            },
        ),
        ops.AlterModelOptions(
            name="Suppression",
            options={
                "table": "suppressions",
                "app": "seggraph",
                "unique_together": (("workspace_id", "channel", "digest"),),
                "indexes": [Index(fields=["workspace_id", "id"], name="suppressions_by_workspace")],
                "pk_attr": "id",
                "table_description": "An address that a channel must not use, whichever member has it.",
            },
        ),
        ops.AlterField(
            model_name="Webhook",
            name="previous_until",
            field=fields.DatetimeField(
                null=True,
                description="Messages are also signed with it until then",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterField(
            model_name="Webhook",
            name="secret",
            field=fields.BinaryField(description="The secret that signs messages, encrypted"),
        ),
        ops.AlterModelOptions(
            name="WebhookAttempt",
            options={
                "table": "webhook_attempts",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["webhook_id", "id"], name="webhook_attempts_by_webhook"),
                    Index(fields=["message_id", "id"], name="webhook_attempts_by_message"),
                ],
                "pk_attr": "id",
                "table_description": "One call of a webhook: `status_code` is None if there was no answer, `error` is None if it succeeded.",
            },
        ),
        ops.AlterModelOptions(
            name="WebhookFact",
            options={
                "table": "webhook_facts",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="webhook_facts_by_workspace")],
                "pk_attr": "id",
                "table_description": "A fact with a topic of at least one webhook, until its messages are created.",
            },
        ),
        ops.AlterModelOptions(
            name="WebhookMessage",
            options={
                "table": "webhook_messages",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["webhook_id", "id"], name="webhook_messages_by_webhook"),
                    Index(fields=["created_at"], name="webhook_messages_by_age"),
                ],
                "pk_attr": "id",
                "table_description": "A message to one webhook. `key` is its id for the receiver; `topic` is None for a test.",
            },
        ),
        ops.AlterModelOptions(
            name="Workspace",
            options={
                "table": "workspaces",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "A tenant. Nothing crosses it: every other table has its id.",
            },
        ),
        ops.AlterModelOptions(
            name="WorkspaceUser",
            options={
                "table": "workspace_users",
                "app": "seggraph",
                "unique_together": (("workspace_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "A user of a workspace, with the role.",
            },
        ),
    ]
