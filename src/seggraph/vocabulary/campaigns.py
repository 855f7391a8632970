"""Campaigns and the segments that they use."""

from seggraph.vocabulary.described import DescribedStrEnum


class CampaignStatus(DescribedStrEnum):
    """The status of a campaign."""

    DRAFT = "DRAFT", "The campaign is being prepared."
    ACTIVE = "ACTIVE", "The campaign is running; its segments cannot be archived."
    PAUSED = "PAUSED", "The campaign is interrupted and can become ACTIVE again."
    COMPLETED = "COMPLETED", "The campaign has ended; this status is final."


class CampaignSegmentRole(DescribedStrEnum):
    """How a campaign uses a segment."""

    INCLUDE = "INCLUDE", "The campaign targets the members of the segment."
    EXCLUDE = "EXCLUDE", "The campaign leaves out the members of the segment."
