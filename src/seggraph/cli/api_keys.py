"""The commands about API keys: `seggraph keys list`, `create`, `rotate` and `revoke`."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.cli.application import app, console
from seggraph.cli.users import Workspace, as_operator
from seggraph.context import Context
from seggraph.errors import NotFound
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft, ApiKeyView
from seggraph.vocabulary import ApiKeyScope

commands: Final = typer.Typer(help="API keys of a workspace.", no_args_is_help=True)
app.add_typer(commands, name="keys")

Key = Annotated[str, typer.Argument(help="The key: its id or its name.")]


@commands.command("list")
def list_keys(workspace: Workspace) -> None:
    """Print the API keys of a workspace: id, scope, state, first characters, last use, name, with tabs between."""
    for view in as_operator(workspace, lambda _, operator: api_keys.list_all(operator)):
        used = "never" if view.last_used_at is None else view.last_used_at.isoformat(timespec="minutes")
        values = (ids.encode("ApiKey", view.id), view.scope.value, _state(view), view.hint, used, view.name)
        sys.stdout.write("\t".join(values) + "\n")


@commands.command("create")
def create_key(
    workspace: Workspace,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[ApiKeyScope, typer.Option(help="What the key allows.")] = ApiKeyScope.READ,
    days: Annotated[
        float | None, typer.Option(help="For how many days it works; without it for ever.", min=0.001)
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="A network that it may be used from; repeat it for more.")
    ] = None,
) -> None:
    """Create an API key, and print it: it is shown only now."""
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    draft = ApiKeyDraft(name, scope, expires_at, network)
    _, secret = as_operator(workspace, lambda _, operator: api_keys.create(operator, draft))
    sys.stdout.write(f"{secret}\n")


@commands.command("rotate")
def rotate_key(
    workspace: Workspace,
    key: Key,
    old_works_for_hours: Annotated[
        float, typer.Option(help="For how many hours the present secret works on; 0: not at all.", min=0)
    ] = 24,
) -> None:
    """Give an API key another secret, and print it: it is shown only now."""

    async def rotate(_: Context, operator: Viewer) -> str:
        number = await _number(operator, key)
        return (await api_keys.rotate(operator, number, overlap=timedelta(hours=old_works_for_hours)))[1]

    sys.stdout.write(f"{as_operator(workspace, rotate)}\n")


@commands.command("revoke")
def revoke_key(workspace: Workspace, key: Key) -> None:
    """Make an API key worthless at once, in all processes."""

    async def revoke(_: Context, operator: Viewer) -> ApiKeyView:
        return await api_keys.revoke(operator, await _number(operator, key))

    console.print(f"The key {as_operator(workspace, revoke).name} is revoked.", markup=False)


async def _number(operator: Viewer, text: str) -> int:
    """The number of a key of the workspace. Raises NotFound."""
    number = ids.find("ApiKey", text)
    for view in await api_keys.list_all(operator):
        if view.id == number or view.name == text:
            return view.id
    raise NotFound("There is no such API key: seggraph keys list shows them.")


def _state(view: ApiKeyView) -> str:
    if view.revoked_at is not None:
        return "revoked"
    return "expired" if view.expires_at is not None and view.expires_at <= datetime.now(UTC) else "works"
