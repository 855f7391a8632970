"""Criteria as a sentence, and what they read."""

from typing import Any

import pytest

from seggraph.criteria import AttributeDefinition, Catalogue, Reads, check, describe, fields_read, parse
from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.vocabulary import AttributeType, Channel, MemberKind

CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [
        AttributeDefinition("plan", AttributeType.STRING, "Plan"),
        AttributeDefinition("birthday", AttributeType.DATE, "Birthday"),
        AttributeDefinition("languages", AttributeType.STRING_LIST, "Languages"),
    ],
)


def attribute(field: str, op: str, **given: Any) -> dict[str, Any]:
    return {"attribute": {"field": field, "op": op, **given}}


US = attribute("country", "EQ", value="US")
CASES: list[tuple[dict[str, Any], str]] = [
    ({"all": []}, "Members, all of them."),
    ({"any": []}, "Members, none of them."),
    (US, 'Members where Country is "US".'),
    ({"not": US}, 'Members where it is not so that Country is "US".'),
    (
        {"all": [US, {"any": [attribute("employees", "BETWEEN", values=[200, 2000]), {"not": US}]}]},
        'Members where Country is "US" and (Employees is between 200 and 2,000 or'
        ' (it is not so that Country is "US")).',
    ),
    (attribute("country", "NOT_IN", values=["US", "DE", "FR"]),
     'Members where Country is set and is not "US", "DE" or "FR".'),
    (attribute("country", "IN", values=[str(n) for n in range(12)]),
     'Members where Country is "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" or 2 more.'),
    (attribute("plan", "IS_NOT_SET"), "Members where Plan is not set."),
    (attribute("score", "GT", value=1.5), "Members where Score is more than 1.5."),
    (attribute("createdAt", "GTE", value="2026-01-31"), "Members where Created is on or after 2026-01-31."),
    (attribute("createdAt", "LT", value="2026-01-31T10:00:00+01:00"),
     "Members where Created is before 2026-01-31 09:00:00 UTC."),
    (attribute("createdAt", "WITHIN_LAST", value="P30D"), "Members where Created is within the last 30 days."),
    (attribute("birthday", "ANNIVERSARY_WITHIN", value="P1W"),
     "Members where Birthday has its anniversary today or within the next 7 days."),
    (attribute("birthday", "ANNIVERSARY_WITHIN", value="P0D"), "Members where Birthday has its anniversary today."),
    (attribute("languages", "HAS_ALL", values=["en", "de"]), 'Members where Languages has all of "en" and "de".'),
    ({"tags": {"op": "HAS_NONE", "values": ["vip"]}}, 'Members where the member has none of the tags "vip".'),
    ({"consent": {"channel": "DIRECT_MAIL", "state": "GRANTED"}},
     "Members where the member has granted consent for direct mail."),
]  # fmt: skip


@pytest.mark.parametrize(("document", "sentence"), CASES)
def test_reads_as_a_sentence(document: dict[str, Any], sentence: str) -> None:
    assert describe(check(parse(document), CATALOGUE)) == sentence


def test_every_operator_has_words() -> None:
    examples = {AttributeType.DATE: "2026-01-01", AttributeType.NUMBER: 1, AttributeType.BOOLEAN: True}
    for type_, operators in ((type_, OPERATORS.of_type(type_)) for type_ in AttributeType):
        catalogue = Catalogue(MemberKind.PERSON, [AttributeDefinition("x", type_)])
        for op in operators:
            one: Any = examples.get(type_, "2026-01-01")
            one = "P1D" if "WITHIN" in op else one
            for given in ({}, {"value": one}, {"values": [one]}, {"values": [one, one]}):
                try:
                    tree = check(parse(attribute("x", op, **given)), catalogue)
                except Exception:
                    continue
                assert describe(tree, subject="Deals").startswith("Deals where x ")
                break
            else:
                pytest.fail(f"{op} of {type_} takes none of the values")
    assert len(AttributeOp) == 25


def test_what_criteria_read() -> None:
    document = {
        "not": {
            "any": [
                US,
                {"all": [attribute("plan", "IS_SET"), {"tags": {"op": "HAS_ANY", "values": ["a", "b"]}}]},
                {"consent": {"channel": "SMS", "state": "GRANTED"}},
            ]
        }
    }
    assert fields_read(check(parse(document), CATALOGUE)) == Reads(
        fields=frozenset({"country"}),
        attributes=frozenset({"plan"}),
        tags=frozenset({"a", "b"}),
        channels=frozenset({Channel.SMS}),
    )
    assert fields_read(check(parse({"all": []}), CATALOGUE)) == Reads()
