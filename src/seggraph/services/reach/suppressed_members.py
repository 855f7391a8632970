"""Suppressed members: the members whose address for a channel is on the list of suppressions.

Addresses are compared by digests that the database makes (migration 0010_reach). Two addresses are the same:
emails without regard to the case of A to Z and to spaces around them; phone numbers by their digits, without a
leading 00; postal addresses by their words in any order and without punctuation, where a member's postal address is
the `address`, or else the shipping, or else the billing address.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.vocabulary import Channel, MemberKind

EMAIL: Final = "seggraph_address_digest(m.workspace_id, 'email', seggraph_email_key(m.email))"
PHONE: Final = "seggraph_address_digest(m.workspace_id, 'phone', seggraph_phone_key(m.phone))"

CHANNELS: Final = """
    SELECT channel FROM unnest($2::smallint[]) AS t(channel)
    WHERE EXISTS (SELECT FROM suppressions s WHERE s.workspace_id = $1 AND s.channel = t.channel)
"""

_LISTED: Final = "s.workspace_id = $1 AND s.channel = ANY($3) AND m.kind = $2"

FIND: Final = f"""
    SELECT s.channel, array_agg(m.ordinal) AS ordinals FROM suppressions s
    JOIN members m ON m.workspace_id = $1 AND m.email IS NOT NULL AND {EMAIL} = s.digest
    WHERE {_LISTED} AND s.channel = {int(Channel.EMAIL)} /*within ordinals*/ GROUP BY s.channel
    UNION ALL
    SELECT s.channel, array_agg(m.ordinal) FROM suppressions s
    JOIN members m ON m.workspace_id = $1 AND m.phone IS NOT NULL AND {PHONE} = s.digest
    WHERE {_LISTED} AND s.channel IN ({int(Channel.SMS)}, {int(Channel.PHONE)}) /*within ordinals*/ GROUP BY s.channel
    UNION ALL
    SELECT s.channel, array_agg(m.ordinal) FROM suppressions s
    JOIN member_addresses a ON a.workspace_id = $1 AND a.postal_digest = s.digest
    JOIN members m ON m.id = a.member_id AND m.workspace_id = $1
    WHERE {_LISTED} AND s.channel = {int(Channel.DIRECT_MAIL)} /*within ordinals*/ GROUP BY s.channel
"""  # noqa: S608 - constants only

FIND_WITHIN_ORDINALS: Final = FIND.replace("/*within ordinals*/", "AND m.ordinal = ANY($4::int[])")
"""A statement of its own: a plan that serves both would look at the whole list for a few members."""


async def find(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap | None = None
) -> Mapping[Channel, BitMap]:
    """The members of a kind whose addresses are suppressed, by channel; with `ordinals` only these are looked at."""
    found = await connection.fetch(CHANNELS, workspace_id, list(Channel))
    channels = [row["channel"] for row in found]
    if not channels:
        return {}
    if ordinals is None:
        rows = await connection.fetch(FIND, workspace_id, kind, channels)
    else:
        rows = await connection.fetch(FIND_WITHIN_ORDINALS, workspace_id, kind, channels, list(ordinals))
    return {Channel(row["channel"]): BitMap(row["ordinals"]) for row in rows}
