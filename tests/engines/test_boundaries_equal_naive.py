"""As time passes and members change, looking at whom either moved keeps every audience equal to the whole truth."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.criteria import Checked, check, parse
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.vocabulary import MemberKind
from tests.effort import tries
from tests.engines import random_histories, random_worlds
from tests.engines.stored_members import CATALOGUE
from tests.engines.stored_worlds import related, store_world

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
SIZES = {MemberKind.PERSON: 6, MemberKind.ACCOUNT: 3}
SEGMENTS = {segment: {1, 2, 3} for segment in random_worlds.SEGMENTS}
_TABLES = ("members", "member_addresses", "events", "event_totals", "relations", "chunks")


@dataclass
class World:
    """People and accounts, who belongs where, and when the events of each were recorded."""

    connection: asyncpg.Connection
    links: list[tuple[str, int, int]]
    members: dict[MemberKind, list[NaiveMember]] = field(default_factory=dict)
    recorded: dict[tuple[MemberKind, int], datetime] = field(default_factory=dict)

    def people(self) -> list[NaiveMember]:
        """The people with their accounts, who have their people."""
        back = [("people", account, person) for _, person, account in self.links]
        accounts = related(MemberKind.ACCOUNT, self.members[MemberKind.ACCOUNT], self.members, back)
        return related(
            MemberKind.PERSON, self.members[MemberKind.PERSON], {MemberKind.ACCOUNT: accounts}, self.links
        )

    def around(self, kind: MemberKind, ordinal: int) -> BitMap:
        """The people whom a change of a member is one of."""
        accounts = {account for _, person, account in self.links if person == ordinal}
        if kind is MemberKind.ACCOUNT:
            accounts = {ordinal}
        colleagues = BitMap(person for _, person, account in self.links if account in accounts)
        return colleagues | BitMap([ordinal]) if kind is MemberKind.PERSON else colleagues

    async def store(self) -> None:
        """Write everything anew."""
        for table in _TABLES:
            await self.connection.execute(f"DELETE FROM {table}")
        await store_world(
            self.connection,
            self.members,
            links={MemberKind.PERSON: self.links},
            segments={segment: BitMap(members) for segment, members in SEGMENTS.items()},
        )
        rows = [(int(kind), ordinal, at) for (kind, ordinal), at in self.recorded.items()]
        await self.connection.executemany(
            "UPDATE events SET recorded_at = $3 WHERE kind = $1 AND ordinal = $2", rows
        )


@given(
    documents=st.lists(random_histories.trees, min_size=6, max_size=10),
    data=st.data(),
    start=st.sampled_from(random_histories.STARTS),
    zone=st.sampled_from(random_histories.ZONES),
    links=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=7),
    steps=random_histories.steps,
)
@settings(
    max_examples=tries(6, 40),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
async def test_any_trees_through_any_history(
    connection: asyncpg.Connection,
    documents: list[dict[str, Any]],
    data: st.DataObject,
    start: datetime,
    zone: ZoneInfo,
    links: set[tuple[int, int]],
    steps: list[random_histories.Step],
) -> None:
    engine = PostgresEngine()
    trees = [check(parse(document), CATALOGUE) for document in documents]
    world = World(connection, [("account", person, account) for person, account in sorted(links)])
    for kind, size in SIZES.items():
        world.members[kind] = [data.draw(random_histories.members(start, n)) for n in range(size)]
        world.recorded |= {(kind, n): start for n in range(size)}

    def truth(tree: Checked, as_of: datetime) -> BitMap:
        return BitMap(
            n
            for n, one in enumerate(world.people())
            if matches(tree, one, as_of=as_of, zone=zone, segments=SEGMENTS)
        )

    async def evaluated(as_of: datetime, ordinals: list[BitMap | None]) -> list[BitMap]:
        return [
            (
                await engine.evaluate(
                    connection,
                    EvaluationRequest(
                        PEOPLE, [tree], as_of=as_of, zone=zone, within_ordinals=among, timeout_seconds=10
                    ),
                )
            )[0]
            for tree, among in zip(trees, ordinals, strict=True)
        ]

    transaction = connection.transaction()
    await transaction.start()
    try:
        # given audiences as of the start
        await world.store()
        now = ticked = start
        audiences = await evaluated(now, [None] * len(trees))
        for step in steps:
            now += step.passes
            if step.changes is not None:
                # when somebody changes, and only those whom it may matter to are looked at
                kind = MemberKind.PERSON if step.changes[0] == "person" else MemberKind.ACCOUNT
                ordinal = step.changes[1]
                world.members[kind][ordinal] = data.draw(random_histories.members(start, ordinal))
                world.recorded[kind, ordinal] = now
                await world.store()
                changed = world.around(kind, ordinal)
                anew = await evaluated(now, [changed] * len(trees))
                audiences = [
                    (before - changed) | found for before, found in zip(audiences, anew, strict=True)
                ]
            if step.is_tick:
                # when time passed, and only those whom it may have moved are looked at
                moved = await engine.moved_by_time(
                    connection,
                    EvaluationRequest(PEOPLE, trees, as_of=now, zone=zone, timeout_seconds=10),
                    since=ticked,
                )
                ticked = now
                anew = await evaluated(now, list(moved))
                audiences = [
                    (before - whom) | found
                    for before, whom, found in zip(audiences, moved, anew, strict=True)
                ]

                # then every audience is what looking at everybody gives, and what is true
                assert audiences == await evaluated(now, [None] * len(trees))
                assert audiences == [truth(tree, now) for tree in trees]
    finally:
        await transaction.rollback()
