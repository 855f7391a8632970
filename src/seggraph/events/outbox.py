"""The outbox: facts are stored in PostgreSQL until they are in the Redis stream, so none is lost with its process.

A fact is stored in the transaction of the change, published directly after the commit, and then deleted. If a process
stops in between, the sweeper publishes its facts. So a fact is published at least once, and sometimes twice. Facts
that a webhook has a topic for are also stored in `webhook_facts`, from which its messages are created.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.events import EventStream, Fact
from seggraph.events.facts import decode, encode
from seggraph.events.topics import topics_of

OVERDUE_SECONDS: Final = 10
"""A fact that is older than this was not published by its process: twice the time limit of publishing."""
AT_ONCE: Final = 500

STORE = """
    WITH for_webhooks AS (
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


@dataclass(frozen=True, slots=True)
class Kept:
    """What was stored with a unit of work, from the end of its transaction on: ids, and encoded facts by workspace."""

    ids: list[int] = field(default_factory=list)
    encoded: dict[int, list[bytes]] = field(default_factory=dict)


def keep(unit: UnitOfWork, facts: Sequence[Fact]) -> Kept:
    """Store facts with the unit of work; the sweeper publishes them. Returns what will have their ids."""
    kept = Kept()

    async def store() -> None:
        workspace_ids = [fact.workspace_id for fact in facts]
        topics = [",".join(topics_of(fact)) for fact in facts]
        encoded = [encode(fact) for fact in facts]
        rows = await unit.connection.fetch(STORE, workspace_ids, encoded, topics)
        kept.ids.extend(row["id"] for row in rows)
        for workspace_id, data in zip(workspace_ids, encoded, strict=True):
            kept.encoded.setdefault(workspace_id, []).append(data)

    unit.before_commit(store)
    return kept


def publish(stream: EventStream, unit: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Publish facts after the commit of the unit of work, and store them until then."""
    kept = keep(unit, facts)

    async def send() -> None:
        if await stream.publish_encoded(kept.encoded):
            async with database() as connection:
                await _forget(connection, kept.ids)

    unit.after_commit(send)


async def publish_overdue(stream: EventStream, *, age_seconds: float = OVERDUE_SECONDS) -> int:
    """Publish the facts that their processes did not publish, oldest first; return how many."""
    async with begin() as unit:
        rows = await unit.connection.fetch(OVERDUE, age_seconds, AT_ONCE)
        facts = [fact for row in rows if (fact := decode(row["fact"])) is not None]
        if rows and await stream.publish(facts):
            await _forget(unit.connection, [row["id"] for row in rows])
        return len(facts)


async def _forget(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    await connection.execute(FORGET, list(ids))
