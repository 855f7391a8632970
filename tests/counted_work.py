"""How much work a call makes of the database: statements, rows that they return, and bytes to and fro.

Time says what a machine does; this says what a call costs on every one.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from asyncpg.cursor import Cursor


@dataclass
class CountedWork:
    """What the connections of this process sent and received."""

    statements: int = 0
    rows: int = 0
    most_rows: int = 0
    """Of one answer."""
    bytes_read: int = 0
    """Of bitmaps and other binary values, as those below."""
    most_bytes_read: int = 0
    """Of one answer."""
    bytes_sent: int = 0

    def note(self, arguments: Iterable[Any], rows: Any) -> None:
        """Add a statement with its arguments and its answer."""
        self.statements += 1
        self.bytes_sent += _bytes_in(arguments)
        self.note_answer(rows)

    def note_answer(self, rows: Any) -> None:
        """Add rows that were received."""
        if not isinstance(rows, list):
            return
        size = sum(_bytes_in(row.values()) for row in rows)
        self.rows += len(rows)
        self.bytes_read += size
        self.most_rows, self.most_bytes_read = max(self.most_rows, len(rows)), max(self.most_bytes_read, size)


def _bytes_in(values: Iterable[Any]) -> int:
    size = 0
    for value in values:
        if isinstance(value, bytes):
            size += len(value)
        elif isinstance(value, list | tuple):
            size += sum(len(one) for one in value if isinstance(one, bytes))
    return size


@contextmanager
def counted() -> Iterator[CountedWork]:
    """Count the work until the end of the block. One block at a time."""
    work = CountedWork()
    execute, execute_many, fetch = asyncpg.Connection._execute, asyncpg.Connection._executemany, Cursor.fetch

    async def counting_execute(self: Any, query: str, args: Any, *rest: Any, **options: Any) -> Any:
        answer = await execute(self, query, args, *rest, **options)
        work.note(args, answer[0] if options.get("return_status") else answer)
        return answer

    async def counting_execute_many(self: Any, query: str, args: Any, *rest: Any) -> Any:
        given = list(args)
        for row in given:
            work.note(row, None)
        return await execute_many(self, query, given, *rest)

    async def counting_fetch(self: Any, n: int, *, timeout: float | None = None) -> Any:
        rows = await fetch(self, n, timeout=timeout)
        work.note_answer(rows)
        return rows

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncpg.Connection, "_execute", counting_execute)
        patched.setattr(asyncpg.Connection, "_executemany", counting_execute_many)
        patched.setattr(Cursor, "fetch", counting_fetch)
        yield work
