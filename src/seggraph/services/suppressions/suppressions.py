"""Suppressions: the list of addresses that a channel may not use any more, set and taken back, listed and searched.

What changes the list marks the members who have the address, in the same transaction. It holds the turn to refresh
of every kind meanwhile: a refresh that did not see the list as it is now is over, and the member that it looked at
is seen here; one that comes later sees the list.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer, require_personal_data, require_suppression, require_suppression_removal
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, SeggraphError, TooMany
from seggraph.member_fields import FIELDS
from seggraph.row_errors import RowError
from seggraph.services.audit import audit, repeated
from seggraph.services.changes import changes, populations
from seggraph.services.reach.suppressed_members import EMAIL, PHONE
from seggraph.services.suppressions import address_forms
from seggraph.values.attribute_values import storable_text
from seggraph.values.emails import is_one_address, tidied
from seggraph.values.names import require_searchable
from seggraph.vocabulary import AuditAction, AuditSubject, Channel, MemberKind, SuppressionReason

MAX_ADDRESSES: Final = 1_000
MAX_LENGTH: Final = {
    channel: field.max_length
    for field in FIELDS
    for channel in field.channels
    if field.max_length is not None
}
"""Most characters of an address, as a member may have it. Push has no addresses."""
MAX_AHEAD: Final = timedelta(minutes=5)

_KEYS: Final = {
    Channel.EMAIL: ("email", "seggraph_email_key(given)"),
    Channel.DIRECT_MAIL: ("postal", "seggraph_postal_key(given, NULL, NULL)"),
    Channel.SMS: ("phone", "seggraph_phone_key(given)"),
    Channel.PHONE: ("phone", "seggraph_phone_key(given)"),
}

DIGESTS: Final = {
    channel: f"""
    SELECT given, key, seggraph_address_digest($1, '{sort}', key) AS digest
    FROM unnest($2::text[]) AS g(given), LATERAL (SELECT nullif({key}, '') AS key) AS k
"""  # noqa: S608 - constants only
    for channel, (sort, key) in _KEYS.items()
}

ADD: Final = """
    INSERT INTO suppressions (workspace_id, channel, digest, address, reason, suppressed_at)
    SELECT $1, $2, * FROM unnest($3::bytea[], $4::text[], $5::text[], $6::timestamptz[])
    ON CONFLICT (workspace_id, channel, digest) DO NOTHING RETURNING digest
"""

REMOVE: Final = """
    DELETE FROM suppressions WHERE workspace_id = $1 AND channel = $2 AND digest = ANY($3) RETURNING digest
"""

_POSTAL_HOLDERS: Final = """
    SELECT m.kind, array_agg(m.ordinal) AS ordinals FROM member_addresses a JOIN members m ON m.id = a.member_id
    WHERE a.workspace_id = $1 AND a.postal_digest = ANY($2) GROUP BY m.kind
"""

_EMAIL_HOLDERS: Final = f"""
    SELECT m.kind, array_agg(m.ordinal) AS ordinals FROM members m
    WHERE m.workspace_id = $1 AND m.email IS NOT NULL AND {EMAIL} = ANY($2) GROUP BY m.kind
"""  # noqa: S608 - a constant

_PHONE_HOLDERS: Final = f"""
    SELECT m.kind, array_agg(m.ordinal) AS ordinals FROM members m
    WHERE m.workspace_id = $1 AND m.phone IS NOT NULL AND {PHONE} = ANY($2) GROUP BY m.kind
"""  # noqa: S608 - a constant

HOLDERS: Final = {
    Channel.EMAIL: _EMAIL_HOLDERS,
    Channel.DIRECT_MAIL: _POSTAL_HOLDERS,
    Channel.SMS: _PHONE_HOLDERS,
    Channel.PHONE: _PHONE_HOLDERS,
}

FORGET: Final = f"""
    UPDATE suppressions s SET address = NULL
    WHERE s.workspace_id = $1 AND s.address IS NOT NULL AND (s.channel, s.digest) IN (
      SELECT {int(Channel.EMAIL)}, {EMAIL} FROM members m
      WHERE m.workspace_id = $1 AND m.id = ANY($2) AND m.email IS NOT NULL
      UNION ALL
      SELECT channel, {PHONE} FROM members m, unnest(ARRAY[{int(Channel.SMS)}, {int(Channel.PHONE)}]) AS channel
      WHERE m.workspace_id = $1 AND m.id = ANY($2) AND m.phone IS NOT NULL
      UNION ALL
      SELECT {int(Channel.DIRECT_MAIL)}, a.postal_digest FROM member_addresses a
      WHERE a.workspace_id = $1 AND a.member_id = ANY($2)
    )
"""  # noqa: S608 - constants only

SELECT: Final = """
    SELECT s.id, s.channel, s.address, s.reason, s.suppressed_at /*keys*/ FROM suppressions s
    WHERE s.workspace_id = $1 AND ($2::smallint[] IS NULL OR s.channel = ANY($2))
      AND ($3::text[] IS NULL OR s.reason = ANY($3)) AND ($4::text IS NULL OR lower(s.address) LIKE $4)
"""

BY_ID: Final = """
    SELECT s.id, s.channel, s.address, s.reason, s.suppressed_at FROM suppressions s
    WHERE s.workspace_id = $1 AND s.id = ANY($2)
"""

COUNT: Final = SELECT.replace("s.id, s.channel, s.address, s.reason, s.suppressed_at /*keys*/", "count(*)")

NEWEST_FIRST: Final = Order("suppression", (Key("s.id", "bigint"),), descending=True)


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """A suppression as it is read. `address` is None after a member with this address was erased."""

    id: int
    channel: Channel
    address: str | None
    reason: SuppressionReason
    suppressed_at: datetime


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """Which suppressions a list is of."""

    channels: Sequence[Channel] | None = None
    reasons: Sequence[SuppressionReason] | None = None
    search: str | None = None

    def arguments(self) -> tuple[Any, ...]:
        """The values of $2 to $4 in SELECT. Raises Invalid for a search that cannot be."""
        wanted = (self.search or "").strip().lower()
        require_searchable(wanted)
        for character in "\\%_":
            wanted = wanted.replace(character, "\\" + character)
        return self.channels, self.reasons, f"%{wanted}%" if wanted else None


@dataclass(slots=True)
class SuppressionReport:
    """What became of every address: changed + already_done + the rows with errors = the addresses given."""

    changed: int = 0
    already_done: int = 0
    row_errors: list[RowError] = field(default_factory=list)
    indexes_of: dict[bytes, list[int]] = field(default_factory=dict)
    """The addresses that each digest belongs to, the first one first: a phone number may have two digests."""
    added: set[bytes] = field(default_factory=set)
    """The digests that are new on the list."""


@dataclass(frozen=True, slots=True)
class SuppressionDraft:
    """An address to suppress, why, and since when (None: now)."""

    address: str
    reason: SuppressionReason
    suppressed_at: datetime | None = None


async def suppress(
    context: Context,
    viewer: Viewer,
    channel: Channel,
    addresses: Sequence[str],
    reason: SuppressionReason,
    *,
    suppressed_at: datetime | None = None,
) -> SuppressionReport:
    """Put addresses on a channel's list; one that is there keeps its reason and date.

    Bad addresses are reported with their index, the others are stored. Raises Forbidden, TooMany, Invalid.
    """
    require_suppression(viewer)
    require_past(suppressed_at)
    _require_possible(channel, addresses)
    drafts = [SuppressionDraft(address, reason, suppressed_at) for address in addresses]
    async with begin() as unit:
        report = await suppress_in(context, unit, viewer, channel, drafts)
        if report.added:
            audited = {"channel": channel, "reason": reason, "address_count": len(report.added)}
            subject = audit.Subject(AuditSubject.SUPPRESSION)
            await audit.record(unit, viewer, AuditAction.SUPPRESSED, subject, after=audited)
    return _counted(report, report.added, len(addresses))


def require_past(suppressed_at: datetime | None) -> None:
    """Raise Invalid for a time that is to come."""
    if suppressed_at is not None and suppressed_at > datetime.now(UTC) + MAX_AHEAD:
        raise Invalid("An address is not suppressed in the future.", path=("suppressedAt",))


async def suppress_in(
    context: Context, unit: UnitOfWork, viewer: Viewer, channel: Channel, drafts: Sequence[SuppressionDraft]
) -> SuppressionReport:
    """Put addresses on a channel's list in a unit; one that is there keeps its reason and date.

    The report has the digests of the addresses, but no counts. Of several drafts of an address the first counts.
    """
    await _lock_populations(unit, viewer)
    addresses_by_digest, report = await _read(unit, viewer, channel, [draft.address for draft in drafts])
    now = datetime.now(UTC)
    rows = []
    for digest, shown in sorted(addresses_by_digest.items()):
        draft = drafts[report.indexes_of[digest][0]]
        rows.append((digest, shown, draft.reason, draft.suppressed_at or now))
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        added = await unit.connection.fetch(ADD, viewer.workspace_id, channel, *columns)
        await _mark(context, unit, viewer, channel, added)
        report.added = {row["digest"] for row in added}
    return report


async def unsuppress(
    context: Context, viewer: Viewer, channel: Channel, addresses: Sequence[str]
) -> SuppressionReport:
    """Take addresses off a channel's list; only users that manage all segments may. Raises like `suppress`."""
    require_suppression_removal(viewer)
    _require_possible(channel, addresses)
    async with begin() as unit:
        await _lock_populations(unit, viewer)
        addresses_by_digest, report = await _read(unit, viewer, channel, addresses)
        removed = await unit.connection.fetch(
            REMOVE, viewer.workspace_id, channel, sorted(addresses_by_digest)
        )
        await _mark(context, unit, viewer, channel, removed)
        if removed:
            audited = {"channel": channel, "address_count": len(removed)}
            subject = audit.Subject(AuditSubject.SUPPRESSION)
            await audit.record(unit, viewer, AuditAction.UNSUPPRESSED, subject, audited)
    return _counted(report, {row["digest"] for row in removed}, len(addresses))


async def forget(connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]) -> None:
    """Remove the addresses of members that are being erased; they stay suppressed by their digests."""
    await connection.execute(FORGET, workspace_id, list(member_ids))
    await address_forms.forget(connection, workspace_id, member_ids)


async def list_page(viewer: Viewer, list_: SuppressionList, request: PageRequest) -> Page[SuppressionView]:
    """A page of the list, the newest first. Raises BadCursor, Invalid, TooMany, and Forbidden as `_arguments`."""
    make = _view if viewer.sees_personal_data else _view_without_address
    async with database() as connection:
        arguments = _arguments(viewer, list_)
        page = await fetch_page(connection, SELECT, arguments, NEWEST_FIRST, request, make)
    await repeated.count_read(viewer, len(page.items))
    return page


async def get_many(viewer: Viewer, suppression_ids: Sequence[int]) -> dict[int, SuppressionView]:
    """Those of the suppressions that there are, by id."""
    make = _view if viewer.sees_personal_data else _view_without_address
    async with database() as connection:
        rows = await connection.fetch(BY_ID, viewer.workspace_id, list(suppression_ids))
    return {row["id"]: make(row) for row in rows}


async def count(viewer: Viewer, list_: SuppressionList) -> int:
    """How many suppressions the whole list has."""
    async with database() as connection:
        total: int = await connection.fetchval(COUNT, *_arguments(viewer, list_))
    return total


def _arguments(viewer: Viewer, list_: SuppressionList) -> tuple[Any, ...]:
    """The values of $1 to $4 in SELECT. Raises Forbidden: a search looks in addresses."""
    if (list_.search or "").strip():
        require_personal_data(viewer, path=("search",))
    return viewer.workspace_id, *list_.arguments()


def _require_possible(channel: Channel, addresses: Sequence[str]) -> None:
    if channel not in MAX_LENGTH:
        message = "Push messages have no address; set the member's consent to DENIED instead."
        raise Invalid(message, path=("channel",))
    if len(addresses) > MAX_ADDRESSES:
        message = f"Send at most {MAX_ADDRESSES} addresses at once; these are {len(addresses)}."
        raise TooMany(message, path=("addresses",))


async def _lock_populations(unit: UnitOfWork, viewer: Viewer) -> None:
    """The turns of all kinds, always in the same order."""
    for kind in MemberKind:
        await populations.lock(unit.connection, viewer.workspace_id, kind)


async def _read(
    unit: UnitOfWork, viewer: Viewer, channel: Channel, addresses: Sequence[str]
) -> tuple[dict[bytes, str], SuppressionReport]:
    """The addresses as they are shown, by their digests; and the report of texts that are no addresses."""
    report = SuppressionReport()
    good: dict[int, str] = {}
    for index, given in enumerate(addresses):
        try:
            good[index] = clean(channel, given)
        except SeggraphError as error:
            report.row_errors.append(RowError(index, error.code, error.message, ()))
    forms = await address_forms.forms(unit.connection, viewer.workspace_id, channel, list(good.values()))
    wanted = [form for some in forms for form in some]
    rows = iter(await unit.connection.fetch(DIGESTS[channel], viewer.workspace_id, wanted))
    addresses_by_digest: dict[bytes, str] = {}
    for index, some in zip(good, forms, strict=True):
        read = [next(rows) for _ in some]
        if read[0]["digest"] is None:
            report.row_errors.append(RowError(index, Invalid.code, _EMPTY[channel], ()))
            continue
        for row in read:
            shown = row["key"] if channel is Channel.EMAIL else row["given"]
            addresses_by_digest.setdefault(row["digest"], shown)
            report.indexes_of.setdefault(row["digest"], []).append(index)
    return addresses_by_digest, report


async def add_forms(context: Context, unit: UnitOfWork, viewer: Viewer, region: str) -> None:
    """Suppress numbers that are on the lists also in the form that members of a region have from now on."""
    await _lock_populations(unit, viewer)
    added = await address_forms.add_forms(unit.connection, viewer.workspace_id, region)
    for channel, rows in added.items():
        await _mark(context, unit, viewer, channel, rows)


_EMPTY: Final = {
    Channel.EMAIL: "This is not an email address; one looks like ada@example.com.",
    Channel.DIRECT_MAIL: "This address has no words.",
    Channel.SMS: "This phone number has no digits.",
    Channel.PHONE: "This phone number has no digits.",
}


def clean(channel: Channel, given: str) -> str:
    """An address without spaces around it, an email address in the form of stored ones. Raises Invalid."""
    cleaned = given.strip()
    limit = MAX_LENGTH[channel]
    if not storable_text(cleaned, limit):
        raise Invalid(f"An address is a text of at most {limit} characters.")
    if channel is not Channel.EMAIL:
        return cleaned
    if not is_one_address(cleaned):
        raise Invalid(_EMPTY[channel])
    return tidied(cleaned)


async def _mark(
    context: Context, unit: UnitOfWork, viewer: Viewer, channel: Channel, rows: Sequence[asyncpg.Record]
) -> None:
    """Mark the members that have one of these addresses as changed."""
    if not rows:
        return
    digests = [row["digest"] for row in rows]
    for holders in await unit.connection.fetch(HOLDERS[channel], viewer.workspace_id, digests):
        await changes.mark(
            context,
            unit,
            viewer.workspace_id,
            MemberKind(holders["kind"]),
            holders["ordinals"],
            [changes.SUPPRESSIONS],
        )


def _counted(report: SuppressionReport, changed: Set[bytes], given: int) -> SuppressionReport:
    report.row_errors.sort(key=lambda error: error.index)
    report.changed = len({report.indexes_of[digest][0] for digest in changed})
    report.already_done = given - report.changed - len(report.row_errors)
    return report


def _view(row: asyncpg.Record) -> SuppressionView:
    return SuppressionView(
        row["id"],
        Channel(row["channel"]),
        row["address"],
        SuppressionReason(row["reason"]),
        row["suppressed_at"],
    )


def _view_without_address(row: asyncpg.Record) -> SuppressionView:
    return replace(_view(row), address=None)
