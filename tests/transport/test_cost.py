"""What operations cost: estimated from the document and the raw variables, refused over the limits."""

from typing import Any

import pytest
import strawberry
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from seggraph.transport import ServedSchema
from seggraph.transport.cost import CostLimits, Estimate, FieldCost
from seggraph.transport.cost.variables import VariableLimits, count_values


@strawberry.type
class PageInfo:
    end_cursor: str | None = None


@strawberry.type
class Part:
    id: int = 1
    name: str = "p"

    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> "ThingConnection":
        return page(first or last or 0)

    @strawberry.field
    def siblings(self) -> list["Part"]:
        return []

    @strawberry.field
    def dear(self, how: str | None = None) -> int:
        return 1


@strawberry.type
class ThingConnection:
    nodes: list[Part]
    page_info: PageInfo
    total_count: int = 0


def page(size: int) -> ThingConnection:
    return ThingConnection(nodes=[Part() for _ in range(size)], page_info=PageInfo())


@strawberry.input
class Deep:
    inner: "Deep | None" = None
    names: list[str] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> ThingConnection:
        return page(first or last or 0)

    @strawberry.field
    def some(self, ids: list[int]) -> list[Part]:
        return [Part() for _ in ids]

    @strawberry.field
    def few(self, first: int = 7) -> list[Part]:
        return []

    @strawberry.field
    def deep(self, what: Deep) -> str:
        return "seen"


FIELDS = {
    "Part.siblings": FieldCost(items=3),
    "Part.dear": FieldCost(weight=100, arguments=(("how", 1_000),)),
    "Query.some": FieldCost(sized_by="ids"),
}
LIMITS = CostLimits(
    nodes=10_000,
    cost=100_000,
    connection=10,
    variables=VariableLimits(values=100, items=60, keys=20, depth=5),
)
SCHEMA = ServedSchema(Query, costs=FIELDS, cost_limits=LIMITS)


def estimate(query: str, **variables: Any) -> Estimate:
    """What an operation is said to cost. Raises GraphQLError when it is refused."""
    definitions = parse(query).definitions
    [operation] = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    return SCHEMA.costs.of(operation, fragments).admit(variables)


@pytest.mark.parametrize(
    ("query", "nodes", "cost"),
    [
        # The root, then each object and each value; a connection is 10 more than itself.
        ("{ few(first: 4) { id } }", 4, 1 + 4 * 2),
        ("{ few { id } }", 7, 1 + 7 * 2),
        ("{ few { id siblings { id name } } }", 7 * 4, 1 + 7 * (2 + 3 * 3)),
        ("{ things(first: 20) { nodes { id } } }", 20, 1 + 11 + 20 * 2),
        ("{ things(last: 20) { nodes { id } } }", 20, 1 + 11 + 20 * 2),
        ("{ things { nodes { id } } }", 50, 1 + 11 + 50 * 2),
        ("{ things(first: null) { nodes { id } } }", 50, 1 + 11 + 50 * 2),
        ("{ things(first: 20) { totalCount pageInfo { endCursor } } }", 0, 1 + 11 + 1 + 2),
        (
            "{ things(first: 20) { nodes { things(first: 5) { nodes { id } } } } }",
            120,
            1 + 11 + 20 * (1 + 11 + 10),
        ),
        ("{ a: few(first: 4) { id } b: few(first: 2) { id } }", 6, 1 + 8 + 4),
        (
            "{ few(first: 4) { id } few(first: 4) { name } ...f } fragment f on Query { few(first: 4) { id } }",
            4,
            13,
        ),
        ("{ few(first: 4) { dear } }", 4, 1 + 4 * 102),
        ('{ few(first: 4) { dear(how: "so") } }', 4, 1 + 4 * 1_102),
        ("{ some(ids: [1, 2, 3]) { id __typename } }", 3, 1 + 3 * 3),
        ("{ few(first: 4) { id name @skip(if: true) } }", 4, 9),
        ("{ few(first: 4) { id } things @include(if: false) { nodes { id } } }", 4, 9),
    ],
)
def test_objects_and_values_are_counted_and_lists_multiply(query: str, nodes: int, cost: int) -> None:
    assert estimate(query) == (nodes, cost)


@pytest.mark.parametrize(
    ("given", "nodes"),
    [({"n": 20}, 20), ({"n": 20.0}, 20), ({}, 30), ({"n": None}, 50), ({"n": "x"}, 50), ({"n": -1}, 0)],
)
def test_pages_are_as_long_as_raw_variables_say(given: dict[str, Any], nodes: int) -> None:
    assert estimate("query ($n: Int = 30) { things(first: $n) { nodes { id } } }", **given).nodes == nodes


def test_the_longer_of_first_and_last_counts() -> None:
    query = "query ($n: Int, $m: Int) { things(first: $n, last: $m) { nodes { id } } }"

    assert estimate(query, n=3, m=8).nodes == 8
    assert estimate(query.replace("$n,", "9,").replace("($n: Int, ", "("), m=8).nodes == 9


def test_a_list_of_ids_in_a_variable_counts() -> None:
    assert estimate("query ($ids: [Int!]!) { some(ids: $ids) { id } }", ids=[1, 2, 3]).nodes == 3


def test_what_a_variable_leaves_out_costs_nothing() -> None:
    query = """query ($all: Boolean!) {
        few(first: 4) { id } ...more @include(if: $all) b: things(first: 5) @skip(if: $all) { nodes { id } }
    } fragment more on Query { things(first: 20) { nodes { id } } }"""

    assert estimate(query, all=False).nodes == 9
    assert estimate(query, all=True).nodes == 24


def refusal(query: str, **variables: Any) -> dict[str, Any]:
    with pytest.raises(GraphQLError) as refused:
        estimate(query, **variables)
    return {"message": refused.value.message, **(refused.value.extensions or {})}


def test_too_many_objects_are_refused_with_what_they_would_be_and_what_is_allowed() -> None:
    refused = refusal("{ things(first: 200) { nodes { things(first: 50) { nodes { id } } } } }")

    assert refused["code"] == "COST_LIMIT_EXCEEDED"
    assert refused["cost"] == {"requested": 22_412, "limit": 100_000, "nodes": 10_200, "nodeLimit": 10_000}
    assert "10,200 objects" in refused["message"]
    assert "10,000 objects" in refused["message"]


def test_a_dear_field_of_many_objects_is_refused() -> None:
    refused = refusal("query ($n: Int) { things(first: $n) { nodes { dear(how: null) } } }", n=91)

    assert (refused["code"], refused["cost"]["requested"]) == ("COST_LIMIT_EXCEEDED", 1 + 11 + 91 * 1_102)
    assert estimate("query ($n: Int) { things(first: $n) { nodes { dear(how: null) } } }", n=90)


@pytest.mark.parametrize("given", ["251", "$n"])
def test_a_page_inside_of_a_list_is_shorter(given: str) -> None:
    query = "query ($n: Int) { few(first: 1) { things(first: GIVEN) { nodes { id } } } }".replace(
        "GIVEN", given
    )
    refused = refusal(query, n=251)

    assert refused["code"] == "COST_LIMIT_EXCEEDED"
    assert refused["path"] == ["few", "things"]
    assert "at most 250" in refused["message"]
    assert refused["cost"]["nodes"] == 252
    assert estimate(query.replace("251", "250"), n=250).nodes == 251


def test_numbers_beyond_all_measure_are_refused() -> None:
    for number in (10**30, 10**400):
        refused = refusal(f"{{ few(first: {number}) {{ id }} }}")
        assert refused["cost"]["nodes"] == 2**53 - 1


def test_introspection_is_counted_and_its_usual_query_passes() -> None:
    assert 1_000 < estimate(get_introspection_query()).cost < LIMITS.cost


def test_a_chain_of_fragments_is_read_once_each() -> None:
    chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(100))

    assert estimate("{ ...f0 } " + chain + " fragment f100 on Query { few(first: 2) { id } }").nodes == 2


DEEP = "query ($what: Deep!) { deep(what: $what) }"


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"inner": value}
    return value


@pytest.mark.parametrize(
    "value",
    [{"names": ["x"] * 61}, {f"k{n}": 1 for n in range(21)}, nested(6), [["x"] * 50] * 3],
    ids=["items", "keys", "depth", "values"],
)
async def test_large_variables_are_refused_before_they_are_looked_at(value: Any) -> None:
    assert refusal(DEEP, what=value) | {"message": ""} == {
        "message": "",
        "code": "VARIABLES_TOO_LARGE",
        "path": ["what"],
    }


async def test_variables_within_the_limits_pass() -> None:
    for value in ({"names": ["x"] * 60}, nested(5)):
        result = await SCHEMA.execute(DEEP, variable_values={"what": value})
        assert (result.errors, result.data) == (None, {"deep": "seen"})


def test_what_is_not_declared_is_not_counted() -> None:
    assert estimate("{ few { id } }", other=["x"] * 1_000).nodes == 7


def test_values_are_counted_in_lists_and_four_times_in_objects() -> None:
    limits = VariableLimits()

    assert count_values([1, [2, 3]], 100, limits) == 1 + 2 + 2
    assert count_values({"a": 1, "b": {"c": []}}, 100, limits) == 1 + 8 + 4
    assert count_values([1, 2, 3], 3, limits) is None


async def test_a_refused_operation_is_not_run_by_any_way_in() -> None:
    dear = "{ things(first: 200) { nodes { things(first: 50) { nodes { id } } } } }"

    for _ in range(2):  # the second time the document is known
        result = await SCHEMA.execute(dear)
        assert result.data is None
        assert [(error.extensions or {})["code"] for error in result.errors or ()] == ["COST_LIMIT_EXCEEDED"]
        assert await SCHEMA.answer(dear, {}, None, None) is None
    streamed = [result async for result in await SCHEMA.stream(dear)]
    assert [(error.extensions or {})["code"] for error in streamed[0].errors] == ["COST_LIMIT_EXCEEDED"]


async def test_an_answer_says_what_it_cost() -> None:
    query = "{ things(first: 2) { nodes { id } } }"
    expected = {"cost": {"requested": 16, "limit": 100_000, "nodes": 2}}

    assert (await SCHEMA.execute(query)).extensions == expected
    answer = await SCHEMA.answer(query, {}, None, None)
    assert answer == {"data": {"things": {"nodes": [{"id": 1}, {"id": 1}]}}, "extensions": expected}
