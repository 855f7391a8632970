"""The viewer: who is calling, in which workspace, and the API keys of the workspace."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer as ViewerState
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node, row_id
from seggraph.services.identity import workspaces
from seggraph.services.identity.users import COLUMNS, UserView
from seggraph.services.identity.workspaces import ApiKeyView, WorkspaceView
from seggraph.services.refresh import drift
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import rows_of
from seggraph.vocabulary import ApiKeyScope, ConsentPolicy, Role


@strawberry.type(description="Corrections of segments that had drifted from their criteria.")
class Drift:
    """What syncs corrected in the last 30 days (UTC), today included."""

    members: int = strawberry.field(
        description="How many memberships were corrected: pairs of member and segment; at most 2,147,483,647,"
        " which also stands for more."
    )
    segments: int = strawberry.field(
        description="How many corrections of segments were made. A segment that was corrected twice counts"
        " twice."
    )
    last_at: datetime | None = strawberry.field(
        description="When the last correction was made; null if there was none."
    )


@strawberry.type(description="A workspace: the tenant. Data of different workspaces are never mixed.")
class Workspace(Node):
    """The workspace of the viewer."""

    name: str = strawberry.field(description="The name of the workspace.")
    time_zone: str = strawberry.field(
        description="The IANA time zone for calendar dates in criteria and series, like Europe/Berlin."
    )
    consent_policy: ConsentPolicy = strawberry.field(
        description="Which consent states allow a channel to contact a member."
    )
    currency: str = strawberry.field(description="The ISO 4217 currency of all amounts, like EUR.")
    event_retention_days: int | None = strawberry.field(
        description="How many days events are kept after they occurred; null keeps them for ever."
    )
    created_at: datetime = strawberry.field(description="When the workspace was created.")

    @strawberry.field(
        description="Corrections of segments by full calculations in the last 30 days, which hint at a"
        " defect worth reporting. Null unless you are an administrator."
    )
    async def drift(self, info: Info) -> Drift | None:
        """Read what was corrected."""
        view = await drift.recent(caller_of(info).viewer)
        return (
            None
            if view is None
            else Drift(members=view.members, segments=view.segments, last_at=view.last_at)
        )

    @staticmethod
    def of(view: WorkspaceView) -> "Workspace":
        """The workspace as the service reads it."""
        return Workspace(
            id=ids.encode("Workspace", view.id),
            name=view.name,
            time_zone=view.time_zone,
            consent_policy=view.consent_policy,
            currency=view.currency,
            event_retention_days=view.event_retention_days,
            created_at=view.created_at,
        )


@strawberry.type(description="A person who signs in; users are never members.")
class User(Node):
    """A user of the workspace."""

    id: strawberry.ID = row_id("User")
    name: str = strawberry.field(description="The name of the person.")
    email: str = strawberry.field(description="The email address of the person.")
    role: Role = strawberry.field(description="What the user may do in the workspace.")

    @staticmethod
    def of(view: UserView) -> "User":
        """The user as the service reads them."""
        return User(id=ids.encode("User", view.id), name=view.name, email=view.email, role=view.role)


async def load_user(info: Info, number: int | None) -> User | None:
    """A user of the workspace; None without a number, and for a deleted one."""
    view = None if number is None else await caller_of(info).loaders.users.by_id.load(number)
    return None if view is None else User.of(view)


rows_of(User, COLUMNS, lambda row: User.of(UserView(*row)), table="u")


@strawberry.type(description="The user or API key that sends the request.")
class Viewer:
    """The user or API key behind a request."""

    role: Role = strawberry.field(
        description="The role in the workspace; for an API key the role that its scope implies."
    )
    scope: ApiKeyScope = strawberry.field(description="What the credentials allow.")
    api_key_id: strawberry.ID | None = strawberry.field(
        description="The global id of the API key; null for a user."
    )
    state: strawberry.Private[ViewerState]

    @strawberry.field(description="The user; null for an API key.")
    async def user(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.state.user_id)

    @strawberry.field(description="The workspace that the credentials belong to.")
    async def workspace(self) -> Workspace:
        """Load the workspace."""
        return Workspace.of(await workspaces.get(self.state))

    @staticmethod
    def of(state: ViewerState) -> "Viewer":
        """The viewer as the API shows it."""
        key = None if state.api_key_id is None else ids.encode("ApiKey", state.api_key_id)
        return Viewer(role=state.role, scope=state.scope, api_key_id=key, state=state)


@strawberry.type(description="A key with which a program signs in: `Authorization: Bearer sgk_live_…`.")
class ApiKey(Node):
    """An API key without its secret."""

    name: str = strawberry.field(description="What the key is for.")
    hint: str = strawberry.field(description="The first characters of the key, to tell keys apart.")
    scope: ApiKeyScope = strawberry.field(description="What the key allows.")
    created_at: datetime = strawberry.field(description="When the key was created.")
    expires_at: datetime | None = strawberry.field(
        description="When the key stops working; null if it never does."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When the key was revoked; null if it was not."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When the key was last used, to the minute; null if it never was."
    )
    created_by_number: strawberry.Private[int | None] = None

    @strawberry.field(
        description="The user who created the key; null if another API key did, or if the user was deleted."
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.created_by_number)

    @staticmethod
    def of(view: ApiKeyView) -> "ApiKey":
        """The key as the service reads it."""
        return ApiKey(
            id=ids.encode("ApiKey", view.id),
            name=view.name,
            hint=view.hint,
            scope=view.scope,
            created_at=view.created_at,
            expires_at=view.expires_at,
            revoked_at=view.revoked_at,
            last_used_at=view.last_used_at,
            created_by_number=view.created_by_id,
        )


@strawberry.type(description="The API key as the mutation left it, or the errors.")
class ApiKeyPayload:
    """Payload of createApiKey and revokeApiKey."""

    api_key: ApiKey | None = strawberry.field(
        default=None, description="The API key; null if there are errors."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The key itself. It is returned only when the key is created, and is not stored.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The API key to create.")
class CreateApiKeyInput:
    """Input of createApiKey."""

    name: str = strawberry.field(description="What the key is for; unique in the workspace.")
    scope: ApiKeyScope = strawberry.field(default=ApiKeyScope.READ, description="What the key allows.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the key stops working; default: never."
    )


@strawberry.input(description="The API key to revoke.")
class ApiKeyIdInput:
    """Input of revokeApiKey."""

    id: strawberry.ID = strawberry.field(description="The global id of the API key.")


@strawberry.type
class ApiKeyQueries:
    """The queries of API keys."""

    @strawberry.field(
        description="The API keys of the workspace, newest first, including revoked ones. Administrators"
        " only."
    )
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """List the keys."""
        return [ApiKey.of(view) for view in await workspaces.list_api_keys(caller_of(info).viewer)]


@strawberry.type
class ViewerMutations:
    """The mutations of API keys."""

    @strawberry.mutation(
        description="Create an API key. Administrators only.", extensions=[ReportErrors(ApiKeyPayload)]
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> ApiKeyPayload:
        """Create a key."""
        view, secret = await workspaces.create_api_key(
            caller_of(info).viewer, name=input.name, scope=input.scope, expires_at=input.expires_at
        )
        return ApiKeyPayload(api_key=ApiKey.of(view), secret=secret)

    @strawberry.mutation(
        description="Revoke an API key: it stops working at once. Administrators only.",
        extensions=[ReportErrors(ApiKeyPayload)],
    )
    async def revoke_api_key(self, info: Info, input: ApiKeyIdInput) -> ApiKeyPayload:
        """Revoke a key."""
        view = await workspaces.revoke_api_key(caller_of(info).viewer, ids.decode("ApiKey", input.id))
        return ApiKeyPayload(api_key=ApiKey.of(view))
