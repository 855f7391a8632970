"""The monthly partitions of `events`: made when the first event of a month is about to be recorded.

Never inside the transaction that records: the locks of making a table would be held until it commits.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import begin
from seggraph.database.whole_operations import apart
from seggraph.errors import RetryLater
from seggraph.services.events.removals import TimeSpan

_NAME = re.compile(r"events_(\d{4})_(\d{2})")

FIRST_MONTH: Final = date(2015, 1, 1)
"""Months before this one share the partition `events_past`, so that no input makes tables without end."""

MISSING: Final = """
    SELECT month FROM unnest($1::date[]) AS month WHERE 'events_' || to_char(month, 'YYYY_MM') NOT IN (
      SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'events'::regclass)
"""
"""`to_regclass` would be shorter, but answers from a cache that waiting for an advisory lock does not refresh."""

MAKE: Final = """
    CREATE TABLE {name} (LIKE events INCLUDING ALL);
    ALTER TABLE events ATTACH PARTITION {name} FOR VALUES FROM ('{start}+00') TO ('{end}+00')
"""
"""Attaching takes a lock that readers and writers of `events` do not notice; `PARTITION OF` would stop them."""

NAMES: Final = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'events'::regclass ORDER BY c.relname
"""

DROP_SETTINGS: Final = "SET LOCAL lock_timeout = '100ms'"
"""Removing a partition needs `events` alone for a moment. If somebody reads for longer, the next pruning tries."""

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No event is older."""


async def before(instant: datetime) -> list[TimeSpan]:
    """The times of the partitions that begin before an instant, the oldest first."""
    async with database() as connection:
        names = [row["relname"] for row in await connection.fetch(NAMES)]
    months = [month for month in map(_month_in, names) if month is not None]
    past = TimeSpan(BEGINNING, _start(FIRST_MONTH))
    spans = [past, *(TimeSpan(_start(month), _start(_next(month))) for month in sorted(months))]
    return [span for span in spans if span.start < instant]


async def drop_empty(instant: datetime) -> list[str]:
    """Remove the partitions of months before an instant in which no workspace has an event; returns their names.

    A call that records an event of such a month in this moment makes the partition again.
    """
    async with database() as connection:
        names = [row["relname"] for row in await connection.fetch(NAMES)]
    dropped = []
    for name in names:
        month = _month_in(name)
        if month is not None and _start(_next(month)) <= instant and await _drop_if_empty(name):
            dropped.append(name)
    return dropped


async def _drop_if_empty(name: str) -> bool:
    is_used = f'SELECT EXISTS (SELECT FROM "{name}")'  # noqa: S608 - the name is of a table
    async with database() as connection:
        if await connection.fetchval(is_used):
            return False
    try:
        async with begin() as unit:
            await lock_exclusive(unit.connection, LockSpace.PARTITIONS, 0)
            await unit.connection.execute(DROP_SETTINGS)
            await unit.connection.execute(f'LOCK TABLE events, "{name}" IN ACCESS EXCLUSIVE MODE')
            if await unit.connection.fetchval(is_used):
                return False
            await unit.connection.execute(f'DROP TABLE "{name}"')
    except (RetryLater, asyncpg.UndefinedTableError):  # somebody reads, or another process was faster
        return False
    return True


def _month_in(name: str) -> date | None:
    """The month of a partition, by its name; None for that of the past."""
    found = _NAME.fullmatch(name)
    return None if found is None else date(int(found[1]), int(found[2]), 1)


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


async def ensure(instants: Iterable[datetime]) -> None:
    """Make the partitions that events of these instants need. Two callers may do it at once."""
    months = sorted({month for instant in instants if (month := month_of(instant)) >= FIRST_MONTH})
    async with database() as connection:
        missing = await connection.fetch(MISSING, months)
    if missing:
        await apart(_make(months))


async def _make(months: list[date]) -> None:
    async with begin() as unit:
        await lock_exclusive(unit.connection, LockSpace.PARTITIONS, 0)
        for row in await unit.connection.fetch(MISSING, months):
            start: date = row["month"]
            name = f"events_{start:%Y_%m}"
            await unit.connection.execute(
                MAKE.format(name=name, start=start.isoformat(), end=_next(start).isoformat())
            )


def month_of(instant: datetime) -> date:
    """The first day of the month, in UTC, in which an instant lies."""
    at = instant.astimezone(UTC)
    return date(at.year, at.month, 1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
