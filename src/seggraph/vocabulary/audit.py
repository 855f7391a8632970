"""The audit log: actions, and the objects that they concern."""

from seggraph.vocabulary.described import DescribedStrEnum


class AuditAction(DescribedStrEnum):
    """An action in the audit log."""

    CREATED = "CREATED", "The object was created."
    EDITED = "EDITED", "The object was edited."
    CLONED = "CLONED", "The segment was created as a copy of another one."
    DELETED = "DELETED", "The object was deleted."
    ACTIVATED = "ACTIVATED", "The segment or delivery became active."
    RECALCULATED = "RECALCULATED", "A calculation of the segment was requested."
    PAUSED = "PAUSED", "The object was paused."
    RESUMED = "RESUMED", "The object was resumed after a pause."
    ARCHIVED = "ARCHIVED", "The segment was archived."
    UNARCHIVED = "UNARCHIVED", "The segment was taken out of the archive."
    STATUS_CHANGED = "STATUS_CHANGED", "The status of the campaign changed."
    MEMBERS_ADDED = "MEMBERS_ADDED", "Members were added to the segment manually."
    MEMBERS_REMOVED = "MEMBERS_REMOVED", "Members were removed from the segment manually."
    MEMBERS_UNBLOCKED = (
        "MEMBERS_UNBLOCKED",
        "Members that were removed manually were given back to criteria and playbooks.",
    )
    STARTED = "STARTED", "The import was started."
    CANCELLED = "CANCELLED", "The import or bulk edit was cancelled."
    DISCARDED = "DISCARDED", "The exported file was discarded."
    REVOKED = "REVOKED", "The API key was revoked."
    ROTATED = "ROTATED", "The API key got another secret."
    SUPPRESSED = "SUPPRESSED", "Addresses were suppressed."
    UNSUPPRESSED = "UNSUPPRESSED", "Addresses were released from suppression."
    ERASED = "ERASED", "Members were erased with all their data."
    TESTED = "TESTED", "The destination or webhook was tested."
    DOWNLOADED = "DOWNLOADED", "The file of the export, or the rejected rows of the import, was downloaded."
    READ_IN_BULK = "READ_IN_BULK", "Personal data of more than 1,000 members was read within an hour."
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED", "A sign-in with credentials of the workspace was refused."
    WITHDRAWN = "WITHDRAWN", "A token of the user was withdrawn."


class AuditSubject(DescribedStrEnum):
    """The type of the object that an entry of the audit log concerns."""

    SEGMENT = "SEGMENT", "The entry concerns a segment."
    LABEL = "LABEL", "The entry concerns a label of segments."
    FOLDER = "FOLDER", "The entry concerns a folder of segments."
    SAVED_VIEW = "SAVED_VIEW", "The entry concerns a saved view of a list."
    CAMPAIGN = "CAMPAIGN", "The entry concerns a campaign."
    PLAYBOOK = "PLAYBOOK", "The entry concerns a playbook."
    IMPORT = "IMPORT", "The entry concerns an import."
    IMPORT_TEMPLATE = "IMPORT_TEMPLATE", "The entry concerns the mapping template of an import."
    EXPORT = "EXPORT", "The entry concerns an export."
    BULK_EDIT = "BULK_EDIT", "The entry concerns a bulk edit of members."
    API_KEY = "API_KEY", "The entry concerns an API key."
    USER = "USER", "The entry concerns a user."
    GROUP = "GROUP", "The entry concerns a group of the identity provider."
    WORKSPACE = "WORKSPACE", "The entry concerns the settings of the workspace."
    SUPPRESSION = "SUPPRESSION", "The entry concerns suppressed addresses."
    EVENT = "EVENT", "The entry concerns events of members."
    METRICS = "METRICS", "The entry concerns an import of campaign metrics."
    REPORT_NAME = "REPORT_NAME", "The entry concerns what a name in ad reports stands for."
    MEMBER = "MEMBER", "The entry concerns members."
    ATTRIBUTE = "ATTRIBUTE", "The entry concerns a custom attribute."
    DESTINATION = "DESTINATION", "The entry concerns a destination."
    DELIVERY = "DELIVERY", "The entry concerns the delivery of a segment to a destination."
    WEBHOOK = "WEBHOOK", "The entry concerns a webhook."
