"""The messages to webhooks: made of the facts that were noted for them, in order, and deleted when they are old.

The facts of about a second become messages together: entries into and exits from a segment in that time are one net
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
from seggraph.models.runs import Direction
from seggraph.services.segments.views import SegmentView
from seggraph.services.webhooks.topics import Data, FactSubjects, anyone, data_of
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

CHANGES: Final = """
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
class TopicDocument:
    """A fact's document under a topic."""

    topic: Topic
    at: datetime
    data: Data


@dataclass(slots=True)
class MembershipChanges:
    """The changes of one segment's membership: the runs that made them, in order."""

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

    While another process makes messages of the same facts, it does nothing.
    """
    async with database() as connection:
        rows = await connection.fetch(NOTED, workspace_id, FACTS_AT_ONCE)
    facts = [fact for row in rows if (fact := decode(row["fact"])) is not None]
    subjects = await FactSubjects.load(anyone(workspace_id), facts)
    numbers = [row["id"] for row in rows]
    async with begin() as unit:
        held = await unit.connection.fetch(HOLD, numbers)
        if len(held) < len(numbers):
            return
        wanted = {row["id"]: row["topics"] for row in await unit.connection.fetch(WEBHOOKS, workspace_id)}
        for draft in _drafts(facts, subjects):
            if isinstance(draft, TopicDocument):
                await _add(unit, workspace_id, wanted, draft)
            else:
                await _add_membership_changes(unit, workspace_id, wanted, draft)
        await unit.connection.execute(FORGET, numbers)


async def expire(context: Context, limit: int) -> None:
    """Delete messages, with their attempts, that are older than they are kept."""
    async with database() as connection:
        await connection.execute(EXPIRE, context.settings.webhook_days * 86_400, limit)


def body_of(topic: str, at: datetime, data: Data) -> bytes:
    """The document that is sent."""
    return orjson.dumps({"type": topic, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


def _drafts(facts: Sequence[Fact], subjects: FactSubjects) -> list[TopicDocument | MembershipChanges]:
    """What is to be sent, in order, each document once; the changes of one segment stand where the first of them is."""
    drafts: list[TopicDocument | MembershipChanges] = []
    by_segment: dict[int, MembershipChanges] = {}
    drafted: list[tuple[Topic, Data]] = []
    for fact in facts:
        subject = subjects.of(fact)
        if subject is None:
            continue
        if not isinstance(fact, MembershipChanged):
            data = data_of(fact, subject)
            topics = topics_of(fact)
            drafts += [
                TopicDocument(topic, fact.at, data) for topic in topics if (topic, data) not in drafted
            ]
            drafted += [(topic, data) for topic in topics]
        elif isinstance(subject.view, SegmentView):
            if fact.segment_id not in by_segment:
                by_segment[fact.segment_id] = MembershipChanges(subject.view, fact.at)
                drafts.append(by_segment[fact.segment_id])
            by_segment[fact.segment_id].run_ids.append(fact.run_id)
            by_segment[fact.segment_id].at = fact.at
    return drafts


async def _add(
    unit: UnitOfWork, workspace_id: int, wanted: dict[int, Sequence[str]], document: TopicDocument
) -> None:
    """Add a message for each webhook that wants the topic."""
    webhooks = [webhook_id for webhook_id, topics in wanted.items() if document.topic in topics]
    if webhooks:
        body = body_of(document.topic, document.at, document.data)
        await unit.connection.execute(ADD, workspace_id, webhooks, document.topic, body)


async def _add_membership_changes(
    unit: UnitOfWork, workspace_id: int, wanted: dict[int, Sequence[str]], changes: MembershipChanges
) -> None:
    """Add messages of the members who entered and who exited in the end, part by part; no member is in both."""
    topics = {topic for topics in wanted.values() for topic in topics}
    if not topics & {Topic.MEMBERS_ENTERED, Topic.MEMBERS_EXITED}:
        return
    entered, exited = await _net(unit.connection, workspace_id, changes)
    for topic, ordinals in ((Topic.MEMBERS_ENTERED, entered), (Topic.MEMBERS_EXITED, exited)):
        if topic in topics:
            for number, part in _parts(ordinals):
                rows = await unit.connection.fetch(MEMBERS, workspace_id, changes.segment.kind, part)
                data: Data = {
                    "segmentId": global_id("Segment", changes.segment.id),
                    "name": changes.segment.name,
                    "kind": changes.segment.kind.name,
                    "part": number,
                    "parts": -(-len(ordinals) // PART_SIZE),
                    "members": [
                        {"id": global_id("Member", row["id"]), "externalId": row["external_id"]}
                        for row in rows
                    ],
                }
                await _add(unit, workspace_id, wanted, TopicDocument(topic, changes.at, data))


async def _net(
    connection: asyncpg.Connection, workspace_id: int, changes: MembershipChanges
) -> tuple[BitMap, BitMap]:
    """The members who entered and who exited by all the runs together; a member who came and went is in neither."""
    rows = await connection.fetch(CHANGES, workspace_id, changes.segment.id, changes.run_ids)
    entered, exited = BitMap(), BitMap()
    for run_id in changes.run_ids:
        came, went = (
            BitMap.union(
                BitMap(),
                *(
                    from_bytes(row["roaring"])
                    for row in rows
                    if (row["run_id"], row["move"]) == (run_id, direction)
                ),
            )
            for direction in (Direction.ENTERED, Direction.EXITED)
        )
        entered, exited = (entered - went) | (came - exited), (exited - came) | (went - entered)
    return entered, exited


def _parts(ordinals: BitMap) -> Iterator[tuple[int, list[int]]]:
    """The ordinals in parts of PART_SIZE, numbered from 1."""
    values = ordinals.to_array()
    for number, start in enumerate(range(0, len(values), PART_SIZE), start=1):
        yield number, list(values[start : start + PART_SIZE])
