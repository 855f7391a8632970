"""How sending to webhooks went: messages and attempts as administrators read them, dead letters sent again, tests."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from seggraph.access import Viewer, is_admin, require_admin
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_pages
from seggraph.database.unit_of_work import begin
from seggraph.errors import BadTransition, Invalid, NotFound
from seggraph.services.audit import audit
from seggraph.services.webhooks import runs, webhooks
from seggraph.services.webhooks.messages import body_of
from seggraph.vocabulary import AuditAction, Topic, WebhookDeliveryStatus, WebhookStatus

TEST: Final = "TEST"
"""The type of a test message."""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A message to a webhook as it is read."""

    id: int
    webhook_id: int
    key: UUID
    topic: Topic | None
    body: bytes | None
    status: WebhookDeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One call of a webhook as it is read."""

    id: int
    message_id: int
    at: datetime
    duration_seconds: float
    status_code: int | None
    error: str | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """The messages of a webhook, which the caller has found visible; all of them, or those of a status."""

    webhook_id: int
    status: WebhookDeliveryStatus | None = None


V = TypeVar("V", DeliveryView, AttemptView)

DELIVERY: Final = ", ".join(f"m.{field.name}" for field in fields(DeliveryView))
ATTEMPT: Final = ", ".join(f"a.{field.name}" for field in fields(AttemptView))

DELIVERIES_NEWEST_FIRST: Final = Order("webhook.delivery", (Key("m.id", "bigint"),), descending=True)
ATTEMPTS_NEWEST_FIRST: Final = Order("webhook.attempt", (Key("a.id", "bigint"),), descending=True)

ADD_TEST: Final = """
    INSERT INTO webhook_messages (workspace_id, webhook_id, body) VALUES ($1, $2, $3) RETURNING id, key
"""

REPLAY: Final = """
    UPDATE webhook_messages SET status = 'PENDING', attempts = 0, next_attempt_at = clock_timestamp(),
      finished_at = NULL
    WHERE workspace_id = $1 AND webhook_id = $2 AND status = 'FAILED' AND topic IS NOT NULL
      AND ($3::bigint IS NULL OR id = $3) AND ($4::timestamptz IS NULL OR created_at >= $4)
"""

DO_NOT_WAIT: Final = "UPDATE webhooks SET retry_at = NULL WHERE workspace_id = $1 AND id = $2"


async def replay(
    viewer: Viewer, webhook_id: int, *, delivery_id: int | None = None, since: datetime | None = None
) -> int:
    """Send dead letters again, one or all since an instant, under the ids that they had; returns how many.

    Raises Forbidden, NotFound, Invalid, BadTransition (no dead letter, or the webhook is not ACTIVE).
    """
    require_admin(viewer)
    if (delivery_id is None) == (since is None):
        raise Invalid("Give either deliveryId or since.", path=("since",))
    webhook = await webhooks.get(viewer, webhook_id)
    if webhook.status is not WebhookStatus.ACTIVE:
        raise BadTransition(f"The webhook is {webhook.status}: resume it first.", path=("id",))
    if delivery_id is not None:
        await _require_dead(viewer, webhook_id, delivery_id)
    async with begin() as unit:
        done = await unit.connection.execute(REPLAY, viewer.workspace_id, webhook_id, delivery_id, since)
        await unit.connection.execute(DO_NOT_WAIT, viewer.workspace_id, webhook_id)
        replayed = int(done.split()[-1])
        if replayed:
            subject = webhooks.audited_as(webhook)
            await audit.record(unit, viewer, AuditAction.RESUMED, subject, after={"replayed_count": replayed})
    return replayed


async def test(
    context: Context, viewer: Viewer, webhook_id: int
) -> tuple[webhooks.WebhookView, DeliveryView]:
    """Send a test message now, once, whatever the webhook's status; how it went is the message's one attempt.

    Raises Forbidden, NotFound.
    """
    require_admin(viewer)
    webhook = await webhooks.get(viewer, webhook_id)
    body = body_of(TEST, datetime.now(UTC), {"message": "A test: this webhook is set up."})
    async with begin() as unit:
        row = await unit.connection.fetchrow(ADD_TEST, viewer.workspace_id, webhook_id, body)
        await audit.record(unit, viewer, AuditAction.TESTED, webhooks.audited_as(webhook))
    await runs.send_once(context, webhook_id, row["id"], row["key"], body)
    delivery = (await get_deliveries(viewer, [row["id"]]))[row["id"]]
    return await webhooks.get(viewer, webhook_id), delivery


async def get_deliveries(viewer: Viewer, delivery_ids: Sequence[int]) -> dict[int, DeliveryView]:
    """Those of the messages that the workspace has, by id; none for anybody but administrators."""
    if not delivery_ids or not is_admin(viewer):
        return {}
    select = f"SELECT {DELIVERY} FROM webhook_messages m WHERE m.workspace_id = $1 AND m.id = ANY($2)"  # noqa: S608
    async with database() as connection:
        rows = await connection.fetch(select, viewer.workspace_id, list(delivery_ids))
    return {row["id"]: _delivery(row) for row in rows}


async def get_many(viewer: Viewer, attempt_ids: Sequence[int]) -> dict[int, AttemptView]:
    """Those of the attempts that the workspace has, by id; none for anybody but administrators."""
    if not attempt_ids or not is_admin(viewer):
        return {}
    select = f"SELECT {ATTEMPT} FROM webhook_attempts a WHERE a.workspace_id = $1 AND a.id = ANY($2)"  # noqa: S608
    async with database() as connection:
        rows = await connection.fetch(select, viewer.workspace_id, list(attempt_ids))
    return {row["id"]: _attempt(row) for row in rows}


async def delivery_pages(
    viewer: Viewer, asked: Sequence[tuple[DeliveryList, PageRequest]]
) -> dict[tuple[DeliveryList, PageRequest], Page[DeliveryView]]:
    """Pages of the messages of webhooks that the caller has found visible: a statement for each sort of page."""
    found: dict[tuple[DeliveryList, PageRequest], Page[DeliveryView]] = {}
    for status, request in dict.fromkeys((list_.status, request) for list_, request in asked):
        lists = [list_ for list_, one in asked if (list_.status, one) == (status, request)]
        selects = [
            f"SELECT {DELIVERY} /*keys*/ FROM webhook_messages m WHERE m.workspace_id = $1"  # noqa: S608
            f" AND ($2::text IS NULL OR m.status = $2) AND m.webhook_id = ${number}"
            for number in range(3, len(lists) + 3)
        ]
        arguments = [viewer.workspace_id, status, *(list_.webhook_id for list_ in lists)]
        async with database() as connection:
            pages = await fetch_pages(
                connection, selects, arguments, DELIVERIES_NEWEST_FIRST, request, _delivery
            )
        found |= {(list_, request): page for list_, page in zip(lists, pages, strict=True)}
    return found


async def delivery_counts(viewer: Viewer, lists: Sequence[DeliveryList]) -> dict[DeliveryList, int]:
    """How many messages the webhooks have, of a status or in all; none is absent."""
    count = """
        SELECT webhook_id, status, count(*) AS count FROM webhook_messages
        WHERE workspace_id = $1 AND webhook_id = ANY($2) GROUP BY webhook_id, status
    """
    async with database() as connection:
        rows = await connection.fetch(count, viewer.workspace_id, [list_.webhook_id for list_ in lists])
    return {
        list_: sum(
            row["count"]
            for row in rows
            if row["webhook_id"] == list_.webhook_id and list_.status in (None, row["status"])
        )
        for list_ in lists
    }


async def attempt_pages(
    viewer: Viewer, asked: Sequence[tuple[int, PageRequest]]
) -> dict[tuple[int, PageRequest], Page[AttemptView]]:
    """Pages of the attempts of webhooks that the caller has found visible: a statement for each sort of page."""
    return await _attempt_pages(viewer, asked, "a.webhook_id")


async def attempt_pages_of_deliveries(
    viewer: Viewer, asked: Sequence[tuple[int, PageRequest]]
) -> dict[tuple[int, PageRequest], Page[AttemptView]]:
    """Pages of the attempts of messages that the caller has found visible: a statement for each sort of page."""
    return await _attempt_pages(viewer, asked, "a.message_id")


async def _attempt_pages(
    viewer: Viewer, asked: Sequence[tuple[int, PageRequest]], column: str
) -> dict[tuple[int, PageRequest], Page[AttemptView]]:
    found: dict[tuple[int, PageRequest], Page[AttemptView]] = {}
    for request in dict.fromkeys(request for _, request in asked):
        numbers = [number for number, one in asked if one == request]
        selects = [
            f"SELECT {ATTEMPT} /*keys*/ FROM webhook_attempts a WHERE a.workspace_id = $1"  # noqa: S608
            f" AND {column} = ${place}"
            for place in range(2, len(numbers) + 2)
        ]
        async with database() as connection:
            pages = await fetch_pages(
                connection,
                selects,
                [viewer.workspace_id, *numbers],
                ATTEMPTS_NEWEST_FIRST,
                request,
                _attempt,
            )
        found |= {(number, request): page for number, page in zip(numbers, pages, strict=True)}
    return found


async def _require_dead(viewer: Viewer, webhook_id: int, delivery_id: int) -> None:
    delivery = (await get_deliveries(viewer, [delivery_id])).get(delivery_id)
    if delivery is None or delivery.webhook_id != webhook_id:
        raise NotFound("There is no such delivery.", path=("deliveryId",))
    if delivery.status is not WebhookDeliveryStatus.FAILED or delivery.topic is None:
        raise BadTransition("Only a message that FAILED is sent again.", path=("deliveryId",))


def _delivery(row: asyncpg.Record) -> DeliveryView:
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(DeliveryView)}
    values["topic"] = None if values["topic"] is None else Topic(values["topic"])
    values["status"] = WebhookDeliveryStatus(values["status"])
    return DeliveryView(**values)


def _attempt(row: asyncpg.Record) -> AttemptView:
    return AttemptView(**{field.name: row[field.name] for field in fields(AttemptView)})
