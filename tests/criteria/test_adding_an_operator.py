"""An operator is one entry: added at test time, it is read, checked, said, offered and evaluated like any other."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from seggraph.criteria import AttributeDefinition, AttributeOp, Catalogue, check, describe, parse, to_json
from seggraph.criteria.naive import NaiveEvent, NaiveMember, matches
from seggraph.criteria.text import complete, read_text, spot_at, write_text
from seggraph.errors import BadOperator, BadValue
from seggraph.vocabulary import AttributeType, MemberKind
from tests.criteria.multiple_of import multiple_of

CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [AttributeDefinition("seats", AttributeType.NUMBER), AttributeDefinition("plan", AttributeType.STRING)],
)
JSON: dict[str, Any] = {"attribute": {"field": "seats", "op": "MULTIPLE_OF", "value": 5}}
TEXT = "seats MULTIPLE OF 5"


@pytest.fixture
def op() -> Iterator[AttributeOp]:
    with multiple_of() as added:
        yield added


@pytest.mark.usefixtures("op")
def test_it_is_json_text_and_a_sentence() -> None:
    tree = parse(JSON)

    assert to_json(tree) == JSON
    assert write_text(tree) == TEXT
    assert read_text(TEXT) == tree
    assert describe(check(tree, CATALOGUE)) == "Members where seats is a multiple of 5."


def test_it_is_an_operator_of_its_types_alone(op: AttributeOp) -> None:
    seats, plan = CATALOGUE.find("seats"), CATALOGUE.find("plan")
    assert seats is not None
    assert plan is not None
    assert op in seats.operators
    assert op not in plan.operators

    with pytest.raises(BadOperator):
        check(parse({"attribute": {"field": "plan", "op": "MULTIPLE_OF", "value": 5}}), CATALOGUE)
    with pytest.raises(BadValue, match="nothing is a multiple of 0"):
        check(parse({"attribute": {"field": "seats", "op": "MULTIPLE_OF", "value": 0}}), CATALOGUE)


@pytest.mark.usefixtures("op")
def test_it_is_offered() -> None:
    place = spot_at("seats M", 7)
    assert place is not None
    assert [(one.text, one.description) for one in complete(place, CATALOGUE)] == [
        ("MULTIPLE OF", "Is a multiple of.")
    ]


@pytest.mark.usefixtures("op")
@pytest.mark.parametrize(("seats", "expected"), [(10, True), (11, False), (None, False), (0, True)])
def test_it_has_a_meaning(seats: int | None, expected: bool) -> None:
    attributes = {} if seats is None else {"seats": seats}
    properties = NaiveEvent("order", datetime(2026, 1, 1, tzinfo=UTC), properties={"seats": seats})
    member = NaiveMember(attributes=attributes, events=[properties])
    where: dict[str, Any] = {"event": {"name": "order", "where": [JSON["attribute"]]}}

    for document in (JSON, where):
        tree = check(parse(document), CATALOGUE)
        assert matches(tree, member, as_of=datetime(2026, 2, 1, tzinfo=UTC), zone=ZoneInfo("UTC")) is expected


def test_it_is_gone_when_it_is_removed() -> None:
    with multiple_of():
        parse(JSON)

    with pytest.raises(BadOperator):
        parse(JSON)
    assert "MULTIPLE_OF" not in list(AttributeOp)
