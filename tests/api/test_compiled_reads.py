"""Documents of the product as compiled, against graphql-core: the same answers, a statement for each level."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.transport import ServedSchema
from seggraph.transport.execution import CompiledExecutor
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
    "{ viewer { role scope workspace { name } user { name email } } playbooks { nodes { name } } }",
]


@pytest.fixture
async def product(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as client:
        await client.run(
            UPSERT,
            members=[
                {
                    "externalId": f"m{number}",
                    "name": f"Name {number}" if number % 3 else None,
                    "revenue": f"{number}.50",
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


def without_places(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without where in its text an error is, for a comment moves that."""
    for error in answer.get("errors", ()):
        del error["locations"]
    return answer


@pytest.mark.parametrize(
    ("document", "statements"),
    [(SEGMENTS, 2), (MEMBERS, 4), (METRICS, 2), (NESTED, 3), ("{ __typename }", 0)],
)
async def test_statements_are_as_few_as_levels(
    product: Product, segment_id: str, document: str, statements: int, context: Context
) -> None:
    variables = {"id": segment_id} if "$id" in document else {}
    await product.run(document, **variables)

    with counted() as sent:
        await product.run(document, **variables)

    assert len(sent) == statements, sent
