"""URLs as addresses: where a call goes, whatever is asked for there."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where a secret goes that is sent to a URL."""

    scheme: str
    host: str
    port: int | None
    path: str


def address_of(url: str | None) -> Address | None:
    """The address of a URL that may be called; None without a URL."""
    if url is None:
        return None
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    return Address(scheme, host, parts.port or _PORTS.get(scheme), parts.path or "/")
