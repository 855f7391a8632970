"""Playbooks against what goes on at the same time: runs, edits, drafts, pauses, references and failures."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import CriteriaTooSlow, Forbidden, SegmentCycle
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.playbooks.views import PlaybookView
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import ReachStatus, RunStatus, SegmentStatus, SegmentType
from tests.services.computing import (
    ACCOUNT,
    FailingEngine,
    PausingEngine,
    country,
    members_of,
    new_segment,
    put,
    read,
    ready_segment,
    statuses_of_runs,
    whole,
    with_engine,
)
from tests.services.manual_changes import named


@pytest.fixture
async def listed(context: Context, viewer: Viewer) -> SegmentView:
    """An empty STATIC segment that is READY, and the members de, fr and us."""
    for code in ("de", "fr", "us"):
        await put(context, viewer, externalId=code, country=code.upper(), email=f"{code}@example.com")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    return await static(context, viewer, "Listed", activate=True)


async def static(context: Context, viewer: Viewer, name: str, *, activate: bool | None = None) -> SegmentView:
    draft = SegmentDraft(name, ACCOUNT, SegmentType.STATIC, activate=activate)
    segment = await segments.create(context, viewer, draft)
    return await computed(context, viewer, segment) if activate else segment


async def computed(context: Context, viewer: Viewer, segment: SegmentView) -> SegmentView:
    """The segment after the run that it asks for, if any."""
    revision = (await read(viewer, segment)).requested_revision
    assert await recompute.run(context, segment.id, revision) in (RunStatus.SUCCEEDED, None)
    return await read(viewer, segment)


async def playbook(
    context: Context, viewer: Viewer, name: str, criteria: Mapping[str, Any], *fed: SegmentView
) -> PlaybookView:
    """A playbook whose segments are computed."""
    draft = PlaybookDraft(name, ACCOUNT, criteria, [segment.id for segment in fed])
    made = await playbooks.create(context, viewer, draft)
    for segment in fed:
        await computed(context, viewer, segment)
    return made


async def test_playbooks_and_criteria_fill_a_segment_together(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    german = await ready_segment(context, viewer, country("DE"))
    await playbook(context, viewer, "Germans", country("DE"), german, listed)
    french = await playbook(context, viewer, "French", country("FR"), german, listed)

    assert await members_of(connection, german) == await members_of(connection, listed) == {"de", "fr"}
    # when a member changes sides, one statement evaluates all the rules, and only the last link that goes matters
    await put(context, viewer, externalId="us", country="FR")
    await put(context, viewer, externalId="de", country="US")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, german) == await members_of(connection, listed) == {"fr", "us"}

    await playbooks.delete(context, viewer, french.id)
    for segment in (german, listed):
        after = await computed(context, viewer, segment)
        assert (after.member_count, after.reach_email) == (0, 0)
        assert await members_of(connection, segment) == set()


async def test_only_what_an_edit_changes_is_computed(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    other = await static(context, viewer, "Other", activate=True)
    third = await static(context, viewer, "Third", activate=True)
    everybody = [listed, other, third]

    async def asked(given: Mapping[str, Any]) -> list[bool]:
        """Which of the three segments an edit has computed anew."""
        before = [(await read(viewer, one)).requested_revision for one in everybody]
        await playbooks.update(context, viewer, made.id, given)
        after = [(await computed(context, viewer, one)).requested_revision for one in everybody]
        return [revision > old for revision, old in zip(after, before, strict=True)]

    made = await playbook(context, viewer, "Germans", country("DE"), listed, other)
    assert await asked({"name": "The Germans", "criteria": country("DE")}) == [False, False, False]
    assert await asked({"add_to_segment_ids": [other.id, third.id, third.id]}) == [True, False, True]
    assert [await members_of(connection, one) for one in everybody] == [set(), {"de"}, {"de"}]
    assert await asked({"criteria": country("FR")}) == [False, True, True]
    assert [await members_of(connection, one) for one in everybody] == [set(), {"fr"}, {"fr"}]
    # and a paused one moves nobody in, whatever is edited; whom it does not add to any more, it still lets go
    await playbooks.pause(context, viewer, made.id)
    given = {"criteria": country("US"), "add_to_segment_ids": [listed.id, other.id]}
    assert await asked(given) == [False, False, True]
    assert [await members_of(connection, one) for one in everybody] == [set(), {"fr"}, set()]
    assert (await playbooks.resume(context, viewer, made.id)).version == 7
    assert [(await computed(context, viewer, one)).member_count for one in everybody] == [1, 1, 0]
    assert await members_of(connection, listed) == await members_of(connection, other) == {"us"}


async def test_a_draft_that_a_playbook_fills_is_active_if_it_needs_nothing_else(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    still = await static(context, viewer, "Still")
    moving = await new_segment(context, viewer, None, name="Moving")

    await playbook(context, viewer, "Germans", country("DE"), still, moving)

    assert (await read(viewer, still)).status is SegmentStatus.ACTIVE
    assert await members_of(connection, still) == {"de"}
    after = await read(viewer, moving)
    assert (after.status, after.requested_revision, after.member_count) == (SegmentStatus.DRAFT, 0, 0)
    # and the other one begins with both when it gets its criteria
    await segment_edits.update(context, viewer, moving.id, {"criteria": country("FR")})
    await computed(context, viewer, moving)
    assert await members_of(connection, moving) == {"de", "fr"}


async def test_a_segment_of_the_system_takes_no_playbook(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE segments SET origin = 'DEFAULT' WHERE id = $1", listed.id)

    with pytest.raises(Forbidden) as refused:
        await playbook(context, viewer, "Germans", country("DE"), listed)

    assert refused.value.path == ("addToSegmentIds", 0)


async def test_a_paused_segment_stands_still_until_it_is_resumed(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    germans = await playbook(context, viewer, "Germans", country("DE"), listed)
    await segment_life.pause(context, viewer, listed.id)

    await playbook(context, viewer, "French", country("FR"), listed)
    await playbooks.delete(context, viewer, germans.id)
    await put(context, viewer, externalId="us", country="FR")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    after = await read(viewer, listed)
    assert (after.status, after.requested_revision) == (SegmentStatus.PAUSED, 2)
    assert await members_of(connection, listed) == {"de"}
    await segment_life.resume(context, viewer, listed.id)
    await computed(context, viewer, listed)
    assert await members_of(connection, listed) == {"fr", "us"}


async def test_pausing_during_a_run_freezes_the_links_as_they_are(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    germans = await playbook(context, viewer, "Germans", country("DE"), listed)
    french = await playbook(context, viewer, "French", country("FR"), listed)
    await segments.recalculate(context, viewer, listed.id)
    # given a run that has found that both match others by now
    await put(context, viewer, externalId="us", country="DE")
    await put(context, viewer, externalId="fr", country="US")
    engine = PausingEngine(whole)
    run = asyncio.create_task(recompute.run(with_engine(context, engine), listed.id, 4))
    await engine.reached.wait()

    # when the one is paused, and the other renamed, before the run applies what it found
    await playbooks.pause(context, viewer, germans.id)
    await playbooks.update(context, viewer, french.id, {"name": "The French"})
    engine.resume.set()

    # then it goes on, and leaves the links of the paused one alone
    assert await run is RunStatus.SUCCEEDED
    assert await members_of(connection, listed) == {"de"}
    await playbooks.resume(context, viewer, germans.id)
    await computed(context, viewer, listed)
    assert await members_of(connection, listed) == {"de", "us"}


@pytest.mark.parametrize("edit", ["criteria", "segments", "delete", "another"])
async def test_an_edit_voids_the_run_at_work(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection, edit: str
) -> None:
    made = await playbook(context, viewer, "Germans", country("DE"), listed)
    other = await static(context, viewer, "Other", activate=True)
    await segments.recalculate(context, viewer, listed.id)
    engine = PausingEngine(whole)
    run = asyncio.create_task(recompute.run(with_engine(context, engine), listed.id, 3))
    await engine.reached.wait()

    match edit:
        case "criteria":
            await playbooks.update(context, viewer, made.id, {"criteria": country("FR")})
        case "segments":
            await playbooks.update(context, viewer, made.id, {"add_to_segment_ids": [other.id]})
        case "delete":
            await playbooks.delete(context, viewer, made.id)
        case "another":
            draft = PlaybookDraft("French", ACCOUNT, country("FR"), [listed.id])
            await playbooks.create(context, viewer, draft)
    engine.resume.set()

    assert await run is RunStatus.VOID
    await computed(context, viewer, listed)
    expected = {"criteria": {"fr"}, "segments": set(), "delete": set(), "another": {"de", "fr"}}
    assert await members_of(connection, listed) == expected[edit]
    assert [status for _, _, status in await statuses_of_runs(connection, listed)][-2:] == [
        "VOID",
        "SUCCEEDED",
    ]


def in_segment(segment: SegmentView, op: str = "IN") -> dict[str, Any]:
    return {"segment": {"op": op, "id": segment.id}}


async def test_circles_through_playbooks_are_refused(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    follower = await ready_segment(context, viewer, in_segment(listed), name="Follower")
    other = await static(context, viewer, "Other", activate=True)

    # when a playbook would add to a segment that its criteria refer to, directly or through another
    for criteria in (in_segment(listed), in_segment(follower, "NOT_IN"), {"not": in_segment(follower)}):
        with pytest.raises(SegmentCycle) as refused:
            await playbook(context, viewer, "Round", criteria, other, listed)
        assert refused.value.path[0] == "criteria"
    # then there is nothing of it
    assert await connection.fetchval("SELECT count(*) FROM playbooks") == 0
    assert await connection.fetchval("SELECT count(*) FROM sources WHERE kind = 'PLAYBOOK'") == 0

    # and so neither with an edit of the playbook, nor with one of a segment that it refers to
    made = await playbook(context, viewer, "Straight", in_segment(follower), other)
    with pytest.raises(SegmentCycle) as refused:
        await playbooks.update(context, viewer, made.id, {"add_to_segment_ids": [other.id, listed.id]})
    assert refused.value.path == ("addToSegmentIds",)
    with pytest.raises(SegmentCycle) as refused:
        await segment_edits.update(context, viewer, follower.id, {"criteria": in_segment(other)})
    assert refused.value.path == ("criteria", "segment", "id")
    # but what takes the circle apart in the same edit is accepted
    await playbooks.update(
        context, viewer, made.id, {"criteria": country("DE"), "add_to_segment_ids": [listed.id]}
    )
    with pytest.raises(SegmentCycle):
        await playbooks.update(context, viewer, made.id, {"criteria": in_segment(follower)})


async def test_a_playbook_follows_the_segments_that_it_refers_to(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    fed = await static(context, viewer, "Fed", activate=True)
    criteria = {"all": [in_segment(listed), {"not": country("US")}]}
    await playbook(context, viewer, "Followers", criteria, fed)

    await manual_membership.add(context, viewer, [listed.id], named("de", "us"))
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, fed) == {"de"}

    await manual_membership.remove(context, viewer, [listed.id], named("de"))
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, fed) == set()


async def test_a_playbook_that_fails_says_so_and_takes_its_failure_with_it(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    bad = await playbook(context, viewer, "Bad", country("DE"), listed)
    await playbook(context, viewer, "Good", country("FR"), listed)
    # given criteria that hold no more
    document = '{"attribute": {"field": "nope", "op": "IS_SET"}}'
    await connection.execute("UPDATE playbooks SET criteria = $1 WHERE id = $2", document, bad.id)

    asked = await segments.recalculate(context, viewer, listed.id)
    assert await recompute.run(context, listed.id, asked.requested_revision) is RunStatus.FAILED

    after = await read(viewer, listed)
    assert (after.reach_status, after.error_code) == (ReachStatus.FAILED, "CRITERIA_UNKNOWN_FIELD")
    assert after.error_message is not None
    assert after.error_message.startswith('The playbook "Bad": ')
    assert await members_of(connection, listed) == {"de", "fr"}
    # when it goes, the segment is computed again
    await playbooks.delete(context, viewer, bad.id)
    after = await computed(context, viewer, listed)
    assert (after.reach_status, after.error_code) == (ReachStatus.READY, None)
    assert await members_of(connection, listed) == {"fr"}


async def test_a_playbook_that_is_too_slow_leaves_what_was_good(
    context: Context, viewer: Viewer, listed: SegmentView, connection: asyncpg.Connection
) -> None:
    await playbook(context, viewer, "Germans", country("DE"), listed)
    failing = with_engine(context, FailingEngine(whole, CriteriaTooSlow("evaluating took too long")))

    await playbooks.create(failing, viewer, PlaybookDraft("Slow", ACCOUNT, country("FR"), [listed.id]))
    revision = (await read(viewer, listed)).requested_revision
    assert await recompute.run(failing, listed.id, revision) is RunStatus.FAILED

    assert (await read(viewer, listed)).error_code == "CRITERIA_TOO_SLOW"
    assert await members_of(connection, listed) == {"de"}


async def test_two_edits_at_once_take_turns(context: Context, viewer: Viewer, listed: SegmentView) -> None:
    other = await static(context, viewer, "Other", activate=True)
    one = await playbook(context, viewer, "One", country("DE"), listed)
    two = await playbook(context, viewer, "Two", country("FR"), other)

    await asyncio.gather(
        *(
            playbooks.update(context, viewer, made.id, {"add_to_segment_ids": list(ids)})
            for ids in ([listed.id, other.id], [other.id, listed.id], [other.id])
            for made in (one, two)
        )
    )

    after = await computed(context, viewer, other)
    assert after.member_count == 2
    assert (await computed(context, viewer, listed)).member_count in (0, 1, 2)
