"""`seggraph demo` as a newcomer and a program meet it: one line when it is ready, data that stays, a clean end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytestmark = pytest.mark.servers

PATIENCE_SECONDS = 120
QUERY = "{ viewer { workspace { id } } segments { totalCount } members(kind: ACCOUNT) { totalCount } }"


@dataclass
class Demo:
    """A running demo."""

    process: subprocess.Popen[str]
    address: dict[str, str]

    def query(self, query: str = QUERY) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.address['token']}"}
        answer = httpx.post(
            self.address["url"], json={"query": query}, headers=headers, timeout=PATIENCE_SECONDS
        )
        data: dict[str, Any] = answer.json()["data"]
        return data


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[Demo]:
    """A demo on a data folder; SIGTERM at the end, after which no process of it may be left."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGGRAPH_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "seggraph", "demo", "--port", "0", "--json", *options],
        env=environment | {"SEGGRAPH_DATA_DIR": str(folder), "SEGGRAPH_LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, process.communicate(timeout=PATIENCE_SECONDS)[1]
        yield Demo(process, json.loads(line))
    finally:
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (rest, process.returncode) == ("", 0), errors  # standard output had one line, and no more
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []


def statuses(demo: Demo) -> set[tuple[str, str]]:
    """The origins and the states of reach of all segments."""
    nodes = demo.query("{ segments(first: 100) { nodes { origin reach { status } } } }")["segments"]["nodes"]
    return {(node["origin"], node["reach"]["status"]) for node in nodes}


def test_demo_is_ready_when_it_says_so_and_keeps_its_data(tmp_path: Path) -> None:
    with demo(tmp_path, "--members", "300") as first:
        assert list(first.address) == ["url", "ws_url", "token", "workspace_id", "console_url"]
        assert first.address["ws_url"] == first.address["url"].replace("http://", "ws://")
        data = first.query()
        assert data["viewer"]["workspace"]["id"] == first.address["workspace_id"]
        assert data["segments"]["totalCount"] > 5
        assert data["members"]["totalCount"] == 60
        ready = {("DEFAULT", "READY"), ("CUSTOM", "READY")}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while statuses(first) != ready:  # the demo does not wait longer than half a minute for them
            assert time.monotonic() < deadline
            time.sleep(0.2)
        out = first.query("{ destinations { type deliveries { segment { name } } } webhooks { status } }")
        [destination], [webhook] = out["destinations"], out["webhooks"]
        assert (destination["type"], len(destination["deliveries"])) == ("FILE", 1)
        assert webhook == {"status": "ACTIVE"}
        edits = first.query("{ bulkEdits { nodes { action status addedTags } } }")["bulkEdits"]["nodes"]
        assert [(edit["action"], edit["addedTags"]) for edit in edits] == [("TAG_MEMBERS", ["north america"])]

    with demo(tmp_path, "--members", "300") as second:
        assert second.query() == data

    with demo(tmp_path, "--members", "0") as empty:
        nothing = empty.query()
        assert nothing["members"]["totalCount"] == 0
        origins = empty.query("{ segments { nodes { origin } } }")["segments"]["nodes"]
        assert origins == [{"origin": "DEFAULT"}] * 12
        assert empty.address["workspace_id"] != first.address["workspace_id"]


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "seggraph", "demo", "--port", port],
            env=os.environ | {"SEGGRAPH_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr
