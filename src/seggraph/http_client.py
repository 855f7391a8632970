"""The one HTTP client for calls to the outside: bounded in time and size, no redirects, and no way inside.

A name is resolved here, every address that it has is checked, and the connection is made to the address that was
checked: a name that answers with another address a moment later gains nothing. Proxies of the environment are not used.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import structlog

from seggraph.errors import ErrorCode, SeggraphError

log = structlog.get_logger()

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL: Final = 2_000
MAX_BODY_BYTES: Final = 64 * 1024
"""How much of an answer is read unless the caller says otherwise."""
RESOLVE_SECONDS: Final = 5.0
CONNECTIONS: Final = 50
IDLE_CONNECTIONS: Final = 10
IDLE_SECONDS: Final = 5.0

METADATA: Final = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
        ),
    )
)
"""Where clouds tell a machine its credentials: refused whatever is allowed."""

TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv6 addresses that a gateway translates to the IPv4 address in their last four bytes (RFC 6052)."""


class AddressRefused(SeggraphError):
    """A URL that is none we would call, or whose name has an address that is not in the public internet."""

    code = ErrorCode.INVALID


class ConnectionFailed(SeggraphError):
    """The other side did not answer: no connection, cut off, too slow, or not HTTP. It may have done the work."""

    code = ErrorCode.RETRY_LATER
    retryable = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered: header names are in lower case; `whole` is False when the body was cut off."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True


class Outgoing:
    """Calls the outside. `networks` are private ones that may be called nevertheless, also without TLS."""

    def __init__(
        self, networks: Iterable[Network] = (), *, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        allowed = tuple(networks)
        self._guards = {"https": _Guard(allowed, plain=False), "http": _Guard(allowed, plain=True)}
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=ssl_context,
                max_connections=CONNECTIONS,
                max_keepalive_connections=IDLE_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=guard,
            )
            for scheme, guard in self._guards.items()
        }

    async def aclose(self) -> None:
        """Close the connections that are kept for the next call."""
        for pool in self._pools.values():
            await pool.aclose()

    async def check(self, url: str) -> None:
        """Raise AddressRefused unless the URL may be called as things are now; for when a person enters it."""
        scheme, host, port = _parts(url)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                await self._guards[scheme].addresses(host, port)
        except TimeoutError:
            raise AddressRefused(f"The name {host} could not be looked up in time; try again.") from None
        except OSError:
            raise AddressRefused(f"There is no host {host}; check the spelling.") from None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout_seconds: float = 10.0,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """Make one call and read the answer, whatever its status; a redirect is an answer like any other.

        Raises AddressRefused, and ConnectionFailed when there was no answer in time.
        """
        scheme, _, _ = _parts(url)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._send(
                    self._pools[scheme], method, url, headers or {}, content, max_body_bytes
                )
        except TimeoutError as error:
            raise ConnectionFailed(f"There was no answer within {timeout_seconds:g} seconds.") from error
        except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol) as error:
            raise AddressRefused("This cannot be sent over HTTP: check headers and address.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            log.info("outgoing_failed", reason=f"{type(error).__name__}: {error}")
            raise ConnectionFailed(_reason(error)) from error

    async def _send(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        max_body_bytes: int,
    ) -> Answer:
        sent = {"User-Agent": "seggraph", "Content-Length": str(len(content))} | dict(headers)
        async with pool.stream(
            method.encode(),
            url.encode(),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()],
            content=content,
        ) as response:
            body, whole = await _read(response, max_body_bytes)
            given = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            return Answer(response.status, given, body, whole)


async def _read(response: httpcore.Response, limit: int) -> tuple[bytes, bool]:
    """Up to so many bytes of the body, and whether that was all; the rest is not read."""
    body = b""
    async with aclosing(response.aiter_stream()) as parts:  # type: ignore[type-var]
        async for part in parts:
            body += part
            if len(body) > limit:
                return body[:limit], False
    return body, True


def _parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises AddressRefused for what is no http or https URL, or says who signs in."""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefused(f"A URL has at most {MAX_URL} ASCII characters without spaces.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused("This is not a URL; one looks like https://example.com/path.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused("Only https:// URLs are called; one looks like https://example.com/path.")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise AddressRefused("Leave user and password out of the URL; secrets have fields of their own.")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80)


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects to addresses that may be called, and to no other; `plain` without TLS, so only to our own networks."""

    def __init__(self, networks: Sequence[Network], *, plain: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._networks = networks
        self._plain = plain

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name. Raises AddressRefused if one of them may not be called, OSError without any."""
        try:
            entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as error:  # an empty label, or one of more than 63 characters
            raise AddressRefused(f"{host[:100]} is not the name of a host.") from error
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        for text in texts:
            self._check(host, ip_address(text.partition("%")[0]))
        if not texts:
            raise OSError(f"no address for {host}")
        return texts

    def _check(self, host: str, address: Address) -> None:
        real = _unwrapped(address)
        own = any(real in network for network in self._networks if network.version == real.version)
        if real in METADATA:
            raise AddressRefused(
                f"{host} is where a cloud gives machines their credentials, and is never called. Give the URL of a"
                " service that expects these calls."
            )
        if not (own or _is_public(real)):
            raise AddressRefused(
                f"{host} is not in the public internet. The operator of seggraph can allow its network with"
                " SEGGRAPH_OUTGOING_NETWORKS."
            )
        if self._plain and not own:
            raise AddressRefused("Use https://: without TLS, data and secrets would travel in the open.")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the checked addresses that answers."""
        failure: Exception = OSError("no address")
        for address in await self.addresses(host, port):
            try:
                options = (timeout, local_address, socket_options)
                return _Connection(await self._inner.connect_tcp(address, port, *options))
            except (OSError, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: there is nothing outside behind one."""
        raise AddressRefused("Only TCP connections leave.")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Connection(httpcore.AsyncNetworkStream):
    """A connection that is closed also when the agreement on TLS is given up: httpcore forgets it then."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Agree on TLS."""
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """What is known of it."""
        return self._inner.get_extra_info(info)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address in TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
        _, teredo = address.teredo or (None, None)
        return address.ipv4_mapped or address.sixtofour or teredo or address
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    )


def _reason(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectError | socket.gaierror | httpcore.ConnectTimeout):
        return "No connection could be made."
    if isinstance(error, httpcore.RemoteProtocolError):
        return "The connection was cut off, or what came is not HTTP."
    return "The connection failed."
