"""The public keys of an identity provider (JWKS), right under rotation, absence and slowness of the provider.

- A key that has left the document is refused after LIFESPAN_SECONDS at most, for then the whole document is read again.
- A key that is known is used at once, whatever is asked for besides: tokens with unknown keys wait for nothing but one
  request at a time, and cause one only every COOL_DOWN_SECONDS.
- While the provider is away, known keys are used for up to GRACE_SECONDS after they were read.
"""

import asyncio
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import httpcore
import jwt
import orjson
import structlog

from seggraph.errors import RetryLater, Unauthenticated

LIFESPAN_SECONDS: Final = 300.0
REFRESH_SECONDS: Final = 150.0
"""From this age on the document is read again in the background, so that nobody waits for it."""
GRACE_SECONDS: Final = 3_600.0
COOL_DOWN_SECONDS: Final = 5.0
TIMEOUT_SECONDS: Final = 5.0
MAX_BYTES: Final = 1024 * 1024

logger = structlog.get_logger("seggraph.identity")


class SigningKeys:
    """The keys of one JWKS URL. All times are of the monotonic clock."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at = -GRACE_SECONDS
        self._tried_at = -GRACE_SECONDS
        self._reading: asyncio.Task[bool] | None = None

    async def find(self, key_id: str) -> jwt.PyJWK:
        """The key with this id.

        Raises Unauthenticated when the provider has none, RetryLater when it does not say which keys it has.
        """
        age = time.monotonic() - self._read_at
        known = self._keys.get(key_id)
        if known is not None and age < LIFESPAN_SECONDS:
            if age >= REFRESH_SECONDS:
                self._begin()
            return known
        has_answered = await self._read()
        known = self._keys.get(key_id)
        if known is not None and time.monotonic() - self._read_at < GRACE_SECONDS:
            return known
        if has_answered or time.monotonic() - self._read_at < LIFESPAN_SECONDS:
            raise Unauthenticated("The token is not valid here: its key is none of the identity provider's.")
        raise RetryLater("The keys of the identity provider cannot be had for the moment.")

    async def _read(self) -> bool:
        """Read the document, unless that was tried a moment ago; whether it has been read now."""
        reading = self._begin()
        return False if reading is None else await asyncio.shield(reading)

    def _begin(self) -> "asyncio.Task[bool] | None":
        """The request that is under way, or a new one; None while the provider is left alone."""
        loop = asyncio.get_running_loop()
        reading = self._reading
        if reading is not None and not reading.done() and reading.get_loop() is loop:
            return reading
        if time.monotonic() - self._tried_at < COOL_DOWN_SECONDS:
            return None
        self._tried_at = time.monotonic()
        self._reading = loop.create_task(self._fetch())
        return self._reading

    async def _fetch(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                keys = _usable(await _document(self._url))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            logger.warning("jwks_unavailable", reason=f"{type(error).__name__}: {error}")
            return False
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            logger.warning("jwks_unreadable", reason=f"{type(error).__name__}: {error}")
            return False
        self._keys, self._read_at = keys, time.monotonic()
        return True


@cache
def signing_keys(url: str) -> SigningKeys:
    """The keys of a URL; one object for each URL of the process."""
    return SigningKeys(url)


async def _document(url: str) -> bytes:
    """The document. Raises ValueError for any other answer, and what httpcore raises."""
    async with (
        httpcore.AsyncConnectionPool(max_connections=1) as pool,
        pool.stream("GET", url, headers={"Accept": "application/json", "User-Agent": "seggraph"}) as response,
    ):
        if response.status != 200:
            raise ValueError(f"it answered {response.status}")
        body = b""
        async for part in response.aiter_stream():
            body += part
            if len(body) > MAX_BYTES:
                raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        return body


def _usable(document: bytes) -> dict[str, jwt.PyJWK]:
    """The keys that sign, by their ids. Raises PyJWTError or ValueError when there are none."""
    keys: Any = jwt.PyJWKSet.from_dict(orjson.loads(document)).keys
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in (None, "sig")}
