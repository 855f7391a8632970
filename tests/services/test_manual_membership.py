"""Membership by hand: links, blocks, numbers and refusals, each alone."""

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import BadTransition, Forbidden, Invalid, NameTaken, NotFound, Required, TooMany
from seggraph.services.members.selections import Selection
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, ReachStatus, Role, SegmentStatus, SegmentType, SourceKind
from tests.conftest import new_viewer
from tests.services.manual_changes import GERMAN, UnitOfWork, named

CRITERIA, MANUAL, IMPORT = SourceKind.CRITERIA, SourceKind.MANUAL, SourceKind.IMPORT


@pytest.fixture
async def work(context: Context, viewer: Viewer) -> UnitOfWork:
    """Three Germans and two others, of whom one cannot be written to."""
    work = UnitOfWork(context, viewer)
    await work.put("a", "b", "c")
    await work.put("x", country="US")
    await work.put("y", country="US", email=False)
    await work.refresh()
    return work


async def test_added_by_hand_stays_when_criteria_never_match(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)

    report = await manual_membership.add(work.context, work.viewer, [german.id], named("x", "y", "nobody"))

    assert (report.changed, report.already_done, report.not_found) == (2, 0, ["nobody"])
    [after] = report.segments
    assert (after.member_count, after.reach_email, after.reach_total) == (5, 4, 4)
    assert after.as_of == german.as_of
    assert after.version == german.version
    assert await work.names_in(german) == {"a", "b", "c", "x", "y"}
    assert await work.sources(german) == {CRITERIA: (3, 0), MANUAL: (2, 0)}
    # and a full run and a change of the members leave the links alone
    await work.recalculate(german)
    await work.put("x", country="FR")
    await work.refresh()
    assert await work.names_in(german) == {"a", "b", "c", "x", "y"}


async def test_added_twice_is_already_done_and_leaves_no_run(
    work: UnitOfWork, connection: asyncpg.Connection
) -> None:
    german = await work.segment("German", criteria=GERMAN)
    await manual_membership.add(work.context, work.viewer, [german.id], named("a"))
    runs = await connection.fetchval("SELECT count(*) FROM runs")

    report = await manual_membership.add(work.context, work.viewer, [german.id], named("a"))

    assert (report.changed, report.already_done) == (0, 1)
    # the first time it got another link, but did not move: neither call is a run
    assert runs == await connection.fetchval("SELECT count(*) FROM runs") == 1
    assert await work.sources(german) == {CRITERIA: (3, 0), MANUAL: (1, 0)}


async def test_removed_by_hand_is_blocked_for_criteria(
    work: UnitOfWork, connection: asyncpg.Connection
) -> None:
    german = await work.segment("German", criteria=GERMAN)

    report = await manual_membership.remove(work.context, work.viewer, [german.id], named("a", "x"))

    # x was not in it, and is blocked all the same
    assert (report.changed, report.already_done) == (2, 0)
    assert (report.segments[0].member_count, report.segments[0].reach_email) == (2, 2)
    assert await work.sources(german) == {CRITERIA: (2, 2), MANUAL: (0, 0)}
    run = await connection.fetchrow("SELECT * FROM runs ORDER BY id DESC LIMIT 1")
    assert (run["trigger"], run["status"], run["entered"], run["exited"], run["member_count"]) == (
        "MANUAL",
        "SUCCEEDED",
        0,
        1,
        2,
    )
    # and neither a change, nor a run, nor new criteria bring them back
    await work.put("a", "x", country="US")
    await work.put("a", "x", country="DE")
    await work.refresh()
    assert await work.names_in(german) == {"b", "c"}
    other = {"attribute": {"field": "country", "op": "IS_SET"}}
    await work.compute(
        (await segment_edits.update(work.context, work.viewer, german.id, {"criteria": other})).segment
    )
    assert await work.names_in(german) == {"b", "c", "y"}


async def test_added_again_after_removal_is_held_by_the_hand_alone(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)
    await manual_membership.remove(work.context, work.viewer, [german.id], named("a"))

    await manual_membership.add(work.context, work.viewer, [german.id], named("a"))

    assert await work.names_in(german) == {"a", "b", "c"}
    assert await work.sources(german) == {CRITERIA: (2, 1), MANUAL: (1, 0)}
    await work.recalculate(german)
    assert await work.sources(german) == {CRITERIA: (2, 1), MANUAL: (1, 0)}


async def test_static_segments_hold_no_blocks(work: UnitOfWork) -> None:
    listed = await work.segment("Listed")
    await manual_membership.add(work.context, work.viewer, [listed.id], named("a", "x"))

    report = await manual_membership.remove(work.context, work.viewer, [listed.id], named("a", "b"))

    assert (report.changed, report.already_done) == (1, 1)
    assert await work.sources(listed) == {IMPORT: (0, 0), MANUAL: (1, 0)}
    assert report.segments[0].member_count == 1


async def test_a_static_draft_becomes_active_by_its_first_member(work: UnitOfWork) -> None:
    draft = await segments.create(
        work.context, work.viewer, SegmentDraft("Listed", MemberKind.ACCOUNT, SegmentType.STATIC)
    )
    nobody = await manual_membership.add(work.context, work.viewer, [draft.id], named("nobody"))
    assert nobody.segments[0].status is SegmentStatus.DRAFT

    report = await manual_membership.add(work.context, work.viewer, [draft.id], named("a", "y"))

    [active] = report.segments
    assert (active.status, active.reach_status) == (SegmentStatus.ACTIVE, ReachStatus.CALCULATING)
    assert (active.member_count, active.reach_email) == (2, None)
    ready = await work.compute(active)
    assert (ready.member_count, ready.reach_email) == (2, 1)


async def test_several_segments_and_a_new_one_by_criteria(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)
    listed = await work.segment("Listed")
    new = SegmentDraft("Fresh", MemberKind.ACCOUNT, SegmentType.STATIC)

    report = await manual_membership.add(
        work.context,
        work.viewer,
        [listed.id, german.id, listed.id],
        Selection(where={"attribute": {"field": "country", "op": "IS_SET"}}),
        new_segment=new,
    )

    assert (report.changed, report.already_done, report.not_found) == (15, 0, [])
    assert [segment.name for segment in report.segments] == ["Listed", "German", "Fresh"]
    assert [segment.member_count for segment in report.segments] == [5, 5, 5]
    fresh = report.segments[2]
    assert (fresh.status, fresh.type) == (SegmentStatus.ACTIVE, SegmentType.STATIC)
    assert (await work.compute(fresh)).reach_email == 4


async def test_refusals_change_nothing(work: UnitOfWork, connection: asyncpg.Connection) -> None:
    german = await work.segment("German", criteria=GERMAN)
    dynamic_draft = await segments.create(
        work.context, work.viewer, SegmentDraft("Later", MemberKind.ACCOUNT, SegmentType.DYNAMIC)
    )
    people = await segments.create(
        work.context, work.viewer, SegmentDraft("People", MemberKind.PERSON, SegmentType.STATIC)
    )
    foreign = await new_viewer("Other")
    before = await connection.fetch("SELECT * FROM chunks ORDER BY id")

    async def refusal(
        kind: type[Exception], segment_ids: list[int], selection: Selection
    ) -> tuple[object, ...]:
        paths = []
        for hand in (manual_membership.add, manual_membership.remove):
            with pytest.raises(kind) as caught:
                await hand(work.context, work.viewer, segment_ids, selection)
            paths.append(caught.value.path)  # type: ignore[attr-defined]  # all of them are ours
        assert paths[0] == paths[1]
        return tuple(paths[0])

    assert await refusal(Required, [], named("a")) == ("segmentIds",)
    assert await refusal(Required, [german.id], Selection()) == ("memberIds",)
    assert await refusal(Invalid, [german.id], Selection(member_ids=[1], external_ids=["a"])) == (
        "externalIds",
    )
    assert await refusal(TooMany, [german.id], named(*map(str, range(10_001)))) == ("externalIds",)
    assert await refusal(NotFound, [german.id, 10**9], named("a")) == ("segmentIds", 1)
    assert await refusal(Invalid, [german.id, people.id], named("a")) == ("segmentIds", 1)
    assert await refusal(BadTransition, [german.id, dynamic_draft.id], named("a")) == ("segmentIds", 1)
    for status in ("PAUSED", "ARCHIVED"):
        await connection.execute("UPDATE segments SET status = $1 WHERE id = $2", status, german.id)
        assert await refusal(BadTransition, [german.id], named("a")) == ("segmentIds", 0)
    await connection.execute("UPDATE segments SET status = 'ACTIVE' WHERE id = $1", german.id)
    with pytest.raises(NotFound):
        await manual_membership.remove(work.context, foreign, [german.id], named("a"))
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=work.viewer.workspace_id)
    with pytest.raises(Forbidden) as forbidden:
        await manual_membership.remove(work.context, member, [german.id], named("a"))
    assert forbidden.value.path == ("segmentIds", 0)
    new = SegmentDraft("german", MemberKind.ACCOUNT, SegmentType.STATIC)
    with pytest.raises(NameTaken) as taken:
        await manual_membership.add(work.context, work.viewer, [german.id], named("x"), new_segment=new)
    assert taken.value.path == ("newSegment", "name")

    assert await connection.fetch("SELECT * FROM chunks ORDER BY id") == before
    assert await work.names_in(german) == {"a", "b", "c"}
