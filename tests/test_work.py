"""The transaction scope: what leaves, when, and what happens when the database or a step fails."""

import asyncio
from typing import Any

import asyncpg
import pytest

from seggraph.context import Context
from seggraph.database import connections as runtime
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin, snapshot
from seggraph.errors import RetryLater

INSERT = "INSERT INTO populations (workspace_id, kind) VALUES (1, 1)"
COUNT = "SELECT count(*) FROM populations"


async def test_what_is_registered_leaves_after_the_commit(
    context: Context, connection: asyncpg.Connection
) -> None:
    seen: list[tuple[str, int]] = []

    async def look(name: str) -> None:
        seen.append((name, await connection.fetchval(COUNT)))

    async with begin() as unit:
        unit.after_commit(lambda: look("after"))
        unit.before_commit(lambda: look("before"))
        await unit.connection.execute(INSERT)
        assert seen == []

    assert seen == [("before", 0), ("after", 1)]


async def test_nothing_leaves_on_rollback(context: Context, connection: asyncpg.Connection) -> None:
    left: list[str] = []

    async def leave() -> None:
        left.append("left")

    with pytest.raises(LookupError):  # noqa: PT012 - the scope is what is tested
        async with begin() as unit:
            unit.after_commit(leave)
            unit.before_commit(leave)
            await unit.connection.execute(INSERT)
            raise LookupError
    assert left == []
    assert await connection.fetchval(COUNT) == 0


async def test_a_step_before_the_commit_that_fails_rolls_back(
    context: Context, connection: asyncpg.Connection
) -> None:
    left: list[str] = []

    async def fail() -> None:
        raise LookupError

    async def leave() -> None:
        left.append("left")

    with pytest.raises(LookupError):  # noqa: PT012 - the scope is what is tested
        async with begin() as unit:
            unit.before_commit(fail)
            unit.after_commit(leave)
            await unit.connection.execute(INSERT)
    assert left == []
    assert await connection.fetchval(COUNT) == 0


async def test_what_fails_after_the_commit_undoes_nothing_and_stops_nobody(
    context: Context, connection: asyncpg.Connection
) -> None:
    left: list[str] = []

    async def fail() -> None:
        raise LookupError

    async def leave() -> None:
        left.append("left")

    async with begin() as unit:
        unit.after_commit(fail)
        unit.after_commit(leave)
        await unit.connection.execute(INSERT)

    assert left == ["left"]
    assert await connection.fetchval(COUNT) == 1


async def test_units_do_not_nest(context: Context) -> None:
    async with begin():
        with pytest.raises(RuntimeError, match="open already"):
            async with begin():
                pass
    async with begin():
        pass


async def test_a_snapshot_sees_one_instant_and_writes_nothing(
    context: Context, connection: asyncpg.Connection
) -> None:
    async with snapshot() as seen:
        assert await seen.fetchval(COUNT) == 0
        await connection.execute(INSERT)
        assert await seen.fetchval(COUNT) == 0
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with snapshot() as seen:
            await seen.execute(INSERT)


async def test_who_holds_locks_may_not_dawdle_and_a_snapshot_may(context: Context) -> None:
    limit = "SHOW idle_in_transaction_session_timeout"
    async with begin() as unit:
        assert await unit.connection.fetchval(limit) == "10s"
    async with snapshot() as seen:
        assert await seen.fetchval(limit) == "1min"
    async with begin() as unit:
        assert await unit.connection.fetchval(limit) == "10s"


async def test_a_lost_connection_is_retry_later_and_the_next_unit_has_another(
    context: Context, connection: asyncpg.Connection
) -> None:
    with pytest.raises(RetryLater) as raised:  # noqa: PT012 - the scope is what is tested
        async with begin() as unit:
            own = await unit.connection.fetchval("SELECT pg_backend_pid()")
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", own)
            await unit.connection.execute(INSERT)

    assert raised.value.__cause__ is not None
    async with begin() as unit:
        await unit.connection.execute(INSERT)


async def test_a_broken_deadlock_is_retry_later(context: Context, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO populations (workspace_id, kind) VALUES (1, 1), (1, 2)")
    lock = "SELECT FROM populations WHERE kind = $1 FOR UPDATE"
    holding = asyncio.Barrier(2)

    async def hold_both(first: int, second: int) -> None:
        async with begin() as unit:
            await unit.connection.execute(lock, first)
            await holding.wait()
            await unit.connection.execute(lock, second)

    ended = await asyncio.gather(hold_both(1, 2), hold_both(2, 1), return_exceptions=True)

    assert sorted(type(one).__name__ for one in ended) == ["NoneType", "RetryLater"]


async def test_a_mistake_in_a_statement_stays_what_it_is(context: Context) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with begin() as unit:
            await unit.connection.execute("SELECT FROM nowhere")
    with pytest.raises(asyncpg.DataError):
        async with database() as connection:
            await connection.fetchval("SELECT $1::int", "no number")


async def test_cancelled_beginnings_give_their_connections_back(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given more units than the pool has connections, each cancelled somewhere on its way in
    async def unit(patience: float) -> None:
        async with asyncio.timeout(patience), begin() as work:
            await work.connection.execute("SELECT 1")

    tries = [unit(n * 0.00005) for n in range(60)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(one) for one in ended} <= {TimeoutError, RetryLater, type(None)}

    # then every connection of the pool can still be had at once
    monkeypatch.setattr(runtime, "POOL_SECONDS", 60.0)
    together = asyncio.Barrier(context.settings.database_pool_size)

    async def meet() -> None:
        async with begin():
            await together.wait()

    async with asyncio.timeout(120):
        await asyncio.gather(*(meet() for _ in range(context.settings.database_pool_size)))


async def test_an_exhausted_pool_is_retry_later(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    held = asyncio.Barrier(context.settings.database_pool_size + 1)
    done = asyncio.Event()

    async def hold() -> None:
        async with database():
            await held.wait()
            await done.wait()

    holding = [asyncio.create_task(hold()) for _ in range(context.settings.database_pool_size)]
    await held.wait()
    monkeypatch.setattr(runtime, "POOL_SECONDS", 0.2)
    with pytest.raises(RetryLater):
        async with begin():
            pass
    done.set()
    await asyncio.gather(*holding)


@pytest.mark.parametrize(
    "error", [asyncpg.InternalClientError("cannot switch to state 12"), asyncio.CancelledError()]
)
async def test_a_connection_that_cannot_be_given_back_does_not_leave_its_unit_open(
    context: Context, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    # given a pool that takes a broken connection back, and then fails or is cancelled
    release = asyncpg.pool.Pool.release

    async def release_and_fail(pool: asyncpg.pool.Pool, connection: Any) -> None:
        await release(pool, connection)
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.pool.Pool, "release", release_and_fail)
        expected = RetryLater if isinstance(error, Exception) else asyncio.CancelledError
        with pytest.raises(expected):
            async with begin() as unit:
                await unit.connection.execute(INSERT)

    # then what was committed stays, and the same task can go on
    async with begin() as unit:
        assert await unit.connection.fetchval(COUNT) == 1
