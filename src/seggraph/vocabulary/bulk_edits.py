"""Bulk edits of members."""

from seggraph.vocabulary.described import DescribedStrEnum


class BulkEditAction(DescribedStrEnum):
    """What a bulk edit does to each member."""

    TAG_MEMBERS = "TAG_MEMBERS", "Tags are added and removed."
    SET_CONSENTS = "SET_CONSENTS", "Consents are set."


class BulkEditStatus(DescribedStrEnum):
    """The status of a bulk edit."""

    RUNNING = "RUNNING", "The members are being edited, or wait for their turn."
    COMPLETED = "COMPLETED", "All members were dealt with."
    FAILED = (
        "FAILED",
        "The edit stopped because of an error; members that were edited before stay as they are.",
    )
    CANCELLED = (
        "CANCELLED",
        "A user or a program stopped the edit; members that were edited before stay as they are.",
    )
