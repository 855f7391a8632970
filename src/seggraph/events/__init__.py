"""Published facts: what happened, the Redis stream it goes to after commit, and the hub for subscribers."""

from seggraph.events.cursors import Position
from seggraph.events.facts import (
    SAMPLE_SIZE,
    ExportProgressed,
    Fact,
    ImportProgressed,
    MembershipChanged,
    ReachChanged,
    RunProgressed,
    SegmentDeleted,
    SegmentStatusChanged,
)
from seggraph.events.hub import Hub
from seggraph.events.mailboxes import Delivery, Resync
from seggraph.events.stream import EventStream, ResyncReason

__all__ = [
    "SAMPLE_SIZE",
    "Delivery",
    "EventStream",
    "ExportProgressed",
    "Fact",
    "Hub",
    "ImportProgressed",
    "MembershipChanged",
    "Position",
    "ReachChanged",
    "Resync",
    "ResyncReason",
    "RunProgressed",
    "SegmentDeleted",
    "SegmentStatusChanged",
]
