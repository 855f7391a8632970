"""What imports still know of members who are erased: rejected rows, samples, and files that wait to be imported.

A row is a member's if the column of external ids has the member's, or any cell has the email address or, of
accounts and organizations, the domain. A file that waits and names somebody is withdrawn whole. An import that is
at work is left alone: what it stores afterwards, its file says anew.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from seggraph.criteria import relations
from seggraph.errors import ErrorCode
from seggraph.files import uploads
from seggraph.files.csv_records import Dialect, RecordReader
from seggraph.services.imports import event_fields
from seggraph.services.members.upserts import PLAN_BY_VALUES
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind

WITH_DOMAINS: Final = frozenset({MemberKind.ACCOUNT, MemberKind.ORGANIZATION})
"""The kinds whose domain is one member's; a person's is that of all colleagues."""

OF_KIND: Final = "(kind = $2 OR content IN ('RELATIONS', 'SUPPRESSIONS'))"
"""Files about members of a kind, and those that may name members of several kinds."""

IMPORTS: Final = f"""
    SELECT id, kind, columns, coalesce(mapping, suggestions) AS pairs FROM imports
    WHERE workspace_id = $1 AND {OF_KIND} AND ($3::timestamptz IS NULL OR status = 'RUNNING' OR finished_at >= $3)
    ORDER BY id
"""  # noqa: S608 - a constant, here and below

WAITING: Final = f"""
    SELECT id, kind, file, encoding, delimiter, has_header, skip_lines, columns,
      coalesce(mapping, suggestions) AS pairs
    FROM imports WHERE workspace_id = $1 AND {OF_KIND} AND file <> ''
      AND (status = 'UPLOADED' OR (status = 'COMPLETED' AND dry_run)) ORDER BY id
"""  # noqa: S608

WITHDRAW: Final = """
    UPDATE imports SET file = '', status = CASE status WHEN 'UPLOADED' THEN 'CANCELLED' ELSE status END,
      finished_at = coalesce(finished_at, now()), error_code = $3, error_message = $4, error_at = now()
    WHERE workspace_id = $1 AND id = $2 AND (status = 'UPLOADED' OR (status = 'COMPLETED' AND dry_run))
    RETURNING file
"""

ID_FIELDS: Final = ("externalId", event_fields.stored("memberExternalId"))
"""The fields that hold external ids of members, in files of members and in those of events."""

RELATED_ID: Final = event_fields.stored("relatedExternalId")
"""The field that holds external ids of related members."""

WITHDRAWN: Final = "A member in the file was erased. Upload the file again without that member."

# The inner expression takes the scheme, `www.` and whatever follows the host from a cell.
FORGET_REJECTS: Final = r"""
    DELETE FROM import_rejects WHERE workspace_id = $1 AND import_id = $2 AND (
      EXISTS (SELECT FROM unnest($3::int[]) AS place WHERE lower(btrim(cells ->> place)) = ANY($4)) OR EXISTS (
        SELECT FROM jsonb_array_elements_text(cells) AS cell WHERE lower(btrim(cell)) = ANY($5) OR
          regexp_replace(regexp_replace(lower(btrim(cell)), '^[a-z]+://', ''), '^www\.|[/:?#].*$', '', 'g')
            = ANY($5)))
"""

SET_COLUMNS: Final = "UPDATE imports SET columns = $3 WHERE workspace_id = $1 AND id = $2"

_SCHEME = re.compile(r"^[a-z]+://")
_NOT_HOST = re.compile(r"^www\.|[/:?#].*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Traces:
    """By what cells are recognised as a member's: external ids in their column, other texts anywhere."""

    external_ids: frozenset[str]
    texts: frozenset[str]

    def hold(self, cells: Sequence[str], id_columns: Sequence[int]) -> bool:
        """Whether a row is about one of the members."""
        named = (cells[place].strip().lower() for place in id_columns if place < len(cells))
        return not self.external_ids.isdisjoint(named) or any(
            not self.texts.isdisjoint(_forms(cell)) for cell in cells
        )


def traces_of(kind: MemberKind, members: Iterable[Mapping[str, Any]]) -> Traces:
    """The traces of members, given with external_id, email and domain."""
    rows = list(members)
    fields = ("email", "domain") if kind in WITH_DOMAINS else ("email",)
    texts = {row[field].lower() for row in rows for field in fields if row[field]}
    return Traces(frozenset(row["external_id"].strip().lower() for row in rows), frozenset(texts))


async def waiting_with(
    settings: Settings, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, traces: Traces
) -> list[int]:
    """The imports that wait to be started and whose files name a member. Reads every such file of the kind."""
    found = []
    for row in await connection.fetch(WAITING, workspace_id, kind):
        path = uploads.path_of(settings, row["file"])
        dialect = Dialect(row["encoding"], row["delimiter"], row["has_header"], row["skip_lines"])
        if await asyncio.to_thread(_has_any, path, dialect, traces, _id_columns(row, kind)):
            found.append(row["id"])
    return found


async def withdraw(connection: asyncpg.Connection, workspace_id: int, import_ids: Sequence[int]) -> list[str]:
    """Cancel imports that wait still, in the caller's transaction; returns the files to remove after it."""
    rows = await connection.fetch(
        "SELECT id, file FROM imports WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE",
        workspace_id,
        list(import_ids),
    )
    gone = []
    for row in rows:
        values = workspace_id, row["id"], ErrorCode.CONFLICT.value, WITHDRAWN
        if await connection.fetchval(WITHDRAW, *values) is not None:
            gone.append(row["file"])
    return gone


async def forget(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    traces: Traces,
    *,
    since: datetime | None = None,
) -> int:
    """Delete rejected rows of members, and the samples of imports that show one; returns how many rows.

    With `since` only those imports are looked at that were at work then or later.
    """
    erased = 0
    await connection.execute(PLAN_BY_VALUES)  # long lists are looked up by hash only when the plan knows them
    ids, texts = list(traces.external_ids), list(traces.texts)
    for row in await connection.fetch(IMPORTS, workspace_id, kind, since):
        places = _id_columns(row, kind)
        values = workspace_id, row["id"], places, ids, texts
        erased += _count(await connection.execute(FORGET_REJECTS, *values))
        columns = orjson.loads(row["columns"])
        if _shown(columns, traces, places):
            bare = orjson.dumps([column | {"samples": [], "interpreted": []} for column in columns]).decode()
            await connection.execute(SET_COLUMNS, workspace_id, row["id"], bare)
    return erased


def _id_columns(row: Mapping[str, Any], kind: MemberKind) -> list[int]:
    """Which columns have the external ids of members of a kind, by the mapping or else by what is suggested.

    A column of related members counts if a relation of the file's kind leads to members of the kind.
    """
    names = [column["name"] for column in orjson.loads(row["columns"])]
    fields = [*ID_FIELDS] if row["kind"] == kind else []
    if any(direction.other_kind is kind for direction in relations.of_kind(MemberKind(row["kind"]))):
        fields.append(RELATED_ID)
    pairs = orjson.loads(row["pairs"])
    return [
        names.index(pair["column"]) for pair in pairs if pair["field"] in fields and pair["column"] in names
    ]


def _shown(columns: Sequence[Mapping[str, Any]], traces: Traces, id_columns: Sequence[int]) -> bool:
    return any(
        traces.hold([sample], [0] if index in id_columns else [])
        for index, column in enumerate(columns)
        for sample in column["samples"]
    )


def _has_any(path: Path, dialect: Dialect, traces: Traces, id_columns: Sequence[int]) -> bool:
    try:
        with RecordReader(path, dialect) as reader:
            return any(traces.hold(record.cells, id_columns) for record in reader)
    except FileNotFoundError:
        return False


def _forms(cell: str) -> tuple[str, str]:
    """A cell as it is compared: as a text, and as a domain."""
    text = cell.strip().lower()
    return text, _NOT_HOST.sub("", _SCHEME.sub("", text))


def _count(status: str) -> int:
    """The number of rows in PostgreSQL's answer to a statement."""
    return int(status.rsplit(" ", 1)[1])
