"""The commands about keys: those that secrets are encrypted with."""

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from seggraph.cli.application import app, console
from seggraph.cli.operating import ready_settings
from seggraph.context import open_context
from seggraph.files import keyring
from seggraph.services.operations import key_rotation
from seggraph.services.operations.key_rotation import Rotation
from seggraph.settings import Settings


@app.command("rotate-keys")
def rotate_keys(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make another key in the files folder first.")
    ] = False,
) -> None:
    """Encrypt the stored secrets of destinations and webhooks with the current key. It may be run again."""
    with ready_settings() as settings:
        if new_key:
            keyring.renew(settings)
        done = asyncio.run(_rotate(settings))
        name = keyring.current(settings).id.hex()
    console.print(f"{done.renewed} secrets were encrypted with the key {name}, {done.current} already were.")
    for secret in done.unreadable:
        problem = f"{secret} cannot be read with any key: set it anew, or give its key and repeat."
        console.print(f"[red]✗[/red] {escape(problem)}", highlight=False, soft_wrap=True)
    if done.unreadable:
        raise typer.Exit(1)


async def _rotate(settings: Settings) -> Rotation:
    async with open_context(settings) as context:
        return await key_rotation.rotate(context)
