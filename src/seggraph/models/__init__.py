"""The tables, as Tortoise models. Hot set-based SQL runs through asyncpg against the same tables.

Tables with many writes (members, chunks, dirty batches) have no foreign keys. Their writers hold the row that the key
would refer to, and a check for each row would cost more than writing it.
"""

from seggraph.models.api_keys import ApiKey, IdempotencyKey
from seggraph.models.attributes import Attribute
from seggraph.models.audiences import Chunk, Population
from seggraph.models.audit import AuditEntry
from seggraph.models.campaigns import Campaign, CampaignSegment, ReportCampaign
from seggraph.models.dependencies import Dependency
from seggraph.models.destinations import Delivery, DeliveryChange, DeliveryRemoval, Destination
from seggraph.models.dirty import DataVersion, DirtyBatch
from seggraph.models.exports import Export
from seggraph.models.imports import Import, ImportReject, ImportTemplate
from seggraph.models.members import BulkEdit, ErasedBits, Erasure, Member, MemberAddress, SortIndex
from seggraph.models.playbooks import Playbook
from seggraph.models.relations import PendingRelation, Relation
from seggraph.models.runs import Drift, HistorySpan, Run, RunChunk
from seggraph.models.segments import (
    Favourite,
    Folder,
    FormerSource,
    Label,
    Segment,
    SegmentHiding,
    SegmentLabel,
    Source,
)
from seggraph.models.suppressions import Suppression
from seggraph.models.users import (
    DirectoryGroup,
    DirectoryMembership,
    RightsVersion,
    SavedView,
    User,
    WithdrawnToken,
    WorkspaceUser,
)
from seggraph.models.webhooks import Webhook, WebhookAttempt, WebhookFact, WebhookMessage
from seggraph.models.workspaces import Workspace

__all__ = [
    "ApiKey",
    "Attribute",
    "AuditEntry",
    "BulkEdit",
    "Campaign",
    "CampaignSegment",
    "Chunk",
    "DataVersion",
    "Delivery",
    "DeliveryChange",
    "DeliveryRemoval",
    "Dependency",
    "Destination",
    "DirectoryGroup",
    "DirectoryMembership",
    "DirtyBatch",
    "Drift",
    "ErasedBits",
    "Erasure",
    "Export",
    "Favourite",
    "Folder",
    "FormerSource",
    "HistorySpan",
    "IdempotencyKey",
    "Import",
    "ImportReject",
    "ImportTemplate",
    "Label",
    "Member",
    "MemberAddress",
    "PendingRelation",
    "Playbook",
    "Population",
    "Relation",
    "ReportCampaign",
    "RightsVersion",
    "Run",
    "RunChunk",
    "SavedView",
    "Segment",
    "SegmentHiding",
    "SegmentLabel",
    "SortIndex",
    "Source",
    "Suppression",
    "User",
    "Webhook",
    "WebhookAttempt",
    "WebhookFact",
    "WebhookMessage",
    "WithdrawnToken",
    "Workspace",
    "WorkspaceUser",
]
