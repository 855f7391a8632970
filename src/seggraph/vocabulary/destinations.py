"""Destinations and the segments that are delivered to them."""

from seggraph.vocabulary.described import DescribedStrEnum


class DeliveryStatus(DescribedStrEnum):
    """The status of the delivery of a segment to a destination."""

    NOT_SENT = "NOT_SENT", "Nothing was sent yet because the segment is not calculated."
    BUILDING = "BUILDING", "The first load of the list is running."
    ACTIVE = "ACTIVE", "The list at the destination follows the segment."
    INACTIVE = "INACTIVE", "The delivery is switched off; the list does not follow the segment."
    FAILED = "FAILED", "The delivery stopped because of an error that a person has to fix."


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
