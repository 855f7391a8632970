"""Applying what a computation found: links, members, reach, history and events change together or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, pieces, to_bytes
from seggraph.events import SAMPLE_SIZE, Fact, MembershipChanged, ReachChanged
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Move
from seggraph.services.memberships import attribution
from seggraph.services.memberships.attribution import Causes
from seggraph.services.reach.reach import COLUMNS, ReachCounts
from seggraph.vocabulary import MemberKind, ReachStatus, RunTrigger, SourceKind

SOURCES = (
    "SELECT id, segment_id, kind FROM sources WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY id"
)

# With the runs go the moves and the numbers that are given. The members are a sample, to be told by their ids.
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
      INSERT INTO run_chunks (workspace_id, segment_id, run_id, move, chunk, cardinality, roaring, causes, applied)
      SELECT $1, r.segment_id, r.id, t.move, t.chunk, t.cardinality, t.roaring, t.causes, r.applied
      FROM unnest($11::bigint[], $12::smallint[], $13::int[], $14::int[], $15::bytea[], $16::bytea[])
        AS t(segment_id, move, chunk, cardinality, roaring, causes) JOIN recorded r ON r.segment_id = t.segment_id
    ), numbered AS (
      UPDATE segments s SET as_of = coalesce($5, s.as_of), member_count = s.member_count + t.members,
        {", ".join(f"{column} = s.{column} + t.{column}" for column in COLUMNS)}
      FROM unnest({", ".join(f"${number}::bigint[]" for number in range(17, len(COLUMNS) + 19))})
        AS t(id, members, {", ".join(COLUMNS)})
      WHERE s.workspace_id = $1 AND s.id = t.id
    )
    SELECT id, segment_id, NULL AS ordinal FROM recorded
    UNION ALL
    SELECT id, NULL, ordinal FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($6::int[])
"""  # noqa: S608 - constants only

WRITE_MOVES = """
    INSERT INTO run_chunks (workspace_id, segment_id, run_id, move, chunk, cardinality, roaring, causes,
      applied)
    SELECT $1, t.*, r.applied
    FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::int[], $6::int[], $7::bytea[], $8::bytea[])
      AS t(segment_id, run_id, move, chunk, cardinality, roaring, causes) JOIN runs r ON r.id = t.run_id
"""

SAMPLE = "SELECT ordinal, id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)"

EMPTY: Final = BitMap()

BLOCKABLE: Final = frozenset({SourceKind.CRITERIA, SourceKind.PLAYBOOK})
"""The sources that add members by themselves; an import and a hand are acts of will and never blocked."""


@dataclass(slots=True)
class Membership:
    """The bitmaps of one segment before and after: the links of its sources, and through them its members.

    They may be cut down to the chunks that a change can touch; so are then all the differences.
    """

    segment_id: int
    links: dict[int, BitMap]
    blocks: dict[int, BitMap]
    members: BitMap
    kinds: dict[int, str]
    links_after: dict[int, BitMap] = field(default_factory=dict)
    blocks_after: dict[int, BitMap] = field(default_factory=dict)

    def source(self, kind: str) -> int:
        """The id of the source of a kind that the segment has once."""
        return next(source_id for source_id, source_kind in self.kinds.items() if source_kind == kind)

    def link(self, source_id: int, matched: BitMap, *, among: BitMap | None = None) -> None:
        """Make the links of a source what it matched, blocks taken away; with `among`, only for these ordinals."""
        kept = EMPTY if among is None else self.links[source_id] - among
        self.links_after[source_id] = kept | (matched - self.blocks[source_id])

    def add_manually(self, ordinals: BitMap) -> None:
        """Link these by hand: a link that only a hand removes. Blocks stay, and never touch it."""
        manual = self.source(SourceKind.MANUAL)
        self.links_after[manual] = self.links[manual] | ordinals

    def remove_manually(self, ordinals: BitMap) -> None:
        """Take every link of these away, and block them on every source that would add them by itself."""
        for source_id, kind in self.kinds.items():
            self.links_after[source_id] = self.links[source_id] - ordinals
            if kind in BLOCKABLE:
                self.blocks_after[source_id] = self.blocks[source_id] | ordinals

    def forget(self, ordinals: BitMap) -> None:
        """Take every link and every block of these away, as if they had never been."""
        self.links_after = {source_id: links - ordinals for source_id, links in self.links.items()}
        self.blocks_after = {source_id: blocks - ordinals for source_id, blocks in self.blocks.items()}

    @property
    def touched(self) -> BitMap:
        """Those of whom any link or block changes, whether or not they move."""
        links = (self.links[source_id] ^ after for source_id, after in self.links_after.items())
        blocks = (self.blocks[source_id] ^ after for source_id, after in self.blocks_after.items())
        return BitMap.union(BitMap(), *links, *blocks)

    @property
    def members_after(self) -> BitMap:
        """The union of the links of all sources."""
        return BitMap.union(BitMap(), *(self.links | self.links_after).values())

    @property
    def causes(self) -> dict[int, BitMap]:
        """By source, those who move and whom it holds: after they entered, or before they exited."""
        moved = self.members ^ self.members_after
        due = {
            source_id: (links & moved) | (self.links_after.get(source_id, EMPTY) & moved)
            for source_id, links in self.links.items()
        }
        return {source_id: some for source_id, some in due.items() if some}

    @property
    def chunk_changes(self) -> dict[ChunkOwner, tuple[BitMap, BitMap]]:
        """What the chunk store has to write."""
        changes = {
            ChunkOwner(ChunkRole.LINKS, source_id): (self.links[source_id], after)
            for source_id, after in self.links_after.items()
        }
        changes |= {
            ChunkOwner(ChunkRole.BLOCKS, source_id): (self.blocks[source_id], after)
            for source_id, after in self.blocks_after.items()
        }
        return changes | {ChunkOwner(ChunkRole.MEMBERS, self.segment_id): (self.members, self.members_after)}


async def read_memberships(
    connection: asyncpg.Connection,
    workspace_id: int,
    segment_ids: Sequence[int],
    *,
    near: BitMap | None = None,
) -> dict[int, Membership]:
    """The memberships of segments whose rows the caller holds; with `near` only the chunks of these ordinals."""
    sources = await connection.fetch(SOURCES, workspace_id, list(segment_ids))
    owners = [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids]
    owners += [
        ChunkOwner(role, source["id"]) for source in sources for role in (ChunkRole.LINKS, ChunkRole.BLOCKS)
    ]
    bitmaps = await ChunkStore(connection, workspace_id).read_many(owners, within_ordinals=near)
    found = {
        segment_id: Membership(segment_id, {}, {}, bitmaps[ChunkOwner(ChunkRole.MEMBERS, segment_id)], {})
        for segment_id in segment_ids
    }
    for source in sources:
        membership = found[source["segment_id"]]
        membership.kinds[source["id"]] = source["kind"]
        membership.links[source["id"]] = bitmaps[ChunkOwner(ChunkRole.LINKS, source["id"])]
        membership.blocks[source["id"]] = bitmaps[ChunkOwner(ChunkRole.BLOCKS, source["id"])]
    return found


@dataclass(frozen=True, slots=True)
class MembershipDelta:
    """What a computation changes of one segment: who moves, and by how much the numbers change.

    `reach_known` is False while the segment's reach is being calculated or failed: it stays as it is then. `causes`
    are those who move by source (see move_causes), None if that is not known.
    """

    run_id: int
    segment_id: int
    revision: int
    entered: BitMap
    exited: BitMap
    reach_change: ReachCounts
    reach_known: bool = True
    causes: Causes | None = None

    @property
    def moves(self) -> bool:
        """Whether anyone enters or exits."""
        return bool(self.entered) or bool(self.exited)


@dataclass(frozen=True, slots=True)
class FoundDelta:
    """What was found about one segment, before there is a run to keep it under."""

    segment_id: int
    revision: int
    entered: BitMap
    exited: BitMap
    reach_change: ReachCounts
    reach_known: bool = True
    causes: Causes | None = None

    def under(self, run_id: int) -> MembershipDelta:
        """The delta of the run that keeps it."""
        return MembershipDelta(
            run_id,
            self.segment_id,
            self.revision,
            self.entered,
            self.exited,
            self.reach_change,
            self.reach_known,
            self.causes,
        )


MemberIds = Mapping[int, int]
"""Ids of members by their ordinals."""


async def record(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    trigger: RunTrigger,
    outcomes: Sequence[FoundDelta],
    at: datetime,
    *,
    as_of: datetime | None = None,
    keeps_moves: bool = True,
    adds_numbers: bool = True,
) -> tuple[list[MembershipDelta], MemberIds]:
    """Write a run that is over for each segment, with who moved, and add the changes to the segments' numbers.

    These are as of another instant then if `as_of` is given. Returns what `facts_of` takes.
    """
    if not outcomes:
        return [], {}
    runs = [(one.segment_id, one.revision, len(one.entered), len(one.exited)) for one in outcomes]
    moves = [(one.segment_id, *chunk) for one in outcomes for chunk in _moves(one)] if keeps_moves else []
    numbers = [
        (one.segment_id, len(one.entered) - len(one.exited), *one.reach_change.values()) for one in outcomes
    ]
    rows = await connection.fetch(
        RECORD,
        workspace_id,
        kind,
        trigger,
        at,
        as_of,
        _sampled(outcomes),
        *_columns(runs, 4),
        *_columns(moves, 6),
        *_columns(numbers if adds_numbers else [], len(COLUMNS) + 2),
    )
    run_ids = {row["segment_id"]: row["id"] for row in rows if row["ordinal"] is None}
    ids = {row["ordinal"]: row["id"] for row in rows if row["ordinal"] is not None}
    return [one.under(run_ids[one.segment_id]) for one in outcomes], ids


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> Sequence[Sequence[Any]]:
    """Rows as the arrays that a statement unnests."""
    return list(zip(*rows, strict=True)) if rows else [()] * number


def _moves(moved: FoundDelta | MembershipDelta) -> Iterator[tuple[int, int, int, bytes, bytes | None]]:
    """The bitmaps of who entered and who exited: move, chunk, cardinality, bytes and causes."""
    for move, ordinals in ((Move.ENTERED, moved.entered), (Move.EXITED, moved.exited)):
        for number, piece in pieces(ordinals).items():
            causes = None if moved.causes is None else attribution.encode(piece, moved.causes)
            yield int(move), number, len(piece), to_bytes(piece), causes


def _sampled(moved: Iterable[FoundDelta | MembershipDelta]) -> list[int]:
    """The ordinals of the few members that subscribers are told by their ids."""
    both = (ordinals for one in moved for ordinals in (one.entered, one.exited))
    return sorted({ordinal for ordinals in both for ordinal in ordinals[:SAMPLE_SIZE]})


async def write_moves(connection: asyncpg.Connection, workspace_id: int, delta: MembershipDelta) -> None:
    """Keep the bitmaps of who entered and who exited. The run is over, and so has its place."""
    rows = [(delta.segment_id, delta.run_id, *chunk) for chunk in _moves(delta)]
    if rows:
        await connection.execute(WRITE_MOVES, workspace_id, *_columns(rows, 7))


async def member_ids(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, delta: MembershipDelta
) -> MemberIds:
    """The ids of the few members of whom `facts_of` tells them."""
    sampled = _sampled([delta])
    rows = await connection.fetch(SAMPLE, workspace_id, kind, sampled) if sampled else []
    return {row["ordinal"]: row["id"] for row in rows}


def facts_of(
    workspace_id: int, deltas: Sequence[MembershipDelta], ids: MemberIds, at: datetime
) -> list[Fact]:
    """What subscribers are told: who moved, with a few of them by id, and that the numbers are others."""
    facts: list[Fact] = []
    for delta in deltas:
        if delta.moves:
            facts.append(
                MembershipChanged(
                    workspace_id=workspace_id,
                    at=at,
                    segment_id=delta.segment_id,
                    revision=delta.revision,
                    entered=len(delta.entered),
                    exited=len(delta.exited),
                    entered_sample=_known(ids, delta.entered),
                    exited_sample=_known(ids, delta.exited),
                    run_id=delta.run_id,
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


def _known(ids: MemberIds, ordinals: BitMap) -> tuple[int, ...]:
    """The member ids of a few ordinals; members who have been deleted have none."""
    return tuple(ids[ordinal] for ordinal in ordinals[:SAMPLE_SIZE] if ordinal in ids)
