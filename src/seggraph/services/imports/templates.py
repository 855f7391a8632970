"""Mapping templates: what an import was started with, suggested again for a file with the same columns.

One is kept for each kind and shape of file in a workspace; a later import of such a file replaces it. A template has
names of columns, fields and settings, and no value of a member.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import VISIBLE_TEMPLATE, Viewer, require_write, visibility_arguments
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import NotFound
from seggraph.services.audit import audit
from seggraph.services.imports import event_fields
from seggraph.services.imports.mappings import Pair
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    Channel,
    ImportContent,
    MemberKind,
    SuppressionReason,
)

SELECT: Final = f"""
    SELECT t.id, t.kind, t.file_name, t.columns, t.mapping, t.choices, t.uses, t.created_at, t.used_at,
      t.of_all_rows /*keys*/
    FROM import_templates t WHERE {VISIBLE_TEMPLATE}
"""  # noqa: S608 - constants only, here and below

COUNT: Final = f"SELECT count(*) FROM import_templates t WHERE {VISIBLE_TEMPLATE}"  # noqa: S608

FIND: Final = f"""
    {SELECT} AND t.kind = $4 AND t.shape = $5
    ORDER BY t.segment_id IS NOT DISTINCT FROM $6 DESC, t.used_at DESC LIMIT 1
"""

NEWEST_FIRST: Final = Order(
    "used_at", (Key("t.used_at", "timestamptz"), Key("t.id", "bigint")), descending=True
)

KEEP: Final = """
    INSERT INTO import_templates AS t (workspace_id, kind, segment_id, shape, file_name, columns, mapping, choices,
      of_all_rows)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (workspace_id, kind, shape, coalesce(segment_id, 0)) DO UPDATE SET file_name = EXCLUDED.file_name,
      columns = EXCLUDED.columns, mapping = EXCLUDED.mapping, choices = EXCLUDED.choices,
      of_all_rows = EXCLUDED.of_all_rows, uses = t.uses + 1, used_at = now()
"""

DELETE: Final = f"""
    DELETE FROM import_templates t WHERE {VISIBLE_TEMPLATE} AND t.id = $4 RETURNING t.kind, t.file_name
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class OfAllRows:
    """What was chosen for all rows of a file, where no column says it."""

    event_name: str | None = None
    relation: str | None = None
    channel: Channel | None = None
    reason: SuppressionReason | None = None

    def to_json(self) -> str:
        """As it is stored: enums by their names."""
        found = {
            "event_name": self.event_name,
            "relation": self.relation,
            "channel": None if self.channel is None else self.channel.name,
            "reason": None if self.reason is None else self.reason.name,
        }
        return orjson.dumps({name: value for name, value in found.items() if value is not None}).decode()

    @staticmethod
    def from_json(stored: str | None) -> "OfAllRows":
        """What `to_json` wrote; nothing in a template of an earlier version."""
        found: dict[str, str] = orjson.loads(stored or "{}")
        channel, reason = found.get("channel"), found.get("reason")
        return OfAllRows(
            found.get("event_name"),
            found.get("relation"),
            None if channel is None else Channel[channel],
            None if reason is None else SuppressionReason[reason],
        )


@dataclass(frozen=True, slots=True)
class ImportTemplate:
    """A template: the columns of the files it is for, where they go, and the settings that were chosen, by column."""

    id: int
    kind: MemberKind
    file_name: str
    columns: list[str]
    mapping: list[Pair]
    choices: dict[str, dict[str, Any]]
    uses: int
    created_at: datetime
    used_at: datetime
    of_all_rows: OfAllRows = OfAllRows()


def shape_of(columns: Sequence[str], content: ImportContent = ImportContent.MEMBERS) -> str:
    """What files of the same shape have in common: the content, and the names of columns in any order and case."""
    names = sorted(" ".join(column.casefold().split()) for column in columns)
    if content is not ImportContent.MEMBERS:
        names.append(event_fields.PREFIX + content)
    return hashlib.sha256(orjson.dumps(names)).hexdigest()


async def find(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    columns: Sequence[str],
    segment_id: int | None,
    content: ImportContent = ImportContent.MEMBERS,
) -> ImportTemplate | None:
    """The template for files with these columns that the viewer sees, that of the segment first."""
    asked = kind, shape_of(columns, content), segment_id
    row = await connection.fetchrow(FIND, *visibility_arguments(viewer), *asked)
    return None if row is None else template_of(row)


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """What is kept of an import that is started."""

    kind: MemberKind
    segment_id: int | None
    file_name: str
    columns: Sequence[str]
    pairs: Sequence[Pair]
    choices: Mapping[str, Mapping[str, Any]]
    content: ImportContent = ImportContent.MEMBERS
    of_all_rows: OfAllRows = OfAllRows()


async def keep(unit: UnitOfWork, workspace_id: int, kept: KeptMapping) -> None:
    """Keep the mapping of an import that is started, in place of an earlier one for the same shape."""
    await unit.connection.execute(
        KEEP,
        workspace_id,
        kept.kind,
        kept.segment_id,
        shape_of(kept.columns, kept.content),
        kept.file_name,
        orjson.dumps(list(kept.columns)).decode(),
        orjson.dumps([asdict(pair) for pair in kept.pairs]).decode(),
        orjson.dumps({name: dict(choice) for name, choice in kept.choices.items() if choice}).decode(),
        kept.of_all_rows.to_json(),
    )


async def list_page(viewer: Viewer, request: PageRequest) -> Page[ImportTemplate]:
    """A page of the workspace's templates, the last used first."""
    async with database() as connection:
        return await fetch_page(
            connection, SELECT, visibility_arguments(viewer), NEWEST_FIRST, request, template_of
        )


async def count(viewer: Viewer) -> int:
    """How many templates the workspace has."""
    async with database() as connection:
        total: int = await connection.fetchval(COUNT, *visibility_arguments(viewer))
    return total


async def get_many(viewer: Viewer, template_ids: Sequence[int]) -> dict[int, ImportTemplate]:
    """Those of the templates that exist in the viewer's workspace, by id."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND t.id = ANY($4)", *visibility_arguments(viewer), list(template_ids)
        )
    return {row["id"]: template_of(row) for row in rows}


async def delete(context: Context, viewer: Viewer, template_id: int) -> None:
    """Forget a template. Raises Forbidden, NotFound."""
    require_write(viewer)
    async with begin() as unit:
        row = await unit.connection.fetchrow(DELETE, *visibility_arguments(viewer), template_id)
        if row is None:
            raise NotFound("There is no such template.", path=("id",))
        subject = audit.Subject(AuditSubject.IMPORT_TEMPLATE, template_id, row["file_name"])
        await audit.record(
            unit, viewer, AuditAction.DELETED, subject, {"kind": MemberKind(row["kind"])}, None
        )


def template_of(row: asyncpg.Record) -> ImportTemplate:
    """The template of a row of SELECT."""
    return ImportTemplate(
        id=row["id"],
        kind=MemberKind(row["kind"]),
        file_name=row["file_name"],
        columns=orjson.loads(row["columns"]),
        mapping=[Pair(**pair) for pair in orjson.loads(row["mapping"])],
        choices=orjson.loads(row["choices"]),
        uses=row["uses"],
        created_at=row["created_at"],
        used_at=row["used_at"],
        of_all_rows=OfAllRows.from_json(row["of_all_rows"]),
    )
