"""Conditions on events, sequences, related members and segments: mistakes, sentences, and what they read."""

from typing import Any

import pytest

from seggraph.criteria import (
    AttributeDefinition,
    Catalogue,
    Reads,
    check,
    describe,
    fields_read,
    parse,
    references,
    relations,
    segments_read,
)
from seggraph.errors import SeggraphError
from seggraph.vocabulary import AttributeType, MemberKind

CATALOGUE = Catalogue(
    MemberKind.ACCOUNT,
    related={MemberKind.DEAL: [AttributeDefinition("stage", AttributeType.STRING, "Stage")]},
)


def event(**given: Any) -> dict[str, Any]:
    return {"event": {"name": "order", **given}}


def where(field: str, op: str, value: Any) -> dict[str, Any]:
    return event(where=[{"field": field, "op": op, "value": value}])


OPEN = {"attribute": {"field": "stage", "op": "EQ", "value": "open"}}

BAD: list[tuple[dict[str, Any], str, tuple[str | int, ...], str]] = [
    (event(value=-1), "CRITERIA_BAD_VALUE", ("event", "value"), "zero or more"),
    (event(value="x"), "CRITERIA_BAD_VALUE", ("event", "value"), "a number is needed"),
    (event(aggregate="DISTINCT_DAYS", value=1.5), "CRITERIA_BAD_VALUE", ("event", "value"), "whole number"),
    (event(op="BETWEEN"), "CRITERIA_BAD_VALUE", ("event", "value"), "a list of two values"),
    (event(op="EQ", value=[1, 2]), "CRITERIA_BAD_VALUE", ("event", "value"), "one value"),
    (event(op="BETWEEN", value=[2, 1]), "CRITERIA_BAD_VALUE", ("event", "value"), "swap them"),
    (event(op="BEFORE", value="2026-01-01"), "CRITERIA_BAD_OPERATOR", ("event", "op"), "COUNT has no BEFORE"),
    (event(aggregate="LAST_AT"), "CRITERIA_BAD_VALUE", ("event", "value"), "a time with its offset"),
    (event(aggregate="LAST_AT", op="WITHIN_LAST", value="P0D"), "CRITERIA_BAD_VALUE", ("event", "value"), "longer"),
    (event(of="tax"), "CRITERIA_BAD_VALUE", ("event", "of"), "only SUM, AVG, MIN, MAX have `of`"),
    (event(within={"last": "P0D"}), "CRITERIA_BAD_VALUE", ("event", "within", "last"), "a window of no time"),
    (event(within={"last": "P1000Y"}), "CRITERIA_BAD_VALUE", ("event", "within", "last"), "longer than 200 years"),
    (event(within={"from": "2026-02-30"}), "CRITERIA_BAD_VALUE", ("event", "within", "from"), "no day"),
    (event(within={"from": "2026-02-02", "to": "2026-02-01"}), "CRITERIA_BAD_VALUE", ("event", "within"), "before"),
    (event(within={"from": "2026-02-02", "to": "2026-02-02"}), "CRITERIA_BAD_VALUE", ("event", "within"), "before"),
    (where("a", "GT", True), "CRITERIA_BAD_OPERATOR", ("event", "where", 0, "op"), "is a BOOLEAN and has no GT"),
    (where("a", "GT", "many"), "CRITERIA_BAD_VALUE", ("event", "where", 0, "value"), "a number is needed"),
    (where("a", "GT", "2026-13-01"), "CRITERIA_BAD_VALUE", ("event", "where", 0, "value"), "no day"),
    (where("a", "CONTAINS", 5), "CRITERIA_BAD_OPERATOR", ("event", "where", 0, "op"), "is a NUMBER"),
    (where("", "EQ", 5), "CRITERIA_BAD_VALUE", ("event", "where", 0, "field"), "the name of a property"),
    ({"sequence": {"steps": [{"name": "a"}, {"name": "b"}], "within": "soon"}},
     "CRITERIA_BAD_VALUE", ("sequence", "within"), "not an ISO 8601 duration"),
    ({"related": {"relation": "deal"}}, "CRITERIA_BAD_VALUE", ("related", "relation"), "it has people, organization"),
    ({"related": {"relation": "deals", "where": {"all": [{"attribute": {"field": "stag", "op": "IS_SET"}}]}}},
     "CRITERIA_UNKNOWN_FIELD", ("related", "where", "all", 0, "attribute", "field"), "did you mean stage?"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "path", "says"), BAD)
def test_refuses_with_code_and_path(
    document: dict[str, Any], code: str, path: tuple[str | int, ...], says: str
) -> None:
    with pytest.raises(SeggraphError) as raised:
        check(parse({"not": document}), CATALOGUE, path=("criteria",))
    assert (raised.value.code, raised.value.path) == (code, ("criteria", "not", *path))
    assert says in raised.value.message


SENTENCES: list[tuple[dict[str, Any], str]] = [
    (event(), 'the member had the event "order"'),
    (event(op="EQ", value=0, within={"last": "P30D"}), 'the member had no event "order" within the last 30 days'),
    (event(op="GT", value=5), 'the number of events "order" is more than 5'),
    (event(aggregate="SUM", op="GT", value=800), 'the sum of the values of events "order" is more than 800'),
    (event(aggregate="MAX", of="tax", value=1), 'the highest of "tax" of events "order" is at least 1'),
    (event(aggregate="FIRST_AT", op="BEFORE", value="2026-01-01"), 'the first of events "order" is before 2026-01-01'),
    (event(within={"from": "2026-01-01", "to": "2026-02-01"}),
     'the member had the event "order" from 2026-01-01 until before 2026-02-01'),
    (where("plan", "EQ", "pro"), 'the member had the event "order" (where plan is "pro")'),
    ({"sequence": {"steps": [{"name": "a"}, {"name": "b"}], "within": "P7D"}},
     'the member had the event "a" and later the event "b", all within 7 days'),
    ({"segment": {"op": "IN", "id": 7}}, 'the member is in the segment "Customers"'),
    ({"segment": {"op": "NOT_IN", "id": 8}}, "the member is not in a segment"),
    ({"related": {"relation": "deals", "where": OPEN, "count": 2}},
     'the number of related members, deals (where Stage is "open"), is at least 2'),
    ({"sample": {"percent": 12.5, "seed": "a"}}, 'the member is in the sample "a" of 12.5 %'),
]  # fmt: skip


@pytest.mark.parametrize(("document", "phrase"), SENTENCES)
def test_reads_as_a_sentence(document: dict[str, Any], phrase: str) -> None:
    tree = check(parse(document), CATALOGUE)
    assert describe(tree, segment_names={7: "Customers"}) == f"Members where {phrase}."


def test_what_they_read_and_refer_to() -> None:
    in_deals = {"all": [OPEN, {"segment": {"op": "IN", "id": 9}}]}
    document = {
        "any": [
            {"not": {"segment": {"op": "NOT_IN", "id": 7}}},
            event(),
            {"related": {"relation": "deals", "where": in_deals}},
        ]
    }
    tree = check(parse(document), CATALOGUE)
    deals = relations.find(MemberKind.ACCOUNT, "deals")
    assert deals is not None
    inner = Reads(attributes=frozenset({"stage"}), segments=frozenset({9}))
    assert fields_read(tree) == Reads(
        events=frozenset({"order"}), segments=frozenset({7}), related=frozenset({(deals, inner)}), time=True
    )
    assert segments_read(tree) == {7, 9}
    assert [(one.segment_id, one.kind, one.path) for one in references(tree, MemberKind.ACCOUNT)] == [
        (7, MemberKind.ACCOUNT, ("any", 0, "not", "segment", "id")),
        (9, MemberKind.DEAL, ("any", 2, "related", "where", "all", 1, "segment", "id")),
    ]
