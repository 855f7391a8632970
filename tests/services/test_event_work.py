"""What corrections, removals and retention cost: statements and rows by the events that they are about."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.events import events, removals, retention
from tests.counted_work import CountedWork, counted
from tests.services.recording import NOW, PERSON, assert_consistent, event, record, store

MEMBERS = 400


@pytest.fixture
async def many(context: Context, connection: asyncpg.Connection, viewer: Viewer) -> Viewer:
    """The viewer, in whose workspace many members have an order of each of two days."""
    await store(context, viewer, PERSON, *(f"m{number}" for number in range(MEMBERS)))
    await record(context, viewer, *orders(0, MEMBERS), *orders(0, MEMBERS, days=2))
    await connection.execute("ANALYZE")
    return viewer


def orders(first: int, last: int, *, value: int = 1, days: int = 1) -> list[dict[str, Any]]:
    return [
        event(
            memberExternalId=f"m{number}",
            value=Decimal(value),
            occurredAt=NOW - timedelta(days=days, hours=1),
            externalId=f"{days}:{number}",
        )
        for number in range(first, last)
    ]


async def test_statements_do_not_become_more_with_the_events(
    context: Context, connection: asyncpg.Connection, many: Viewer
) -> None:
    async def correct(first: int, last: int) -> CountedWork:
        with counted() as work:
            report = await events.record(context, many, orders(first, last, value=7))
        assert report.accepted == last - first
        return work

    async def delete(first: int, last: int) -> CountedWork:
        with counted() as work:
            found = await events.delete(context, many, [f"1:{number}" for number in range(first, last)])
        assert found.deleted == last - first
        return work

    for act in (correct, delete):
        few, more = await act(0, 20), await act(20, 300)
        assert more.statements == few.statements
        assert more.rows < 15 * few.rows, "14 times the events"
    await assert_consistent(connection)


async def test_retention_looks_at_each_event_once(
    context: Context, connection: asyncpg.Connection, many: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 50)
    await record(context, many, *orders(0, MEMBERS, days=40))
    await connection.execute("UPDATE workspaces SET event_retention_days = 30")

    with counted() as work:
        assert await retention.prune(context, many.workspace_id) == MEMBERS

    # the events, and the totals that are lowered
    assert work.rows < 3 * MEMBERS
    await assert_consistent(connection)


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_no_row_is_joined_with_all_others(
    connection: asyncpg.Connection, many: Viewer, plan: str
) -> None:
    await connection.execute(f"SET plan_cache_mode = {plan}")
    external_ids = [f"1:{number}" for number in range(MEMBERS)]
    totals = [
        (int(PERSON), "order", ordinal, 1, 1, Decimal(1), NOW - timedelta(days=9), NOW - timedelta(days=8))
        for ordinal in range(MEMBERS)
    ]
    columns = [list(column) for column in zip(*totals, strict=True)]
    for statement, arguments in (
        (removals.BY_EXTERNAL_ID, [external_ids]),
        (removals.REMOVE_KEYS, [external_ids]),
        (removals.REMOVE_TOTALS, columns),
        (removals.LOWER_TOTALS, columns),
    ):
        transaction = connection.transaction()
        await transaction.start()
        text = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        [explained] = orjson.loads(await connection.fetchval(text, many.workspace_id, *arguments))
        await transaction.rollback()
        assert looked_at(explained["Plan"]) < 30 * MEMBERS, statement


def looked_at(node: dict[str, Any]) -> float:
    """How many rows the parts of a plan produced or removed."""
    rows = node["Actual Rows"] * node["Actual Loops"]
    removed = (
        sum(value for key, value in node.items() if key.startswith("Rows Removed")) * node["Actual Loops"]
    )
    return float(rows + removed + sum(looked_at(part) for part in node.get("Plans", [])))
