"""The pool keeps connections for single statements, and gives way to whoever waits for one."""

import asyncio
from typing import Any, cast

import pytest
from tortoise.connection import get_connection

from seggraph.context import Context
from seggraph.database import pool, unit_of_work
from seggraph.database.connections import database, pool_use
from seggraph.database.pool import KeptPool


async def kept_pool() -> KeptPool:
    async with database() as connection:
        await connection.fetchval("SELECT 1")
    return cast(KeptPool, cast(Any, get_connection("default"))._pool)


async def backend() -> int:
    async with database() as connection:
        number: int = await connection.fetchval("SELECT pg_backend_pid()")
    return number


async def test_the_next_statement_takes_the_connection_of_the_last_one(context: Context) -> None:
    first = await backend()

    assert [await backend() for _ in range(5)] == [first] * 5
    assert pool_use().busy == 0


async def test_a_statement_that_fails_does_not_keep_its_connection(context: Context) -> None:
    kept = await kept_pool()
    before = len(kept._kept)

    with pytest.raises(Exception, match="division by zero"):
        async with database() as connection:
            await connection.fetchval("SELECT 1 / 0")

    assert before == 1
    assert kept._kept == []


async def test_a_connection_that_is_cut_off_is_not_taken_again(context: Context) -> None:
    kept = await kept_pool()
    [connection] = kept._kept
    connection.terminate()

    assert await backend() > 0
    assert pool_use().busy == 0


async def test_transactions_and_statements_share_the_pool(context: Context) -> None:
    """Statements keep all connections; more units than there are connections want one, again and again."""
    kept = await kept_pool()
    most = kept.get_max_size()

    async def statement() -> None:
        for _ in range(10):
            async with database() as connection:
                await connection.fetchval("SELECT 1")
                await asyncio.sleep(0)

    async def unit() -> None:
        for _ in range(10):
            async with unit_of_work.begin() as work:
                await work.connection.fetchval("SELECT 1")

    await asyncio.gather(*(statement() for _ in range(2 * most)), *(unit() for _ in range(2 * most)))

    assert pool_use().busy == 0
    assert kept.get_size() <= most


async def test_connections_that_nobody_takes_go_back(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LOOK_SECONDS", 0.0)
    kept = await kept_pool()

    async with asyncio.timeout(60):
        while kept._kept or kept._returning:  # noqa: ASYNC110 - the pool has no event for it
            await asyncio.sleep(0.01)

    assert kept.get_idle_size() == kept.get_size()


async def test_a_pool_closes_what_it_keeps(context: Context) -> None:
    kept = await kept_pool()

    await kept.expire_connections()

    assert kept._kept == []
    assert await backend() > 0
