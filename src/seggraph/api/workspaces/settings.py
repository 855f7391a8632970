"""The settings of the workspace in the schema."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.users.viewer import LEAST_ROLES, Workspace
from seggraph.services.workspaces import settings as workspace_settings
from seggraph.vocabulary import ConsentPolicy, Role


@strawberry.input(description="The changes of the workspace. A field that is absent or null stays as it is.")
class UpdateWorkspaceInput:
    """Input of updateWorkspace."""

    name: str | None = strawberry.field(default=None, description="The name of the workspace.")
    time_zone: str | None = strawberry.field(
        default=None,
        description="The IANA time zone for calendar dates in criteria and series, like Europe/Berlin.",
    )
    consent_policy: ConsentPolicy | None = strawberry.field(
        default=None, description="Which consent states allow a channel to contact a member."
    )
    currency: str | None = strawberry.field(
        default=None, description="The ISO 4217 currency of all amounts, like EUR; no amount is converted."
    )
    phone_region: str | None = strawberry.field(
        default=None,
        description="Where phone numbers without a country are from, as a code of ISO 3166 such as DE; an empty text"
        " takes it away. Numbers that members have stay as they are until they are sent again.",
    )
    least_roles: "LeastRolesInput | None" = strawberry.field(
        default=None,
        description="Which role some rights take at least. A change counts within two seconds, also for what is"
        " open.",
    )


@strawberry.input(
    description="Which role each right takes at least. A field that is absent or null stays as it is."
)
class LeastRolesInput:
    """A part of updateWorkspace."""

    erase_members: Role | None = strawberry.field(default=None, description=LEAST_ROLES["erase_members"])
    suppress_addresses: Role | None = strawberry.field(
        default=None, description=LEAST_ROLES["suppress_addresses"]
    )
    see_imports_of_others: Role | None = strawberry.field(
        default=None, description=LEAST_ROLES["see_imports_of_others"]
    )
    see_personal_data: Role | None = strawberry.field(
        default=None, description=LEAST_ROLES["see_personal_data"]
    )


@strawberry.type(description="The workspace as the mutation left it, or the errors.")
class WorkspacePayload:
    """Payload of updateWorkspace."""

    workspace: Workspace | None = strawberry.field(
        default=None, description="The workspace; null if there are errors."
    )
    recalculating: int = strawberry.field(
        default=0,
        description="How many segments are calculated again: all ACTIVE ones if consentPolicy or timeZone"
        " changed.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class WorkspaceMutations:
    """The mutation of the workspace."""

    @strawberry.mutation(
        description="Change the settings of the workspace. Administrators only.",
        extensions=[ReportErrors(WorkspacePayload)],
    )
    async def update_workspace(self, info: Info, input: UpdateWorkspaceInput) -> WorkspacePayload:
        """Change."""
        caller = caller_of(info)
        change = await workspace_settings.update(
            caller.services,
            caller.viewer,
            {
                "name": input.name,
                "time_zone": input.time_zone,
                "consent_policy": input.consent_policy,
                "currency": input.currency,
                "phone_region": input.phone_region,
                "least_roles": None if input.least_roles is None else vars(input.least_roles),
            },
        )
        return WorkspacePayload(workspace=Workspace.of(change.workspace), recalculating=change.recalculating)
