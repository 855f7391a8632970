"""What a plan asks the tables, and how often."""

from typing import Any

from seggraph.criteria import Catalogue, check, parse
from seggraph.criteria.typed import EventTest
from seggraph.engines.planner import Asked, Both, Row, plan
from seggraph.vocabulary import MemberKind

ORDERS: dict[str, Any] = {"event": {"name": "order", "value": 2}}
SPENT: dict[str, Any] = {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 800}}
VISITS: dict[str, Any] = {"event": {"name": "visit", "value": 2}}
GRANTED: dict[str, Any] = {"consent": {"channel": "EMAIL", "state": "GRANTED"}}


def asked_of(*items: dict[str, Any], apart: bool = False) -> list[tuple[str, int]]:
    """The names of events in the questions of a conjunction, and to how many conditions each is the answer."""
    tree = check(parse({"all": list(items)}), Catalogue(MemberKind.PERSON))
    [term] = plan([tree], apart=apart).terms
    assert isinstance(term, Both)
    questions = [part for part in term.parts if isinstance(part, Asked)]
    assert all(isinstance(part, Row | Asked) for part in term.parts)
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
