"""Bulk edits of members: tags and consents. Only members that really change are written and looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from seggraph.errors import Invalid, Required, SeggraphError, TooMany
from seggraph.services import changes
from seggraph.services.attribute_values import storable_text
from seggraph.services.context import Context
from seggraph.services.member_drafts import MAX_EXTERNAL_ID, clean_tags, consent_column
from seggraph.services.policy import Viewer, require_write
from seggraph.vocabulary import Channel, ConsentState, MemberKind
from seggraph.work import Work, begin

MAX_MEMBERS: Final = 10_000

BY_ID: Final = "SELECT id, id::text AS given FROM members WHERE workspace_id = $1 AND id = ANY($2)"

BY_EXTERNAL_ID: Final = """
    SELECT id, external_id AS given FROM members WHERE workspace_id = $1 AND kind = $2 AND external_id = ANY($3)
"""

TAG: Final = """
    WITH wanted AS (
      SELECT m.id, coalesce(t.tags, '{}') AS tags
      FROM (SELECT id, tags FROM members WHERE workspace_id = $1 AND id = ANY($2)
            ORDER BY id FOR NO KEY UPDATE) m
      LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT tag ORDER BY tag) AS tags FROM unnest(m.tags || $3::text[]) AS tag
        WHERE tag <> ALL($4::text[])
      ) t ON true
    )
    UPDATE members m SET tags = w.tags, version = m.version + 1, updated_at = now()
    FROM wanted w WHERE m.id = w.id AND m.tags IS DISTINCT FROM w.tags RETURNING m.kind, m.ordinal
"""

SET_CONSENTS: Final = """
    WITH held AS (
      SELECT id FROM members WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE members m SET consent_email = coalesce($3, consent_email),
      consent_direct_mail = coalesce($4, consent_direct_mail), consent_sms = coalesce($5, consent_sms),
      consent_phone = coalesce($6, consent_phone), consent_push = coalesce($7, consent_push),
      version = m.version + 1, updated_at = now()
    FROM held WHERE m.id = held.id AND (
      consent_email <> coalesce($3, consent_email) OR consent_direct_mail <> coalesce($4, consent_direct_mail)
      OR consent_sms <> coalesce($5, consent_sms) OR consent_phone <> coalesce($6, consent_phone)
      OR consent_push <> coalesce($7, consent_push))
    RETURNING m.kind, m.ordinal
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which members: by their numbers, or by external ids of one kind."""

    member_ids: Sequence[int] | None = None
    kind: MemberKind | None = None
    external_ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class EditReport:
    """How many members changed, how many were so already, and which were asked for but do not exist."""

    changed: int
    unchanged: int
    not_found: list[str]


async def tag(
    context: Context, viewer: Viewer, selection: Selection, *, add: Sequence[str], remove: Sequence[str]
) -> EditReport:
    """Add tags to members and remove tags from them. Raises Forbidden, Required, Invalid, TooLong, TooMany."""
    require_write(viewer)
    added, removed = _clean_tags(add, "add"), _clean_tags(remove, "remove")
    if not added and not removed:
        raise Required("Give tags to add or to remove.", path=("add",))
    if both := set(added) & set(removed):
        raise Invalid(f"{min(both)!r} is both to be added and to be removed.", path=("remove",))
    async with begin() as unit:
        ids, not_found = await _select(unit.connection, viewer, selection)
        rows = await unit.connection.fetch(TAG, viewer.workspace_id, ids, added, removed)
        await _mark(context, unit, viewer, rows, ["tags"])
    return EditReport(len(rows), len(ids) - len(rows), not_found)


async def set_consents(
    context: Context, viewer: Viewer, selection: Selection, consents: Mapping[Channel, ConsentState]
) -> EditReport:
    """Set what members said about channels; other channels stay. Raises Forbidden, Required, TooMany."""
    require_write(viewer)
    if not consents:
        raise Required("Give at least one consent.", path=("consents",))
    async with begin() as unit:
        ids, not_found = await _select(unit.connection, viewer, selection)
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


async def _select(
    connection: asyncpg.Connection, viewer: Viewer, selection: Selection
) -> tuple[list[int], list[str]]:
    """The ids of the members that exist, and what was given for those that do not."""
    if selection.external_ids is not None:
        wanted = list(dict.fromkeys(selection.external_ids))
        path, kind = "externalIds", selection.kind
        if kind is None:
            raise Required("External ids need the kind of the members.", path=("kind",))
    else:
        wanted = [str(number) for number in dict.fromkeys(selection.member_ids or ())]
        path, kind = "memberIds", None
    if not wanted and selection.member_ids is None:
        raise Required("Say which members: give memberIds, or kind and externalIds.", path=(path,))
    if len(wanted) > MAX_MEMBERS:
        raise TooMany(f"Give at most {MAX_MEMBERS} members at once.", path=(path,))
    if kind is None:
        rows = await connection.fetch(BY_ID, viewer.workspace_id, [int(number) for number in wanted])
    else:
        storable = [external_id for external_id in wanted if storable_text(external_id, MAX_EXTERNAL_ID)]
        rows = await connection.fetch(BY_EXTERNAL_ID, viewer.workspace_id, kind, storable)
    found = {row["given"] for row in rows}
    return [row["id"] for row in rows], [given for given in wanted if given not in found]


async def _mark(
    context: Context, unit: Work, viewer: Viewer, rows: Sequence[asyncpg.Record], changed: Sequence[str]
) -> None:
    """Mark the members that changed, kind by kind."""
    for kind in {row["kind"] for row in rows}:
        ordinals = [row["ordinal"] for row in rows if row["kind"] == kind]
        await changes.mark(context, unit, viewer.workspace_id, MemberKind(kind), ordinals, changed)
