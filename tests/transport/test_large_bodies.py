"""Large bodies: those that no operation takes are refused by counting, the others are read as small ones are."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from json import JSONDecodeError
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from seggraph.transport import endpoint
from seggraph.transport.inputs import large_bodies
from seggraph.transport.refusals import Refused
from tests.effort import tries

KEYS = orjson.dumps({"query": "{ a }", "variables": {"w": {f"k{number}": 1 for number in range(300_000)}}})
LEAVES = orjson.dumps({"query": "{ a }", "variables": {"w": {"any": [{"a": {"b": 1}}] * 200_000}}})
NUMBERS = orjson.dumps({"query": "{ a }", "variables": {"w": list(range(300_000))}})
ROWS = orjson.dumps(
    {
        "query": "mutation { a }",
        "variables": {
            "rows": [
                {
                    "externalId": f"m{row}",
                    "attributes": {f"attribute_{number}": f"{row}, {number}" for number in range(300)},
                }
                for row in range(1_000)
            ]
        },
    }
)
"""The most members of one request, with many attributes each."""

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


def seconds(work: Callable[[], Any]) -> float:
    """The processor time of work, the least of a few."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)


def refuse(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        large_bodies.check(body)
    assert refused.value.code == "VARIABLES_TOO_LARGE"


@pytest.mark.parametrize("body", [KEYS, LEAVES, NUMBERS])
def test_what_no_operation_takes_is_refused(body: bytes) -> None:
    refuse(body)


@pytest.mark.parametrize("body", [KEYS, LEAVES])
def test_to_refuse_a_body_takes_a_part_of_what_reading_it_takes(body: bytes) -> None:
    assert seconds(lambda: refuse(body)) < seconds(lambda: orjson.loads(body)) / 3


def test_the_largest_batch_passes() -> None:
    assert len(ROWS) > 7_000_000
    large_bodies.check(ROWS)
    assert large_bodies.parse(ROWS) == orjson.loads(ROWS)


def test_one_object_has_few_keys_wherever_it_is() -> None:
    keys = b",".join(b'"k%d":{}' % number for number in range(2_001))
    with pytest.raises(Refused, match="2,000 keys"):
        large_bodies.parse(b'{"query":"{ a }","variables":{%b}}' % keys)


@given(VALUES)
@settings(max_examples=tries(100, 2_000), deadline=None)
def test_a_large_body_is_read_as_a_small_one(value: Any) -> None:
    body = json.dumps(value).encode()
    assert large_bodies.parse(body) == orjson.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1,]",
        b"NaN",
        b"[Infinity]",
        b"[1e999]",
        b"1" + b"0" * 400,
        b'"\xff"',
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
        b'"\n"',
        b"{} {}",
    ],
)
def test_what_is_no_json_is_refused_as_in_a_small_body(body: bytes) -> None:
    for read in (orjson.loads, large_bodies.parse):
        with pytest.raises(JSONDecodeError):
            read(body)


async def test_others_have_the_loop_while_a_large_body_is_read() -> None:
    async def at_once(work: Callable[[], Awaitable[object]]) -> object:
        return await work()

    turns = 0
    reading = asyncio.create_task(large_bodies.read(ROWS, at_once))
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    await reading

    assert turns > 10
    assert large_bodies.decoded(ROWS) is None  # it is known to the task that read it only


async def test_the_parts_of_a_large_body_come_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    parts = [endpoint.SMALL_BYTES // 2] * 5

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * parts.pop(), "more_body": bool(parts)}

    async def turn() -> None:
        turns.append(len(parts))

    monkeypatch.setattr(endpoint, "turn", turn)
    receive_in_turns = endpoint._limited(receive, 10 * endpoint.SMALL_BYTES)
    while parts:
        await receive_in_turns()

    assert turns == [2, 1, 0]  # the first two parts are no large body yet
