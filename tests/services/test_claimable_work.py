"""Claims on rows of a table of work: one worker at a time, fenced, given back, tried again, failed, abandoned."""

from dataclasses import replace

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.claimable_work import ClaimableWork, FailureClass
from seggraph.database.leases import LeaseLost
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Invalid, RetryLater
from seggraph.services.exports import exports
from seggraph.services.exports.exports import ExportDraft
from seggraph.services.exports.runs import WORK
from seggraph.vocabulary import ExportContent

STATE = """
    SELECT status, attempts, lease_holder IS NOT NULL AS is_held, retry_at IS NOT NULL AS waits, error_code,
      error_message FROM exports
"""

FREED = "UPDATE exports SET lease_until = now() - interval '1 s'"


@pytest.fixture
async def export_id(context: Context, viewer: Viewer) -> int:
    """An export without a worker."""
    return (await exports.create(context, viewer, ExportDraft(ExportContent.SEGMENTS))).id


async def state(connection: asyncpg.Connection) -> tuple[object, ...]:
    return tuple((await connection.fetchrow(STATE)).values())


async def test_a_row_is_claimed_by_one_worker_until_its_lease_ends(
    export_id: int, connection: asyncpg.Connection
) -> None:
    first = await WORK.claim(connection, export_id, 60)
    assert first is not None
    assert (first.row["attempts"], first.row["content"]) == (1, "SEGMENTS")
    assert await WORK.claim(connection, export_id, 60) is None

    await connection.execute(FREED)
    second = await WORK.claim(connection, export_id, 60)

    assert second is not None
    assert (second.row["attempts"], second.lease.holder == first.lease.holder) == (2, False)
    assert not await WORK.renew(connection, first.lease)
    assert await WORK.renew(connection, second.lease)


async def test_a_row_that_is_over_is_neither_claimed_nor_renewed(
    export_id: int, connection: asyncpg.Connection
) -> None:
    claimed = await WORK.claim(connection, export_id, 60)
    assert claimed is not None
    await connection.execute("UPDATE exports SET status = 'READY'")

    assert not await WORK.renew(connection, claimed.lease)
    await connection.execute(FREED)
    assert await WORK.claim(connection, export_id, 60) is None
    assert await WORK.claim_some(connection, 60, 10) == []
    assert await WORK.find_due(connection, 10) == []


async def test_as_many_rows_are_claimed_as_there_is_room_for(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, export_id: int
) -> None:
    other = await exports.create(context, viewer, ExportDraft(ExportContent.SEGMENTS))
    some = replace(WORK, columns="w.id")

    [first] = await some.claim_some(connection, 60, 1)
    rest = await some.claim_some(connection, 60, 5)

    assert first.lease.row_id == export_id  # in their order
    assert [claimed.lease.row_id for claimed in rest] == [other.id]


async def test_a_failure_that_may_pass_leaves_the_row_to_be_tried_again_later(
    export_id: int, connection: asyncpg.Connection
) -> None:
    claimed = await WORK.claim(connection, export_id, 60)
    assert claimed is not None

    failure = await WORK.fail(claimed.lease, 1, RetryLater("away"))

    assert not failure.is_final
    assert await state(connection) == ("RUNNING", 1, False, True, None, None)
    assert await WORK.claim(connection, export_id, 60) is None  # it rests
    assert await WORK.find_due(connection, 10) == []


async def test_work_that_shows_its_errors_shows_them_while_it_waits(
    export_id: int, connection: asyncpg.Connection
) -> None:
    work = replace(WORK, keeps_error_of_retry=True)
    claimed = await work.claim(connection, export_id, 60)
    assert claimed is not None

    await work.fail(claimed.lease, 1, RetryLater("away"), wait=0.0)

    assert (await state(connection))[4:] == ("RETRY_LATER", "away")
    assert await work.claim(connection, export_id, 60) is not None


@pytest.mark.parametrize(
    ("error", "attempt"), [(Invalid("wrong"), 1), (RetryLater("wrong"), WORK.max_attempts)]
)
async def test_a_failure_for_good_says_why(
    export_id: int, connection: asyncpg.Connection, error: Invalid | RetryLater, attempt: int
) -> None:
    claimed = await WORK.claim(connection, export_id, 60)
    assert claimed is not None
    settled: list[FailureClass] = []

    async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
        assert await unit.connection.fetchval("SELECT status FROM exports") == "FAILED"
        settled.append(failure)

    failure = await WORK.fail(claimed.lease, attempt, error, settle)

    assert settled == [failure]
    assert failure.is_final
    assert await state(connection) == ("FAILED", 1, False, False, error.code, "wrong")


async def test_a_worker_that_lost_the_lease_stores_no_failure(
    export_id: int, connection: asyncpg.Connection
) -> None:
    claimed = await WORK.claim(connection, export_id, 60)
    assert claimed is not None
    await connection.execute("UPDATE exports SET lease_holder = 'another'")

    with pytest.raises(LeaseLost):
        await WORK.fail(claimed.lease, 1, Invalid("wrong"))

    assert await state(connection) == ("RUNNING", 1, True, False, None, None)


async def test_what_settling_raises_undoes_the_failure(
    export_id: int, connection: asyncpg.Connection
) -> None:
    claimed = await WORK.claim(connection, export_id, 60)
    assert claimed is not None

    async def settle(_: UnitOfWork, __: FailureClass) -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        await WORK.fail(claimed.lease, 1, Invalid("wrong"), settle)

    assert await state(connection) == ("RUNNING", 1, True, False, None, None)


async def test_rows_whose_every_attempt_lost_its_worker_are_abandoned(
    export_id: int, connection: asyncpg.Connection
) -> None:
    for _ in range(WORK.max_attempts):
        assert await WORK.abandon(connection) == []
        assert await WORK.claim(connection, export_id, 60) is not None
        assert await WORK.abandon(connection) == []  # the lease is live
        await connection.execute(FREED)
    assert await WORK.find_due(connection, 10) == []

    [row] = await WORK.abandon(connection)

    assert row["id"] == export_id
    assert await state(connection) == ("FAILED", 5, False, False, "INTERNAL", WORK.failed_message)


async def test_what_was_asked_for_a_moment_ago_is_not_asked_for_again(
    export_id: int, connection: asyncpg.Connection
) -> None:
    assert await WORK.find_due(connection, 10) == []

    await connection.execute("UPDATE exports SET created_at = created_at - interval '2 s'")

    assert [dict(row) for row in await WORK.find_due(connection, 10)] == [{"id": export_id, "attempts": 0}]
    assert await WORK.find_due(connection, 0) == []


async def test_uncounted_attempts_are_not_counted(export_id: int, connection: asyncpg.Connection) -> None:
    work: ClaimableWork = replace(WORK, max_attempts=0, giving_back="lease_holder = NULL")
    claimed = await work.claim(connection, export_id, 60)
    assert claimed is not None
    assert claimed.row["attempts"] == 0

    await claimed.lease.give_back()

    assert await state(connection) == ("RUNNING", 0, False, False, None, None)
    assert await connection.fetchval("SELECT lease_until IS NOT NULL FROM exports")
