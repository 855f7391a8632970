"""Erasing members while something else is at work with them: nothing brings them back."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.errors import RetryLater
from seggraph.models.audiences import ChunkRole
from seggraph.services.erasure import erasure
from seggraph.services.imports import runs as import_runs
from seggraph.services.members import relations, upserts
from seggraph.services.members.selections import Selection
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, ReachStatus, RunStatus, SegmentType
from tests.product import working
from tests.services.computing import (
    ACCOUNT,
    PausingEngine,
    country,
    members_of,
    new_segment,
    put,
    read,
    ready_segment,
    replayed,
    restricted,
    whole,
    with_engine,
)
from tests.services.erasing import (
    MARK,
    PATIENCE_SECONDS,
    everything_about,
    named,
    quiet,
    traces,
)
from tests.services.importing import imported


async def test_a_run_at_work_does_not_bring_the_member_back(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run that has scanned, and not yet applied what it found
    ordinal = await everything_about(context, viewer)
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    running = asyncio.create_task(
        recompute.run(with_engine(context, engine), segment.id, segment.requested_revision)
    )
    await asyncio.wait_for(engine.reached.wait(), PATIENCE_SECONDS)

    # when the member is deleted meanwhile
    report = await erasure.delete(context, viewer, named(MARK))
    assert report.deleted == 1
    engine.resume.set()

    # then the run succeeds, without the member, and leaves nothing of it
    assert await running is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {f"a{n}" for n in range(7)}
    view = await read(viewer, segment)
    assert (view.member_count, view.reach_email, view.reach_status) == (7, 0, ReachStatus.READY)
    assert await traces(connection, ordinal) == []


async def test_a_refresh_at_work_does_not_bring_the_member_back(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a refresh that has found the member matching, and not yet written so
    segment = await ready_segment(context, viewer, country("DE"))
    ordinal = await everything_about(context, viewer)
    engine = PausingEngine(restricted)
    refreshing = asyncio.create_task(
        refresh.drain(with_engine(context, engine), viewer.workspace_id, ACCOUNT)
    )
    await asyncio.wait_for(engine.reached.wait(), PATIENCE_SECONDS)

    # when the member is deleted meanwhile, it waits for its turn
    deleting = asyncio.create_task(erasure.delete(context, viewer, named(MARK)))
    await asyncio.sleep(0.2)
    assert not deleting.done()
    engine.resume.set()
    await refreshing

    # then it is gone from what the refresh wrote
    assert (await deleting).erased.memberships == 1
    assert await members_of(connection, segment) == {f"a{n}" for n in range(7)}
    assert (await read(viewer, segment)).member_count == 7
    assert await traces(connection, ordinal) == []


async def test_an_import_does_not_bring_the_member_back(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an import into a segment, whose members are stored and who are not in the segment yet
    person = {"externalId": "p"}
    await upserts.upsert(context, viewer, MemberKind.PERSON, [person])
    row = {
        "relation": "people",
        "fromKind": ACCOUNT,
        "fromExternalId": "a1",
        "toKind": 1,
        "toExternalId": "p",
    }
    assert (await relations.relate(context, viewer, [row])).pending == 1
    segment = await segments.create(context, viewer, SegmentDraft("Static", ACCOUNT, SegmentType.STATIC))
    finish = import_runs._finish

    async def erase_and_finish(context: Context, claim: Any) -> Any:
        assert (await erasure.delete(context, viewer, named(MARK))).deleted == 1
        return await finish(context, claim)

    # when one of them is erased just then
    monkeypatch.setattr(import_runs, "_finish", erase_and_finish)
    await imported(
        context,
        viewer,
        f"id\n{MARK}\na1\n",
        {"id": "externalId"},
        segment_id=segment.id,
        only_targets=False,
    )

    # then the segment has the other one, whose pending relation became real as well
    assert await members_of(connection, segment) in (set(), {"a1"})  # a run may be still to come
    near = await connection.fetch("SELECT roaring FROM chunks")
    assert [list(from_bytes(row["roaring"])) for row in near] == [[1]]
    assert await connection.fetchval("SELECT count(*) FROM relations") == 1


async def test_deletions_amid_everything_else(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    """Upserts, relations, hands, recalculations and deletions at once end where the members say."""
    chance = random.Random(3)
    german = await new_segment(context, viewer, country("DE"), name="German")
    by_hand = await segments.create(context, viewer, SegmentDraft("By hand", ACCOUNT, SegmentType.STATIC))
    refused: list[Exception] = []

    async def repeat(times: int, act: Any) -> None:
        for _ in range(times):
            try:
                await act()
            except RetryLater as error:
                refused.append(error)
            await asyncio.sleep(chance.random() * 0.02)

    def some(count: int) -> list[str]:
        return [f"a{n}" for n in chance.sample(range(12), count)]

    async def write() -> None:
        await put(
            context,
            viewer,
            *({"externalId": one, "country": chance.choice(["DE", "US"]), "address": "x"} for one in some(5)),
        )

    async def relate() -> None:
        rows = [
            {
                "relation": "people",
                "fromKind": ACCOUNT,
                "fromExternalId": one,
                "toKind": 1,
                "toExternalId": one,
            }
            for one in some(4)
        ]
        await relations.relate(context, viewer, rows)

    async def people() -> None:
        await upserts.upsert(context, viewer, MemberKind.PERSON, [{"externalId": one} for one in some(4)])

    async def delete() -> None:
        kind = chance.choice([ACCOUNT, ACCOUNT, MemberKind.PERSON])
        await erasure.delete(context, viewer, Selection(kind=kind, external_ids=some(3)))

    async def hand() -> None:
        await manual_membership.add(context, viewer, [by_hand.id], named(*some(3)))

    async def recalculate() -> None:
        await segments.recalculate(context, viewer, german.id)

    async with working(context):
        await asyncio.gather(
            repeat(25, write),
            repeat(25, write),
            repeat(20, relate),
            repeat(20, people),
            repeat(25, delete),
            repeat(20, delete),
            repeat(15, hand),
            repeat(10, recalculate),
        )
        await quiet(connection)

    # then nobody was refused, and audiences, numbers and relations are of members who are there
    assert refused == []
    accounts = await connection.fetch("SELECT ordinal, country FROM members WHERE kind = $1", ACCOUNT)
    store = ChunkStore(connection, viewer.workspace_id)
    expected = BitMap(row["ordinal"] for row in accounts if row["country"] == "DE")
    assert await store.read(ChunkOwner(ChunkRole.MEMBERS, german.id)) == expected
    assert (await read(viewer, german)).member_count == len(expected)
    everyone = BitMap(row["ordinal"] for row in accounts)
    held = await store.read(ChunkOwner(ChunkRole.MEMBERS, by_hand.id))
    assert held <= everyone
    view = await read(viewer, by_hand)
    assert (view.member_count, view.reach_direct_mail) == (len(held), len(held))
    for row in await connection.fetch("SELECT roaring FROM run_chunks UNION ALL SELECT roaring FROM chunks"):
        assert from_bytes(row["roaring"]) <= everyone
    dangling = await connection.fetchval(
        """SELECT count(*) FROM relations r
        LEFT JOIN members f ON f.kind = r.from_kind AND f.ordinal = r.from_ordinal
        LEFT JOIN members t ON t.kind = r.to_kind AND t.ordinal = r.to_ordinal WHERE f.id IS NULL OR t.id IS NULL"""
    )
    assert dangling == 0
    waiting = await connection.fetchval(
        """SELECT count(*) FROM pending_relations p
        JOIN members f ON f.kind = p.from_kind AND f.external_id = p.from_external_id
        JOIN members t ON t.kind = p.to_kind AND t.external_id = p.to_external_id"""
    )
    assert waiting == 0


async def test_erasing_leaves_to_the_run_whom_an_import_has_linked(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a draft that an import has filled, and whose run is still to come after its activation
    segment = await segments.create(context, viewer, SegmentDraft("Listed", ACCOUNT, SegmentType.STATIC))
    await put(context, viewer, externalId="gone")
    await imported(
        context, viewer, "id\na\nb\n", {"id": "externalId"}, segment_id=segment.id, only_targets=False
    )
    await segments.activate(context, viewer, segment.id)

    # when somebody else is erased
    await erasure.delete(context, viewer, Selection(kind=ACCOUNT, external_ids=["gone"]))
    assert await members_of(connection, segment) == set()
    assert (await read(viewer, segment)).member_count == 0

    # then the run makes members of them, and says so
    revision = (await read(viewer, segment)).requested_revision
    assert await recompute.run(context, segment.id, revision) is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {"a", "b"}
    assert (await read(viewer, segment)).member_count == len(await replayed(connection, segment.id)) == 2
