"""Compacting history: every answer at the resolution that is kept is that of all the moves, replayed one by one."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, pieces, to_bytes
from seggraph.context import Context
from seggraph.database.paging import PageRequest
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.services.history import membership_changes, past_memberships, run_compaction, size_history
from seggraph.services.history.membership_changes import ChangeList
from seggraph.services.history.past_memberships import AtList
from seggraph.services.history.run_compaction import Net
from seggraph.services.history.size_history import Span
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.settings import Settings
from seggraph.vocabulary import HistoryInterval, MemberKind, SegmentType
from tests.services.computing import replayed

ZONE = ZoneInfo("Asia/Kolkata")
ORDINALS = [0, 1, 2, 3, 65_535, 65_536, 70_000, 200_000]

ADD_RUN = """
    INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, started_at, finished_at, as_of,
      member_count, entered, exited, applied)
    VALUES ($1, $2, 1, 'REFRESH', 'SUCCEEDED', $3, $3, $3, $4, $5, $6, nextval('runs_applied')) RETURNING id, applied
"""

ADD_CHUNK = """
    INSERT INTO run_chunks (workspace_id, segment_id, run_id, applied, move, chunk, cardinality, roaring)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass
class Run:
    """One computation as it was."""

    at: datetime
    entered: set[int]
    exited: set[int]
    after: set[int]


def some_history(seed: int, now: datetime) -> list[Run]:
    """Runs in the last three years, most of them in bursts, that enter whom they can and exit whom they can."""
    choose = random.Random(seed)
    times: set[datetime] = set()
    for _ in range(25):
        start = now - timedelta(seconds=choose.random() ** 3 * 3 * 365 * 86_400)
        spread = choose.choice([60, 3_600, 86_400, 20 * 86_400])
        burst = choose.randrange(1, 8)
        times |= {min(start + timedelta(seconds=choose.random() * spread), now) for _ in range(burst)}
    members: set[int] = set()
    runs = []
    for at in sorted(times):
        flipped = {one for one in ORDINALS if choose.random() < 0.3}
        entered, exited = flipped - members, flipped & members
        members = members ^ flipped
        runs.append(Run(at, entered, exited, members))
    return runs


async def store(
    connection: asyncpg.Connection, workspace_id: int, segment_id: int, runs: Sequence[Run]
) -> None:
    for run in runs:
        numbers = (len(run.after), len(run.entered), len(run.exited))
        row = await connection.fetchrow(ADD_RUN, workspace_id, segment_id, run.at, *numbers)
        for move, moved in ((Direction.ENTERED, run.entered), (Direction.EXITED, run.exited)):
            for number, chunk in pieces(BitMap(moved)).items():
                await connection.execute(
                    ADD_CHUNK,
                    workspace_id,
                    segment_id,
                    row["id"],
                    row["applied"],
                    move,
                    number,
                    len(chunk),
                    to_bytes(chunk),
                )
    owner = ChunkOwner(ChunkRole.MEMBERS, segment_id)
    await ChunkStore(connection, workspace_id).write({owner: (BitMap(), BitMap(runs[-1].after))})


def start_of(at: datetime, unit: str) -> datetime:
    local = at.astimezone(ZONE).replace(minute=0, second=0, microsecond=0)
    if unit != "hour":
        local = local.replace(hour=0)
    return (local.replace(day=1) if unit == "month" else local).astimezone(UTC)


def kept(runs: Sequence[Run], now: datetime, days: tuple[int, int, int]) -> list[Run]:
    """What is to be left of the runs: one for all those of an hour, day or month that is old enough."""
    left: list[tuple[object, set[int], list[Run]]] = []
    before: set[int] = set()
    for run in runs:
        place: object = run.at
        for unit, old in zip(("hour", "day", "month"), days, strict=True):
            if run.at < start_of(now - timedelta(days=old), unit):
                place = (unit, start_of(run.at, unit))
        if not left or left[-1][0] != place:
            left.append((place, before, []))
        left[-1][2].append(run)
        before = run.after
    return [
        Run(group[-1].at, group[-1].after - start, start - group[-1].after, group[-1].after)
        for _, start, group in left
    ]


def intervals_of(runs: Sequence[Run], ordinal: int) -> list[tuple[datetime, datetime | None]]:
    found: list[tuple[datetime, datetime | None]] = []
    for run in runs:
        if ordinal in run.entered:
            found.append((run.at, None))
        if ordinal in run.exited:
            found[-1] = (found[-1][0], run.at)
    return found


async def test_answers_stay_right_at_the_kept_resolution(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE workspaces SET time_zone = $1", ZONE.key)
    for seed in range(6):
        now = datetime.now(UTC)
        draft = SegmentDraft(f"Segment {seed}", MemberKind.PERSON, SegmentType.STATIC)
        segment = await segments.create(context, viewer, draft)
        runs = some_history(seed, now)
        await store(connection, viewer.workspace_id, segment.id, runs)
        for days in ((300, 600, 900), (7, 90, 400), (2, 10, 40), (1, 2, 3)):
            settings = context.settings.model_copy(
                update=dict(
                    zip(("history_detail_days", "history_hours_days", "history_days_days"), days, strict=True)
                )
            )
            now = await _compacted(settings, segment.id)
            await _compare(
                connection, viewer, segment.id, runs, kept(runs, now, days), f"seed {seed}, {days}"
            )


async def _compacted(settings: Settings, segment_id: int) -> datetime:
    """Compact all there is; returns an instant of the hour in which that was, for another may begin meanwhile."""
    while True:
        now = datetime.now(UTC)
        while await run_compaction._compact_some(settings, segment_id):
            pass
        left = await run_compaction._compact_some(settings, segment_id)
        if start_of(datetime.now(UTC), "hour") == start_of(now, "hour"):
            assert left == 0
            return now


async def _compare(
    connection: asyncpg.Connection,
    viewer: Viewer,
    segment_id: int,
    runs: Sequence[Run],
    left: Sequence[Run],
    where: str,
) -> None:
    assert await connection.fetchval("SELECT count(*) FROM runs WHERE segment_id = $1", segment_id) == len(
        left
    )
    assert set(await replayed(connection, segment_id)) == runs[-1].after, where
    # who was in at the end of each hour, day or month that is kept, just before it began, and before everything
    previous: set[int] = set()
    for run in left:
        just_before = run.at - timedelta(microseconds=1)
        asked = [AtList(segment_id, MemberKind.PERSON, at) for at in (run.at, just_before)]
        found_at = await past_memberships.members_at(viewer, asked)
        assert [set(found_at[one]) for one in asked] == [run.after, previous], where
        previous = run.after
    # when each member was in
    pairs = [(segment_id, ordinal) for ordinal in ORDINALS]
    found = await past_memberships.intervals(viewer, pairs)
    for pair in pairs:
        spans = [(one.start, one.end) for one in found[pair]]
        assert spans == intervals_of(left, pair[1]), where
    # how many moved in each month, and how many there were
    span = Span(runs[0].at, runs[-1].at + timedelta(seconds=1), HistoryInterval.MONTH)
    points = (await size_history.points(viewer, [(segment_id, span)]))[segment_id, span]
    assert points[0].at == start_of(runs[0].at, "month")
    for number, point in enumerate(points):
        end = points[number + 1].at if number + 1 < len(points) else datetime.max.replace(tzinfo=UTC)
        inside = [run for run in runs if point.at <= run.at < end]
        until = [run for run in runs if run.at < end]
        assert point.entered == sum(len(run.entered) for run in inside), where
        assert point.exited == sum(len(run.exited) for run in inside), where
        assert point.member_count == len(until[-1].after), where


async def test_failures_are_forgotten_and_a_worker_is_asked_once_a_day(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given old and new failures, and two old runs of one hour
    draft = SegmentDraft("Any", MemberKind.PERSON, SegmentType.STATIC)
    segment = await segments.create(context, viewer, draft)
    old = start_of(datetime.now(UTC) - timedelta(days=20), "hour")
    for days, status in ((20, "FAILED"), (20, "VOID"), (1, "FAILED")):
        await connection.execute(
            """INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, started_at, finished_at)
            VALUES ($1, $2, 1, 'FULL', $3, $4, $4)""",
            viewer.workspace_id,
            segment.id,
            status,
            datetime.now(UTC) - timedelta(days=days),
        )
    runs = [Run(old, {1}, set(), {1}), Run(old + timedelta(minutes=5), {2}, {1}, {2})]
    await store(connection, viewer.workspace_id, segment.id, runs)

    # when it is compacted, twice
    assert await run_compaction.compact(context, segment.id) == 1
    assert await run_compaction.compact(context, segment.id) == 0

    # then one run stands for both, with all that they moved, and the new failure is there still
    rows = await connection.fetch(
        "SELECT trigger, status, entered, exited, member_count FROM runs WHERE segment_id = $1 ORDER BY id",
        segment.id,
    )
    assert sorted(map(tuple, rows), key=str) == [
        ("FULL", "FAILED", None, None, None),
        ("MERGED", "SUCCEEDED", 2, 1, 1),
    ]
    # nobody whose coming and going cancel out is a move, and the sums are right
    list_ = ChangeList(segment.id, MemberKind.PERSON)
    assert await membership_changes.count_changes(viewer, [list_]) == {list_: 1}
    page = (await membership_changes.changes(viewer, [(list_, PageRequest())]))[list_, PageRequest()]
    assert page.items == []  # there is no such member

    # and the sweeper asks for a segment once a day
    due = "SELECT count(*) FROM segments WHERE compact_at IS NULL OR compact_at <= now()"
    assert await connection.fetchval(due) == 1
    await run_compaction.ask_for_due(context, 10)
    assert await connection.fetchval(due) == 0


@given(st.sets(st.integers(0, 9)), st.lists(st.sets(st.integers(0, 9)), max_size=12), st.data())
def test_net_moves_lead_to_the_same_members(
    before: set[int], flips: list[set[int]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(flips)))
    members = set(before)
    first, second = Net(), Net()
    told: dict[tuple[int, Direction], list[set[int]]] = {}
    for number, flipped in enumerate(flips):
        net = first if number < cut else second
        causes = {source: data.draw(st.sets(st.integers(0, 9))) for source in (1, 2)}
        for move, moved in ((Direction.ENTERED, flipped - members), (Direction.EXITED, flipped & members)):
            due = {source: BitMap(some & moved) for source, some in causes.items()}
            net.add(move, BitMap(moved), due)
            for one in moved:
                told.setdefault((one, move), []).append({source for source in due if one in due[source]})
        members ^= flipped
    # put together again, as when hours become days
    first.add(Direction.ENTERED, second.entered, second.attribution)
    first.add(Direction.EXITED, second.exited, second.attribution)

    assert set(first.entered) == members - before
    assert set(first.exited) == before - members
    # and what they are due to is what was told of them: of the last such move where all was put together at once
    known = first.attribution
    assert known is not None
    for move, net_moved in ((Direction.ENTERED, first.entered), (Direction.EXITED, first.exited)):
        for one in net_moved:
            found = {source for source, due in known.items() if one in due}
            assert found in told[one, move]
            assert cut not in (0, len(flips)) or found == told[one, move][-1]
    first.add(Direction.ENTERED, BitMap([11]), None)
    assert first.attribution is None
