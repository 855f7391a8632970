"""Segments: their types, their life, what fills them and what uses them."""

from seggraph.vocabulary.described import DescribedStrEnum


class SegmentType(DescribedStrEnum):
    """How a segment gets its members."""

    STATIC = "STATIC", "Imports, manual changes and playbooks add the members."
    DYNAMIC = "DYNAMIC", "The criteria of the segment select the members, and follow every change."


class SegmentStatus(DescribedStrEnum):
    """The status of a segment."""

    DRAFT = "DRAFT", "The segment is being prepared and is not calculated."
    ACTIVE = "ACTIVE", "The segment is calculated and follows every change."
    PAUSED = "PAUSED", "The segment keeps its members and is neither calculated nor delivered."
    ARCHIVED = "ARCHIVED", "The segment is put away; lists show it only on request."


class SegmentPurpose(DescribedStrEnum):
    """The purpose of a segment, which decides the channels that its total reach counts."""

    ACQUISITION = "ACQUISITION", "Win new customers; the total reach counts direct mail only."
    RETENTION = "RETENTION", "Keep customers; the total reach counts email and direct mail."


class SegmentOrigin(DescribedStrEnum):
    """Who created a segment."""

    DEFAULT = "DEFAULT", "The system created the segment in every workspace; it cannot be changed."
    USER = "USER", "A user or a program of the workspace created the segment."
    CUSTOM = "CUSTOM", "An API key with the scope ADMIN created the segment for the customer."


class SegmentAction(DescribedStrEnum):
    """The last action on a segment."""

    CREATED = "CREATED", "The segment was created."
    EDITED = "EDITED", "The segment was edited."
    CLONED = "CLONED", "The segment was created as a copy of another one."
    ARCHIVED = "ARCHIVED", "The segment was archived."
    UNARCHIVED = "UNARCHIVED", "The segment was taken out of the archive."
    PAUSED = "PAUSED", "The segment was paused."
    RESUMED = "RESUMED", "The segment was resumed after a pause."
    ACTIVATED = "ACTIVATED", "The draft was activated."


class SegmentTransition(DescribedStrEnum):
    """An action that a segment allows; its status decides which. The values are in the order for display."""

    EDIT = "EDIT", "Change the segment with updateSegment."
    ACTIVATE = "ACTIVATE", "Activate the draft with activateSegment."
    RECALCULATE = "RECALCULATE", "Calculate the whole segment again with recalculateSegment."
    PAUSE = "PAUSE", "Pause the segment with pauseSegment."
    RESUME = "RESUME", "Resume the paused segment with resumeSegment."
    ARCHIVE = "ARCHIVE", "Archive the segment with archiveSegment."
    UNARCHIVE = "UNARCHIVE", "Take the segment out of the archive with unarchiveSegment."
    CLONE = "CLONE", "Copy the segment with cloneSegment."
    DELETE = "DELETE", "Delete the segment with deleteSegment."


class SegmentUse(DescribedStrEnum):
    """How something uses a segment."""

    CRITERIA = "CRITERIA", "The criteria of another segment or of a playbook refer to the segment."
    SOURCE = "SOURCE", "A playbook adds members to the segment."
    TARGET = "TARGET", "A campaign targets the segment."
    EXCLUSION = "EXCLUSION", "A campaign leaves out the members of the segment."
    METRICS = "METRICS", "Metrics of a campaign were recorded for the segment."
    DELIVERY = "DELIVERY", "The segment is delivered to a destination."


class SourceKind(DescribedStrEnum):
    """What adds members to a segment."""

    CRITERIA = "CRITERIA", "The criteria of the segment."
    MANUAL = "MANUAL", "Members added with addSegmentMembers or combineSegments."
    IMPORT = "IMPORT", "Imports of files into the segment."
    PLAYBOOK = "PLAYBOOK", "A playbook that adds members to the segment."


class SegmentFacet(DescribedStrEnum):
    """What the segments of a list are counted by."""

    KIND = "KIND", "The kind of the members."
    TYPE = "TYPE", "The type of the segment."
    PURPOSE = (
        "PURPOSE",
        "The purpose, such as acquisition or retention; segments without one are not counted.",
    )
    ORIGIN = "ORIGIN", "Where the segment comes from."
    REACH_STATUS = "REACH_STATUS", "The status of the reach."
    FOLDER = "FOLDER", "The folder that the segment is in itself; segments in none are not counted."
    LABEL = "LABEL", "The labels; a segment counts once for each of its labels."
    CREATED_BY = "CREATED_BY", "The user who created the segment."
