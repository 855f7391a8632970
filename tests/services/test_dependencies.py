"""What a change sets in motion: only the rules that read it, all of them, in their order, and across kinds."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.models.audiences import ChunkRole
from seggraph.services.catalogue import catalogues
from seggraph.services.events import events
from seggraph.services.members import edits as member_edits
from seggraph.services.members import relations, upserts
from seggraph.services.members.selections import Selection
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.rules import rules
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import Channel, ConsentState, MemberKind, SegmentType
from tests.services.computing import country, with_engine

ACCOUNT, DEAL = MemberKind.ACCOUNT, MemberKind.DEAL


class SpyEngine(PostgresEngine):
    """Notes how many trees are evaluated, and how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.trees = 0
        self.calls = 0
        self.asked: list[BitMap | None] = []

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        self.calls += 1
        self.trees += len(request.criteria)
        self.asked.append(request.within_ordinals)
        return await super().evaluate(connection, request)


@dataclass
class World:
    """A workspace whose segments are brought up to date by hand, without a worker."""

    context: Context
    viewer: Viewer
    connection: asyncpg.Connection

    async def put(self, kind: MemberKind, *rows: Mapping[str, Any]) -> None:
        report = await upserts.upsert(self.context, self.viewer, kind, list(rows))
        assert report.row_errors == []

    async def segment(self, name: str, kind: MemberKind, criteria: Mapping[str, Any]) -> SegmentView:
        draft = SegmentDraft(name, kind, SegmentType.DYNAMIC, criteria=criteria)
        return await segments.create(self.context, self.viewer, draft)

    async def relate(self, deal: str, account: str, *, remove: bool = False) -> None:
        row = {
            "relation": "account",
            "fromKind": DEAL,
            "fromExternalId": deal,
            "toKind": ACCOUNT,
            "toExternalId": account,
            "remove": remove,
        }
        assert (await relations.relate(self.context, self.viewer, [row])).row_errors == []

    async def compute(self) -> None:
        """Carry out every run that was asked for."""
        due = await self.connection.fetch(
            "SELECT id, requested_revision FROM segments WHERE reach_status = 'CALCULATING' ORDER BY id"
        )
        for row in due:
            await recompute.run(self.context, row["id"], row["requested_revision"])

    async def settle(self) -> None:
        """Carry out runs and refreshes until nothing is left to do."""
        busy = """SELECT (SELECT count(*) FROM dirty_batches)
            + (SELECT count(*) FROM segments WHERE reach_status = 'CALCULATING')"""
        for _ in range(12):
            await self.compute()
            for kind in (DEAL, ACCOUNT):
                await refresh.drain(self.context, self.viewer.workspace_id, kind)
            if not await self.connection.fetchval(busy):
                return
        raise AssertionError("it does not come to an end")

    async def members(self, segment_id: int) -> BitMap:
        owner = ChunkOwner(ChunkRole.MEMBERS, segment_id)
        return await ChunkStore(self.connection, self.viewer.workspace_id).read(owner)

    async def names(self, segment: SegmentView) -> set[str]:
        """The external ids of a segment's members."""
        rows = await self.connection.fetch(
            "SELECT external_id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)",
            self.viewer.workspace_id,
            segment.kind,
            list(await self.members(segment.id)),
        )
        return {row["external_id"] for row in rows}

    async def expected(self, segment_id: int, kind: MemberKind) -> BitMap:
        """Who satisfies any of the segment's rules, by evaluating them over everybody; and whom hands added."""
        workspace_id = self.viewer.workspace_id
        async with self.connection.transaction():
            [found] = (await rules.of_segments(self.connection, workspace_id, [segment_id])).values()
            catalogue = await catalogues.load(self.connection, workspace_id, kind)
            matched = await PostgresEngine().evaluate(
                self.connection,
                EvaluationRequest(
                    Population(workspace_id, kind),
                    [rule.checked(catalogue) for rule in found],
                    as_of=await self.connection.fetchval("SELECT clock_timestamp()"),
                    zone=ZoneInfo("UTC"),
                    timeout_seconds=10,
                ),
            )
            rows = await self.connection.fetch(
                "SELECT id, kind FROM sources WHERE segment_id = $1 ORDER BY id", segment_id
            )
            store = ChunkStore(self.connection, workspace_id)
            for rule, place in zip(found, range(len(matched)), strict=True):
                matched[place] -= await store.read(ChunkOwner(ChunkRole.BLOCKS, rule.source_id))
            by_hand = [
                await store.read(ChunkOwner(ChunkRole.LINKS, row["id"]))
                for row in rows
                if row["kind"] == "MANUAL"
            ]
        return BitMap.union(BitMap(), *matched, *by_hand)


@pytest.fixture
async def world(context: Context, viewer: Viewer, connection: asyncpg.Connection) -> World:
    """An empty workspace."""
    return World(context, viewer, connection)


def in_segment(segment: SegmentView, op: str = "IN") -> dict[str, Any]:
    """Criteria: in another segment, or not."""
    return {"segment": {"op": op, "id": segment.id}}


def with_deals(where: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Criteria: accounts with a deal that satisfies criteria."""
    related: dict[str, Any] = {"relation": "deals", "op": "GTE", "count": 1}
    return {"related": related if where is None else related | {"where": where}}


async def test_only_rules_that_read_the_change_are_asked(world: World) -> None:
    # given one segment that reads tags, and ever more that do not
    await world.put(ACCOUNT, {"externalId": "a", "country": "DE"}, {"externalId": "b", "country": "US"})
    tagged = await world.segment("Tagged", ACCOUNT, {"tags": {"op": "HAS_ANY", "values": ["x"]}})
    asked = []
    for number in (1, 5):
        for n in range(number):
            await world.segment(f"Country {number} {n}", ACCOUNT, country("DE"))
        await world.settle()

        # when a tag changes
        spy = SpyEngine()
        tag = Selection(kind=ACCOUNT, external_ids=["a"])
        await member_edits.tag(world.context, world.viewer, tag, add=[f"n{number}", "x"], remove=[])
        await refresh.drain(with_engine(world.context, spy), world.viewer.workspace_id, ACCOUNT)
        asked.append((spy.trees, spy.calls))

    # then that one rule is evaluated, and nothing about reach
    assert asked == [(1, 1), (1, 1)]
    assert await world.names(tagged) == {"a"}

    # and what nobody reads evaluates nothing
    spy = SpyEngine()
    await world.put(ACCOUNT, {"externalId": "a", "industry": "Retail"})
    assert await refresh.drain(with_engine(world.context, spy), world.viewer.workspace_id, ACCOUNT) == 1
    assert spy.calls == 0


async def test_a_wide_change_does_not_widen_the_others(world: World) -> None:
    # given one who is new, and one of whom something changed that nobody reads, in the same round
    await world.put(ACCOUNT, {"externalId": "a"})
    await world.segment("Tagged", ACCOUNT, {"tags": {"op": "HAS_ANY", "values": ["x"]}})
    await world.segment("German", ACCOUNT, country("DE"))
    await world.settle()
    await world.put(ACCOUNT, {"externalId": "a", "industry": "Retail"}, {"externalId": "new"})

    spy = SpyEngine()
    await refresh.drain(with_engine(world.context, spy), world.viewer.workspace_id, ACCOUNT)

    # then the two rules and the reach were asked about the new one alone
    assert await world.connection.fetchval("SELECT count(*) FROM dirty_batches") == 0
    assert spy.asked == [BitMap([1]), BitMap([1])]


async def test_one_refresh_brings_a_chain_of_segments_to_its_end(world: World) -> None:
    # given a chain of three, the last of which was made first, and one that is the opposite of the last
    await world.put(ACCOUNT, {"externalId": "a", "country": "US"}, {"externalId": "b", "country": "DE"})
    last = await world.segment("Last", ACCOUNT, country("FR"))
    first = await world.segment("First", ACCOUNT, country("DE"))
    middle = await world.segment("Middle", ACCOUNT, {"all": [in_segment(first), country("DE")]})
    await segment_edits.update(world.context, world.viewer, last.id, {"criteria": in_segment(middle)})
    outside = await world.segment("Outside", ACCOUNT, in_segment(last, "NOT_IN"))
    await world.settle()
    assert [await world.names(one) for one in (first, middle, last, outside)] == [{"b"}] * 3 + [{"a"}]

    # when one refresh looks at a change
    await world.put(ACCOUNT, {"externalId": "a", "country": "DE"}, {"externalId": "b", "country": "US"})
    await refresh.refresh_once(world.context, world.viewer.workspace_id, ACCOUNT)

    # then all have followed, and nothing is left for another
    assert [await world.names(one) for one in (first, middle, last, outside)] == [{"a"}] * 3 + [{"b"}]
    assert await world.connection.fetchval("SELECT count(*) FROM dirty_batches") == 0


async def test_what_changes_in_related_members_reaches_the_rules_of_others(world: World) -> None:
    # given accounts by the stage of their deals, and by a segment of deals
    await world.put(DEAL, {"externalId": "d", "name": "open", "score": 1})
    await world.put(ACCOUNT, {"externalId": "a"}, {"externalId": "b"})
    await world.relate("d", "a")
    name = {"attribute": {"field": "name", "op": "EQ", "value": "won"}}
    high = await world.segment("High", DEAL, {"attribute": {"field": "score", "op": "GT", "value": 5}})
    winners = await world.segment("Winners", ACCOUNT, with_deals(name))
    promising = await world.segment("Promising", ACCOUNT, with_deals(in_segment(high)))
    await world.settle()
    assert (await world.names(winners), await world.names(promising)) == (set(), set())

    # when the deal changes, then its accounts follow
    await world.put(DEAL, {"externalId": "d", "name": "won", "score": 9})
    await world.settle()
    assert (await world.names(winners), await world.names(promising)) == ({"a"}, {"a"})
    await world.relate("d", "b")
    await world.relate("d", "a", remove=True)
    await world.settle()
    assert (await world.names(winners), await world.names(promising)) == ({"b"}, {"b"})

    # and what no account asks about does not concern them
    await world.put(DEAL, {"externalId": "d", "industry": "Retail"})
    await refresh.drain(world.context, world.viewer.workspace_id, DEAL)
    assert await world.connection.fetchval("SELECT count(*) FROM dirty_batches") == 0


async def test_new_dependencies_are_there_before_the_run(world: World) -> None:
    # given an edit that has been committed, and whose run has not begun
    await world.put(ACCOUNT, {"externalId": "a", "country": "DE"})
    segment = await world.segment("Edited", ACCOUNT, country("DE"))
    await world.settle()
    tagged = {"tags": {"op": "HAS_ANY", "values": ["x"]}}
    await segment_edits.update(world.context, world.viewer, segment.id, {"criteria": tagged})

    # when what only the new criteria read changes
    names = await world.connection.fetch("SELECT name FROM dependencies ORDER BY name")
    assert [row["name"] for row in names] == ["created", "tags"]
    some = Selection(kind=ACCOUNT, external_ids=["a"])
    await member_edits.tag(world.context, world.viewer, some, add=["x"], remove=[])
    await refresh.drain(world.context, world.viewer.workspace_id, ACCOUNT)
    await world.compute()

    assert await world.names(segment) == {"a"}


CHOICES: list[dict[str, Any]] = [
    country("DE"),
    {"not": country("DE")},
    {"tags": {"op": "HAS_ANY", "values": ["x"]}},
    {"consent": {"channel": "EMAIL", "state": "DENIED"}},
    {"event": {"name": "visit", "op": "GTE", "value": 2}},
    {"event": {"name": "visit", "op": "EQ", "value": 0}},
    with_deals(),
    with_deals({"attribute": {"field": "score", "op": "GT", "value": 5}}),
    {"not": with_deals({"any": [country("DE"), {"event": {"name": "call", "op": "GTE", "value": 1}}]})},
    {"attribute": {"field": "updatedAt", "op": "IS_SET"}},
    {"attribute": {"field": "plan", "op": "EQ", "value": "pro"}},
]


@pytest.mark.parametrize("number", range(2))
async def test_any_history_is_followed_as_a_full_evaluation_would(world: World, number: int) -> None:
    """Changes of every kind, edits and playbooks in random order: after each the audiences are what they would be."""
    chance = random.Random(number)
    await world.put(DEAL, *({"externalId": f"d{n}", "score": n} for n in range(8)))
    await world.put(
        ACCOUNT, *({"externalId": f"a{n}", "country": "DE", "attributes": {"plan": "pro"}} for n in range(10))
    )
    base = [await world.segment(f"Base {n}", ACCOUNT, chance.choice(CHOICES)) for n in range(4)]
    deals = await world.segment("Deals", DEAL, {"attribute": {"field": "score", "op": "GT", "value": 4}})
    on_top = [
        await world.segment("Both", ACCOUNT, {"all": [in_segment(base[0]), in_segment(base[1], "NOT_IN")]}),
        await world.segment("Of deals", ACCOUNT, with_deals(in_segment(deals))),
    ]
    on_top.append(
        await world.segment("Top", ACCOUNT, {"any": [in_segment(on_top[0]), in_segment(on_top[1], "NOT_IN")]})
    )
    draft = PlaybookDraft("Tagged", ACCOUNT, CHOICES[2], [base[0].id, base[1].id])
    playbook = await playbooks.create(world.context, world.viewer, draft)
    await world.settle()

    for step in range(24):
        await _happen(world, chance, base, deals, playbook.id, step)
        await world.settle()
        for segment in (*base, deals, *on_top):
            members = await world.members(segment.id)
            assert members == await world.expected(segment.id, segment.kind), (step, segment.name)
            count = await world.connection.fetchval(
                "SELECT member_count FROM segments WHERE id = $1", segment.id
            )
            assert count == len(members), (step, segment.name)


async def _happen(
    world: World,
    chance: random.Random,
    base: Sequence[SegmentView],
    deals: SegmentView,
    playbook_id: int,
    step: int,
) -> None:
    context, viewer = world.context, world.viewer
    accounts = chance.sample([f"a{n}" for n in range(14)], 3)
    some = Selection(kind=ACCOUNT, external_ids=chance.sample([f"a{n}" for n in range(10)], 3))
    deal = f"d{chance.randrange(8)}"
    match chance.randrange(9):
        case 0:
            rows = [{"externalId": name, "country": chance.choice(["DE", "US", None])} for name in accounts]
            await world.put(ACCOUNT, *rows)
        case 1:
            add, remove = chance.sample(["x", "y"], 2)
            await member_edits.tag(context, viewer, some, add=[add], remove=[remove])
        case 2:
            state = chance.choice(list(ConsentState))
            await member_edits.set_consents(context, viewer, some, {Channel.EMAIL: state})
        case 3:
            who = {"kind": DEAL, "memberExternalId": deal, "name": "call"}
            if chance.random() < 0.6:
                who = {"kind": ACCOUNT, "memberExternalId": accounts[0], "name": "visit"}
            given = who | {"externalId": f"e{step}", "occurredAt": "2026-01-02T03:04:05Z"}
            await events.record(context, viewer, [given])
        case 4:
            await world.relate(deal, accounts[0], remove=chance.random() < 0.4)
        case 5:
            await world.put(DEAL, {"externalId": deal, "score": chance.randrange(10), "country": "DE"})
        case 6:
            edited = {"criteria": chance.choice(CHOICES)}
            await segment_edits.update(context, viewer, chance.choice(base).id, edited)
        case 7:
            status = await world.connection.fetchval("SELECT status FROM playbooks")
            await (playbooks.pause if status == "ACTIVE" else playbooks.resume)(context, viewer, playbook_id)
            await world.settle()
            await playbooks.resume(context, viewer, playbook_id)
        case _:
            hand = chance.choice([manual_membership.add, manual_membership.remove])
            await hand(context, viewer, [chance.choice(base).id], some)
