"""The typer application that the commands register with, and what they share."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
import typer
from pydantic import SecretStr
from rich.console import Console

from seggraph import embedded, observability
from seggraph.services.identity.workspaces import new_secret
from seggraph.settings import Settings, unknown_settings

new_loop: Callable[[], asyncio.AbstractEventLoop] | None
try:
    from uvloop import new_event_loop as new_loop
except ImportError:  # it is not made for every platform
    new_loop = None

log = structlog.get_logger()

app: Final = typer.Typer(
    name="seggraph",
    help="Audience segmentation behind one GraphQL API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

console: Final = Console(stderr=True)
"""For people; standard output is for answers."""

SECRET_FILE: Final = "token-secret"  # noqa: S105 - a file name


def run(server: Coroutine[Any, Any, None]) -> None:
    """Run a process that serves until it ends; on uvloop, which needs a fifth less of the processor for it."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(server)


def load_settings() -> Settings:
    """The settings of the environment; logging is set up by them. Variables that are no settings are named."""
    settings = Settings()
    observability.configure(level=settings.log_level, as_json=settings.log_json)
    for variable, meant in unknown_settings().items():
        hint = f"; did you mean {meant}?" if meant else ", see docs/settings.md."
        log.warning("setting_unknown", reason=f"{variable} is no setting and has no effect{hint}")
    return settings


@contextmanager
def with_servers(settings: Settings) -> Iterator[Settings]:
    """Settings that name both servers: the given ones, or embedded ones for those that are not given.

    Embedded servers that another process runs on the same data folder are used; otherwise they are started, and
    stopped at the end. With them, a secret for tokens is kept in the data folder unless the settings have one.
    """
    if settings.database_url is not None and settings.redis_url is not None:
        yield settings
        return
    servers = embedded.find_running(settings.data_dir)
    if servers is not None:
        yield _completed(settings, servers)
        return
    with embedded.running(settings.data_dir) as started:
        yield _completed(settings, started)


def _completed(settings: Settings, servers: embedded.Servers) -> Settings:
    update: dict[str, object] = {
        "database_url": settings.database_url or servers.database_url,
        "redis_url": settings.redis_url or servers.redis_url,
    }
    if settings.jwt_secret is None and settings.jwt_jwks_url is None:
        update["jwt_secret"] = SecretStr(_kept_secret(servers.data_dir))
    return settings.model_copy(update=update)


def _kept_secret(folder: Path) -> str:
    """The secret in the data folder, made on first use and readable by its owner only."""
    path = folder / SECRET_FILE
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(new_secret())
    return path.read_text()


@asynccontextmanager
async def until_stopped() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, so that everything is closed in order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield stopping
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
