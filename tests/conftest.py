"""Real servers from the wheels, a database cloned from a migrated template per test, and the product on top."""

import asyncio
import gc
import itertools
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from tortoise.apps import Apps

from seggraph import embedded, observability
from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database import connections, migrating
from seggraph.services.identity import workspaces
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role
from tests import other_servers, tiers
from tests.effort import tries
from tests.memory import memory_folder
from tests.product import PATIENCE_SECONDS, Product, Server, serving, working

TEMPLATE = "seggraph_template"

# Examples are timed by nobody: how long one takes, or takes to be made, depends on what else the machine does.
hypothesis.settings.register_profile(
    "seggraph",
    deadline=None,
    max_examples=tries(100, 500),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("seggraph")

SHORT_WAITS = {
    "database.connections": ("POOL_SECONDS",),
    "database.unit_of_work": ("AFTER_COMMIT_SECONDS",),
    "enqueue.queue": ("ASK_SECONDS", "BEGIN_SECONDS"),
    "services.criteria.matching": ("PATIENCE_SECONDS",),
    "services.operations.health": ("TIME_LIMIT_SECONDS",),
    "services.operations.monitoring": ("TIME_LIMIT_SECONDS",),
    "services.refresh.ticks": ("APART_SECONDS", "TOGETHER_SECONDS"),
    "services.rules.rule_answers": ("APART_SECONDS", "TOGETHER_SECONDS"),
}
"""How long the product waits before it answers that it has no time: seconds that a busy machine takes for anything."""

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of `make test-fast`."""
    parser.addoption(tiers.OPTION, action="store_true", help="run only the tests that need no server")


def pytest_configure(config: pytest.Config) -> None:
    """In the fast tier nothing starts a server."""
    if config.getoption(tiers.OPTION):
        tiers.forbid_servers()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the fast tier, leave out what needs servers."""
    if config.getoption(tiers.OPTION):
        tiers.keep_fast_ones(config, items)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the search for garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Leave the process's logging as it was found: a command that a test ran would log to what is closed by then."""
    root = logging.getLogger()
    handlers, level, structured = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Log defects only, as plain text."""
    observability.configure(level="warning")


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Let the product wait as long as the tests do: on a busy machine it would give up what only takes longer.

    Tests of these limits set their own.
    """
    with pytest.MonkeyPatch.context() as patched:
        for module, names in SHORT_WAITS.items():
            for name in names:
                patched.setattr(f"seggraph.{module}.{name}", PATIENCE_SECONDS)
        patched.setitem(connections.SERVER_SETTINGS, "lock_timeout", f"{PATIENCE_SECONDS:g}s")
        yield


@pytest.fixture(scope="session", autouse=True)
def models_once() -> Iterator[None]:
    """Tortoise makes filters and queries of all models anew for each context, and they are always the same."""
    stock = Apps._build_initial_querysets

    def unless_made(apps: Apps) -> None:
        models = [model for app in apps.apps.values() for model in app.values()]
        if not all(model._meta.db_native_fields for model in models):
            stock(apps)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Apps, "_build_initial_querysets", unless_made)
        yield


@pytest.fixture(scope="session")
@tiers.starts_servers
def servers() -> Iterator[embedded.Servers]:
    """PostgreSQL and Valkey of this test process, or the servers that the environment names."""
    if other_servers.are_named():
        with other_servers.running() as running:
            yield running
        return
    with embedded.running(memory_folder(), temporary=True) as running:
        yield running


@pytest.fixture(scope="session")
def administer(servers: embedded.Servers) -> Iterator[Callable[[str], None]]:
    """Runs a statement on one connection that stays: to connect costs more than to drop a database."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(servers.url_of("postgres"), timeout=PATIENCE_SECONDS))
        yield lambda statement: runner.run(connection.execute(statement))
        runner.run(connection.close())


@pytest.fixture(scope="session")
def template(servers: embedded.Servers, administer: Callable[[str], None]) -> str:
    """The name of a database with the tables of this version and no rows."""
    administer(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrating.migrate(servers.url_of(TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database_url(
    servers: embedded.Servers, template: str, administer: Callable[[str], None]
) -> Iterator[str]:
    """A database of the test's own, cloned from the template."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield servers.url_of(name)
    administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def usual_settings(servers: embedded.Servers) -> Settings:
    """Settings with waits that suit a test."""
    return Settings(
        redis_url=servers.redis_url,
        jwt_secret=SecretStr("a secret that only the tests know, of 32 and more"),
        session_check_seconds=1,
        preview_timeout_seconds=PATIENCE_SECONDS,
        request_head_seconds=PATIENCE_SECONDS,
        request_body_seconds=PATIENCE_SECONDS,
        lease_seconds=2,
        sweep_seconds=0.3,
        tick_seconds=0.3,
        log_level="error",
    )


@pytest.fixture
async def settings(usual_settings: Settings, database_url: str, tmp_path: Path) -> Settings:
    """Settings of the test's own database and an emptied Redis."""
    async with Redis.from_url(str(usual_settings.redis_url)) as redis:
        await redis.flushall()
    return usual_settings.model_copy(update={"database_url": database_url, "files_dir": tmp_path / "files"})


@pytest.fixture
async def context(settings: Settings) -> AsyncIterator[Context]:
    """The services' context. No worker is running."""
    async with open_context(settings) as opened:
        yield opened


@pytest.fixture
async def connection(context: Context, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own to its database, beside those of the product."""
    opened = await asyncpg.connect(database_url, timeout=PATIENCE_SECONDS)
    yield opened
    await opened.close()


@pytest.fixture
async def viewer(context: Context) -> Viewer:
    """An administrator in a workspace of their own."""
    return await new_viewer("Acme")


async def new_viewer(
    workspace: str, role: Role = Role.ADMIN, *, workspace_id: int | None = None, subject: str | None = None
) -> Viewer:
    """A user in a workspace, which is made unless it is given."""
    number = workspace_id or (await workspaces.create(workspace)).id
    name = subject or f"{role.lower()}-{number}@example.com"
    user_id = await workspaces.ensure_user(number, subject=name, name=name, email=name, role=role)
    scope = ApiKeyScope.ADMIN if role is Role.ADMIN else ApiKeyScope.WRITE
    return Viewer(number, role, scope, user_id=user_id)


@pytest.fixture
async def server(context: Context) -> AsyncIterator[Server]:
    """The API on a free port, over real sockets. No worker is running."""
    async with serving(context) as running:
        yield running


@pytest.fixture
async def product(context: Context, server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    """API and worker together, and a client signed in as the administrator of a workspace."""
    async with working(context), server.sign_in(viewer) as client:
        yield client
