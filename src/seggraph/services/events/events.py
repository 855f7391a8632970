"""Recording, correcting and deleting events: whole batches in a few statements, totals in the same transaction.

An event with an external id is idempotent: the same content again is a duplicate, other content under the same id
replaces what was there. docs/events.md describes the tables.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg

from seggraph.access import Viewer, require_ingest, require_write
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import NotFound, Problems, Required, RetryLater, SeggraphError, TooMany
from seggraph.row_errors import RowError
from seggraph.services.audit import audit
from seggraph.services.changes import changes
from seggraph.services.events import names as event_names
from seggraph.services.events import partitions, removals
from seggraph.services.events.drafts import MAX_EXTERNAL_ID, EventDraft, Period, clean
from seggraph.services.events.removals import Removed
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import AuditAction, AuditSubject, MemberKind

MAX_ROWS: Final = 5_000
PARTITION_TRIES: Final = 3
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1)
"""How far in the future an event may lie."""

RETENTION: Final = "SELECT event_retention_days FROM workspaces WHERE id = $1"

FIND_MEMBERS: Final = """
    SELECT m.kind, m.external_id, m.ordinal FROM unnest($2::smallint[], $3::text[]) AS t(kind, external_id)
    JOIN members m ON m.workspace_id = $1 AND m.kind = t.kind AND m.external_id = t.external_id
"""

_GIVEN: Final = """
    unnest($2::smallint[], $3::int[], $4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[])
      AS t(kind, ordinal, name, occurred_at, value, properties, external_id)
"""

RECORD: Final = f"""
    WITH given AS MATERIALIZED (
      SELECT nextval('events_id_seq') AS id, t.* FROM {_GIVEN}
    ), new_keys AS (
      INSERT INTO event_keys (workspace_id, external_id, event_id, kind, ordinal, name, occurred_at)
      SELECT $1, external_id, id, kind, ordinal, name, occurred_at FROM given WHERE external_id IS NOT NULL
      ORDER BY external_id
      ON CONFLICT (workspace_id, external_id) DO NOTHING RETURNING external_id
    ), stored AS (
      INSERT INTO events
        (id, workspace_id, kind, ordinal, name, occurred_at, value, properties, external_id)
      SELECT id, $1, kind, ordinal, name, occurred_at, value, properties::jsonb, external_id FROM given
      WHERE external_id IS NULL OR external_id IN (SELECT external_id FROM new_keys)
      RETURNING kind, ordinal, name, occurred_at, value
    ), counted AS (
      INSERT INTO event_totals AS t
        (workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at)
      SELECT $1, kind, name, ordinal, count(*), count(value), coalesce(sum(value), 0), min(occurred_at),
        max(occurred_at)
      FROM stored GROUP BY kind, name, ordinal ORDER BY kind, name, ordinal
      ON CONFLICT (workspace_id, kind, name, ordinal) DO UPDATE SET count = t.count + EXCLUDED.count,
        valued_count = t.valued_count + EXCLUDED.valued_count, sum = t.sum + EXCLUDED.sum,
        first_at = least(t.first_at, EXCLUDED.first_at), last_at = greatest(t.last_at, EXCLUDED.last_at)
    )
    SELECT external_id FROM new_keys
"""  # noqa: S608 - constants only; the orders keep two recorders from a deadlock: keys first, then totals

DIFFERING: Final = f"""
    SELECT t.external_id FROM {_GIVEN}
    JOIN event_keys k ON k.workspace_id = $1 AND k.external_id = t.external_id
    LEFT JOIN LATERAL (
      SELECT e.value, e.properties FROM events e
      WHERE e.workspace_id = $1 AND e.kind = k.kind AND e.ordinal = k.ordinal AND e.name = k.name
        AND e.occurred_at = k.occurred_at AND e.id = k.event_id LIMIT 1
    ) e ON true
    WHERE (k.kind, k.ordinal, k.name, k.occurred_at) <> (t.kind, t.ordinal, t.name, t.occurred_at)
      OR e.value IS DISTINCT FROM t.value OR e.properties IS DISTINCT FROM t.properties::jsonb
"""  # noqa: S608


@dataclass(slots=True)
class RecordReport:
    """What became of every row: accepted + duplicates + the rows with errors = the rows given."""

    accepted: int = 0
    duplicates: int = 0
    row_errors: list[RowError] = field(default_factory=list)
    corrected: set[str] = field(default_factory=set)
    """The external ids whose event was replaced; `accepted` counts them, too."""
    kept: set[str] = field(default_factory=set)
    """The external ids whose event was the same already."""

    def fail(self, index: int, error: SeggraphError) -> None:
        """Report a row as not recorded."""
        for problem in error.problems if isinstance(error, Problems) else (error,):
            self.row_errors.append(RowError(index, problem.code, problem.message, problem.path))


@dataclass(frozen=True, slots=True)
class DeleteReport:
    """How many events were deleted, and the external ids that none had."""

    deleted: int
    not_found: list[str]


class _Event(NamedTuple):
    """A row as the statements take it, in the order of _GIVEN."""

    kind: MemberKind
    ordinal: int
    name: str
    occurred_at: datetime
    value: Any
    properties: str | None
    external_id: str | None


class Corrects(Exception):
    """Some rows replace events, which needs the workspace's events alone."""


Drafts = dict[int, EventDraft]
"""Cleaned rows by their index in the input."""

Touched = dict[MemberKind, tuple[set[int], set[str]]]
"""The ordinals and the event names that a recording touched, by kind."""


async def record(context: Context, viewer: Viewer, rows: Sequence[Mapping[str, Any]]) -> RecordReport:
    """Record up to MAX_ROWS events. Good rows are stored in one transaction, bad rows reported with their index.

    Rows are objects with the fields of the GraphQL `EventInput`. A row whose external id has the same content
    already is a duplicate; with other content it replaces the event. When an external id stands in several rows the
    last one counts and the others are duplicates. Raises Forbidden, or TooMany beyond MAX_ROWS.
    """
    require_ingest(viewer)
    if len(rows) > MAX_ROWS:
        raise TooMany(f"Send at most {MAX_ROWS} events at once; these are {len(rows)}.", path=("events",))
    period = await period_of(viewer.workspace_id)
    drafts, refused = await asyncio.to_thread(_clean_all, rows, period)
    if not drafts:
        return refused
    try:
        report = await _record_in_partitions(context, viewer.workspace_id, drafts, alone=False)
    except Corrects:
        report = await _record_in_partitions(context, viewer.workspace_id, drafts, alone=True)
    report.row_errors = sorted(refused.row_errors + report.row_errors, key=lambda error: error.index)
    return report


async def delete(context: Context, viewer: Viewer, external_ids: Sequence[str]) -> DeleteReport:
    """Delete up to MAX_ROWS events by their external ids. Raises Forbidden, Required or TooMany."""
    require_write(viewer)
    wanted = list(dict.fromkeys(external_id.strip() for external_id in external_ids))
    if not wanted:
        raise Required("Say which events: give their external ids.", path=("externalIds",))
    if len(wanted) > MAX_ROWS:
        raise TooMany(f"Delete at most {MAX_ROWS} events at once.", path=("externalIds",))
    storable = [external_id for external_id in wanted if storable_text(external_id, MAX_EXTERNAL_ID)]
    async with begin() as unit:
        await lock_exclusive(unit.connection, LockSpace.EVENTS, viewer.workspace_id)
        found = await _existing(unit.connection, viewer.workspace_id, storable)
        removed = await removals.by_external_id(unit.connection, viewer.workspace_id, list(found))
        await mark_removed(context, unit, viewer.workspace_id, removed)
        if removed:
            counted = {"event_count": sum(one.count for one in removed)}
            await audit.record(unit, viewer, AuditAction.DELETED, audit.Subject(AuditSubject.EVENT), counted)
    missing = [external_id for external_id in wanted if external_id not in found]
    return DeleteReport(sum(one.count for one in removed), missing)


async def erase(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: Sequence[int]
) -> int:
    """Remove every trace of members' events in the caller's transaction; returns how many events there were.

    The caller deletes the members in the same transaction, before or after: a call that records at the same time
    has either finished, and is erased, or waits and then finds no member.
    """
    await lock_exclusive(connection, LockSpace.EVENTS, workspace_id)
    removed = await removals.by_member(connection, workspace_id, kind, ordinals)
    return sum(one.count for one in removed)


async def mark_removed(
    context: Context, unit: UnitOfWork, workspace_id: int, removed: Iterable[Removed]
) -> None:
    """Mark the members that lost events as changed."""
    touched: Touched = defaultdict(lambda: (set(), set()))
    _touch(touched, ((one.kind, one.ordinal, one.name) for one in removed))
    await _mark(context, unit, workspace_id, touched)


async def period_of(workspace_id: int) -> Period:
    """When the events of a workspace may have occurred."""
    async with database() as connection:
        days = await connection.fetchval(RETENTION, workspace_id)
    now = datetime.now(UTC)
    earliest = EARLIEST if days is None else max(EARLIEST, now - timedelta(days=days))
    return Period(earliest, now + AHEAD, is_retention=days is not None)


def _clean_all(rows: Sequence[Mapping[str, Any]], period: Period) -> tuple[Drafts, RecordReport]:
    drafts: Drafts = {}
    report = RecordReport()
    for index, row in enumerate(rows):
        try:
            drafts[index] = clean(row, period)
        except SeggraphError as error:
            report.fail(index, error)
    return drafts, report


async def _record_in_partitions(
    context: Context, workspace_id: int, drafts: Drafts, *, alone: bool
) -> RecordReport:
    """Record drafts. A partition that retention removes in this moment is made again."""
    for _ in range(PARTITION_TRIES):
        await partitions.ensure({draft.occurred_at for draft in drafts.values()})
        try:
            return await _record(context, workspace_id, drafts, alone=alone)
        except asyncpg.CheckViolationError as error:
            if error.constraint_name is not None:  # otherwise there is no partition for a row
                raise
    raise RetryLater("The events lie in a month that is just being removed; try again.")


async def _record(context: Context, workspace_id: int, drafts: Drafts, *, alone: bool) -> RecordReport:
    """Record drafts in one transaction. Raises Corrects when they replace events and it is not `alone`."""
    async with begin() as unit:
        return await record_in(context, unit, workspace_id, drafts, alone=alone)


async def record_in(
    context: Context, unit: UnitOfWork, workspace_id: int, drafts: Drafts, *, alone: bool
) -> RecordReport:
    """Record drafts in the caller's transaction, for which `partitions.ensure` made room before.

    Raises Corrects when they replace events and it is not `alone`: then roll back, and call it again so.
    """
    report = RecordReport()
    touched: Touched = defaultdict(lambda: (set(), set()))
    connection = unit.connection
    await (lock_exclusive if alone else lock_shared)(connection, LockSpace.EVENTS, workspace_id)
    drafts = await _with_names(connection, workspace_id, drafts, report)
    if not drafts:
        return report
    found = await _with_members(connection, workspace_id, drafts, report)
    events = _last_of_each(found)
    stored, kept = await _store(connection, workspace_id, events)
    differing = await _differing(connection, workspace_id, kept)
    if differing and not alone:
        raise Corrects
    if differing:
        ids = [event.external_id for event in differing if event.external_id is not None]
        removed = await removals.by_external_id(connection, workspace_id, ids)
        _touch(touched, ((one.kind, one.ordinal, one.name) for one in removed))
        stored += (await _store(connection, workspace_id, differing))[0]
    _touch(touched, ((event.kind, event.ordinal, event.name) for event in stored))
    await _mark(context, unit, workspace_id, touched)
    report.accepted = len(stored)
    report.corrected = {event.external_id for event in differing if event.external_id is not None}
    report.duplicates = len(found) - len(stored)
    report.kept = {event.external_id for event in kept if event.external_id is not None} - report.corrected
    return report


async def _with_names(
    connection: asyncpg.Connection, workspace_id: int, drafts: Drafts, report: RecordReport
) -> Drafts:
    """The drafts whose names are known, or new and not too many."""
    names = {(draft.kind, draft.name) for draft in drafts.values()}
    refused = await event_names.beyond_limit(connection, workspace_id, names)
    for index, draft in drafts.items():
        if (draft.kind, draft.name) in refused:
            message = (
                f"There are {event_names.MAX_EVENT_NAMES} names of events of {draft.kind.name} already; use one"
                " of them, and put what differs into properties."
            )
            report.fail(index, TooMany(message, path=("name",)))
    return {index: draft for index, draft in drafts.items() if (draft.kind, draft.name) not in refused}


async def _with_members(
    connection: asyncpg.Connection, workspace_id: int, drafts: Drafts, report: RecordReport
) -> list[_Event]:
    """The drafts of members that exist, with their ordinals."""
    members = {draft.member for draft in drafts.values()}
    kinds, external_ids = [list(column) for column in zip(*members, strict=True)]
    rows = await connection.fetch(FIND_MEMBERS, workspace_id, kinds, external_ids)
    ordinals = {(row["kind"], row["external_id"]): row["ordinal"] for row in rows}
    events = []
    for index, draft in drafts.items():
        ordinal = ordinals.get(draft.member)
        if ordinal is None:
            message = f"There is no {draft.kind.name} with the external id {draft.member_external_id!r}."
            report.fail(index, NotFound(message, path=("memberExternalId",)))
        else:
            events.append(
                _Event(
                    draft.kind,
                    ordinal,
                    draft.name,
                    draft.occurred_at,
                    draft.value,
                    draft.properties,
                    draft.external_id,
                )
            )
    return events


def _last_of_each(events: Sequence[_Event]) -> list[_Event]:
    """The events without those whose external id comes again later."""
    last = {event.external_id: position for position, event in enumerate(events)}
    return [
        event
        for position, event in enumerate(events)
        if event.external_id is None or last[event.external_id] == position
    ]


async def _store(
    connection: asyncpg.Connection, workspace_id: int, events: Sequence[_Event]
) -> tuple[list[_Event], list[_Event]]:
    """Store those whose external id is free; returns the stored ones, and the others."""
    if not events:
        return [], []
    columns = [list(column) for column in zip(*events, strict=True)]
    new = {row[0] for row in await connection.fetch(RECORD, workspace_id, *columns)}
    stored = [event for event in events if event.external_id is None or event.external_id in new]
    kept = [event for event in events if event.external_id is not None and event.external_id not in new]
    return stored, kept


async def _differing(
    connection: asyncpg.Connection, workspace_id: int, events: Sequence[_Event]
) -> list[_Event]:
    """Those of the events whose external id has other content."""
    if not events:
        return []
    columns = [list(column) for column in zip(*events, strict=True)]
    found = {row[0] for row in await connection.fetch(DIFFERING, workspace_id, *columns)}
    return [event for event in events if event.external_id in found]


async def _existing(
    connection: asyncpg.Connection, workspace_id: int, external_ids: Sequence[str]
) -> set[str]:
    rows = await connection.fetch(
        "SELECT external_id FROM event_keys WHERE workspace_id = $1 AND external_id = ANY($2)",
        workspace_id,
        external_ids,
    )
    return {row[0] for row in rows}


def _touch(touched: Touched, members: Iterable[tuple[MemberKind, int, str]]) -> None:
    for kind, ordinal, name in members:
        ordinals, names = touched[kind]
        ordinals.add(ordinal)
        names.add(name)


async def _mark(context: Context, unit: UnitOfWork, workspace_id: int, touched: Touched) -> None:
    for kind, (ordinals, names) in touched.items():
        changed = [changes.of_event(name) for name in names]
        await changes.mark(context, unit, workspace_id, kind, ordinals, changed)
