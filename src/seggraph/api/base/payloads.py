"""The payloads that mutations of several nouns answer with."""

import strawberry

from seggraph.api.base.errors import UserError
from seggraph.services.criteria.warnings import CriteriaWarning


@strawberry.type(description="A warning about something that was done all the same.")
class Warning:
    """A remark on what a mutation did, or on what criteria ask for."""

    code: str = strawberry.field(
        description="A code for programs: CAMPAIGN_AFFECTED when an ACTIVE campaign uses the segment; for criteria"
        " EVENT_UNKNOWN, PROPERTY_UNKNOWN, TYPE_NEVER_MATCHES and VALUE_UNKNOWN."
    )
    message: str = strawberry.field(description="A message for people.")
    path: list[str] | None = strawberry.field(
        default=None,
        description="The part of the input that the warning is about: keys and indexes from its root; null"
        " for the whole input.",
    )
    suggestion: str | None = strawberry.field(
        default=None, description="What is there and has a similar name; null if nothing is."
    )

    @staticmethod
    def about_criteria(warning: CriteriaWarning) -> "Warning":
        """The warning as the service has it."""
        path = [str(part) for part in warning.path]
        return Warning(code=warning.code, message=warning.message, path=path, suggestion=warning.suggestion)


@strawberry.type(description="The id of the deleted object, or the errors.")
class DeletePayload:
    """Payload of the mutations that delete one object."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The global id that the object had; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was deleted; empty on success."
    )
