"""Calls of scripts in Redis that give up soon: while Redis is away, everything is decided by the process alone."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

CALL_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 1.0
"""How long Redis is not asked again after a call that failed."""


class RedisCalls:
    """The scripts of one process; None for an answer says that Redis is away."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._scripts: dict[str, Any] = {}
        self._away_until = 0.0

    async def run(self, script: str, key: str, arguments: Sequence[str | int | float]) -> Any:
        """What a script answers for a key; None while Redis is away."""
        if self._redis is None or monotonic() < self._away_until:
            return None
        known = self._scripts.get(script)
        if known is None:
            known = self._scripts[script] = self._redis.register_script(script)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await known(keys=[key], args=list(arguments))
        except (RedisError, OSError) as error:  # an OSError is what a TimeoutError is too
            self._away_until = monotonic() + AWAY_SECONDS
            log.warning("throttle_without_redis", reason=f"{type(error).__name__}: {error}")
            return None
