"""Selections: the members that a bulk call means, named by id or by external id, or found by criteria.

Criteria are evaluated in one snapshot before the call holds anything; who matched then is meant, and those of
them who are deleted by the time the call acts are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import Invalid, Required, TooMany
from seggraph.member_fields.cleaning import MAX_EXTERNAL_ID
from seggraph.services.criteria import matching
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import MemberKind

MAX_NAMED: Final = 10_000
"""Most members that one call may name."""

BY_ID: Final = """
    SELECT id, kind, ordinal, id::text AS given FROM members
    WHERE workspace_id = $1 AND id = ANY($2) AND ($3::smallint IS NULL OR kind = $3)
"""

BY_EXTERNAL_ID: Final = """
    SELECT id, kind, ordinal, external_id AS given FROM members
    WHERE workspace_id = $1 AND kind = $3 AND external_id = ANY($2)
"""

WITHIN_ORDINALS: Final = (
    "SELECT ordinal FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)"
)

BETWEEN: Final = """
    SELECT array_agg(ordinal) FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal BETWEEN $3 AND $4
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which members: by their numbers, by external ids of one kind, or all of a kind that match criteria."""

    member_ids: Sequence[int] | None = None
    kind: MemberKind | None = None
    external_ids: Sequence[str] | None = None
    where: Mapping[str, Any] | None = None
    matched: BitMap | None = None
    """Who matched `where`, once it is evaluated."""

    def validate(self) -> None:
        """Raise Required or Invalid unless it names members in exactly one way, TooMany if too many."""
        ways = {"memberIds": self.member_ids, "externalIds": self.external_ids, "where": self.where}
        given = [way for way, value in ways.items() if value is not None]
        if not given:
            raise Required("Say which members: give memberIds, externalIds or where.", path=("memberIds",))
        if len(given) > 1:
            raise Invalid(f"Give {given[0]} or {given[1]}, not both.", path=(given[1],))
        named = ways[given[0]]
        if self.external_ids is not None and not self.external_ids:
            raise Required("Give at least one external id.", path=("externalIds",))
        if len(named or ()) > MAX_NAMED and given[0] != "where":
            message = f"Name at most {MAX_NAMED} members at once, or select them by where."
            raise TooMany(message, path=(given[0],))
        if self.kind is None and given[0] != "memberIds":
            raise Required(f"{given[0]} needs the kind of the members.", path=("kind",))


async def evaluated(context: Context, viewer: Viewer, selection: Selection) -> Selection:
    """The selection, its criteria evaluated if it has any; call it before the unit of work.

    Raises what `Selection.validate` does, CriteriaError, and CriteriaTooSlow beyond the time limit.
    """
    selection.validate()
    if selection.where is None or selection.kind is None:
        return selection
    matched = await matching.find(context, viewer, selection.kind, selection.where, path="where")
    return replace(selection, matched=matched)


@dataclass(frozen=True, slots=True)
class Named:
    """The members that were named and exist, as (id, kind, ordinal), and what no member is called."""

    rows: list[tuple[int, MemberKind, int]]
    not_found: list[str]


async def find_named(connection: asyncpg.Connection, viewer: Viewer, selection: Selection) -> Named:
    """Look up the members that ids or external ids name. A member of another kind than wanted is not found."""
    if selection.external_ids is not None:
        wanted = list(dict.fromkeys(selection.external_ids))
        storable: list[Any] = [given for given in wanted if storable_text(given, MAX_EXTERNAL_ID)]
        query = BY_EXTERNAL_ID
    else:
        numbers = list(dict.fromkeys(selection.member_ids or ()))
        wanted, storable = [str(number) for number in numbers], numbers
        query = BY_ID
    rows = await connection.fetch(query, viewer.workspace_id, storable, selection.kind)
    found = {row["given"] for row in rows}
    return Named(
        [(row["id"], MemberKind(row["kind"]), row["ordinal"]) for row in rows],
        [given for given in wanted if given not in found],
    )


async def existing(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, ordinals: BitMap
) -> BitMap:
    """Those of the ordinals whose members are still there."""
    if not ordinals:
        return BitMap()
    if len(ordinals) <= MAX_NAMED:
        rows = await connection.fetch(WITHIN_ORDINALS, viewer.workspace_id, kind, list(ordinals))
        return BitMap(row["ordinal"] for row in rows)
    present = await connection.fetchval(BETWEEN, viewer.workspace_id, kind, ordinals.min(), ordinals.max())
    return ordinals & BitMap(present or ())
