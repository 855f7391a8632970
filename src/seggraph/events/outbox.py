"""The outbox: facts wait in PostgreSQL from their commit until Redis has them, so none dies with its process.

A fact is written in the transaction that makes it true, published right after the commit, and then deleted. What
a process left behind is published by the sweeper. So a fact is published at least once, and now and then twice.
What webhooks want of it is noted beside it, for `webhook_messages`.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg

from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.events import EventStream, Fact
from seggraph.events.facts import decode, encode
from seggraph.events.topics import topics_of

OVERDUE_SECONDS: Final = 10
"""The age at which a fact was left behind: twice what publishing may take."""
AT_ONCE: Final = 500

KEEP = """
    WITH told AS (
      INSERT INTO webhook_facts (workspace_id, fact)
      SELECT workspace_id, fact FROM unnest($1::bigint[], $2::bytea[], $3::text[])
        WITH ORDINALITY AS t(workspace_id, fact, topics, place)
      WHERE topics <> '' AND EXISTS (SELECT FROM webhooks w WHERE w.workspace_id = t.workspace_id
        AND w.status <> 'DISABLED' AND w.topics && string_to_array(t.topics, ','))
      ORDER BY place)
    INSERT INTO outbox (workspace_id, fact)
    SELECT * FROM unnest($1::bigint[], $2::bytea[]) RETURNING id
"""

# any workspace: the outbox is emptied for all of them, oldest first
OVERDUE = """
    SELECT id, fact FROM outbox WHERE created_at < clock_timestamp() - make_interval(secs => $1)
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""

# any workspace: the ids are of rows that were just read under a lock
FORGET = "DELETE FROM outbox WHERE id = ANY($1)"


def publish(stream: EventStream, unit: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Publish facts once the unit of work is committed; until that is done they are kept."""
    kept: list[int] = []

    async def keep() -> None:
        workspace_ids = [fact.workspace_id for fact in facts]
        topics = [",".join(topics_of(fact)) for fact in facts]
        rows = await unit.connection.fetch(KEEP, workspace_ids, [encode(fact) for fact in facts], topics)
        kept.extend(row["id"] for row in rows)

    async def send() -> None:
        if await stream.publish(facts):
            async with database() as connection:
                await _forget(connection, kept)

    unit.before_commit(keep)
    unit.after_commit(send)


async def publish_overdue(stream: EventStream, *, age_seconds: float = OVERDUE_SECONDS) -> int:
    """Publish the facts that were left behind, oldest first; returns how many."""
    async with begin() as unit:
        rows = await unit.connection.fetch(OVERDUE, age_seconds, AT_ONCE)
        facts = [fact for row in rows if (fact := decode(row["fact"])) is not None]
        if rows and await stream.publish(facts):
            await _forget(unit.connection, [row["id"] for row in rows])
        return len(facts)


async def _forget(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    await connection.execute(FORGET, list(ids))
