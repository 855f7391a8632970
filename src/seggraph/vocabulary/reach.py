"""How members can be contacted: channels, consents, suppressions, and what keeps a channel from reaching a member."""

from seggraph.vocabulary.described import DescribedIntEnum, DescribedStrEnum


class Channel(DescribedIntEnum):
    """A channel to contact a member by."""

    EMAIL = 1, "Email, sent to the member's email address."
    DIRECT_MAIL = 2, "Letters and parcels, sent to the member's postal address."
    SMS = 3, "Text messages, sent to the member's phone number."
    PHONE = 4, "Phone calls to the member's phone number."
    PUSH = 5, "Push notifications in an app or a browser."


class ConsentState(DescribedIntEnum):
    """Whether a member agreed to be contacted by a channel. It is UNKNOWN until it is set."""

    UNKNOWN = 0, "The member has neither agreed nor refused."
    GRANTED = 1, "The member agreed to be contacted by the channel."
    DENIED = 2, "The member refused to be contacted by the channel."


class ConsentPolicy(DescribedStrEnum):
    """Which consent states allow a channel to contact a member."""

    OPT_OUT = "OPT_OUT", "Contact is allowed unless the consent is DENIED."
    OPT_IN = "OPT_IN", "Contact is allowed only if the consent is GRANTED."


class ReachStatus(DescribedStrEnum):
    """The state of the reach of a segment."""

    NONE = "NONE", "The reach was never calculated; its numbers are null."
    CALCULATING = "CALCULATING", "A calculation is running; numbers of an earlier one stay until it ends."
    READY = "READY", "The numbers are calculated."
    FAILED = "FAILED", "The last calculation failed; the field error of the reach says why."


class ReachStepReason(DescribedStrEnum):
    """Why members drop out on the way from the members of a segment to those that a channel reaches."""

    MEMBERS = "MEMBERS", "The first step: all members, before any drops out."
    NO_ADDRESS = "NO_ADDRESS", "Members without an address for the channel drop out."
    NO_CONSENT = "NO_CONSENT", "Members whose consent does not allow the channel drop out."
    SUPPRESSED = "SUPPRESSED", "Members whose address is suppressed for the channel drop out."


class SuppressionReason(DescribedStrEnum):
    """Why an address is suppressed, that is, must not be contacted any more."""

    BOUNCE = "BOUNCE", "Messages to the address could not be delivered."
    COMPLAINT = "COMPLAINT", "The recipient reported a message as spam."
    UNSUBSCRIBE = "UNSUBSCRIBE", "The recipient unsubscribed."
    MANUAL = "MANUAL", "A user or a program suppressed the address."
