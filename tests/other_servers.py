"""PostgreSQL and Redis of this machine, in place of those from the wheels: `make test-matrix` runs the tests on them.

`TEST_POSTGRES_BIN` is the folder of PostgreSQL's programs, `TEST_REDIS_SERVER` the program of Redis or Valkey.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil
import redis

from seggraph.embedded import Servers
from tests.memory import memory_folder
from tests.ports import free_port

POSTGRES_BIN: Final = "TEST_POSTGRES_BIN"
REDIS_SERVER: Final = "TEST_REDIS_SERVER"
START_SECONDS: Final = 120.0
ACCOUNT: Final = "nobody" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root."""

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "timezone": "UTC",
}


def are_named() -> bool:
    """Whether the environment names both servers."""
    return bool(os.environ.get(POSTGRES_BIN) and os.environ.get(REDIS_SERVER))


@contextmanager
def running() -> Iterator[Servers]:
    """The servers that the environment names, on ports of their own, with empty data in a new folder."""
    folder = Path(tempfile.mkdtemp(prefix="seggraph-other-", dir=memory_folder()))
    folder.chmod(0o711)
    try:
        with _postgres(folder / "postgres") as database_url, _redis(folder / "redis") as redis_url:
            yield Servers(database_url, redis_url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    programs, port = Path(os.environ[POSTGRES_BIN]), free_port()
    _make(folder)
    initdb = [
        str(programs / "initdb"),
        "-D",
        str(folder),
        "-U",
        "seggraph",
        "--auth=trust",
        "--encoding=UTF8",
    ]
    subprocess.run(
        [*initdb, "--locale=C.UTF-8", "--no-sync"],
        check=True,
        capture_output=True,
        user=ACCOUNT,
        cwd=folder,
        timeout=START_SECONDS,
    )
    settings = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(port)}).items()]
    with _process([programs / "postgres", "-D", folder, *settings], folder):
        url = f"postgres://seggraph:{secrets.token_hex(8)}@127.0.0.1:{port}/seggraph"
        _wait_for([programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "seggraph", "seggraph"])
        yield url


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port, password = free_port(), secrets.token_hex(8)
    _make(folder)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", password, "--save", ""]
    with _process([os.environ[REDIS_SERVER], "--dir", folder, *options], folder):
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis(port=port, password=password) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.RedisError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
        yield f"redis://:{password}@127.0.0.1:{port}/0"


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    if ACCOUNT is not None:
        shutil.chown(folder, ACCOUNT)


@contextmanager
def _process(command: list[str | Path], folder: Path) -> Iterator[None]:
    """A program that runs until the end of the block."""
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)), stdout=log, stderr=log, user=ACCOUNT, cwd=folder, start_new_session=True
        )
        try:
            yield
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()
            process.wait(START_SECONDS)


def _wait_for(command: list[str | Path]) -> None:
    """Run a command until it succeeds."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, check=False, timeout=START_SECONDS
        )
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.05)
