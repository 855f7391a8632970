"""One loop of chaos: build a world, strike while everything goes on, let it settle, and compare with the truth."""

import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
from pydantic import SecretStr

from seggraph import embedded
from seggraph.api.base import ids
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import segments
from seggraph.settings import Settings
from tests.chaos.checks import FinalState, Monitor, settle
from tests.chaos.faults import Faults
from tests.chaos.meanings import CHOICES, WINDOW
from tests.chaos.watching import Watcher
from tests.chaos.workers import Workers
from tests.chaos.world import WRITERS, World
from tests.conftest import new_viewer
from tests.events.conftest import Server
from tests.product import serving

SETTLED_WITHIN_SECONDS: Final = 60.0
UNLEASED_SECONDS: Final = 15.0
TOLD_SECONDS: Final = 10.0
WORKER_COUNT: Final = 3
SECRET: Final = "a secret that only the tests know, of 32 and more"

RUNS: Final = "SELECT count(*) FROM runs WHERE trigger = 'FULL' AND status <> 'RUNNING'"
FIGURES: Final = "SELECT trigger || ' ' || status AS what, count(*) AS number FROM runs GROUP BY 1 ORDER BY 1"
DEFECT: Final = re.compile(
    r"drift_found|Undefined|Violation|Deadlock|(Runtime|Type|Value|Attribute|Name|Assertion)Error"
)
"""What no fault explains in the workers' log."""

DEADLOCKS: Final = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

GIVEN_UP: Final = """
    UPDATE segments SET next_sync_at = now() WHERE status = 'ACTIVE' AND reach_status = 'FAILED' AND NOT id = ANY($1)
      AND next_sync_at <= now() + interval '5 minutes'
    RETURNING name, error_code, error_message
"""

BEGUN: Final = (
    "SELECT lease_holder IS NOT NULL OR computed_revision = requested_revision FROM segments WHERE id = $1"
)

TRUTH: Final = (
    "SELECT id, status, reach_status, reach_total, member_count FROM segments WHERE workspace_id = $1"
)


@dataclass
class Report:
    """What one loop did, and what was found. It is right when there are no `defects`.

    All limits of time are `slack` times as long: where the machine may be busy, only what is stuck is a defect.
    """

    seed: int
    slack: float = 1.0
    faults: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    runs: dict[str, int] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    longest_unleased_seconds: float = 0.0
    longest_unleased: str = ""
    longest_operation_seconds: float = 0.0
    settled_seconds: float = 0.0
    told_seconds: float = 0.0
    restarted_seconds: float = 0.0
    others_seconds: float = 0.0
    deadlocks: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


@dataclass
class Loop:
    """The parts of one loop."""

    report: Report
    context: Context
    connection: asyncpg.Connection
    world: World
    faults: Faults
    workers: Workers
    monitor: Monitor
    watchers: list[Watcher]
    log: Path
    is_calm: bool = False

    async def play(self, least_faults: int, least_runs: int, pause_seconds: float) -> None:
        """Chaos, calm, and the checks."""
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(self.monitor.watch()),
                group.create_task(self._keep_workers()),
                *(group.create_task(watcher.watch(lambda: self.is_calm)) for watcher in self.watchers),
            ]
            await self._chaos(least_faults, least_runs, pause_seconds)
            self.workers.thaw()
            await self._calm()
            await self._edit_during_a_run()
            await self._bad_ones_delay_nobody()
            for task in background:
                task.cancel()
        self._figures()

    async def _keep_workers(self) -> None:
        while True:
            self.workers.keep()
            await asyncio.sleep(0.05)

    async def _chaos(self, least_faults: int, least_runs: int, pause_seconds: float) -> None:
        """Strike until there were enough faults and runs, with writers and an operator at work."""
        chance = random.Random(self.report.seed)
        over = False

        def going() -> bool:
            return not over

        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(self.world.write(number, going))
            group.create_task(self.world.operate(going))
            while self.faults.done.total() < least_faults or await self._runs() < least_runs:
                await asyncio.sleep(chance.uniform(0, 2 * pause_seconds))
                await self.faults.strike()
            over = True

    async def _runs(self) -> int:
        try:
            return int(await self.connection.fetchval(RUNS))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.connection = await self._connect()
            return 0

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self.context.settings.database_url, timeout=20, server_settings={"application_name": "chaos"}
        )

    async def _calm(self) -> None:
        """Let everything settle, and compare what is stored and what was told with what should be."""
        self.is_calm = True
        await self.world.wake()
        self.connection = await self._connect()
        passed = datetime.now(UTC) + WINDOW
        bad = [self.world.fixed["slow"], self.world.fixed["broken"]]
        self.report.settled_seconds = await settle(
            self.connection, SETTLED_WITHIN_SECONDS * self.report.slack, passed
        )
        # A segment that lost its worker too often says so, and is tried again after minutes: let them be over.
        for row in await self.connection.fetch(GIVEN_UP, bad):
            self.report.given_up.append(f"{row['name']}: {row['error_code']} {row['error_message']}")
        await settle(self.connection, SETTLED_WITHIN_SECONDS * self.report.slack, passed)
        self.report.defects += await FinalState(self.connection, self.world).check()
        self.report.told_seconds = await self._told()

    async def _told(self) -> float:
        """How long it takes until all subscribers know the truth."""
        began = time.monotonic()
        rows = await self.connection.fetch(TRUTH, self.world.viewer.workspace_id)
        truth = {str(ids.encode("Segment", row["id"])): tuple(row)[1:] for row in rows}
        while wrong := [watcher for watcher in self.watchers if watcher.seen != truth]:
            if time.monotonic() - began > TOLD_SECONDS * self.report.slack:
                for watcher in wrong:
                    differences = {
                        key: (watcher.seen.get(key), truth.get(key))
                        for key in watcher.seen.keys() | truth.keys()
                        if watcher.seen.get(key) != truth.get(key)
                    }
                    self.report.defects.append(f"a subscriber saw last, instead of the truth: {differences}")
                break
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _edit_during_a_run(self) -> None:
        """An edit makes the run under way void, and the next begins at once."""
        segment_id = next(iter(self.world.wanted))
        for number in range(20):
            segment = await segments.recalculate(self.context, self.world.viewer, segment_id)
            await self._until(BEGUN, segment_id)  # or it is over already, and the next may be longer
            edited_at = time.monotonic()
            choice = CHOICES[number % 2][0]
            await segment_edits.update(self.context, self.world.viewer, segment_id, {"criteria": choice})
            await self._until(BEGUN, segment_id)
            self.report.restarted_seconds = time.monotonic() - edited_at
            await self._until("SELECT reach_status = 'READY' FROM segments WHERE id = $1", segment_id)
            status = await self.connection.fetchval(
                "SELECT status FROM runs WHERE segment_id = $1 AND revision = $2 AND trigger = 'FULL'",
                segment_id,
                segment.requested_revision,
            )
            if status == "VOID":
                return
        self.report.defects.append("no run was made void by an edit")

    async def _bad_ones_delay_nobody(self) -> None:
        """With a slow and a broken segment at work, the others are READY in their usual time."""
        for segment_id in (self.world.fixed["slow"], self.world.fixed["broken"], *self.world.good):
            await segments.recalculate(self.context, self.world.viewer, segment_id)
        began = time.monotonic()
        await self._until(
            "SELECT bool_and(reach_status = 'READY') FROM segments WHERE id = ANY($1)", self.world.good
        )
        self.report.others_seconds = time.monotonic() - began
        slow = (
            "SELECT reach_status = 'FAILED' AND error_code = 'CRITERIA_TOO_SLOW' FROM segments WHERE id = $1"
        )
        await self._until(slow, self.world.fixed["slow"])

    async def _until(self, query: str, *arguments: object) -> None:
        async with asyncio.timeout(120):
            while not await self.connection.fetchval(query, *arguments):  # noqa: ASYNC110 - others set it
                await asyncio.sleep(0.01)

    def _figures(self) -> None:
        report, world = self.report, self.world
        report.faults, report.operations = self.faults.done, world.done
        report.longest_unleased_seconds, report.longest_unleased = (
            self.monitor.longest_seconds,
            self.monitor.longest,
        )
        if report.longest_unleased_seconds > UNLEASED_SECONDS * report.slack:
            report.defects.append(f"without a live lease for too long: {report.longest_unleased}")
        report.longest_operation_seconds = world.longest_seconds
        for watcher in self.watchers:
            report.events += watcher.told
            report.events["came back"] += watcher.came_back
        report.defects += world.defects
        report.defects += [f"a worker died with {code}" for code in self.workers.died]
        report.warnings = _warnings(self.log)
        report.defects += [f"a worker logged {one}" for one in report.warnings if DEFECT.search(one)]


def _warnings(log: Path) -> Counter[str]:
    """What the workers logged, by event and reason."""
    found: Counter[str] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if match := re.search(r"\[(warning|error|critical)\s*\] (\S+)(.*)", plain):
            reason = re.search(r"reason='?\"?([A-Za-z_.]+)", match[3]) or re.search(r"code=(\S+)", match[3])
            found[f"{match[2]} {reason[1] if reason else ''}".strip()] += 1
        elif re.match(r"Traceback|\S*(Error|Exception)\b", plain):
            found[plain[:160]] += 1
    return found


@asynccontextmanager
async def _prepared(seed: int, *, postgres_crashes: int) -> AsyncIterator[Loop]:
    """Servers of its own, a migrated database, workers, an API with subscribers, and a world."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = await stack.enter_async_context(embedded.running(temporary=True))
        valkey = Server(folder)
        valkey.start()
        stack.callback(valkey.kill)
        await migrating.migrate(servers.database_url)
        settings = _settings(servers.database_url, valkey, folder)
        context = await stack.enter_async_context(open_context(settings))
        connection = await asyncpg.connect(
            servers.database_url, timeout=10, server_settings={"application_name": "chaos"}
        )
        # What was committed survives the crash of a backend, as it does in production.
        await connection.execute("ALTER DATABASE seggraph SET synchronous_commit = on")
        log = folder / "workers.log"
        log.touch()
        workers = Workers(_environment(settings), log, WORKER_COUNT)
        stack.callback(workers.stop)
        faults = Faults(random.Random(seed), workers, valkey, servers.database_url, postgres_crashes)
        world = World(context, await new_viewer("Chaos"), seed)
        server = await stack.enter_async_context(serving(context))
        clients = [await stack.enter_async_context(server.sign_in(world.viewer)) for _ in range(2)]
        watchers = [
            Watcher(client, random.Random(seed + number), leaves=number > 0)
            for number, client in enumerate(clients)
        ]
        report = Report(seed)
        monitor = Monitor(servers.database_url, faults)
        yield Loop(report, context, connection, world, faults, workers, monitor, watchers, log)


def _settings(database_url: str, valkey: Server, folder: Path) -> Settings:
    return Settings(
        database_url=database_url,
        redis_url=f"redis://127.0.0.1:{valkey.port}",
        jwt_secret=SecretStr(SECRET),
        database_pool_size=16,
        statement_timeout_seconds=1.5,
        session_check_seconds=5,
        lease_seconds=2,
        sweep_seconds=0.3,
        tick_seconds=0.3,
        files_dir=folder / "files",
    )


def _environment(settings: Settings) -> dict[str, str]:
    """The workers' settings, through the environment as in production."""
    given = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "JWT_SECRET": SECRET,
        "DATABASE_POOL_SIZE": 10,
        "STATEMENT_TIMEOUT_SECONDS": settings.statement_timeout_seconds,
        "LEASE_SECONDS": settings.lease_seconds,
        "SWEEP_SECONDS": settings.sweep_seconds,
        "TICK_SECONDS": settings.tick_seconds,
        "FILES_DIR": settings.files_dir,
        "LOG_LEVEL": "warning",
    }
    return {f"SEGGRAPH_{name}": str(value) for name, value in given.items()}


async def play(
    seed: int,
    *,
    least_faults: int,
    least_runs: int,
    postgres_crashes: int,
    pause_seconds: float,
    slack: float = 1.0,
    keep_log: Callable[[str], None] | None = None,
) -> Report:
    """One loop, from nothing to its report."""
    async with _prepared(seed, postgres_crashes=postgres_crashes) as loop:
        loop.report.slack = slack
        try:
            loop.workers.keep()
            await loop.world.build()
            await loop.play(least_faults, least_runs, pause_seconds)
            loop.report.runs = {row["what"]: row["number"] for row in await loop.connection.fetch(FIGURES)}
            loop.report.deadlocks = await loop.connection.fetchval(DEADLOCKS)
        finally:
            if keep_log is not None:
                keep_log(loop.log.read_text(errors="replace"))
            loop.connection.terminate()
    return loop.report
