"""Secrets of outside systems, encrypted at rest: AES-256-GCM under a key that is not in the database.

A sealed secret says with which key of the keyring it was encrypted. With the database alone nobody can read a secret,
nor move it to where another purpose would use it.
"""

import secrets
from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seggraph.errors import ErrorCode, SeggraphError
from seggraph.files import keyring
from seggraph.files.keyring import ID_BYTES, Key
from seggraph.settings import Settings

WITHOUT_ID: Final = b"\x01"
WITH_ID: Final = b"\x02"
"""What a sealed secret begins with: how it was sealed. Those of earlier versions do not say with which key."""
NONCE_BYTES: Final = 12
HINT_CHARACTERS: Final = 4
SHORTEST_WITH_HINT: Final = 12


class SecretUnreadable(SeggraphError):
    """A stored secret was encrypted under another key than those that are configured now, or damaged."""

    code = ErrorCode.INVALID


def encrypt(settings: Settings, text: str, *, purpose: str) -> bytes:
    """A secret as bytes to store. `purpose` says what it is for, and whose; only it can read the secret again.

    Raises SecretKeyMissing.
    """
    key = keyring.current(settings)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return WITH_ID + key.id + nonce + AESGCM(key.content).encrypt(nonce, text.encode(), purpose.encode())


def decrypt(settings: Settings, sealed: bytes, *, purpose: str) -> str:
    """The secret that was encrypted for this purpose. Raises SecretUnreadable, SecretKeyMissing."""
    for key, rest in _openings(settings, sealed):
        nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        try:
            return AESGCM(key.content).decrypt(nonce, body, purpose.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise SecretUnreadable(
        "A stored secret cannot be read with the keys that are configured. Set the secret anew, or give the key"
        " that it was encrypted with in SEGGRAPH_PREVIOUS_SECRET_KEYS."
    )


def is_current(settings: Settings, sealed: bytes) -> bool:
    """Whether a secret is encrypted with the current key. Raises SecretKeyMissing."""
    return sealed[: 1 + ID_BYTES] == WITH_ID + keyring.current(settings).id


def hint(text: str) -> str:
    """What may be shown of a secret: its last characters if it is long enough, so that people can tell two apart."""
    return f"…{text[-HINT_CHARACTERS:]}" if len(text) >= SHORTEST_WITH_HINT else "…"


def _openings(settings: Settings, sealed: bytes) -> Iterator[tuple[Key, bytes]]:
    """The keys that may open a sealed secret, and what is behind its beginning."""
    kind, rest = sealed[:1], sealed[1:]
    for key in keyring.all_keys(settings):
        if kind == WITHOUT_ID:
            yield key, rest
        elif kind == WITH_ID and rest[:ID_BYTES] == key.id:
            yield key, rest[ID_BYTES:]
