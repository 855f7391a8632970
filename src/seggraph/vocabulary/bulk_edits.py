"""Bulk edits of members."""

from seggraph.vocabulary.described import DescribedStrEnum


class BulkEditAction(DescribedStrEnum):
    """What a bulk edit does to each member."""

    TAG_MEMBERS = "TAG_MEMBERS", "Tags are added and removed."
    SET_CONSENTS = "SET_CONSENTS", "Consents are set."
    CHANGE_ATTRIBUTE = (
        "CHANGE_ATTRIBUTE",
        "The values of a custom attribute are converted, renamed, merged or deleted.",
    )


class AttributeChangeType(DescribedStrEnum):
    """What a change does to a custom attribute."""

    CONVERT = "CONVERT", "The attribute gets another type, and its values are converted."
    RENAME = "RENAME", "The attribute gets another name, and everything that names it follows."
    MERGE = "MERGE", "Another attribute gets the values, and this one is deleted."
    DELETE = "DELETE", "The attribute is deleted with its values."


class NotConvertible(DescribedStrEnum):
    """What is done if an attribute gets another type and has values that cannot be converted unchanged."""

    REFUSE = "REFUSE", "Nothing is changed, and the error says how many values there are."
    CLEAR = "CLEAR", "These values are removed; the others are converted."


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
