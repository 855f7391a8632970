"""New clients are accepted several at a time, however many connect at once."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from seggraph.cli.application import new_loop
from seggraph.cli.serving import ACCEPTED_AT_ONCE, accepting

CLIENTS = 160


async def turns_to_accept(listeners: list[socket.socket]) -> int:
    """In how many turns of the event loop all clients that wait are accepted."""
    loop, accepted, turns = asyncio.get_running_loop(), 0, 0

    class Client(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal accepted
            accepted += 1
            transport.close()

    servers = [await loop.create_server(Client, sock=listener) for listener in listeners]
    while accepted < CLIENTS:
        await asyncio.sleep(0)
        turns += 1
    for server in servers:
        server.close()
        await server.wait_closed()
    return turns


def test_many_clients_are_accepted_in_few_turns() -> None:
    if new_loop is None:
        pytest.skip("uvloop is not made for this platform")
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        with asyncio.Runner(loop_factory=new_loop) as runner:
            turns = runner.run(turns_to_accept(accepting(listener)))

    assert turns < CLIENTS / ACCEPTED_AT_ONCE * 4
