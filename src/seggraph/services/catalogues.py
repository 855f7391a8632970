"""The catalogue of a kind: the well-known fields and the workspace's attributes, read and extended."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from seggraph.criteria import AttributeDefinition, Catalogue
from seggraph.runtime import database
from seggraph.services.policy import Viewer
from seggraph.vocabulary import AttributeType, MemberKind

MAX_ATTRIBUTES: Final = 500
"""Most custom attributes of one kind in a workspace."""

READ = """
    SELECT name, type, label, description, hidden FROM attributes
    WHERE workspace_id = $1 AND kind = $2 ORDER BY name
"""

CREATE = """
    INSERT INTO attributes (workspace_id, kind, name, type)
    SELECT $1, $2, name, type FROM unnest($3::text[], $4::text[]) AS t(name, type)
    ON CONFLICT (workspace_id, kind, name) DO NOTHING
"""


async def load(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> Catalogue:
    """The catalogue that criteria of this kind are checked against."""
    rows = await connection.fetch(READ, workspace_id, kind)
    return Catalogue(kind, [_definition(row) for row in rows])


async def types(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind
) -> dict[str, AttributeType]:
    """The type of every custom attribute, by name."""
    rows = await connection.fetch(READ, workspace_id, kind)
    return {row["name"]: AttributeType(row["type"]) for row in rows}


async def create(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    definitions: Mapping[str, AttributeType],
) -> dict[str, AttributeType]:
    """Create the attributes that do not exist yet, and answer with the types of all.

    When two callers create the same name at once the first type stays; the other caller gets it as well.
    """
    if definitions:
        names, kinds = list(definitions), [type_.value for type_ in definitions.values()]
        await connection.execute(CREATE, workspace_id, kind, names, kinds)
    return await types(connection, workspace_id, kind)


def _definition(row: Any) -> AttributeDefinition:
    return AttributeDefinition(
        name=row["name"],
        type=AttributeType(row["type"]),
        label=row["label"] or "",
        description=row["description"] or "",
        hidden=row["hidden"],
    )


async def load_many(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Catalogue]:
    """The catalogues of several kinds in the viewer's workspace."""
    async with database() as connection:
        return {kind: await load(connection, viewer.workspace_id, kind) for kind in kinds}
