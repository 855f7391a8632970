"""What relies on segments: campaigns, other segments, playbooks and deliveries, all found by one statement.

What a viewer may not see is counted and never named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from seggraph.access import VISIBLE_CAMPAIGN, VISIBLE_PLAYBOOK, VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.database.connections import database
from seggraph.errors import SegmentInUse
from seggraph.vocabulary import CampaignStatus, SegmentStatus, SegmentUse

MOST_NAMES: Final = 10
"""How many names one message holds."""


class UserType(StrEnum):
    """What relies on a segment; the value is what people call it."""

    CAMPAIGN = "campaign"
    SEGMENT = "segment"
    PLAYBOOK = "playbook"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class Usage:
    """Something that relies on a segment: what it is, in which way, and whether the viewer may see it.

    `needs` is True for what works with the segment now or may at any time; what was put away itself, or is over,
    only refers to it.
    """

    segment_id: int
    type: UserType
    id: int
    name: str
    use: SegmentUse
    status: str
    needs: bool
    visible: bool


SEGMENTS: Final = f"""
    SELECT DISTINCT (r.id #>> '{{}}')::bigint AS segment_id, s.id, s.name, 'CRITERIA' AS use, s.status,
      ({VISIBLE_SEGMENT}) AS visible
    FROM segments s, jsonb_path_query(s.criteria, '$.**.segment.id') AS r(id)
    WHERE s.workspace_id = $1 AND s.criteria @? '$.**.segment.id' AND (r.id #>> '{{}}')::bigint = ANY($4)
"""  # noqa: S608 - constants only

PLAYBOOKS: Final = f"""
    SELECT u.segment_id, p.id, p.name, u.use, p.status, ({VISIBLE_PLAYBOOK}) AS visible
    FROM (
      SELECT o.segment_id, o.playbook_id, 'SOURCE' AS use FROM sources o
      WHERE o.workspace_id = $1 AND o.segment_id = ANY($4) AND o.playbook_id IS NOT NULL
      UNION
      SELECT (r.id #>> '{{}}')::bigint, c.id, 'CRITERIA'
      FROM playbooks c, jsonb_path_query(c.criteria, '$.**.segment.id') AS r(id)
      WHERE c.workspace_id = $1 AND (r.id #>> '{{}}')::bigint = ANY($4)
    ) u JOIN playbooks p ON p.workspace_id = $1 AND p.id = u.playbook_id
"""  # noqa: S608 - constants only


CAMPAIGNS: Final = f"""
    SELECT t.segment_id, c.id, c.name, CASE t.role WHEN 'EXCLUDE' THEN 'EXCLUSION' ELSE 'TARGET' END AS use,
      c.status, ({VISIBLE_CAMPAIGN}) AS visible
    FROM campaign_segments t JOIN campaigns c ON c.id = t.campaign_id
    WHERE t.workspace_id = $1 AND t.segment_id = ANY($4)
"""  # noqa: S608 - constants only


MEASURED: Final = f"""
    SELECT m.segment_id, c.id, c.name, 'METRICS' AS use, c.status, ({VISIBLE_CAMPAIGN}) AS visible
    FROM (SELECT DISTINCT segment_id, campaign_id FROM campaign_metrics
          WHERE workspace_id = $1 AND segment_id = ANY($4)) m
    JOIN campaigns c ON c.id = m.campaign_id
"""  # noqa: S608 - constants only


DELIVERIES: Final = """
    SELECT y.segment_id, d.id, d.name, 'DELIVERY' AS use, y.status, true AS visible
    FROM deliveries y JOIN destinations d ON d.id = y.destination_id
    WHERE y.workspace_id = $1 AND y.segment_id = ANY($4) AND (y.status <> 'INACTIVE' OR y.wish = 'EMPTY')
"""


@dataclass(frozen=True, slots=True)
class _UserKind:
    """How users of one type are found, and which of them need the segment, by their status."""

    type: UserType
    find: str
    needs: Callable[[str], bool]


USERS: Final = (
    _UserKind(UserType.CAMPAIGN, CAMPAIGNS, lambda status: status == CampaignStatus.ACTIVE),
    _UserKind(UserType.SEGMENT, SEGMENTS, lambda status: status != SegmentStatus.ARCHIVED),
    _UserKind(UserType.PLAYBOOK, PLAYBOOKS, lambda _: True),
    _UserKind(UserType.DESTINATION, DELIVERIES, lambda _: True),
)
"""Everything that can rely on a segment."""

RECORDS: Final = (_UserKind(UserType.CAMPAIGN, MEASURED, lambda _: False),)
"""What keeps numbers of a segment, also when it is not used any more: they would be lost with it."""


def _at_once(kinds: Sequence[_UserKind]) -> str:
    """The statement that finds users of several types, type by type."""
    texts = [
        f"SELECT {number} AS number, segment_id, id, name, use, status, visible FROM ({kind.find}) AS users"  # noqa: S608
        for number, kind in enumerate(kinds)
    ]
    return f"{' UNION ALL '.join(texts)} ORDER BY number, id, use"


FIND: Final[dict[tuple[_UserKind, ...], str]] = {kinds: _at_once(kinds) for kinds in (USERS, USERS + RECORDS)}


async def of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, list[Usage]]:
    """What relies on segments that the caller has found visible, by segment."""
    async with database() as connection:
        return await _find(connection, viewer, segment_ids)


async def require_unneeded(connection: asyncpg.Connection, viewer: Viewer, segment_id: int) -> None:
    """Raise SegmentInUse if anything works with the segment, so that it can not be put away."""
    usages = (await _find(connection, viewer, [segment_id]))[segment_id]
    _refuse([usage for usage in usages if usage.needs], "archived")


async def require_unused(
    connection: asyncpg.Connection, viewer: Viewer, segment_id: int, participle: str
) -> None:
    """Raise SegmentInUse, "can not be `participle`", if anything refers to it at all, also what was put away itself."""
    _refuse((await _find(connection, viewer, [segment_id], USERS + RECORDS))[segment_id], participle)


async def _find(
    connection: asyncpg.Connection,
    viewer: Viewer,
    segment_ids: Sequence[int],
    kinds: tuple[_UserKind, ...] = USERS,
) -> dict[int, list[Usage]]:
    found: dict[int, list[Usage]] = {segment_id: [] for segment_id in segment_ids}
    for row in await connection.fetch(FIND[kinds], *visibility_arguments(viewer), list(segment_ids)):
        number, segment_id, id_, name, use, status, visible = row
        kind = kinds[number]
        found[segment_id].append(
            Usage(
                segment_id, kind.type, id_, name, SegmentUse(use), status, kind.needs(status), bool(visible)
            )
        )
    return found


def _refuse(usages: Sequence[Usage], participle: str) -> None:
    """Raise SegmentInUse, with the names of what the viewer may see, if there are any."""
    if not usages:
        return
    users = dict.fromkeys((usage.type, usage.id, usage.name, usage.visible) for usage in usages)
    named = [f'the {type_} "{name}"' for type_, _, name, visible in users if visible]
    unnamed = sum(not visible for *_, visible in users)
    words = named[:MOST_NAMES]
    if len(named) > MOST_NAMES:
        words.append(f"{len(named) - MOST_NAMES} more")
    if unnamed:
        words.append(f"{unnamed} that you may not see")
    raise SegmentInUse(
        f"This segment can not be {participle} while it is used by {', '.join(words)}. Take it out of them first.",
        path=("id",),
    )
