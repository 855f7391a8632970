"""The keys that secrets are encrypted with: one that is used, and earlier ones that can still be read.

A key is known by its id, which is made of it. The keys come from the settings `secret_key` and
`previous_secret_keys`, and from the files folder, where the key of an installation without that setting is kept.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seggraph.errors import ErrorCode, Invalid, SeggraphError
from seggraph.files import key_files
from seggraph.files.uploads import folder
from seggraph.settings import Settings

KEY_FILE: Final = "secret-key"
ID_BYTES: Final = 8


class SecretKeyMissing(SeggraphError):
    """There is no key to encrypt with, and no folder to keep one in that outlives the system's temporary files."""

    code = ErrorCode.INVALID


@dataclass(frozen=True, slots=True)
class Key:
    """A key of 32 bytes, and its id."""

    id: bytes
    content: bytes


def current(settings: Settings) -> Key:
    """The key that new secrets are encrypted with. Raises SecretKeyMissing."""
    if settings.secret_key is not None:
        return _key(_derived(settings.secret_key.get_secret_value()))
    place = folder(settings)
    if _is_temporary(settings, place):
        raise SecretKeyMissing("Secrets cannot be kept: set SEGGRAPH_SECRET_KEY, at least 32 characters.")
    return _key(key_files.ensure(place, KEY_FILE))


def all_keys(settings: Settings) -> Iterator[Key]:
    """The keys that stored secrets may be encrypted with, the current one first. Raises SecretKeyMissing."""
    yield current(settings)
    for text in settings.previous_secret_keys:
        yield _key(_derived(text.get_secret_value()))
    place = folder(settings)
    for path in sorted(place.glob(f"{KEY_FILE}*")):
        content = path.read_bytes()
        if len(content) == key_files.KEY_BYTES:
            yield _key(content)


def renew(settings: Settings) -> Key:
    """Make another key in the files folder the current one; the earlier one stays beside it.

    Raises Invalid when the key is a setting, and SecretKeyMissing.
    """
    if settings.secret_key is not None:
        raise Invalid(
            "The key is a setting: put it into SEGGRAPH_PREVIOUS_SECRET_KEYS and a new one into"
            " SEGGRAPH_SECRET_KEY."
        )
    place = folder(settings)
    earlier = current(settings)
    with suppress(FileExistsError):
        os.link(place / KEY_FILE, place / f"{KEY_FILE}-{earlier.id.hex()}")
    name = f"{KEY_FILE}.{secrets.token_hex(8)}.new"
    key_files.ensure(place, name)
    (place / name).replace(place / KEY_FILE)
    return current(settings)


def _key(content: bytes) -> Key:
    return Key(hashlib.sha256(b"seggraph key id\n" + content).digest()[:ID_BYTES], content)


def _derived(text: str) -> bytes:
    return hashlib.sha256(b"seggraph secrets\n" + text.encode()).digest()


def _is_temporary(settings: Settings, place: Path) -> bool:
    """Whether the folder is one that nobody chose and that the system may empty."""
    chosen = settings.files_dir is not None or settings.data_dir is not None
    return not chosen and place.is_relative_to(Path(tempfile.gettempdir()))
