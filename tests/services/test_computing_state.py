"""The computing state of a segment has one owner: no other module writes its columns."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parents[2] / "src" / "seggraph"

OWNER = SOURCES / "services" / "computations" / "computations.py"

COLUMNS = (
    *("requested_revision", "computed_revision", "synced_revision", "reach_status", "next_sync_at"),
    *("lease_holder", "lease_until", "attempts", "retry_at", "progress"),
    *("error_code", "error_message", "error_at"),
)

UPDATE = re.compile(r"\bUPDATE\s+segments\b(?P<rest>.*)", re.DOTALL | re.IGNORECASE)

ASSIGNED = re.compile(rf"(?<![.\w])(?P<column>(?:{'|'.join(COLUMNS)})\s*=(?!=)|RELEASE_LEASE|GIVE_BACK)")


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module with its line; what an f-string inserts stands there as it is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    part.value
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    else ast.unparse(part)
                    for part in node.values
                ),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def assigned(source: str) -> list[tuple[int, str]]:
    """The columns of COLUMNS that UPDATE statements on segments set in a module, with the lines."""
    found = []
    for line, text in texts(source):
        for statement in UPDATE.finditer(text):
            setting = re.split(r"\b(?:FROM|WHERE)\b", statement["rest"], maxsplit=1)[0]
            found += [(line, match["column"].rstrip("= ")) for match in ASSIGNED.finditer(setting)]
    return found


def test_no_other_module_sets_the_computing_state() -> None:
    modules = [path for path in SOURCES.rglob("*.py") if path != OWNER and "migrations" not in path.parts]
    found = {
        str(path.relative_to(SOURCES)): columns
        for path in modules
        if (columns := assigned(path.read_text(encoding="utf-8")))
    }

    assert len(modules) > 200
    assert found == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SET_ASIDE = \"UPDATE segments SET status = $1, reach_status = 'READY' WHERE id = $2\"",
        'NEXT = f"UPDATE segments s SET name = {name}, attempts = s.attempts + 1"',
        'RELEASE = f"UPDATE segments SET {RELEASE_LEASE} WHERE id = $1"',
        'TAKE = """\n  UPDATE segments\n  SET lease_holder = $1\n  WHERE id = $2"""',
    ],
)
def test_a_statement_that_sets_it_is_found(statement: str) -> None:
    assert assigned(statement) != []


@pytest.mark.parametrize(
    "statement",
    [
        "EDIT = \"UPDATE segments SET name = $1 WHERE reach_status = 'READY'\"",
        'COUNT = "UPDATE segments SET member_count = $1 FROM t WHERE t.attempts = 1"',
        'OTHER = "UPDATE imports SET attempts = 0"',
    ],
)
def test_statements_that_only_read_it_are_not(statement: str) -> None:
    assert assigned(statement) == []


def test_the_owner_is_seen_to_set_it() -> None:
    columns = {column for _, column in assigned(OWNER.read_text(encoding="utf-8"))}

    assert {"computed_revision", "reach_status", "synced_revision"} <= columns
