"""Reach: the counts are those of a naive look at every member, under both policies and for each purpose."""

import asyncio
import itertools
from dataclasses import astuple
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.members import upserts
from seggraph.services.reach.reach import PLACES, ReachCounts, Step, count
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.suppressions import suppressions
from seggraph.vocabulary import (
    Channel,
    ConsentPolicy,
    ConsentState,
    RunStatus,
    SegmentPurpose,
    SuppressionReason,
)
from tests.services.computing import ACCOUNT, new_segment, put, read, ready_segment

EVERYBODY = {"not": {"attribute": {"field": "country", "op": "EQ", "value": "nowhere"}}}


@pytest.mark.parametrize("policy", list(ConsentPolicy))
@pytest.mark.parametrize("purpose", [None, *SegmentPurpose])
async def test_reach_is_that_of_a_naive_look(
    context: Context,
    viewer: Viewer,
    connection: asyncpg.Connection,
    policy: ConsentPolicy,
    purpose: SegmentPurpose | None,
) -> None:
    # given a member for every combination of addresses and consents that matters
    await connection.execute("UPDATE workspaces SET consent_policy = $1", policy.value)
    rows: list[dict[str, Any]] = []
    for email, address, phone in itertools.product([False, True], repeat=3):
        for first, second in itertools.product(ConsentState, repeat=2):
            row = {
                "externalId": f"m{len(rows)}",
                "consents": [
                    (Channel.EMAIL, first),
                    (Channel.DIRECT_MAIL, second),
                    (Channel.SMS, second),
                    (Channel.PHONE, first),
                    (Channel.PUSH, second),
                ],
                "email": "m@example.com" if email else None,
                "phone": "+49 30 1" if phone else None,
                "address": "Street 1" if address else None,
            }
            rows.append(row)
    report = await upserts.upsert(context, viewer, ACCOUNT, rows)
    assert (report.created, report.row_errors) == (72, [])

    segment = await new_segment(context, viewer, EVERYBODY, purpose=purpose)
    assert await recompute.run(context, segment.id, 1) is RunStatus.SUCCEEDED

    def allowed(state: ConsentState) -> bool:
        return state is ConsentState.GRANTED or (
            policy is ConsentPolicy.OPT_OUT and state is ConsentState.UNKNOWN
        )

    states = [dict(row["consents"]) for row in rows]
    email_ = {n for n, row in enumerate(rows) if row["email"] and allowed(states[n][Channel.EMAIL])}
    mail = {n for n, row in enumerate(rows) if row["address"] and allowed(states[n][Channel.DIRECT_MAIL])}
    sms = {n for n, row in enumerate(rows) if row["phone"] and allowed(states[n][Channel.SMS])}
    phone_ = {n for n, row in enumerate(rows) if row["phone"] and allowed(states[n][Channel.PHONE])}
    push = {n for n in range(len(rows)) if states[n][Channel.PUSH] is ConsentState.GRANTED}
    total = mail if purpose is SegmentPurpose.ACQUISITION else mail | email_
    after = await read(viewer, segment)
    assert after.member_count == 72
    assert (
        after.reach_total,
        after.reach_email,
        after.reach_direct_mail,
        after.reach_sms,
        after.reach_phone,
        after.reach_push,
    ) == tuple(map(len, (total, email_, mail, sms, phone_, push)))


def test_a_member_of_two_channels_counts_once_in_the_total() -> None:
    reachable = {place: BitMap() for place in PLACES}
    reachable |= {(Step.REACHED, Channel.EMAIL): BitMap([1, 2])}
    reachable |= {(Step.REACHED, Channel.DIRECT_MAIL): BitMap([2, 3])}

    assert astuple(count(BitMap([1, 2, 3, 4]), reachable, None)) == (3, 2, 2, *[0] * 13, 4, *[0] * 4)
    assert count(BitMap([1, 2, 3, 4]), reachable, SegmentPurpose.ACQUISITION).total == 2
    assert count(BitMap([1, 4]), reachable, SegmentPurpose.RETENTION) == ReachCounts(
        1, 1, 0, 0, 0, 0, members=2
    )


async def test_no_refresh_slips_between_a_suppression_and_the_look_for_who_has_the_address(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a member, and a suppression that has looked who has the address and is not committed
    await put(context, viewer, externalId="a")
    segment = await ready_segment(context, viewer, EVERYBODY)
    looked, commit = asyncio.Event(), asyncio.Event()
    mark = suppressions._mark

    async def mark_and_wait(*arguments: Any) -> None:
        await mark(*arguments)
        looked.set()
        async with asyncio.timeout(120):
            await commit.wait()

    monkeypatch.setattr(suppressions, "_mark", mark_and_wait)
    suppressing = asyncio.create_task(
        suppressions.suppress(context, viewer, Channel.EMAIL, ["a@example.com"], SuppressionReason.BOUNCE)
    )
    await looked.wait()

    # when the member gets the address meanwhile, and a refresh wants to look at it
    await put(context, viewer, externalId="a", email="a@example.com")
    refreshing = asyncio.create_task(refresh.drain(context, viewer.workspace_id, ACCOUNT))
    async with asyncio.timeout(120):
        while not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        ):
            assert not refreshing.done(), "the refresh did not wait"
            await asyncio.sleep(0.01)
    commit.set()

    # then it waits, and sees the suppression
    assert (await suppressing).changed == 1
    assert await refreshing == 1
    after = await read(viewer, segment)
    assert (after.addressed_email, after.allowed_email, after.reach_email) == (1, 1, 0)
