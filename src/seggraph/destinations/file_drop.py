"""A folder that takes files: one for each batch, numbered, whole or not at all, in JSON Lines.

seggraph chooses the names, which consist of numbers, so that no file is outside of the folder. A reader applies the
files in the order of their names.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar, Final

import orjson

from seggraph.destinations.definition import DestinationDefinition, DestinationOptions, Environment, Target
from seggraph.destinations.destination import Order, Receipt, Recipient, Refused, Unavailable
from seggraph.errors import Invalid

FILE_MODE: Final = 0o640
"""Who reads what is delivered is in the group of the folder; nobody else is let in."""


@dataclass(frozen=True, slots=True)
class FileDropSettings:
    """A folder of the server has no settings of its own: the operator chose its root."""

    options: DestinationOptions

    async def check(self, environment: Environment) -> None:
        """Raise Invalid unless the server has a folder for files and no option is given that files do not have."""
        if environment.settings.file_drop_dir is None:
            message = "Destinations of files need a folder: set SEGGRAPH_FILE_DROP_DIR where seggraph runs."
            raise Invalid(message, path=("type",))
        unused = {
            "url": self.options.url,
            "headerName": self.options.header_name,
            "authSecret": self.options.auth_secret,
        }
        for name, value in unused.items():
            if value is not None:
                raise Invalid("Files go to a folder of the server; leave this out.", path=(name,))

    def open(self, environment: Environment, target: Target) -> "FileDrop":
        """The folder of a delivery. Raises Refused."""
        root = environment.settings.file_drop_dir
        if root is None:
            raise Refused("No folder for files is set up any more: ask the operator of seggraph.")
        parts = [target.workspace_id, target.destination_id]
        return FileDrop(root, parts if target.delivery_id is None else [*parts, target.delivery_id])


class FileDrop:
    """The folder of one delivery, below the root that the operator chose."""

    batch_size: ClassVar[int] = 5_000

    def __init__(self, root: Path, parts: Sequence[int]) -> None:
        self._folder = root.joinpath(*(str(part) for part in parts))
        self._root = root

    async def prepare(self, name: str, order: Order) -> str:
        """Make the folder; the first file says the list's name."""
        await self._write(order, "create", [{"name": name}])
        return self._folder.name

    async def rename(self, list_id: str, name: str, order: Order) -> None:
        """Write the new name. The folder keeps its own, which is made of numbers."""
        await self._write(order, "rename", [{"name": name}])

    async def upsert(self, list_id: str, recipients: Sequence[Recipient], order: Order) -> Receipt:
        """Write members with what the mapping made of them."""
        await self._write(
            order, "upsert", [{"key": recipient.key, "data": recipient.data} for recipient in recipients]
        )
        return Receipt()

    async def remove(self, list_id: str, keys: Sequence[str], order: Order) -> None:
        """Write the keys of the members to remove."""
        await self._write(order, "remove", [{"key": key} for key in keys])

    async def empty(self, list_id: str, order: Order) -> None:
        """Write that all members are to be removed."""
        await self._write(order, "empty", [])

    async def test(self) -> int | None:
        """Write a file and remove it, in the nearest folder that is there already."""
        await _on_disk(self._try)
        return None

    async def _write(self, order: Order, operation: str, rows: Iterable[Mapping[str, Any]]) -> None:
        content = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        name = f"{order.sequence:012d}-{operation}.jsonl"
        await _on_disk(lambda: self._store(name, content))

    def _try(self) -> None:
        self._require_root()
        folder = next(path for path in (self._folder, *self._folder.parents) if path.is_dir())
        self._require_below_root(folder)
        with NamedTemporaryFile(prefix=".test-", dir=folder) as file:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _store(self, name: str, content: bytes) -> None:
        self._require_root()
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._require_below_root(self._folder)
        part = self._folder / f".{name}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)

    def _require_root(self) -> None:
        if not self._root.is_dir():
            raise FileNotFoundError(self._root)

    def _require_below_root(self, folder: Path) -> None:
        if not folder.resolve().is_relative_to(self._root.resolve()):  # a link that somebody put there
            raise PermissionError(folder)


async def _on_disk(work: Callable[[], None]) -> None:
    """Work in a thread. Raises Refused, and Unavailable for what may pass, like a full disk."""
    try:
        await asyncio.to_thread(work)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise Refused("The folder for files cannot be written to; ask the operator of seggraph.") from error
    except OSError as error:
        raise Unavailable(f"A file could not be written: {error.strerror}.") from error


DESTINATION: Final = DestinationDefinition(
    type="FILE",
    description="A folder that files are written to.",
    settings=FileDropSettings,
)
