"""The monthly partitions of `events`: made when the first event of a month is about to be recorded.

Never inside the transaction that records: the locks of making a table would be held until it commits.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import begin

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


async def ensure(instants: Iterable[datetime]) -> None:
    """Make the partitions that events of these instants need. Two callers may do it at once."""
    months = sorted({month for instant in instants if (month := month_of(instant)) >= FIRST_MONTH})
    async with database() as connection:
        missing = await connection.fetch(MISSING, months)
    if missing:
        await _make(months)


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
