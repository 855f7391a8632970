"""Node programs beside the tests: the reference clients and the audits of the ecosystem."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "npm"


def ensure_installed(folder: Path = FOLDER) -> str:
    """Install the packages of a folder if they are not there and return the path of node.

    Skips the test on a machine without node, unless ``CI`` is set: there it must not go unnoticed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if os.environ.get("CI"):
            pytest.fail("node and npm are needed in CI")
        pytest.skip("node is not installed")
    wanted, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with wanted.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # test processes beside this one need them too
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            subprocess.run(
                [npm, "ci", "--ignore-scripts"], cwd=folder, check=True, capture_output=True, timeout=800
            )
    return node


def built(folder: Path) -> str:
    """Install the packages of a folder, run its script `build`, and return the path of node."""
    node = ensure_installed(folder)
    done = subprocess.run(
        [shutil.which("npm") or "npm", "run", "build"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return node


def run(script: str, *arguments: str, timeout: float = 800.0) -> Any:
    """Run a program of ``npm/`` and return the JSON that it prints."""
    command = [ensure_installed(), script, *arguments]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
