"""Bringing a database to the schema of this version, one process at a time."""

import gc
import pkgutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from seggraph import migrations
from seggraph.database.connections import tortoise_config
from seggraph.database.locks import MIGRATIONS

GARBAGE: Final = 200_000
"""New objects after which garbage is looked for: Tortoise copies its picture of all tables for every step, and the
usual 700 would double the time."""


BETWEEN_STATEMENTS: Final = {"idle_in_transaction_session_timeout": "5min"}
"""Tortoise thinks for seconds between two statements of one transaction, and for longer on a busy machine."""

Progress = Callable[[str, str, str], object]
"""Called with what happens (`apply_start`, `apply_done`, …), the app and the migration's name."""


async def migrate(database_url: str, *, target: str | None = None, progress: Progress | None = None) -> None:
    """Apply what is missing, or go to `target` (a migration's name, or `__first__` for an empty database)."""
    async with _locked(database_url):
        thresholds = gc.get_threshold()
        gc.set_threshold(GARBAGE, *thresholds[1:])
        config = tortoise_config(database_url, pool_size=2)
        config["connections"]["default"]["credentials"]["server_settings"] |= BETWEEN_STATEMENTS
        try:
            with _models_built_when_needed():
                await run_migrations(
                    config=config,
                    target=None if target is None else f"seggraph.{target}",
                    progress=progress,
                )
        finally:
            gc.set_threshold(*thresholds)
            await Tortoise.close_connections()


async def pending(connection: asyncpg.Connection) -> list[str]:
    """The names of the migrations that the connection's database lacks, in order."""
    known = sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))
    if await connection.fetchval("SELECT to_regclass('tortoise_migrations')") is None:
        return known
    rows = await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = 'seggraph'")
    applied = {row["name"] for row in rows}
    return [name for name in known if name not in applied]


async def write_missing(database_url: str) -> list[str]:
    """Write the migrations that the models need and migrations/ lacks; returns their paths. For developers."""
    config = tortoise_config(database_url, pool_size=2)
    await Tortoise.init(config=config, init_connections=False)
    try:
        apps = Tortoise.apps
        if apps is None:
            raise RuntimeError("Tortoise.init left no apps")
        writers = await MigrationAutodetector(apps, config["apps"]).changes()
        return [str(writer.write()) for writer in writers]
    finally:
        await Tortoise.close_connections()


class EarlierState(State):
    """The tables before a step. Their models are built when the step asks for them, which most steps do not."""

    def __init__(self, state: State) -> None:
        self.models = {key: model.clone() for key, model in state.models.items()}
        self._source: StateApps = state._source if isinstance(state, EarlierState) else state.apps
        self._apps: StateApps | None = None

    @property
    def apps(self) -> StateApps:  # type: ignore[override]
        """The models of these tables."""
        if self._apps is None:
            self._apps = self._source.clone(model_states=self.models)
        return self._apps

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        """Build models again that have changed. Those that are not built yet come out right anyway."""
        if self._apps is not None:
            super().reload_models(model_tuples)

    def reload_model(self, app_label: str, model_name: str) -> None:
        """See `reload_models`."""
        self.reload_models([(app_label, model_name)])


@contextmanager
def _models_built_when_needed() -> Iterator[None]:
    """Let Tortoise copy its picture of all tables for each step without building all models from it again."""

    def clone(state: State) -> State:
        return EarlierState(state)

    stock = State.clone
    State.clone = clone  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        State.clone = stock  # type: ignore[method-assign]


@asynccontextmanager
async def _locked(database_url: str) -> AsyncIterator[None]:
    """Hold the advisory lock on a connection of its own: Tortoise's pool would share it out."""
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATIONS)
        yield
    finally:
        await connection.close()
