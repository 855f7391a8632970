"""The documents name every setting and every command, and nothing that is gone; their links lead somewhere.

Their GraphQL is valid, and what docs/architecture.md draws is what the code is.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import graphql
import pytest
import typer.main
from typer.core import TyperGroup

from seggraph import cli
from seggraph.settings import Settings
from tests import code_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PLANS = {ROOT / "docs" / "contributing.md"}
"""Documents whose examples name code and files that the reader is going to write."""
PARTIES = {"Client"}
"""Participants of drawings that are no modules of ours."""
OUTSIDE = {"acyclic_siblings", "run_abandoned"}
"""Names that documents use and that are not in the code as they are: of others, and put together from parts."""
EXAMPLES = {"attributes.stage", "events_2026_01", "import_runs.py", "seggraph.audit_days"}
"""Names that a document makes up as an example, and a variable of PostgreSQL that looks like a module of ours."""
FILE = re.compile(r"[\w./-]+/[\w./-]*\w\.(?:py|md|toml|graphql|txt)")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def inline_code(text: str) -> list[str]:
    """What stands between backticks, outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_settings_names_every_setting_and_no_other() -> None:
    documented = re.findall(r"^\| `(SEGGRAPH_\w+)` \(`(\w+)`\)", read("docs/settings.md"), re.MULTILINE)

    assert documented == [(f"SEGGRAPH_{name.upper()}", name) for name in Settings.model_fields]


def test_no_document_names_a_setting_that_is_gone() -> None:
    known = {f"SEGGRAPH_{name.upper()}" for name in Settings.model_fields}

    for document in DOCUMENTS:
        assert set(re.findall(r"\bSEGGRAPH_[A-Z_]+\b", document.read_text(encoding="utf-8"))) <= known, (
            document
        )


def test_every_command_is_documented_and_no_other() -> None:
    commands = typer.main.get_command(cli.app)
    assert isinstance(commands, TyperGroup)

    documented = re.findall(r"^\| `seggraph ([\w-]+)`", read("docs/cli.md"), re.MULTILINE)

    assert sorted(documented) == sorted(commands.commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", document.read_text(encoding="utf-8"))

    assert [
        f"{path}#{anchor}"
        for path, anchor in links
        if anchor not in headings(document.parent / path if path else document)
    ] == []


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md"))

    assert listed == sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert re.search(r"^make test\b", read("README.md"), re.MULTILINE)
    assert "readme_test_command" in read(".ci/run")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_of_graphql_are_valid(document: Path) -> None:
    for block in code_blocks(document.read_text(encoding="utf-8"), "graphql"):
        errors = graphql.validate(code_names.schema(), graphql.parse(block))
        assert [error.message for error in errors] == [], block


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_no_file_and_no_name_that_is_gone(document: Path) -> None:
    code = set(inline_code(document.read_text(encoding="utf-8"))) - EXAMPLES - code_names.strings()
    files = {one for one in code if FILE.fullmatch(one)}
    ours = [one for one in code if re.fullmatch(r"seggraph(?:\.\w+)+|LockSpace\.\w+", one)]
    words = {word for one in code - files for word in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", one)}
    known = code_names.known_names() | OUTSIDE

    assert document in PLANS or sorted(one for one in files if not code_names.is_file(one)) == []
    assert [one for one in ours if not code_names.resolves(one)] == []
    assert document in PLANS or sorted(w for w in words - known if not w.startswith("seggraph_")) == []


ARCHITECTURE = "docs/architecture.md"


def drawn_rows(title: str) -> list[list[str]]:
    """The rows of the first drawing below a heading, from top to bottom."""
    drawing = code_blocks(read(ARCHITECTURE).split(f" {title}\n", 1)[1], "mermaid")[0]
    arrows = re.findall(r"(\w+)(?:\[.*?\])? --> (\w+)", drawing)
    labels = dict(re.findall(r"(\w+)\[\"(.*?)\"\]", drawing))
    rows = [arrows[0][0], *(below for _, below in arrows)]
    assert [above for above, _ in arrows] == rows[:-1], "each row has an arrow to the next"
    return [labels[row].split(" | ") for row in rows]


def imported_packages(layer: str, package: str, ignored: Iterable[str]) -> Iterator[str]:
    """The other packages of a layer that the modules of one import, but for the imports that are ignored."""
    for path in sorted((code_names.PACKAGE / layer / package).rglob("*.py")):
        importer = ".".join(("seggraph", layer, package, path.stem))
        for node in ast.walk(code_names.syntax_tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    imported = f"{node.module}.{alias.name}"
                    parts = imported.split(".")
                    is_ignored = any(
                        line.startswith(f"{importer} ->") and imported.startswith(line.split(" -> ")[1])
                        for line in ignored
                    )
                    if parts[:2] == ["seggraph", layer] and parts[2] != package and not is_ignored:
                        yield parts[2]


def contracts() -> list[dict[str, list[str]]]:
    document = tomllib.loads(read("pyproject.toml"))
    found: list[dict[str, list[str]]] = document["tool"]["importlinter"]["contracts"]
    return found


def test_the_drawn_layers_are_those_of_the_contract() -> None:
    declared = [layer.split(" | ") for layer in contracts()[0]["layers"]]

    assert drawn_rows("Layers") == declared


@pytest.mark.parametrize("layer", ["services", "api"])
def test_the_drawn_packages_import_only_lower_ones(layer: str) -> None:
    rows = drawn_rows(f"Packages of {layer}")
    folder = code_names.PACKAGE / layer
    level = {package: number for number, row in enumerate(rows) for package in row}
    ignored = [line for contract in contracts() for line in contract.get("ignore_imports", [])]

    assert sorted(level) == sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    assert [
        f"{package} imports {imported}"
        for package in level
        for imported in sorted(set(imported_packages(layer, package, ignored)))
        if level[imported] <= level[package]
    ] == []


def is_of_the_code(name: str) -> bool:
    """Whether something between backticks is a file, a command, or a name that the code has."""
    if re.search(r"[<>*:/ ]", name):
        return not name.startswith(("tests/", "services/")) or code_names.is_file(name)
    if re.fullmatch(r"\w+\.(?:toml|graphql|md)", name):
        return code_names.is_file(name)
    parts = re.findall(r"\w+", name)
    return code_names.resolves(name) or all(part in code_names.known_names() for part in parts)


def test_the_architecture_has_only_names_that_exist() -> None:
    names = [name for name in inline_code(read(ARCHITECTURE)) if name not in EXAMPLES]

    assert len(names) > 50
    assert [name for name in names if not is_of_the_code(name)] == []


def test_the_drawings_have_only_names_that_exist() -> None:
    drawings = [block for block in code_blocks(read(ARCHITECTURE), "mermaid") if "sequenceDiagram" in block]
    text = "\n".join(drawings)
    participants = re.findall(r"participant \w+ as (.+)", text)
    calls = re.findall(r"(\w+(?:\.\w+)+)\(\)", text)
    words = re.findall(r"\b(?:[a-z]+(?:_[a-z]+)+|(?:[A-Z][a-z]+){2,})\b", text)

    assert len(drawings) == 2
    assert len(calls) > 12
    assert [one for one in participants if one not in PARTIES and not code_names.resolves(one)] == []
    assert [call for call in calls if not code_names.resolves(call)] == []
    assert sorted({word for word in words if word not in code_names.known_names()}) == []
