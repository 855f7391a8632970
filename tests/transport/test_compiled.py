"""Compiled operations against graphql-core's own execution, for many random documents; and their bounds."""

import random
from typing import Any

import pytest
import strawberry
from graphql import parse, validate

from seggraph.transport.compiled.compiler import KEPT_OPERATIONS
from seggraph.transport.compiled.execution import CompiledExecutor, programs_of
from tests.effort import tries
from tests.transport.random_documents import Documents
from tests.transport.sample import a_car
from tests.transport.test_execution import ODD_VALUES, schemas

pytestmark = pytest.mark.slow

AWKWARD = frozenset({"remember", "token", "hugeNumber"})
"""Fields that need a context, or change with each call."""
PER_SEED = tries(60, 300)


@pytest.fixture
def unvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are executed without being validated: it takes longer than the rest, and the test has done it."""
    monkeypatch.setattr("strawberry.schema.schema.validate_document", lambda *_: [])


@pytest.mark.usefixtures("unvalidated")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(10))
async def test_random_documents(seed: int) -> None:
    choose = random.Random(seed)
    attribute, value = choose.choice(ODD_VALUES)
    stock, ours = schemas(lambda: a_car(**{attribute: value}))
    documents = Documents(stock._schema, seed, AWKWARD)

    compared = 0
    while compared < PER_SEED:
        document = documents.document()
        if validate(stock._schema, parse(document)):
            continue
        compared += 1
        variables = {"yes": choose.random() < 0.7, "no": choose.random() < 0.3}
        wanted, found = [await outcome(schema, document, variables) for schema in (stock, ours)]
        assert found == wanted, document


async def outcome(
    schema: strawberry.Schema, document: str, variables: dict[str, Any]
) -> tuple[str, list[Any]]:
    result = await schema.execute(document, variables)
    return repr(result.data), [error.formatted for error in result.errors or ()]


async def test_a_document_is_compiled_once_for_each_choice_of_its_conditions() -> None:
    _, ours = schemas(a_car)
    document = "query ($yes: Boolean!) { car { name @include(if: $yes) seats } }"
    node = parse(document).definitions[0]
    operation = programs_of(ours._schema).operation(node, {})  # type: ignore[arg-type]

    found = [operation.program({"yes": yes}) for yes in (True, False, True, False)]

    assert found[0] is found[2]
    assert found[1] is found[3]
    assert found[0] is not found[1]


async def test_a_thousand_documents_in_turn_are_answered_and_not_all_kept() -> None:
    _, ours = schemas(a_car)

    for number in range(1_000):
        result = await ours.execute(f"{{ car {{ a{number}: name }} }}")
        assert result.data == {"car": {f"a{number}": "Ada"}}

    assert len(programs_of(ours._schema)._kept) == KEPT_OPERATIONS


async def test_an_ordinary_document_is_executed_as_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise every comparison above would hold, and nothing would be faster."""
    _, ours = schemas(a_car)
    left: list[str] = []
    stock = CompiledExecutor.execute_fields

    def noting(self: CompiledExecutor, type_: Any, *arguments: Any) -> Any:
        left.append(type_.name)
        return stock(self, type_, *arguments)

    monkeypatch.setattr(CompiledExecutor, "execute_fields", noting)

    result = await ours.execute(
        "{ cars { id name tags notes wheel { size } shout later } vehicles { __typename ... on Named { name } } }"
    )

    assert result.errors is None
    assert left == []
