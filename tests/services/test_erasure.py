"""Erasing members: no trace is left anywhere in the database, whatever runs at the same time."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.errors import Forbidden, Invalid, Required, RetryLater, TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.services import (
    erasure,
    events,
    hands,
    import_runs,
    imports,
    members,
    recompute,
    refresh,
    relations,
    segments,
    uploads,
    upserts,
)
from seggraph.services.context import Context
from seggraph.services.policy import Viewer
from seggraph.services.segments import SegmentDraft
from seggraph.services.selections import Selection
from seggraph.vocabulary import ApiKeyScope, MemberKind, ReachStatus, Role, RunStatus, SegmentType
from tests.conftest import new_viewer
from tests.product import Product, working
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
from tests.services.importing import imported, uploaded

MARK = "forget-me-7f3a"
PATIENCE_SECONDS = 60.0

DELETE = """
    mutation ($input: MemberIdsInput!) {
      deleteMembers(input: $input) {
        deleted notFound
        erased { addresses events relations pendingRelations segments history importRows importFiles }
        errors { code path }
      }
    }
"""


def named(*external_ids: str) -> Selection:
    return Selection(kind=ACCOUNT, external_ids=external_ids)


async def traces(connection: asyncpg.Connection, ordinal: int) -> list[str]:
    """Where in the database the marker or an account's ordinal still is: every table, every column."""
    found = []
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    assert len(tables) > 15
    for (table,) in tables:
        for row in await connection.fetch(f'SELECT * FROM "{table}"'):
            values = dict(row)
            if MARK in repr(values) or MARK.encode() in b"".join(
                value for value in values.values() if isinstance(value, bytes)
            ):
                found.append(f"{table}: {values}")
            kinds = {
                value for key, value in values.items() if key.endswith("kind") and isinstance(value, int)
            }
            for column, value in values.items():
                if column in ("roaring", "ordinals", "refreshed") and value is not None:
                    if ordinal in from_bytes(value) and (not kinds or ACCOUNT in kinds):
                        found.append(f"{table}.{column}: {values}")
                elif column.endswith("ordinal") and value == ordinal:
                    kind = values.get(column.replace("ordinal", "kind"), values.get("kind"))
                    if kind == ACCOUNT and column != "next_ordinal":
                        found.append(f"{table}.{column}: {values}")
    return found


async def everything_about(context: Context, viewer: Viewer) -> int:
    """An account that is known in every way there is, among others; returns its ordinal."""
    await put(
        context, viewer, *({"externalId": f"a{n}", "country": "DE", "address": "Street"} for n in range(7))
    )
    await put(
        context,
        viewer,
        externalId=MARK,
        name=f"Name {MARK}",
        email=f"{MARK}@example.com",
        country="DE",
        city=MARK,
        address=f"{MARK} street",
        tags=[MARK],
        attributes={"note": MARK, "list": [MARK]},
    )
    for kind, external_id in ((MemberKind.PERSON, "p"), (MemberKind.DEAL, "d")):
        await upserts.upsert(context, viewer, kind, [{"externalId": external_id}])
    rows = [
        ("people", MemberKind.PERSON, "p"),
        ("deals", MemberKind.DEAL, "d"),
        ("people", MemberKind.PERSON, "nobody yet"),
    ]
    report = await relations.relate(
        context,
        viewer,
        [
            {
                "relation": name,
                "fromKind": ACCOUNT,
                "fromExternalId": MARK,
                "toKind": kind,
                "toExternalId": to,
            }
            for name, kind, to in rows
        ],
    )
    assert (report.related, report.pending) == (2, 1)
    recorded = await events.record(
        context,
        viewer,
        [
            {
                "kind": ACCOUNT,
                "memberExternalId": MARK,
                "name": "order",
                "occurredAt": datetime.now(UTC) - timedelta(days=n),
                "value": Decimal(5),
                "properties": {"of": MARK},
                "externalId": f"{MARK}-{n}",
            }
            for n in range(3)
        ],
    )
    assert recorded.accepted == 3
    found = await members.find_by_external_id(viewer, ACCOUNT, MARK)
    assert found is not None
    return found.ordinal


async def imports_that_name_it(context: Context, viewer: Viewer) -> int:
    """Imports with rows of the account that were not taken, and files that wait; returns one without it."""
    rows = [
        f"{MARK},{MARK}@example.com",
        "a1,z@example.com",
        "a1,again@example.com",
        f"{MARK},twice@example.com",
    ]
    mails = [f",{MARK}@example.com", ",nobody@example.com", f",{MARK}@EXAMPLE.com "]
    pairs = {"id": "externalId", "mail": "email"}
    for lines, dry_run in ((rows, False), (mails, False), ([f"{MARK},", f"{MARK},"], True)):
        made = await imported(context, viewer, "\n".join(["id,mail", *lines]), pairs, dry_run=dry_run)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (await imports.get(viewer, made.id)).is_over:  # noqa: ASYNC110 - a worker may be at it
                await asyncio.sleep(0.01)
    await uploaded(context, viewer, f"external id,note\na1,{MARK}\n{MARK},\n")
    return (await uploaded(context, viewer, "external id,note\na1,x\n")).id


async def test_no_trace_is_left(product: Product, context: Context, connection: asyncpg.Connection) -> None:
    # given an account that is in a DYNAMIC, a STATIC and a paused segment, was in another, is blocked in one
    viewer = product.viewer
    assert viewer is not None
    ordinal = await everything_about(context, viewer)
    stays = await imports_that_name_it(context, viewer)
    made = [
        await new_segment(context, viewer, country("DE"), name="German"),
        await new_segment(context, viewer, country("DE"), name="Paused"),
        await new_segment(context, viewer, {"not": country("DE")}, name="Was not German"),
        await new_segment(context, viewer, {"attribute": {"field": "name", "op": "IS_SET"}}, name="Blocked"),
        await segments.create(context, viewer, SegmentDraft("By hand", ACCOUNT, SegmentType.STATIC)),
    ]
    german, paused, was, blocked, by_hand = made
    await hands.add(context, viewer, [by_hand.id], named(MARK, "a1"))
    await hands.remove(context, viewer, [blocked.id], named(MARK))
    await _quiet(connection)
    await put(context, viewer, externalId=MARK, country="US")
    await _quiet(connection)
    await put(context, viewer, externalId=MARK, country="DE")
    await _quiet(connection)
    await connection.execute("UPDATE segments SET status = 'PAUSED' WHERE id = $1", paused.id)
    assert MARK in await members_of(connection, german)
    assert (await traces(connection, ordinal)) != []
    before = {one.id: await read(viewer, one) for one in made}

    # when it is deleted
    answer = (await product.run(DELETE, input={"kind": "ACCOUNT", "externalIds": [MARK, "unknown"]}))[
        "deleteMembers"
    ]

    # then the answer says what went with it
    history = answer["erased"].pop("history")
    assert answer == {
        "deleted": 1,
        "notFound": ["unknown"],
        "erased": {
            "addresses": 1,
            "events": 3,
            "relations": 2,
            "pendingRelations": 1,
            "segments": 3,
            "importRows": 4,
            "importFiles": 2,
        },
        "errors": [],
    }
    assert history >= 8

    # and nothing of it is left, not even before the workers have rested, nor in the files folder
    assert await traces(connection, ordinal) == []
    files = {path.name: path.read_bytes() for path in uploads.folder(context.settings).iterdir()}
    assert not [name for name, content in files.items() if MARK.encode() in content]

    # and what is about others stays: a row that was not taken, a file that waits
    assert await connection.fetchval("SELECT count(*) FROM import_rejects") == 2
    waiting = await connection.fetch("SELECT id, file FROM imports WHERE status = 'UPLOADED'")
    assert [(row["id"], row["file"] in files) for row in waiting] == [(stays, True)]
    await _quiet(connection)
    assert await traces(connection, ordinal) == []

    # and the numbers follow, those of the paused segment too
    for segment, lost in ((german, 1), (paused, 1), (was, 0), (blocked, 0), (by_hand, 1)):
        view = await read(viewer, segment)
        assert before[segment.id].member_count - view.member_count == lost, view.name
        assert (before[segment.id].reach_email or 0) - (view.reach_email or 0) == lost, view.name
        counts = await connection.fetchrow(
            "SELECT sum(entered) - sum(exited) AS left FROM runs WHERE segment_id = $1", segment.id
        )
        assert counts["left"] == view.member_count

    # and a recalculation finds the same numbers
    view = await read(viewer, german)
    asked = await segments.recalculate(context, viewer, german.id)
    await _quiet(connection)
    after = await read(viewer, german)
    assert after.computed_revision == asked.requested_revision
    assert (after.member_count, after.reach_total, after.reach_email) == (
        view.member_count,
        view.reach_total,
        view.reach_email,
    )

    # and the same external id begins anew: another ordinal, no segment by hand, no block, no relation, no event
    await put(context, viewer, externalId=MARK, country="DE", name="New")
    await _quiet(connection)
    again = await members.find_by_external_id(viewer, ACCOUNT, MARK)
    assert again is not None
    assert again.ordinal > ordinal
    assert MARK not in await members_of(connection, by_hand)
    assert MARK in await members_of(connection, blocked)
    assert await connection.fetchval("SELECT count(*) FROM relations") == 0
    assert await connection.fetchval("SELECT count(*) FROM event_totals") == 0


async def test_related_members_are_looked_at_again(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given changes that nobody has looked at: of the member alone, and together with another's
    ordinal = await everything_about(context, viewer)
    await connection.execute("DELETE FROM dirty_batches")
    await put(context, viewer, externalId=MARK, country="US")
    await put(context, viewer, {"externalId": MARK, "country": "FR"}, {"externalId": "a1", "country": "FR"})

    await erasure.delete(context, viewer, named(MARK))

    # then those at the other ends of its relations are marked, and it is marked no more
    marked = await connection.fetch("SELECT kind, changed, ordinals FROM dirty_batches ORDER BY kind, id")
    assert [(row["kind"], row["changed"], list(from_bytes(row["ordinals"]))) for row in marked] == [
        (MemberKind.PERSON, ["relation:account"], [0]),
        (ACCOUNT, ["country"], [1]),
        (MemberKind.DEAL, ["relation:account"], [0]),
    ]
    assert await traces(connection, ordinal) == []


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
    await imported(context, viewer, f"id\n{MARK}\na1\n", {"id": "externalId"}, segment_id=segment.id)

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
        await hands.add(context, viewer, [by_hand.id], named(*some(3)))

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
        await _quiet(connection)

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


async def test_who_may_delete_and_what(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await put(context, viewer, externalId="a")
    number = await connection.fetchval("SELECT id FROM members")

    reader = Viewer(viewer.workspace_id, Role.ADMIN, ApiKeyScope.READ)
    with pytest.raises(Forbidden):
        await erasure.delete(context, reader, named("a"))
    for selection, error in (
        (Selection(), Required),
        (Selection(external_ids=["a"]), Required),
        (Selection(member_ids=[number], kind=ACCOUNT, external_ids=["a"]), Invalid),
        (Selection(member_ids=range(10_001)), TooMany),
    ):
        with pytest.raises(error):
            await erasure.delete(context, viewer, selection)
    stranger = await new_viewer("Other")
    report = await erasure.delete(context, stranger, Selection(member_ids=[number]))
    assert (report.deleted, report.not_found) == (0, [str(number)])
    assert await connection.fetchval("SELECT count(*) FROM members") == 1

    report = await erasure.delete(context, viewer, Selection(member_ids=[number, number]))
    assert (report.deleted, report.not_found) == (1, [])


async def _quiet(connection: asyncpg.Connection) -> None:
    """Wait until no member is dirty, no segment is being calculated and no fact is on its way."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(  # noqa: ASYNC110 - what is waited for is in the database
            """SELECT EXISTS (SELECT FROM dirty_batches) OR EXISTS (SELECT FROM outbox)
            OR EXISTS (SELECT FROM segments WHERE reach_status = 'CALCULATING')"""
        ):
            await asyncio.sleep(0.05)


async def test_erasing_leaves_to_the_run_whom_an_import_has_linked(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a segment that an import has filled, and whose run is still to come
    draft = SegmentDraft("Listed", ACCOUNT, SegmentType.STATIC, activate=True)
    segment = await segments.create(context, viewer, draft)
    assert await recompute.run(context, segment.id, segment.requested_revision) is RunStatus.SUCCEEDED
    await put(context, viewer, externalId="gone")
    await imported(context, viewer, "id\na\nb\n", {"id": "externalId"}, segment_id=segment.id)

    # when somebody else is erased
    await erasure.delete(context, viewer, Selection(kind=ACCOUNT, external_ids=["gone"]))
    assert await members_of(connection, segment) == set()
    assert (await read(viewer, segment)).member_count == 0

    # then the run makes members of them, and says so
    revision = (await read(viewer, segment)).requested_revision
    assert await recompute.run(context, segment.id, revision) is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {"a", "b"}
    assert (await read(viewer, segment)).member_count == len(await replayed(connection, segment.id)) == 2
