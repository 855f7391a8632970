"""The catalogue of a kind: the well-known fields and the workspace's attributes, read and extended."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer
from seggraph.criteria import AttributeDefinition, Catalogue
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.vocabulary import AttributeType, MemberKind

MAX_ATTRIBUTES: Final = 500
"""Most custom attributes of one kind in a workspace."""

READ = """
    SELECT name, type FROM attributes
    WHERE workspace_id = $1 AND kind = $2 ORDER BY name
"""

READ_ALL = """
    SELECT kind, name, type, label, description, hidden, is_personal FROM attributes
    WHERE workspace_id = $1 ORDER BY name
"""

CREATE = """
    INSERT INTO attributes (workspace_id, kind, name, type)
    SELECT $1, $2, name, type FROM unnest($3::text[], $4::text[]) AS t(name, type)
    ON CONFLICT (workspace_id, kind, name) DO NOTHING
"""


async def load(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> Catalogue:
    """The catalogue that criteria of this kind are checked against, with those of the kinds it is related to."""
    rows = await connection.fetch(READ_ALL, workspace_id)
    definitions: dict[MemberKind, list[AttributeDefinition]] = {kind: [] for kind in MemberKind}
    for row in rows:
        definitions[MemberKind(row["kind"])].append(_definition(row))
    return Catalogue(kind, definitions[kind], definitions)


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

    When two callers create the same name at once the first type stays; the other caller gets it as well. Those
    beyond MAX_ATTRIBUTES are not created. Callers take turns, so do it in a short transaction.
    """
    await lock_exclusive(connection, LockSpace.ATTRIBUTES, workspace_id, kind=kind)
    known = await types(connection, workspace_id, kind)
    room = MAX_ATTRIBUTES - len(known)
    names = [name for name in definitions if name not in known][:room]
    if not names:
        return known
    await connection.execute(CREATE, workspace_id, kind, names, [definitions[name] for name in names])
    return await types(connection, workspace_id, kind)


def _definition(row: Any) -> AttributeDefinition:
    return AttributeDefinition(
        name=row["name"],
        type=AttributeType(row["type"]),
        label=row["label"] or "",
        description=row["description"] or "",
        hidden=row["hidden"],
        is_personal=row["is_personal"],
    )


async def load_many(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Catalogue]:
    """The catalogues of several kinds in the viewer's workspace."""
    async with database() as connection:
        return {kind: await load(connection, viewer.workspace_id, kind) for kind in kinds}
