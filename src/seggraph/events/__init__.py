"""Published facts, the Redis stream that carries them after the commit, and the hub that feeds subscribers."""

from seggraph.events.cursors import Position
from seggraph.events.facts import (
    SAMPLE_SIZE,
    BulkEditProgressed,
    CampaignChanged,
    DeliveryChanged,
    ExportFinished,
    ExportProgressed,
    Fact,
    FolderChanged,
    ImportFinished,
    ImportProgressed,
    LabelChanged,
    MembershipChanged,
    MetricsChanged,
    PlaybookChanged,
    ReachChanged,
    RunProgressed,
    SegmentDeleted,
    SegmentStatusChanged,
    SegmentUpdated,
    UserChanged,
)
from seggraph.events.hub import Hub
from seggraph.events.mailboxes import Delivery, Resync
from seggraph.events.stream import EventStream, ResyncReason

__all__ = [
    "SAMPLE_SIZE",
    "BulkEditProgressed",
    "CampaignChanged",
    "Delivery",
    "DeliveryChanged",
    "EventStream",
    "ExportFinished",
    "ExportProgressed",
    "Fact",
    "FolderChanged",
    "Hub",
    "ImportFinished",
    "ImportProgressed",
    "LabelChanged",
    "MembershipChanged",
    "MetricsChanged",
    "PlaybookChanged",
    "Position",
    "ReachChanged",
    "Resync",
    "ResyncReason",
    "RunProgressed",
    "SegmentDeleted",
    "SegmentStatusChanged",
    "SegmentUpdated",
    "UserChanged",
]
