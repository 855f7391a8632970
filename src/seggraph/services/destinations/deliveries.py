"""What users do with deliveries: switch them on and off, and retry them. `delivery_runs` does the work.

Users see the deliveries of the segments that they see, and change deliveries of segments that they manage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import asyncpg

from seggraph.access import (
    VISIBLE_SEGMENT,
    Viewer,
    require_segment_management,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, NotFound
from seggraph.events import DeliveryChanged
from seggraph.services.audit import audit
from seggraph.services.changes import populations
from seggraph.services.destinations import delivery_claims
from seggraph.services.segments import rows as segment_rows
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    DeliveryStatus,
    DesiredState,
    MemberKind,
    SegmentStatus,
)

UPSERT: Final = """
    INSERT INTO deliveries (workspace_id, destination_id, segment_id, kind, channel, population_id, status, wish)
    SELECT $1, d.id, $3, $4, d.channel, $5, $6, 'DELIVER' FROM destinations d WHERE d.workspace_id = $1 AND d.id = $2
    ON CONFLICT (workspace_id, destination_id, segment_id) DO UPDATE SET wish = 'DELIVER',
      status = CASE WHEN deliveries.status IN ('INACTIVE', 'FAILED') THEN EXCLUDED.status ELSE deliveries.status END,
      resend = deliveries.resend OR deliveries.status IN ('INACTIVE', 'FAILED'),
      attempts = 0, retry_at = NULL, error_code = NULL, error_message = NULL, error_at = NULL
    RETURNING id, claims, status
"""

SWITCH_OFF: Final = """
    UPDATE deliveries SET wish = $3, status = 'INACTIVE', attempts = 0, retry_at = NULL, error_code = NULL,
      error_message = NULL, error_at = NULL
    WHERE workspace_id = $1 AND id = $2 RETURNING claims
"""

RETRY: Final = """
    UPDATE deliveries SET attempts = 0, retry_at = NULL, error_code = NULL, error_message = NULL, error_at = NULL,
      resend = resend OR status = 'FAILED', status = CASE WHEN status <> 'FAILED' THEN status
        WHEN wish = 'DELIVER' THEN 'BUILDING' ELSE 'INACTIVE' END
    WHERE workspace_id = $1 AND id = $2 RETURNING claims, status
"""

FORGET_CHANGES: Final = "DELETE FROM delivery_changes WHERE workspace_id = $1 AND delivery_id = $2"


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as it is read: the columns of models.destinations.Delivery that clients see."""

    id: int
    destination_id: int
    segment_id: int
    status: DeliveryStatus
    desired_state: DesiredState
    list_name: str | None
    member_count: int | None
    no_address_count: int | None
    no_consent_count: int | None
    suppressed_count: int | None
    rejected_count: int | None
    delivered_count: int
    as_of: datetime | None
    retry_at: datetime | None
    error_code: str | None
    error_message: str | None
    error_at: datetime | None
    created_at: datetime

    @property
    def wanted_count(self) -> int | None:
        """How many members are to be outside."""
        if self.member_count is None:
            return None
        left_out = (self.no_address_count, self.no_consent_count, self.suppressed_count, self.rejected_count)
        return self.member_count - sum(count or 0 for count in left_out)

    @property
    def is_emptying(self) -> bool:
        """Whether it was switched off and the list outside is still to be emptied."""
        return self.desired_state is DesiredState.EMPTY

    @property
    def progress(self) -> float | None:
        """How far the first load is, from 0 to 1; None when there is none under way."""
        if self.status is not DeliveryStatus.BUILDING:
            return None
        wanted = self.wanted_count
        return min(self.delivered_count / wanted, 1.0) if wanted else 0.0


NAMES: Final = tuple(field.name for field in fields(DeliveryView))

SELECT: Final = f"""
    SELECT {", ".join("d.wish AS desired_state" if name == "desired_state" else f"d.{name}" for name in NAMES)}
    FROM deliveries d JOIN segments s ON s.id = d.segment_id WHERE {VISIBLE_SEGMENT}
"""  # noqa: S608 - constants only

PAGE: Final = (
    SELECT.replace("FROM deliveries d", "/*keys*/ FROM deliveries d")
    + """
    AND ($4::bigint IS NULL OR d.destination_id = $4) AND ($5::bigint IS NULL OR d.segment_id = $5)
    AND ($6::text[] IS NULL OR d.status = ANY($6))
"""
)

COUNT: Final = f"""
    SELECT count(*) FROM deliveries d JOIN segments s ON s.id = d.segment_id WHERE {VISIBLE_SEGMENT}
    AND ($4::bigint IS NULL OR d.destination_id = $4) AND ($5::bigint IS NULL OR d.segment_id = $5)
    AND ($6::text[] IS NULL OR d.status = ANY($6))
"""  # noqa: S608 - constants only

NEWEST_FIRST: Final = Order("delivery", (Key("d.id", "bigint"),), descending=True)

HOLD: Final = f"""
    SELECT d.id, d.segment_id, d.status, d.wish, s.created_by_id, s.status AS segment_status,
      s.name AS segment_name
    FROM deliveries d JOIN segments s ON s.id = d.segment_id
    WHERE {VISIBLE_SEGMENT} AND d.id = $4 FOR NO KEY UPDATE OF d
"""  # noqa: S608 - constants only


async def deliver(context: Context, viewer: Viewer, segment_id: int, destination_id: int) -> DeliveryView:
    """Deliver a segment: keep its list at a destination. A delivery that is INACTIVE or FAILED begins anew.

    Raises Forbidden, NotFound, and BadTransition unless the segment is ACTIVE.
    """
    require_write(viewer)
    async with begin() as unit:
        segment = await segment_rows.hold(unit, viewer, segment_id)
        if segment.status is not SegmentStatus.ACTIVE:
            raise BadTransition(
                f"Only ACTIVE segments are delivered, and this one is {segment.status}.", path=("segmentId",)
            )
        population_id = await populations.ensure(
            unit.connection, viewer.workspace_id, MemberKind(segment.kind)
        )
        status = DeliveryStatus.NOT_SENT if segment.as_of is None else DeliveryStatus.BUILDING
        row = await unit.connection.fetchrow(
            UPSERT, viewer.workspace_id, destination_id, segment_id, segment.kind, population_id, status
        )
        if row is None:
            raise NotFound("There is no such destination.", path=("destinationId",))
        subject = audit.Subject(AuditSubject.DELIVERY, row["id"], segment.name)
        audited = {"segment_id": segment_id, "destination_id": destination_id}
        await audit.record(unit, viewer, AuditAction.STARTED, subject, after=audited)
        context.deliver(unit, row["id"], claim=row["claims"])
        context.publish(unit, [_changed(viewer, row["id"], segment_id, DeliveryStatus(row["status"]))])
        return await _read_back(unit, viewer, row["id"])


async def deactivate(
    context: Context, viewer: Viewer, delivery_id: int, *, keep_members: bool
) -> DeliveryView:
    """Switch a delivery off; the list outside is kept as it is, or emptied. Raises Forbidden, NotFound."""
    async with begin() as unit:
        row = await _hold(unit, viewer, delivery_id)
        desired_state = DesiredState.KEEP if keep_members else DesiredState.EMPTY
        claims = await unit.connection.fetchval(SWITCH_OFF, viewer.workspace_id, delivery_id, desired_state)
        await unit.connection.execute(FORGET_CHANGES, viewer.workspace_id, delivery_id)
        audited = {"segment_id": row["segment_id"], "keep_members": keep_members}
        await _noted(unit, viewer, AuditAction.CANCELLED, row, audited)
        context.deliver(unit, delivery_id, claim=claims)
        context.publish(unit, [_changed(viewer, delivery_id, row["segment_id"], DeliveryStatus.INACTIVE)])
        return await _read_back(unit, viewer, delivery_id)


async def retry(context: Context, viewer: Viewer, delivery_id: int) -> DeliveryView:
    """Have a delivery that FAILED, or waits, tried again at once. Raises Forbidden, NotFound, BadTransition."""
    async with begin() as unit:
        row = await _hold(unit, viewer, delivery_id)
        delivers = row["wish"] == DesiredState.DELIVER
        if delivers and row["segment_status"] != SegmentStatus.ACTIVE:
            raise BadTransition(
                f"Only ACTIVE segments are delivered, and this one is {row['segment_status']}.", path=("id",)
            )
        after = await unit.connection.fetchrow(RETRY, viewer.workspace_id, delivery_id)
        await _noted(unit, viewer, AuditAction.RESUMED, row, {"segment_id": row["segment_id"]})
        context.deliver(unit, delivery_id, claim=after["claims"])
        context.publish(
            unit, [_changed(viewer, delivery_id, row["segment_id"], DeliveryStatus(after["status"]))]
        )
        return await _read_back(unit, viewer, delivery_id)


async def get_many(viewer: Viewer, delivery_ids: Sequence[int]) -> dict[int, DeliveryView]:
    """Those of the deliveries whose segments the viewer sees, by id."""
    if not delivery_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND d.id = ANY($4)", *visibility_arguments(viewer), list(delivery_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, list[DeliveryView]]:
    """The deliveries of segments that the viewer sees, by segment."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND d.segment_id = ANY($4) ORDER BY d.id",
            *visibility_arguments(viewer),
            list(segment_ids),
        )
    views: dict[int, list[DeliveryView]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        views[row["segment_id"]].append(view_of(row))
    return views


async def of_destinations(viewer: Viewer, destination_ids: Sequence[int]) -> dict[int, list[DeliveryView]]:
    """The deliveries at destinations of segments that the viewer sees, by destination."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND d.destination_id = ANY($4) ORDER BY d.id",
            *visibility_arguments(viewer),
            list(destination_ids),
        )
    views: dict[int, list[DeliveryView]] = {destination_id: [] for destination_id in destination_ids}
    for row in rows:
        views[row["destination_id"]].append(view_of(row))
    return views


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """Which deliveries a list has; None does not narrow it."""

    destination_id: int | None = None
    segment_id: int | None = None
    statuses: Sequence[DeliveryStatus] | None = None

    def arguments(self, viewer: Viewer) -> tuple[Any, ...]:
        """The values of $1 to $6 in PAGE and COUNT."""
        return *visibility_arguments(viewer), self.destination_id, self.segment_id, self.statuses


async def list_page(viewer: Viewer, list_: DeliveryList, request: PageRequest) -> Page[DeliveryView]:
    """A page of the deliveries of segments that the viewer sees, the newest first.

    Raises BadCursor, Invalid, TooMany.
    """
    async with database() as connection:
        return await fetch_page(connection, PAGE, list_.arguments(viewer), NEWEST_FIRST, request, view_of)


async def count(viewer: Viewer, list_: DeliveryList) -> int:
    """How many deliveries the whole list has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, *list_.arguments(viewer))
    return found


def view_of(row: asyncpg.Record) -> DeliveryView:
    """The view of a row of SELECT."""
    values: dict[str, Any] = {name: row[name] for name in NAMES}
    values["status"] = DeliveryStatus(row["status"])
    values["desired_state"] = DesiredState(row["desired_state"])
    return DeliveryView(**values)


async def _hold(unit: UnitOfWork, viewer: Viewer, delivery_id: int) -> asyncpg.Record:
    row = await unit.connection.fetchrow(HOLD, *visibility_arguments(viewer), delivery_id)
    if row is None:
        raise NotFound("There is no such delivery.", path=("id",))
    require_segment_management(viewer, created_by_id=row["created_by_id"])
    return row


async def _noted(
    unit: UnitOfWork, viewer: Viewer, action: AuditAction, row: asyncpg.Record, audited: Mapping[str, Any]
) -> None:
    """Write an entry in the audit log about a delivery that `_hold` returned."""
    subject = audit.Subject(AuditSubject.DELIVERY, row["id"], row["segment_name"])
    await audit.record(unit, viewer, action, subject, after=audited)


async def _read_back(unit: UnitOfWork, viewer: Viewer, delivery_id: int) -> DeliveryView:
    row = await unit.connection.fetchrow(
        f"{SELECT} AND d.id = $4", *visibility_arguments(viewer), delivery_id
    )
    return view_of(row)


def _changed(viewer: Viewer, delivery_id: int, segment_id: int, status: DeliveryStatus) -> DeliveryChanged:
    return delivery_claims.changed(viewer.workspace_id, delivery_id, segment_id, status)
