"""Bulk edits of members: tags and consents. Only members that really change are written and looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import asyncpg

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, Required, SeggraphError, TooMany
from seggraph.member_fields import consent_column
from seggraph.member_fields.cleaning import MAX_TAGS, clean_tags
from seggraph.services.changes import changes
from seggraph.services.members import selections
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import Channel, ConsentState, MemberKind

MAX_MATCHED: Final = 100_000
"""Most members that one call edits by criteria: what one transaction rewrites in a few seconds."""

BY_ORDINAL: Final = "SELECT id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)"

TAG: Final = """
    WITH wanted AS (
      SELECT m.id, coalesce(t.tags, '{}') AS tags, cardinality(t.tags) > greatest($5, cardinality(m.tags)) AS over
      FROM (SELECT id, tags FROM members WHERE workspace_id = $1 AND id = ANY($2)
            ORDER BY id FOR NO KEY UPDATE) m
      LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT tag ORDER BY tag) AS tags FROM unnest(m.tags || $3::text[]) AS tag
        WHERE tag <> ALL($4::text[])
      ) t ON true
    ), changed AS (
      UPDATE members m SET tags = w.tags, version = m.version + 1, updated_at = now()
      FROM wanted w WHERE m.id = w.id AND m.tags IS DISTINCT FROM w.tags AND w.over IS NOT TRUE
      RETURNING m.id, m.kind, m.ordinal
    )
    SELECT id, kind, ordinal FROM changed UNION ALL SELECT id, NULL, NULL FROM wanted WHERE over
"""

_CONSENTS = [
    (consent_column(channel), f"coalesce(${number}, {consent_column(channel)})")
    for number, channel in enumerate(Channel, start=3)
]

SET_CONSENTS: Final = f"""
    WITH held AS (
      SELECT id FROM members WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE members m SET {", ".join(f"{column} = {state}" for column, state in _CONSENTS)},
      version = m.version + 1, updated_at = now()
    FROM held WHERE m.id = held.id AND ({" OR ".join(f"{column} <> {state}" for column, state in _CONSENTS)})
    RETURNING m.kind, m.ordinal
"""  # noqa: S608 - constants only
"""The state of each channel is a parameter, in the order of the channels; null leaves it as it is."""


@dataclass(frozen=True, slots=True)
class EditReport:
    """How many members changed, how many were so already, and which were asked for but do not exist.

    `over_limit` are the ids of members that did not change because they would have too many tags.
    """

    changed: int
    unchanged: int
    not_found: list[str]
    over_limit: list[int] = field(default_factory=list)


async def tag(
    context: Context, viewer: Viewer, selection: Selection, *, add: Sequence[str], remove: Sequence[str]
) -> EditReport:
    """Add tags to members and remove tags from them.

    A member who would have more than MAX_TAGS stays as it is and is named in the report. Raises Forbidden,
    Required, Invalid, TooLong, TooMany, and CriteriaError for criteria.
    """
    require_write(viewer)
    added, removed = _clean_tags(add, "add"), _clean_tags(remove, "remove")
    if not added and not removed:
        raise Required("Give tags to add or to remove.", path=("add",))
    if both := set(added) & set(removed):
        raise Invalid(f"{min(both)!r} is both to be added and to be removed.", path=("remove",))
    chosen = await _evaluated(context, viewer, selection)
    async with begin() as unit:
        ids, not_found = await _select(unit.connection, viewer, chosen)
        rows = await unit.connection.fetch(TAG, viewer.workspace_id, ids, added, removed, MAX_TAGS)
        changed = [row for row in rows if row["kind"] is not None]
        await _mark(context, unit, viewer, changed, ["tags"])
    over = sorted(row["id"] for row in rows if row["kind"] is None)
    return EditReport(len(changed), len(ids) - len(rows), not_found, over)


async def set_consents(
    context: Context, viewer: Viewer, selection: Selection, consents: Mapping[Channel, ConsentState]
) -> EditReport:
    """Set what members said about channels; other channels stay. Raises Forbidden, Required, Invalid, TooMany,
    and CriteriaError for criteria.
    """
    require_write(viewer)
    if not consents:
        raise Required("Give at least one consent.", path=("consents",))
    chosen = await _evaluated(context, viewer, selection)
    async with begin() as unit:
        ids, not_found = await _select(unit.connection, viewer, chosen)
        states = [consents.get(channel) for channel in Channel]
        rows = await unit.connection.fetch(SET_CONSENTS, viewer.workspace_id, ids, *states)
        await _mark(context, unit, viewer, rows, [consent_column(channel) for channel in consents])
    return EditReport(len(rows), len(ids) - len(rows), not_found)


def _clean_tags(tags: Sequence[str], name: str) -> list[str]:
    try:
        return clean_tags(list(tags))
    except SeggraphError as error:
        error.path = (name,)
        raise


async def _evaluated(context: Context, viewer: Viewer, selection: Selection) -> Selection:
    """The selection, its criteria evaluated. Raises TooMany for more than one transaction should rewrite."""
    chosen = await selections.evaluated(context, viewer, selection)
    if chosen.matched is not None and len(chosen.matched) > MAX_MATCHED:
        message = (
            f"{len(chosen.matched)} members match, and one call edits at most {MAX_MATCHED}. Narrow the criteria"
            " and call several times; members that were edited may not match any more."
        )
        raise TooMany(message, path=("where",))
    return chosen


async def _select(
    connection: asyncpg.Connection, viewer: Viewer, selection: Selection
) -> tuple[list[int], list[str]]:
    """The ids of the members that exist, and the given ids that no member has."""
    if selection.matched is not None:
        ordinals = list(selection.matched)
        rows = await connection.fetch(BY_ORDINAL, viewer.workspace_id, selection.kind, ordinals)
        return [row["id"] for row in rows], []
    if selection.external_ids is None:
        selection = replace(selection, kind=None)  # ids may name members of any kind
    named = await selections.find_named(connection, viewer, selection)
    return [member_id for member_id, _, _ in named.rows], named.not_found


async def _mark(
    context: Context, unit: UnitOfWork, viewer: Viewer, rows: Sequence[asyncpg.Record], changed: Sequence[str]
) -> None:
    """Mark the members that changed, kind by kind."""
    for kind in {row["kind"] for row in rows}:
        ordinals = [row["ordinal"] for row in rows if row["kind"] == kind]
        await changes.mark(context, unit, viewer.workspace_id, MemberKind(kind), ordinals, changed)
