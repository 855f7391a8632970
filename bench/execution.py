"""How long 100 objects of 10 scalars take: the stock executor, ours, and what the server adds to it.

Run: ``python bench/execution.py``. Prints the median of each and the ratio to plain Strawberry.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum

import strawberry

from seggraph.api.transport import LeafExecutor, ServedSchema
from seggraph.api.transport.encoding import encode

ROUNDS = 60
QUERY = "{ rows { id name colour built soldAt seats weight electric motto tags } }"


@strawberry.enum
class Colour(Enum):
    RED = "r"


@strawberry.type
class Row:
    id: strawberry.ID
    name: str
    colour: Colour
    built: date
    sold_at: datetime
    seats: int
    weight: float
    electric: bool
    motto: str | None
    tags: list[str]


ROWS = [
    Row(
        id=strawberry.ID(str(number)),
        name=f"Row {number}",
        colour=Colour.RED,
        built=date(2025, 1, 1),
        sold_at=datetime(2025, 1, 1, tzinfo=UTC),
        seats=number,
        weight=number / 7,
        electric=True,
        motto=None,
        tags=["a", "b"],
    )
    for number in range(100)
]


@strawberry.type
class Query:
    @strawberry.field
    def rows(self) -> list[Row]:
        return ROWS


def measure(schema: strawberry.Schema, *, encoded: Callable[[object], bytes] | None = None) -> float:
    """Return the median milliseconds of one execution."""

    async def run() -> list[float]:
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            result = await schema.execute(QUERY)
            if encoded is not None:
                encoded(result.data)
            times.append((time.perf_counter() - started) * 1000)
            assert result.errors is None
        return times

    return statistics.median(asyncio.run(run()))


def main() -> None:
    stock = measure(strawberry.Schema(Query))
    rows = {
        "plain Strawberry": stock,
        "with our executor": measure(strawberry.Schema(Query, execution_context_class=LeafExecutor)),
        "as served (executor, cached documents)": measure(ServedSchema(Query)),
        "as served, and encoded": measure(ServedSchema(Query), encoded=encode),
    }
    for name, milliseconds in rows.items():
        print(f"{name:<40} {milliseconds:7.2f} ms   {milliseconds / stock:6.3f} of plain")


if __name__ == "__main__":
    main()
