"""Calls to the outside: what is refused, what is bounded, and that a name cannot change its mind."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from ipaddress import ip_network
from typing import Any

import pytest

from seggraph.http_client import AddressRefused, ConnectionFailed, Outgoing
from tests.destinations.answering import answering, http, saying
from tests.product import PATIENCE_SECONDS

LOOPBACK = ip_network("127.0.0.0/8")


@pytest.fixture
async def outgoing() -> AsyncIterator[Outgoing]:
    """A client that may call this machine."""
    async with aclosing(Outgoing([LOOPBACK])) as client:
        yield client


@pytest.fixture
async def strict() -> AsyncIterator[Outgoing]:
    """A client that may call the public internet only."""
    async with aclosing(Outgoing()) as client:
        yield client


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://168.63.129.16/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "http://93.184.216.34/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "https://",
        "https://user:secret@93.184.216.34/",
        "https://93.184.216.34\\@127.0.0.1/",
        "https://93.184.216.34:99999/",
        "https://[::1/",
        "https://93.184.216.34/\r\nHost: evil",
        "https://exämple.com/",
        "https://93.184.216.34/" + "a" * 2_000,
    ],
)
async def test_what_is_not_in_the_public_internet_or_no_url_is_refused(strict: Outgoing, url: str) -> None:
    with pytest.raises(AddressRefused):
        await strict.check(url)
    with pytest.raises(AddressRefused):
        await strict.send("GET", url)


async def test_a_public_address_and_an_allowed_network_may_be_called(
    strict: Outgoing, outgoing: Outgoing
) -> None:
    await strict.check("https://93.184.216.34/path?query=1")
    await outgoing.check("http://127.0.0.1:8080/")


async def test_metadata_services_are_refused_also_in_an_allowed_network() -> None:
    async with aclosing(Outgoing([ip_network("0.0.0.0/0"), ip_network("::/0")])) as client:
        await client.check("http://10.1.2.3/")
        for host in ("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200"):
            with pytest.raises(AddressRefused):
                await client.check(f"http://{host}/")


async def test_one_bad_address_of_a_name_is_enough_to_refuse_it(
    strict: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve(monkeypatch, [["93.184.216.34", "10.0.0.1"]])

    with pytest.raises(AddressRefused):
        await strict.check("https://example.com/")


async def test_a_name_that_answers_otherwise_after_the_check_is_refused_when_it_is_called(
    strict: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve(monkeypatch, [["93.184.216.34"], ["127.0.0.1"]])
    await strict.check("https://example.com/")

    with pytest.raises(AddressRefused):
        await strict.send("POST", "https://example.com/")


async def test_the_connection_goes_to_the_address_that_was_judged(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _resolve(monkeypatch, [["127.0.0.1"], ["10.0.0.1"]])
    async with answering(saying(http("204 No Content"))) as port:
        answer = await outgoing.send("POST", f"http://name.example:{port}/")

    assert answer.status == 204
    assert asked == ["name.example"]


async def test_an_answer_is_read_up_to_its_limit_and_a_redirect_is_not_followed(outgoing: Outgoing) -> None:
    async with answering(saying(http("302 Found", b"x" * 5_000, "Location: http://127.0.0.1:1/"))) as port:
        answer = await outgoing.send("POST", f"http://127.0.0.1:{port}/", content=b"{}", max_body_bytes=100)

    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:1/")
    assert (answer.body, answer.whole) == (b"x" * 100, False)


async def test_silence_garbage_and_cut_connections_are_unanswered(outgoing: Outgoing) -> None:
    async def hang(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    cases = [
        hang,
        drip,
        saying(b"\x00\xff garbage\r\n\r\n"),
        saying(b""),
        saying(http("200 OK", b"abc")[:-1]),
    ]
    for conversation in cases:
        async with answering(conversation) as port:
            with pytest.raises(ConnectionFailed):
                await outgoing.send("POST", f"http://127.0.0.1:{port}/", timeout_seconds=0.2)
    with pytest.raises(ConnectionFailed):
        await outgoing.send("POST", "http://127.0.0.1:1/")


async def test_a_header_that_would_be_two_is_not_sent(outgoing: Outgoing) -> None:
    async with answering(saying(http("200 OK"))) as port:
        with pytest.raises(AddressRefused):
            await outgoing.send("GET", f"http://127.0.0.1:{port}/", headers={"X-One": "a\r\nX-Two: b"})


def _resolve(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let names have these addresses, one list for each time that one is looked up; returns what was asked."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in answers.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    return asked


async def test_a_connection_is_closed_when_the_agreement_on_tls_takes_too_long(outgoing: Outgoing) -> None:
    ended = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ConnectionFailed) as failure:
        await outgoing.send("POST", f"https://127.0.0.1:{port}/", timeout_seconds=0.5)

    # the error, and so the connection, is still known to somebody
    assert failure.value.__cause__ is not None
    await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)
    server.close()
    await server.wait_closed()
