"""What a plan asks the tables, and how often."""

from typing import Any

import pytest

from seggraph.criteria import Catalogue, check, parse
from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.typed import EventTest
from seggraph.engines.planner import Intersection, RowPredicate, TableLookup, plan
from seggraph.vocabulary import MemberKind

ORDERS: dict[str, Any] = {"event": {"name": "order", "value": 2}}
SPENT: dict[str, Any] = {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 800}}
VISITS: dict[str, Any] = {"event": {"name": "visit", "value": 2}}
GRANTED: dict[str, Any] = {"consent": {"channel": "EMAIL", "state": "GRANTED"}}


def asked_of(*items: dict[str, Any], apart: bool = False) -> list[tuple[str, int]]:
    """The names of events in the questions of a conjunction, and to how many conditions each is the answer."""
    tree = check(parse({"all": list(items)}), Catalogue(MemberKind.PERSON))
    [term] = plan([tree], apart=apart).terms
    assert isinstance(term, Intersection)
    questions = [part for part in term.parts if isinstance(part, TableLookup)]
    assert all(isinstance(part, RowPredicate | TableLookup) for part in term.parts)
    return [
        (part.question.events.name, 1 + len(part.also))
        for part in questions
        if isinstance(part.question, EventTest)
    ]


def test_conditions_that_the_same_rows_answer_are_one_question() -> None:
    assert asked_of(ORDERS, VISITS, SPENT, GRANTED) == [("order", 2), ("visit", 1)]


def test_conditions_whose_answers_are_kept_stay_apart() -> None:
    assert asked_of(ORDERS, VISITS, SPENT, GRANTED, apart=True) == [("order", 1), ("visit", 1), ("order", 1)]


def test_conditions_on_events_in_different_windows_stay_apart() -> None:
    recent = {"event": {"name": "order", "value": 2, "within": {"last": "P30D"}}}

    assert asked_of(ORDERS, recent, GRANTED) == [("order", 1), ("order", 1)]


@pytest.mark.parametrize(
    ("recent", "asked"),
    [
        ({"op": "EQ", "value": 0}, AttributeOp.NOT_WITHIN_LAST),
        ({"op": "LT", "value": 1}, AttributeOp.NOT_WITHIN_LAST),
        ({"op": "BETWEEN", "value": [0, 0]}, AttributeOp.NOT_WITHIN_LAST),
        ({}, AttributeOp.WITHIN_LAST),
        ({"op": "NE", "value": 0}, AttributeOp.WITHIN_LAST),
        ({"op": "GT", "value": 0}, AttributeOp.WITHIN_LAST),
        ({"op": "NE", "value": 1}, None),
        ({"op": "EQ", "value": 1}, None),
        ({"op": "BETWEEN", "value": [1, 2]}, None),
        ({"op": "LTE", "value": 1}, None),
        ({"aggregate": "SUM", "op": "EQ", "value": 0}, None),
        ({"op": "EQ", "value": 0, "where": [{"field": "plan", "op": "IS_SET"}]}, None),
    ],
)
def test_whether_there_was_one_of_late_is_asked_of_the_last(
    recent: dict[str, Any], asked: AttributeOp | None
) -> None:
    # given another condition that the totals answer, and the window
    windowed = {"event": {"name": "order", "within": {"last": "P30D"}, **recent}}
    tree = check(parse({"all": [ORDERS, windowed]}), Catalogue(MemberKind.PERSON))

    # when
    [term] = plan([tree]).terms

    # then
    assert isinstance(term, Intersection)
    [orders, *others] = [part for part in term.parts if isinstance(part, TableLookup)]
    assert [test.test.op for test in orders.also] == ([] if asked is None else [asked])
    assert len(others) + len([part for part in term.minus if isinstance(part, TableLookup)]) == (
        asked is None
    )


def test_whether_there_was_one_of_late_is_asked_of_events_when_the_totals_are_not_asked() -> None:
    recent = {"event": {"name": "order", "within": {"last": "P30D"}}}

    assert asked_of(recent, VISITS, GRANTED) == [("order", 1), ("visit", 1)]
