"""Changes of attributes as they are asked for, and what they would do to values."""

from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson

from seggraph.errors import Invalid, Required, TooLong
from seggraph.services.catalogue import attribute_names
from seggraph.services.members.attribute_changing import AttributeChanging
from seggraph.vocabulary import AttributeChangeType, AttributeType, MemberKind, NotConvertible

SAMPLES: Final = 20
"""How many values that cannot be converted, or would give way, are shown."""

# `$5` is the document of the change. What cannot be kept: a value that has no equal one of the type, of two that are
# merged the one that gives way to another, and all that are deleted.
WHAT: Final = """
    SELECT m.ordinal, m.external_id, m.attributes -> $3 AS value, m.attributes -> $4 AS other,
      CASE WHEN $4::text IS NOT NULL THEN m.attributes -> $3 <> m.attributes -> $4
        WHEN $5::jsonb ->> 'type' IS NOT NULL
        THEN seggraph_converted(m.attributes -> $3, $5::jsonb ->> 'type', $5::jsonb ->> 'zone') IS NULL
        ELSE true END AS is_lost
    FROM members m
    WHERE m.workspace_id = $1 AND m.kind = $2 AND (m.attributes ? $3 OR m.attributes ? $4) /*since*/
"""

HELD: Final = f"""
    SELECT array_agg(ordinal) AS ordinals, count(*) FILTER (WHERE is_lost) AS lost,
      count(*) FILTER (WHERE value IS NOT NULL) AS held
    FROM ({WHAT}) w
"""  # noqa: S608 - constants only, here and below

LOST: Final = f"""
    SELECT value, other, count(*) AS count, min(external_id) AS external_id FROM ({WHAT}) w WHERE is_lost
    GROUP BY value, other ORDER BY 3 DESC, 1 LIMIT {SAMPLES}
"""  # noqa: S608

SINCE: Final = "AND m.updated_at >= $6"


@dataclass(frozen=True, slots=True)
class AttributeChangeDraft:
    """A change of one attribute: exactly one of a type, a new name, an attribute to merge it into, or its deletion."""

    kind: MemberKind
    name: str
    to_type: AttributeType | None = None
    new_name: str | None = None
    merge_into: str | None = None
    delete: bool = False
    not_convertible: NotConvertible = NotConvertible.REFUSE
    this_wins: bool = False
    """Of two values of one member that are merged, whether that of `name` stays."""
    allow_broken: bool = False
    """Whether it is made although criteria hold no more after it."""

    @property
    def change(self) -> AttributeChangeType:
        """What it does. Raises Required or Invalid unless it says exactly one thing."""
        ways = {
            AttributeChangeType.CONVERT: self.to_type is not None,
            AttributeChangeType.RENAME: self.new_name is not None,
            AttributeChangeType.MERGE: self.merge_into is not None,
            AttributeChangeType.DELETE: self.delete,
        }
        chosen = [change for change, is_chosen in ways.items() if is_chosen]
        if not chosen:
            raise Required("Give toType, newName, mergeInto or delete.", path=("change",))
        if len(chosen) > 1:
            raise Invalid("Give one of toType, newName, mergeInto and delete.", path=("change",))
        return chosen[0]


@dataclass(frozen=True, slots=True)
class LostValue:
    """A value that a change cannot keep, how many members have it, and one of them.

    `other` is the value of the attribute that it is merged with.
    """

    value: Any
    other: Any
    count: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Values:
    """The members that a change concerns, how many have the attribute, and what of it cannot be kept."""

    ordinals: list[int]
    held: int
    lost: int


def _arguments(workspace_id: int, kind: MemberKind, changing: AttributeChanging) -> list[Any]:
    """Of $1 to $5: of a merge, `$3` is the one that goes and `$4` the one that stays."""
    if changing.former is None:
        return [workspace_id, kind, changing.name, None, changing.document]
    return [workspace_id, kind, changing.former, changing.name, changing.document]


async def read_values(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    changing: AttributeChanging,
    since: Any = None,
) -> Values:
    """What a change concerns; with `since` only of the members that changed from then on."""
    arguments = _arguments(workspace_id, kind, changing)
    query = HELD
    if since is not None:
        query, arguments = HELD.replace("/*since*/", SINCE), [*arguments, since]
    row = await connection.fetchrow(query, *arguments)
    return Values(row["ordinals"] or [], row["held"], row["lost"])


async def lost_values(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, changing: AttributeChanging
) -> list[LostValue]:
    """The most frequent values that a change cannot keep."""
    rows = await connection.fetch(LOST, *_arguments(workspace_id, kind, changing))
    return [
        LostValue(
            orjson.loads(row["value"]),
            None if row["other"] is None else orjson.loads(row["other"]),
            row["count"],
            row["external_id"],
        )
        for row in rows
    ]


def require_new_name(name: str, path: str) -> None:
    """Raise for what no attribute may be called, with the path of the change."""
    try:
        attribute_names.require_name(name)
    except (Required, Invalid, TooLong) as error:
        error.path = ("change", path)
        raise
