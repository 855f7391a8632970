"""What is open for long leaves nothing behind when its client goes away."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation

from seggraph.transport.sessions import Rights, while_admitted
from seggraph.transport.websocket import TransportWSHandler


async def silent() -> AsyncGenerator[Any, None]:
    await asyncio.Event().wait()
    yield None


async def allowed() -> None:
    pass


async def test_leaving_while_nothing_comes_ends_every_task() -> None:
    stream = while_admitted(silent(), allowed, 30, Rights(), None)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stream.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def handler_with(ids: list[str], sent: list[Any]) -> tuple[Any, list[Operation[Any, None]]]:
    """A connection with operations that go on, and what it sends."""

    class Socket:
        async def send_json(self, message: Any) -> None:
            sent.append(message)

    handler: Any = TransportWSHandler.__new__(TransportWSHandler)
    handler.websocket, handler.operations = Socket(), {}
    operations = []
    for one in ids:
        operation: Operation[Any, None] = Operation(handler, one, "{ hello }", None, None)
        operation.task = asyncio.create_task(asyncio.Event().wait())
        handler.operations[one] = operation
        operations.append(operation)
    return handler, operations


async def test_an_operation_that_is_just_ending_does_not_end_another_one_of_its_id() -> None:
    sent: list[Any] = []
    handler, [ending] = await handler_with(["1"], sent)
    await handler.cleanup_operation("1")
    _, [other] = await handler_with(["1"], sent)
    handler.operations["1"] = other

    await ending.send_operation_message({"id": "1", "type": "complete"})

    assert (sent, handler.operations) == ([], {"1": other})
    for one in (ending, other):
        assert one.task is not None
        one.task.cancel()


async def test_a_client_that_has_gone_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    handler, [operation] = await handler_with(["1"], [])
    assert operation.task is not None
    operation.task.cancel()

    await handler.handle_task_exception(WebSocketDisconnected())
    assert caplog.records == []
    handler.task_logger = logging.getLogger("test")
    await handler.handle_task_exception(RuntimeError("ours"))
    assert len(caplog.records) == 1
