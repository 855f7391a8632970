"""Destinations and the segments that are delivered to them."""

from seggraph.vocabulary.described import DescribedStrEnum


class DestinationType(DescribedStrEnum):
    """The type of an outside system that segments are delivered to."""

    HTTP = "HTTP", "A URL that receives signed batches of changes."
    EMAIL_SERVICE = "EMAIL_SERVICE", "An email service whose contact lists are kept up to date by its API."
    FILE = "FILE", "A folder that files are written to."


class DeliveryStatus(DescribedStrEnum):
    """The status of the delivery of a segment to a destination."""

    NOT_SENT = "NOT_SENT", "Nothing was sent yet because the segment is not calculated."
    BUILDING = "BUILDING", "The first load of the list is running."
    ACTIVE = "ACTIVE", "The list at the destination follows the segment."
    INACTIVE = "INACTIVE", "The delivery is switched off; the list does not follow the segment."
    FAILED = "FAILED", "The delivery stopped because of an error that somebody has to fix."


class DesiredState(DescribedStrEnum):
    """What a delivery should achieve at its destination."""

    DELIVER = "DELIVER", "The list follows the segment."
    KEEP = "KEEP", "The list stays as it is."
    EMPTY = "EMPTY", "The list is emptied."


class FeedbackType(DescribedStrEnum):
    """What a destination reports about a recipient."""

    BOUNCE = "BOUNCE", "A message could not be delivered."
    COMPLAINT = "COMPLAINT", "The recipient reported a message as spam."
    UNSUBSCRIBE = "UNSUBSCRIBE", "The recipient unsubscribed."
