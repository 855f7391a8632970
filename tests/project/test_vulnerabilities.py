"""The step of CI that asks an advisory database: what it asks, and what it does with the answer."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

SCRIPT: Final = Path(__file__).parents[2] / "scripts" / "vulnerabilities"


@contextmanager
def database(vulnerable: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An advisory database that knows something of one package; its URL, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            asked.extend(queries)
            results = [
                {"vulns": [{"id": "GHSA-1"}]} if one["package"]["name"] == vulnerable else {}
                for one in queries
            ]
            body = json.dumps({"results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


def run(url: str) -> tuple[int, str]:
    environment = os.environ | {"OSV_URL": url}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(("vulnerable", "status"), [("starlette", 1), ("graphql-ws", 1), ("nothing", 0)])
def test_every_pinned_package_is_asked_about(vulnerable: str, status: int) -> None:
    with database(vulnerable) as (url, asked):
        code, output = run(url)

    assert code == status
    assert (f"{vulnerable} " in output and "GHSA-1" in output) is bool(status)
    ecosystems = {one["package"]["ecosystem"] for one in asked}
    assert (ecosystems, len(asked) > 150) == ({"PyPI", "npm"}, True)
    assert all(one["version"] for one in asked)


def test_without_the_database_it_says_so_and_stops_nothing() -> None:
    code, output = run("http://127.0.0.1:1")

    assert code == 0
    assert "not looked up" in output
