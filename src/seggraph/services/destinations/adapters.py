"""From the row of a destination to what can be called: its secrets are decrypted here and nowhere else."""

import re
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from seggraph.context import Context
from seggraph.destinations.calls import Caller
from seggraph.destinations.destination import Destination, Refused
from seggraph.destinations.esp import EmailService
from seggraph.destinations.file_drop import FileDrop
from seggraph.destinations.http_push import HttpPush
from seggraph.destinations.templates import Template, compile
from seggraph.files import secrets
from seggraph.settings import Settings
from seggraph.vocabulary import DestinationType

COLUMNS: Final = "type, url, header_name, mapping, auth_secret, signing_secret"
"""What a row must have to be called."""

SHORTEST_PART: Final = 6
"""Parts of a URL that are shorter are words like "api", which a destination may use."""


def purpose(workspace_id: int, what: str) -> str:
    """What a secret of a destination is encrypted for: its workspace, and its use."""
    return f"destination {what} of workspace {workspace_id}"


def adapter(
    context: Context, row: Any, workspace_id: int, destination_id: int, delivery_id: int | None
) -> Destination:
    """The destination of a row with COLUMNS, for one delivery, or for none: then it can only be tested.

    Raises Refused, SecretUnreadable.
    """
    list_name = "test" if delivery_id is None else f"delivery-{delivery_id}"
    match DestinationType(row["type"]):
        case DestinationType.HTTP:
            secret = signing_secret(context.settings, row["signing_secret"], workspace_id)
            caller = _caller(context, row, workspace_id)
            return HttpPush(caller, row["url"], secret, list_name)
        case DestinationType.EMAIL_SERVICE:
            return EmailService(_caller(context, row, workspace_id), row["url"])
        case DestinationType.FILE:
            root = context.settings.file_drop_dir
            if root is None:
                raise Refused("No folder for files is set up any more: ask whoever runs seggraph.")
            return FileDrop(
                root, [workspace_id, destination_id, *([] if delivery_id is None else [delivery_id])]
            )


def template_of(row: Any) -> Template:
    """The template of a row, which was found good when it was saved; attributes that are gone since are null."""
    document = orjson.loads(row["mapping"])
    return compile(document, _Any())


def signing_secret(settings: Settings, sealed: bytes, workspace_id: int) -> str:
    """The secret that pushes and feedback are signed with."""
    return secrets.decrypt(settings, sealed, purpose=purpose(workspace_id, "signing"))


def _caller(context: Context, row: Any, workspace_id: int) -> Caller:
    headers: dict[str, str] = {}
    unspoken = _parts_of(row["url"])
    if row["auth_secret"] is not None:
        secret = secrets.decrypt(context.settings, row["auth_secret"], purpose=purpose(workspace_id, "auth"))
        name = row["header_name"]
        headers = {"Authorization": f"Bearer {secret}"} if name is None else {name: secret}
        unspoken += [secret, orjson.dumps(secret)[1:-1].decode()]
    return Caller(context.outgoing, headers, context.settings.outgoing_seconds, unspoken)


def _parts_of(url: str) -> list[str]:
    """What of a URL may be a secret: path and query, and the longer parts of them."""
    parts = urlsplit(url)
    whole = [f"{parts.path}?{parts.query}", parts.path, parts.query]
    pieces = re.split("[/?&=;]", whole[0])
    texts = [text for text in whole if len(text) > 1] + [one for one in pieces if len(one) >= SHORTEST_PART]
    return texts + [unquote(text) for text in texts]


class _Any(frozenset[str]):
    """A collection that has every name."""

    def __contains__(self, name: object) -> bool:
        return True
