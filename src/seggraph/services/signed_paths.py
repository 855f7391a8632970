"""Paths to files that whoever has them may fetch until they expire, without signing in.

The signature is an HMAC with a key that lies in the files folder, which all processes share.
"""

import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from seggraph.errors import NotFound
from seggraph.services.uploads import folder
from seggraph.settings import Settings

LIFETIME_SECONDS: Final = 3_600
KEY_FILE: Final = "signing-key"


def sign(settings: Settings, path: str) -> str:
    """The path with its expiry, in an hour, and its signature as a query."""
    expires = int(time.time()) + LIFETIME_SECONDS
    return f"{path}?expires={expires}&signature={_signature(settings, path, expires)}"


def verify(settings: Settings, path: str, expires: str, signature: str) -> None:
    """Raise NotFound unless this path was signed by us and has not expired."""
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12 and signature.isascii()):
        raise NotFound("There is no such file.")
    expected = _signature(settings, path, int(expires))
    if not hmac.compare_digest(expected, signature) or int(expires) < time.time():
        raise NotFound("There is no such file, or its address has expired: ask for a new one.")


def _signature(settings: Settings, path: str, expires: int) -> str:
    message = f"{path}\n{expires}".encode()
    return hmac.new(_key(folder(settings)), message, hashlib.sha256).hexdigest()


def _key(files: Path) -> bytes:
    """The key, made on first use: whole or not at all, whoever is first."""
    path = files / KEY_FILE
    if not path.exists():
        own = files / f"{KEY_FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_bytes()
