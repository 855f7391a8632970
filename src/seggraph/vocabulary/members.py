"""What members are: their kinds, the relations between them, and the types of their attributes."""

from seggraph.vocabulary.described import DescribedIntEnum, DescribedStrEnum


class MemberKind(DescribedIntEnum):
    """The kind of a member. All members of a segment have the same kind."""

    PERSON = 1, "A person, such as a customer or a contact."
    ACCOUNT = 2, "A company that you sell to, as a CRM keeps it."
    ORGANIZATION = 3, "A parent organization that accounts belong to."
    PRODUCT = 4, "A product that you sell."
    DEAL = 5, "A deal or sales opportunity."
    ACTIVITY = 6, "An activity of your team, such as a call or a meeting."
    TICKET = 7, "A support ticket."


class RelationType(DescribedIntEnum):
    """The type of a stored relation, named after the kinds of its first and its second member."""

    PERSON_ACCOUNT = 1, "A person belongs to an account."
    ACCOUNT_ORGANIZATION = 2, "An account belongs to an organization."
    DEAL_ACCOUNT = 3, "A deal is with an account."
    DEAL_PRODUCT = 4, "A deal contains a product."
    ACTIVITY_PERSON = 5, "An activity concerns a person."
    ACTIVITY_ACCOUNT = 6, "An activity concerns an account."
    TICKET_PERSON = 7, "A ticket was opened by a person."
    TICKET_ACCOUNT = 8, "A ticket belongs to an account."


class AttributeType(DescribedStrEnum):
    """The type of a well-known field or of a custom attribute."""

    STRING = "STRING", "A text, like a name or a code."
    NUMBER = "NUMBER", "A decimal number."
    BOOLEAN = "BOOLEAN", "True or false."
    DATE = "DATE", 'A calendar date without a time, like "2026-03-01".'
    DATETIME = "DATETIME", 'A point in time with its time zone, like "2026-03-01T09:30:00Z".'
    STRING_LIST = "STRING_LIST", "A list of texts."
