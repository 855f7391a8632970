"""The forms of suppressed addresses: members may have one as it was given, and in its normal form.

Phone numbers are compared by their digits: `030 123456` and `+49 30 123456` are the same number in Germany. Members
have it as `+4930123456`, if the workspace says that it is there, and as it was sent before it said so. Postal addresses
are compared by their words, and members have the code of a country that was given by its name. So an address is on the
list as it was given and in its normal form.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from seggraph.values import countries, phones
from seggraph.vocabulary import Channel

CHANNELS: Final = (Channel.SMS, Channel.PHONE)
"""The channels whose addresses are phone numbers."""

REGION: Final = "SELECT phone_region FROM workspaces WHERE id = $1"

LOCAL: Final = """
    SELECT id, address FROM suppressions
    WHERE workspace_id = $1 AND channel = $2 AND address IS NOT NULL AND left(address, 1) <> '+'
"""

ADD: Final = """
    INSERT INTO suppressions (workspace_id, channel, digest, address, reason, suppressed_at)
    SELECT DISTINCT ON (d.digest) $1, $2, d.digest, f.address, s.reason, s.suppressed_at
    FROM unnest($3::bigint[], $4::text[]) AS f(id, address)
    JOIN suppressions s ON s.workspace_id = $1 AND s.id = f.id
    CROSS JOIN LATERAL (
      SELECT seggraph_address_digest($1, 'phone', seggraph_phone_key(f.address)) AS digest) AS d
    ON CONFLICT (workspace_id, channel, digest) DO NOTHING RETURNING digest
"""

OF_MEMBERS: Final = (
    "SELECT phone FROM members WHERE workspace_id = $1 AND id = ANY($2) AND left(phone, 1) = '+'"
)

FORGET: Final = f"""
    UPDATE suppressions SET address = NULL
    WHERE workspace_id = $1 AND channel IN ({int(Channel.SMS)}, {int(Channel.PHONE)}) AND address IS NOT NULL
      AND digest IN (SELECT seggraph_address_digest($1, 'phone', key) FROM unnest($2::text[]) AS t(key))
"""  # noqa: S608 - constants only


async def forms(
    connection: asyncpg.Connection, workspace_id: int, channel: Channel, addresses: Sequence[str]
) -> list[tuple[str, ...]]:
    """The forms in which members may have each address: the one that is given, and the normal one."""
    if channel is Channel.DIRECT_MAIL:
        return [tuple(dict.fromkeys((one, countries.with_code(one)))) for one in addresses]
    if channel not in CHANNELS:
        return [(address,) for address in addresses]
    region = await connection.fetchval(REGION, workspace_id)
    return [tuple(dict.fromkeys((one, phones.normal_form(one, region)))) for one in addresses]


async def add_forms(
    connection: asyncpg.Connection, workspace_id: int, region: str
) -> Mapping[Channel, Sequence[asyncpg.Record]]:
    """Suppress what is on the lists also as numbers of a region; returns the new rows by channel."""
    added: dict[Channel, Sequence[asyncpg.Record]] = {}
    for channel in CHANNELS:
        listed = await connection.fetch(LOCAL, workspace_id, channel)
        new = await asyncio.to_thread(_new_forms, listed, region)
        added[channel] = await connection.fetch(
            ADD, workspace_id, channel, [row_id for row_id, _ in new], [form for _, form in new]
        )
    return added


def _new_forms(rows: Sequence[asyncpg.Record], region: str) -> list[tuple[int, str]]:
    """The ids of numbers that have another form in a region, with that form."""
    formed = ((row, phones.normal_form(row["address"], region)) for row in rows)
    return [(row["id"], form) for row, form in formed if form != row["address"]]


async def forget(connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]) -> None:
    """Remove the numbers of members that are being erased in their other forms."""
    rows = await connection.fetch(OF_MEMBERS, workspace_id, list(member_ids))
    keys = {key for row in rows for key in phones.other_digits(row["phone"])}
    if keys:
        await connection.execute(FORGET, workspace_id, sorted(keys))
