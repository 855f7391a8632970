"""Reading memberships to change them, and recording the changes: history, numbers and facts in one transaction.

Who enters and who exits is worked out in `membership`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, pieces, to_bytes
from seggraph.events import SAMPLE_SIZE, Fact, MembershipChanged, ReachChanged
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.services.memberships import attribution, history_spans
from seggraph.services.memberships.membership import Membership, MembershipChange, StoredChange
from seggraph.services.reach.reach import COLUMNS, ReachCounts
from seggraph.vocabulary import MemberKind, ReachStatus, RunTrigger

SOURCES = """
    SELECT id, segment_id, kind, links_are_members FROM sources
    WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY id
"""

# Before the members change.
PART = """
    WITH parting AS (
      UPDATE sources SET links_are_members = false WHERE workspace_id = $1 AND id = ANY($2)
      RETURNING id, segment_id
    )
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT $1, 2, p.id, c.chunk, c.cardinality, c.roaring
    FROM parting p JOIN chunks c ON c.workspace_id = $1 AND c.role = 1 AND c.owner_id = p.segment_id
"""

JOIN = """
    WITH joining AS (
      UPDATE sources SET links_are_members = true WHERE workspace_id = $1 AND id = ANY($2) RETURNING id
    )
    DELETE FROM chunks WHERE workspace_id = $1 AND role = 2 AND owner_id IN (SELECT id FROM joining)
"""

# With the runs go who entered and exited, and the numbers that are given. The members are a sample for subscribers.
RECORD: Final = f"""
    WITH recorded AS (
      INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, as_of, started_at, finished_at,
        member_count, entered, exited, applied)
      SELECT $1, segment_id, revision, $3, 'SUCCEEDED', $4, $4, clock_timestamp(),
        (SELECT member_count FROM segments s WHERE s.id = segment_id) + entered - exited, entered, exited,
        nextval('runs_applied')
      FROM unnest($7::bigint[], $8::int[], $9::int[], $10::int[]) AS t(segment_id, revision, entered, exited)
      RETURNING id, segment_id, applied
    ), moved AS (
      INSERT INTO run_chunks (workspace_id, segment_id, run_id, move, chunk, cardinality, roaring, causes, applied,
        is_spanned)
      SELECT $1, r.segment_id, r.id, t.move, t.chunk, t.cardinality, t.roaring, t.causes, r.applied, true
      FROM unnest($11::bigint[], $12::smallint[], $13::int[], $14::int[], $15::bytea[], $16::bytea[])
        AS t(segment_id, move, chunk, cardinality, roaring, causes) JOIN recorded r ON r.segment_id = t.segment_id
    ), spanned AS (
      INSERT INTO {history_spans.COLUMNS}
      SELECT $1, $2, r.first, r.last, cardinality($11::bigint[]), t.chunk, t.roaring, false, now()
      FROM (SELECT min(applied) AS first, max(applied) AS last FROM recorded) r
      CROSS JOIN unnest(${len(COLUMNS) + 19}::int[], ${len(COLUMNS) + 20}::bytea[]) AS t(chunk, roaring)
    ), numbered AS (
      UPDATE segments s SET as_of = coalesce($5, s.as_of), member_count = s.member_count + coalesce(t.members, 0),
        {", ".join(f"{column} = s.{column} + coalesce(t.{column}, 0)" for column in COLUMNS)}
      FROM unnest({", ".join(f"${number}::bigint[]" for number in range(17, len(COLUMNS) + 19))})
        AS t(id, members, {", ".join(COLUMNS)})
      WHERE s.workspace_id = $1 AND s.id = t.id
    )
    SELECT id, segment_id, NULL AS ordinal FROM recorded
    UNION ALL
    SELECT id, NULL, ordinal FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($6::int[])
"""  # noqa: S608 - constants only

WRITE_CHUNKS = f"""
    WITH written AS (
      INSERT INTO run_chunks (workspace_id, segment_id, run_id, move, chunk, cardinality, roaring, causes,
        applied, is_spanned)
      SELECT $1, t.*, r.applied, true
      FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::int[], $6::int[], $7::bytea[], $8::bytea[])
        AS t(segment_id, run_id, move, chunk, cardinality, roaring, causes) JOIN runs r ON r.id = t.run_id
      RETURNING applied
    )
    INSERT INTO {history_spans.COLUMNS}
    SELECT $1, $9, w.first, w.last, w.row_count, t.chunk, t.roaring, false, now()
    FROM (SELECT min(applied) AS first, max(applied) AS last, count(*) AS row_count FROM written) w
    CROSS JOIN unnest($10::int[], $11::bytea[]) AS t(chunk, roaring)
"""  # noqa: S608 - constants only

SAMPLE = "SELECT ordinal, id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)"


async def read_memberships(
    connection: asyncpg.Connection,
    workspace_id: int,
    segment_ids: Sequence[int],
    *,
    within_ordinals: BitMap | None = None,
) -> dict[int, Membership]:
    """The memberships of segments whose rows the caller holds; `within_ordinals` cuts them to the chunks of these."""
    sources = await connection.fetch(SOURCES, workspace_id, list(segment_ids))
    owners = [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids]
    owners += [
        ChunkOwner(role, source["id"]) for source in sources for role in (ChunkRole.LINKS, ChunkRole.BLOCKS)
    ]
    store = ChunkStore(connection, workspace_id)
    bitmaps = await store.read_many(owners, within_ordinals=within_ordinals)
    is_whole = within_ordinals is None
    memberships = {
        segment_id: Membership(
            segment_id, {}, {}, bitmaps[ChunkOwner(ChunkRole.MEMBERS, segment_id)], {}, is_whole=is_whole
        )
        for segment_id in segment_ids
    }
    for source in sources:
        membership = memberships[source["segment_id"]]
        membership.kinds[source["id"]] = source["kind"]
        if source["links_are_members"]:
            membership.as_members.add(source["id"])
        membership.links[source["id"]] = bitmaps[ChunkOwner(ChunkRole.LINKS, source["id"])]
        membership.blocks[source["id"]] = bitmaps[ChunkOwner(ChunkRole.BLOCKS, source["id"])]
    return memberships


async def write(
    store: ChunkStore, connection: asyncpg.Connection, workspace_id: int, changes: Iterable[StoredChange]
) -> None:
    """Store what changes in the memberships of segments whose rows the caller holds."""
    some = list(changes)
    if parting := [source_id for change in some for source_id in change.parting]:
        await connection.execute(PART, workspace_id, parting)
    if joining := [source_id for change in some for source_id in change.joining]:
        await connection.execute(JOIN, workspace_id, joining)
    await store.write({owner: bitmaps for change in some for owner, bitmaps in change.written.items()})


@dataclass(frozen=True, slots=True)
class MembershipDelta:
    """What a computation changes of one segment: who enters and exits, and by how much the numbers change.

    `reach_known` is False while the segment's reach is being calculated or failed: it stays as it is then.
    """

    segment_id: int
    revision: int
    change: MembershipChange
    reach_change: ReachCounts
    reach_known: bool = True

    @property
    def entered(self) -> BitMap:
        """The members who enter."""
        return self.change.entered

    @property
    def exited(self) -> BitMap:
        """The members who exit."""
        return self.change.exited


def entries_and_exits(deltas: Iterable[MembershipDelta]) -> dict[int, tuple[BitMap, BitMap]]:
    """Who enters and who exits, by segment."""
    return {delta.segment_id: (delta.entered, delta.exited) for delta in deltas}


MemberIds = Mapping[int, int]
"""Ids of members by their ordinals."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first few who enter and who exit, by ordinal."""

    entered: list[int]
    exited: list[int]


@dataclass(frozen=True, slots=True)
class RecordedDeltas:
    """Deltas with the runs that keep them, by segment, and the ids of the members that subscribers get as a sample.

    There is a sample for each of the deltas.
    """

    deltas: Sequence[MembershipDelta]
    run_ids: Mapping[int, int]
    samples: Sequence[Sample]
    member_ids: MemberIds


@dataclass(frozen=True, slots=True)
class Recording:
    """How deltas are recorded: each with a run that is over, at an instant.

    With the run is kept who entered and who exited, unless `keeps_members` is False. The deltas are added to the
    segments' numbers if `adds_numbers`; these are as of another instant then if `as_of` is given.
    """

    trigger: RunTrigger
    at: datetime
    as_of: datetime | None = None
    keeps_members: bool = True
    adds_numbers: bool = True


async def record(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    deltas: Sequence[MembershipDelta],
    how: Recording,
) -> RecordedDeltas:
    """Write a run for each delta, and add the deltas to the segments' numbers, in one statement."""
    if not deltas:
        return RecordedDeltas([], {}, [], {})
    runs = [(delta.segment_id, delta.revision, len(delta.entered), len(delta.exited)) for delta in deltas]
    chunks = [(delta.segment_id, *chunk) for delta in deltas for chunk in _chunks(delta.change)]
    numbers = [
        (delta.segment_id, len(delta.entered) - len(delta.exited), *delta.reach_change.values())
        for delta in deltas
    ]
    samples = _samples(deltas)
    rows = await connection.fetch(
        RECORD,
        workspace_id,
        kind,
        how.trigger,
        how.at,
        how.as_of,
        _sampled(samples),
        *_columns(runs, 4),
        *_columns(chunks if how.keeps_members else [], 6),
        *_without_zeros(_columns(numbers if how.adds_numbers else [], len(COLUMNS) + 2)),
        *history_spans.moved(_moved(deltas) if how.keeps_members else []),
    )
    run_ids = {row["segment_id"]: row["id"] for row in rows if row["ordinal"] is None}
    member_ids = {row["ordinal"]: row["id"] for row in rows if row["ordinal"] is not None}
    return RecordedDeltas(deltas, run_ids, samples, member_ids)


async def record_run(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, run_id: int, delta: MembershipDelta
) -> RecordedDeltas:
    """Keep who entered and who exited with a full run that is over, and so has its place in the history."""
    rows = [(delta.segment_id, run_id, *chunk) for chunk in _chunks(delta.change)]
    if rows:
        span = history_spans.moved(_moved([delta]))
        await connection.execute(WRITE_CHUNKS, workspace_id, *_columns(rows, 7), kind, *span)
    samples = _samples([delta])
    sampled = _sampled(samples)
    members = await connection.fetch(SAMPLE, workspace_id, kind, sampled) if sampled else []
    member_ids = {row["ordinal"]: row["id"] for row in members}
    return RecordedDeltas([delta], {delta.segment_id: run_id}, samples, member_ids)


def _moved(deltas: Iterable[MembershipDelta]) -> Iterator[BitMap]:
    """Who entered and who exited each segment."""
    return chain.from_iterable((delta.entered, delta.exited) for delta in deltas)


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> Sequence[Sequence[Any]]:
    """Rows as the arrays that a statement unnests."""
    return list(zip(*rows, strict=True)) if rows else [()] * number


def _without_zeros(columns: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The columns, but none of those that have only zeros: most segments are reached by few channels."""
    return [column if any(column) else () for column in columns]


def _chunks(change: MembershipChange) -> Iterator[tuple[int, int, int, bytes, bytes | None]]:
    """The bitmaps of who entered and who exited: the direction, chunk, cardinality, bytes and attribution."""
    for direction, ordinals in ((Direction.ENTERED, change.entered), (Direction.EXITED, change.exited)):
        for number, piece in pieces(ordinals).items():
            by_source = change.attribution
            encoded = None if by_source is None else attribution.encode(piece, by_source)
            yield int(direction), number, len(piece), to_bytes(piece), encoded


def _samples(deltas: Iterable[MembershipDelta]) -> list[Sample]:
    return [
        Sample(list(islice(delta.entered, SAMPLE_SIZE)), list(islice(delta.exited, SAMPLE_SIZE)))
        for delta in deltas
    ]


def _sampled(samples: Iterable[Sample]) -> list[int]:
    """The ordinals of the few members whose ids subscribers get."""
    return sorted(set(chain.from_iterable(part for one in samples for part in (one.entered, one.exited))))


def facts_of(workspace_id: int, recorded: RecordedDeltas, at: datetime) -> list[Fact]:
    """The facts for subscribers: who entered and exited, a few of them by id, and that the numbers are others."""
    facts: list[Fact] = []
    for delta, sample in zip(recorded.deltas, recorded.samples, strict=True):
        if delta.change:
            facts.append(
                MembershipChanged(
                    workspace_id=workspace_id,
                    at=at,
                    segment_id=delta.segment_id,
                    revision=delta.revision,
                    entered=len(delta.entered),
                    exited=len(delta.exited),
                    entered_sample=_known(recorded.member_ids, sample.entered),
                    exited_sample=_known(recorded.member_ids, sample.exited),
                    run_id=recorded.run_ids[delta.segment_id],
                )
            )
        if delta.reach_known:
            facts.append(
                ReachChanged(
                    workspace_id=workspace_id,
                    at=at,
                    segment_id=delta.segment_id,
                    revision=delta.revision,
                    reach_status=ReachStatus.READY,
                )
            )
    return facts


def _known(ids: MemberIds, ordinals: Iterable[int]) -> tuple[int, ...]:
    """The member ids of a few ordinals; members who have been deleted have none."""
    return tuple(member_id for member_id in map(ids.get, ordinals) if member_id is not None)
