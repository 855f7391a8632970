"""The messages to webhooks: made of the facts that were noted for them, in order, and deleted when they are old.

The facts of about a second become messages together: who entered or exited a segment in that time is told as one net
change, in parts of up to a thousand members.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.events import Fact, MembershipChanged
from seggraph.events.facts import decode
from seggraph.events.topics import topics_of
from seggraph.models.runs import Move
from seggraph.services.segments.views import SegmentView
from seggraph.services.webhooks.topics import Data, Subjects, anyone, data_of
from seggraph.values.global_ids import global_id
from seggraph.vocabulary import Topic

FACTS_AT_ONCE: Final = 500
WORKSPACES_AT_ONCE: Final = 100
PART_SIZE: Final = 1_000
"""Most members in one message."""

# any workspace: the workspaces with facts are looked for
WAITING: Final = "SELECT DISTINCT workspace_id FROM webhook_facts LIMIT $1"

NOTED: Final = "SELECT id, fact FROM webhook_facts WHERE workspace_id = $1 ORDER BY id LIMIT $2"

# any workspace: NOTED read the ids in one workspace
HOLD: Final = "SELECT id FROM webhook_facts WHERE id = ANY($1) FOR UPDATE SKIP LOCKED"

# any workspace: HOLD locked these ids of one workspace
FORGET: Final = "DELETE FROM webhook_facts WHERE id = ANY($1)"

WEBHOOKS: Final = """
    SELECT id, topics FROM webhooks WHERE workspace_id = $1 AND status <> 'DISABLED' ORDER BY id FOR KEY SHARE
"""

ADD: Final = """
    INSERT INTO webhook_messages (workspace_id, webhook_id, topic, body, next_attempt_at)
    SELECT $1, webhook_id, $3, $4, clock_timestamp() FROM unnest($2::bigint[]) AS webhook_id
"""

MOVES: Final = """
    SELECT run_id, move, roaring FROM run_chunks
    WHERE workspace_id = $1 AND segment_id = $2 AND run_id = ANY($3)
"""

MEMBERS: Final = """
    SELECT id, external_id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3) ORDER BY ordinal
"""

# any workspace: one limit of age holds for all of them
EXPIRE: Final = """
    DELETE FROM webhook_messages WHERE id = ANY(ARRAY(SELECT id FROM webhook_messages
      WHERE created_at < clock_timestamp() - make_interval(secs => $1) ORDER BY created_at LIMIT $2))
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact's document under a topic."""

    topic: Topic
    at: datetime
    data: Data


@dataclass(slots=True)
class Moved:
    """Who moved in one segment: the runs that moved them, in order."""

    segment: SegmentView
    at: datetime
    run_ids: list[int] = field(default_factory=list)


async def prepare_due(context: Context) -> None:
    """Make messages of what was noted, workspace by workspace. Raises RetryLater while the database is away."""
    async with database() as connection:
        rows = await connection.fetch(WAITING, WORKSPACES_AT_ONCE)
    for row in rows:
        await prepare(context, row["workspace_id"])


async def prepare(context: Context, workspace_id: int) -> None:
    """Make messages of the facts of a workspace that wait, up to FACTS_AT_ONCE; all of them or none.

    Somebody else who is at the same facts makes it do nothing.
    """
    async with database() as connection:
        rows = await connection.fetch(NOTED, workspace_id, FACTS_AT_ONCE)
    facts = [fact for row in rows if (fact := decode(row["fact"])) is not None]
    subjects = await Subjects.load(anyone(workspace_id), facts)
    numbers = [row["id"] for row in rows]
    async with begin() as unit:
        held = await unit.connection.fetch(HOLD, numbers)
        if len(held) < len(numbers):
            return
        wanted = {row["id"]: row["topics"] for row in await unit.connection.fetch(WEBHOOKS, workspace_id)}
        for one in _drafts(facts, subjects):
            if isinstance(one, Told):
                await _add(unit, workspace_id, wanted, one)
            else:
                await _add_moved(unit, workspace_id, wanted, one)
        await unit.connection.execute(FORGET, numbers)


async def expire(context: Context, limit: int) -> None:
    """Delete messages, with their attempts, that are older than they are kept."""
    async with database() as connection:
        await connection.execute(EXPIRE, context.settings.webhook_days * 86_400, limit)


def body_of(topic: str, at: datetime, data: Data) -> bytes:
    """The document that is sent."""
    return orjson.dumps({"type": topic, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


def _drafts(facts: Sequence[Fact], subjects: Subjects) -> list[Told | Moved]:
    """What is to be told, in order, the same document once; moves of a segment stand together where the first does."""
    drafts: list[Told | Moved] = []
    moved: dict[int, Moved] = {}
    said: list[tuple[Topic, Data]] = []
    for fact in facts:
        subject = subjects.of(fact)
        if subject is None:
            continue
        if not isinstance(fact, MembershipChanged):
            data = data_of(fact, subject)
            drafts += [Told(topic, fact.at, data) for topic in topics_of(fact) if (topic, data) not in said]
            said += [(topic, data) for topic in topics_of(fact)]
        elif isinstance(subject.view, SegmentView):
            if fact.segment_id not in moved:
                moved[fact.segment_id] = Moved(subject.view, fact.at)
                drafts.append(moved[fact.segment_id])
            moved[fact.segment_id].run_ids.append(fact.run_id)
            moved[fact.segment_id].at = fact.at
    return drafts


async def _add(unit: UnitOfWork, workspace_id: int, wanted: dict[int, Sequence[str]], told: Told) -> None:
    webhooks = [webhook_id for webhook_id, topics in wanted.items() if told.topic in topics]
    if webhooks:
        body = body_of(told.topic, told.at, told.data)
        await unit.connection.execute(ADD, workspace_id, webhooks, told.topic, body)


async def _add_moved(
    unit: UnitOfWork, workspace_id: int, wanted: dict[int, Sequence[str]], moved: Moved
) -> None:
    """Tell who entered and who exited in the end, a part after the other: nobody is in both."""
    topics = {topic for topics in wanted.values() for topic in topics}
    if not topics & {Topic.MEMBERS_ENTERED, Topic.MEMBERS_EXITED}:
        return
    entered, exited = await _net(unit.connection, workspace_id, moved)
    for topic, ordinals in ((Topic.MEMBERS_ENTERED, entered), (Topic.MEMBERS_EXITED, exited)):
        if topic in topics:
            for number, part in _parts(ordinals):
                rows = await unit.connection.fetch(MEMBERS, workspace_id, moved.segment.kind, part)
                data: Data = {
                    "segmentId": global_id("Segment", moved.segment.id),
                    "name": moved.segment.name,
                    "kind": moved.segment.kind.name,
                    "part": number,
                    "parts": -(-len(ordinals) // PART_SIZE),
                    "members": [
                        {"id": global_id("Member", row["id"]), "externalId": row["external_id"]}
                        for row in rows
                    ],
                }
                await _add(unit, workspace_id, wanted, Told(topic, moved.at, data))


async def _net(connection: asyncpg.Connection, workspace_id: int, moved: Moved) -> tuple[BitMap, BitMap]:
    """Who entered and who exited by all the runs together: who came and went again is in neither."""
    rows = await connection.fetch(MOVES, workspace_id, moved.segment.id, moved.run_ids)
    entered, exited = BitMap(), BitMap()
    for run_id in moved.run_ids:
        came, went = (
            BitMap.union(
                BitMap(),
                *(
                    from_bytes(row["roaring"])
                    for row in rows
                    if (row["run_id"], row["move"]) == (run_id, move)
                ),
            )
            for move in (Move.ENTERED, Move.EXITED)
        )
        entered, exited = (entered - went) | (came - exited), (exited - came) | (went - entered)
    return entered, exited


def _parts(ordinals: BitMap) -> Iterator[tuple[int, list[int]]]:
    """The ordinals in parts of PART_SIZE, numbered from 1."""
    values = ordinals.to_array()
    for number, start in enumerate(range(0, len(values), PART_SIZE), start=1):
        yield number, list(values[start : start + PART_SIZE])
