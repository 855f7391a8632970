"""What the project promises around its code: exact installs, one version, a wheel that has everything."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import seggraph

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def constraints() -> str:
    return (ROOT / "scripts" / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    return folder


def requirements(project: dict[str, Any]) -> Iterator[Requirement]:
    """Everything that pyproject.toml asks for, but for the project itself."""
    extras = chain(*project["project"]["optional-dependencies"].values())
    for text in (*project["build-system"]["requires"], *project["project"]["dependencies"], *extras):
        requirement = Requirement(text)
        if requirement.name != project["project"]["name"]:
            yield requirement


def test_every_dependency_is_pinned_within_its_range(project: dict[str, Any], constraints: str) -> None:
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", constraints, re.MULTILINE))

    for requirement in requirements(project):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not pinned: run scripts/lock"
        assert requirement.specifier.contains(pins[name]), f"{name} {pins[name]}: run scripts/lock"


def test_every_pin_has_hashes_and_no_download_address(constraints: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", constraints.strip())

    assert len(blocks) > 50
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in constraints
    assert not re.search(r"^\s*-(-?index|-?extra|-?find|-f|-i)", constraints, re.MULTILINE)


def test_the_changelog_knows_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[?(\S+?)\]?(?: |$)", changelog, re.MULTILINE)

    assert headings[0] == seggraph.__version__


def test_the_wheel_has_code_migrations_and_static_files(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert f"seggraph-{seggraph.__version__}-py3-none-any.whl" == wheel.name
    assert expected_files() <= names
    assert any(name.startswith("seggraph/migrations/0001") for name in names)
    assert not [name for name in names if name.startswith("/") or ".." in name or "__pycache__" in name]
    assert {name.split("/")[0] for name in names} == {
        "seggraph",
        f"seggraph-{seggraph.__version__}.dist-info",
    }


def test_the_source_archive_has_them_too_and_each_once(archives: Path) -> None:
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        members = archive.getmembers()
    names = [member.name.removeprefix(f"seggraph-{seggraph.__version__}/") for member in members]

    assert {f"src/{name}" for name in expected_files()} <= set(names)
    assert len(names) == len(set(names))
    assert not [member.name for member in members if member.issym()]


def test_no_tracked_text_names_a_folder_of_some_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    ).stdout.split()
    places = re.compile(r"(?<![\w.{$~-])/(home/(?!you\b)\w+|Users/\w+|work/\w+)/")  # somebody's own folders

    found = [name for name in tracked if (text := _text(ROOT / name)) and places.search(text)]

    assert found == []


def _text(path: Path) -> str:
    """A file's text; nothing for what is gone or no text."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        return ""


def expected_files() -> set[str]:
    """Every file of the package in the tree, as its name in the wheel; links are followed."""
    package = ROOT / "src" / "seggraph"
    folders = (package, package / "migrations")
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {
        path.relative_to(ROOT / "src").as_posix()
        for path in files
        if "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_no_folder_is_a_corridor() -> None:
    """A reader takes in the files of a folder at a glance."""
    source = ROOT / "src" / "seggraph"
    folders = [path for path in source.rglob("*") if path.is_dir() and path.name != "migrations"]
    numbers = {str(path.relative_to(source)): len(list(path.glob("*.py"))) for path in (source, *folders)}

    assert {name: number for name, number in numbers.items() if number > 20} == {}
