"""The commands about users: `seggraph users list`, `create` and `update`, also with an identity provider."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import typer

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.cli.application import app, console
from seggraph.cli.operating import ready_settings, workspace_number
from seggraph.context import Context, open_context
from seggraph.database.paging import PageRequest
from seggraph.errors import Invalid, NotFound
from seggraph.services.identity import users as identity_users
from seggraph.services.identity import workspaces
from seggraph.services.identity.users import UserList, UserView
from seggraph.services.workspaces import tokens, users
from seggraph.services.workspaces.users import UserDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role

T = TypeVar("T")

PAGE: Final = 1_000

commands: Final = typer.Typer(help="Users of a workspace.", no_args_is_help=True)
app.add_typer(commands, name="users")

Workspace = Annotated[str, typer.Option(help="The workspace: its id, or its bare number.")]


@commands.command("list")
def list_users(workspace: Workspace) -> None:
    """Print the users of a workspace: id, role, state, email, name and subject, with tabs between."""
    for view in as_operator(workspace, lambda _, operator: _everyone(operator)):
        _print(view)


@commands.command("create")
def create_user(
    workspace: Workspace,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.TEAM_MEMBER,
    subject: Annotated[str | None, typer.Option(help="The `sub` of their tokens.")] = None,
    email: Annotated[str | None, typer.Option(help="Their email address.")] = None,
    name: Annotated[str | None, typer.Option(help="Their name.")] = None,
) -> None:
    """Let a person sign in with the tokens of your identity provider, and print the user."""
    draft = UserDraft(role, subject, email, name)
    _print(as_operator(workspace, lambda context, operator: users.create(context, operator, draft)))


@commands.command("update")
def update_user(
    workspace: Workspace,
    user: Annotated[str, typer.Argument(help="The user: the id, the subject or the email address.")],
    role: Annotated[Role | None, typer.Option(help="Another role.")] = None,
    active: Annotated[
        bool | None, typer.Option("--activate/--deactivate", help="Whether the user may sign in.")
    ] = None,
    hand_over_to: Annotated[
        str | None, typer.Option(help="Who gets what is private of the user: an id, a subject or an address.")
    ] = None,
    sign_out: Annotated[bool, typer.Option("--sign-out", help="Refuse the tokens issued up to now.")] = False,
) -> None:
    """Change a user, and print them."""

    async def change(context: Context, operator: Viewer) -> users.UserChange:
        given: dict[str, Any] = {"role": role, "active": active, "sign_out": sign_out}
        if hand_over_to is not None:
            given["hand_over_to"] = await _number(operator, hand_over_to)
        return await users.update(context, operator, await _number(operator, user), given)

    done = as_operator(workspace, change)
    _print(done.user)
    if hand_over_to is not None:
        console.print(f"{done.segments} segments and {done.playbooks} playbooks were handed over.")


@commands.command("withdraw-token")
def withdraw_token(
    workspace: Workspace,
    user: Annotated[str, typer.Argument(help="The user: the id, the subject or the email address.")],
    jti: Annotated[str, typer.Option(help="The `jti` of the token.")],
    expires_at: Annotated[
        datetime,
        typer.Option(help="The `exp` of the token, or later, in UTC.", formats=["%Y-%m-%dT%H:%M:%SZ"]),
    ],
) -> None:
    """Refuse one token of a user from now on."""

    async def withdraw(_: Context, operator: Viewer) -> UserView:
        number = await _number(operator, user)
        return await tokens.withdraw(operator, number, jti, expires_at.replace(tzinfo=UTC))

    console.print(f"The token of {as_operator(workspace, withdraw).name} is withdrawn.", markup=False)


def as_operator(workspace: str, act: Callable[[Context, Viewer], Awaitable[T]]) -> T:
    """What `act` returns for the operator of a workspace. Raises NotFound for no workspace."""
    with ready_settings() as settings:
        return asyncio.run(_acting(settings, workspace_number(workspace), act))


async def _acting(settings: Settings, workspace_id: int, act: Callable[[Context, Viewer], Awaitable[T]]) -> T:
    async with open_context(settings) as context:
        await workspaces.require(workspace_id)
        return await act(context, Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN))


async def _everyone(operator: Viewer) -> list[UserView]:
    found: list[UserView] = []
    cursor: str | None = None
    while True:
        page = await identity_users.list_page(operator, UserList(), PageRequest(first=PAGE, after=cursor))
        found += page.items
        if not page.has_next:
            return found
        cursor = page.cursors[-1]


async def _number(operator: Viewer, text: str) -> int:
    """The number of a user of the workspace. Raises NotFound, and Invalid for an address of several."""
    number = ids.find("User", text)
    everyone = await _everyone(operator)
    found = [one.id for one in everyone if one.id == number or text in (one.subject, one.email)]
    if not found:
        raise NotFound("There is no such user: seggraph users list shows them.")
    if len(found) > 1:
        raise Invalid("Several users have this address: name the id.")
    return found[0]


def _print(view: UserView) -> None:
    state = "active" if view.active else "deactivated"
    values = (ids.encode("User", view.id), view.role.value, state, view.email, view.name, view.subject or "")
    sys.stdout.write("\t".join(values) + "\n")
