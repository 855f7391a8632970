"""What operations of the product may cost: hostile documents end before they begin, and the usual ones pass."""

from typing import Any

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    parse,
)

from seggraph.access import Viewer
from seggraph.api.costs import COSTS
from seggraph.api.schema import build_schema
from seggraph.transport.cost import Estimate
from seggraph.transport.cost.reading import SIZED, is_list
from seggraph.transport.cost.sizes import SIZES
from tests.product import Server

SCHEMA = build_schema()
OBJECTS = [
    one
    for one in SCHEMA._schema.type_map.values()
    if isinstance(one, GraphQLObjectType) and not one.name.startswith("__")
]
FOUR_DEEP = (
    "{ segments(first: 1000) { nodes { members(first: 1000) { nodes { segments(first: 1000) { nodes {"
    " members(first: 1000) { nodes { id } } } } } } } } }"
)
TWENTY = (
    "{ members(kind: ACCOUNT, first: 100) { nodes { segments(first: 20) { nodes { members(first: 100) { nodes {"
    " segments(first: 20) { nodes { id } } } } } } } } }"
)


def estimate(query: str, **variables: Any) -> Estimate:
    definitions = parse(query).definitions
    [operation] = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    return SCHEMA.costs.of(operation, fragments).admit(variables)


def test_every_list_of_objects_has_a_length_that_is_known() -> None:
    unknown = [
        f"{type_.name}.{name}"
        for type_ in OBJECTS
        for name, field in type_.fields.items()
        if is_list(field.type)
        and not is_leaf_type(get_named_type(field.type))
        and not (name in SIZED and type_.name.endswith("Connection"))
        and not any(
            cost.items is not None or cost.sized_by in field.args
            for cost in (COSTS.get(f"{type_.name}.{name}"), COSTS.get(f"*.{name}"))
            if cost is not None
        )
    ]

    assert not unknown, "say in api/costs.py how long these lists are"


def test_every_connection_takes_the_length_of_its_page() -> None:
    without = [
        f"{type_.name}.{name}"
        for type_ in OBJECTS
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.endswith("Connection") and not set(SIZES) & set(field.args)
    ]

    assert without == []


def test_the_table_names_fields_and_arguments_that_exist() -> None:
    fields = {f"{type_.name}.{name}": field for type_ in OBJECTS for name, field in type_.fields.items()}
    names = {name.partition(".")[2] for name in fields}

    for place, cost in COSTS.items():
        if place.startswith("*."):
            assert place[2:] in names, place
            continue
        assert place in fields, place
        assert {name for name, _ in cost.arguments} <= set(fields[place].args), place
        assert cost.items is None or is_list(fields[place].type), place


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        (FOUR_DEEP, 1_001_001_001_000),
        (TWENTY, 4_202_100),
        ("{ nodes(ids: [1, 2]) { ... on Segment { members(first: 251) { nodes { id } } } } }", 504),
    ],
)
def test_lists_in_lists_are_refused(query: str, nodes: int) -> None:
    with pytest.raises(GraphQLError) as refused:
        estimate(query)

    extensions: dict[str, Any] = refused.value.extensions or {}
    assert extensions["code"] == "COST_LIMIT_EXCEEDED"
    assert extensions["cost"]["nodes"] == nodes


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { " + "fields { type { " * 7 + "name" + " } }" * 7 + " } } }",
        "{ segments(first: 1000) { nodes { explain(memberId: 1) { isMember } } } }",
        "{ segments(first: 250) { nodes { members(where: {all: []}) { totalCount } } } }",
        "{ campaigns(first: 1000) { nodes { segments { campaigns(first: 250) { nodes { segments { name } } } } } } }",
        "{ members(kind: DEAL, first: 1000) { nodes { related { related { related { id } } } } } }",
        "{ segments(first: 1000) { nodes { metrics { series(interval: DAY) { start } } } } }",
    ],
)
def test_dear_fields_of_many_objects_are_refused(query: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        estimate(query)

    assert (refused.value.extensions or {})["code"] == "COST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        "{ members(kind: PERSON, first: 1000) { totalCount nodes { id segments(first: 250) { nodes { id } } } } }",
        "{ segments(first: 1000) { nodes { id name value { revenue } reach { total } sources { kind } } } }",
        "{ segments(first: 1000) { nodes { reach { distinctAddresses(channel: EMAIL) } } } }",
        "{ segments { nodes { id reach { waterfall(channel: EMAIL) { name } } sizeHistory { memberCount } } } }",
        "{ segments(first: 100) { nodes { explain(memberId: 1) { isMember } } } }",
        "{ "
        + " ".join(f"p{n}: previewSegment(input: {{kind: PERSON}}) {{ memberCount }}" for n in range(20))
        + " }",
    ],
)
def test_what_people_ask_for_passes(query: str) -> None:
    assert estimate(query)


async def test_hostile_documents_and_variables_are_refused_over_http(server: Server, viewer: Viewer) -> None:
    leaf = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    listing = "query ($w: CriteriaInput) { members(kind: ACCOUNT, where: $w) { nodes { id } } }"
    async with server.sign_in(viewer) as client:
        requests: list[dict[str, Any]] = [
            {"query": FOUR_DEEP},
            {"query": TWENTY},
            {"query": listing, "variables": {"w": {"any": [leaf] * 100_000}}},
            {"query": listing, "variables": {"w": {f"k{number}": 1 for number in range(300_000)}}},
        ]
        answers = [(await client.http.post("/graphql", json=one)).json() for one in requests * 2]
        served = (await client.http.post("/graphql", json={"query": "{ viewer { role } }"})).json()

    codes = [[error["extensions"]["code"] for error in answer["errors"]] for answer in answers]
    assert (
        codes
        == [
            ["COST_LIMIT_EXCEEDED"],
            ["COST_LIMIT_EXCEEDED"],
            ["VARIABLES_TOO_LARGE"],
            ["VARIABLES_TOO_LARGE"],
        ]
        * 2
    )
    assert all("data" not in answer for answer in answers)
    assert served["extensions"]["cost"] == {"requested": 3, "limit": 1_000_000, "nodes": 0}
