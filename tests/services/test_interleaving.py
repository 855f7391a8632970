"""Changes, edits, recalculations and refreshes at once, in random order, end where a naive evaluation ends."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.engines import EvaluationRequest, PostgresEngine
from seggraph.models.audiences import ChunkRole
from seggraph.services.members import edits as member_edits
from seggraph.services.members.selections import Selection
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import segments
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import Channel, ConsentState, ReachStatus, SegmentPurpose
from tests.product import working
from tests.services.computing import ACCOUNT, country, new_segment, put, replayed

Account: TypeAlias = asyncpg.Record
CHOICES: list[tuple[dict[str, Any], Callable[[Account], bool]]] = [
    (country("DE"), lambda a: a["country"] == "DE"),
    ({"not": country("DE")}, lambda a: a["country"] != "DE"),
    ({"tags": {"op": "HAS_ANY", "values": ["x"]}}, lambda a: "x" in a["tags"]),
    (
        {"any": [country("US"), {"consent": {"channel": "EMAIL", "state": "DENIED"}}]},
        lambda a: a["country"] == "US" or a["consent_email"] == ConsentState.DENIED,
    ),
    (
        {"attribute": {"field": "employees", "op": "GT", "value": 50}},
        lambda a: a["employees"] is not None and a["employees"] > 50,
    ),
]


@dataclass
class DawdlingEngine:
    """Takes a random little while before it answers, so that whatever may come in between does."""

    chance: random.Random
    inner: PostgresEngine = field(default_factory=PostgresEngine)

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        found = await self.inner.evaluate(connection, request)
        await asyncio.sleep(self.chance.choice([0, 0, 0.01, 0.06]))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.mark.parametrize("number", range(2))
async def test_any_interleaving_ends_at_the_naive_result(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, number: int
) -> None:
    # given some members and a segment of each criteria
    chance = random.Random(number)
    slow = replace(context, engine=DawdlingEngine(chance))
    await put(slow, viewer, *(_row(chance, n) for n in range(20)))
    purposes = [None, SegmentPurpose.ACQUISITION, SegmentPurpose.RETENTION, None, None]
    made = [
        await new_segment(slow, viewer, criteria, name=f"Segment {n}", purpose=purposes[n])
        for n, (criteria, _) in enumerate(CHOICES)
    ]
    wanted = {segment.id: n for n, segment in enumerate(made)}

    # when several clients and two workers are at it at once
    async with working(slow), working(slow):
        await asyncio.gather(
            *(_change(slow, viewer, chance) for _ in range(3)),
            _recompute_and_refresh(slow, viewer, chance, made),
            _edit(slow, viewer, chance, made, wanted),
        )
        await _quiet(connection)

    # then every number and every audience is that of the members as they are
    accounts = await connection.fetch("SELECT * FROM members WHERE workspace_id = $1", viewer.workspace_id)
    for segment in made:
        view = await segment_views.get(viewer, segment.id)
        expected = [account for account in accounts if CHOICES[wanted[segment.id]][1](account)]
        members = BitMap(account["ordinal"] for account in expected)
        owner = ChunkOwner(ChunkRole.MEMBERS, segment.id)
        assert await ChunkStore(connection, viewer.workspace_id).read(owner) == members
        assert view.reach_status is ReachStatus.READY
        assert view.member_count == len(members)
        assert _reach(view) == _naive_reach(expected, segment.purpose)
        assert await replayed(connection, segment.id) == members
    assert await connection.fetchval("SELECT count(*) FROM runs WHERE status = 'RUNNING'") == 0
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0


def _row(chance: random.Random, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {"externalId": f"a{number}", "country": chance.choice(["DE", "US", None])}
    if chance.random() < 0.5:
        row["employees"] = chance.choice([None, 10, 51, 90])
    if chance.random() < 0.5:
        row["email"] = chance.choice([None, f"a{number}@example.com"])
    if chance.random() < 0.5:
        row["address"] = chance.choice([None, "Street 1"])
    return row


async def _change(context: Context, viewer: Viewer, chance: random.Random) -> None:
    for _ in range(25):
        numbers = chance.sample(range(40), 4)
        selection = Selection(kind=ACCOUNT, external_ids=[f"a{number}" for number in numbers])
        match chance.randrange(3):
            case 0:
                await put(context, viewer, *(_row(chance, number) for number in numbers))
            case 1:
                add, remove = chance.sample(["x", "y"], 2)
                await member_edits.tag(context, viewer, selection, add=[add], remove=[remove])
            case _:
                state = chance.choice(list(ConsentState))
                await member_edits.set_consents(
                    context, viewer, selection, {chance.choice(list(Channel)): state}
                )
        await asyncio.sleep(chance.random() * 0.03)


async def _recompute_and_refresh(
    context: Context, viewer: Viewer, chance: random.Random, made: list[SegmentView]
) -> None:
    for _ in range(20):
        segment = chance.choice(made)
        asked = await segments.recalculate(context, viewer, segment.id)
        if chance.random() < 0.5:
            await recompute.run(context, segment.id, asked.requested_revision)
        else:
            await refresh.refresh_once(context, viewer.workspace_id, ACCOUNT)
        await asyncio.sleep(chance.random() * 0.04)


async def _edit(
    context: Context, viewer: Viewer, chance: random.Random, made: list[SegmentView], wanted: dict[int, int]
) -> None:
    for _ in range(10):
        segment, choice = chance.choice(made), chance.randrange(len(CHOICES))
        await segment_edits.update(context, viewer, segment.id, {"criteria": CHOICES[choice][0]})
        wanted[segment.id] = choice
        await asyncio.sleep(chance.random() * 0.08)


async def _quiet(connection: asyncpg.Connection) -> None:
    """Wait until nothing is asked for, dirty or on its way."""
    busy = """SELECT (SELECT count(*) FROM dirty_batches) + (SELECT count(*) FROM outbox)
        + (SELECT count(*) FROM segments WHERE reach_status = 'CALCULATING')"""
    async with asyncio.timeout(120):
        while await connection.fetchval(busy):  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.05)


def _reach(view: SegmentView) -> tuple[int | None, ...]:
    return (
        view.reach_total,
        view.reach_email,
        view.reach_direct_mail,
        view.reach_sms,
        view.reach_phone,
        view.reach_push,
    )


def _naive_reach(accounts: list[Account], purpose: SegmentPurpose | None) -> tuple[int, ...]:
    email = {a["id"] for a in accounts if a["email"] and a["consent_email"] != ConsentState.DENIED}
    mail = {a["id"] for a in accounts if a["has_address"] and a["consent_direct_mail"] != ConsentState.DENIED}
    push = {a["id"] for a in accounts if a["consent_push"] == ConsentState.GRANTED}
    total = mail if purpose is SegmentPurpose.ACQUISITION else mail | email
    return len(total), len(email), len(mail), 0, 0, len(push)
