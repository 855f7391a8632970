"""The viewer: who is calling, and in which workspace; and what users and API keys are called."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer as ViewerState
from seggraph.access import is_admin, permissions_of
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node, row_id
from seggraph.services.identity import workspaces
from seggraph.services.identity.api_keys import ApiKeyName
from seggraph.services.identity.users import COLUMNS, UserView, view_of
from seggraph.services.identity.workspaces import WorkspaceView
from seggraph.services.refresh import drift
from seggraph.transport.compiled.records import rows_of
from seggraph.vocabulary import ApiKeyScope, ConsentPolicy, Permission, Role


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


LEAST_ROLES: Final = {
    "erase_members": "The least role that may erase members (`deleteMembers`); by default LEADER.",
    "suppress_addresses": "The least role that may suppress addresses (`suppressAddresses`,"
    " `importSuppressions`); by default TEAM_MEMBER.",
    "see_imports_of_others": "The least role that sees imports that somebody else made, with their files and"
    " rejected rows; by default LEADER.",
    "see_personal_data": "The least role that sees personal data, exports it and manages destinations that get"
    " it; by default TEAM_MEMBER.",
}
"""What each field of LeastRoles says."""


@strawberry.type(
    description="Which role some rights take at least. The role of an API key is LEADER, or ADMIN for the scope"
    " ADMIN."
)
class LeastRoles:
    """What the workspace has chosen about roles."""

    erase_members: Role = strawberry.field(description=LEAST_ROLES["erase_members"])
    suppress_addresses: Role = strawberry.field(description=LEAST_ROLES["suppress_addresses"])
    see_imports_of_others: Role = strawberry.field(description=LEAST_ROLES["see_imports_of_others"])
    see_personal_data: Role = strawberry.field(description=LEAST_ROLES["see_personal_data"])


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
    phone_region: str | None = strawberry.field(
        description="Where phone numbers without a country are from, as a code of ISO 3166 such as DE; null leaves such"
        " numbers as they are."
    )
    event_retention_days: int | None = strawberry.field(
        description="How many days events are kept after they occurred; null keeps them for ever."
    )
    created_at: datetime = strawberry.field(description="When the workspace was created.")
    least_roles: LeastRoles = strawberry.field(description="Which role some rights take at least.")

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
            phone_region=view.phone_region,
            event_retention_days=view.event_retention_days,
            created_at=view.created_at,
            least_roles=LeastRoles(**asdict(view.least_roles)),
        )


@strawberry.type(description="A person who signs in; users are never members.")
class User(Node):
    """A user of the workspace."""

    id: strawberry.ID = row_id("User")
    name: str = strawberry.field(description="The name of the person.")
    email: str = strawberry.field(description="The email address of the person; empty if it is not known.")
    role: Role = strawberry.field(description="What the user may do in the workspace.")
    active: bool = strawberry.field(
        description="Whether the user may sign in; false for a user who was deactivated."
    )
    subject_text: strawberry.Private[str | None] = None

    @strawberry.field(
        description="The subject of the user's tokens (`sub`); null for a user who was invited by email and has"
        " not signed in yet, and unless you are an administrator."
    )
    def subject(self, info: Info) -> str | None:
        """Tell administrators."""
        return self.subject_text if is_admin(caller_of(info).viewer) else None

    @staticmethod
    def of(view: UserView) -> "User":
        """The user as the service reads them."""
        return User(
            id=ids.encode("User", view.id),
            name=view.name,
            email=view.email,
            role=view.role,
            active=view.active,
            subject_text=view.subject,
        )


async def load_user(info: Info, number: int | None) -> User | None:
    """A user of the workspace; None without a number, and for a deleted one."""
    view = None if number is None else await caller_of(info).loaders.users.by_id.load(number)
    return None if view is None else User.of(view)


@strawberry.type(description="The name of an API key: of it, everyone sees what it created or changed.")
class KeyName:
    """An API key that did something."""

    id: strawberry.ID = strawberry.field(description="The global id of the API key.")
    name: str = strawberry.field(description="What the key is for.")

    @staticmethod
    def of(view: ApiKeyName) -> "KeyName":
        """The name as the service reads it."""
        return KeyName(id=ids.encode("ApiKey", view.id), name=view.name)


async def load_key_name(info: Info, number: int | None) -> KeyName | None:
    """The name of an API key of the workspace; None without a number, and for a deleted one."""
    view = None if number is None else await caller_of(info).loaders.users.key_names.load(number)
    return None if view is None else KeyName.of(view)


rows_of(User, COLUMNS, lambda row: User.of(view_of(row)), table="u")


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

    @strawberry.field(
        description="What the credentials allow, whatever object it is about. `transitions` of an object says what is"
        " possible with it."
    )
    def permissions(self) -> list[Permission]:
        """By the rules that services ask."""
        return permissions_of(self.state)

    @strawberry.field(description="The workspace that the credentials belong to.")
    async def workspace(self) -> Workspace:
        """Load the workspace."""
        return Workspace.of(await workspaces.get(self.state))

    @staticmethod
    def of(state: ViewerState) -> "Viewer":
        """The viewer as the API shows it."""
        key = None if state.api_key_id is None else ids.encode("ApiKey", state.api_key_id)
        return Viewer(role=state.role, scope=state.scope, api_key_id=key, state=state)
