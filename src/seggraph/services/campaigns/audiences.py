"""The audiences of campaigns: the members of their INCLUDE segments, without those of their EXCLUDE segments.

It is computed from the segments' bitmaps when it is asked for, so it is as current as they are. It counts segments
that the viewer does not see too: what a campaign targets is the same for everyone.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.database.unit_of_work import snapshot
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import CampaignSegmentRole, Channel, MemberKind

SEGMENTS: Final = """
    SELECT t.campaign_id, t.role, s.id, s.kind, s.as_of, p.id AS population_id
    FROM campaign_segments t
    JOIN segments s ON s.id = t.segment_id
    LEFT JOIN populations p ON p.workspace_id = s.workspace_id AND p.kind = s.kind
    WHERE t.workspace_id = $1 AND t.campaign_id = ANY($2)
"""


@dataclass(frozen=True, slots=True)
class CampaignAudienceView:
    """The audience of a campaign: its kind, how many members it has, and how many of them each channel reaches.

    `as_of` is the instant of the oldest of its segments; None while none has been computed.
    """

    kind: MemberKind | None
    member_count: int
    reached: Mapping[Channel, int]
    as_of: datetime | None


NOBODY: Final = CampaignAudienceView(None, 0, dict.fromkeys(Channel, 0), None)


async def get_many(viewer: Viewer, campaign_ids: Sequence[int]) -> dict[int, CampaignAudienceView]:
    """The audiences of campaigns that the caller has found visible, as one snapshot has them."""
    async with snapshot() as connection:
        rows = await connection.fetch(SEGMENTS, viewer.workspace_id, list(campaign_ids))
        populations = {row["population_id"] for row in rows if row["population_id"] is not None}
        owners = [_members(row["id"]) for row in rows]
        owners += [_reached(channel, one) for channel in Channel for one in populations]
        bitmaps = await ChunkStore(connection, viewer.workspace_id).read_many(list(dict.fromkeys(owners)))
    return await asyncio.to_thread(_audiences, rows, bitmaps)


def _audiences(
    rows: Iterable[asyncpg.Record], bitmaps: Mapping[ChunkOwner, BitMap]
) -> dict[int, CampaignAudienceView]:
    by_campaign: dict[int, list[asyncpg.Record]] = {}
    for row in rows:
        by_campaign.setdefault(row["campaign_id"], []).append(row)
    return {campaign_id: _audience(own, bitmaps) for campaign_id, own in by_campaign.items()}


def _audience(rows: Sequence[asyncpg.Record], bitmaps: Mapping[ChunkOwner, BitMap]) -> CampaignAudienceView:
    roles: dict[str, list[BitMap]] = {role: [] for role in CampaignSegmentRole}
    for row in rows:
        roles[row["role"]].append(bitmaps[_members(row["id"])])
    members = BitMap.union(BitMap(), *roles[CampaignSegmentRole.INCLUDE])
    members -= BitMap.union(BitMap(), *roles[CampaignSegmentRole.EXCLUDE])
    population_id = rows[0]["population_id"]
    reached = {
        channel: members.intersection_cardinality(bitmaps.get(_reached(channel, population_id), BitMap()))
        for channel in Channel
    }
    computed = [row["as_of"] for row in rows if row["as_of"] is not None]
    return CampaignAudienceView(
        MemberKind(rows[0]["kind"]), len(members), reached, min(computed, default=None)
    )


def _members(segment_id: int) -> ChunkOwner:
    return ChunkOwner(ChunkRole.MEMBERS, segment_id)


def _reached(channel: Channel, population_id: int) -> ChunkOwner:
    return ChunkOwner(ChunkRole.reachable(channel), population_id)
