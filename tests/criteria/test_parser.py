"""Shapes: what is read, what is refused where and with which code, and that hostile input costs nothing."""

import math
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from seggraph.criteria.json.canonical import to_json
from seggraph.criteria.json.parser import parse
from seggraph.criteria.nodes import (
    All,
    AnyOf,
    Attribute,
    Consent,
    Event,
    InSegment,
    Not,
    Related,
    Sample,
    Sequence,
    Tags,
    Window,
)
from seggraph.criteria.operators import AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.errors import ErrorCode, Path, Problems, SeggraphError
from seggraph.vocabulary import Channel, ConsentState

LEAF: dict[str, Any] = {"attribute": {"field": "city", "op": "EQ", "value": "Rome"}}


def failure(document: object) -> tuple[ErrorCode, Path, str]:
    with pytest.raises(SeggraphError) as raised:
        parse(document)
    return raised.value.code, raised.value.path, raised.value.message


def value(given: object) -> dict[str, Any]:
    return {"attribute": {"field": "city", "op": "EQ", "value": given}}


GOOD: list[tuple[dict[str, Any], Any]] = [
    (LEAF, Attribute("city", AttributeOp.EQ, ("Rome",), True)),
    (
        {"attribute": {"field": "n", "op": "BETWEEN", "values": [1, 2.5]}},
        Attribute("n", AttributeOp.BETWEEN, (1, 2.5), False),
    ),
    ({"attribute": {"field": "n", "op": "IS_SET"}}, Attribute("n", AttributeOp.IS_SET, (), False)),
    ({"tags": {"op": "HAS_ALL", "values": ["a", "b"]}}, Tags(SetOp.HAS_ALL, ("a", "b"))),
    ({"consent": {"channel": "SMS", "state": "DENIED"}}, Consent(Channel.SMS, ConsentState.DENIED)),
    ({"all": []}, All(())),
    (
        {"event": {"name": "order", "aggregate": "COUNT", "op": "GTE", "value": 1}},
        Event("order"),
    ),
    (
        {
            "event": {
                "name": "order",
                "aggregate": "SUM",
                "of": "tax",
                "op": "BETWEEN",
                "value": [1, 2],
                "within": {"last": "P30D"},
                "where": [{"field": "plan", "op": "EQ", "value": "pro"}],
            }
        },
        Event(
            "order",
            EventAggregate.SUM,
            "tax",
            CompareOp.BETWEEN,
            (1, 2),
            Window("P30D"),
            (Attribute("plan", AttributeOp.EQ, ("pro",), True),),
        ),
    ),
    (
        {
            "sequence": {
                "steps": [{"name": "a"}, {"name": "b", "within": {"fromDay": "2026-01-01"}}],
                "within": "P1D",
            }
        },
        Sequence((Event("a"), Event("b", within=Window(start="2026-01-01"))), "P1D"),
    ),
    ({"segment": {"op": "NOT_IN", "id": 42}}, InSegment(InOp.NOT_IN, 42)),
    (
        {"related": {"relation": "deals", "where": LEAF, "op": "LT", "count": 2}},
        Related("deals", Attribute("city", AttributeOp.EQ, ("Rome",), True), CompareOp.LT, 2),
    ),
    ({"sample": {"percent": 12.5, "seed": "a"}}, Sample(12.5, "a")),
    ({"not": {"any": [{"all": []}]}}, Not(AnyOf((All(()),)))),
]


@pytest.mark.parametrize(("document", "tree"), GOOD)
def test_reads_and_writes_the_canonical_form(document: dict[str, Any], tree: Any) -> None:
    assert parse(document) == tree
    assert to_json(tree) == document


def test_null_beside_the_given_value_is_as_if_absent() -> None:
    document = {"attribute": {"field": "city", "op": "EQ", "value": "Rome", "values": None}}
    assert to_json(parse(document)) == LEAF


BAD: list[tuple[object, str, Path, str]] = [
    (None, "CRITERIA_INVALID", (), "not null"),
    ([], "CRITERIA_INVALID", (), "not a list"),
    ("x", "CRITERIA_INVALID", (), 'not "x"'),
    ({}, "CRITERIA_INVALID", (), "not an empty object"),
    ({"all": [], "any": []}, "CRITERIA_INVALID", (), "not 2 keys"),
    ({"al": []}, "CRITERIA_INVALID", (), "did you mean all?"),
    (
        {"regex": {}},
        "CRITERIA_INVALID",
        (),
        "use one of all, any, not, attribute, event, sequence, tags, consent, segment",
    ),
    ({1: []}, "CRITERIA_INVALID", (), "no condition 1"),
    ({"all": LEAF}, "CRITERIA_INVALID", ("all",), "a list of conditions is needed, not an object"),
    ({"all": [LEAF, 3]}, "CRITERIA_INVALID", ("all", 1), "not 3"),
    ({"not": [LEAF]}, "CRITERIA_INVALID", ("not",), "not a list"),
    (
        {"not": {"any": [{"all": [LEAF, {}]}]}},
        "CRITERIA_INVALID",
        ("not", "any", 0, "all", 1),
        "empty object",
    ),
    ({"attribute": 5}, "CRITERIA_INVALID", ("attribute",), "an object with field, op, value, values"),
    (
        {"attribute": {"op": "EQ", "value": 1}},
        "CRITERIA_INVALID",
        ("attribute", "field"),
        "`field` is missing",
    ),
    ({"attribute": {"field": "a"}}, "CRITERIA_INVALID", ("attribute", "op"), "`op` is missing"),
    (
        {"attribute": {"field": "a", "op": "EQ", "vale": 1}},
        "CRITERIA_INVALID",
        ("attribute",),
        'there is no "vale" here; use field, op, value, values',
    ),
    (
        {"event": {"name": "a", "within": {"from": "2026-01-01", "fromDay": "2026-01-01"}}},
        "CRITERIA_BAD_VALUE",
        ("event", "within"),
        "give either `from` or `fromDay`, not both",
    ),
    (
        {"event": {"name": "a", "within": {"toDay": "2026-01-01T00:00:00Z"}}},
        "CRITERIA_BAD_VALUE",
        ("event", "within", "toDay"),
        "a day like 2026-01-31 is needed",
    ),
    (
        {"attribute": {"field": 7, "op": "IS_SET"}},
        "CRITERIA_INVALID",
        ("attribute", "field"),
        "name of a field",
    ),
    (
        {"attribute": {"field": "a", "op": "eq"}},
        "CRITERIA_BAD_OPERATOR",
        ("attribute", "op"),
        'no operator "eq"',
    ),
    ({"attribute": {"field": "a", "op": ["EQ"]}}, "CRITERIA_BAD_OPERATOR", ("attribute", "op"), "a list"),
    (
        {"attribute": {"field": "a", "op": "EQ", "value": 1, "values": [1]}},
        "CRITERIA_BAD_VALUE",
        ("attribute", "values"),
        "not both",
    ),
    (value({}), "CRITERIA_BAD_VALUE", ("attribute", "value"), "not an object"),
    (value(["a"]), "CRITERIA_BAD_VALUE", ("attribute", "value"), "not a list"),
    (value(math.nan), "CRITERIA_BAD_VALUE", ("attribute", "value"), "finite"),
    (value(-math.inf), "CRITERIA_BAD_VALUE", ("attribute", "value"), "finite"),
    (value(10**30), "CRITERIA_BAD_VALUE", ("attribute", "value"), "below 10^30"),
    (value(-(10**5000)), "CRITERIA_BAD_VALUE", ("attribute", "value"), "below 10^30"),
    (value("a\0b"), "CRITERIA_BAD_VALUE", ("attribute", "value"), "NUL"),
    (value("a\ud800"), "CRITERIA_BAD_VALUE", ("attribute", "value"), "surrogate"),
    (
        value("x" * 1001),
        "CRITERIA_BAD_VALUE",
        ("attribute", "value"),
        "at most 1,000 characters, this one has 1,001",
    ),
    (
        {"attribute": {"field": "a", "op": "IN", "values": ["a", None]}},
        "CRITERIA_BAD_VALUE",
        ("attribute", "values", 1),
        "IS_NOT_SET",
    ),
    (
        {"attribute": {"field": "a", "op": "IN", "values": "abc"}},
        "CRITERIA_BAD_VALUE",
        ("attribute", "values"),
        "a list of values",
    ),
    (
        {"attribute": {"field": "a", "op": "IN", "values": ["a"] * 1001}},
        "CRITERIA_TOO_LARGE",
        ("attribute", "values"),
        "1000 values",
    ),
    ({"tags": {"op": "HAS_ANY", "values": []}}, "CRITERIA_BAD_VALUE", ("tags", "values"), "at least one tag"),
    (
        {"tags": {"op": "HAS_ANY", "values": ["a", 1]}},
        "CRITERIA_BAD_VALUE",
        ("tags", "values"),
        "tags are texts",
    ),
    (
        {"tags": {"op": "EQ", "values": ["a"]}},
        "CRITERIA_BAD_OPERATOR",
        ("tags", "op"),
        "HAS_ANY, HAS_ALL, HAS_NONE",
    ),
    ({"tags": {"op": "HAS_ANY"}}, "CRITERIA_INVALID", ("tags", "values"), "missing"),
    ({"event": {}}, "CRITERIA_INVALID", ("event", "name"), "missing"),
    ({"event": {"name": ""}}, "CRITERIA_BAD_VALUE", ("event", "name"), "the name of an event is needed"),
    ({"event": {"name": "a\0"}}, "CRITERIA_BAD_VALUE", ("event", "name"), "NUL"),
    ({"event": {"name": "a", "op": "CONTAINS"}}, "CRITERIA_BAD_OPERATOR", ("event", "op"), "no operator"),
    (
        {"event": {"name": "a", "aggregate": "MEDIAN"}},
        "CRITERIA_BAD_VALUE",
        ("event", "aggregate"),
        "COUNT, SUM",
    ),
    ({"event": {"name": "a", "value": [1]}}, "CRITERIA_BAD_VALUE", ("event", "value"), "a list of two"),
    ({"event": {"name": "a", "within": {}}}, "CRITERIA_BAD_VALUE", ("event", "within"), "give `last`"),
    (
        {"event": {"name": "a", "within": {"last": "P1D", "to": "2026-01-01"}}},
        "CRITERIA_BAD_VALUE",
        ("event", "within"),
        "not both",
    ),
    (
        {"event": {"name": "a", "where": [{"op": "EQ", "value": 1}]}},
        "CRITERIA_INVALID",
        ("event", "where", 0, "field"),
        "missing",
    ),
    ({"event": {"name": "a", "where": {}}}, "CRITERIA_INVALID", ("event", "where"), "a list of conditions"),
    (
        {"sequence": {"steps": [{"name": "a"}]}},
        "CRITERIA_BAD_VALUE",
        ("sequence", "steps"),
        "two steps or more",
    ),
    (
        {"sequence": {"steps": [{"name": "a"}] * 11}},
        "CRITERIA_TOO_LARGE",
        ("sequence", "steps"),
        "more than 10",
    ),
    (
        {"sequence": {"steps": [{"name": "a"}, {"name": "b", "value": 2}]}},
        "CRITERIA_BAD_VALUE",
        ("sequence", "steps", 1, "value"),
        "it has no `value`",
    ),
    ({"segment": {"op": "IN", "id": "x"}}, "CRITERIA_BAD_VALUE", ("segment", "id"), 'no segment "x"'),
    ({"segment": {"op": "IN", "id": 0}}, "CRITERIA_BAD_VALUE", ("segment", "id"), "no segment 0"),
    ({"segment": {"op": "EQ", "id": 1}}, "CRITERIA_BAD_OPERATOR", ("segment", "op"), "IN, NOT_IN"),
    (
        {"related": {"relation": "x", "count": -1}},
        "CRITERIA_BAD_VALUE",
        ("related", "count"),
        "zero or more, not -1",
    ),
    (
        {"related": {"relation": "x", "count": 1.5}},
        "CRITERIA_BAD_VALUE",
        ("related", "count"),
        "a whole number",
    ),
    (
        {"related": {"relation": "x", "op": "BETWEEN"}},
        "CRITERIA_BAD_OPERATOR",
        ("related", "op"),
        "EQ, NE, GT",
    ),
    (
        {"related": {"relation": "x", "where": {}}},
        "CRITERIA_INVALID",
        ("related", "where"),
        "an empty object",
    ),
    ({"sample": {"percent": 100.1}}, "CRITERIA_BAD_VALUE", ("sample", "percent"), "from 0 to 100, not 100.1"),
    ({"sample": {"percent": math.nan}}, "CRITERIA_BAD_VALUE", ("sample", "percent"), "finite"),
    ({"sample": {"percent": 1, "seed": 7}}, "CRITERIA_BAD_VALUE", ("sample", "seed"), "a seed is a text"),
    (
        {"consent": {"channel": "FAX", "state": "DENIED"}},
        "CRITERIA_BAD_VALUE",
        ("consent", "channel"),
        "EMAIL, DIRECT_MAIL, SMS, PHONE, PUSH",
    ),
    (
        {"consent": {"channel": "SMS", "state": 1}},
        "CRITERIA_BAD_VALUE",
        ("consent", "state"),
        "UNKNOWN, GRANTED, DENIED",
    ),
]


@pytest.mark.parametrize(("document", "code", "path", "says"), BAD)
def test_refuses_with_code_and_path(document: object, code: str, path: Path, says: str) -> None:
    found_code, found_path, message = failure(document)
    assert (found_code, found_path) == (code, path)
    assert says in message
    message.encode()


def test_every_mistake_is_reported_at_once() -> None:
    document = {"any": [{"x": 1}, LEAF, {"attribute": {"field": "a", "op": "?"}}, value(None)]}
    document["any"][3]["attribute"]["values"] = [None, math.nan]
    with pytest.raises(Problems) as raised:
        parse(document, path=("input", "criteria"))
    assert [(problem.code, problem.path) for problem in raised.value.problems] == [
        ("CRITERIA_INVALID", ("input", "criteria", "any", 0)),
        ("CRITERIA_BAD_OPERATOR", ("input", "criteria", "any", 2, "attribute", "op")),
        ("CRITERIA_BAD_VALUE", ("input", "criteria", "any", 3, "attribute", "values", 0)),
        ("CRITERIA_BAD_VALUE", ("input", "criteria", "any", 3, "attribute", "values", 1)),
    ]


def test_reports_no_more_mistakes_than_help() -> None:
    with pytest.raises(Problems) as raised:
        parse({"all": [{}] * 400})
    assert len(raised.value.problems) == 50


def nested(depth: int) -> dict[str, Any]:
    document = LEAF
    for _ in range(depth):
        document = {"not": document}
    return document


def test_twenty_groups_deep_is_allowed_and_one_more_is_not() -> None:
    assert to_json(parse(nested(20))) == nested(20)
    code, path, message = failure(nested(21))
    assert (code, path) == ("CRITERIA_TOO_DEEP", ("not",) * 20)
    assert "deeper than 20" in message


def test_500_conditions_are_allowed_and_one_more_is_not() -> None:
    half = {"any": [LEAF] * 250}
    assert to_json(parse({"all": [half, half]})) == {"all": [half, half]}
    assert failure({"all": [half, half, LEAF]})[:2] == ("CRITERIA_TOO_LARGE", ("all", 2))
    assert failure({"all": [half, half, {"any": []}]})[:2] == ("CRITERIA_TOO_LARGE", ("all", 2, "any"))


MOST_LINES = 2_000
"""Far fewer than a bomb has parts: whoever looks at each of them needs more."""


@contextmanager
def counted_lines() -> Iterator[Counter[str]]:
    """How many lines run in the block, by file. A loop within a line counts each time."""
    lines: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        lines[frame.f_code.co_filename] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (nested(100_000), "CRITERIA_TOO_DEEP"),
        ({"all": [LEAF] * 1_000_000}, "CRITERIA_TOO_LARGE"),
        ({"all": [{"any": []}] * 1_000_000}, "CRITERIA_TOO_LARGE"),
        ({"attribute": {"field": "a", "op": "IN", "values": [1] * 1_000_000}}, "CRITERIA_TOO_LARGE"),
        (value("x" * 10_000_000), "CRITERIA_BAD_VALUE"),
        ({"x" * 10_000_000: 1}, "CRITERIA_INVALID"),
        ({"attribute": {"field": "a", "op": "x" * 10_000_000}}, "CRITERIA_BAD_OPERATOR"),
        ({str(n): n for n in range(100_000)}, "CRITERIA_INVALID"),
        ({"attribute": {str(n): n for n in range(100_000)}}, "CRITERIA_INVALID"),
    ],
)
def test_a_bomb_is_refused_at_once_with_a_short_message(document: object, code: str) -> None:
    with counted_lines() as lines:
        found_code, _, message = failure(document)

    assert found_code == code
    assert len(message) < 400
    assert lines.total() < MOST_LINES


def test_days_are_read_under_either_key() -> None:
    within = {"from": "2026-01-01", "to": "2026-01-31"}

    tree = parse({"event": {"name": "a", "within": within}})

    days = {"fromDay": "2026-01-01", "toDay": "2026-01-31"}
    assert tree == parse({"event": {"name": "a", "within": days}})
    assert to_json(tree)["event"]["within"] == days
