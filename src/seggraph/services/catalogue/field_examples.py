"""Examples: for each field a value that some member really has, so that people see what a field holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.member_fields import FIELDS
from seggraph.member_fields.field_types import FLAG, INSTANT
from seggraph.services.catalogue import catalogues
from seggraph.vocabulary import MemberKind

EXAMPLES_FROM: Final = 100
"""From how many of the oldest and of the newest members examples are taken."""

_EXAMPLE_COLUMNS: Final = {
    field.name: field.column
    for field in FIELDS
    if field.group is not None and not field.is_address and field.type not in (FLAG, INSTANT)
}
"""The fields whose example is read from members. Of the others it would say nothing."""

EXAMPLES: Final = f"""
    WITH few AS (
      (SELECT * FROM members WHERE workspace_id = $1 AND kind = $2 ORDER BY ordinal LIMIT $3)
      UNION
      (SELECT * FROM members WHERE workspace_id = $1 AND kind = $2 ORDER BY ordinal DESC LIMIT $3)
    )
    SELECT jsonb_build_object({
    ", ".join(
        f"'{name}', (array_agg({column} ORDER BY ordinal) FILTER (WHERE {column} IS NOT NULL))[1]"
        for name, column in _EXAMPLE_COLUMNS.items()
    )
}) AS known,
      (SELECT jsonb_object_agg(name, value) FROM (
        SELECT DISTINCT ON (a.name) a.name, a.value FROM few, jsonb_each(few.attributes) AS a(name, value)
        WHERE char_length(a.value #>> '{{}}') <= 200 ORDER BY a.name, few.ordinal) t) AS custom
    FROM few
"""  # noqa: S608 - constants only


async def get_many(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Mapping[str, Any]]:
    """A value of each field that one of the oldest or newest members has, by kind and name of the field.

    A viewer without the right to personal data gets none of it.
    """
    found: dict[MemberKind, Mapping[str, Any]] = {}
    async with database() as connection:
        for kind in kinds:
            examples = await _examples(connection, viewer.workspace_id, kind)
            if not viewer.sees_personal_data:
                catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
                examples = {
                    field.name: examples[field.name]
                    for field in catalogue.all_fields
                    if field.name in examples and not field.is_personal
                }
            found[kind] = examples
    return found


async def _examples(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> dict[str, Any]:
    row = await connection.fetchrow(EXAMPLES, workspace_id, kind, EXAMPLES_FROM)
    known = {name: value for name, value in orjson.loads(row["known"]).items() if value is not None}
    custom = orjson.loads(row["custom"]) if row["custom"] else {}
    return {**{name: _first(value) for name, value in custom.items()}, **known}


def _first(value: Any) -> Any:
    """A list's example is one of its texts, as HAS_ANY would be given."""
    return value[0] if isinstance(value, list) and value else value
