"""What a worker does to each member when an attribute of the kind is converted, renamed, merged or deleted.

Whatever reads attributes sees the change at once, for all members (`seggraph_changed` in the database); the worker
makes the stored values what is read already. What begins a change is services.attribute_changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import asyncpg
import orjson

from seggraph.services.catalogue import value_counts
from seggraph.vocabulary import AttributeChangeType, AttributeType, BulkEditAction, MemberKind

APPLY: Final = """
    WITH held AS (
      SELECT id, seggraph_changed(attributes, $3) AS changed FROM members
      WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE members m SET attributes = held.changed, version = m.version + 1, updated_at = now()
    FROM held WHERE m.id = held.id AND m.attributes IS DISTINCT FROM held.changed RETURNING m.kind, m.ordinal
"""

FORGET: Final = """
    DELETE FROM attributes WHERE workspace_id = $1 AND kind = $2 AND name = ANY($3) AND change IS NOT NULL
"""

SETTLE: Final = """
    UPDATE attributes SET change = NULL WHERE workspace_id = $1 AND kind = $2 AND name = $3
"""


@dataclass(frozen=True, slots=True)
class Edited:
    """The members that changed, and the ids of those that did not because they would have too many tags."""

    rows: Sequence[asyncpg.Record]
    over_limit: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UseBefore:
    """How many members a segment had before a change of an attribute that it asks about."""

    segment_id: int
    member_count: int


@dataclass(frozen=True, slots=True)
class AttributeChanging:
    """A change of the attribute `name`: it takes over the values of `former`, gets `to_type`, or is deleted."""

    change: AttributeChangeType
    name: str
    former: str | None = None
    prefer_former: bool = False
    """Whether a member that has values of both keeps that of `former`."""
    from_type: AttributeType | None = None
    to_type: AttributeType | None = None
    zone: str = "UTC"
    cleared: int = 0
    """How many values cannot be kept: they are not convertible, give way to another one, or are deleted."""
    is_undoing: bool = False
    """Whether it takes back a change that was cancelled."""
    uses: list[UseBefore] = field(default_factory=list)

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> "AttributeChanging":
        """The action that `stored` made."""
        types = {name: stored[name] and AttributeType(stored[name]) for name in ("from_type", "to_type")}
        uses = [UseBefore(**use) for use in stored["uses"]]
        return cls(**{**stored, **types, "change": AttributeChangeType(stored["change"]), "uses": uses})

    @property
    def kind(self) -> BulkEditAction:
        """What clients call it."""
        return BulkEditAction.CHANGE_ATTRIBUTE

    @property
    def names(self) -> list[str]:
        """The names of what changes in a member."""
        return [f"attributes.{name}" for name in (self.name, self.former) if name is not None]

    @property
    def document(self) -> str:
        """What `seggraph_changed` is to do, as JSON."""
        return orjson.dumps(
            {
                "name": self.name,
                "former": self.former,
                "prefer_former": self.prefer_former,
                "type": self.to_type,
                "zone": self.zone,
            }
        ).decode()

    def stored(self) -> dict[str, Any]:
        """The action as JSON."""
        return asdict(self)

    async def apply(
        self, connection: asyncpg.Connection, workspace_id: int, member_ids: Sequence[int]
    ) -> Edited:
        """Change members."""
        return Edited(await connection.fetch(APPLY, workspace_id, member_ids, self.document))

    async def settle(self, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
        """Let the catalogue forget what is gone, and count the values of what is there anew."""
        gone = [self.name] if self.change is AttributeChangeType.DELETE else [self.former or ""]
        await connection.execute(FORGET, workspace_id, kind, gone)
        await connection.execute(SETTLE, workspace_id, kind, self.name)
        for name in (self.name, self.former):
            if name is not None:
                await value_counts.recount(connection, workspace_id, kind, name)
