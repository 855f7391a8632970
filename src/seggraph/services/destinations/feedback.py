"""Feedback of destinations about people: bounces, complaints and unsubscribes become suppressions and consents.

Only a sender with the destination's signing secret is answered; others do not learn whether the destination exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seggraph import webhook_signatures
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.errors import Invalid, NotFound, TooMany
from seggraph.member_fields import FIELDS
from seggraph.services.destinations.adapters import signing_secret
from seggraph.services.members import edits as member_edits
from seggraph.services.members.selections import Selection
from seggraph.services.suppressions import suppressions
from seggraph.vocabulary import (
    ApiKeyScope,
    Channel,
    ConsentState,
    FeedbackType,
    MemberKind,
    Role,
    SuppressionReason,
)

MAX_BYTES: Final = 1024 * 1024
MAX_EVENTS: Final = 1_000
MAX_ID: Final = 2**63 - 1

# any workspace: the destination's secret proves whose message it is; the workspace is read here
DESTINATION: Final = "SELECT workspace_id, channel, signing_secret FROM destinations WHERE id = $1"

KINDS: Final = "SELECT DISTINCT kind FROM deliveries WHERE workspace_id = $1 AND destination_id = $2"

ADDRESS_COLUMNS: Final = {channel: field.column for field in FIELDS for channel in field.channels}

ADDRESSES: Final = f"""
    SELECT m.external_id, {", ".join(sorted(set(ADDRESS_COLUMNS.values())))}
    FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.external_id = ANY($3)
"""  # noqa: S608 - constants only


class FeedbackEvent(BaseModel):
    """One event of a person: `key` is the external id that was sent, `address` the address that was used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: FeedbackType
    key: str | None = Field(None, min_length=1, max_length=255)
    address: str | None = Field(None, min_length=1, max_length=1_000)


class _Message(BaseModel):
    events: list[FeedbackEvent]


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What became of the events: addresses that are suppressed now, members whose consent changed, and the rest."""

    suppressed: int
    consents: int
    unknown: int


async def receive(
    context: Context, destination_id: int, headers: Mapping[str, str], body: bytes
) -> FeedbackReport:
    """Take a signed message in; taking it in again changes nothing. `headers` have names in lower case.

    Raises NotFound for a destination that does not exist or a signature that is not its own, Invalid, TooMany.
    """
    async with database() as connection:
        row = await connection.fetchrow(DESTINATION, min(destination_id, MAX_ID))
        if row is None or not webhook_signatures.is_signed(
            signing_secret(context.settings, row["signing_secret"], row["workspace_id"]), headers, body
        ):
            raise NotFound("There is no such destination, or the signature is not its own.")
        kinds = await connection.fetch(KINDS, row["workspace_id"], destination_id)
    events = _read(body)
    channel = Channel.EMAIL if row["channel"] is None else Channel(row["channel"])
    viewer = Viewer(row["workspace_id"], Role.LEADER, ApiKeyScope.WRITE)
    return await _take(context, viewer, channel, [MemberKind(row["kind"]) for row in kinds], events)


def _read(body: bytes) -> list[FeedbackEvent]:
    try:
        events = _Message.model_validate(orjson.loads(body)).events
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise Invalid(
            'Send {"events": [{"type": "BOUNCE", "COMPLAINT" or "UNSUBSCRIBE", "key" or "address": "..."}]}.'
        ) from error
    if len(events) > MAX_EVENTS:
        raise TooMany(f"Send at most {MAX_EVENTS} events at once.")
    return events


async def _take(
    context: Context,
    viewer: Viewer,
    channel: Channel,
    kinds: Sequence[MemberKind],
    events: Sequence[FeedbackEvent],
) -> FeedbackReport:
    suppressed = consents = 0
    keys = sorted({event.key for event in events if event.key is not None})
    known: dict[str, set[str]] = {}
    members: dict[MemberKind, set[str]] = {}
    for kind in kinds:
        members[kind] = set()
        for key, address in await _addresses(viewer, kind, channel, keys):
            members[kind].add(key)
            if address is not None:
                known.setdefault(key, set()).add(address)
    for type_ in FeedbackType:
        of_type = [event for event in events if event.type is type_]
        addresses = {event.address for event in of_type if event.address is not None}
        for event in of_type:
            addresses |= known.get(event.key or "", set())
        if addresses and channel is not Channel.PUSH:
            report = await suppressions.suppress(
                context, viewer, channel, sorted(addresses), SuppressionReason(type_.value)
            )
            suppressed += report.changed
        if type_ is FeedbackType.UNSUBSCRIBE or channel is Channel.PUSH:
            consents += await _deny(context, viewer, channel, members, {event.key for event in of_type})
    known_keys = set().union(*members.values())
    unknown = sum(event.key not in known_keys and event.address is None for event in events)
    return FeedbackReport(suppressed, consents, unknown)


async def _deny(
    context: Context,
    viewer: Viewer,
    channel: Channel,
    members: Mapping[MemberKind, set[str]],
    external_ids: set[str | None],
) -> int:
    """Set the consent of the members with these ids to DENIED; returns how many members changed."""
    changed = 0
    for kind, keys in members.items():
        chosen = sorted(key for key in keys if key in external_ids)
        if chosen:
            selection = Selection(kind=kind, external_ids=chosen)
            report = await member_edits.set_consents(
                context, viewer, selection, {channel: ConsentState.DENIED}
            )
            changed += report.changed
    return changed


async def _addresses(
    viewer: Viewer, kind: MemberKind, channel: Channel, keys: Sequence[str]
) -> list[tuple[str, Any]]:
    """The members with these external ids, each with its address for the channel."""
    column = ADDRESS_COLUMNS.get(channel)
    async with database() as connection:
        rows = await connection.fetch(ADDRESSES, viewer.workspace_id, kind, list(keys))
    return [(row["external_id"], None if column is None else row[column]) for row in rows]
