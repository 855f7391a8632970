"""What a workspace uses and may use, in the schema."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.services.operations import usage
from seggraph.services.operations.usage import Usage as Used
from seggraph.vocabulary import MemberKind, UsageItem


@strawberry.type(description="How much of something the workspace has, and how much it may have.")
class Usage:
    """One line of usage."""

    item: UsageItem = strawberry.field(description="What is counted or bounded.")
    kind: MemberKind | None = strawberry.field(
        description="The kind of member that it is counted for; null for what is there once for the workspace."
    )
    used: int | None = strawberry.field(description="How much there is now; null if only the limit is known.")
    limit: int | None = strawberry.field(description="How much there may be; null if there is no limit.")

    @staticmethod
    def of(used: Used) -> "Usage":
        """The line as the service counts it."""
        return Usage(item=used.item, kind=used.kind, used=used.used, limit=used.limit)


@strawberry.type
class UsageQueries:
    """The query of usage."""

    @strawberry.field(
        description="What the workspace uses, and its limits. Administrators only; others get FORBIDDEN. Limits of"
        " single requests are in the documentation."
    )
    async def usage(self, info: Info) -> list[Usage]:
        """Count."""
        caller = caller_of(info)
        used = await usage.of_workspace(caller.viewer, caller.services.settings)
        return [Usage.of(line) for line in used]
