"""The blocks of docs/contributing.md, and how they are carried out on a copy of the sources."""

import re
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "contributing.md"

BLOCK = re.compile(r"`([\w./]+)`:\n\n( *)```(diff|python)\n(.*?)\n *```\n", re.DOTALL)
LAST_MIGRATION = "<the last migration>"


@dataclass(frozen=True)
class Edit:
    """A block: what becomes of a file. A whole file is new, otherwise the lines without `+` are there."""

    path: str
    language: str
    text: str

    @property
    def before(self) -> str:
        return "".join(f"{line[1:]}\n" for line in self.text.splitlines() if line[0] != "+")

    @property
    def after(self) -> str:
        return "".join(f"{line[1:]}\n" for line in self.text.splitlines() if line[0] != "-")


def edits(section: str) -> Iterator[Edit]:
    """The edits of a section of the page, in their order."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    for path, indent, language, block in BLOCK.findall(text):
        yield Edit(path, language, textwrap.dedent(re.sub(f"^{indent}", "", block, flags=re.MULTILINE)))


def copy_of_the_sources(folder: Path) -> Path:
    """The package in a folder of its own, to change."""
    shutil.copytree(
        ROOT / "src" / "seggraph",
        folder / "src" / "seggraph",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


def carry_out(edit: Edit, copy: Path) -> None:
    """Change the copy as the edit says. What it says of a file must be so exactly once."""
    path = copy / edit.path.replace("migrations/0000_", f"src/seggraph/migrations/{_next_number(copy)}_")
    if edit.language == "python":
        path.write_text(edit.text.replace(LAST_MIGRATION, _last_migration(copy)), encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    assert text.count(edit.before) == 1, f"{edit.path} has not exactly once:\n{edit.before}"
    path.write_text(text.replace(edit.before, edit.after), encoding="utf-8")


def _last_migration(copy: Path) -> str:
    return max(path.stem for path in (copy / "src" / "seggraph" / "migrations").glob("[0-9]*.py"))


def _next_number(copy: Path) -> str:
    return f"{int(_last_migration(copy)[:4]) + 1:04}"
