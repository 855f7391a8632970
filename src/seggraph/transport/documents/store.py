"""Persisted documents in Redis, so that every process finds what one of them was sent.

The documents that were used last are kept, up to a number, and for a day. Without Redis each process knows its own.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

TEXTS: Final = "seggraph:documents"
USED: Final = "seggraph:documents:used"
MAX_DOCUMENTS: Final = 10_000
KEPT_SECONDS: Final = 86_400
"""For how long after the last new document all of them are kept."""


class RedisDocumentStore:
    """A `DocumentStore` in Redis. `redis` gives the connection, or None while there is none."""

    def __init__(self, redis: Callable[[], "Redis | None"]) -> None:
        self._redis = redis

    async def find(self, digest: str) -> str | None:
        """The text of a document, or None; also while Redis is away."""
        redis = self._redis()
        if redis is None:
            return None
        try:
            text = await redis.hget(TEXTS, digest)  # type: ignore[misc]
        except (RedisError, OSError) as error:
            log.warning("document_store_away", error=str(error))
            return None
        return text.decode() if isinstance(text, bytes) else text

    async def keep(self, digest: str, text: str) -> None:
        """Keep a document, and let go of those that were kept longest ago when there are too many."""
        redis = self._redis()
        if redis is None:
            return
        try:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(TEXTS, digest, text)
                pipeline.zadd(USED, {digest: time.time()})
                pipeline.expire(TEXTS, KEPT_SECONDS)
                pipeline.expire(USED, KEPT_SECONDS)
                pipeline.zrange(USED, 0, -(MAX_DOCUMENTS + 1))
                surplus = (await pipeline.execute())[-1]
            if surplus:
                await redis.hdel(TEXTS, *surplus)  # type: ignore[misc]
                await redis.zrem(USED, *surplus)
        except (RedisError, OSError) as error:
            log.warning("document_store_away", error=str(error))
