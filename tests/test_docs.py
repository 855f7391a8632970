"""The documents name every setting and every command, and nothing that is gone; their links lead somewhere."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from seggraph import cli
from seggraph.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


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

    documented = re.findall(r"^\| `seggraph (\w+)`", read("docs/cli.md"), re.MULTILINE)

    assert sorted(documented) == sorted(commands.commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md"))

    assert listed == sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert re.search(r"^make test\b", read("README.md"), re.MULTILINE)
    assert "readme_test_command" in read(".ci/run")
