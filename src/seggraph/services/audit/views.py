"""Reading the audit log: for administrators, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import Viewer, is_admin, require_admin
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.vocabulary import AuditAction, AuditSubject


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as it is read: the columns of models.audit.AuditEntry."""

    id: int
    at: datetime
    user_id: int | None
    api_key_id: int | None
    actor_name: str
    action: AuditAction
    subject: AuditSubject
    subject_id: int | None
    subject_name: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class AuditList:
    """What the log is narrowed to; None does not narrow. `subject` and `actor` are pairs of what it is and its id."""

    subject: tuple[AuditSubject, int] | None = None
    user_id: int | None = None
    api_key_id: int | None = None
    actions: Sequence[AuditAction] | None = None
    subjects: Sequence[AuditSubject] | None = None
    since: datetime | None = None
    before: datetime | None = None

    def arguments(self) -> tuple[Any, ...]:
        """The values of $2 to $9 in FILTER."""
        kind, number = self.subject or (None, None)
        return (
            kind,
            number,
            self.user_id,
            self.api_key_id,
            self.actions,
            self.subjects,
            self.since,
            self.before,
        )


FILTER: Final = """
    a.workspace_id = $1
    AND ($2::text IS NULL OR (a.subject = $2 AND a.subject_id = $3::bigint))
    AND ($4::bigint IS NULL OR a.user_id = $4)
    AND ($5::bigint IS NULL OR a.api_key_id = $5)
    AND ($6::text[] IS NULL OR a.action = ANY($6))
    AND ($7::text[] IS NULL OR a.subject = ANY($7))
    AND ($8::timestamptz IS NULL OR a.at >= $8)
    AND ($9::timestamptz IS NULL OR a.at < $9)
"""

SELECT: Final = f"""
    SELECT {", ".join(f"a.{one.name}" for one in fields(EntryView))} /*keys*/ FROM audit_entries a WHERE {FILTER}
"""  # noqa: S608 - constants only

BY_ID: Final = f"""
    SELECT {", ".join(f"a.{one.name}" for one in fields(EntryView))} FROM audit_entries a
    WHERE a.workspace_id = $1 AND a.id = ANY($2)
"""  # noqa: S608 - constants only

COUNT: Final = f"SELECT count(*) FROM audit_entries a WHERE {FILTER}"  # noqa: S608 - constants only

NEWEST_FIRST: Final = Order("audit.id", (Key("a.id", "bigint"),), descending=True)


async def list_page(viewer: Viewer, list_: AuditList, request: PageRequest) -> Page[EntryView]:
    """A page of the log. Raises Forbidden, BadCursor, Invalid, TooMany."""
    require_admin(viewer)
    arguments = (viewer.workspace_id, *list_.arguments())
    async with database() as connection:
        return await fetch_page(connection, SELECT, arguments, NEWEST_FIRST, request, _view)


async def get_many(viewer: Viewer, entry_ids: Sequence[int]) -> dict[int, EntryView]:
    """Those of the entries that the viewer may read, by id: none if they are no administrator."""
    if not is_admin(viewer):
        return {}
    async with database() as connection:
        rows = await connection.fetch(BY_ID, viewer.workspace_id, list(entry_ids))
    return {row["id"]: _view(row) for row in rows}


async def count(viewer: Viewer, list_: AuditList) -> int:
    """How many entries the whole list has. Raises Forbidden."""
    require_admin(viewer)
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, viewer.workspace_id, *list_.arguments())
    return found


def _view(row: asyncpg.Record) -> EntryView:
    values: dict[str, Any] = {one.name: row[one.name] for one in fields(EntryView)}
    values["action"], values["subject"] = AuditAction(row["action"]), AuditSubject(row["subject"])
    for name in ("before", "after"):
        values[name] = None if row[name] is None else orjson.loads(row[name])
    return EntryView(**values)
