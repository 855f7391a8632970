"""The fast executor against the stock one: the same data, the same errors, in the same order."""

import gc
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from seggraph.transport.compiled.execution import CompiledExecutor
from tests.transport import sample
from tests.transport.sample import Car, a_car

pytestmark = pytest.mark.slow

FIELDS = (
    "id name colour built soldAt seats weight electric tags notes extras price motto "
    "wheel { size } shout later __typename"
)
QUERIES = [
    f"{{ car {{ {FIELDS} }} }}",
    "{ car { a: name b: name name c: seats } }",
    "{ car { ...f ... on Car { seats } ...g } } fragment f on Car { name tags } fragment g on Named { name }",
    "query($yes: Boolean = true) { car { name @skip(if: $yes) seats @include(if: $yes) tags @include(if: true) } }",
    "{ car { name @skip(if: true) } }",
    '{ car { shout(suffix: "?") a: shout } }',
    f"{{ cars(count: 5) {{ {FIELDS} }} }}",
    "{ vehicles { __typename ... on Named { name } ... on Car { seats wheel { size } } ... on Boat { mast } } }",
    "{ a: car { name } b: car { seats later } car { wheel { __typename size } } }",
    "{ car { wheel { size } wheel { s: size } } __typename }",
]


class Awkward(str):
    """A string that is not exactly one."""


class Raises:
    """A source whose attributes fail."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


async def coroutine(value: object) -> object:
    if isinstance(value, Exception):
        raise value
    return value


ODD_VALUES: list[tuple[str, Any]] = [
    ("name", None),
    ("name", 5),
    ("name", True),
    ("name", 1.5),
    ("name", b"bytes"),
    ("name", Awkward("sub")),
    ("name", object()),
    ("name", ValueError("a value that is an error")),
    ("name", GraphQLError("a value that is a GraphQL error", extensions={"code": "X"})),
    ("id", 7),
    ("id", None),
    ("motto", Awkward("sub")),
    ("motto", ["list"]),
    ("seats", 2**31),
    ("seats", -(2**31)),
    ("seats", True),
    ("seats", 4.0),
    ("seats", 4.5),
    ("seats", "4"),
    ("seats", "four"),
    ("weight", float("nan")),
    ("weight", float("inf")),
    ("weight", 3),
    ("weight", True),
    ("weight", "1.5"),
    ("weight", None),
    ("electric", 1),
    ("electric", "yes"),
    ("electric", 0.0),
    ("colour", "r"),
    ("colour", "green"),
    ("colour", None),
    ("built", "2024-02-29"),
    ("built", datetime(2024, 2, 29)),  # noqa: DTZ001
    ("sold_at", None),
    ("sold_at", "now"),
    ("tags", ("a", "b")),
    ("tags", []),
    ("tags", ["a", None]),
    ("tags", ["a", 5]),
    ("tags", [Awkward("sub")]),
    ("tags", "string"),
    ("tags", 5),
    ("tags", {"a": 1}),
    ("tags", None),
    ("notes", None),
    ("notes", ["a", object()]),
    ("extras", None),
    ("extras", {"a": {1, 2}}),
    ("price", None),
    ("price", "x"),
    ("wheel", None),
    ("wheel", "no wheel"),
    ("wheel", Raises()),
]


def schemas(result: Any) -> tuple[strawberry.Schema, strawberry.Schema]:
    """Return the same schema with the stock executor and with ours; `odd` answers what `result` makes."""

    @strawberry.type
    class Query(sample.Query):
        @strawberry.field
        def odd(self) -> Car | None:
            made: Car | None = result()
            return made

        @strawberry.field
        def odd_list(self) -> list[Car]:
            return [a_car(), result(), a_car()]

        @strawberry.field
        async def odd_nullable_list(self) -> list[Car | None]:
            return [a_car(), result(), a_car()]

    cents = strawberry.scalar(name="Cents", serialize=lambda value: f"{value + 0}c")
    config = StrawberryConfig(scalar_map={sample.Cents: cents})
    stock = strawberry.Schema(Query, types=[sample.Boat], config=config)
    ours = strawberry.Schema(
        Query, types=[sample.Boat], config=config, execution_context_class=CompiledExecutor
    )
    for schema in (stock, ours):
        schema.process_errors = lambda *_: None  # type: ignore[method-assign]
    return stock, ours


async def both(result: Any, query: str) -> tuple[Any, Any]:
    outcomes = []
    for schema in schemas(result):
        outcome = await schema.execute(query)
        errors = [error.formatted for error in outcome.errors or ()]
        outcomes.append((repr(outcome.data), errors))
    return outcomes[0], outcomes[1]


@pytest.mark.parametrize("query", QUERIES)
async def test_ordinary_queries(query: str) -> None:
    stock, ours = await both(a_car, query)

    assert ours == stock
    assert stock[1] == []


# Numbered, for an object's own text holds its address, and every test process must give the same names.
ODD_NAMES = [
    f"{index}-{attribute}-{type(value).__name__}" for index, (attribute, value) in enumerate(ODD_VALUES)
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("attribute", "value"), ODD_VALUES, ids=ODD_NAMES)
@pytest.mark.parametrize("awaited", [False, True], ids=["plain", "awaited"])
async def test_odd_values(attribute: str, value: object, awaited: bool) -> None:
    def result() -> Car:
        return a_car(**{attribute: coroutine(value) if awaited else value})

    for field in ("odd", "oddList", "oddNullableList"):
        stock, ours = await both(result, f"{{ {field} {{ {FIELDS} }} hello }}")
        assert ours == stock


async def test_several_errors_keep_their_order() -> None:
    def result() -> Car:
        return a_car(motto=object(), sold_at="never", notes=[object()], wheel=Raises(), extras=None)

    stock, ours = await both(result, f"{{ odd {{ {FIELDS} }} oddNullableList {{ soldAt motto notes }} }}")

    assert ours == stock
    assert len(stock[1]) > 2


@pytest.mark.parametrize("source", [Raises, dict, lambda: None])
async def test_odd_sources(source: Any) -> None:
    stock, ours = await both(source, "{ odd { name later seats } hello }")

    assert ours == stock


async def test_an_extension_that_wraps_resolvers_still_sees_every_field() -> None:
    seen: list[str] = []

    class Watch(strawberry.extensions.SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    schema = strawberry.Schema(
        sample.Query,
        types=[sample.Boat],
        config=StrawberryConfig(scalar_map={sample.Cents: strawberry.scalar(name="Cents")}),
        extensions=[Watch],
        execution_context_class=CompiledExecutor,
    )

    await schema.execute("{ car { name seats } }")

    assert seen == ["car", "name", "seats"]


async def test_a_long_subscription_does_not_grow_with_its_events() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def cars(self) -> AsyncIterator[Car]:
            for _ in range(600):
                yield a_car()

    schema = strawberry.Schema(
        sample.Query,
        subscription=Subscription,
        types=[sample.Boat],
        config=StrawberryConfig(scalar_map={sample.Cents: strawberry.scalar(name="Cents")}),
        execution_context_class=CompiledExecutor,
    )
    counts = []
    number = 0
    async for _ in await schema.stream("subscription { cars { name wheel { size } } }"):
        number += 1
        if number in (100, 600):
            gc.collect()
            counts.append(len(gc.get_objects()))

    assert number == 600
    assert counts[1] - counts[0] < 200
