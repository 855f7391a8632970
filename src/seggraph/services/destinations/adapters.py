"""From the row of a destination to what can be called: its secrets are decrypted here and nowhere else."""

from typing import Any, Final

import orjson

from seggraph.context import Context
from seggraph.destinations.definition import DestinationOptions, Environment, Target
from seggraph.destinations.destination import Destination
from seggraph.destinations.registry import definition_of
from seggraph.destinations.templates import Template, compile
from seggraph.files import secrets
from seggraph.settings import Settings

COLUMNS: Final = "type, url, header_name, mapping, auth_secret, signing_secret"
"""What a row must have to be called."""


def purpose(workspace_id: int, what: str) -> str:
    """What a secret of a destination is encrypted for: its workspace, and its use."""
    return f"destination {what} of workspace {workspace_id}"


def environment_of(context: Context) -> Environment:
    """What the process gives to destinations."""
    return Environment(context.settings, context.outgoing)


def adapter(
    context: Context, row: Any, workspace_id: int, destination_id: int, delivery_id: int | None
) -> Destination:
    """The destination of a row with COLUMNS, for one delivery, or for none: then it can only be tested.

    Raises Refused, SecretUnreadable.
    """
    options = DestinationOptions(
        url=row["url"],
        header_name=row["header_name"],
        auth_secret=_auth_secret(context.settings, row["auth_secret"], workspace_id),
    )
    target = Target(
        workspace_id,
        destination_id,
        delivery_id,
        signing_secret=lambda: signing_secret(context.settings, row["signing_secret"], workspace_id),
    )
    return definition_of(row["type"]).settings(options).open(environment_of(context), target)


def template_of(row: Any) -> Template:
    """The template of a row, which was found good when it was saved; attributes that are gone since are null."""
    document = orjson.loads(row["mapping"])
    return compile(document, _Any())


def signing_secret(settings: Settings, sealed: bytes, workspace_id: int) -> str:
    """The secret that pushes and feedback are signed with."""
    return secrets.decrypt(settings, sealed, purpose=purpose(workspace_id, "signing"))


def _auth_secret(settings: Settings, sealed: bytes | None, workspace_id: int) -> str | None:
    """The secret that the destination is called with, if it has one."""
    if sealed is None:
        return None
    return secrets.decrypt(settings, sealed, purpose=purpose(workspace_id, "auth"))


class _Any(frozenset[str]):
    """A collection that has every name."""

    def __contains__(self, name: object) -> bool:
        return True
