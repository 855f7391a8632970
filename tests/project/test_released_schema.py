"""The schema breaks no client of the last release, unless CHANGELOG.md says so by name.

docs/releases/schema.graphql is the schema of the last release. A release copies schema.graphql there.
"""

import re
from pathlib import Path

import pytest
from graphql import build_schema
from graphql.utilities import find_breaking_changes

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "docs" / "releases" / "schema.graphql"

SECTION = re.compile(r"^### Breaking$\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w.@]+)`")


def subject(description: str) -> str:
    """What a breaking change is about, as CHANGELOG.md names it: `Type`, `Type.field` or `Type.field.argument`."""
    union = re.match(r"(\w+) was removed from union type (\w+)\.$", description)
    if union:
        return f"{union[2]}.{union[1]}"
    place = re.search(r"(@\w+|\w+\.\w+)(?:\((\w+):\))?", description)
    if place is None:
        return description.removeprefix("Standard scalar ").split()[0]
    return place[1] if place[2] is None else f"{place[1]}.{place[2]}"


def breaking(before: str, after: str) -> dict[str, str]:
    """What breaks clients, by the name of what changed."""
    changes = find_breaking_changes(build_schema(before), build_schema(after))
    return {subject(change.description): change.description for change in changes}


def announced(changelog: str) -> set[str]:
    """The names in the section `Breaking` of the version that comes next: the first one of the changelog."""
    newest = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    return {name for section in SECTION.findall(newest) for name in NAMED.findall(section)}


def test_every_breaking_change_is_in_the_changelog() -> None:
    changed = breaking(
        RELEASED.read_text(encoding="utf-8"), (ROOT / "schema.graphql").read_text(encoding="utf-8")
    )
    named = announced((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))

    assert {name: why for name, why in changed.items() if name not in named} == {}, (
        "name each of these in CHANGELOG.md, under the next version's heading `### Breaking`, like `Query.viewer`"
    )


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("type Query { a(x: Int): Int b: Colour }", set()),
        ("type Query { b: Colour }", {"Query.a"}),
        ("type Query { a(x: Int): String b: Colour }", {"Query.a"}),
        ("type Query { a: Int b: Colour }", {"Query.a.x"}),
        ("type Query { a(x: Int, y: Int!): Int b: Colour }", {"Query.a.y"}),
        ("type Query { a(x: String): Int b: Colour }", {"Query.a.x"}),
    ],
)
def test_what_breaks_clients_is_named_by_where_it_is(after: str, expected: set[str]) -> None:
    enum = " enum Colour { RED BLUE } input Point { x: Int }"
    before = "type Query { a(x: Int): Int b: Colour } enum Colour { RED BLUE } input Point { x: Int }"

    assert set(breaking(before, after + enum)) == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("enum Colour { RED } input Point { x: Int } union U = A | B", {"Colour.BLUE"}),
        ("enum Colour { RED BLUE } input Point { x: Int y: Int! } union U = A | B", {"Point.y"}),
        ("enum Colour { RED BLUE } input Point { x: Int } type U { x: Int }", {"U"}),
        ("enum Colour { RED BLUE } input Point { z: Int } union U = A | B", {"Point.x"}),
        ("enum Colour { RED BLUE } input Point { x: Int } union U = A", {"U.B"}),
        ("enum Colour { RED BLUE } union U = A | B", {"Point"}),
    ],
)
def test_values_inputs_and_unions_are_named_too(after: str, expected: set[str]) -> None:
    types = "type Query { a: U b: Colour } type A { x: Int } type B { x: Int } "
    before = "enum Colour { RED BLUE } input Point { x: Int } union U = A | B"

    assert set(breaking(types + before, types + after)) == expected


def test_only_the_next_version_announces() -> None:
    changelog = (
        "# C\n\n## 2 (unreleased)\n\n### Breaking\n\n- `A.b` is `C.d`.\n\n### Fixed\n\n- `E.f`\n\n"
        "## 1\n\n### Breaking\n\n- `G.h`\n"
    )

    assert announced(changelog) == {"A.b", "C.d"}
    assert announced("## 1\n\n### Added\n\n- `A.b`\n") == set()
