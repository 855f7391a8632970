"""What tests of deliveries share: a segment of people, a destination, workers that live or die, and who is outside."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.leases import Lease
from seggraph.destinations import email_service
from seggraph.services.destinations import deliveries, delivery_runs, destinations
from seggraph.services.destinations.deliveries import DeliveryView
from seggraph.services.destinations.destinations import DestinationDraft
from seggraph.services.members import upserts
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, SegmentType

PERSON = MemberKind.PERSON
GERMAN = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
MAPPING = {"city": "$city", "plan": "$attributes.plan"}


async def people(context: Context, viewer: Viewer, rows: list[dict[str, Any]]) -> None:
    """Upsert people, and look at what changed."""
    report = await upserts.upsert(context, viewer, PERSON, rows)
    assert report.row_errors == []
    await refresh.drain(context, viewer.workspace_id, PERSON)


def person(number: int, country: str = "DE", **more: Any) -> dict[str, Any]:
    return {"externalId": f"p{number}", "email": f"p{number}@example.com", "country": country} | more


async def segment_of(context: Context, viewer: Viewer, name: str = "Germans") -> int:
    """An ACTIVE segment of Germans, computed."""
    draft = SegmentDraft(name=name, kind=PERSON, type=SegmentType.DYNAMIC, criteria=GERMAN)
    made = await segments.create(context, viewer, draft)
    await recompute.run(context, made.id, 1)
    return made.id


async def renamed(context: Context, viewer: Viewer, segment_id: int, name: str) -> None:
    """Give a segment another name."""
    await segment_edits.update(context, viewer, segment_id, {"name": name})


async def service_at(context: Context, viewer: Viewer, url: str, **more: Any) -> int:
    """A destination that is an email service."""
    draft = DestinationDraft("Mail", email_service.DESTINATION.type, url=url, mapping=MAPPING, **more)
    return (await destinations.create(context, viewer, draft)).view.id


async def worked(context: Context, viewer: Viewer, delivery_id: int) -> DeliveryView:
    """The delivery after a worker was at it; it does not wait after failures."""
    await hasten(delivery_id)
    await delivery_runs.run(context, delivery_id)
    return (await deliveries.get_many(viewer, [delivery_id]))[delivery_id]


async def hasten(delivery_id: int) -> None:
    """Let time pass: no wait after a failure, and leases of the dead run out."""
    async with database() as connection:
        statement = (
            "UPDATE deliveries SET retry_at = NULL, lease_until = now() - interval '1 s' WHERE id = $1"
        )
        await connection.execute(statement, delivery_id)


async def killed(context: Context, delivery_id: int, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed at some moment: it says nothing, and leaves its lease."""

    async def silence(_: Lease) -> None:
        pass

    await hasten(delivery_id)
    with monkeypatch.context() as patched:
        patched.setattr(Lease, "give_back", silence)
        task = asyncio.create_task(delivery_runs.run(context, delivery_id))
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def stored(connection: asyncpg.Connection, delivery_id: int) -> dict[int, int]:
    """How many members each bitmap of the delivery has, by role."""
    rows = await connection.fetch(
        "SELECT role, sum(cardinality)::int AS size FROM chunks WHERE owner_id = $1 AND role > 40 GROUP BY role",
        delivery_id,
    )
    return {row["role"]: row["size"] for row in rows}
