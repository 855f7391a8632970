"""Orders from a file that is stored in many batches, each in another job: no order is cut or lost."""

from decimal import Decimal

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.imports import event_batches, event_fields, imports, runs
from seggraph.services.imports.imports import ImportView
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import upserts
from seggraph.vocabulary import ImportContent, ImportStatus, MemberKind
from tests.services.importing import uploaded

LINES = [(order, line) for order in range(1, 8) for line in range(1, order + 1)]
FILE = "Order ID,Email,Order Date,Line total\n" + "".join(
    f"{order},ann@shop.example,2026-01-05,{line}\n" for order, line in LINES
)


async def started(context: Context, viewer: Viewer, text: str) -> ImportView:
    """An import of orders that is started."""
    people = [{"externalId": "ann", "email": "ann@shop.example"}]
    await upserts.upsert(context, viewer, MemberKind.PERSON, people)
    view = await uploaded(context, viewer, text, MemberKind.PERSON, content=ImportContent.ORDERS)
    pairs = [Pair(one.column, event_fields.shown(one.field)) for one in view.suggestions]
    return await imports.start(context, viewer, view.id, pairs)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 100])
async def test_no_order_is_cut_by_the_end_of_a_batch(
    context: Context,
    viewer: Viewer,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
) -> None:
    monkeypatch.setattr(runs, "BATCH_ROWS", rows)
    monkeypatch.setattr(runs, "SLICE_SECONDS", -1.0)
    view = await started(context, viewer, FILE)

    jobs = 0
    while await runs.run(context, view.id) is ImportStatus.RUNNING:
        jobs += 1

    done = await imports.get(viewer, view.id)
    assert (done.status, done.read, done.added, done.merged) == (
        ImportStatus.COMPLETED,
        len(LINES),
        7,
        len(LINES) - 7,
    )
    found = await connection.fetch("SELECT external_id, value FROM events ORDER BY external_id")
    assert [tuple(row) for row in found] == [(str(n), Decimal(n * (n + 1) // 2)) for n in range(1, 8)]
    assert jobs == (1 if rows == 100 else jobs)
    assert jobs > 1 or rows == 100


async def test_an_order_with_too_many_lines_stops_the_import(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH_ROWS", 1)
    monkeypatch.setattr(event_batches, "MAX_LINES", 5)
    view = await started(context, viewer, FILE)
    await runs.run(context, view.id)
    done = await imports.get(viewer, view.id)
    assert (done.status, done.error_code) == (ImportStatus.FAILED, "INVALID")
    assert "has more than 5 lines" in (done.error_message or "")


async def test_an_order_with_more_items_than_properties_hold_is_kept_without_them(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    lines = "".join(f"1,ann@shop.example,2026-01-05,{number}.5\n" for number in range(1, 401))
    view = await started(context, viewer, f"Order ID,Email,Order Date,Line total\n{lines}")
    await runs.run(context, view.id)
    done = await imports.get(viewer, view.id)
    assert (done.status, done.read, done.added, done.merged, done.partial) == (
        ImportStatus.COMPLETED,
        400,
        1,
        399,
        1,
    )
    row = await connection.fetchrow("SELECT value, properties->>'itemCount' AS items FROM events")
    assert (row["value"], row["items"]) == (Decimal("80400"), "400")
