"""Documents of the product as compiled, against graphql-core: the same answers, a statement for each level."""

import random
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import orjson
import pytest
from graphql import GraphQLNonNull, GraphQLObjectType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from seggraph.access import Viewer
from seggraph.api.schema import build_schema
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.transport import ServedSchema
from seggraph.transport.compiled.execution import CompiledExecutor
from seggraph.transport.compiled.plans import definition_of, origin_of
from seggraph.transport.compiled.records import Column, declared, row_type_of
from tests.api.test_lists import UPSERT, counted
from tests.product import Product, Server

SEGMENT = """
    id name description kind type status purpose origin visibility version revision memberCount syncInterval nextSyncAt
    createdAt lastAction lastModifiedAt reach { status total email directMail sms phone push asOf progress }
"""
MEMBER = """
    id kind externalId name domain email phone country city industry revenue employees score isTarget tags attributes
    createdAt updatedAt
"""
SEGMENTS = (
    "{ segments(first: 50) { nodes { "
    "id name status type memberCount reach { total } createdAt createdBy { email } } } }"
)
MEMBERS = (
    "query ($id: ID!) { segment(id: $id) { id name members(first: 100) { totalCount "
    "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor enteredAt node "
    f"{{ {MEMBER} }} }} }} }} }}"
)
METRICS = "query ($id: ID!) { segment(id: $id) { id name metrics { totals { spend impressions clicks } } } }"
NESTED = "{ segments(first: 20) { nodes { id name members(first: 10) { edges { node { id name domain score } } } } } }"

DOCUMENTS = [
    SEGMENTS,
    MEMBERS,
    METRICS,
    NESTED,
    "query ($id: ID!, $from: Date) { segment(id: $id) { metrics(from: $from) { t: totals { ctr __typename } } "
    "all: metrics { totals { cpc } series(interval: DAY) { day } } only: metrics { totals { cpm spend } } } }",
    f"{{ segments {{ totalCount pageInfo {{ endCursor }} edges {{ cursor node {{ {SEGMENT} }} }} }} }}",
    f"query ($id: ID!) {{ segment(id: $id) {{ {SEGMENT} criteria criteriaText criteriaSentence transitions }} }}",
    "{ segments { nodes { reach { error { code } waterfall(channel: EMAIL) { name remaining } } } } }",
    "query ($id: ID!) { segment(id: $id) { freshness { pendingChanges asOf } sources { kind memberCount } } }",
    "query ($id: ID!) { segment(id: $id) { members { nodes { consents { state } address value { orders } } } } }",
    "query ($id: ID!) { segment(id: $id) { campaigns { totalCount nodes { name segments { name } } } } }",
    f'{{ members(kind: ACCOUNT, orderBy: {{field: "name"}}) {{ nodes {{ {MEMBER} }} edges {{ cursor }} }} }}',
    "{ members(kind: ACCOUNT) { nodes { name segments { totalCount nodes { name } edges { enteredAt sources } } } } }",
    "query ($id: ID!) { node(id: $id) { __typename id ... on Segment { name reach { total } } } }",
    "{ segments(first: -1) { nodes { name } } viewer { role } }",
    '{ segment(id: "nothing") { name } members(kind: ACCOUNT, after: "nothing") { nodes { name } } }',
    "{ segments { nodes { n: name name __typename createdBy { __typename id name email role }"
    " lastModifiedBy { id } } } }",
    "query ($yes: Boolean = true) { segments { nodes { id name @include(if: $yes) kind @skip(if: $yes) ...f } } } "
    "fragment f on Segment { name reach { again: total total __typename } ... on Node { __typename id } }",
    "query ($id: ID!) { segment(id: $id) { members { edges { __typename cursor c: cursor node { __typename tags } "
    "other: node { name } } nodes { externalId } } } }",
    "query ($id: ID!) { segment(id: $id) { members { edges { cursor sources node { id } } } } }",
    "query ($id: ID!) { segment(id: $id) { few: members(first: 2) { totalCount edges { node { id } } } "
    'rest: members(first: 3, orderBy: {field: "name"}, search: "name") { edges { cursor node { name } } } } }',
    "query ($id: ID!) { segment(id: $id) { members(first: 0) { edges { cursor enteredAt node { id } } } } }",
    "query ($id: ID!) { segment(id: $id) { members(last: 2) { edges { cursor enteredAt node { id } } } } }",
    'query ($id: ID!) { segment(id: $id) { members(after: "no") { edges { cursor } } } }',
    f"{{ members(kind: ACCOUNT) {{ nodes {{ {MEMBER} {' '.join(f'a{n}: name' for n in range(30))} }} }} }}",
    "{ viewer { role scope workspace { name } user { name email } } playbooks { nodes { name } } }",
]


NAMES = {1: 'a "quoted" \\ {name}', 2: "😀 ß \u2028 \x7f <b>", 4: "'; -- $1 %s", 8: "ﬁ\u0301 \t"}
"""Names that a language could take for its own."""


@pytest.fixture
async def product(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as client:
        await client.run(
            UPSERT,
            members=[
                {
                    "externalId": f"m{number}",
                    "name": NAMES.get(number, f"Name {number}") if number % 3 else None,
                    "revenue": None if number == 5 else f"{number * 100}.{number % 2}0",
                    "employees": number or None,
                    "score": number / 7,
                    "tags": ["b", "a"],
                    "attributes": {"plan": "pro", "text": "Köln \u2028"},
                }
                for number in range(12)
            ],
        )
        yield client


@pytest.fixture
async def segment_id(product: Product) -> str:
    new = {"name": "Listed", "kind": "ACCOUNT"}
    given = {"segmentIds": [], "newSegment": new, "externalIds": [f"m{number}" for number in range(0, 12, 2)]}
    made = await product.run(
        "mutation ($i: SegmentMembersInput!) { addSegmentMembers(input: $i) { segments { id } } }", i=given
    )
    await product.run(
        """mutation ($id: [ID!]!) { createCampaign(input: {name: "C", segmentIds: $id}) { errors { code } } }""",
        id=[made["addSegmentMembers"]["segments"][0]["id"]],
    )
    found: str = made["addSegmentMembers"]["segments"][0]["id"]
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_the_answers_are_graphql_cores(
    product: Product, segment_id: str, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"id": segment_id} if "$id" in document else {}
    compiled: list[Any] = []
    answer = ServedSchema.answer

    async def noting(self: ServedSchema, *arguments: Any) -> Any:
        found = await answer(self, *arguments)
        compiled.append(found)
        return found

    monkeypatch.setattr(ServedSchema, "answer", noting)
    first = await product.raw(document, **variables)
    again = await product.raw(document, **variables)
    with monkeypatch.context() as patch:
        for name in ("execute_operation", "complete_object_value"):
            patch.setattr(CompiledExecutor, name, getattr(StrawberryGraphQLCoreExecutionContext, name))
        stock = await product.raw(f"# by graphql-core\n{document}", **variables)

    assert without_places(again) == without_places(first) == without_places(stock)
    assert list(again) == list(stock)
    assert (compiled[1] is None) is ("errors" in stock)


TOTALS = (
    "spend impressions clicks conversions impressionsExact clicksExact conversionsExact ctr cpc cpm"
    " campaignCount flaggedCount"
)


async def test_totals_that_postgresql_makes_are_those_of_the_service(product: Product) -> None:
    numbers = random.Random(7)
    counts = [0, 1, 3, 7, 999, 1_000_000_000]
    segment_ids = []
    for number in range(40):
        made = await product.run(
            """mutation ($name: String!) {
              createSegment(input: {name: $name, kind: ACCOUNT, type: STATIC}) { segment { id } } }""",
            name=f"Segment {number}",
        )
        segment_ids.append(made["createSegment"]["segment"]["id"])
    made = await product.run(
        """mutation ($ids: [ID!]!) {
          createCampaign(input: {name: "C", segmentIds: $ids}) { campaign { id } } }""",
        ids=segment_ids,
    )
    rows = [
        {
            "campaignId": made["createCampaign"]["campaign"]["id"],
            "segmentId": segment_id,
            "day": f"2026-01-{day:02}",
            "spend": f"{numbers.choice([0, 5, 125, numbers.randrange(10**13)]) / 10**4:.4f}",
            "impressions": numbers.choice([*counts, numbers.randrange(10**6)]),
            "clicks": numbers.choice([*counts, numbers.randrange(10**4)]),
            "conversions": numbers.choice(counts),
        }
        for segment_id in segment_ids[1:]
        for day in range(1, numbers.randrange(2, 7))
    ]
    await product.run(
        "mutation ($rows: [CampaignMetricInput!]!) { recordCampaignMetrics(input: {rows: $rows}) { written } }",
        rows=rows,
    )
    of_row = f"{{ segments(first: 50) {{ nodes {{ id metrics {{ totals {{ {TOTALS} }} }} }} }} }}"
    of_service = of_row.replace("metrics {", 'metrics(from: "2000-01-01") {')

    await product.raw(of_row)
    with counted() as sent:
        found = await product.raw(of_row)

    assert len(sent) == 1
    assert found["data"] == (await product.raw(of_service))["data"]
    assert len({str(node) for node in found["data"]["segments"]["nodes"]}) == 40


def without_places(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without where in its text an error is, for a comment moves that."""
    for error in answer.get("errors", ()):
        del error["locations"]
    return answer


@pytest.mark.parametrize(
    ("document", "statements"),
    [(SEGMENTS, 1), (MEMBERS, 3), (METRICS, 1), (NESTED, 2), ("{ __typename }", 0)],
)
async def test_statements_are_as_few_as_levels(
    product: Product, segment_id: str, document: str, statements: int, context: Context
) -> None:
    variables = {"id": segment_id} if "$id" in document else {}
    await product.run(document, **variables)

    with counted() as sent:
        await product.run(document, **variables)

    assert len(sent) == statements, sent


async def test_columns_of_fields_that_are_never_null_are_not_null(context: Context) -> None:
    """PostgreSQL makes the JSON of rows: nobody looks for a null in a field that has none."""
    schema = build_schema()._schema
    tables = {"s": "segments", "m": "members", "u": "users"}
    async with database() as connection:
        rows = await connection.fetch(
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND is_nullable = 'YES'"
        )
    nullable = {row["name"] for row in rows}
    seen, wrong = 0, []
    for type_ in schema.type_map.values():
        origin = origin_of(type_) if isinstance(type_, GraphQLObjectType) else None
        row_type = None if origin is None else row_type_of(origin)
        if row_type is None or row_type.table not in tables:
            continue
        for name, field in cast(GraphQLObjectType, type_).fields.items():
            known = definition_of(field)
            made_of = None if known is None else declared(known.metadata)
            columns = made_of.names if isinstance(made_of, Column) else (known.python_name,) if known else ()
            if isinstance(field.type, GraphQLNonNull) and set(columns) <= set(row_type.columns):
                seen += 1
                wrong += [
                    f"{type_.name}.{name}" for one in columns if f"{tables[row_type.table]}.{one}" in nullable
                ]

    assert seen > 20
    assert wrong == []


LARGE = {"members", "chunks", "events", "runs", "run_chunks", "campaign_metrics"}


@pytest.mark.parametrize("document", [SEGMENTS, MEMBERS, METRICS, NESTED])
async def test_no_large_table_is_read_from_end_to_end(
    product: Product, segment_id: str, document: str, context: Context
) -> None:
    """With sequential scans forbidden, PostgreSQL takes one only where no index serves."""
    variables = {"id": segment_id} if "$id" in document else {}
    with counted() as sent:
        await product.run(document, **variables)

    read: set[str] = set()
    async with database() as connection, connection.transaction():
        await connection.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan"
        )
        for text in sent:
            await connection.execute(f"PREPARE asked AS {text}")
            number = await connection.fetchval(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
            )
            values = f"({', '.join(['NULL'] * number)})" if number else ""
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}")
            await connection.execute("DEALLOCATE asked")
            for node in nodes_of(orjson.loads(plan)[0]["Plan"]):
                read.add(node.get("Relation Name", ""))
                assert node["Node Type"] != "Seq Scan" or node["Relation Name"] not in LARGE, text

    assert read & {*LARGE, "segments"}


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan, and those below it."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)
