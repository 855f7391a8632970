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

from seggraph.transport import CompiledExecutor, ServedSchema
from seggraph.transport.encoding import encode

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


async def execution_ms(schema: strawberry.Schema, after: Callable[[object], object]) -> float:
    """Return the milliseconds of processor time that one execution takes."""
    started = time.process_time()
    result = await schema.execute(QUERY)
    after(result.data)
    elapsed = (time.process_time() - started) * 1000
    assert result.errors is None
    return elapsed


async def main() -> None:
    served = ServedSchema(Query)
    variants: dict[str, tuple[strawberry.Schema, Callable[[object], object]]] = {
        "plain Strawberry": (strawberry.Schema(Query), lambda data: data),
        "with our executor": (
            strawberry.Schema(Query, execution_context_class=CompiledExecutor),
            lambda data: data,
        ),
        "as served (executor, cached documents)": (served, lambda data: data),
        "as served, and encoded": (served, encode),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):  # By turns, so that a busy machine slows all of them alike.
        for name, (schema, after) in variants.items():
            times[name].append(await execution_ms(schema, after))
    plain = statistics.median(times["plain Strawberry"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<40} {median:7.2f} ms   {median / plain:6.3f} of plain")


if __name__ == "__main__":
    asyncio.run(main())
