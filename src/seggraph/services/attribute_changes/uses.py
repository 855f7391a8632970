"""What names an attribute: segments, playbooks, destinations, import templates, imports and exports at work.

What a viewer may not see is counted among the uses and never named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import (
    VISIBLE_PLAYBOOK,
    VISIBLE_SEGMENT,
    VISIBLE_TEMPLATE,
    Viewer,
    is_segment_manager,
    visibility_arguments,
)
from seggraph.criteria import Node, parse
from seggraph.criteria.renaming import asks_about
from seggraph.destinations.templates import ATTRIBUTES
from seggraph.errors import SeggraphError
from seggraph.services.imports.mappings import Pair
from seggraph.vocabulary import MemberKind

MOST_NAMES: Final = 10
"""How many uses one message names."""


class UserType(StrEnum):
    """What uses an attribute; the value is what people call it."""

    SEGMENT = "segment"
    PLAYBOOK = "playbook"
    DESTINATION = "destination"
    IMPORT_TEMPLATE = "import template"


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """Something that names an attribute, and whether the viewer may see and change it.

    With `criteria` it asks about it; `kind` is of the members that the criteria are for. `document` is what names it.
    """

    type: UserType
    id: int
    name: str
    visible: bool
    own: bool
    kind: MemberKind
    document: Any
    criteria: Node | None = None
    status: str = ""
    member_count: int | None = None
    is_shared: bool = False
    """Whether it names an attribute of another kind by the same name, so that it cannot name another one here."""

    @property
    def shown(self) -> str:
        """What a message calls it."""
        article = "an" if self.type is UserType.IMPORT_TEMPLATE else "a"
        return (
            f'the {self.type} "{self.name}"'
            if self.visible
            else f"{article} {self.type} that you may not see"
        )


_ASKS: Final = """
    jsonb_path_exists(criteria, '$.**.attribute ? (@.field == $name)', jsonb_build_object('name', $4::text))
"""

SEGMENTS: Final = f"""
    SELECT s.id, s.name, s.kind, s.status, s.member_count, s.criteria AS document, s.created_by_id,
      ({VISIBLE_SEGMENT}) AS visible
    FROM segments s WHERE s.workspace_id = $1 AND {_ASKS} ORDER BY s.id
"""  # noqa: S608 - constants only, here and below

PLAYBOOKS: Final = f"""
    SELECT p.id, p.name, p.kind, p.status, NULL::bigint AS member_count, p.criteria AS document, p.created_by_id,
      ({VISIBLE_PLAYBOOK}) AS visible
    FROM playbooks p WHERE p.workspace_id = $1 AND {_ASKS} ORDER BY p.id
"""  # noqa: S608

# A destination has no kind: it is of those whose segments it is sent.
DESTINATIONS: Final = """
    SELECT d.id, d.name, d.mapping AS document,
      ARRAY(SELECT DISTINCT y.kind FROM deliveries y WHERE y.workspace_id = $1 AND y.destination_id = d.id) AS kinds,
      EXISTS (SELECT FROM attributes o WHERE o.workspace_id = $1 AND o.kind <> $2 AND o.name = $3) AS is_of_others
    FROM destinations d
    WHERE d.workspace_id = $1 AND d.mapping @? format('$.** ? (@ == %s)', to_json('$attributes.' || $3::text))::jsonpath
    ORDER BY d.id
"""

TEMPLATES: Final = f"""
    SELECT t.id, t.file_name AS name, t.mapping AS document, ({VISIBLE_TEMPLATE}) AS visible
    FROM import_templates t WHERE t.workspace_id = $1 AND t.kind = $4 ORDER BY t.id
"""  # noqa: S608

IMPORTS_AT_WORK: Final = """
    SELECT mapping FROM imports
    WHERE workspace_id = $1 AND kind = $2 AND content = 'MEMBERS' AND status = 'RUNNING' AND mapping IS NOT NULL
"""


async def find(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, name: str
) -> list[AttributeUse]:
    """Everything that names an attribute and stays: segments of every status, playbooks, destinations, templates."""
    asking: list[AttributeUse] = []
    for type_, query in ((UserType.SEGMENT, SEGMENTS), (UserType.PLAYBOOK, PLAYBOOKS)):
        for row in await connection.fetch(query, *visibility_arguments(viewer), name):
            asking += _asking(viewer, type_, row, kind, name)
    return [
        *asking,
        *await _destinations(connection, viewer, kind, name),
        *await _templates(connection, viewer, kind, name),
    ]


def _asking(
    viewer: Viewer, type_: UserType, row: asyncpg.Record, kind: MemberKind, name: str
) -> list[AttributeUse]:
    document = orjson.loads(row["document"])
    own_kind = MemberKind(row["kind"])
    try:
        node = parse(document)
    except SeggraphError:
        return []  # older than the language: it names what nobody can read any more
    if not asks_about(node, own_kind, kind, name):
        return []
    own = is_segment_manager(viewer, created_by_id=row["created_by_id"])
    return [
        AttributeUse(
            type_,
            row["id"],
            row["name"],
            bool(row["visible"]),
            own,
            own_kind,
            document,
            node,
            row["status"],
            row["member_count"],
        )
    ]


async def _destinations(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, name: str
) -> list[AttributeUse]:
    found = []
    for row in await connection.fetch(DESTINATIONS, viewer.workspace_id, kind, name):
        if row["kinds"] and kind not in row["kinds"]:
            continue
        if row["is_of_others"] and not row["kinds"]:
            continue  # nothing says that it means this one
        found.append(
            AttributeUse(
                UserType.DESTINATION,
                row["id"],
                row["name"],
                visible=True,
                own=viewer.manages_all,
                kind=kind,
                document=orjson.loads(row["document"]),
                is_shared=row["is_of_others"] and row["kinds"] != [kind],
            )
        )
    return found


async def _templates(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, name: str
) -> list[AttributeUse]:
    rows = await connection.fetch(TEMPLATES, *visibility_arguments(viewer), kind)
    mappings = [(row, [Pair(**pair) for pair in orjson.loads(row["document"])]) for row in rows]
    return [
        AttributeUse(
            UserType.IMPORT_TEMPLATE, row["id"], row["name"], bool(row["visible"]), True, kind, mapping
        )
        for row, mapping in mappings
        if any(pair.attribute == name for pair in mapping)
    ]


async def is_being_imported(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, names: Sequence[str]
) -> bool:
    """Whether an import that is at work fills one of these attributes."""
    rows = await connection.fetch(IMPORTS_AT_WORK, workspace_id, kind)
    mappings = [[Pair(**pair) for pair in orjson.loads(row["mapping"])] for row in rows]
    return any(pair.attribute in names for mapping in mappings for pair in mapping)


def listed(uses: Sequence[AttributeUse]) -> str:
    """The uses in words, those that may be named first."""
    shown = list(dict.fromkeys(use.shown for use in sorted(uses, key=lambda use: not use.visible)))
    more = [f"{len(shown) - MOST_NAMES} more"] if len(shown) > MOST_NAMES else []
    return ", ".join([*shown[:MOST_NAMES], *more])


def renamed_template(value: Any, name: str, new_name: str) -> Any:
    """The template of a destination with another name for an attribute."""
    if isinstance(value, Mapping):
        return {key: renamed_template(inner, name, new_name) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed_template(inner, name, new_name) for inner in value]
    return f"${ATTRIBUTES}{new_name}" if value == f"${ATTRIBUTES}{name}" else value
