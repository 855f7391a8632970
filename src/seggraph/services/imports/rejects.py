"""The rows that an import did not take, or in part, as a CSV file: line, outcome and reason, and the row as it came."""

from collections.abc import AsyncIterator
from typing import Final

import orjson

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.files import rejected_rows
from seggraph.files.signed_paths import sign
from seggraph.settings import Settings
from seggraph.vocabulary import ImportStatus

PAGE_ROWS: Final = 2_000

PAGE: Final = """
    SELECT line, outcome, code, message, cells FROM import_rejects
    WHERE workspace_id = $1 AND import_id = $2 AND line > $3 ORDER BY line LIMIT $4
"""

COLUMNS: Final = "SELECT columns FROM imports WHERE workspace_id = $1 AND id = $2"


def signed_path(settings: Settings, viewer: Viewer, import_id: int) -> str:
    """A path under which the file can be fetched for an hour without signing in."""
    return sign(settings, f"/files/imports/{viewer.workspace_id}/{import_id}/rejected.csv", viewer.who)


def is_there(status: ImportStatus, not_taken: int) -> bool:
    """Whether there are rows to look at."""
    return status is not ImportStatus.UPLOADED and not_taken > 0


async def first(workspace_id: int, import_id: int, limit: int) -> list[tuple[int, str, str]]:
    """The line, the outcome and the reason of the first rows that were not taken, or in part."""
    async with database() as connection:
        rows = await connection.fetch(PAGE, workspace_id, import_id, 0, limit)
    return [(row["line"], row["outcome"], row["message"]) for row in rows]


async def stream(workspace_id: int, import_id: int) -> AsyncIterator[bytes]:
    """The file in pieces, in the order of its lines. Formulas cannot run; cells are otherwise as they came."""
    async with database() as connection:
        columns = await connection.fetchval(COLUMNS, workspace_id, import_id)
    names = [column["name"] for column in orjson.loads(columns or "[]")]
    yield rejected_rows.header(names)
    after = 0
    while True:
        async with database() as connection:
            rows = await connection.fetch(PAGE, workspace_id, import_id, after, PAGE_ROWS)
        if rows:
            yield rejected_rows.lines(
                (row["line"], row["outcome"], row["code"], row["message"], orjson.loads(row["cells"]))
                for row in rows
            )
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1]["line"]
