"""How the values of a field are distributed over an audience: the frequent ones, or ranges, and sums of numbers.

Of a large audience a part is looked at, evenly taken: the counts are estimates then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer, require_personal_data
from seggraph.criteria.catalogue import Catalogue, Field
from seggraph.database.connections import database
from seggraph.errors import Invalid, TooMany, UnknownField
from seggraph.services.catalogue import catalogues
from seggraph.vocabulary import AttributeType, MemberKind

MAX_MEMBERS: Final = 50_000
"""Most members of an audience that are looked at."""
MAX_BUCKETS: Final = 100
DEFAULT_BUCKETS: Final = 10

# Every ordinal is looked for by itself; those of members that were deleted meanwhile find none.
_VALUES: Final = """
    WITH v AS MATERIALIZED (
      SELECT {value} AS value FROM unnest($3::int[]) AS o(ordinal)
      JOIN members m ON m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = o.ordinal
    )
"""

RANGES: Final = """
    , s AS (
      SELECT count(*) AS looked_at, count(value) AS given, min(value) AS minimum, max(value) AS maximum,
        sum(value) AS total, avg(value) AS average,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY value::double precision) AS median
      FROM v
    ), b AS (
      SELECT CASE WHEN s.minimum = s.maximum THEN 1
          ELSE least(width_bucket(v.value, s.minimum, s.maximum, $4), $4) END AS bucket, count(*) AS count
      FROM v, s WHERE v.value IS NOT NULL GROUP BY 1
    )
    SELECT s.*, (SELECT jsonb_object_agg(bucket, count) FROM b) AS buckets FROM s
"""

FREQUENT: Final = """
    , c AS (SELECT value, count(*) AS count FROM v WHERE value IS NOT NULL GROUP BY value),
    few AS (SELECT value, count FROM c ORDER BY count DESC, value LIMIT $4)
    SELECT (SELECT count(*) FROM v) AS looked_at, (SELECT count(value) FROM v) AS given,
      (SELECT jsonb_agg(jsonb_build_array(value, count) ORDER BY count DESC, value) FROM few) AS buckets
"""

LISTED: Final = """
    , c AS (
      SELECT e.text AS value, count(*) AS count
      FROM v, jsonb_array_elements_text(v.value) AS e(text) GROUP BY e.text
    ), few AS (SELECT value, count FROM c ORDER BY count DESC, value LIMIT $4)
    SELECT (SELECT count(*) FROM v) AS looked_at, (SELECT count(value) FROM v) AS given,
      (SELECT jsonb_agg(jsonb_build_array(value, count) ORDER BY count DESC, value) FROM few) AS buckets
"""

_NUMBER: Final = """jsonb_path_query_first(m.attributes -> {key}, '$ ? (@.type() == "number")')::numeric"""
_INSTANT: Final = """
    CASE WHEN m.attributes ->> {key} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'
      THEN extract(epoch FROM (m.attributes ->> {key})::timestamptz) END
"""
_LIST: Final = "CASE WHEN jsonb_typeof(m.attributes -> {key}) = 'array' THEN m.attributes -> {key} END"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A value, or the range between two, and how many members have it."""

    count: int
    value: str | bool | None = None
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values of a field over an audience. Numbers are texts, as they are exact."""

    member_count: int
    given_count: int
    is_estimate: bool
    buckets: list[Bucket]
    other_count: int = 0
    minimum: str | None = None
    maximum: str | None = None
    total: Decimal | None = None
    average: Decimal | None = None
    median: Decimal | None = None


async def of_audience(
    viewer: Viewer, kind: MemberKind, audience: BitMap, field_name: str, bucket_count: int | None = None
) -> Distribution:
    """How the values of a field are distributed over members.

    Raises UnknownField, Forbidden for personal data, Invalid for a field whose values are not counted, and TooMany.
    """
    wanted = DEFAULT_BUCKETS if bucket_count is None else bucket_count
    if not 1 <= wanted <= MAX_BUCKETS:
        raise TooMany(f"Ask for 1 to {MAX_BUCKETS} buckets.", path=("buckets",))
    step = -(-len(audience) // MAX_MEMBERS) or 1
    looked_at = audience if step == 1 else audience[::step]
    async with database() as connection:
        catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
        field = _field(viewer, catalogue, field_name)
        value, reading = _sql(field)
        statement = _VALUES.format(value=value) + reading
        arguments = (viewer.workspace_id, kind, list(looked_at), wanted)
        row = await connection.fetchrow(statement, *arguments)
    factor = len(audience) / row["looked_at"] if step > 1 and row["looked_at"] else 1.0
    if reading is RANGES:
        return _ranges(field, row, factor, wanted)
    return _frequent(field, row, factor)


def _field(viewer: Viewer, catalogue: Catalogue, name: str) -> Field:
    field = catalogue.find(name)
    if field is None:
        close = catalogue.closest(name)
        hint = f"; did you mean {close}?" if close else "."
        raise UnknownField(
            f"{catalogue.kind.name} has no field {name[:100]!r}{hint}",
            path=("field",),
            suggestions=[close] if close else [],
        )
    if field.is_personal:
        require_personal_data(viewer, path=("field",))
    if field.is_address or field.being_changed is not None:
        why = "its values are being changed" if field.being_changed else "parts of addresses are not counted"
        raise Invalid(f"There is no distribution of {field.name}: {why}.", path=("field",))
    return field


def _sql(field: Field) -> tuple[str, str]:
    """The value of a field in SQL, and the statement that counts it."""
    if not field.is_custom:
        column = f"m.{field.key}"
        match field.type:
            case AttributeType.NUMBER:
                return f"{column}::numeric", RANGES
            case AttributeType.DATE | AttributeType.DATETIME:
                return f"extract(epoch FROM {column})", RANGES
        return column, FREQUENT
    key = "'{}'".format(field.key.replace("'", "''"))
    match field.type:
        case AttributeType.NUMBER:
            return _NUMBER.format(key=key), RANGES
        case AttributeType.DATE | AttributeType.DATETIME:
            return _INSTANT.format(key=key), RANGES
        case AttributeType.STRING_LIST:
            return _LIST.format(key=key), LISTED
    return f"m.attributes ->> {key}", FREQUENT


def _ranges(field: Field, row: asyncpg.Record, factor: float, wanted: int) -> Distribution:
    counts: Mapping[str, int] = orjson.loads(row["buckets"]) if row["buckets"] else {}
    low, high = row["minimum"], row["maximum"]
    is_number = field.type is AttributeType.NUMBER
    buckets = []
    if low is not None:
        width, number = ((high - low) / wanted, wanted) if high != low else (Decimal(0), 1)
        for index in range(number):
            start, end = low + width * index, high if index == number - 1 else low + width * (index + 1)
            count = round(counts.get(str(index + 1), 0) * factor)
            buckets.append(Bucket(count, start=_shown(field, start), end=_shown(field, end)))
    total = None if row["total"] is None or not is_number else row["total"] * Decimal(factor)
    median = row["median"]
    return Distribution(
        round(row["looked_at"] * factor),
        round(row["given"] * factor),
        factor > 1,
        buckets,
        minimum=None if low is None else _shown(field, low),
        maximum=None if high is None else _shown(field, high),
        total=total,
        average=row["average"] if is_number else None,
        median=Decimal(str(median)) if is_number and median is not None else None,
    )


def _shown(field: Field, value: Decimal) -> str:
    """A number as it is, an instant as RFC 3339, and a date as a date."""
    if field.type is AttributeType.NUMBER:
        return f"{value.normalize():f}"
    instant = datetime.fromtimestamp(float(value), UTC)
    if field.type is AttributeType.DATE:
        return instant.date().isoformat()
    return instant.isoformat().replace("+00:00", "Z")


def _frequent(field: Field, row: asyncpg.Record, factor: float) -> Distribution:
    pairs: list[tuple[Any, int]] = orjson.loads(row["buckets"]) if row["buckets"] else []
    if field.type is AttributeType.BOOLEAN and field.is_custom:
        pairs = [(value == "true", count) for value, count in pairs]
    buckets = [Bucket(round(count * factor), value=value) for value, count in pairs]
    given = round(row["given"] * factor)
    shown = sum(bucket.count for bucket in buckets)
    other = 0 if field.type is AttributeType.STRING_LIST else max(0, given - shown)
    return Distribution(round(row["looked_at"] * factor), given, factor > 1, buckets, other_count=other)
