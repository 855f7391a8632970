"""Secrets of outside systems, encrypted at rest: AES-256-GCM under a key that is not in the database.

The key is made of the setting `secret_key`; without it, a key is made once in the files folder, which all processes
share. With the database alone nobody can read a secret, nor move it to where another purpose would use it.
"""

import hashlib
import secrets
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seggraph.errors import ErrorCode, SeggraphError
from seggraph.files import key_files
from seggraph.files.uploads import folder
from seggraph.settings import Settings

KEY_FILE: Final = "secret-key"
VERSION: Final = b"\x01"
"""What a sealed secret begins with: how it was sealed."""
NONCE_BYTES: Final = 12
HINT_CHARACTERS: Final = 4
SHORTEST_WITH_HINT: Final = 12


class SecretUnreadable(SeggraphError):
    """A stored secret was encrypted under another key than the one that is configured now, or damaged."""

    code = ErrorCode.INVALID


class SecretKeyMissing(SeggraphError):
    """There is no key to encrypt with, and no folder to keep one in that outlives the system's temporary files."""

    code = ErrorCode.INVALID


def encrypt(settings: Settings, text: str, *, purpose: str) -> bytes:
    """A secret as bytes to store. `purpose` says what it is for, and whose; only it can read the secret again.

    Raises SecretKeyMissing.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return VERSION + nonce + AESGCM(_key(settings)).encrypt(nonce, text.encode(), purpose.encode())


def decrypt(settings: Settings, sealed: bytes, *, purpose: str) -> str:
    """The secret that was encrypted for this purpose. Raises SecretUnreadable, SecretKeyMissing."""
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if sealed[:1] != VERSION:
            raise InvalidTag
        return AESGCM(_key(settings)).decrypt(nonce, body, purpose.encode()).decode()
    except (InvalidTag, ValueError) as error:
        message = "A stored secret cannot be read with the key that is configured. Set the secret anew."
        raise SecretUnreadable(message) from error


def hint(text: str) -> str:
    """What may be shown of a secret: its last characters if it is long enough, so that people can tell two apart."""
    return f"…{text[-HINT_CHARACTERS:]}" if len(text) >= SHORTEST_WITH_HINT else "…"


def _key(settings: Settings) -> bytes:
    if settings.secret_key is not None:
        return hashlib.sha256(
            b"seggraph secrets\n" + settings.secret_key.get_secret_value().encode()
        ).digest()
    place = folder(settings)
    chosen = settings.files_dir is not None or settings.data_dir is not None
    if not chosen and place.is_relative_to(Path(tempfile.gettempdir())):
        raise SecretKeyMissing("Secrets cannot be kept: set SEGGRAPH_SECRET_KEY, at least 32 characters.")
    return key_files.ensure(place, KEY_FILE)
