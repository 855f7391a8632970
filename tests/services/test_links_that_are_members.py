"""Links that are all the members of a segment are stored as the members alone, and every reader finds them."""

import random
from dataclasses import dataclass

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph import embedded
from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.database import migrating
from seggraph.models.audiences import ChunkRole
from seggraph.services.erasure import erasure
from seggraph.services.members.selections import Selection
from seggraph.services.segments import clones, manual_membership
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import MemberKind, SourceKind
from tests.services.manual_changes import GERMAN, UnitOfWork, named

SOURCES = "SELECT id, kind, links_are_members FROM sources WHERE segment_id = $1"
LINKS = "SELECT owner_id, roaring FROM chunks WHERE role = 2"
BEFORE = "0035_idempotency_keys"


@dataclass(frozen=True)
class Stored:
    """What is stored of the links of a segment: by kind of the source, whether there are any, and what is read."""

    as_members: set[str]
    separately: set[str]
    links: dict[str, BitMap]
    members: BitMap


async def stored(connection: asyncpg.Connection, segment: SegmentView) -> Stored:
    workspace_id = await connection.fetchval("SELECT workspace_id FROM segments WHERE id = $1", segment.id)
    sources = await connection.fetch(SOURCES, segment.id)
    rows = {row["owner_id"] for row in await connection.fetch(LINKS)}
    store = ChunkStore(connection, workspace_id)
    owners = {row["kind"]: ChunkOwner(ChunkRole.LINKS, row["id"]) for row in sources}
    members = ChunkOwner(ChunkRole.MEMBERS, segment.id)
    whole = await store.read_many([*owners.values(), members])
    everyone = BitMap(range(1_000))
    held = await store.read_held([*owners.values(), members], everyone)
    assert held == whole
    assert await store.read_many([*owners.values(), members], within_ordinals=everyone) == whole
    return Stored(
        {row["kind"] for row in sources if row["links_are_members"]},
        {row["kind"] for row in sources if row["id"] in rows},
        {kind: whole[owner] for kind, owner in owners.items()},
        whole[members],
    )


@pytest.fixture
def work(context: Context, viewer: Viewer) -> UnitOfWork:
    return UnitOfWork(context, viewer)


async def test_a_run_stores_the_links_as_the_members_and_a_refresh_follows(
    work: UnitOfWork, connection: asyncpg.Connection
) -> None:
    await work.put("a", "b", "c")
    segment = await work.segment("German", criteria=GERMAN)
    after_run = await stored(connection, segment)
    await work.put("b", country="US")
    await work.put("d")
    await work.refresh()
    after_refresh = await stored(connection, segment)

    assert (after_run.as_members, after_run.separately) == ({"CRITERIA"}, set())
    assert after_run.links == {"CRITERIA": after_run.members, "MANUAL": BitMap()}
    assert len(after_run.members) == 3
    assert (after_refresh.as_members, after_refresh.separately) == ({"CRITERIA"}, set())
    assert after_refresh.links["CRITERIA"] == after_refresh.members == BitMap([0, 2, 3])
    assert await work.sources(segment) == {SourceKind.CRITERIA: (3, 0), SourceKind.MANUAL: (0, 0)}


async def test_links_part_from_the_members_when_they_differ_and_become_them_again(
    work: UnitOfWork, context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await work.put("a", "b")
    await work.put("c", country="US")
    segment = await work.segment("German", criteria=GERMAN)

    # when a member whom the criteria do not match is added
    await manual_membership.add(context, viewer, [segment.id], named("c"))
    parted = await stored(connection, segment)

    assert (parted.as_members, parted.separately) == (set(), {"CRITERIA", "MANUAL"})
    assert parted.links == {"CRITERIA": BitMap([0, 1]), "MANUAL": BitMap([2])}
    assert parted.members == BitMap([0, 1, 2])
    assert await work.sources(segment) == {SourceKind.CRITERIA: (2, 0), SourceKind.MANUAL: (1, 0)}

    # and removed again: only a run, which reads all of it, knows that the links are all the members
    await manual_membership.remove(context, viewer, [segment.id], named("c"))
    assert (await stored(connection, segment)).separately == {"CRITERIA"}
    await work.recalculate(segment)
    joined = await stored(connection, segment)

    assert (joined.as_members, joined.separately) == ({"CRITERIA"}, set())
    assert joined.links == {"CRITERIA": BitMap([0, 1]), "MANUAL": BitMap()}


async def test_a_refresh_in_which_links_and_members_part(
    work: UnitOfWork, context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a member who is matched and added too, so that the links are the members still
    await work.put("a", "b")
    segment = await work.segment("German", criteria=GERMAN)
    await manual_membership.add(context, viewer, [segment.id], named("a"))
    assert (await stored(connection, segment)).as_members == {"CRITERIA"}

    # when that member is not matched any more
    await work.put("a", country="US")
    await work.refresh()

    found = await stored(connection, segment)
    assert (found.as_members, found.separately) == (set(), {"CRITERIA", "MANUAL"})
    assert found.links == {"CRITERIA": BitMap([1]), "MANUAL": BitMap([0])}
    assert found.members == BitMap([0, 1])


async def test_clones_and_erasures(
    work: UnitOfWork, context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await work.put("a", "b")
    segment = await work.segment("German", criteria=GERMAN)

    clone = await clones.clone(context, viewer, segment.id, "Clone")
    cloned = await stored(connection, clone)
    await erasure.delete(context, viewer, Selection(kind=MemberKind.ACCOUNT, external_ids=["a"]))

    assert (cloned.as_members, cloned.separately) == ({"CRITERIA"}, set())
    assert cloned.links["CRITERIA"] == BitMap([0, 1])
    for one in (segment, clone):
        left = await stored(connection, one)
        assert left.links["CRITERIA"] == left.members == BitMap([1])


@pytest.mark.parametrize("seed", range(3))
async def test_any_history_is_stored_and_read_as_if_links_had_chunks_of_their_own(
    work: UnitOfWork, context: Context, viewer: Viewer, connection: asyncpg.Connection, seed: int
) -> None:
    names = [f"m{number}" for number in range(6)]
    choose = random.Random(seed)
    await work.put(*names[:3])
    await work.put(*names[3:], country="US")
    segment = await work.segment("German", criteria=GERMAN)
    german = {0, 1, 2}
    manual: set[int] = set()
    blocked: set[int] = set()
    seen = {"CRITERIA" in (await stored(connection, segment)).as_members}

    for step in range(30):
        ordinals = set(choose.sample(range(6), choose.randint(1, 3)))
        some = [names[ordinal] for ordinal in ordinals]
        match choose.choice(["match", "match", "stop", "stop", "add", "remove", "run", "run"]):
            case "match":
                await work.put(*some)
                german |= ordinals
                await work.refresh()
            case "stop":
                await work.put(*some, country="US")
                german -= ordinals
                await work.refresh()
            case "add":
                await manual_membership.add(context, viewer, [segment.id], named(*some))
                manual |= ordinals
            case "remove":
                await manual_membership.remove(context, viewer, [segment.id], named(*some))
                manual -= ordinals
                blocked |= ordinals
            case "run":
                await work.recalculate(segment)
        found = await stored(connection, segment)
        assert found.links == {"CRITERIA": BitMap(german - blocked), "MANUAL": BitMap(manual)}, step
        assert found.members == BitMap((german - blocked) | manual), step
        assert not found.as_members & found.separately, step
        seen.add("CRITERIA" in found.as_members)

    assert seen == {True, False}


async def test_the_migration_stores_links_separately_on_its_way_back(servers: embedded.Servers) -> None:
    # given a segment whose links are its members, and one whose links are not
    administrator = await asyncpg.connect(servers.url_of("postgres"))
    await administrator.execute("CREATE DATABASE links_migrated")
    url = servers.url_of("links_migrated")
    try:
        await migrating.migrate(url)
        connection = await asyncpg.connect(url)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            """INSERT INTO sources (id, workspace_id, segment_id, kind, created_at, links_are_members)
            VALUES (10, 1, 100, 'CRITERIA', now(), true), (11, 1, 101, 'CRITERIA', now(), false)"""
        )
        store = ChunkStore(connection, 1)
        audience, other = BitMap(range(0, 200_000, 3)), BitMap([5])
        await store.write(
            {
                ChunkOwner(ChunkRole.MEMBERS, 100): (BitMap(), audience),
                ChunkOwner(ChunkRole.MEMBERS, 101): (BitMap(), audience),
                ChunkOwner(ChunkRole.LINKS, 11): (BitMap(), other),
            }
        )

        await migrating.migrate(url, target=BEFORE)

        found: dict[int, BitMap] = {}
        for owner_id, roaring in await connection.fetch(LINKS):
            found[owner_id] = found.get(owner_id, BitMap()) ^ from_bytes(roaring)
        assert found == {10: audience, 11: other}

        # and forwards again both are read as they were
        await migrating.migrate(url)
        owners = [ChunkOwner(ChunkRole.LINKS, 10), ChunkOwner(ChunkRole.LINKS, 11)]
        assert list((await store.read_many(owners)).values()) == [audience, other]
        await connection.close()
    finally:
        await administrator.execute("DROP DATABASE links_migrated WITH (FORCE)")
        await administrator.close()
