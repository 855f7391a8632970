"""What is done to workers, PostgreSQL and Redis, and when both servers were last put back."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.chaos.workers import Workers
from tests.events.conftest import Server

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'seggraph' AND pid <> pg_backend_pid()"
CUT = f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS} ORDER BY random() LIMIT $1) b"


@dataclass
class Faults:
    """Random faults, one at a time. `restored_at` is when both servers could be reached again last."""

    chance: random.Random
    workers: Workers
    valkey: Server
    database_url: str
    postgres_crashes: int
    done: Counter[str] = field(default_factory=Counter)
    restored_at: float = field(default_factory=time.monotonic)
    is_away: bool = False

    async def strike(self) -> None:
        """Do one thing or another."""
        choices: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (8, self.kill_worker),
            (2, self.stop_worker),
            (3, self.freeze_worker),
            (5, self.cut_connections),
            (1, self.flush_redis),
            (1, self.crash_redis),
            (1, self.lose_redis),
            (1, self.freeze_redis),
            (1 if self.done["crash_postgres"] < self.postgres_crashes else 0, self.crash_postgres),
        ]
        [(_, fault)] = self.chance.choices(choices, [weight for weight, _ in choices])
        self.done[fault.__name__] += 1
        await fault()

    async def kill_worker(self) -> None:
        self.workers.signal_one(self.chance, signal.SIGKILL)

    async def stop_worker(self) -> None:
        self.workers.signal_one(self.chance, signal.SIGTERM)

    async def freeze_worker(self) -> None:
        """Most are back soon; some find that the server has ended what they were in the middle of."""
        longest = self.chance.choice([6, 6, 6, 6, 20])
        self.workers.freeze_one(self.chance, self.chance.uniform(0.5, longest))

    async def cut_connections(self) -> None:
        with suppress(asyncpg.PostgresError, OSError):
            connection = await asyncpg.connect(
                self.database_url, timeout=10, server_settings={"application_name": "chaos"}
            )
            try:
                await connection.execute(CUT, self.chance.choice([1, 2, 4, 100]))
            finally:
                await connection.close(timeout=5)

    async def flush_redis(self) -> None:
        async with Redis(port=self.valkey.port, socket_timeout=5) as redis:
            with suppress(RedisError):
                await redis.flushall()

    async def crash_redis(self) -> None:
        """It comes back with all that it had acknowledged."""
        await self._without_redis(loses=False)

    async def lose_redis(self) -> None:
        """It comes back empty."""
        await self._without_redis(loses=True)

    async def _without_redis(self, *, loses: bool) -> None:
        self.is_away = True
        await asyncio.to_thread(self.valkey.kill)
        if loses:
            await asyncio.to_thread(self.valkey.wipe)
        await asyncio.sleep(self.chance.uniform(0, 1))
        await asyncio.to_thread(self.valkey.start)
        self._back()

    async def freeze_redis(self) -> None:
        """It takes connections and answers nothing."""
        self.is_away = True
        assert self.valkey.process is not None
        self.valkey.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        self.valkey.process.send_signal(signal.SIGCONT)
        self._back()

    async def crash_postgres(self) -> None:
        """A killed backend makes the server end all others and recover."""
        connection = await asyncpg.connect(self.database_url, timeout=10)
        pid = await connection.fetchval(f"{BACKENDS} LIMIT 1")
        if pid is None:
            await connection.close()
            return
        self.is_away = True
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await connection.execute("SELECT pg_sleep(5)")  # which the server ends with all the others
        connection.terminate()
        async with asyncio.timeout(120):
            while not await self._answers():  # noqa: ASYNC110 - the server's doing
                await asyncio.sleep(0.05)
        self._back()

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.database_url, timeout=5)
        except (asyncpg.PostgresError, OSError):
            return False
        await connection.close()
        return True

    def _back(self) -> None:
        self.is_away = False
        self.restored_at = time.monotonic()
