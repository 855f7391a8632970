"""Every sequence of what can happen to a member and the playbooks of a segment, against a naive model.

The algebra of links and blocks takes all sequences up to length 5. The services take all up to length 3 at once: one
segment for each sequence of what is done to playbooks, one member for each of what is done to members, and every
pair of the two is compared after every step.
"""

import asyncio
import itertools
from collections.abc import Coroutine, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.models.audiences import ChunkRole
from seggraph.services.members import upserts
from seggraph.services.memberships.membership import Membership
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import RunStatus, SegmentType, SourceKind
from tests.services.computing import ACCOUNT, replayed
from tests.services.manual_changes import named

T = TypeVar("T")

TO_MEMBERS = ("match", "stop", "add", "remove")
"""It begins to match TAGGED or ceases to; a hand adds it to the segment or removes it."""
TO_PLAYBOOKS = ("second", "new", "edit", "delete")
"""Another playbook like the first, or one for everybody; the oldest one's criteria are turned round, or it goes."""

TAGGED: dict[str, Any] = {"tags": {"op": "HAS_ANY", "values": ["one"]}}
UNTAGGED: dict[str, Any] = {"tags": {"op": "HAS_NONE", "values": ["one"]}}
EVERYBODY: dict[str, Any] = {"attribute": {"field": "externalId", "op": "IS_SET"}}
RULES = {"TAGGED": TAGGED, "UNTAGGED": UNTAGGED, "EVERYBODY": EVERYBODY}
TURNED = {"TAGGED": "UNTAGGED", "UNTAGGED": "TAGGED", "EVERYBODY": "UNTAGGED"}

MANUAL, CRITERIA, FIRST = -2, -1, 0
"""The keys of sources; playbooks are counted from FIRST in the order in which they were made."""


State = tuple[int, bool, bool, frozenset[tuple[int, str]], frozenset[int]]


def matches(rule: str, *, tagged: bool) -> bool:
    return rule == "EVERYBODY" or (rule == "TAGGED") == tagged


@dataclass
class Naive:
    """One member and one segment: what holds the one in the other. There is nothing more to know."""

    rules: dict[int, str] = field(default_factory=lambda: {FIRST: "TAGGED"})
    made: int = 1
    tagged: bool = False
    added: bool = False
    blocked: set[int] = field(default_factory=set)

    def do(self, step: str) -> None:
        """Let it happen. What cannot, for want of a playbook, changes nothing."""
        oldest = min((key for key in self.rules if key >= FIRST), default=None)
        match step:
            case "match":
                self.tagged = True
            case "stop":
                self.tagged = False
            case "add":
                self.added = True
            case "remove":
                self.added = False
                self.blocked |= self.rules.keys()
            case "second" | "new":
                self.rules[self.made] = "TAGGED" if step == "second" else "EVERYBODY"
                self.made += 1
            case "edit" if oldest is not None:
                self.rules[oldest] = TURNED[self.rules[oldest]]
            case "delete" if oldest is not None:
                del self.rules[oldest]
                self.blocked.discard(oldest)

    @property
    def state(self) -> "State":
        """All of it, as a value."""
        return self.made, self.tagged, self.added, frozenset(self.rules.items()), frozenset(self.blocked)

    @property
    def links(self) -> set[int]:
        """The sources that hold the member."""
        by_rule = {key for key, rule in self.rules.items() if matches(rule, tagged=self.tagged)}
        return (by_rule - self.blocked) | ({MANUAL} if self.added else set())


ME = BitMap([70_000])
NEIGHBOURS = BitMap([69_999, 70_001])
"""They are never tagged and nobody touches them: they are in exactly by UNTAGGED and EVERYBODY."""


def commit(before: Membership) -> Membership:
    """The membership after what was noted in it, to be changed further."""
    return Membership(
        before.segment_id,
        links=before.links | before.links_after,
        blocks=before.blocks | before.blocks_after,
        members=before.members_after,
        kinds=before.kinds,
    )


def follow(membership: Membership, naive: Naive) -> Membership:
    """What a run does: sources come and go with the rules, and are linked to whom these match."""
    gone = membership.links.keys() - naive.rules.keys() - {MANUAL}
    come = naive.rules.keys() - membership.links.keys()
    nobody = {key: BitMap() for key in come}
    kinds = dict.fromkeys(come, SourceKind.PLAYBOOK)
    after = replace(
        membership,
        links={key: links for key, links in (membership.links | nobody).items() if key not in gone},
        blocks={key: blocks for key, blocks in (membership.blocks | nobody).items() if key not in gone},
        kinds={key: kind for key, kind in (membership.kinds | kinds).items() if key not in gone},
    )
    for key, rule in naive.rules.items():
        matched = ME if matches(rule, tagged=naive.tagged) else BitMap()
        others = NEIGHBOURS if matches(rule, tagged=False) else BitMap()
        after.link(key, matched | others)
    return commit(after)


def done(before: Membership, step: str) -> Membership:
    """The membership after a hand did something, if the step is a hand's."""
    membership = replace(before, links_after={}, blocks_after={})
    if step == "add":
        membership.add_manually(ME)
    if step == "remove":
        membership.remove_manually(ME)
    return commit(membership)


@dataclass
class Reached:
    """Where sequences lead to, one of them, and how many do."""

    membership: Membership
    naive: Naive
    example: tuple[str, ...]
    count: int


@pytest.mark.parametrize("dynamic", [False, True])
def test_all_sequences_up_to_length_five_of_links_and_blocks(dynamic: bool) -> None:
    naive = Naive()
    kinds: dict[int, str] = {MANUAL: SourceKind.MANUAL, FIRST: SourceKind.PLAYBOOK}
    if dynamic:
        naive.rules[CRITERIA] = "TAGGED"
        kinds[CRITERIA] = SourceKind.CRITERIA
    empty = Membership(1, {key: BitMap() for key in kinds}, {key: BitMap() for key in kinds}, BitMap(), kinds)
    reached = {naive.state: Reached(empty, naive, (), 1)}

    for length in range(1, 6):
        reached = step_from(reached)
        assert sum(one.count for one in reached.values()) == 8**length


def step_from(before: dict[State, Reached]) -> dict[State, Reached]:
    """Take every step from everywhere, and compare. Sequences that lead to the same go on as one."""
    after: dict[State, Reached] = {}
    for one in before.values():
        for step in (*TO_MEMBERS, *TO_PLAYBOOKS):
            naive = deepcopy(one.naive)
            naive.do(step)
            sequence = (*one.example, step)
            membership = follow(done(one.membership, step), naive)
            compare(membership, naive, sequence)
            after.setdefault(naive.state, Reached(membership, naive, sequence, 0)).count += one.count
    return after


def compare(membership: Membership, naive: Naive, sequence: tuple[str, ...]) -> None:
    for key in (MANUAL, *naive.rules):
        assert membership.links[key] & ME == (ME if key in naive.links else BitMap()), sequence
        assert membership.blocks[key] == (ME if key in naive.blocked else BitMap()), sequence
        is_open = key != MANUAL and matches(naive.rules[key], tagged=False)
        assert membership.links[key] - ME == (NEIGHBOURS if is_open else BitMap()), sequence
    assert membership.members & ME == (ME if naive.links else BitMap()), sequence
    assert membership.links.keys() == {MANUAL, *naive.rules}, sequence


STEPS = 3
AT_ONCE = 6

CHUNKS = """
    SELECT role, owner_id, roaring FROM chunks WHERE workspace_id = $1 AND role = ANY($2)
    UNION ALL
    SELECT 2, o.id, c.roaring
    FROM sources o JOIN chunks c ON c.workspace_id = $1 AND c.role = 1 AND c.owner_id = o.segment_id
    WHERE o.workspace_id = $1 AND o.links_are_members
"""
"""The bitmaps of links, blocks and members; links that are the members are stored as these alone."""
NUMBERS = "SELECT id, member_count, reach_email, reach_status FROM segments WHERE workspace_id = $1"
SOURCES = "SELECT id, segment_id, kind, playbook_id FROM sources WHERE workspace_id = $1"
DUE = "SELECT id, requested_revision FROM segments WHERE workspace_id = $1 AND reach_status = 'CALCULATING'"
ORDINALS = "SELECT external_id, ordinal FROM members WHERE workspace_id = $1"


@dataclass
class Row:
    """A segment, what happens to its playbooks, and what every member is to it."""

    steps: tuple[str | None, ...]
    segment_id: int
    pairs: list[Naive]
    playbooks: dict[int, int] = field(default_factory=dict)
    """The numbers of its playbooks by their keys."""


@dataclass
class World:
    """Members by what is done to them, and STATIC segments by what is done to their playbooks."""

    context: Context
    viewer: Viewer
    connection: asyncpg.Connection
    members: list[tuple[str | None, ...]] = field(
        default_factory=lambda: list(itertools.product((None, *TO_MEMBERS), repeat=STEPS))
    )
    rows: list[Row] = field(default_factory=list)
    names: Iterator[int] = field(default_factory=itertools.count)
    ordinals: list[int] = field(default_factory=list)

    async def make(self) -> None:
        await self.tag(range(len(self.members)), [])
        found = dict(await self.connection.fetch(ORDINALS, self.viewer.workspace_id))
        self.ordinals = [found[name_of(number)] for number in range(len(self.members))]
        skeletons = itertools.product((None, *TO_PLAYBOOKS), repeat=STEPS)
        await at_once(self.make_row(steps) for steps in skeletons)
        await self.settle()

    async def make_row(self, steps: tuple[str | None, ...]) -> None:
        draft = SegmentDraft(f"S{next(self.names)}", ACCOUNT, SegmentType.STATIC)
        segment = await segments.create(self.context, self.viewer, draft)
        row = Row(steps, segment.id, [Naive() for _ in self.members])
        self.rows.append(row)
        await self.make_playbook(row, FIRST, "TAGGED")

    async def make_playbook(self, row: Row, key: int, rule: str) -> None:
        draft = PlaybookDraft(f"P{next(self.names)}", ACCOUNT, RULES[rule], [row.segment_id])
        row.playbooks[key] = (await playbooks.create(self.context, self.viewer, draft)).id

    async def take(self, step: int) -> None:
        """Everything that happens in a step, and what it sets in motion."""
        for change, tags in (("match", ["one"]), ("stop", [])):
            await self.tag(self.to_whom(step, change), tags)
        await at_once(self.take_in(row, step) for row in self.rows)
        await self.settle()

    async def take_in(self, row: Row, step: int) -> None:
        """A step in one segment: what happens to its playbooks, or if that is nothing, what hands do."""
        change = row.steps[step]
        for number, naive in enumerate(row.pairs):
            for one in (change, self.members[number][step]):
                if one is not None and (change is None or one not in ("add", "remove")):
                    naive.do(one)
        rules = row.pairs[0].rules
        oldest = min(row.playbooks, default=None)
        match change:
            case None:
                added, removed = (self.names_of(step, hand) for hand in ("add", "remove"))
                await manual_membership.add(self.context, self.viewer, [row.segment_id], named(*added))
                await manual_membership.remove(self.context, self.viewer, [row.segment_id], named(*removed))
            case "second" | "new":
                await self.make_playbook(row, max(rules), rules[max(rules)])
            case "edit" if oldest is not None:
                given = {"criteria": RULES[rules[oldest]]}
                await playbooks.update(self.context, self.viewer, row.playbooks[oldest], given)
            case "delete" if oldest is not None:
                await playbooks.delete(self.context, self.viewer, row.playbooks.pop(oldest))

    async def settle(self) -> None:
        """Refresh, and carry out every run that is asked for."""
        await refresh.drain(self.context, self.viewer.workspace_id, ACCOUNT)
        due = await self.connection.fetch(DUE, self.viewer.workspace_id)
        statuses = await at_once(recompute.run(self.context, *row) for row in due)
        assert set(statuses) <= {RunStatus.SUCCEEDED}

    def to_whom(self, step: int, change: str) -> list[int]:
        return [number for number, steps in enumerate(self.members) if steps[step] == change]

    def names_of(self, step: int, change: str) -> list[str]:
        return [name_of(number) for number in self.to_whom(step, change)]

    async def tag(self, numbers: Iterable[int], tags: list[str]) -> None:
        rows = [
            {"externalId": name_of(number), "email": f"{name_of(number)}@example.com", "tags": tags}
            for number in numbers
        ]
        report = await upserts.upsert(self.context, self.viewer, ACCOUNT, rows)
        assert report.row_errors == []

    async def compare(self) -> None:
        """Every bitmap and every number that is stored is what the models of all pairs add up to."""
        stored = await self.stored()
        numbers = await self.connection.fetch(NUMBERS, self.viewer.workspace_id)
        counts = {row["id"]: tuple(row)[1:] for row in numbers}
        sources: dict[tuple[int, int], int] = {}
        for row in await self.connection.fetch(SOURCES, self.viewer.workspace_id):
            if row["kind"] != SourceKind.IMPORT:
                sources[row["segment_id"], row["playbook_id"] or MANUAL] = row["id"]
        for one in self.rows:
            keys = {MANUAL: MANUAL, **one.playbooks}
            assert {key[1] for key in sources if key[0] == one.segment_id} == set(keys.values()), one.steps
            for key, number in keys.items():
                source_id = sources[one.segment_id, number]
                links = self.those([key in naive.links for naive in one.pairs])
                blocks = self.those([key in naive.blocked for naive in one.pairs])
                assert stored.pop((ChunkRole.LINKS, source_id), BitMap()) == links, one.steps
                assert stored.pop((ChunkRole.BLOCKS, source_id), BitMap()) == blocks, one.steps
            inside = self.inside(one)
            assert stored.pop((ChunkRole.MEMBERS, one.segment_id), BitMap()) == inside, one.steps
            assert counts[one.segment_id] == (len(inside), len(inside), "READY"), one.steps
        assert stored == {}, "what is deleted leaves nothing behind"

    def inside(self, row: Row) -> BitMap:
        return self.those([bool(naive.links) for naive in row.pairs])

    def those(self, are: list[bool]) -> BitMap:
        """The ordinals of the members of whom it is so."""
        return BitMap(itertools.compress(self.ordinals, are))

    async def stored(self) -> dict[tuple[int, int], BitMap]:
        roles = [ChunkRole.LINKS, ChunkRole.BLOCKS, ChunkRole.MEMBERS]
        rows = await self.connection.fetch(CHUNKS, self.viewer.workspace_id, roles)
        return {(row["role"], row["owner_id"]): from_bytes(row["roaring"]) for row in rows}


def name_of(number: int) -> str:
    return f"m{number:03}"


async def at_once(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All of them, a few at a time: they wait more than they compute."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(work: Coroutine[Any, Any, T]) -> T:
        async with free:
            return await work

    return await asyncio.gather(*(one(work) for work in works))


async def test_all_sequences_up_to_length_three_through_the_services(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    world = World(context, viewer, connection)
    await world.make()
    await world.compare()

    for step in range(STEPS):
        await world.take(step)
        await world.compare()

    assert len(world.rows) == len(world.members) == 5**STEPS
    # and the history of entering and leaving leads to who is in
    for row in world.rows[::7]:
        assert await replayed(connection, row.segment_id) == world.inside(row), row.steps
