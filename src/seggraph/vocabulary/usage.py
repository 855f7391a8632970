"""What a workspace uses and what it may use."""

from seggraph.vocabulary.described import DescribedStrEnum


class UsageItem(DescribedStrEnum):
    """What is counted or bounded."""

    MEMBERS = "MEMBERS", "Members of a kind."
    ATTRIBUTES = "ATTRIBUTES", "Attributes of a kind in the catalogue."
    SEGMENTS = "SEGMENTS", "Segments that are not archived."
    CAMPAIGNS = "CAMPAIGNS", "Campaigns that have not ended."
    PLAYBOOKS = "PLAYBOOKS", "Playbooks, active and paused."
    LABELS = "LABELS", "Labels of segments."
    FOLDERS = "FOLDERS", "Folders of segments."
    DESTINATIONS = "DESTINATIONS", "Destinations of the workspace."
    WEBHOOKS = "WEBHOOKS", "Webhooks of the workspace."
    USERS = "USERS", "Users who are not deactivated."
    API_KEYS = "API_KEYS", "API keys that are not revoked."
    UPLOAD_MEBIBYTES = "UPLOAD_MEBIBYTES", "Size of one uploaded file, in units of 1,048,576 bytes."
    PREVIEWS_AT_ONCE = "PREVIEWS_AT_ONCE", "Previews of the workspace that run at the same time."
    EXPORTS_AT_ONCE = "EXPORTS_AT_ONCE", "Exports of the workspace that are being written."
    UPLOADS_AT_ONCE = "UPLOADS_AT_ONCE", "Uploads of the workspace at the same time."
    SUBSCRIPTIONS_AT_ONCE = "SUBSCRIPTIONS_AT_ONCE", "Subscriptions of the workspace that are open."
    POINTS_PER_SECOND = "POINTS_PER_SECOND", "Points of cost that come back to the workspace each second."
