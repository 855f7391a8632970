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


class ReportNameBasis(DescribedStrEnum):
    """Why the name of a campaign in an ad report stands for a campaign."""

    CHOSEN = "CHOSEN", "The input says so."
    KEPT = "KEPT", "Somebody chose it for an earlier report."
    SAME_NAME = "SAME_NAME", "The campaign has this name or this id, or is given for the whole report."
    NOTHING = "NOTHING", "No campaign has this name, and nobody chose one."
