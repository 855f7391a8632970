"""Keys that lie in the files folder, which all processes share: made on first use, readable by their owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32


def ensure(folder: Path, name: str) -> bytes:
    """The key of a name. The first process makes it, whole or not at all."""
    path = folder / name
    if not path.exists():
        own = folder / f"{name}.{secrets.token_hex(8)}"
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_bytes()
