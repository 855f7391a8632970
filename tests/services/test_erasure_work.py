"""What an erasure costs: by members and the segments that they are in, in portions, and to the end."""

from collections.abc import Sequence

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.errors import RetryLater
from seggraph.models.audiences import ChunkRole
from seggraph.services.erasure import erased_audiences, erasure, erasures, portions, scrubbing
from seggraph.services.operations import sweeping
from seggraph.services.reach.reach import Reachable
from seggraph.services.segments import comparisons, manual_membership, segments
from seggraph.services.segments.comparisons import Given
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import SegmentType
from tests.counted_work import CountedWork, counted
from tests.product import working
from tests.services.computing import ACCOUNT, members_of, put, read
from tests.services.erasing import named, quiet, traces

OTHERS = BitMap(range(200_000, 400_000, 2)) | BitMap(range(1_000, 60_000, 2))
"""Members of the audiences besides those that are erased: some in the chunk of these."""


async def static_segments(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, audiences: Sequence[BitMap]
) -> list[int]:
    """Segments that have these members, manually."""
    made = []
    for number, members in enumerate(audiences):
        draft = SegmentDraft(
            f"Static {number} of {len(audiences)}", ACCOUNT, SegmentType.STATIC, activate=True
        )
        segment = await segments.create(context, viewer, draft)
        source = await connection.fetchval(
            "SELECT id FROM sources WHERE segment_id = $1 AND kind = 'MANUAL'", segment.id
        )
        owners = ChunkOwner(ChunkRole.MEMBERS, segment.id), ChunkOwner(ChunkRole.LINKS, source)
        store = ChunkStore(connection, viewer.workspace_id)
        await store.write({owner: (BitMap(), members) for owner in owners})
        made.append(segment.id)
    await connection.execute(
        """UPDATE segments s SET member_count = (SELECT coalesce(sum(cardinality), 0) FROM chunks c WHERE c.role = 1
        AND c.owner_id = s.id), reach_status = 'READY', computed_revision = requested_revision, as_of = now(),
        reach_total = 0 WHERE id = ANY($1)""",
        made,
    )
    return made


async def work_of_erasing(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, audiences: Sequence[BitMap], name: str
) -> tuple[CountedWork, CountedWork]:
    """The work of erasing a new member, which is 0 in the audiences of new segments, and of scrubbing."""
    await put(context, viewer, externalId=name)
    ordinal = await connection.fetchval("SELECT ordinal FROM members WHERE external_id = $1", name)
    with_ordinal = [members | BitMap([ordinal]) if 0 in members else members for members in audiences]
    made = await static_segments(context, viewer, connection, with_ordinal)
    with counted() as work:
        report = await erasure.delete(context, viewer, named(name))
    assert report.erased.memberships == sum(0 in members for members in audiences)
    with counted() as scrubbing_work:
        await scrubbing.scrub(viewer.workspace_id, ACCOUNT)
    assert await traces(connection, ordinal) == []
    for segment_id in made:
        await connection.execute("DELETE FROM segments WHERE id = $1", segment_id)
    await connection.execute("TRUNCATE chunks")
    return work, scrubbing_work


async def test_an_erasure_writes_by_the_segments_that_a_member_is_in(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    with_member = OTHERS | BitMap([0])

    async def erase(name: str, audiences: Sequence[BitMap]) -> tuple[CountedWork, CountedWork]:
        return await work_of_erasing(context, viewer, connection, audiences, name)

    none, no_scrubbing = await erase("none", [OTHERS] * 4)
    four, scrubbing_four = await erase("four", [with_member] * 4)
    eight, scrubbing_eight = await erase("eight", [with_member] * 8)
    twenty_more, scrubbing_twenty_more = await erase("twenty more", [with_member] * 4 + [OTHERS] * 20)

    # then nothing is written of audiences without the member, a small delta row of the others, and no chunk
    assert none.bytes_sent < 500
    chunk = 8_192
    assert four.bytes_sent - none.bytes_sent < chunk / 4, "with the facts for subscribers"
    assert eight.bytes_sent - none.bytes_sent == pytest.approx(
        2 * (four.bytes_sent - none.bytes_sent), rel=0.05
    )
    assert twenty_more.bytes_sent == pytest.approx(four.bytes_sent, rel=0.05)
    # and the statements do not become more with the segments, and equal chunks are read once
    assert eight.statements == four.statements == twenty_more.statements
    assert twenty_more.bytes_read < 4 * chunk
    # and scrubbing writes one chunk of those audiences, and none of the others
    assert no_scrubbing.bytes_sent < 100
    assert chunk < scrubbing_four.bytes_sent / 8 < 1.1 * chunk
    assert scrubbing_eight.bytes_sent == pytest.approx(2 * scrubbing_four.bytes_sent, rel=0.05)
    assert scrubbing_twenty_more.bytes_sent == pytest.approx(scrubbing_four.bytes_sent, rel=0.05)


async def test_ordinals_of_erased_members_leave_the_bytes_of_large_chunks_in_time(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two erasures of members who are in large chunks
    await put(context, viewer, {"externalId": "first"}, {"externalId": "second"}, {"externalId": "stays"})
    audience = OTHERS | BitMap([0, 1, 2])
    made = await static_segments(context, viewer, connection, [audience] * 2)
    await erasure.delete(context, viewer, named("first"))
    await erasure.delete(context, viewer, named("second"))

    # then no audience has them, and what is left of them in bytes is noted
    owners = [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in made]
    audiences = await ChunkStore(connection, viewer.workspace_id).read_many(owners)
    assert list(audiences.values()) == [audience - BitMap([0, 1])] * 2
    rows = await connection.fetch("SELECT ordinals, due_at - now() AS wait FROM erased_bits ORDER BY id")
    assert [set(from_bytes(row["ordinals"])) for row in rows] == [{0}, {1}]
    assert all(row["wait"] <= scrubbing.DELAY for row in rows)
    assert {trace.partition(":")[0] for trace in await traces(connection, 0)} == {
        "chunks.roaring",
        "erased_bits.ordinals",
    }

    # when the first of them is due, a worker scrubs both, and changes no audience
    await sweeping.sweep(context)
    await connection.execute(
        "UPDATE erased_bits SET due_at = now() WHERE id = (SELECT min(id) FROM erased_bits)"
    )
    async with working(context):
        await sweeping.sweep(context)
        await quiet(connection, also="EXISTS (SELECT FROM erased_bits)")
    assert await traces(connection, 0) + await traces(connection, 1) == []
    assert await ChunkStore(connection, viewer.workspace_id).read_many(owners) == audiences
    assert await connection.fetchval("SELECT count(*) FROM chunks WHERE chunk < 0 AND role IN (1, 2)") == 0
    sizes = await connection.fetch(
        """SELECT sum(c.cardinality) = s.member_count FROM chunks c JOIN segments s ON s.id = c.owner_id
        WHERE c.role = 1 GROUP BY s.id"""
    )
    assert [row[0] for row in sizes] == [True, True]


async def test_an_erasure_reads_a_portion_at_a_time(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erased_audiences, "CHUNKS_AT_ONCE", 8)
    monkeypatch.setattr(erased_audiences, "HISTORY_AT_ONCE", 4)
    # given segments no two of which have the same chunks, and the same as a history
    audiences = [BitMap(range(0, 60_000, step)) for step in range(2, 14)]
    await put(context, viewer, externalId="gone")
    made = await static_segments(context, viewer, connection, audiences)
    await connection.execute(
        """INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, started_at, finished_at, applied)
        SELECT workspace_id, id, 1, 'FULL', 'SUCCEEDED', now(), now(), nextval('runs_applied') FROM segments
        WHERE id = ANY($1)""",
        made,
    )
    await connection.execute(
        """INSERT INTO run_chunks (workspace_id, segment_id, run_id, move, chunk, cardinality, roaring, applied)
        SELECT c.workspace_id, r.segment_id, r.id, 1, c.chunk, c.cardinality, c.roaring, r.applied
        FROM runs r JOIN chunks c ON c.role = 1 AND c.owner_id = r.segment_id"""
    )

    with counted() as work:
        report = await erasure.delete(context, viewer, named("gone"))

    assert (report.erased.memberships, report.erased.membership_changes) == (12, 12)
    await scrubbing.scrub(viewer.workspace_id, ACCOUNT)
    assert await traces(connection, 0) == []
    assert work.most_bytes_read <= 4 * 8_300, "what four segments have, or four rows of history"
    assert work.bytes_read > 12 * 3_000
    counts = await connection.fetch(
        "SELECT id, member_count FROM segments WHERE id = ANY($1) ORDER BY id", made
    )
    assert [row["member_count"] for row in counts] == [len(members) - 1 for members in audiences]


async def test_a_history_of_many_rows_is_taken_in_portions(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erased_audiences, "HISTORY_AT_ONCE", 3)
    monkeypatch.setattr(erased_audiences, "HISTORY_IN_PORTION", 4)
    monkeypatch.setattr(erased_audiences, "FIRST_SEGMENTS", 1)
    await put(context, viewer, {"externalId": "gone"}, {"externalId": "stays"})
    made = await static_segments(context, viewer, connection, [BitMap([1])] * 5)
    for _ in range(4):
        await manual_membership.add(context, viewer, made, named("gone", "stays"))
        await manual_membership.remove(context, viewer, made, named("gone", "stays"))

    report = await erasure.delete(context, viewer, named("gone"))

    assert report.erased.membership_changes == 40
    assert await traces(connection, 0) == []
    rows = await connection.fetch("SELECT roaring FROM run_chunks")
    assert {tuple(from_bytes(row["roaring"])) for row in rows} == {(1,)}


async def test_a_worker_completes_what_a_lost_process_began(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an erasure whose process ends after the first portion of segments
    monkeypatch.setattr(erased_audiences, "CHUNKS_AT_ONCE", 2)
    await put(context, viewer, {"externalId": "gone"}, {"externalId": "stays"})
    made = await static_segments(context, viewer, connection, [BitMap([0, 1])] * 3)
    memberships = erased_audiences._ErasingAudiences.memberships

    async def lost(self: erased_audiences._ErasingAudiences, after: int) -> int | None:
        if after:
            raise KeyboardInterrupt
        return await memberships(self, after)

    monkeypatch.setattr(erased_audiences._ErasingAudiences, "memberships", lost)
    with pytest.raises(KeyboardInterrupt):
        await erasure.delete(context, viewer, named("gone"))
    assert await traces(connection, 0) != []
    assert await audit_entries(connection) == []

    # when the sweeper finds it
    monkeypatch.setattr(erased_audiences._ErasingAudiences, "memberships", memberships)
    monkeypatch.setattr(erasures, "ABANDONED", erasures.ABANDONED * 0)
    async with working(context):
        await sweeping.sweep(context)
        await none_at_work(connection)

    # then nothing is left, and the log says who erased how many, once
    await quiet(connection)
    assert await traces(connection, 0) == []
    counts = await connection.fetch("SELECT member_count FROM segments WHERE id = ANY($1)", made)
    assert [row["member_count"] for row in counts] == [1, 1, 1]
    [before] = await audit_entries(connection)
    assert '"memberships": 3' in before
    assert '"member_count": 1' in before


async def test_what_meets_a_deadlock_is_done_again_or_left_to_a_worker(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "WAIT_SECONDS", 0)
    await put(context, viewer, {"externalId": "a"}, {"externalId": "b"})
    await static_segments(context, viewer, connection, [BitMap([0, 1])])
    memberships = erased_audiences._ErasingAudiences.memberships
    failures = iter([True, True, False, False])

    async def failing(self: erased_audiences._ErasingAudiences, after: int) -> int | None:
        if next(failures, True):
            raise RetryLater("A deadlock.")
        return await memberships(self, after)

    monkeypatch.setattr(erased_audiences._ErasingAudiences, "memberships", failing)
    report = await erasure.delete(context, viewer, named("a"))
    assert (report.deleted, report.erased.memberships) == (1, 1)

    report = await erasure.delete(context, viewer, named("b"))
    assert (report.deleted, report.erased.memberships) == (1, 0)
    [erasure_id] = [row["id"] for row in await connection.fetch("SELECT id FROM erasures")]
    monkeypatch.setattr(erased_audiences._ErasingAudiences, "memberships", memberships)
    await erasure.complete(context, erasure_id)
    await erasure.complete(context, erasure_id)
    assert await traces(connection, 1) == []
    assert len(await audit_entries(connection)) == 2


async def test_a_segment_that_is_made_of_others_meanwhile_is_corrected_too(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that a segment is combined of others after the member is deleted, and before they are corrected
    await put(context, viewer, {"externalId": "gone"}, {"externalId": "stays"})
    [original] = await static_segments(context, viewer, connection, [BitMap([0, 1])])
    copies: list[SegmentView] = []
    reachable = erased_audiences._reachable

    async def combining(one: erasures.Erasure) -> Reachable:
        draft = SegmentDraft("Copy", ACCOUNT, SegmentType.STATIC)
        copies.append(await comparisons.combine(context, viewer, draft, Given(original, ())))
        return await reachable(one)

    monkeypatch.setattr(erased_audiences, "_reachable", combining)
    monkeypatch.setattr(erased_audiences._ErasingAudiences, "_hold", held_before(copies))
    report = await erasure.delete(context, viewer, named("gone"))

    assert report.erased.memberships == 2
    assert await traces(connection, 0) == []
    assert await members_of(connection, copies[0]) == {"stays"}
    assert (await read(viewer, copies[0])).member_count == 1


def held_before(copies: Sequence[SegmentView]) -> object:
    """`_hold` that does not see the copy the first time that it would end, as if it were made a moment later."""
    hold = erased_audiences._ErasingAudiences._hold
    hidden = [True]

    async def held(
        self: erased_audiences._ErasingAudiences, connection: asyncpg.Connection, after: int, *rest: int
    ) -> list[asyncpg.Record]:
        rows = await hold(self, connection, after, *rest)
        if hidden and any(row["id"] == copies[0].id for row in rows):
            others = [row for row in rows if row["id"] != copies[0].id]
            if not others:
                hidden.clear()
            return others
        return rows

    return held


async def audit_entries(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("SELECT before FROM audit_entries WHERE action = 'ERASED' ORDER BY id")
    return [row["before"] for row in rows]


async def none_at_work(connection: asyncpg.Connection) -> None:
    """Wait until every erasure is completed."""
    await quiet(connection, also="EXISTS (SELECT FROM erasures)")
