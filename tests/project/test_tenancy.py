"""Every statement on a tenant's table names the workspace, or says why not.

A statement that forgets the workspace would show one customer's members to another, and no other test might see it.
"""

from functools import cache

import pytest

from tests.project import statements
from tests.project.statements import Source, Statement

pytestmark = pytest.mark.slow

TENANTS = statements.tenant_tables()


@cache
def found_in_sources() -> list[tuple[Source, list[Statement]]]:
    """The files of src, each with its statements. It takes seconds, so not when tests are collected."""
    return [(source, list(statements.statements(source, TENANTS))) for source in statements.sources()]


def test_the_tables_of_tenants_are_known() -> None:
    assert {"members", "segments", "runs", "chunks", "events", "event_totals", "outbox"} <= TENANTS
    assert not TENANTS & {"users", "workspaces", "tortoise_migrations"}


def test_statements_are_found() -> None:
    assert sum(len(found) for _, found in found_in_sources()) > 300


def test_each_statement_names_the_workspace_or_says_why_not() -> None:
    missing = [
        f"{one.file}:{one.line}: {' '.join(one.text.split())[:90]}"
        for _, found in found_in_sources()
        for one in found
        if not one.names_workspace and one.reason_line is None
    ]

    assert missing == [], (
        "add a condition on workspace_id, or `# any workspace: ...` in front of the statement"
    )


def test_no_reason_is_given_without_need() -> None:
    stale = {source.name: statements.stale_reasons(source, found) for source, found in found_in_sources()}

    assert {name: lines for name, lines in stale.items() if lines} == {}, "take these comments away"


def check(text: str, **values: object) -> list[Statement]:
    """The statements of a source text."""
    return list(statements.statements(Source("a.py", text, values), frozenset({"members", "runs"})))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("SELECT id FROM members WHERE workspace_id = $1", True),
        ("SELECT id FROM members m JOIN runs r ON r.workspace_id = m.workspace_id", True),
        ("INSERT INTO members (id, workspace_id) VALUES ($1, $2)", True),
        ("SELECT workspace_id FROM members WHERE id = $1", False),  # it is read and no condition
        ("SELECT id FROM members", False),
        ("DELETE FROM ONLY runs WHERE id = $1", False),
        ("WITH old AS (SELECT id FROM runs) UPDATE workspaces w SET id = 1 FROM old", False),
        ("SELECT 1 FROM users u, members m", False),
    ],
)
def test_what_counts_as_naming_the_workspace(statement: str, named: bool) -> None:
    [found] = check(f"X = {statement!r}")

    assert found.names_workspace is named


def test_parts_of_a_statement_are_followed() -> None:
    text = """
def find(owned):
    where = "workspace_id = $1" if owned else "true"
    a = f"SELECT id FROM members WHERE {WHERE}"
    b = f"SELECT id FROM members WHERE {where}"
    c = "SELECT id FROM " + f"members WHERE {where_not()}"
"""

    found = check(text, WHERE="workspace_id = $1")

    assert [one.names_workspace for one in found] == [True, False, False]


def test_other_texts_and_tables_are_no_statements() -> None:
    text = '"""SELECT id FROM members"""\nX = "SELECT 1 FROM users"\nY = "Take members out"\nZ = "FROM members"\n'

    assert check(text) == []


def test_a_reason_belongs_to_its_statement_alone() -> None:
    text = '''
# any workspace: the sweeper looks at all
A = """
    SELECT id FROM members
"""
B = "SELECT id FROM runs"
# any workspace: nobody needs this
C = "SELECT id FROM runs WHERE workspace_id = $1"
'''
    source = Source("a.py", text)

    found = check(text)

    assert [one.reason_line for one in found] == [2, None, 7]
    assert statements.stale_reasons(source, found) == [7]


def test_a_model_that_is_read_names_the_workspace_too() -> None:
    from seggraph.models import Member

    text = "async def f():\n    await Member.filter(id=1)\n    await Member.get(id=1, workspace_id=2)\n"

    assert [one.names_workspace for one in check(text, Member=Member)] == [False, True]
