"""Rows of bulk inputs against stock graphql-core: the same values, and what stock refuses is told by row."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, Undefined, parse
from graphql.utilities import coerce_input_value
from hypothesis import given
from hypothesis import strategies as st

from seggraph.api.base.scalars import CONFIG, JSON
from seggraph.row_errors import RefusedValue
from seggraph.transport import Row, ServedSchema, row, with_rows
from seggraph.transport.inputs.rows import take_rows
from tests.transport.sample import Colour


@strawberry.input
class Part:
    colour: Colour
    size: float | None = None


@row
@strawberry.input
class Line:
    name: str
    count: int | None = strawberry.UNSET
    price: Decimal | None = None
    at: datetime | None = strawberry.UNSET
    extras: JSON | None = strawberry.UNSET
    tags: list[str] | None = strawberry.UNSET
    parts: list[Part] | None = strawberry.UNSET
    flag: bool = False


@with_rows
@strawberry.input
class Order:
    lines: list[Row] = strawberry.field(graphql_type=list[Line])
    note: str = ""


@strawberry.type
class Query:
    @strawberry.field
    def shown(self, order: Order) -> list[str]:
        return [repr(sorted(line.items())) for line in order.lines]


SCHEMA = ServedSchema(Query, config=CONFIG)
LINE = SCHEMA._schema.type_map["Line"]
DOCUMENT = parse("query ($lines: [Line!]!) { shown(order: {lines: $lines}) }")

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.floats(),
    st.sampled_from(["", "a", "1.50", "2026-01-31T09:30:00Z", "RED"]),
    st.lists(st.sampled_from(["a", 1, None]), max_size=2),
    st.lists(st.fixed_dictionaries({"colour": st.sampled_from(["RED", "PINK", 1])}), max_size=2),
    st.just({"colour": "BLUE", "size": 2}),
    st.just({"colour": "BLUE", "weight": 2}),
)
lines = st.lists(
    st.fixed_dictionaries(
        {"name": st.one_of(st.just("a"), values)},
        optional=dict.fromkeys(("count", "price", "at", "extras", "tags", "parts"), values),
    ),
    min_size=1,
    max_size=3,
)


@given(lines)
def test_every_row_is_what_stock_makes_of_it_or_says_what_is_refused(
    given_lines: list[dict[str, Any]],
) -> None:
    assert isinstance(LINE, GraphQLInputObjectType)

    taken = take_rows(SCHEMA._schema, DOCUMENT, None, {"lines": given_lines})

    assert taken.variables == {"lines": []}
    for line, read in zip(given_lines, taken.rows["lines", None], strict=True):
        stock = coerce_input_value(line, LINE)
        refused = {name for name, value in read.items() if isinstance(value, RefusedValue)}
        if read["name"] is None:
            refused.add("name")  # required: the service says so
        if stock is Undefined:
            assert refused
            fine = {name: value for name, value in line.items() if name not in refused} | {"name": "b"}
            stock = coerce_input_value(fine, LINE)
            assert {name: read[name] for name in fine if name != "name"} == {
                name: stock[name] for name in fine if name != "name"
            }
        else:
            assert not refused
            assert dict(read) == stock


async def test_resolvers_get_rows_from_variables_and_from_literals_alike() -> None:
    line = {"name": "a", "price": "1.5", "parts": [{"colour": "RED"}]}
    literal = '{shown(order: {lines: [{name: "a", price: "1.5", parts: [{colour: RED}]}]})}'

    by_list = await SCHEMA.execute(
        "query ($lines: [Line!]!) { shown(order: {lines: $lines}) }", variable_values={"lines": [line]}
    )
    by_input = await SCHEMA.execute(
        "query Other { __typename } query It($order: Order!) { shown(order: $order) }",
        variable_values={"order": {"lines": [line]}},
        operation_name="It",
    )
    by_literal = await SCHEMA.execute(literal)

    assert by_literal.errors is None
    assert by_list.data == by_input.data == by_literal.data
    assert "Decimal('1.5')" in by_literal.data["shown"][0]  # type: ignore[index]


async def test_what_has_another_shape_is_stock_to_refuse() -> None:
    query = "query ($lines: [Line!]!) { shown(order: {lines: $lines}) }"

    for wrong in ([{"name": "a", "nmae": 1}], [1], [None], 5, None):
        answer = await SCHEMA.execute(query, variable_values={"lines": wrong})
        assert answer.data is None
        assert answer.errors
        assert "$lines" in answer.errors[0].message
