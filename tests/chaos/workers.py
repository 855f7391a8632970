"""Worker processes that dawdle, so that whatever is killed is killed in the middle of something.

They are forked from a process that has imported everything already: a new one is there in a few hundredths of a second.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph import observability
from seggraph.cli.application import until_stopped
from seggraph.context import open_context
from seggraph.engines import Engine, EvaluationRequest
from seggraph.errors import CriteriaTooSlow
from seggraph.settings import Settings
from seggraph.worker import run_worker

SLOW_COUNTRY: Final = "SLOW"
"""Criteria that ask for this country take longer than any statement may."""
LONGEST_DAWDLING: Final = 0.6

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload([__name__])


@dataclass
class DawdlingEngine:
    """Takes a while for a whole population, and too long for one country."""

    inner: Engine
    chance: random.Random = field(default_factory=random.Random)

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        if any(SLOW_COUNTRY in repr(one) for one in request.criteria):
            await _sleep_too_long(connection, request.timeout_seconds)
        elif request.within_ordinals is None:
            await asyncio.sleep(self.chance.random() * LONGEST_DAWDLING)
        return await self.inner.evaluate(connection, request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


async def _sleep_too_long(connection: asyncpg.Connection, seconds: float) -> None:
    """A statement that the server ends when its time is over, as it ends a slow evaluation."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
            await connection.execute(f"SELECT pg_sleep({2 * seconds})")
    except asyncpg.QueryCanceledError as error:
        raise CriteriaTooSlow("Evaluating takes too long.") from error


def _work(environment: Mapping[str, str], log: Path) -> None:
    """The process. What it logs goes to a file that all of them share."""
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    settings = Settings()
    observability.configure(level=settings.log_level)
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    async with until_stopped() as stopping, open_context(settings) as context:
        await run_worker(replace(context, engine=DawdlingEngine(context.engine)), stopping)


class Workers:
    """Some workers. Whatever becomes of one, `keep` starts another in its place."""

    def __init__(self, environment: Mapping[str, str], log: Path, count: int) -> None:
        self._environment = environment
        self._log = log
        self._count = count
        self._processes: list[Any] = []
        self._frozen: dict[int, float] = {}
        self.died: list[int] = []
        """Exit codes of those that ended though nobody had told them to."""

    def keep(self) -> None:
        """Start workers in the place of those that are gone, and thaw those whose time has come."""
        now = time.monotonic()
        for pid in [pid for pid, until in self._frozen.items() if until <= now]:
            self._signal(pid, signal.SIGCONT)
            del self._frozen[pid]
        for process in [process for process in self._processes if not process.is_alive()]:
            self._processes.remove(process)
            if process.exitcode not in (
                0,
                -signal.SIGKILL,
                -signal.SIGTERM,
            ):  # which may come before it listens
                self.died.append(process.exitcode)
        while len(self._processes) < self._count:
            process = _forked.Process(target=_work, args=(dict(self._environment), self._log), daemon=True)
            process.start()
            self._processes.append(process)

    def signal_one(self, chance: random.Random, number: signal.Signals) -> None:
        """Send a signal to one of those that are not frozen."""
        pids = [process.pid for process in self._processes if process.pid not in self._frozen]
        if pids:
            self._signal(chance.choice(pids), number)

    def freeze_one(self, chance: random.Random, seconds: float) -> None:
        """Stop one from running for a while; it does not notice, and goes on in the middle of what it was at."""
        process = chance.choice(self._processes)
        if process.is_alive() and process.pid not in self._frozen:
            self._signal(process.pid, signal.SIGSTOP)
            self._frozen[process.pid] = time.monotonic() + seconds

    def thaw(self) -> None:
        """Let all go on."""
        self._frozen = dict.fromkeys(self._frozen, 0.0)
        self.keep()

    def stop(self) -> None:
        """Kill them all."""
        for process in self._processes:
            process.kill()
            process.join(10)
        self._processes.clear()

    @staticmethod
    def _signal(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
