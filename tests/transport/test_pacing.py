"""Long operations give way to others, end when they are cancelled, and have a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import orjson
import pytest
import strawberry
from graphql import GraphQLError

from seggraph.transport import ServedSchema, pacing
from seggraph.transport.encoding import encode

T = TypeVar("T")
PATIENCE_SECONDS = 120.0
FOREVER = 3_600.0


@strawberry.type
class Part:
    id: int

    @strawberry.field
    def broken(self) -> int | None:
        raise RuntimeError("no")

    @strawberry.field
    def parts(self, count: int) -> list["Part"]:
        Made.parts += count
        return [Part(id=number) for number in range(count)]


class Made:
    """How many parts resolvers have made."""

    parts = 0


@strawberry.type
class Query:
    @strawberry.field
    def parts(self, count: int) -> list[Part]:
        return [Part(id=number) for number in range(count)]

    @strawberry.field
    async def never(self) -> int:
        await asyncio.sleep(FOREVER)
        return 1


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def never(self) -> int:
        await asyncio.sleep(FOREVER)
        return 1


NESTED = "{ parts(count: 100) { id parts(count: 50) { id } } }"
BROKEN = "{ parts(count: 100) { id parts(count: 60) { id } broken } }"


@pytest.fixture(autouse=True)
def _short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn is over at once, however fast the machine is."""
    monkeypatch.setattr(pacing, "TURN_SECONDS", 0.0)


def served(seconds: float = PATIENCE_SECONDS) -> ServedSchema:
    return ServedSchema(Query, Mutation, operation_seconds=seconds)


def code_of(error: GraphQLError) -> Any:
    return (error.extensions or {})["code"]


async def turns_of_others(work: Callable[[], Awaitable[T]]) -> tuple[T, int]:
    """The result of work, and how often the event loop served somebody else meanwhile."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    running = asyncio.create_task(other())
    try:
        return await work(), turns
    finally:
        running.cancel()


async def test_a_compiled_operation_gives_way() -> None:
    schema = served()
    result, turns = await turns_of_others(lambda: schema.execute(NESTED))

    assert result.errors is None
    assert result.data is not None
    assert [len(part["parts"]) for part in result.data["parts"]] == [50] * 100
    assert turns >= 5_000 // pacing.STEP


async def test_an_operation_with_errors_gives_way() -> None:
    schema = served()
    result, turns = await turns_of_others(lambda: schema.execute(BROKEN))

    assert len(result.errors or ()) == 100
    assert [error.path for error in result.errors or ()][7] == ["parts", 7, "broken"]
    assert result.data is not None
    assert result.data["parts"][99]["parts"][59] == {"id": 59}
    assert turns >= 100


@pytest.mark.parametrize("query", [NESTED.replace("100", "20000"), BROKEN.replace("100", "20000")])
async def test_an_abandoned_operation_ends_before_it_is_done(query: str) -> None:
    schema, Made.parts = ServedSchema(Query, Mutation), 0
    running = asyncio.create_task(schema.execute(query.replace("50", "5").replace("60", "5")))
    while not Made.parts:  # noqa: ASYNC110 - the operation ends it
        await asyncio.sleep(0)
    begun = Made.parts
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert begun < 20_000 * 5
    assert Made.parts < 20_000 * 5


@pytest.mark.parametrize("query", ["{ never }", "mutation { never }"])
async def test_an_operation_that_takes_too_long_ends_with_a_code(query: str) -> None:
    schema = served(0.01)
    result = await schema.execute(query)

    assert result.data is None
    assert [code_of(error) for error in result.errors or ()] == ["OPERATION_TIMED_OUT"]


async def test_the_deadline_ends_work_that_waits_for_nothing() -> None:
    schema = served(0.001)
    query = NESTED.replace("100", "1000").replace("50", "250")
    result = await schema.execute(query)
    answer = await schema.answer(query, {}, None, None)

    assert [code_of(error) for error in result.errors or ()] == ["OPERATION_TIMED_OUT"]
    assert answer is not None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OPERATION_TIMED_OUT"]
    assert "data" not in answer


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": [], "b": {}, "c": None},
        {"rows": [{"id": number, "names": ["é", '"'] * 3} for number in range(30_000)]},
        {"rows": [{"rows": [{"id": 2**70}] * 30_000}, {"deep": {"rows": list(range(50_000))}}]},
        [[], [{}], [[number] * 7_000 for number in range(9)]],
    ],
)
async def test_a_large_answer_is_written_in_turns_and_is_the_same(data: Any) -> None:
    written, turns = await turns_of_others(lambda: pacing.encode_in_turns(data))

    assert written == encode(data).replace(b" ", b"")
    assert turns or len(written) < 100
    assert orjson.loads(orjson.dumps(orjson.Fragment(written))) == orjson.loads(encode(data))


async def test_who_waits_for_a_turn_and_is_cancelled_holds_up_nobody() -> None:
    waiting = [asyncio.create_task(pacing.turn()) for _ in range(5)]
    await asyncio.sleep(0)
    for one in waiting[:4]:
        one.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await waiting[4]


async def test_workspaces_take_turns_however_much_they_have_to_do() -> None:
    order: list[str] = []

    async def work(workspace: str) -> None:
        pacing.work_for(SimpleNamespace(workspace=workspace))
        await pacing.turn()
        order.append(workspace)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(work("busy") for _ in range(50)), work("other"), work("other"))

    assert order[:4].count("other") == 2
    assert len(order) == 52
