"""The arrows between the layers, as pyproject.toml declares them for import-linter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def lint_imports(root: Path) -> "subprocess.CompletedProcess[str]":
    """Check the contract of `root`'s pyproject.toml on the package below it."""
    linter = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as run; run()",
    ]
    return subprocess.run(
        [*linter, "--no-cache", "--no-logo"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's sources in a folder of their own, to break."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "seggraph",
        tmp_path / "src" / "seggraph",
        ignore=shutil.ignore_patterns("__pycache__", "static"),
    )
    return tmp_path


def test_no_layer_imports_an_upper_one() -> None:
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 kept, 0 broken" in result.stdout


def test_every_forbidden_import_is_found(copy: Path) -> None:
    package = copy / "src" / "seggraph"
    forbidden = {
        "errors.py": "services",  # upwards from the ground
        "criteria/json/parser.py": "api",  # upwards past a layer
        "services/audit/audit.py": "api",  # upwards by one
        "models/members.py": "engines",
        "criteria/nodes.py": "audiences",  # sideways
        "settings.py": "observability",
    }
    for file, imported in forbidden.items():
        module = package / file
        module.write_text(
            f"{module.read_text(encoding='utf-8')}\nimport seggraph.{imported}\n", encoding="utf-8"
        )

    result = lint_imports(copy)

    assert result.returncode == 1, result.stderr
    for file, imported in forbidden.items():
        importer = file.removesuffix(".py").replace("/", ".")
        assert f"seggraph.{importer} -> seggraph.{imported}" in result.stdout


def test_a_circle_of_packages_is_found(copy: Path) -> None:
    circles = {"services/audit/audit.py": "services.segments", "api/base/ids.py": "api.members"}
    for file, imported in circles.items():
        module = copy / "src" / "seggraph" / file
        module.write_text(
            f"{module.read_text(encoding='utf-8')}\nimport seggraph.{imported}\n", encoding="utf-8"
        )

    result = lint_imports(copy)

    assert result.returncode == 1, result.stderr
    assert "1 kept, 2 broken" in result.stdout


def test_a_module_outside_the_layers_is_found(copy: Path) -> None:
    (copy / "src" / "seggraph" / "helpers.py").write_text('"""Whatever."""\n', encoding="utf-8")

    result = lint_imports(copy)

    assert result.returncode == 1, result.stdout
    assert "seggraph.helpers" in result.stdout + result.stderr


def test_advisory_locks_are_named_in_one_module() -> None:
    """No other module calls PostgreSQL's functions for advisory locks, but for the lock of migrating."""
    package = ROOT / "src" / "seggraph"
    callers = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "migrations" not in path.parts and "_advisory_" in path.read_text(encoding="utf-8")
    }

    assert callers == {"database/locks.py", "database/migrating.py"}
