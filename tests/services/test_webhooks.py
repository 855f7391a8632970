"""What webhooks are sent: after a killed worker again under the same id, moves as one net change, in parts, bounded."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap
from standardwebhooks.webhooks import Webhook

from seggraph import webhook_signatures
from seggraph.access import Viewer
from seggraph.audiences import to_bytes
from seggraph.context import Context, open_context
from seggraph.models.runs import Direction
from seggraph.services.members import upserts
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.webhooks import messages as webhook_messages
from seggraph.services.webhooks import runs as webhook_runs
from seggraph.services.webhooks import webhooks
from seggraph.services.webhooks.messages import MembershipChanges
from seggraph.services.webhooks.webhooks import WebhookDraft
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind, SegmentType, Topic
from tests.destinations.answering import http
from tests.product import working
from tests.services.webhook_receiver import Receiver, receiving

DE = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
MESSAGES = "SELECT status, attempts, next_attempt_at, body FROM webhook_messages ORDER BY id"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_runs, "POLL_SECONDS", 0.05)


@pytest.fixture
async def context(settings: Settings) -> AsyncIterator[Context]:
    allowing: dict[str, Any] = {"outgoing_networks": (ip_network("127.0.0.1"),), "outgoing_seconds": 60.0}
    async with open_context(settings.model_copy(update=allowing)) as opened:
        yield opened


async def draft(context: Context, viewer: Viewer, name: str) -> None:
    await segments.create(
        context,
        viewer,
        SegmentDraft(name=name, kind=MemberKind.ACCOUNT, type=SegmentType.DYNAMIC, activate=False),
    )


async def all_delivered(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(120):
        while {row["status"] for row in await connection.fetch(MESSAGES)} != {"DELIVERED"}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def send_all(context: Context) -> None:
    await webhook_messages.prepare_due(context)
    for lease in await webhook_runs._claim(context, 10):
        await webhook_runs._send_due(context, lease)


@given(body=st.binary(max_size=50).map(lambda raw: raw.hex().encode()), count=st.integers(1, 2))
def test_signatures_are_those_of_the_reference(body: bytes, count: int) -> None:
    keys, at = [webhook_signatures.new_secret() for _ in range(count)], datetime.now(UTC)

    headers = webhook_signatures.headers(keys, "msg_1", body, at=at)

    expected = [Webhook(key).sign("msg_1", at, body.decode()) for key in keys]
    assert headers["webhook-signature"].split(" ") == expected


async def test_what_a_killed_worker_was_sending_comes_again_under_its_id(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async with receiving(Receiver(hang=asyncio.Event())) as receiver:
        await webhooks.create(context, viewer, WebhookDraft(receiver.url, [Topic.SEGMENT_CREATED]))
        await draft(context, viewer, "One")
        await webhook_messages.prepare_due(context)

        # when a worker dies after the receiver has the message, and before it could note that
        [lease] = await webhook_runs._claim(context, 1)
        sending = asyncio.create_task(webhook_runs._send_next(context, lease))
        await receiver.until(1)
        sending.cancel()
        await asyncio.wait({sending})
        assert await webhook_runs._claim(context, 1) == []  # the lease is the dead worker's
        assert receiver.hang is not None
        receiver.hang.set()
        await connection.execute("UPDATE webhooks SET lease_until = clock_timestamp()")

        # then another one sends it again when the lease is over, under the same id and with the same body
        async with working(context):
            first, second = await receiver.until(2)
            assert (first.id, first.body) == (second.id, second.body)
            await all_delivered(connection)


async def test_members_come_in_parts_of_a_thousand(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async with receiving() as receiver:
        await webhooks.create(context, viewer, WebhookDraft(receiver.url, [Topic.MEMBERS_ENTERED]))
        for start in (0, 1_000, 2_000):
            rows = [{"externalId": f"m{n}", "country": "DE"} for n in range(start, min(start + 1_000, 2_500))]
            await upserts.upsert(context, viewer, MemberKind.ACCOUNT, rows)
        await segments.create(
            context,
            viewer,
            SegmentDraft(name="All", kind=MemberKind.ACCOUNT, type=SegmentType.DYNAMIC, criteria=DE),
        )

        async with working(context):
            calls = await receiver.until(3)
            await all_delivered(connection)

        parts = [call.document["data"] for call in calls]
        assert [(part["part"], part["parts"], len(part["members"])) for part in parts] == [
            (1, 3, 1_000),
            (2, 3, 1_000),
            (3, 3, 500),
        ]
        ids = {member["externalId"] for part in parts for member in part["members"]}
        assert ids == {f"m{n}" for n in range(2_500)}
        assert await connection.fetchval("SELECT count(*) FROM webhook_facts") == 0
        assert {row["body"] for row in await connection.fetch(MESSAGES)} == {None}  # too large to keep


@given(runs=st.lists(st.tuples(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9))), max_size=5))
async def test_several_moves_are_told_as_one_net_change(runs: list[tuple[set[int], set[int]]]) -> None:
    # given runs, of which each moves those only who can move, beginning with 0 to 4 inside
    inside, rows, began = set(range(5)), [], set(range(5))
    for number, (come, go) in enumerate(runs, start=1):
        entered, exited = come - inside, go & inside
        inside = (inside | entered) - exited
        rows += [
            {"run_id": number, "move": move, "roaring": to_bytes(BitMap(moved))}
            for move, moved in ((Direction.ENTERED, entered), (Direction.EXITED, exited))
            if moved
        ]

    class Rows:
        async def fetch(self, *_: Any) -> list[dict[str, Any]]:
            return rows

    moved = MembershipChanges(segment=_Segment(), at=datetime.now(UTC), run_ids=list(range(1, len(runs) + 1)))  # type: ignore[arg-type]
    entered_, exited_ = await webhook_messages._net(Rows(), 1, moved)

    assert (set(entered_), set(exited_)) == (inside - began, began - inside)


class _Segment:
    id = 1


async def test_waits_are_bounded_and_what_fails_for_days_is_disabled(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async with receiving(Receiver(always=http("429 Slow", b"", "Retry-After: 60"))) as receiver:
        view, _ = await webhooks.create(context, viewer, WebhookDraft(receiver.url, [Topic.SEGMENT_CREATED]))
        await draft(context, viewer, "One")
        before = datetime.now(UTC)
        await send_all(context)

        # then Retry-After is honoured by the message and by the webhook, which rests
        [message] = await connection.fetch(MESSAGES)
        retry_at = (await webhooks.get(viewer, view.id)).retry_at
        assert retry_at is not None
        minute = timedelta(minutes=1)
        for instant in (message["next_attempt_at"], retry_at):
            assert before + minute <= instant <= datetime.now(UTC) + minute
        await draft(context, viewer, "Two")
        await send_all(context)
        assert len(receiver.calls) == 1

        # and after days of failures only, nothing is sent or noted any more, and the reason is there
        await connection.execute(
            "UPDATE webhooks SET retry_at = NULL, failing_since = now() - interval '6 days'"
        )
        await send_all(context)
        view = await webhooks.get(viewer, view.id)
        assert view.status == "DISABLED"
        assert (
            view.status_reason == "Every attempt failed for more than 5 days. Put it right, then resume it."
        )
        await draft(context, viewer, "Three")
        assert await connection.fetchval("SELECT count(*) FROM webhook_facts") == 0

        # and old messages go, with their attempts
        await connection.execute("UPDATE webhook_messages SET created_at = now() - interval '8 days'")
        await webhook_messages.expire(context, 500)
        assert await connection.fetch(MESSAGES) == []
        assert await connection.fetchval("SELECT count(*) FROM webhook_attempts") == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("999999999999", 43_200.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("Sun, 22 Nov 2026 08:00:30 GMT", 30.0),
        ("Sun, 22 Nov 1026 08:00:30 GMT", 0.0),
    ],
)
def test_retry_after(text: str, seconds: float) -> None:
    assert webhook_runs._retry_after(text, datetime(2026, 11, 22, 8, tzinfo=UTC)) == seconds


async def test_tries_again_for_about_a_day(context: Context) -> None:
    waits = [webhook_runs._wait(tried, 0.0) for tried in range(8)]

    assert waits[-1] is None
    assert 0.8 * 86_400 < sum(wait for wait in waits if wait is not None) < 1.2 * 86_400
