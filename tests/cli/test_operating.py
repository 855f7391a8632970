"""The commands of operators, with servers that a URL names: as they run where seggraph is deployed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from seggraph import embedded
from seggraph.cli import app
from seggraph.context import Context
from seggraph.database.connections import connect_redis
from tests.ports import free_port
from tests.product import serving

PATIENCE_SECONDS = 120


def environment(database_url: str, servers: embedded.Servers, **changes: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SEGGRAPH_")}
    plain |= {"SEGGRAPH_DATABASE_URL": database_url, "SEGGRAPH_REDIS_URL": servers.redis_url}
    return plain | {"SEGGRAPH_JWT_SECRET": "a secret of operators, of more than 32 characters"} | changes


def seggraph(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seggraph", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def running(*arguments: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until SIGTERM, and then ends well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seggraph", *arguments], env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors


def get(port: int, path: str) -> httpx.Response:
    """The answer, once the server listens."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10)
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_an_operator_sets_up_serves_and_asks(database_url: str, servers: embedded.Servers) -> None:
    env = environment(database_url, servers)
    migrated = seggraph("migrate", env=env)
    assert migrated.returncode == 0, migrated.stderr
    made = seggraph("workspace", "Acme", "--time-zone", "Europe/Berlin", env=env)
    workspace = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    seeded = seggraph("seed", "--workspace", workspace, "--members", "50", env=env)
    assert (seeded.returncode, seeded.stdout) == (0, ""), seeded.stderr
    token = seggraph(
        "token", "--workspace", workspace, "--user", "grace@example.com", "--role", "LEADER", env=env
    )
    assert token.returncode == 0, token.stderr

    port = free_port()
    with running("serve", "--port", str(port), env=env) as serving, running("worker", env=env):
        assert get(port, "/healthz").json() == {"status": "ok"}
        assert serving.stderr is not None
        said = next(line for line in serving.stderr if "serves" in line)
        assert f" http://127.0.0.1:{port}/: GraphQL at /graphql" in said
        assert get(port, "/readyz").json() == {"status": "ready", "problems": []}
        headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
        query = "{ viewer { role user { name } workspace { id timeZone } } segments { nodes { reach { status } } } }"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = httpx.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": query},
                headers=headers,
                timeout=PATIENCE_SECONDS,
            ).json()
            statuses = {node["reach"]["status"] for node in answer["data"]["segments"]["nodes"]}
            if statuses == {"READY"}:  # the worker did its work
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert answer["data"]["viewer"] == {
            "role": "LEADER",
            "user": {"name": "Grace"},
            "workspace": {"id": workspace, "timeZone": "Europe/Berlin"},
        }


def test_the_doctor_says_what_is_wrong_and_what_to_do(database_url: str, servers: embedded.Servers) -> None:
    env = environment(database_url, servers)
    well = seggraph("doctor", env=env)
    assert (well.returncode, well.stdout) == (0, ""), well.stderr

    closed = f"127.0.0.1:{free_port()}"
    env |= {"SEGGRAPH_REDIS_URL": f"redis://{closed}/0", "SEGGRAPH_JWT_SECRET": ""}
    env["SEGGRAPH_DATABASE_URL"] = servers.url_of("postgres")  # a database without our tables
    ill = seggraph("doctor", env=env)
    assert ill.returncode == 1
    for words in ("seggraph migrate", "SEGGRAPH_REDIS_URL", "SEGGRAPH_JWT_SECRET"):
        assert words in ill.stderr

    env["SEGGRAPH_DATABASE_URL"] = f"postgresql://nobody@{closed}/nothing"
    worse = seggraph("doctor", env=env)
    assert worse.returncode == 1
    assert "SEGGRAPH_DATABASE_URL" in worse.stderr
    assert "Traceback" not in ill.stderr + worse.stderr


def test_mistakes_are_one_line(database_url: str, servers: embedded.Servers) -> None:
    plain = environment(database_url, servers)
    short = plain | {"SEGGRAPH_JWT_SECRET": "short"}
    for arguments, env, words in (
        (("token", "--workspace", "999999"), plain, "no such workspace"),
        (("token", "--workspace", "1"), short, "SEGGRAPH_JWT_SECRET"),
        (("serve",), plain | {"SEGGRAPH_ALLOWED_ORIGINS": "x"}, "allowed_origins"),
    ):
        ended = seggraph(*arguments, env=env)

        assert (ended.returncode, ended.stdout) == (1, "")
        assert words in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_the_schema_file_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def schema(*options: str) -> int:
        return CliRunner().invoke(app, ["schema", *options]).exit_code

    assert schema("--check") == 1
    assert schema("--write") == 0
    assert schema("--check") == 0
    (tmp_path / "schema.graphql").write_text("type Query { nothing: Int }")
    assert schema("--check") == 1


async def test_ready_means_that_tables_and_redis_are_there(
    context: Context, connection: asyncpg.Connection
) -> None:
    async def problems(services: Context) -> tuple[int, list[str]]:
        async with serving(services) as server, httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
            answer = await http.get(server.url.replace("/graphql", "/readyz"))
            alive = await http.get(server.url.replace("/graphql", "/healthz"))
            assert alive.json() == {"status": "ok"}
        return answer.status_code, answer.json()["problems"]

    assert await problems(context) == (200, [])
    async with connect_redis(f"redis://127.0.0.1:{free_port()}/0") as away:
        status, [problem] = await problems(replace(context, redis=away))
        assert (status, "SEGGRAPH_REDIS_URL" in problem) == (503, True)
    await connection.execute("DELETE FROM tortoise_migrations WHERE name LIKE '0002%'")
    status, [problem] = await problems(context)
    assert (status, "seggraph migrate" in problem) == (503, True)


def test_an_operator_rotates_the_key_of_secrets(
    database_url: str, servers: embedded.Servers, tmp_path: Path
) -> None:
    env = environment(database_url, servers, SEGGRAPH_FILES_DIR=str(tmp_path))

    rotated = seggraph("rotate-keys", "--new-key", env=env)

    assert rotated.returncode == 0, rotated.stderr
    assert "0 secrets were encrypted with the key" in rotated.stderr
    assert len(list(tmp_path.glob("secret-key*"))) == 2
    refused = seggraph("rotate-keys", "--new-key", env=env | {"SEGGRAPH_SECRET_KEY": "k" * 32})
    assert (refused.returncode, "SEGGRAPH_PREVIOUS_SECRET_KEYS" in refused.stderr) == (1, True)
