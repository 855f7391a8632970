from datetime import UTC, datetime, timedelta

import orjson
import pytest

from seggraph.events import facts
from seggraph.events.facts import Fact, MembershipChanged, ReachChanged, RunProgressed, SegmentStatusChanged
from seggraph.vocabulary import ReachStatus, SegmentStatus
from tests.events.example_facts import AT, entered, reach

EVERY_KIND: list[Fact] = [
    SegmentStatusChanged(
        workspace_id=1,
        at=AT,
        segment_id=2,
        revision=3,
        status=SegmentStatus.ACTIVE,
        previous_status=SegmentStatus.DRAFT,
    ),
    SegmentStatusChanged(
        workspace_id=1, at=AT, segment_id=2, revision=1, status=SegmentStatus.DRAFT, previous_status=None
    ),
    ReachChanged(workspace_id=1, at=AT, segment_id=2, revision=3, reach_status=ReachStatus.CALCULATING),
    RunProgressed(workspace_id=1, at=AT, segment_id=2, revision=3, progress=0.25, phase="scan"),
    MembershipChanged(
        workspace_id=1,
        at=AT,
        segment_id=2,
        revision=3,
        entered=5,
        exited=1,
        entered_sample=(11, 12),
        exited_sample=(13,),
    ),
]


@pytest.mark.parametrize("fact", EVERY_KIND, ids=lambda fact: type(fact).__name__)
def test_a_fact_comes_back_as_it_was(fact: Fact) -> None:
    assert facts.decode(facts.encode(fact)) == fact


def test_the_payload_is_small_and_tagged() -> None:
    payload = facts.encode(reach(1, 3))

    assert orjson.loads(payload) == {
        "t": "ReachChanged",
        "v": 1,
        "d": {
            "workspace_id": 1,
            "at": "2026-11-22T08:30:15.250000Z",
            "segment_id": 7,
            "revision": 3,
            "reach_status": "READY",
        },
    }


def _changed(**changes: object) -> bytes:
    return orjson.dumps(orjson.loads(facts.encode(reach(1, 3))) | changes)


@pytest.mark.parametrize(
    "payload",
    [
        _changed(t="HappenedInTheFuture"),
        _changed(v=2),
        _changed(d={"workspace_id": 1}),
        _changed(d=None),
        orjson.dumps(orjson.loads(facts.encode(reach(1, 3)))["d"] | {"t": "ReachChanged", "v": 1}),
        _changed(d=orjson.loads(facts.encode(reach(1, 3)))["d"] | {"reach_status": "SOMETHING_NEW"}),
        b"[]",
        b"null",
        b"{",
        b"",
        b"\xff",
    ],
)
def test_what_is_not_understood_is_skipped(payload: bytes) -> None:
    assert facts.decode(payload) is None


def test_a_field_that_a_newer_version_added_does_no_harm() -> None:
    known = orjson.loads(facts.encode(reach(1, 3)))["d"]

    assert facts.decode(_changed(d=known | {"added_later": 1})) == reach(1, 3)


def test_of_two_states_the_later_stays() -> None:
    assert reach(1, 3).followed_by(reach(1, 4)) == reach(1, 4)
    assert not reach(1, 3).adds_up


def test_increments_are_added_up() -> None:
    earlier = MembershipChanged(
        workspace_id=1,
        at=AT,
        segment_id=7,
        revision=3,
        entered=8,
        exited=2,
        entered_sample=tuple(range(8)),
        exited_sample=(1, 2),
    )
    later = MembershipChanged(
        workspace_id=1,
        at=AT + timedelta(seconds=1),
        segment_id=7,
        revision=4,
        entered=5,
        exited=1,
        entered_sample=tuple(range(100, 105)),
        exited_sample=(3,),
    )

    total = earlier.followed_by(later)

    assert earlier.adds_up
    assert (total.entered, total.exited) == (13, 3)
    assert (total.revision, total.at) == (4, datetime(2026, 11, 22, 8, 30, 16, 250_000, tzinfo=UTC))
    assert total.entered_sample == (0, 1, 2, 3, 4, 5, 6, 7, 100, 101)
    assert total.exited_sample == (1, 2, 3)
    assert (earlier.entered, later.entered) == (8, 5)


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two kinds of fact are called ReachChanged"):
        facts.published(ReachChanged)


def test_samples_are_the_tests_own() -> None:
    assert entered(1, 3, 2).entered_sample == (3,)
