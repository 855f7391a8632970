"""The kept numbers of different addresses are those of a look at every member, whatever happened before."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import populations
from seggraph.services.erasure import erasure
from seggraph.services.members.selections import Selection
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import lifecycle, manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.services.suppressions import suppressions
from seggraph.services.workspaces import settings as workspace_settings
from seggraph.vocabulary import Channel, ConsentPolicy, ConsentState, SegmentType, SuppressionReason
from tests.counted_work import counted
from tests.effort import tries
from tests.services.computing import ACCOUNT, country, put, read, ready_segment

COUNT = 40
EMAILS = [
    None,
    "a@example.com",
    "A@example.com ",
    "b@example.com",
    "c@example.com",
    *(f"{n}@d.example" for n in range(9)),
]
PHONES = [None, "+49 30 1", "0049 (30) 1", "030 1", "no digits", *(f"+1 {n}" for n in range(6))]
ADDRESSES = [
    None,
    "Street 1, 12345 Town",
    "12345 town street 1",
    "Road 2",
    "--",
    *(f"Way {n}" for n in range(6)),
]
CHANNELS = (Channel.EMAIL, Channel.DIRECT_MAIL, Channel.SMS, Channel.PHONE)

NAIVE = """
    SELECT count(DISTINCT {key}) FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3)
"""
KEYS = {
    Channel.EMAIL: "seggraph_email_key(m.email)",
    Channel.DIRECT_MAIL: "a.postal_digest",
    Channel.SMS: "seggraph_phone_key(m.phone)",
    Channel.PHONE: "seggraph_phone_key(m.phone)",
}


@dataclass
class World:
    """A workspace, its segments, and the chance that everything comes from."""

    context: Context
    viewer: Viewer
    connection: asyncpg.Connection
    chance: Random
    segments: list[SegmentView] = field(default_factory=list)
    next_number: int = COUNT

    def row(self, number: int) -> dict[str, Any]:
        """A member with addresses that others have too."""
        pick = self.chance.choice
        return {
            "externalId": f"m{number}",
            "country": pick(["DE", "FR", "US"]),
            "email": pick(EMAILS),
            "phone": pick(PHONES),
            "address": pick(ADDRESSES),
            "consents": [(channel, pick(list(ConsentState))) for channel in CHANNELS],
        }

    async def settle(self) -> None:
        """Look at what changed."""
        await refresh.drain(self.context, self.viewer.workspace_id, ACCOUNT)
        for segment in self.segments:
            now = await read(self.viewer, segment)
            await recompute.run(self.context, segment.id, now.requested_revision)

    async def naive(self, segment: SegmentView, channel: Channel) -> int:
        """The number of different addresses, from the members as they are stored."""
        workspace_id = self.viewer.workspace_id
        population_id = await populations.ensure(self.connection, workspace_id, ACCOUNT)
        members = ChunkOwner(ChunkRole.MEMBERS, segment.id)
        reached = ChunkOwner(ChunkRole.reachable(channel), population_id)
        found = await ChunkStore(self.connection, workspace_id).read_many([members, reached])
        ordinals = list(found[members] & found[reached])
        text = NAIVE.format(key=KEYS[channel])
        return int(await self.connection.fetchval(text, workspace_id, ACCOUNT, ordinals))

    async def assert_exact(self, after: str) -> None:
        """Compare all numbers of all segments."""
        for segment in self.segments:
            view = await read(self.viewer, segment)
            kept = {channel: getattr(view, f"distinct_{channel.name.lower()}") for channel in CHANNELS}
            naive = {channel: await self.naive(segment, channel) for channel in CHANNELS}
            assert kept == naive, f"{segment.name} after {after}"

    # What may happen. Each is one change.

    async def correct(self) -> None:
        """Members get other addresses, consents and countries."""
        await put(self.context, self.viewer, *map(self.row, self.chance.sample(range(COUNT), 6)))

    async def correct_emails(self) -> None:
        """Members get other email addresses, and nothing else changes."""
        numbers = self.chance.sample(range(COUNT), 5)
        rows = [{"externalId": f"m{n}", "email": self.chance.choice(EMAILS)} for n in numbers]
        await put(self.context, self.viewer, *rows)

    async def move(self) -> None:
        """Members go to other countries, and so to other segments."""
        numbers = self.chance.sample(range(COUNT), 5)
        rows = [{"externalId": f"m{n}", "country": self.chance.choice(["DE", "FR"])} for n in numbers]
        await put(self.context, self.viewer, *rows)

    async def create(self) -> None:
        """There are more members."""
        await put(self.context, self.viewer, *map(self.row, range(self.next_number, self.next_number + 3)))
        self.next_number += 3

    async def suppress(self) -> None:
        """Addresses must not be used."""
        addresses = self.chance.sample([one for one in EMAILS if one], 2)
        await suppressions.suppress(
            self.context, self.viewer, Channel.EMAIL, addresses, SuppressionReason.BOUNCE
        )

    async def unsuppress(self) -> None:
        """They may be used again."""
        addresses = self.chance.sample([one for one in EMAILS if one], 6)
        await suppressions.unsuppress(self.context, self.viewer, Channel.EMAIL, addresses)

    async def erase(self) -> None:
        """Members are erased."""
        names = [f"m{n}" for n in self.chance.sample(range(self.next_number), 2)]
        await erasure.delete(self.context, self.viewer, Selection(kind=ACCOUNT, external_ids=names))

    async def add(self) -> None:
        """Members are added to segments manually."""
        names = [f"m{n}" for n in self.chance.sample(range(self.next_number), 5)]
        chosen = [segment.id for segment in self.chance.sample(self.segments, 2)]
        await manual_membership.add(
            self.context, self.viewer, chosen, Selection(kind=ACCOUNT, external_ids=names)
        )

    async def remove(self) -> None:
        """Members are removed manually."""
        names = [f"m{n}" for n in self.chance.sample(range(self.next_number), 5)]
        chosen = [segment.id for segment in self.chance.sample(self.segments, 2)]
        await manual_membership.remove(
            self.context, self.viewer, chosen, Selection(kind=ACCOUNT, external_ids=names)
        )

    async def change_policy(self) -> None:
        """Consent that is not known means something else; the audiences of the population are built anew."""
        policy = self.chance.choice(list(ConsentPolicy))
        await workspace_settings.update(self.context, self.viewer, {"consent_policy": policy})

    async def pause(self) -> None:
        """A segment stays as it is for a while."""
        segment = self.segments[0]
        await lifecycle.pause(self.context, self.viewer, segment.id)
        await self.correct()
        await self.erase()
        await self.settle()
        await lifecycle.resume(self.context, self.viewer, segment.id)


CHANGES = (
    World.correct,
    World.correct,
    World.correct_emails,
    World.move,
    World.create,
    World.suppress,
    World.unsuppress,
    World.erase,
    World.add,
    World.remove,
    World.change_policy,
    World.pause,
)


@pytest.fixture
async def world(context: Context, viewer: Viewer, connection: asyncpg.Connection) -> World:
    """Members and segments, up to date."""
    made = World(context, viewer, connection, Random(1))
    await put(context, viewer, *map(made.row, range(COUNT)))
    everybody = {"not": {"attribute": {"field": "country", "op": "EQ", "value": "nowhere"}}}
    made.segments = [
        await ready_segment(context, viewer, country("DE"), name="German"),
        await ready_segment(context, viewer, everybody, name="Everybody"),
        await segments.create(
            context, viewer, SegmentDraft("By hand", ACCOUNT, SegmentType.STATIC, activate=True)
        ),
    ]
    await made.settle()
    return made


@pytest.mark.parametrize("seed", range(tries(4, 60)))
async def test_the_numbers_stay_exact(world: World, seed: int) -> None:
    world.chance.seed(seed)
    await world.correct()
    await world.settle()
    await world.assert_exact("the first run")
    happened = []
    for _ in range(25):
        change = world.chance.choice(CHANGES)
        happened.append(change.__name__)
        await change(world)
        if world.chance.random() < 0.8:
            await world.settle()
            await world.assert_exact(f"{happened}, seed {seed}")


async def test_they_are_right_at_once_after_a_refresh_a_manual_change_and_an_erasure(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given three who share an address, and one who does not
    await put(
        context,
        viewer,
        *({"externalId": f"m{n}", "country": "DE", "email": "a@example.com"} for n in range(3)),
    )
    await put(context, viewer, externalId="other", country="DE", email="b@example.com")
    segment = await ready_segment(context, viewer, country("DE"))
    assert (await read(viewer, segment)).distinct_email == 2

    await put(context, viewer, externalId="m0", country="FR")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert (await read(viewer, segment)).distinct_email == 2

    one = Selection(kind=ACCOUNT, external_ids=["m1"])
    await manual_membership.remove(context, viewer, [segment.id], one)
    assert (await read(viewer, segment)).distinct_email == 2

    await put(context, viewer, externalId="m2", email="b@example.com")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert (await read(viewer, segment)).distinct_email == 1

    await erasure.delete(context, viewer, Selection(kind=ACCOUNT, external_ids=["other"]))
    assert (await read(viewer, segment)).distinct_email == 1

    await suppressions.suppress(context, viewer, Channel.EMAIL, ["b@example.com"], SuppressionReason.BOUNCE)
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert (await read(viewer, segment)).distinct_email == 0
    # nothing is left of the erased one but what there was of others
    assert await connection.fetchval("SELECT count(*) FROM reach_addresses") == 3


async def test_a_run_looks_only_at_those_who_share_an_address(context: Context, viewer: Viewer) -> None:
    rows = [{"externalId": f"m{n}", "country": "DE", "email": f"{n}@example.com"} for n in range(500)]
    await put(context, viewer, *rows)
    await put(context, viewer, externalId="twin", country="DE", email="7@example.com")
    segment = await ready_segment(context, viewer, country("DE"))

    # when one moves, then only that one's address is looked at
    await put(context, viewer, externalId="m7", country="FR")
    with counted() as work:
        await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert (await read(viewer, segment)).distinct_email == 500
    assert work.most_rows < 50
