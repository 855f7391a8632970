"""The rows of an ad report that were not recorded, as a file to download, in the shape of those of imports.

A report is imported in one call, so no row of the database has its rejected rows. They wait in the files folder under a
random name, until the sweeper deletes what belongs to no import, a day later.
"""

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from seggraph.access import Viewer
from seggraph.errors import NotFound
from seggraph.files import private_files, rejected_rows, uploads
from seggraph.files.csv_records import Record
from seggraph.files.rejected_rows import RejectedRow
from seggraph.files.signed_paths import sign
from seggraph.settings import Settings
from seggraph.vocabulary import RowOutcome

LEFT_OUT: Final = "LEFT_OUT"
TOTALS: Final = "TOTALS"
PORTION: Final = 2_000
NAMES: Final = re.compile(r"[0-9a-f]{32}")


class Rejection(NamedTuple):
    """Why a row was not recorded."""

    outcome: RowOutcome
    code: str
    reason: str


async def write(
    settings: Settings,
    columns: Sequence[str],
    records: Iterator[Record],
    rejections: Mapping[int, Rejection],
) -> str | None:
    """Write the rejected rows, by the lines on which they begin; the name of the file, or None without any."""
    if not rejections:
        return None
    name = secrets.token_hex(16)
    path = await asyncio.to_thread(_path_of, settings, name)
    await asyncio.to_thread(_write, path, columns, records, rejections)
    return name


def signed_path(settings: Settings, viewer: Viewer, name: str) -> str:
    """A path under which the file can be fetched for an hour without signing in."""
    return sign(settings, f"/files/ad-reports/{viewer.workspace_id}/{name}/rejected.csv", viewer.who)


async def find(settings: Settings, name: str) -> Path:
    """Where the file is. Raises NotFound once it is deleted."""
    if NAMES.fullmatch(name):
        path = await asyncio.to_thread(_path_of, settings, name)
        if await asyncio.to_thread(path.is_file):
            return path
    raise NotFound("There is no such file any more: import the report again.")


def _path_of(settings: Settings, name: str) -> Path:
    return uploads.path_of(settings, f"{name}.rejected.csv")


def _write(
    path: Path, columns: Sequence[str], records: Iterator[Record], rejections: Mapping[int, Rejection]
) -> None:
    part = path.with_suffix(".part")
    found = _rows(records, rejections)
    try:
        with private_files.create(part) as file:
            file.write(rejected_rows.header(columns))
            while rows := list(islice(found, PORTION)):
                file.write(rejected_rows.lines(rows))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _rows(records: Iterator[Record], rejections: Mapping[int, Rejection]) -> Iterator[RejectedRow]:
    for record in records:
        rejection = rejections.get(record.line)
        if rejection is not None:
            yield record.line, *rejection, record.cells
