"""What a list of segments shows that is not in their rows: criteria as text, and customer values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.database.connections import database
from seggraph.services.criteria import texts
from seggraph.services.customer_value import audience_values
from seggraph.services.exports.columns import ExportColumn
from seggraph.services.segments.views import SegmentFilter

AT_ONCE: Final = 200
"""Of how many segments the values are read together."""

CRITERIA: Final = f"""
    SELECT s.id, s.name, s.criteria FROM segments s WHERE {VISIBLE_SEGMENT}
"""  # noqa: S608 - constants only, here and below

IDS: Final = f"SELECT s.id FROM segments s WHERE {VISIBLE_SEGMENT}"  # noqa: S608


@dataclass(slots=True)
class SegmentFacts:
    """The facts by the id of the segment."""

    criteria: dict[int, str | None] = field(default_factory=dict)
    orders: dict[int, int] = field(default_factory=dict)
    revenue: dict[int, Decimal] = field(default_factory=dict)

    def columns(self) -> tuple[list[int], list[Any], list[Any], list[Any]]:
        """The ids, and each fact of all of them."""
        ids = sorted({*self.criteria, *self.orders})
        return (
            ids,
            [self.criteria.get(id_) for id_ in ids],
            [self.orders.get(id_) for id_ in ids],
            [self.revenue.get(id_) for id_ in ids],
        )


async def read_values(
    viewer: Viewer, filter_: SegmentFilter, search: str | None, columns: Sequence[ExportColumn]
) -> SegmentFacts:
    """The customer values of the segments, as of now, if a column shows them. It may store what it summed up."""
    facts = SegmentFacts()
    if not any(column.sql in ("x.orders", "trim_scale(x.revenue)") for column in columns):
        return facts
    conditions, values = filter_.conditions(search)
    async with database() as connection:
        rows = await connection.fetch(
            f"{IDS}{conditions} ORDER BY s.id", *visibility_arguments(viewer), *values
        )
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids), AT_ONCE):
        found = await audience_values.of_segments(viewer, ids[start : start + AT_ONCE])
        facts.orders |= {id_: value.orders for id_, value in found.items()}
        facts.revenue |= {id_: value.revenue for id_, value in found.items()}
    return facts


async def read_criteria(connection: asyncpg.Connection, viewer: Viewer, facts: SegmentFacts) -> None:
    """Add the criteria of the segments, with the names of the segments that the viewer sees."""
    rows = await connection.fetch(CRITERIA, *visibility_arguments(viewer))
    names = {row["id"]: row["name"] for row in rows}
    for row in rows:
        if row["criteria"] is not None:
            facts.criteria[row["id"]] = texts.written(orjson.loads(row["criteria"]), names)
