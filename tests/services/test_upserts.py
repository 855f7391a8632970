"""What upserts rely on in the database: digests and look-ups that stay cheap, and one winner of a race to create."""

import asyncio
import hashlib

import asyncpg
import orjson

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.members import upserts
from seggraph.services.reach.suppressed_members import EMAIL
from seggraph.vocabulary import MemberKind
from tests.product import PATIENCE_SECONDS

KIND = MemberKind.PERSON
WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())
"""


async def test_digests_are_of_the_bytes_of_an_address_and_written_out_where_they_are_used(
    connection: asyncpg.Connection,
) -> None:
    for address in ("a@b.c", r"a\b@c.d", r"\x41", "\\", r"\\", "ü@é.de", "\U0001f600@b.c", "'"):
        digest = await connection.fetchval("SELECT seggraph_address_digest(7, 'email', $1)", address)
        assert digest == hashlib.sha256(f"7:email:{address}".encode()).digest()[:16]

    plan = await connection.fetch(f"EXPLAIN (VERBOSE) SELECT {EMAIL} FROM members m")

    text = "\n".join(row[0] for row in plan)
    assert "sha256" in text
    assert "seggraph_" not in text  # a function that is called for each row takes several times as long


async def test_who_is_there_is_looked_up_by_external_id_before_statistics_know_the_workspace(
    connection: asyncpg.Connection, viewer: Viewer
) -> None:
    fill = """
        INSERT INTO members (workspace_id, kind, ordinal, external_id)
        SELECT $1, $2, n, 'm' || n FROM generate_series(0, 2999) AS n
    """
    await connection.execute(fill, viewer.workspace_id + 1, KIND)
    await connection.execute("ANALYZE members")
    await connection.execute(fill, viewer.workspace_id, KIND)

    plan = await connection.fetch(f"EXPLAIN {upserts.FIND}", viewer.workspace_id, KIND, ["m1", "m2", "m2999"])

    text = "\n".join(row[0] for row in plan)
    assert "external_id = ANY" in text.partition("Index Cond: ")[2]
    assert "Filter" not in text


async def test_whoever_waits_to_create_sees_whom_the_other_created(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    population = viewer.workspace_id, KIND
    ours = [{"externalId": external_id, "name": "ours"} for external_id in ("a", "b")]

    async with connection.transaction():
        assert await connection.fetchval(upserts.RESERVE, *population) == 0
        upserting = asyncio.create_task(upserts.upsert(context, viewer, KIND, ours))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(WAITING):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)
        theirs = [{"ordinal": 0, "external_id": "a", "name": "theirs", "attributes": {}}]
        await connection.execute(upserts.INSERT, *population, orjson.dumps(theirs).decode(), 1, [])
    report = await upserting

    assert (report.created, report.updated, report.row_errors) == (1, 1, [])
    stored = await connection.fetch("SELECT external_id, ordinal, name FROM members ORDER BY ordinal")
    assert [tuple(row) for row in stored] == [("a", 0, "ours"), ("b", 1, "ours")]
    assert await connection.fetchval("SELECT next_ordinal FROM populations") == 2
