"""A subscriber of a broadcast: what it gets, and when it has to go on by itself."""

import asyncio

import pytest

from seggraph.transport.sharing import WAITING_MESSAGES, Member, _Message


async def test_messages_go_out_behind_the_subscribers_own_id() -> None:
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    member = Member('a"b', send)
    member.begin(None)
    member.push(_Message(b'{"data":1}', "c1"))

    assert sent == ['{"id":"a\\"b","type":"next","payload":{"data":1}}']
    assert not member.left.done()


async def test_a_slow_one_keeps_the_order_and_leaves_when_too_much_waits() -> None:
    sent: list[str] = []
    may_send = asyncio.Event()

    async def send(text: str) -> None:
        await may_send.wait()
        sent.append(text)

    # given a client that takes nothing for a while
    member = Member("1", send)
    member.begin(None)
    for number in range(3):
        member.push(_Message(str(number).encode(), f"before {number}"))
    assert sent == []

    # when it takes messages again, then they come in order
    may_send.set()
    while len(sent) < 3:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    assert [text[-2] for text in sent] == ["0", "1", "2"]

    # and when too many wait, then it goes on by itself from before the first of them
    may_send.clear()
    for number in range(WAITING_MESSAGES + 2):
        member.push(_Message(str(number).encode(), f"before {number}"))
    assert member.left.result() == "before 1"
    may_send.set()
    assert await member.alone() == "before 1"


@pytest.mark.parametrize("waits", [False, True])
async def test_one_that_is_gone_leaves(waits: bool) -> None:
    async def send(_: str) -> None:
        if waits:
            await asyncio.sleep(0)
        raise ConnectionResetError

    member = Member("1", send)
    member.begin(None)
    member.push(_Message(b"1", "before 1"))

    assert await member.alone() in ("before 1", "")


async def test_one_whose_connection_fails_leaves_without_harm_to_the_others() -> None:
    async def send(_: str) -> None:
        raise AssertionError("it is sent at once")

    def fail(_: bytes) -> bool:
        raise RuntimeError("broken")

    member = Member("1", send, fail)
    member.begin(None)
    member.push(_Message(b"1", "before 1"))

    assert await member.alone() == "before 1"
