"""The commands of operators: migrate, schema, workspace, token, seed, doctor."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seggraph.api.base import ids
from seggraph.api.schema import build_schema
from seggraph.cli.application import app, console, load_settings, with_servers
from seggraph.cli.serving import bring_up_to_date, migrate_embedded
from seggraph.context import open_context
from seggraph.demo import seeding
from seggraph.errors import Invalid, NotFound
from seggraph.services.identity import workspaces
from seggraph.services.identity.authentication import issue_token
from seggraph.services.operations import health
from seggraph.services.segments import default_segments
from seggraph.settings import Settings
from seggraph.vocabulary import Role

SCHEMA_FILE: Final = Path("schema.graphql")


@contextmanager
def ready_settings() -> Iterator[Settings]:
    """The settings with servers, and embedded tables brought to this version."""
    settings = load_settings()
    with with_servers(settings) as complete:
        migrate_embedded(settings, complete)
        yield complete


@app.command()
def migrate() -> None:
    """Bring the tables to this version. Of several processes one does it and the others wait."""
    with with_servers(load_settings()) as settings:
        asyncio.run(
            bring_up_to_date(settings, progress=lambda event, _, name: console.print(f"{event} {name}"))
        )
    console.print("The tables are of this version.")


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Compare with schema.graphql instead.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write schema.graphql instead.")] = False,
) -> None:
    """Print the GraphQL schema."""
    text = build_schema().as_str() + "\n"
    if write:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
    elif not check:
        sys.stdout.write(text)
    elif not SCHEMA_FILE.exists() or SCHEMA_FILE.read_text(encoding="utf-8") != text:
        console.print("schema.graphql is not the schema of the code: run seggraph schema --write.")
        raise typer.Exit(1)


@app.command()
def workspace(
    name: Annotated[str, typer.Argument(help="The name of the workspace.")],
    time_zone: Annotated[str, typer.Option(help="An IANA zone like Europe/Berlin.")] = "UTC",
) -> None:
    """Set up a workspace, with the default segments, and print its id."""
    with ready_settings() as settings:
        sys.stdout.write(f"{asyncio.run(_create_workspace(settings, name, time_zone))}\n")


async def _create_workspace(settings: Settings, name: str, time_zone: str) -> str:
    async with open_context(settings):
        created = await workspaces.create(name, time_zone=time_zone)
        await default_segments.ensure(created.id)
    return ids.encode("Workspace", created.id)


@app.command()
def token(
    workspace: Annotated[str, typer.Option(help="The workspace: its id, or its bare number.")],
    user: Annotated[
        str, typer.Option(help="The email address; also the token's subject.")
    ] = "admin@example.com",
    role: Annotated[Role, typer.Option(help="The role; a user who has another one gets this.")] = Role.ADMIN,
    days: Annotated[float, typer.Option(help="How many days it is valid; it may be a fraction.")] = 30,
) -> None:
    """Print a token for a user of a workspace; the user is created if need be."""
    with ready_settings() as settings:
        text = asyncio.run(_token(settings, workspace, user, role, timedelta(days=days)))
        sys.stdout.write(f"{text}\n")


async def _token(settings: Settings, workspace: str, user: str, role: Role, lifetime: timedelta) -> str:
    if settings.jwt_secret is None:
        raise Invalid("SEGGRAPH_JWT_SECRET is not set, so tokens come from your identity provider.")
    number = workspace_number(workspace)
    async with open_context(settings):
        name = user.partition("@")[0].replace(".", " ").title()
        await workspaces.ensure_user(number, subject=user, name=name, email=user, role=role)
    return issue_token(settings, subject=user, workspace_id=number, lifetime=lifetime)


def workspace_number(text: str) -> int:
    """The number of a workspace, from its id or its number. Raises NotFound for any other text."""
    if text.isascii() and text.isdigit():
        return int(text)
    parts = ids.split(text)
    if parts is None or parts[0] != "Workspace":
        raise NotFound("There is no such workspace.")
    return parts[1]


@app.command()
def seed(
    workspace: Annotated[str, typer.Option(help="The workspace: its id, or its bare number.")],
    members: Annotated[int, typer.Option(help="How many members, a fifth of them accounts.", min=1)] = 5_000,
    number: Annotated[
        int, typer.Option("--seed", help="The seed of the random numbers; each seed makes other members.")
    ] = 1,
) -> None:
    """Fill a workspace with example accounts, people and segments."""
    with ready_settings() as settings:
        asyncio.run(_seed(settings, workspace_number(workspace), members, number))


async def _seed(settings: Settings, workspace_id: int, members: int, number: int) -> None:
    async with open_context(settings) as context:
        await workspaces.require(workspace_id)
        with seeding_progress(members) as advance:
            today = datetime.now(UTC).date()
            await seeding.seed(context, workspace_id, members, number=number, as_of=today, advance=advance)


@contextmanager
def seeding_progress(members: int) -> Iterator[seeding.Advance]:
    """A progress bar on standard error."""
    columns = (TextColumn("Seeding members"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("seed", total=members)
        yield lambda count: progress.advance(task, count)


@app.command()
def doctor() -> None:
    """Check the database, its tables, Redis and the clock; for each problem say what to do."""
    with with_servers(load_settings()) as settings:
        problems = asyncio.run(_diagnose(settings))
    for problem in problems:
        console.print(f"[red]✗[/red] {escape(problem)}", highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    console.print("[green]✓[/green] PostgreSQL, its tables, Redis and the clock are well.")


async def _diagnose(settings: Settings) -> list[str]:
    async with open_context(settings) as context:
        problems = await health.problems(context)
    if settings.jwt_secret is None and settings.jwt_jwks_url is None:
        problems.append("No user can sign in: set SEGGRAPH_JWT_SECRET or SEGGRAPH_JWT_JWKS_URL.")
    return problems
