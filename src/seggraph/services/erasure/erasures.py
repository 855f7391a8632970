"""The row of an erasure at work: what it is about, what went so far, and that it is over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.services.audit import audit
from seggraph.services.erasure import scrubbing
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject, MemberKind, Role

ABANDONED: Final = timedelta(seconds=30)
"""An erasure that did not come further for so long has lost its process."""

HOLD: Final = """
    SELECT id, ordinals, member_count, erased FROM erasures WHERE workspace_id = $1 AND id = $2 FOR UPDATE
"""

START: Final = """
    INSERT INTO erasures
      (workspace_id, kind, user_id, api_key_id, ip, user_agent, ordinals, member_count, erased, touched_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()) RETURNING id
"""

EXTEND: Final = """
    UPDATE erasures SET ordinals = $3, member_count = $4, erased = $5, touched_at = clock_timestamp()
    WHERE workspace_id = $1 AND id = $2
"""

TOUCH: Final = """
    UPDATE erasures SET memberships = memberships + $3, membership_changes = membership_changes + $4,
      leaves_bits = leaves_bits OR $5, touched_at = clock_timestamp()
    WHERE workspace_id = $1 AND id = $2
"""

# any workspace: the job has the id of the row alone
FIND: Final = "SELECT * FROM erasures WHERE id = $1"

END: Final = "DELETE FROM erasures WHERE workspace_id = $1 AND id = $2 RETURNING *"

# any workspace: the sweeper looks for what is due in all of them
CLAIM: Final = """
    UPDATE erasures SET touched_at = clock_timestamp()
    WHERE id = ANY(ARRAY(SELECT id FROM erasures WHERE touched_at < clock_timestamp() - $1::interval
      ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What went with the members: rows, bits of audiences (`memberships`) and of their history (`membership_changes`).

    `import_rows` are rows that imports had rejected, `import_files` files that waited and are withdrawn,
    `export_files` those that could be fetched and may have shown the members.
    """

    addresses: int = 0
    events: int = 0
    relations: int = 0
    pending_relations: int = 0
    memberships: int = 0
    membership_changes: int = 0
    import_rows: int = 0
    import_files: int = 0
    export_files: int = 0

    def __add__(self, other: "Erased") -> "Erased":
        """The sums."""
        return Erased(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Erased)))


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure at work."""

    id: int
    workspace_id: int
    kind: MemberKind
    ordinals: BitMap
    member_count: int
    erased: Erased
    viewer: Viewer
    """Who asked for it, as the audit log needs it."""


async def start_or_extend(
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    erasure_id: int | None,
    ordinals: BitMap,
    erased: Erased,
) -> int:
    """Note that members are deleted, in the transaction that deletes them; returns the id of the erasure."""
    connection = unit.connection
    if erasure_id is None:
        actor = viewer.user_id, viewer.api_key_id, viewer.ip, viewer.user_agent
        values = to_bytes(ordinals), len(ordinals), _json(erased)
        started: int = await connection.fetchval(START, viewer.workspace_id, kind, *actor, *values)
        return started
    row = await connection.fetchrow(HOLD, viewer.workspace_id, erasure_id)
    total = Erased(**orjson.loads(row["erased"])) + erased
    joined = from_bytes(row["ordinals"]) | ordinals
    count = row["member_count"] + len(ordinals)
    await connection.execute(EXTEND, viewer.workspace_id, erasure_id, to_bytes(joined), count, _json(total))
    return erasure_id


async def touch(
    unit: UnitOfWork,
    erasure: Erasure,
    *,
    memberships: int = 0,
    changes: int = 0,
    leaves_bits: bool = False,
) -> None:
    """Note that an erasure came further, and whether large chunks still have some of its ordinals."""
    values = memberships, changes, leaves_bits
    await unit.connection.execute(TOUCH, erasure.workspace_id, erasure.id, *values)


async def find(erasure_id: int) -> Erasure | None:
    """The erasure, unless it is over."""
    async with database() as connection:
        row = await connection.fetchrow(FIND, erasure_id)
    return None if row is None else _erasure(row)


async def end(unit: UnitOfWork, erasure: Erasure) -> Erased | None:
    """Note that nobody finds the members any more, and who erased how many; returns what went. None if it was over."""
    row = await unit.connection.fetchrow(END, erasure.workspace_id, erasure.id)
    if row is None:
        return None
    if row["leaves_bits"]:
        await scrubbing.leave(unit, erasure.workspace_id, erasure.kind, from_bytes(row["ordinals"]))
    ended = _erasure(row)
    counts = {"member_count": ended.member_count} | asdict(ended.erased)
    await audit.record(unit, ended.viewer, AuditAction.ERASED, audit.Subject(AuditSubject.MEMBER), counts)
    return ended.erased


async def ask_for_work(context: Context, limit: int) -> None:
    """Enqueue the erasures whose process was lost."""
    async with begin() as unit:
        for row in await unit.connection.fetch(CLAIM, ABANDONED, limit):
            unit.after_commit(partial(context.jobs.complete_erasure, row["id"]))


def _erasure(row: asyncpg.Record) -> Erasure:
    erased = replace(
        Erased(**orjson.loads(row["erased"])),
        memberships=row["memberships"],
        membership_changes=row["membership_changes"],
    )
    ordinals = from_bytes(row["ordinals"])
    return Erasure(
        row["id"],
        row["workspace_id"],
        MemberKind(row["kind"]),
        ordinals,
        row["member_count"],
        erased,
        _viewer(row),
    )


def _viewer(row: Mapping[str, Any]) -> Viewer:
    return Viewer(
        row["workspace_id"],
        Role.TEAM_MEMBER,
        ApiKeyScope.WRITE,
        user_id=row["user_id"],
        api_key_id=row["api_key_id"],
        ip=row["ip"],
        user_agent=row["user_agent"],
    )


def _json(erased: Erased) -> str:
    return orjson.dumps(asdict(erased)).decode()
