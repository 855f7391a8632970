"""What bulk edits do to members: tags and consents. Only members that really change are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import asyncpg

from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Invalid, Required, SeggraphError
from seggraph.member_fields import consent_column
from seggraph.member_fields.cleaning import MAX_TAGS, clean_tags
from seggraph.services.changes import changes
from seggraph.services.members.attribute_changing import AttributeChanging, Edited
from seggraph.vocabulary import BulkEditAction, Channel, ConsentState, MemberKind

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


class EditAction(Protocol):
    """What is done to each member of a bulk edit."""

    @property
    def kind(self) -> BulkEditAction:
        """What clients call it."""

    @property
    def names(self) -> list[str]:
        """The names of what changes in a member."""

    def stored(self) -> dict[str, Any]:
        """The action as JSON; `restored` reads it."""

    async def apply(
        self, connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]
    ) -> Edited:
        """Change members."""

    async def settle(self, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
        """What follows when all members were dealt with, in the transaction that says so."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """Adding tags to members and removing tags from them."""

    add: list[str]
    remove: list[str]

    @staticmethod
    def of(add: Sequence[str], remove: Sequence[str]) -> "Tagging":
        """The action with cleaned tags. Raises Required, Invalid, TooLong, TooMany."""
        added, removed = _clean_tags(add, "add"), _clean_tags(remove, "remove")
        if not added and not removed:
            raise Required("Give tags to add or to remove.", path=("add",))
        if both := set(added) & set(removed):
            raise Invalid(f"{min(both)!r} is both to be added and to be removed.", path=("remove",))
        return Tagging(added, removed)

    @property
    def kind(self) -> BulkEditAction:
        """What clients call it."""
        return BulkEditAction.TAG_MEMBERS

    @property
    def names(self) -> list[str]:
        """The names of what changes in a member."""
        return ["tags"]

    def stored(self) -> dict[str, Any]:
        """The action as JSON."""
        return {"add": self.add, "remove": self.remove}

    async def apply(
        self, connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]
    ) -> Edited:
        """Change members. One who would have more than MAX_TAGS stays as it is."""
        rows = await connection.fetch(TAG, workspace_id, member_ids, self.add, self.remove, MAX_TAGS)
        over = sorted(row["id"] for row in rows if row["kind"] is None)
        return Edited([row for row in rows if row["kind"] is not None], over)

    async def settle(self, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
        """Nothing follows."""


@dataclass(frozen=True, slots=True)
class ConsentSetting:
    """Setting what members said about channels; other channels stay."""

    consents: Mapping[Channel, ConsentState]

    @staticmethod
    def of(consents: Mapping[Channel, ConsentState]) -> "ConsentSetting":
        """The action. Raises Required."""
        if not consents:
            raise Required("Give at least one consent.", path=("consents",))
        return ConsentSetting(consents)

    @property
    def kind(self) -> BulkEditAction:
        """What clients call it."""
        return BulkEditAction.SET_CONSENTS

    @property
    def names(self) -> list[str]:
        """The names of what changes in a member."""
        return [consent_column(channel) for channel in self.consents]

    def stored(self) -> dict[str, Any]:
        """The action as JSON."""
        return {"consents": {channel.name: state.name for channel, state in self.consents.items()}}

    async def apply(
        self, connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]
    ) -> Edited:
        """Change members."""
        states = [self.consents.get(channel) for channel in Channel]
        return Edited(await connection.fetch(SET_CONSENTS, workspace_id, member_ids, *states))

    async def settle(self, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
        """Nothing follows."""


def restored(kind: BulkEditAction, stored: Mapping[str, Any]) -> Tagging | ConsentSetting | AttributeChanging:
    """The action that was stored."""
    if kind is BulkEditAction.CHANGE_ATTRIBUTE:
        return AttributeChanging.of_stored(stored)
    if kind is BulkEditAction.TAG_MEMBERS:
        return Tagging(stored["add"], stored["remove"])
    consents = {Channel[channel]: ConsentState[state] for channel, state in stored["consents"].items()}
    return ConsentSetting(consents)


async def mark(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    rows: Sequence[asyncpg.Record],
    names: Sequence[str],
) -> None:
    """Mark the members that changed, kind by kind."""
    for kind in {row["kind"] for row in rows}:
        ordinals = [row["ordinal"] for row in rows if row["kind"] == kind]
        await changes.mark(context, unit, workspace_id, MemberKind(kind), ordinals, names)


def _clean_tags(tags: Sequence[str], name: str) -> list[str]:
    try:
        return clean_tags(list(tags))
    except SeggraphError as error:
        error.path = (name,)
        raise
