"""The catalogue of a kind: the well-known fields and the workspace's attributes, read and extended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import asyncpg
import orjson

from seggraph.access import Viewer
from seggraph.criteria import AttributeDefinition, Catalogue
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.vocabulary import AttributeType, MemberKind

MAX_ATTRIBUTES: Final = 500
"""Most custom attributes of one kind in a workspace."""

READ = """
    SELECT name, type, change,
      (SELECT catalogue_version FROM populations WHERE workspace_id = $1 AND kind = $2) AS version
    FROM attributes WHERE workspace_id = $1 AND kind = $2 ORDER BY name
"""

READ_ALL = """
    SELECT kind, name, type, label, description, hidden, is_personal, change FROM attributes
    WHERE workspace_id = $1 AND (change IS NULL OR NOT change ? 'becomes') ORDER BY name
"""

CREATE = """
    INSERT INTO attributes (workspace_id, kind, name, type)
    SELECT $1, $2, name, type FROM unnest($3::text[], $4::text[]) AS t(name, type)
    ON CONFLICT (workspace_id, kind, name) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class AttributeTypes:
    """What values the attributes of a kind take.

    While a worker changes stored values (services.attribute_changes), `changes` are what is to be made of the
    attributes of each member, in this order, as JSON. `going` are the names that are on their way out of the catalogue,
    each with the name that it becomes, or None for a deleted one. `version` changes with every change that is begun.
    """

    types: dict[str, AttributeType]
    changes: tuple[str, ...] = ()
    going: Mapping[str, str | None] = field(default_factory=dict)
    version: int | None = None


Definitions: TypeAlias = dict[MemberKind, list[AttributeDefinition]]
"""The attributes of every kind."""


async def load(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    alter: Callable[[Definitions], None] | None = None,
) -> Catalogue:
    """The catalogue that criteria of this kind are checked against, with those of the kinds it is related to.

    `alter` makes of it one that there is not, before it is used.
    """
    rows = await connection.fetch(READ_ALL, workspace_id)
    definitions: Definitions = {kind: [] for kind in MemberKind}
    for row in rows:
        definitions[MemberKind(row["kind"])].append(_definition(row))
    if alter is not None:
        alter(definitions)
    return Catalogue(kind, definitions[kind], definitions)


async def types(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind
) -> dict[str, AttributeType]:
    """The type of every custom attribute, by name."""
    return (await read_types(connection, workspace_id, kind)).types


async def read_types(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> AttributeTypes:
    """What values the attributes of a kind take, and what is being changed."""
    rows = await connection.fetch(READ, workspace_id, kind)
    documents = {row["name"]: orjson.loads(row["change"]) for row in rows if row["change"] is not None}
    going = {name: change["becomes"] for name, change in documents.items() if "becomes" in change}
    return AttributeTypes(
        {row["name"]: AttributeType(row["type"]) for row in rows if row["name"] not in going},
        tuple(row["change"] for row in rows if row["change"] is not None and going.get(row["name"]) is None),
        going,
        rows[0]["version"] if rows else None,
    )


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
        change=row["change"],
    )


async def load_many(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Catalogue]:
    """The catalogues of several kinds in the viewer's workspace."""
    async with database() as connection:
        return {kind: await load(connection, viewer.workspace_id, kind) for kind in kinds}
