"""Erasing members: no trace is left anywhere in the database."""

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.audiences import from_bytes, store
from seggraph.context import Context
from seggraph.errors import Forbidden, Invalid, Required, TooMany
from seggraph.files import uploads
from seggraph.services.erasure import erasure
from seggraph.services.members import members
from seggraph.services.members.selections import Selection
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role, SegmentType
from tests.conftest import new_viewer
from tests.product import Product
from tests.services.computing import (
    ACCOUNT,
    country,
    members_of,
    new_segment,
    put,
    read,
)
from tests.services.erasing import (
    MARK,
    everything_about,
    imports_that_name_it,
    named,
    quiet,
    traces,
)

DELETE = """
    mutation ($input: MemberIdsInput!) {
      deleteMembers(input: $input) {
        deleted notFound
        erased { addresses events relations pendingRelations segments history importRows importFiles }
        errors { code path }
      }
    }
"""


@pytest.mark.parametrize("spread", [600, 1])
async def test_no_trace_is_left(
    product: Product,
    context: Context,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    spread: int,
) -> None:
    # given that few members are kept together, or in chunks beside which one at most is toggled
    monkeypatch.setattr(store, "DELTA_ORDINALS_PER_CHUNK", spread)
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
    await manual_membership.add(context, viewer, [by_hand.id], named(MARK, "a1"))
    await manual_membership.remove(context, viewer, [blocked.id], named(MARK))
    await quiet(connection)
    await put(context, viewer, externalId=MARK, country="US")
    await quiet(connection)
    await put(context, viewer, externalId=MARK, country="DE")
    await quiet(connection)
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
    await quiet(connection)
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
    await quiet(connection)
    after = await read(viewer, german)
    assert after.computed_revision == asked.requested_revision
    assert (after.member_count, after.reach_total, after.reach_email) == (
        view.member_count,
        view.reach_total,
        view.reach_email,
    )

    # and the same external id begins anew: another ordinal, no segment by hand, no block, no relation, no event
    await put(context, viewer, externalId=MARK, country="DE", name="New")
    await quiet(connection)
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
