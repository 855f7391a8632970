"""Users in the schema: the list, and the mutations of administrators."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.users.viewer import User
from seggraph.services.identity import users as identity_users
from seggraph.services.identity.users import UserList
from seggraph.services.workspaces import tokens, users
from seggraph.services.workspaces.users import UserDraft
from seggraph.vocabulary import Role


@strawberry.type(description="A page of the users of the workspace, oldest first.")
class UserConnection(CountedConnection[User, Edge[User]]):
    """A page of the list."""


@strawberry.input(
    description="The user to create. Give the subject of their tokens, or an email address, or both."
)
class CreateUserInput:
    """Input of createUser."""

    role: Role = strawberry.field(description="What the user may do in the workspace.")
    subject: str | None = strawberry.field(
        default=None,
        description="The subject (`sub`) of the tokens that the user signs in with, up to 255 characters."
        " Without it, the first token with the email address that says `email_verified` makes it known.",
    )
    email: str | None = strawberry.field(
        default=None,
        description="The email address; no message is sent to it. Default: the subject, if it is one.",
    )
    name: str | None = strawberry.field(
        default=None, description="The name of the person; default: the first part of the email address."
    )


@strawberry.input(description="The changes of a user. A field that is absent or null stays as it is.")
class UpdateUserInput:
    """Input of updateUser."""

    id: strawberry.ID = strawberry.field(description="The global id of the user.")
    role: Role | None = strawberry.field(
        default=None, description="What the user may do. The last administrator cannot get another role."
    )
    active: bool | None = strawberry.field(
        default=None,
        description="Whether the user may sign in. What is open for a deactivated user ends within two"
        " seconds. The last administrator cannot be deactivated.",
    )
    name: str | None = strawberry.field(default=None, description="The name of the person.")
    hand_over_private_to: strawberry.ID | None = strawberry.field(
        default=None,
        description="The global id of the user who becomes the creator of this user's PRIVATE segments and"
        " playbooks.",
    )
    sign_out: bool = strawberry.field(
        default=False,
        description="Whether tokens that were issued up to now are refused. Tokens need the claim `iat` then.",
    )


@strawberry.type(description="The user as the mutation left them, or the errors.")
class UserPayload:
    """Payload of createUser and updateUser."""

    user: User | None = strawberry.field(default=None, description="The user; null if there are errors.")
    segments_handed_over: int = strawberry.field(
        default=0, description="How many private segments have another creator now."
    )
    playbooks_handed_over: int = strawberry.field(
        default=0, description="How many private playbooks have another creator now."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.input(description="The token to withdraw: one of those that a user signs in with.")
class WithdrawTokenInput:
    """Input of withdrawToken."""

    user_id: strawberry.ID = strawberry.field(description="The global id of the user whose token it is.")
    jti: str = strawberry.field(description="The claim `jti` of the token, up to 255 characters.")
    expires_at: datetime = strawberry.field(
        description="The claim `exp` of the token, or later: until then it is remembered as withdrawn."
    )


@strawberry.type
class UserQueries:
    """The query of users."""

    @strawberry.field(description="The users of the workspace, oldest first, deactivated ones too.")
    async def users(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only users whose name or email contains this text; case is ignored."
            ),
        ] = None,
        roles: Annotated[
            list[Role] | None, strawberry.argument(description="Return only users with these roles.")
        ] = None,
        active: Annotated[
            bool | None,
            strawberry.argument(
                description="True returns only users who may sign in, false only users who may not; default: both."
            ),
        ] = None,
    ) -> UserConnection:
        """A page of users."""
        viewer, list_ = caller_of(info).viewer, UserList(search, roles, active)
        page = await identity_users.list_page(viewer, list_, request_of(first, after, last, before))
        return UserConnection.of(page, User.of, lambda: identity_users.count(viewer, list_))


@strawberry.type
class UserMutations:
    """The mutations of users."""

    @strawberry.mutation(
        description="Let a person sign in to the workspace. Administrators only.",
        extensions=[ReportErrors(UserPayload)],
    )
    async def create_user(self, info: Info, input: CreateUserInput) -> UserPayload:
        """Create a user."""
        caller = caller_of(info)
        draft = UserDraft(input.role, input.subject, input.email, input.name)
        return UserPayload(user=User.of(await users.create(caller.services, caller.viewer, draft)))

    @strawberry.mutation(
        description="Refuse one token of a user from now on; what is open with it ends within two seconds."
        " `updateUser(signOut: true)` withdraws all of them. Administrators only.",
        extensions=[ReportErrors(UserPayload)],
    )
    async def withdraw_token(self, info: Info, input: WithdrawTokenInput) -> UserPayload:
        """Withdraw a token."""
        number = ids.decode("User", input.user_id, path=("userId",))
        view = await tokens.withdraw(caller_of(info).viewer, number, input.jti, input.expires_at)
        return UserPayload(user=User.of(view))

    @strawberry.mutation(
        description="Change the role of a user, deactivate or activate the user, give what is private of"
        " the user to another one, or sign the user out. Administrators only.",
        extensions=[ReportErrors(UserPayload)],
    )
    async def update_user(self, info: Info, input: UpdateUserInput) -> UserPayload:
        """Change a user."""
        caller, heir = caller_of(info), input.hand_over_private_to
        given = {
            "role": input.role,
            "active": input.active,
            "name": input.name,
            "sign_out": input.sign_out,
            "hand_over_to": None if heir is None else ids.decode("User", heir, path=("handOverPrivateTo",)),
        }
        number = ids.decode("User", input.id)
        change = await users.update(caller.services, caller.viewer, number, given)
        return UserPayload(
            user=User.of(change.user),
            segments_handed_over=change.segments,
            playbooks_handed_over=change.playbooks,
        )
