"""The generated events: the same for the same seed, believable, and recorded once however often one seeds."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.demo import events as demo_events
from seggraph.demo import members as demo_data
from seggraph.demo import seeding
from seggraph.vocabulary import MemberKind

AS_OF = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def events_of(kind: MemberKind, count: int, *, seed: int = 7) -> list[dict[str, Any]]:
    if kind is MemberKind.ACCOUNT:
        members = list(demo_data.accounts(seed, count, as_of=AS_OF))
    else:
        members = list(demo_data.people(seed, count, count, as_of=AS_OF))
    return list(demo_events.of_members(seed, kind, members, as_of=AS_OF))


def test_a_member_does_the_same_however_many_there_are() -> None:
    few, many = events_of(MemberKind.ACCOUNT, 5), events_of(MemberKind.ACCOUNT, 300)

    assert few == list(islice(many, len(few)))
    assert few != events_of(MemberKind.ACCOUNT, 5, seed=8)


def test_events_are_a_few_each_and_of_the_last_year() -> None:
    for kind in (MemberKind.ACCOUNT, MemberKind.PERSON):
        events = events_of(kind, 1000)

        assert 2000 < len(events) < 4500
        assert len({event["externalId"] for event in events}) == len(events)
        assert all(MIDNIGHT - timedelta(days=365) <= event["occurredAt"] < MIDNIGHT for event in events)
        names = Counter(event["name"] for event in events)
        assert set(names) == {"order", "login", "page_view", "newsletter_opened"}
        assert all((event["value"] is not None) == (event["name"] == "order") for event in events)
        assert all(event["value"] is None or 0 < event["value"] < 10**8 for event in events)


def test_who_pays_orders_and_was_last_seen_at_a_login() -> None:
    members = list(demo_data.accounts(7, 300, as_of=AS_OF))
    events = list(demo_events.of_members(7, MemberKind.ACCOUNT, members, as_of=AS_OF))
    last: dict[str, datetime] = {}
    for event in events:
        member = str(event["memberExternalId"])
        assert isinstance(event["occurredAt"], datetime)
        last[member] = max(last.get(member, event["occurredAt"]), event["occurredAt"])
    orders = Counter(event["memberExternalId"] for event in events if event["name"] == "order")

    for account in members:
        attributes: Any = account["attributes"]
        seen = datetime.fromisoformat(attributes["lastSeenAt"])
        if account["externalId"] in last:
            assert last[str(account["externalId"])] == seen
            assert attributes["plan"] == "free" or 1 <= orders[account["externalId"]] <= 4


async def test_seeding_twice_records_events_once(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async def seed() -> list[asyncpg.Record]:
        await seeding.seed(
            context, viewer.workspace_id, 200, number=7, as_of=AS_OF, advance=lambda count: None
        )
        return list(await connection.fetch("SELECT * FROM events ORDER BY id"))

    first = await seed()
    assert 400 < len(first) < 800
    assert await seed() == first
