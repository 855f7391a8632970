"""What criteria ask for that is not there: events, properties, types and values of which nothing was recorded.

Such criteria are right, and their answer is too. But it is seldom what somebody meant who misspelt a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.criteria import Catalogue, Node, relations
from seggraph.criteria.catalogue import Field
from seggraph.criteria.nodes import (
    All,
    AnyOf,
    Attribute,
    Event,
    Not,
    Related,
    Tags,
)
from seggraph.criteria.nodes import Sequence as EventSequence
from seggraph.criteria.operators import AGGREGATES, AttributeOp, SetOp
from seggraph.criteria.values import Scalar
from seggraph.database.connections import database
from seggraph.errors import Path
from seggraph.services.catalogue import catalogues, value_counts
from seggraph.services.criteria import documents
from seggraph.services.criteria.documents import Given
from seggraph.services.criteria.texts import CriteriaText
from seggraph.services.events import catalogue as event_catalogue
from seggraph.services.events.catalogue import SAMPLE_SIZE, PropertyUse
from seggraph.vocabulary import AttributeType, MemberKind

MAX_WARNINGS: Final = 20
"""Most warnings about one tree."""
MAX_VALUES: Final = 50
"""Most values of one condition that are looked up."""
_NAMES_COMPARED: Final = 10_000
_SIMILAR: Final = 0.6
"""How alike two names are at least, of 1, for one to be suggested instead of the other."""

_ASKS_FOR_VALUES: Final = frozenset(
    {AttributeOp.EQ, AttributeOp.IN, AttributeOp.HAS_ANY, AttributeOp.HAS_ALL}
)


class WarningCode(StrEnum):
    """What is not there."""

    EVENT_UNKNOWN = "EVENT_UNKNOWN"
    PROPERTY_UNKNOWN = "PROPERTY_UNKNOWN"
    TYPE_NEVER_MATCHES = "TYPE_NEVER_MATCHES"
    VALUE_UNKNOWN = "VALUE_UNKNOWN"


@dataclass(frozen=True, slots=True)
class CriteriaWarning:
    """Something that criteria ask for and that is not there; `suggestion` is what is there and has a similar name."""

    code: WarningCode
    message: str
    path: Path
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition: about members of which kind, and where in the input it stands."""

    kind: MemberKind
    node: Event | Attribute | Tags
    path: Path


async def about(viewer: Viewer, kind: MemberKind, given: Given) -> list[CriteriaWarning]:
    """The warnings about criteria that were accepted."""
    async with database() as connection:
        node, _ = await documents.read(connection, viewer, kind, given)
        return await find(connection, viewer, kind, node, given)


async def find(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, node: Node, given: Given
) -> list[CriteriaWarning]:
    """The warnings about checked criteria. A text is warned about as a whole: its parts have no path."""
    asked = list(_asked(kind, node, documents.path_of(given)))
    found = [
        *await _about_events(connection, viewer, asked),
        *await _about_values(connection, viewer, asked),
    ][:MAX_WARNINGS]
    if isinstance(given, CriteriaText):
        whole = documents.path_of(given)
        return [CriteriaWarning(one.code, one.message, whole, one.suggestion) for one in found]
    return found


def _asked(kind: MemberKind, node: Node, path: Path) -> Iterator[_Asked]:
    match node:
        case All(items) | AnyOf(items):
            key = "all" if isinstance(node, All) else "any"
            for index, item in enumerate(items):
                yield from _asked(kind, item, (*path, key, index))
        case Not(item):
            yield from _asked(kind, item, (*path, "not"))
        case Event():
            yield _Asked(kind, node, (*path, "event"))
        case EventSequence(steps):
            for index, step in enumerate(steps):
                yield _Asked(kind, step, (*path, "sequence", "steps", index))
        case Attribute():
            yield _Asked(kind, node, (*path, "attribute"))
        case Tags():
            yield _Asked(kind, node, (*path, "tags"))
        case Related(relation, where) if where is not None:
            direction = relations.find(kind, relation)
            if direction is not None:
                yield from _asked(direction.other_kind, where, (*path, "related", "where"))


async def _about_events(
    connection: asyncpg.Connection, viewer: Viewer, asked: Sequence[_Asked]
) -> list[CriteriaWarning]:
    found: list[CriteriaWarning] = []
    for kind in dict.fromkeys(one.kind for one in asked):
        events = [(one.node, one.path) for one in asked if one.kind is kind and isinstance(one.node, Event)]
        if not events:
            continue
        wanted = list(dict.fromkeys(event.name for event, _ in events))
        unknown = await event_catalogue.unknown(connection, viewer.workspace_id, kind, wanted)
        names: list[str] = []
        if unknown:
            names = await event_catalogue.names(connection, viewer.workspace_id, kind, limit=_NAMES_COMPARED)
        with_properties = {
            event.name for event, _ in events if (event.where or event.of) and event.name not in unknown
        }
        properties: Mapping[str, Mapping[str, PropertyUse]] = {}
        if with_properties:
            properties = await event_catalogue.properties(
                connection, viewer.workspace_id, kind, with_properties
            )
        for event, path in events:
            if event.name in unknown:
                message = f"No {kind.name} has ever done {event.name!r}"
                found.append(_warning(WarningCode.EVENT_UNKNOWN, message, (*path, "name"), event.name, names))
            elif event.name in with_properties:
                found += _about_properties(event, path, properties[event.name])
    return found


def _about_properties(
    event: Event, path: Path, known: Mapping[str, PropertyUse]
) -> Iterator[CriteriaWarning]:
    asked: list[tuple[str, frozenset[str], Path]] = []
    if event.of is not None and AGGREGATES[event.aggregate].of_values:
        asked.append((event.of, frozenset({"number"}), (*path, "of")))
    for index, test in enumerate(event.where):
        asked.append((test.field, _types_of(test.values), (*path, "where", index, "field")))
    of_events = f"of the latest {SAMPLE_SIZE:,} events {event.name!r}"
    for name, types, where in asked:
        use = known.get(name)
        if use is None:
            message = f"None {of_events} has a property {name!r}"
            yield _warning(WarningCode.PROPERTY_UNKNOWN, message, where, name, known)
        elif types and not types & use.types.keys():
            seen = " or ".join(sorted(use.types))
            message = (
                f"None {of_events} has a {' or '.join(sorted(types))} as {name!r}; it is a {seen} there."
            )
            yield CriteriaWarning(WarningCode.TYPE_NEVER_MATCHES, message, where)


def _types_of(values: Sequence[Scalar]) -> frozenset[str]:
    """The JSON types of which a property may be to match values; none for operators without values."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, bool):
            found.add("boolean")
        elif isinstance(value, str):
            found |= {"string", "array"}
        else:
            found.add("number")
    return frozenset(found)


async def _about_values(
    connection: asyncpg.Connection, viewer: Viewer, asked: Sequence[_Asked]
) -> list[CriteriaWarning]:
    found: list[CriteriaWarning] = []
    catalogue_of: dict[MemberKind, Catalogue] = {}
    with_values = ((one, *_values_of(one.node)) for one in asked)
    for one, values, name, key in islice((found for found in with_values if found[1]), MAX_WARNINGS):
        if one.kind not in catalogue_of:
            catalogue_of[one.kind] = await catalogues.load(connection, viewer.workspace_id, one.kind)
        field = catalogue_of[one.kind].find(name)
        if field is not None and field.type not in (AttributeType.STRING, AttributeType.STRING_LIST):
            continue
        if field is not None and not field.is_custom:
            for value in (value for value in values if value != value.strip() or not value):
                message = f"No {one.kind.name} has {field.name} {value!r}: it is stored without white space around it"
                found.append(
                    _warning(
                        WarningCode.VALUE_UNKNOWN,
                        message,
                        (*one.path, key),
                        value,
                        [*filter(None, [value.strip()])],
                    )
                )
            values = [value for value in values if value and value == value.strip()]
        forms = {value: _stored_form(field, value) for value in values}
        given = [*forms, *forms.values()]
        unknown = await value_counts.unknown(connection, viewer.workspace_id, one.kind, field, given)
        if unknown is None:
            continue
        for value, similar in unknown.items():
            if forms.get(value) not in unknown:
                continue
            what = "the tag" if field is None else field.name
            message = f"No {one.kind.name} has {what} {value!r}"
            found.append(_warning(WarningCode.VALUE_UNKNOWN, message, (*one.path, key), value, similar))
    return found


def _stored_form(field: Field | None, value: str) -> str:
    """How members have a value that criteria may give in another form, such as a country by its name."""
    return value if field is None or field.stored_form is None else field.stored_form(value)


def _values_of(node: Event | Attribute | Tags) -> tuple[list[str], str, str]:
    """The texts that a condition wants a member to have, the name of the field, and the key that they stand under."""
    match node:
        case Attribute(field, op, values, single) if op in _ASKS_FOR_VALUES:
            texts = [value for value in values if isinstance(value, str)]
            return texts[:MAX_VALUES], field, "value" if single else "values"
        case Tags(op, tags) if op in (SetOp.HAS_ANY, SetOp.HAS_ALL):
            return list(tags[:MAX_VALUES]), "", "values"
    return [], "", ""


def _warning(
    code: WarningCode, message: str, path: Path, name: str, known: Sequence[str] | Mapping[str, object]
) -> CriteriaWarning:
    """The warning, with the most similar of the known names."""
    by_key = {one.casefold(): one for one in known}
    closest = get_close_matches(name.casefold(), by_key, n=1, cutoff=_SIMILAR)
    suggestion = by_key[closest[0]] if closest else None
    hint = f"; did you mean {suggestion!r}?" if suggestion else "."
    return CriteriaWarning(code, message + hint, path, suggestion)
