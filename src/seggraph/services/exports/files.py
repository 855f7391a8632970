"""The files of exports: PostgreSQL writes the rows, batch by batch within one snapshot, and we pass them on.

JSON Lines leave through the same COPY: with a quote and a delimiter that JSON never has, nothing is quoted.
"""

import csv
import gzip
import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, cast

import asyncpg
from pyroaring import BitMap

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.files import private_files
from seggraph.models.audiences import ChunkRole
from seggraph.services.exports.columns import WRITTEN, ExportColumn, csv_select, json_select
from seggraph.services.exports.segment_facts import SegmentFacts
from seggraph.services.segments.views import SegmentFilter
from seggraph.values import csv_values
from seggraph.vocabulary import ExportFormat, MemberKind

BATCH_ROWS: Final = 20_000
COMPRESSION: Final = 1
"""The fastest: members compress well all the same, and files are fetched once or twice."""

OF_MEMBERS: Final = """
    FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY((SELECT $3::int[])::int[]) ORDER BY m.ordinal
"""
"""The batch is a subquery: COPY has no parameters, and of an array in its text each number would be estimated."""

OF_SEGMENTS: Final = f"""
    FROM segments s LEFT JOIN unnest(/*facts*/) AS x(id, criteria, orders, revenue) ON x.id = s.id
    WHERE {VISIBLE_SEGMENT}
"""

EVERYONE: Final = "SELECT array_agg(ordinal) FROM members WHERE workspace_id = $1 AND kind = $2"

HOW: Final = {
    ExportFormat.CSV: {"format": "csv"},
    ExportFormat.PLAIN_CSV: {"format": "csv"},
    ExportFormat.JSON_LINES: {"format": "csv", "quote": "\x01", "escape": "\x01", "delimiter": "\x02"},
}


def open_file(path: Path, *, compressed: bool) -> BinaryIO:
    """A new file that takes the rows."""
    if compressed:
        return cast(BinaryIO, _Compressed(private_files.create(path)))
    return private_files.create(path)


class _Compressed(gzip.GzipFile):
    """A compressed file that closes what it writes to."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=raw)
        self._raw_file = raw

    def close(self) -> None:
        """Write the end, and close the file under it."""
        try:
            super().close()
        finally:
            self._raw_file.close()


def begin_file(file: BinaryIO, columns: Sequence[ExportColumn], format_: ExportFormat) -> None:
    """Write what stands above the rows: the names of the columns, for CSV."""
    if format_ in WRITTEN:
        names = [column.name for column in columns]
        if format_ is ExportFormat.CSV:
            names = list(map(csv_values.escape, names))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(names)
        file.write(text.getvalue().encode())


async def audience_of(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, segment_id: int | None
) -> BitMap:
    """The members of a segment, or all of a kind, as the connection's snapshot sees them."""
    if segment_id is None:
        return BitMap(await connection.fetchval(EVERYONE, workspace_id, kind) or ())
    owner = ChunkOwner(ChunkRole.MEMBERS, segment_id)
    return (await ChunkStore(connection, workspace_id).read_many([owner]))[owner]


async def write_members(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    audience: BitMap,
    columns: Sequence[ExportColumn],
    format_: ExportFormat,
    file: BinaryIO,
    *,
    is_changing: bool = False,
) -> AsyncIterator[int]:
    """Write the members of an audience in the order in which they came to be; answers after each batch its size.

    `is_changing` says that a worker is changing attributes of the kind: they are written as they will be.
    """
    query, names = _query(OF_MEMBERS, columns, format_, 4)
    if is_changing:
        query = query.replace("m.attributes", "seggraph_settled(m.workspace_id, m.kind, m.attributes)")
    for start in range(0, len(audience), BATCH_ROWS):
        batch = list(audience[start : start + BATCH_ROWS])
        arguments = (workspace_id, int(kind), batch, *names)
        yield await _copy(connection, query, arguments, format_, file)


async def write_segments(
    connection: asyncpg.Connection,
    viewer: Viewer,
    filter_: SegmentFilter,
    search: str | None,
    columns: Sequence[ExportColumn],
    format_: ExportFormat,
    file: BinaryIO,
    facts: SegmentFacts,
) -> int:
    """Write the segments that the viewer sees, by name; answers how many."""
    conditions, values = filter_.conditions(search)
    first = 4 + len(values)
    types = ("bigint[]", "text[]", "bigint[]", "numeric[]")
    places = ", ".join(f"${number}::{type_}" for number, type_ in enumerate(types, first))
    rows = f"{OF_SEGMENTS.replace('/*facts*/', places)}{conditions} ORDER BY s.name_key, s.id"
    query, _ = _query(rows, columns, format_, first + len(types))
    arguments = (*visibility_arguments(viewer), *values, *facts.columns())
    return await _copy(connection, query, arguments, format_, file)


def _query(
    rows: str, columns: Sequence[ExportColumn], format_: ExportFormat, first: int
) -> tuple[str, list[str]]:
    """The query whose rows are the lines of the file, and the values of its parameters from $`first` on."""
    written = WRITTEN.get(format_)
    line, names = json_select(columns, first) if written is None else csv_select(columns, first, written)
    return f"SELECT {line} {rows}", names


async def _copy(
    connection: asyncpg.Connection,
    query: str,
    arguments: Sequence[object],
    format_: ExportFormat,
    file: BinaryIO,
) -> int:
    done: str = await connection.copy_from_query(query, *arguments, output=file, **HOW[format_])
    return int(done.removeprefix("COPY "))
