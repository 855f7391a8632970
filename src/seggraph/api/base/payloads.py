"""The payloads that mutations of several nouns answer with."""

import strawberry

from seggraph.api.base.errors import UserError


@strawberry.type(description="A warning about something that a mutation did.")
class Warning:
    """A remark on what a mutation did."""

    code: str = strawberry.field(
        description="A code for programs, like CAMPAIGN_AFFECTED when an ACTIVE campaign uses the segment."
    )
    message: str = strawberry.field(description="A message for people.")
    path: list[str] | None = strawberry.field(
        default=None,
        description="The part of the input that the warning is about: keys and indexes from its root; null"
        " for the whole input.",
    )


@strawberry.type(description="The id of the deleted object, or the errors.")
class DeletePayload:
    """Payload of the mutations that delete one object."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The global id that the object had; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was deleted; empty on success."
    )
