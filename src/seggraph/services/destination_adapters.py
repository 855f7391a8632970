"""From the row of a destination to what can be called: its secrets are decrypted here and nowhere else."""

from typing import Any, Final

import orjson

from seggraph.destinations.calls import Caller
from seggraph.destinations.destination import Destination, Refused
from seggraph.destinations.esp import EmailService
from seggraph.destinations.file_drop import FileDrop
from seggraph.destinations.http_push import HttpPush
from seggraph.destinations.templates import Template, compile
from seggraph.services import secrets
from seggraph.services.context import Context
from seggraph.settings import Settings
from seggraph.vocabulary import DestinationType

COLUMNS: Final = "type, url, header_name, mapping, auth_secret, signing_secret"
"""What a row must have to be called."""


def purpose(workspace_id: int, what: str) -> str:
    """What a secret of a destination is encrypted for: its workspace, and its use."""
    return f"destination {what} of workspace {workspace_id}"


def adapter(
    context: Context, row: Any, workspace_id: int, destination_id: int, delivery_id: int
) -> Destination:
    """The destination of a row with COLUMNS, for one delivery. Raises Refused, SecretUnreadable."""
    match DestinationType(row["type"]):
        case DestinationType.HTTP:
            secret = signing_secret(context.settings, row["signing_secret"], workspace_id)
            caller = _caller(context, row, workspace_id)
            return HttpPush(caller, row["url"], secret, f"delivery-{delivery_id}")
        case DestinationType.EMAIL_SERVICE:
            return EmailService(_caller(context, row, workspace_id), row["url"])
        case DestinationType.FILE:
            root = context.settings.file_drop_dir
            if root is None:
                raise Refused("No folder for files is set up any more: ask whoever runs seggraph.")
            return FileDrop(root, [workspace_id, destination_id, delivery_id])


def template_of(row: Any) -> Template:
    """The template of a row, which was found good when it was saved; attributes that are gone since are null."""
    document = orjson.loads(row["mapping"])
    return compile(document, _Any())


def signing_secret(settings: Settings, sealed: bytes, workspace_id: int) -> str:
    """The secret that pushes and feedback are signed with."""
    return secrets.decrypt(settings, sealed, purpose=purpose(workspace_id, "signing"))


def _caller(context: Context, row: Any, workspace_id: int) -> Caller:
    headers: dict[str, str] = {}
    if row["auth_secret"] is not None:
        secret = secrets.decrypt(context.settings, row["auth_secret"], purpose=purpose(workspace_id, "auth"))
        name = row["header_name"]
        headers = {"Authorization": f"Bearer {secret}"} if name is None else {name: secret}
    return Caller(context.outgoing, headers, context.settings.outgoing_seconds)


class _Any(frozenset[str]):
    """A collection that has every name."""

    def __contains__(self, name: object) -> bool:
        return True
