"""The size of documents: what is refused, with which code, and that bombs are refused at once."""

import time

import pytest
from graphql import get_introspection_query, parse

from seggraph.transport.limits import Limits, measure, violations
from tests.transport.conftest import build_endpoint

LIMITS = Limits()


def codes(query: str, limits: Limits = LIMITS) -> list[str]:
    errors = violations(parse(query), limits)
    return [str((error.extensions or {})["code"]) for error in errors]


def nested(depth: int) -> str:
    return "{ a " * depth + "}" * depth


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (nested(15), []),
        (nested(16), ["QUERY_TOO_DEEP"]),
        ("{ ...f } fragment f on Query " + nested(16), ["QUERY_TOO_DEEP"]),
        ("{ ... { ... " + nested(15) + "} }", []),
        ("{ " + " ".join(f"a{n}: a" for n in range(20)) + " }", []),
        ("{ " + " ".join(f"a{n}: a" for n in range(21)) + " }", ["QUERY_TOO_LARGE"]),
        ("{ b { " + " ".join(f"a{n}: a" for n in range(31)) + " } }", ["QUERY_TOO_LARGE"]),
        ("{ b { " + " ".join(f"a{n}" for n in range(499)) + " } }", []),
        ("{ b { " + " ".join(f"a{n}" for n in range(500)) + " } }", ["QUERY_TOO_LARGE"]),
        ("{ b { " + "a " * 10 + " } }", []),
        ("{ b { " + "a " * 11 + " } }", ["QUERY_TOO_LARGE"]),
        ("{ b { " + "... { a } " * 11 + " } }", ["QUERY_TOO_LARGE"]),
        ("{ a } " + "".join(f"fragment f{n} on Q {{ a }} " for n in range(250)), []),
        ("{ a } " + "".join(f"fragment f{n} on Q {{ a }} " for n in range(251)), ["QUERY_TOO_LARGE"]),
        ("".join(f"query q{n} {{ a }} " for n in range(100)), []),
        ("".join(f"query q{n} {{ a }} " for n in range(101)), ["QUERY_TOO_LARGE"]),
        ("query (" + " ".join(f"$v{n}: Int" for n in range(251)) + ") { a }", ["QUERY_TOO_LARGE"]),
        ("{ a " + "@x " * 51 + "}", ["QUERY_TOO_LARGE"]),
        ("query " + "@x " * 51 + "{ a }", ["QUERY_TOO_LARGE"]),
        ("{ ...f } fragment f on Q { a ...f }", []),
        ("{ ...missing }", []),
        (nested(16) + "query B " + nested(16), ["QUERY_TOO_DEEP", "QUERY_TOO_DEEP"]),
    ],
)
def test_limits(query: str, expected: list[str]) -> None:
    assert codes(query) == expected


def test_introspection_has_a_depth_of_its_own_and_no_free_pass() -> None:
    within = "{ a __schema " + nested(19).replace("a", "ofType") + "}"
    beyond = "{ a __schema " + nested(20).replace("a", "ofType") + "}"

    assert codes(within) == []
    assert codes(beyond) == ["QUERY_TOO_DEEP"]
    assert measure(parse(within))[0].depth == 1


@pytest.mark.parametrize("everything", [True, False])
async def test_the_introspection_of_the_usual_tools_is_served(everything: bool) -> None:
    query = get_introspection_query(
        descriptions=everything,
        specified_by_url=everything,
        directive_is_repeatable=everything,
        schema_description=everything,
        input_value_deprecation=everything,
    )

    result = await build_endpoint().schema.execute(query)

    assert result.errors is None
    assert result.data is not None
    assert result.data["__schema"]["queryType"]["name"] == "Query"


def fragment_bomb(levels: int) -> str:
    fragments = (f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels))
    return "{ ...f0 } " + " ".join(fragments) + f" fragment f{levels} on Query {{ hello }}"


@pytest.mark.parametrize(
    "bomb",
    [
        fragment_bomb(300),
        "{ " + "hello " * 4900 + "}",
        "{ car { " + "name " * 4900 + "} }",
        "{ hello " + "@skip(if: false) " * 600 + "}",
        "{ " + "...f " * 1500 + "} fragment f on Query { hello car { name } }",
        "{ car { " + "name " * 490 + "} }",
    ],
    ids=["fragments", "root fields", "fields", "directives", "spreads", "just allowed"],
)
async def test_a_bomb_takes_no_time(bomb: str) -> None:
    schema = build_endpoint().schema
    started = time.process_time()

    result = await schema.execute(bomb)

    # a tenth of a second; a bomb that goes off takes longer than anybody waits
    assert time.process_time() - started < 30
    if bomb.count("name ") != 490:
        assert result.errors is not None
        assert (result.errors[0].extensions or {})["code"] == "QUERY_TOO_LARGE"
        assert result.data is None
