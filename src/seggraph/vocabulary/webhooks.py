"""What is published about a workspace, and the webhooks that receive it."""

from seggraph.vocabulary.described import DescribedStrEnum


class Topic(DescribedStrEnum):
    """What an event of workspaceEvents, or a message to a webhook, is about."""

    SEGMENT_CREATED = "SEGMENT_CREATED", "A segment was created."
    SEGMENT_UPDATED = "SEGMENT_UPDATED", "A segment was edited, or its status changed."
    SEGMENT_ARCHIVED = "SEGMENT_ARCHIVED", "A segment was archived."
    SEGMENT_DELETED = "SEGMENT_DELETED", "A segment was deleted."
    REACH_READY = "REACH_READY", "The reach of a segment was calculated."
    REACH_FAILED = "REACH_FAILED", "The calculation of a segment failed."
    MEMBERS_ENTERED = "MEMBERS_ENTERED", "Members entered a segment."
    MEMBERS_EXITED = "MEMBERS_EXITED", "Members exited a segment."
    IMPORT_FINISHED = "IMPORT_FINISHED", "An import was completed, cancelled, or failed."
    EXPORT_FINISHED = "EXPORT_FINISHED", "An export became ready or failed."
    DELIVERY_CHANGED = "DELIVERY_CHANGED", "The status of a delivery to a destination changed."
    CAMPAIGN_CHANGED = "CAMPAIGN_CHANGED", "A campaign was created, edited or deleted, or its status changed."
    METRICS_CHANGED = "METRICS_CHANGED", "Metrics of a campaign were recorded."
    PLAYBOOK_CHANGED = "PLAYBOOK_CHANGED", "A playbook was created, edited, paused, resumed or deleted."
    LABEL_CHANGED = "LABEL_CHANGED", "A label of segments was created, edited or deleted."
    FOLDER_CHANGED = "FOLDER_CHANGED", "A folder of segments was created, edited, moved or deleted."
    USER_CHANGED = (
        "USER_CHANGED",
        "A user was created, edited, deactivated or activated again, or got another role.",
    )


class WebhookStatus(DescribedStrEnum):
    """Whether messages are sent to a webhook."""

    ACTIVE = "ACTIVE", "Messages are sent to the webhook."
    PAUSED = "PAUSED", "A user or a program paused the webhook, so nothing is sent."
    DISABLED = "DISABLED", "The system stopped sending because the webhook kept failing."


class WebhookDeliveryStatus(DescribedStrEnum):
    """The status of a message to a webhook."""

    PENDING = "PENDING", "The message is being sent, or waits for the next attempt."
    DELIVERED = "DELIVERED", "The webhook accepted the message."
    FAILED = "FAILED", "All attempts failed; replayWebhookDelivery sends the message again."
