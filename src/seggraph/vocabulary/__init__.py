"""The closed sets of words of the domain, shared by every layer, one module for each noun.

Sets that live in hot tables are integers (stored as ``smallint``); the others are stored as their text.
Clients only ever see the names. A code, once given, never changes its meaning.
"""

from seggraph.vocabulary.audit import AuditAction, AuditSubject
from seggraph.vocabulary.bulk_edits import (
    AttributeChangeType,
    BulkEditAction,
    BulkEditStatus,
    NotConvertible,
)
from seggraph.vocabulary.campaigns import CampaignSegmentRole, CampaignStatus, ReportNameBasis
from seggraph.vocabulary.described import DescribedIntEnum, DescribedStrEnum
from seggraph.vocabulary.destinations import (
    DeliveryStatus,
    DesiredState,
    FeedbackType,
)
from seggraph.vocabulary.files import (
    ExportContent,
    ExportFormat,
    ExportStatus,
    ImportContent,
    ImportStatus,
    RowOutcome,
)
from seggraph.vocabulary.history import HistoryInterval, RunStatus, RunTrigger
from seggraph.vocabulary.identity import ApiKeyScope, Permission, Role, Visibility
from seggraph.vocabulary.members import AttributeType, MemberKind, RelationType
from seggraph.vocabulary.playbooks import PlaybookStatus
from seggraph.vocabulary.reach import (
    Channel,
    ConsentPolicy,
    ConsentState,
    ReachStatus,
    ReachStepReason,
    SuppressionReason,
)
from seggraph.vocabulary.saved_views import SavedViewList
from seggraph.vocabulary.segments import (
    SegmentAction,
    SegmentFacet,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentTransition,
    SegmentType,
    SegmentUse,
    SourceKind,
)
from seggraph.vocabulary.usage import UsageItem
from seggraph.vocabulary.webhooks import Topic, WebhookDeliveryStatus, WebhookStatus

__all__ = [
    "ApiKeyScope",
    "AttributeChangeType",
    "AttributeType",
    "AuditAction",
    "AuditSubject",
    "BulkEditAction",
    "BulkEditStatus",
    "CampaignSegmentRole",
    "CampaignStatus",
    "Channel",
    "ConsentPolicy",
    "ConsentState",
    "DeliveryStatus",
    "DescribedIntEnum",
    "DescribedStrEnum",
    "DesiredState",
    "ExportContent",
    "ExportFormat",
    "ExportStatus",
    "FeedbackType",
    "HistoryInterval",
    "ImportContent",
    "ImportStatus",
    "MemberKind",
    "NotConvertible",
    "Permission",
    "PlaybookStatus",
    "ReachStatus",
    "ReachStepReason",
    "RelationType",
    "ReportNameBasis",
    "Role",
    "RowOutcome",
    "RunStatus",
    "RunTrigger",
    "SavedViewList",
    "SegmentAction",
    "SegmentFacet",
    "SegmentOrigin",
    "SegmentPurpose",
    "SegmentStatus",
    "SegmentTransition",
    "SegmentType",
    "SegmentUse",
    "SourceKind",
    "SuppressionReason",
    "Topic",
    "UsageItem",
    "Visibility",
    "WebhookDeliveryStatus",
    "WebhookStatus",
]
