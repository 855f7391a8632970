"""Whole worlds of the naive evaluator written into the tables that engines read: events, relations and segments too."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.criteria import relations
from seggraph.criteria.naive import NaiveEvent, NaiveMember
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import MemberKind
from tests.engines.stored_members import store

Links = Sequence[tuple[str, int, int]]
"""Relations as the first kind calls them, with the ordinals of both sides."""

_TOTALS = """
    INSERT INTO event_totals (workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at)
    SELECT workspace_id, kind, name, ordinal, count(*), count(value), coalesce(sum(value), 0), min(occurred_at),
      max(occurred_at) FROM events WHERE workspace_id = $1 GROUP BY workspace_id, kind, name, ordinal
"""


def event(name: str, at: Any, value: str | int | None = None, **properties: Any) -> NaiveEvent:
    """An event with these properties."""
    return NaiveEvent(name, at, None if value is None else Decimal(value), properties)


def related(
    kind: MemberKind,
    members: Sequence[NaiveMember],
    others: Mapping[MemberKind, Sequence[NaiveMember]],
    links: Links,
) -> list[NaiveMember]:
    """The members with those whom they are related to."""
    found = []
    for ordinal, one in enumerate(members):
        of_member: dict[str, list[NaiveMember]] = {}
        for name, own, other in links:
            direction = relations.find(kind, name)
            assert direction is not None
            if own == ordinal:
                of_member.setdefault(name, []).append(others[direction.other_kind][other])
        found.append(replace(one, related=of_member))
    return found


def numbered(members: Sequence[NaiveMember]) -> list[NaiveMember]:
    """The members with the ordinals that storing gives them."""
    return [replace(one, ordinal=ordinal) for ordinal, one in enumerate(members)]


async def store_world(
    connection: asyncpg.Connection,
    members: Mapping[MemberKind, Sequence[NaiveMember]],
    *,
    links: Mapping[MemberKind, Links] | None = None,
    segments: Mapping[int, BitMap] | None = None,
    workspace_id: int = 1,
) -> None:
    """Insert members of several kinds with their events, how they are related, and who is in which segment."""
    for kind, of_kind in members.items():
        await store(connection, of_kind, kind=kind, workspace_id=workspace_id, first_id=int(kind) * 1000)
        await _store_events(connection, of_kind, kind, workspace_id)
    await connection.execute(_TOTALS, workspace_id)
    for kind, of_kind_links in (links or {}).items():
        await _store_links(connection, kind, of_kind_links, workspace_id)
    changes = {
        ChunkOwner(ChunkRole.MEMBERS, segment_id): (BitMap(), bitmap)
        for segment_id, bitmap in (segments or {}).items()
    }
    await ChunkStore(connection, workspace_id).write(changes)


async def _store_events(
    connection: asyncpg.Connection, members: Sequence[NaiveMember], kind: MemberKind, workspace_id: int
) -> None:
    rows = [
        (workspace_id, one.occurred_at, ordinal, int(kind), one.name, one.value, _document(one))
        for ordinal, member in enumerate(members)
        for one in member.events
    ]
    await connection.executemany(
        "INSERT INTO events (workspace_id, occurred_at, ordinal, kind, name, value, properties)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        rows,
    )


def _document(one: NaiveEvent) -> str | None:
    return json.dumps(dict(one.properties)) if one.properties else None


async def _store_links(
    connection: asyncpg.Connection, kind: MemberKind, links: Links, workspace_id: int
) -> None:
    for name, own, other in links:
        direction = relations.find(kind, name)
        assert direction is not None
        kinds = [kind, direction.other_kind] if direction.forward else [direction.other_kind, kind]
        ordinals = [own, other] if direction.forward else [other, own]
        await connection.execute(
            "INSERT INTO relations (workspace_id, relation, from_kind, to_kind, from_ordinal, to_ordinal)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            workspace_id,
            int(direction.type),
            *map(int, kinds),
            *ordinals,
        )
