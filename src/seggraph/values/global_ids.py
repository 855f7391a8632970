"""Global ids: the type of an object and its number, in a form that clients do not take apart.

Made and read here for the API, for SCIM and for what is sent to webhooks.
"""

import base64
import binascii
import re

_PLAIN = re.compile(r"([A-Z][A-Za-z]{0,40}):([0-9]{1,18})", re.ASCII)


def global_id(type_name: str, number: int) -> str:
    """The id of an object: URL-safe base64 of its type and number."""
    # Letters, digits and a colon never make the two characters in which URL-safe base64 differs.
    text = binascii.b2a_base64(f"{type_name}:{number}".encode(), newline=False)
    return text.rstrip(b"=").decode()


def sql_of_id(type_name: str) -> str:
    """The same as an SQL expression, of the column `id` of a row that is called `{row}`."""
    return f"rtrim(encode(convert_to('{type_name}:' || {{row}}.id, 'UTF8'), 'base64'), '=')"


def split(global_id: str) -> tuple[str, int] | None:
    """The type and the number in an id, or None for what is no id."""
    parts = _PLAIN.fullmatch(said(global_id))
    return (parts[1], int(parts[2])) if parts else None


def find(type_name: str, global_id: str) -> int | None:
    """The number of an object of a type, or None for what is no id of one."""
    parts = split(global_id)
    return parts[1] if parts is not None and parts[0] == type_name else None


def said(global_id: str) -> str:
    """What an id says; nothing if it is none."""
    try:
        raw = base64.b64decode(global_id + "=" * (-len(global_id) % 4), altchars=b"-_", validate=True)
        return raw.decode("ascii")
    except (binascii.Error, ValueError):
        return ""
