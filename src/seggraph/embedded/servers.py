"""Both servers on one data folder: started in order, stopped in the reverse, as one context manager."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote

from seggraph.embedded import data_dir as folders
from seggraph.embedded import postgres, processes, valkey
from seggraph.embedded.account import server_account
from seggraph.embedded.data_dir import Ports, Secrets
from seggraph.embedded.errors import DataDirUnusable
from seggraph.embedded.wheels import find_programs

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are. The URLs hold passwords, so they are not in the `repr`.

    `database_url` is `postgres://seggraph:…@127.0.0.1:port/seggraph`; its user owns the cluster and may create
    databases and copy them as templates.
    `redis_url` is `redis://:…@127.0.0.1:port/0`, of 16 databases.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    data_dir: Path

    def url_of(self, database: str) -> str:
        """The URL of another database of the cluster; `postgres` is there to create others from."""
        return f"{self.database_url.rpartition('/')[0]}/{quote(database, safe='')}"


def running(data_dir: Path | None = None, *, temporary: bool = False) -> "EmbeddedServers":
    """Servers that run while the context is open: `with running() as servers` or `async with`.

    `data_dir` keeps the data from one time to the next (default: `default_data_dir`). With `temporary` the
    data lies in a new folder below `data_dir` (default: the system's temporary folder), is not made safe
    against a crash, and is removed at the end.

    Entering raises `ServersNotInstalled`, `DataDirUnusable`, `DataDirInUse` or `ServerFailed`.
    """
    return EmbeddedServers(data_dir, temporary=temporary)


def find_running(data_dir: Path | None = None) -> Servers | None:
    """The servers that another process of the same user runs on the folder now, if they are ready."""
    folder = (data_dir or folders.default_data_dir()).resolve()
    try:
        if not folders.is_locked(folder):
            return None
        ports, secrets = folders.read_ports(folder), folders.read_secrets(folder)
    except PermissionError:
        return None
    return _servers(folder, ports, secrets) if ports is not None and secrets is not None else None


class EmbeddedServers:
    """The context manager that `running` gives. It can be opened again after it was closed.

    Leaving it stops the servers, and so does the end of this process, by whatever signal: a helper process
    sees to that. What even the helper could not stop is stopped by the next start on the same folder.
    """

    def __init__(self, data_dir: Path | None, *, temporary: bool) -> None:
        self._data_dir = data_dir
        self._temporary = temporary
        self._open = ExitStack()

    def __enter__(self) -> Servers:
        with ExitStack() as stack:
            try:
                servers = self._start(stack)
            except OSError as error:
                # A full disk, or files in the folder that belong to someone else.
                raise DataDirUnusable(f"The data folder cannot be used: {error}.") from error
            self._open = stack.pop_all()
        return servers

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    async def __aenter__(self) -> Servers:
        try:
            return await _finish_in_thread(self.__enter__)
        except asyncio.CancelledError:
            await _finish_in_thread(self._open.close)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _finish_in_thread(self._open.close)

    def _start(self, stack: ExitStack) -> Servers:
        account = server_account()
        programs = find_programs(account)
        if self._temporary:
            folder = stack.enter_context(folders.temporary(self._data_dir))
        else:
            folder = folders.prepare(self._data_dir or folders.default_data_dir())
        stack.enter_context(folders.locked(folder))
        watch = stack.enter_context(processes.guard(remove=folder if self._temporary else None))
        secrets = folders.ensure_secrets(folder)
        logs = folder / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)

        cluster = postgres.ensure_cluster(
            folder, programs, account, password=secrets.postgres, temporary=self._temporary
        )
        database = postgres.start(
            cluster, programs, account, log=logs / "postgres.log", temporary=self._temporary
        )
        stack.callback(database.stop)
        watch(database)
        redis = valkey.start(
            folder,
            programs,
            account,
            password=secrets.valkey,
            log=logs / "valkey.log",
            temporary=self._temporary,
        )
        stack.callback(redis.stop)
        watch(redis)
        ports = Ports(database.port, redis.port)
        stack.enter_context(folders.announced(folder, ports))
        return _servers(folder, ports, secrets)


def _servers(folder: Path, ports: Ports, secrets: Secrets) -> Servers:
    return Servers(
        database_url=(
            f"postgres://{postgres.USER}:{secrets.postgres}@127.0.0.1:{ports.postgres}/{postgres.DATABASE}"
        ),
        redis_url=f"redis://:{secrets.valkey}@127.0.0.1:{ports.valkey}/0",
        data_dir=folder,
    )


async def _finish_in_thread(work: Callable[[], _T]) -> _T:
    """Run blocking work in a thread, and to its end even when we are cancelled: no server is left half way."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        # Looked at, so that a failure which nobody waits for any more is not reported as forgotten.
        task.exception()
        raise
