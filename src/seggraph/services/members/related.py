"""Reading related members: for a whole page of members, and all their relations, in one statement."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from seggraph.access import Viewer
from seggraph.criteria import relations
from seggraph.criteria.relations import Direction
from seggraph.database.connections import database
from seggraph.services.members.members import COLUMNS, SHOWN, MemberView, view_of
from seggraph.services.members.readable import members_read_by
from seggraph.services.members.relations import unknown
from seggraph.vocabulary import MemberKind

MAX_RELATED: Final = 200
"""Most members that one member answers with for one relation."""

READ: Final = f"""
    SELECT k.position, {SHOWN}
    FROM unnest($2::int[], $3::smallint[], $4::smallint[], $5::boolean[], $6::int[])
      AS k(position, relation, other_kind, forward, ordinal)
    CROSS JOIN LATERAL (
      (SELECT to_ordinal AS ordinal FROM relations r
       WHERE k.forward AND r.workspace_id = $1 AND r.relation = k.relation AND r.from_ordinal = k.ordinal
       ORDER BY to_ordinal LIMIT $7)
      UNION ALL
      (SELECT from_ordinal FROM relations r
       WHERE NOT k.forward AND r.workspace_id = $1 AND r.relation = k.relation AND r.to_ordinal = k.ordinal
       ORDER BY from_ordinal LIMIT $7)
    ) o
    JOIN {{members}} ON m.workspace_id = $1 AND m.kind = k.other_kind AND m.ordinal = o.ordinal
    ORDER BY k.position, k.relation, o.ordinal
"""  # noqa: S608 - constants only


class RelatedKey(NamedTuple):
    """Whose related members, and of which relation; None for all of them."""

    kind: MemberKind
    ordinal: int
    relation: str | None


async def get_many(viewer: Viewer, asked: Sequence[RelatedKey]) -> dict[RelatedKey, list[MemberView]]:
    """Up to MAX_RELATED related members by relation, in the order in which they came.

    Raises Invalid for a relation that a kind does not have.
    """
    rows = [
        (position, one.type, one.other_kind, one.forward, key.ordinal)
        for position, key in enumerate(asked)
        for one in _directions(key)
    ]
    if not rows:
        return {}
    read = READ.format(members=members_read_by(viewer, COLUMNS))
    async with database() as connection:
        found = await connection.fetch(read, viewer.workspace_id, *zip(*rows, strict=True), MAX_RELATED)
    related: dict[RelatedKey, list[MemberView]] = defaultdict(list)
    for row in found:
        related[asked[row["position"]]].append(view_of(row))
    return dict(related)


def require_relation(kind: MemberKind, relation: str | None) -> None:
    """Raise Invalid, which names the relations of the kind, unless its members have this relation."""
    if relation is not None and relations.find(kind, relation) is None:
        raise unknown(kind, relation)


def _directions(key: RelatedKey) -> tuple[Direction, ...]:
    if key.relation is None:
        return relations.of_kind(key.kind)
    direction = relations.find(key.kind, key.relation)
    return () if direction is None else (direction,)
