"""Spans of the history: an erasure finds every trace by them, and reads little else."""

import random
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.erasure import erased_audiences, erasure
from seggraph.services.erasure.erasures import Erasure
from seggraph.services.history import run_compaction
from seggraph.services.memberships import history_spans
from seggraph.services.memberships.history_spans import Windows
from seggraph.services.refresh import refresh
from seggraph.services.segments import manual_membership
from tests.counted_work import CountedWork, counted
from tests.services.computing import ACCOUNT, put, replayed
from tests.services.erasing import named, traces
from tests.services.test_erasure_work import static_segments


async def come_and_go(
    context: Context, viewer: Viewer, segment_ids: Sequence[int], members: Sequence[str], times: int
) -> None:
    """Each time some of the members enter the segments and exit them again."""
    for number in range(times):
        some = named(members[number % len(members)])
        await manual_membership.add(context, viewer, list(segment_ids), some)
        await manual_membership.remove(context, viewer, list(segment_ids), some)


async def age(connection: asyncpg.Connection, days: int) -> None:
    """Make all of the history older."""
    older = timedelta(days=days)
    await connection.execute(
        "UPDATE runs SET started_at = started_at - $1::interval, finished_at = finished_at - $1::interval",
        older,
    )
    await connection.execute("UPDATE history_spans SET recorded_at = recorded_at - $1::interval", older)


async def test_an_erasure_reads_the_history_that_a_member_is_in(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await put(context, viewer, *({"externalId": name} for name in ("a", "b", "once", "then")))
    made = await static_segments(context, viewer, connection, [BitMap()] * 20)

    async def erase(name: str) -> CountedWork:
        await come_and_go(context, viewer, made, [name], 1)
        with counted() as work:
            report = await erasure.delete(context, viewer, named(name))
        assert report.erased.membership_changes == 2 * len(made)
        return work

    await come_and_go(context, viewer, made, ["a", "b"], 2)
    little = await erase("once")
    await come_and_go(context, viewer, made, ["a", "b"], 18)
    much = await erase("then")

    # then of 20 segments that changed 36 times more, their spans are read twice, and nothing of the segments
    rows = await connection.fetchval("SELECT count(*) FROM run_chunks")
    assert rows == 2 * 20 * 20
    assert much.rows - little.rows <= 2 * 36
    assert much.statements <= little.statements
    assert await connection.fetchval("SELECT bool_and(is_spanned) FROM run_chunks")


async def test_an_erasure_finds_every_trace_whatever_is_joined_and_compacted(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given members who come and go, in a history of which some is joined, some compacted, and some not noted
    monkeypatch.setattr(history_spans, "ROWS_IN_SPAN", 6)
    monkeypatch.setattr(history_spans, "JOINED_AT_ONCE", 1)
    choose = random.Random(12)
    names = [f"m{number}" for number in range(6)]
    await put(context, viewer, *({"externalId": name} for name in names))
    made = await static_segments(context, viewer, connection, [BitMap()] * 4)
    for number in range(6):
        for _ in range(4):
            some = choose.sample(made, choose.randrange(1, 4))
            await come_and_go(context, viewer, some, choose.sample(names, 2), 2)
        await age(connection, choose.choice([0, 5, 60, 300]))
        if number == 1:
            await connection.execute("UPDATE run_chunks SET is_spanned = false")
            await connection.execute("TRUNCATE history_spans")
        if number % 2:
            await history_spans.join(viewer.workspace_id, ACCOUNT)
        if number in (2, 4):
            for segment_id in choose.sample(made, 3):
                await run_compaction.compact(context, segment_id)
    states = await connection.fetch("SELECT DISTINCT is_joined FROM history_spans")
    assert {row["is_joined"] for row in states} == {False, True}
    triggers = await connection.fetch("SELECT DISTINCT trigger FROM runs")
    assert {row["trigger"] for row in triggers} == {"MANUAL", "MERGED"}

    # when one after the other is erased, then nothing is left of each
    for ordinal, name in enumerate(names):
        await erasure.delete(context, viewer, named(name))
        assert await traces(connection, ordinal) == [], name
    assert await connection.fetchval("SELECT count(*) FROM run_chunks") == 0
    assert await connection.fetchval("SELECT count(*) FROM history_spans") == 0


async def test_history_that_is_merged_while_members_are_erased_is_read_again(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a history of before there were spans, which is merged just after an erasure has looked for them
    await put(context, viewer, {"externalId": "gone"}, {"externalId": "stays"})
    [segment_id] = await static_segments(context, viewer, connection, [BitMap()])
    await manual_membership.add(context, viewer, [segment_id], named("stays"))
    await manual_membership.add(context, viewer, [segment_id], named("gone"))
    await age(connection, 20)
    await connection.execute("UPDATE run_chunks SET is_spanned = false")
    await connection.execute("TRUNCATE history_spans")
    look = erased_audiences._windows
    merged = []

    async def and_merge(erasing: Erasure) -> Windows:
        found = await look(erasing)
        merged.append(await run_compaction.compact(context, segment_id))
        return found

    monkeypatch.setattr(erased_audiences, "_windows", and_merge)
    await erasure.delete(context, viewer, named("gone"))

    assert len(merged) == 1 + (merged[0] > 0), "the history was read once more if it was merged"
    assert await traces(connection, 0) == []


async def test_spans_become_few(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(context, viewer, {"externalId": "a"}, {"externalId": "b"})
    made = await static_segments(context, viewer, connection, [BitMap()] * 2)
    await come_and_go(context, viewer, made, ["a", "b"], 6)
    before = await connection.fetch("SELECT first_applied, last_applied, row_count FROM history_spans")
    assert [row["row_count"] for row in before] == [2] * 12

    # when a refresh ends that finds many of them, neighbours are joined
    monkeypatch.setattr(history_spans, "ROWS_IN_SPAN", 6)
    monkeypatch.setattr(refresh, "LAST_LOOK", refresh.LAST_LOOK.replace(f"{history_spans.JOINABLE}", "3"))
    await refresh.answer_nudge(context, viewer.workspace_id, ACCOUNT)
    rows = await connection.fetch(
        "SELECT first_applied, last_applied, row_count, is_joined FROM history_spans ORDER BY first_applied"
    )
    assert [(row["row_count"], row["is_joined"]) for row in rows] == [
        *[(6, True)] * 3,
        *[(2, False)] * 3,
    ]
    assert min(row["first_applied"] for row in before) == rows[0]["first_applied"]

    # and when they are old, and their runs are put together, all of an hour are
    await age(connection, 20)
    assert await run_compaction.compact(context, made[0]) == 1
    spans = await connection.fetch("SELECT recorded_at, row_count FROM history_spans")
    assert sum(row["row_count"] for row in spans) == 24
    assert len({row["recorded_at"].replace(minute=0, second=0, microsecond=0) for row in spans}) == len(spans)
    assert not await replayed(connection, made[1])
