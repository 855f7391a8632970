"""Files that a multipart request sends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from seggraph.errors import Required


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent: its name, empty if it has none, and what reads its next bytes."""

    name: str
    read: Callable[[int], Awaitable[bytes]]


async def sent_file(given: Any) -> SentFile:
    """The file of an input, from its beginning: a request may send one file to several places.

    Raises Required for what is no file, as in a request that is not multipart.
    """
    if getattr(given, "read", None) is None:
        raise Required("Send the file as a part of a multipart request.", path=("file",))
    await given.seek(0)
    return SentFile(getattr(given, "filename", None) or "", given.read)
