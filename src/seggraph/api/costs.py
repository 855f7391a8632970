"""What fields cost besides what the schema says: how long lists are that no argument sets, and which fields are dear.

A point is one object or value of an answer, a few microseconds. The weights are of the same size: 1,000 stand for
some milliseconds of the server or its database. A test walks the schema: every list is here, and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from seggraph.transport.cost import FieldCost

_SELECTION: Final = (("where", 5_000), ("search", 500))
"""Arguments of lists of members for which all members are looked at."""

COSTS: Final[Mapping[str, FieldCost]] = MappingProxyType(
    {
        "*.errors": FieldCost(items=3),
        "*.rowErrors": FieldCost(items=100),
        "*.rowWarnings": FieldCost(items=100),
        "*.warnings": FieldCost(items=5),
        "AuditEntryConnection.totalCount": FieldCost(weight=500),
        "BulkEdit.consents": FieldCost(items=5),
        "Campaign.audience": FieldCost(weight=2_000),
        "Campaign.excludedSegments": FieldCost(items=5),
        "Campaign.metrics": FieldCost(weight=100),
        "Campaign.segments": FieldCost(items=10),
        "CampaignAudience.byChannel": FieldCost(items=5),
        "CampaignReport.bySegment": FieldCost(items=10),
        "CampaignReport.series": FieldCost(items=1_000),
        "Destination.deliveries": FieldCost(items=50),
        "EventName.count": FieldCost(weight=500),
        "EventName.lastAt": FieldCost(weight=500),
        "EventName.properties": FieldCost(weight=100, items=10),
        "EventProperty.examples": FieldCost(items=3),
        "ExplainedNode.children": FieldCost(items=5),
        "Import.columns": FieldCost(items=50),
        "Import.mapping": FieldCost(items=50),
        "Import.suggestedMapping": FieldCost(items=50),
        "ImportColumn.ambiguities": FieldCost(items=3),
        "ImportTemplate.mapping": FieldCost(items=50),
        "ImportCampaignMetricsPayload.campaigns": FieldCost(items=100),
        "ImportCampaignMetricsPayload.columns": FieldCost(items=50),
        "ImportCampaignMetricsPayload.mapping": FieldCost(items=10),
        "Member.consents": FieldCost(items=5),
        "Member.related": FieldCost(weight=50, items=20),
        "Member.segmentIntervals": FieldCost(weight=500, items=20),
        "Member.value": FieldCost(weight=50),
        "MemberConnection.totalCount": FieldCost(weight=500),
        "MemberSegmentEdge.playbooks": FieldCost(items=3),
        "MembershipChange.playbooks": FieldCost(items=3),
        "MembershipChanged.enteredSample": FieldCost(items=10),
        "MembershipChanged.exitedSample": FieldCost(items=10),
        "MembershipExplanation.sources": FieldCost(items=5),
        "Playbook.segments": FieldCost(items=10),
        "PreviewDiff.enteredSample": FieldCost(items=10),
        "PreviewDiff.exitedSample": FieldCost(items=10),
        "Query.apiKeys": FieldCost(items=100),
        "Query.compareSegments": FieldCost(weight=20_000),
        "Query.criteriaCompletions": FieldCost(weight=2_000, items=100),
        "Query.criteriaFields": FieldCost(weight=2_000, items=200),
        "Query.destinations": FieldCost(items=100),
        "Query.eventNames": FieldCost(weight=500, items=50),
        "Query.members": FieldCost(arguments=_SELECTION),
        "Query.nodes": FieldCost(sized_by="ids"),
        "Query.previewSegment": FieldCost(weight=20_000),
        "Query.segmentCounts": FieldCost(weight=500, items=4),
        "Query.valueSuggestions": FieldCost(weight=2_000, items=20),
        "Query.webhooks": FieldCost(items=20),
        "Reach.waterfall": FieldCost(weight=2_000, items=5),
        "ReportColumn.ambiguities": FieldCost(items=3),
        "Segment.deliveries": FieldCost(items=5),
        "Segment.explain": FieldCost(weight=5_000),
        "Segment.hiddenFrom": FieldCost(items=5),
        "Segment.members": FieldCost(arguments=_SELECTION),
        "Segment.membershipAt": FieldCost(weight=10_000),
        "Segment.membershipChanges": FieldCost(weight=500),
        "Segment.metrics": FieldCost(weight=100),
        "Segment.sizeHistory": FieldCost(weight=1_000, items=200),
        "Segment.sources": FieldCost(items=5),
        "Segment.value": FieldCost(weight=500),
        "SegmentComparison.overlaps": FieldCost(items=45),
        "SegmentComparison.segments": FieldCost(items=10),
        "SegmentConnection.totalCount": FieldCost(weight=100),
        "SegmentMemberEdge.playbooks": FieldCost(items=3),
        "SegmentMembersPayload.segments": FieldCost(items=100),
        "SegmentMetrics.byCampaign": FieldCost(items=10),
        "SegmentMetrics.series": FieldCost(items=1_000),
        "SegmentPreview.diff": FieldCost(weight=10_000),
        "SegmentPreview.sample": FieldCost(weight=500, items=10),
        "SegmentPreview.value": FieldCost(weight=20_000),
        "SegmentUsages.campaigns": FieldCost(items=10),
        "SegmentUsages.destinations": FieldCost(items=5),
        "SegmentUsages.playbooks": FieldCost(items=5),
        "SegmentUsages.segments": FieldCost(items=10),
        "SuppressionConnection.totalCount": FieldCost(weight=500),
    }
)
