"""How many members have a field, and how many each of its values: what builders of criteria are offered.

A trigger on members appends what each statement changes to `value_deltas`, in the same transaction, whatever
writes; here the deltas are added up into `field_counts` and `value_counts`. Reads add what is not added up yet,
so they are exact at any time. A field with more than MAX_VALUES different values is crowded: its values are no
longer counted but estimated from a sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from seggraph.access import Viewer, require_personal_data
from seggraph.criteria.catalogue import Catalogue, Field
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive, try_lock_exclusive
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, TooMany, UnknownField
from seggraph.member_fields import FIELDS, Suggestions
from seggraph.services.catalogue import catalogues
from seggraph.values.names import MAX_SEARCH, require_searchable
from seggraph.vocabulary import AttributeType, MemberKind

MAX_VALUES: Final = 10_000
"""Most different values of a field that are counted one by one."""
MAX_SUGGESTIONS: Final = 100
DELTAS_AT_ONCE: Final = 50_000
"""Most deltas that one transaction adds up."""
FOLDABLE: Final = 1_000
"""How many deltas there are when adding them up saves readers more than it costs."""
SAMPLE_SIZE: Final = 3_000
"""How many members a crowded field is estimated from."""
TAGS: Final = "tags"
SUGGESTED: Final = {
    field.column: field.suggestions for field in FIELDS if field.suggestions is not Suggestions.NONE
}
"""The columns whose values are suggested."""
TYPES: Final = frozenset({AttributeType.STRING, AttributeType.BOOLEAN, AttributeType.STRING_LIST})
"""The types of attributes whose values are counted."""

IS_FOLDABLE: Final = f"""
    EXISTS (SELECT FROM value_deltas WHERE workspace_id = $1 AND kind = $2 OFFSET {FOLDABLE})
"""
"""Whether `fold` is worth its while."""

ANY_DELTAS: Final = "SELECT EXISTS (SELECT FROM value_deltas WHERE workspace_id = $1 AND kind = $2)"

FOLD: Final = """
    WITH taken AS (
      DELETE FROM value_deltas WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM value_deltas WHERE workspace_id = $1 AND kind = $2 LIMIT $3))
      RETURNING field, value, delta
    ), fields AS (
      INSERT INTO field_counts AS f (workspace_id, kind, field, count)
      SELECT $1, $2, field, sum(delta) FROM taken WHERE value IS NULL GROUP BY field
      ON CONFLICT (workspace_id, kind, field) DO UPDATE SET count = f.count + EXCLUDED.count
    ), counted AS (
      INSERT INTO value_counts AS v (workspace_id, kind, field, value, count)
      SELECT $1, $2, t.field, t.value, sum(t.delta) FROM taken t
      WHERE t.value IS NOT NULL AND NOT EXISTS (SELECT FROM field_counts f
        WHERE f.workspace_id = $1 AND f.kind = $2 AND f.field = t.field AND f.crowded)
      GROUP BY t.field, t.value HAVING sum(t.delta) <> 0
      ON CONFLICT (workspace_id, kind, field, value) DO UPDATE SET count = v.count + EXCLUDED.count
      RETURNING v.field
    )
    SELECT (SELECT count(*) FROM taken), ARRAY(SELECT DISTINCT field FROM counted)
"""

FORGET_GONE: Final = "DELETE FROM value_counts WHERE workspace_id = $1 AND kind = $2 AND count = 0"

CROWD: Final = """
    WITH crowded AS (
      SELECT field FROM value_counts WHERE workspace_id = $1 AND kind = $2 AND field = ANY($3)
      GROUP BY field HAVING count(*) > $4
    ), marked AS (
      INSERT INTO field_counts AS f (workspace_id, kind, field, count, crowded)
      SELECT $1, $2, field, 0, true FROM crowded
      ON CONFLICT (workspace_id, kind, field) DO UPDATE SET crowded = true
    )
    DELETE FROM value_counts WHERE workspace_id = $1 AND kind = $2 AND field IN (SELECT field FROM crowded)
"""

PRESENT: Final = """
    SELECT kind, field, sum(count)::bigint AS count FROM (
      SELECT kind, field, count FROM field_counts WHERE workspace_id = $1 AND kind = ANY($2)
      UNION ALL
      SELECT kind, field, delta FROM value_deltas WHERE workspace_id = $1 AND kind = ANY($2) AND value IS NULL
    ) t GROUP BY kind, field
"""

SUGGEST: Final = """
    SELECT value, sum(count)::bigint AS count FROM (
      SELECT value, count FROM value_counts
      WHERE workspace_id = $1 AND kind = $2 AND field = $3 AND ($4 = '' OR lower(value) LIKE $4 || '%')
      UNION ALL
      SELECT value, delta FROM value_deltas
      WHERE workspace_id = $1 AND kind = $2 AND field = $3 AND ($4 = '' OR lower(value) LIKE $4 || '%')
    ) t WHERE value IS NOT NULL GROUP BY value HAVING sum(count) > 0 ORDER BY 2 DESC, 1 LIMIT $5
"""

HELD: Final = """
    SELECT value FROM (
      SELECT value, count FROM value_counts WHERE workspace_id = $1 AND kind = $2 AND field = $3 AND value = ANY($4)
      UNION ALL
      SELECT value, delta FROM value_deltas WHERE workspace_id = $1 AND kind = $2 AND field = $3 AND value = ANY($4)
    ) t GROUP BY value HAVING sum(count) > 0
"""

IS_CROWDED: Final = """
    SELECT crowded FROM field_counts WHERE workspace_id = $1 AND kind = $2 AND field = $3
"""

# Ordinals are dense, so a random few of them are members, except deleted ones.
ESTIMATE: Final = """
    WITH population AS (
      SELECT next_ordinal AS size FROM populations WHERE workspace_id = $1 AND kind = $2
    ), sample AS (
      SELECT {values} AS texts FROM members m
      WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY(ARRAY(
        SELECT DISTINCT (n * p.size / least(p.size, $5))::int
        FROM population p, generate_series(0::bigint, least(p.size, $5) - 1) AS n))
    ), expanded AS (
      SELECT unnest(texts) AS value FROM sample
    )
    SELECT value, greatest(1, (count(*) * p.size / least(p.size, $5)))::bigint AS count
    FROM expanded, population p
    WHERE value <> '' AND char_length(value) <= $6 AND ($3 = '' OR lower(value) LIKE $3 || '%')
    GROUP BY value, p.size ORDER BY 2 DESC, 1 LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class SuggestedValue:
    """A value as criteria would give it, and how many members have it; `exact` unless it is an estimate."""

    value: str | bool
    count: int
    exact: bool


async def fold(workspace_id: int, kind: MemberKind) -> None:
    """Add up the deltas of a population, unless another process does it."""
    async with database() as connection:
        more = await connection.fetchval(ANY_DELTAS, workspace_id, kind)
    while more:
        async with begin() as unit:
            if not await try_lock_exclusive(unit.connection, LockSpace.VALUE_COUNTS, workspace_id, kind=kind):
                return
            more = await _fold_once(unit.connection, workspace_id, kind) == DELTAS_AT_ONCE


async def fold_within(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
    """Add up the deltas of a population in the caller's transaction, so that no value stands in them."""
    await lock_exclusive(connection, LockSpace.VALUE_COUNTS, workspace_id, kind=kind)
    while await _fold_once(connection, workspace_id, kind) == DELTAS_AT_ONCE:
        pass


async def _fold_once(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> int:
    """Add up some deltas; returns how many."""
    taken, fields = await connection.fetchrow(FOLD, workspace_id, kind, DELTAS_AT_ONCE)
    if fields:
        await connection.execute(CROWD, workspace_id, kind, fields, MAX_VALUES)
        await connection.execute(FORGET_GONE, workspace_id, kind)
    return int(taken)


async def member_counts(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Mapping[str, int]]:
    """How many members have each field, by kind and by the name under which it is counted."""
    counts: dict[MemberKind, dict[str, int]] = {kind: {} for kind in kinds}
    async with database() as connection:
        for row in await connection.fetch(PRESENT, viewer.workspace_id, list(kinds)):
            counts[MemberKind(row["kind"])][row["field"]] = row["count"]
    return dict(counts)


def counted_name(field: Field) -> str | None:
    """The name under which members with a field are counted: all members for a required one; None for addresses."""
    if field.is_address:
        return None
    if field.is_custom:
        return f"attributes.{field.key}"
    return "external_id" if field.required else field.key


async def suggest(
    viewer: Viewer, kind: MemberKind, name: str, *, search: str | None = None, first: int | None = None
) -> list[SuggestedValue]:
    """The most frequent values of a field, or of `tags`, that begin with a text, whatever its case.

    Values are suggested of the fields that say so in the table of member fields, and of attributes that are STRING,
    BOOLEAN or STRING_LIST; other fields have none. Raises UnknownField, Invalid and TooMany, and
    Forbidden for personal data.
    """
    limit = _limit(first)
    pattern = _pattern(search)
    async with database() as connection:
        catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
        field = _field(catalogue, name)
        if field is not None and not _is_suggested(field):
            return []
        if field is not None and field.is_personal:
            require_personal_data(viewer, path=("field",))
        key = TAGS if field is None else counted_values(field)
        given = viewer.workspace_id, kind, key, pattern, limit
        if SUGGESTED.get(key) is Suggestions.SAMPLED or await connection.fetchval(IS_CROWDED, *given[:3]):
            query = ESTIMATE.replace("{values}", _texts(field))
            bound = [field.key] if field is not None and field.is_custom else []
            sampled = viewer.workspace_id, kind, pattern, limit, SAMPLE_SIZE, MAX_SEARCH
            rows = await connection.fetch(query, *sampled, *bound)
            exact = False
        else:
            rows = await connection.fetch(SUGGEST, *given)
            exact = True
    is_flag = field is not None and field.type is AttributeType.BOOLEAN
    return [
        SuggestedValue(row["value"] == "true" if is_flag else row["value"], row["count"], exact)
        for row in rows
    ]


async def unknown(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    field: Field | None,
    values: Sequence[str],
) -> dict[str, list[str]] | None:
    """Those of the values of a field, or of the tags, that no member has, each with the most frequent ones.

    None for a field whose values are not all counted: nobody can say then what there is not.
    """
    if field is not None and not _is_suggested(field):
        return None
    key = TAGS if field is None else counted_values(field)
    given = workspace_id, kind, key
    if SUGGESTED.get(key) is Suggestions.SAMPLED or await connection.fetchval(IS_CROWDED, *given):
        return None
    held = {row["value"] for row in await connection.fetch(HELD, *given, list(values))}
    absent = [value for value in dict.fromkeys(values) if value not in held]
    if not absent:
        return {}
    frequent = [row["value"] for row in await connection.fetch(SUGGEST, *given, "", MAX_SUGGESTIONS)]
    return dict.fromkeys(absent, frequent)


def counted_values(field: Field) -> str:
    """The name under which the values of a field are counted."""
    return f"attributes.{field.key}" if field.is_custom else field.key


def _limit(first: int | None) -> int:
    limit = 10 if first is None else first
    if limit < 0:
        raise Invalid("first may not be negative.", path=("first",))
    if limit > MAX_SUGGESTIONS:
        raise TooMany(f"Ask for at most {MAX_SUGGESTIONS} values.", path=("first",))
    return limit


def _pattern(search: str | None) -> str:
    wanted = (search or "").lower()
    require_searchable(wanted)
    for character in "\\%_":
        wanted = wanted.replace(character, "\\" + character)
    return wanted


def _field(catalogue: Catalogue, name: str) -> Field | None:
    """The field of a name; None for the tags, which are no field."""
    if name == TAGS:
        return None
    field = catalogue.find(name)
    if field is None:
        closest = catalogue.closest(name)
        hint = f"; did you mean {closest}?" if closest else "."
        raise UnknownField(f"{catalogue.kind.name} has no field {name[:100]!r}{hint}", path=("field",))
    return field


def _is_suggested(field: Field) -> bool:
    if field.is_custom:
        return field.type in TYPES
    return field.key in SUGGESTED


def _texts(field: Field | None) -> str:
    """The SQL of the texts that a member has in a field, as an array; $7 is the key of a custom attribute."""
    if field is None:
        return "m.tags"
    if not field.is_custom:
        return f"ARRAY[m.{field.key}::text]"
    if field.type is AttributeType.STRING_LIST:
        return "ARRAY(SELECT DISTINCT jsonb_array_elements_text(m.attributes -> $7))"
    return "ARRAY[m.attributes ->> $7]"
