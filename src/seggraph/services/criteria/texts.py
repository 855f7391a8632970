"""Criteria as text: read with the names that the viewer may use, written with those they see, and completed.

The language itself is seggraph.criteria.text; here its names get their meaning.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.criteria import Catalogue, Checked, Node, check, parse, relations
from seggraph.criteria.text import (
    Completion,
    CompletionKind,
    complete,
    read,
    segments_in,
    segments_named,
    spot_at,
    write_text,
)
from seggraph.criteria.text.completion import Spot
from seggraph.criteria.text.expectations import Sort
from seggraph.criteria.text.names import catalogue_at, kind_at
from seggraph.database.connections import database
from seggraph.errors import Path, SeggraphError
from seggraph.services.catalogue import catalogues, value_counts
from seggraph.services.events import catalogue as event_catalogue
from seggraph.values.attribute_values import storable_text
from seggraph.values.names import MAX_NAME, name_key
from seggraph.vocabulary import AttributeType, MemberKind

"""Longer texts are no name of a segment."""

MAX_NAMES: Final = 200
"""Most names of segments or events that one completion looks at."""

MAX_VALUES: Final = 20
"""Most values of a field that are offered."""

SEGMENTS_BY_NAME: Final = f"""
    SELECT s.kind, s.name_key, s.id FROM segments s WHERE {VISIBLE_SEGMENT} AND s.name_key = ANY($4)
"""  # noqa: S608 - constants only

SEGMENT_NAMES: Final = f"""
    SELECT s.name FROM segments s
    WHERE {VISIBLE_SEGMENT} AND s.kind = $4 AND s.status <> 'ARCHIVED' AND starts_with(s.name_key, $5)
    ORDER BY s.name_key LIMIT $6
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class CriteriaText:
    """Criteria that were given as text."""

    text: str


async def checked(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    given: CriteriaText,
    *,
    path: Path = ("criteriaText",),
) -> tuple[Node, Checked]:
    """The tree of a text, as written and as checked.

    Segments are those of the kind that the viewer sees. Raises a CriteriaError, or Problems of several; every
    message begins with line and column, and the path is that of the text.
    """
    ids = await _segments_by_name(connection, viewer, segments_named(given.text))

    def named(name: str, relations: Sequence[str]) -> tuple[int, ...]:
        return ids.get((kind_at(kind, relations), name_key(name)), ())

    reading = read(given.text, named, path=path)
    try:
        return reading.node, check(reading.node, await catalogues.load(connection, viewer.workspace_id, kind))
    except SeggraphError as error:
        raise reading.explained(error, path=path) from error


def segments_of(document: Mapping[str, Any]) -> frozenset[int]:
    """The ids of the segments that stored criteria refer to, whose names `written` needs."""
    return segments_in(parse(document))


def written(document: Mapping[str, Any], names: Mapping[int, str]) -> str | None:
    """Stored criteria as text; segments without a name by their number. None for what has no text."""
    try:
        return write_text(parse(document), names.get)
    except SeggraphError:
        return None


async def completions(viewer: Viewer, kind: MemberKind, text: str, cursor: int) -> list[Completion]:
    """What may stand at an offset (in characters) of a text; nothing where there is a mistake further left."""
    place = spot_at(text, cursor)
    if place is None:
        return []
    async with database() as connection:
        catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
        values = await _names(connection, viewer, kind, place)
    values += await _frequent_values(viewer, catalogue, place)
    return complete(place, catalogue, values=values)


async def _segments_by_name(
    connection: asyncpg.Connection, viewer: Viewer, names: Collection[str]
) -> dict[tuple[MemberKind | None, str], tuple[int, ...]]:
    """The ids of segments that the viewer sees, by kind and key of the name."""
    keys = [name_key(name) for name in names if storable_text(name, MAX_NAME)]
    if not keys:
        return {}
    rows = await connection.fetch(SEGMENTS_BY_NAME, *visibility_arguments(viewer), keys)
    found: dict[tuple[MemberKind | None, str], tuple[int, ...]] = {}
    for row in rows:
        key = (MemberKind(row["kind"]), row["name_key"])
        found[key] = (*found.get(key, ()), row["id"])
    return found


async def _names(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, place: Spot
) -> list[tuple[CompletionKind, str, str]]:
    """Names that could stand in quotes at a place, each with what it is."""
    values: list[tuple[CompletionKind, str, str]] = []
    for sort, offer in (
        (Sort.SEGMENT, _segment_names),
        (Sort.EVENT, _event_names),
        (Sort.RELATION, _relation_names),
    ):
        wanted = place.expectation_of(sort)
        other = kind_at(kind, wanted.scope.relations) if wanted else None
        if other is not None:
            values += await offer(connection, viewer, other, place.typed)
    return values


async def _segment_names(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, typed: str
) -> list[tuple[CompletionKind, str, str]]:
    if not storable_text(typed, MAX_NAME):
        return []
    arguments = (*visibility_arguments(viewer), kind, name_key(typed), MAX_NAMES)
    rows = await connection.fetch(SEGMENT_NAMES, *arguments)
    return [(CompletionKind.SEGMENT, row["name"], "A segment.") for row in rows]


async def _event_names(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, typed: str
) -> list[tuple[CompletionKind, str, str]]:
    names = await event_catalogue.names(connection, viewer.workspace_id, kind, limit=MAX_NAMES)
    return [(CompletionKind.EVENT, name, "An event.") for name in names]


async def _relation_names(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, typed: str
) -> list[tuple[CompletionKind, str, str]]:
    return [
        (CompletionKind.RELATION, one.name, f"Related {one.other_kind.name}.")
        for one in relations.of_kind(kind)
    ]


async def _frequent_values(
    viewer: Viewer, catalogue: Catalogue, place: Spot
) -> list[tuple[CompletionKind, str, str]]:
    """Values that members have, the most frequent first: of tags, or of a field that is text."""
    wanted, tag = place.value_of, place.expectation_of(Sort.TAG)
    scope = wanted.scope if wanted else tag.scope if tag else None
    found = None if scope is None else catalogue_at(catalogue, scope)
    if found is None:
        return []
    name = "tags"
    if wanted is not None:
        field = found.find(wanted.field)
        if field is None or field.type not in (AttributeType.STRING, AttributeType.STRING_LIST):
            return []
        name = field.name
    try:
        values = await value_counts.suggest(viewer, found.kind, name, search=place.typed, first=MAX_VALUES)
    except SeggraphError:
        return []
    return [(CompletionKind.VALUE, str(one.value), _count(one)) for one in values]


def _count(value: value_counts.SuggestedValue) -> str:
    about = "" if value.exact else "About "
    return f"{about}{value.count:,} member{'' if value.count == 1 else 's'}."
