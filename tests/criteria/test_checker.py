"""Types: fields looked up, operators by type, values converted; each mistake with code, path and what would work."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from seggraph.criteria.catalogue import AttributeDefinition, Catalogue
from seggraph.criteria.checking.checker import check
from seggraph.criteria.json.parser import parse
from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Comparison
from seggraph.errors import Path, Problems, SeggraphError
from seggraph.vocabulary import AttributeType, MemberKind

CATALOGUE = Catalogue(
    MemberKind.ACCOUNT,
    [
        AttributeDefinition("plan", AttributeType.STRING),
        AttributeDefinition("renewal", AttributeType.DATE),
        AttributeDefinition("languages", AttributeType.STRING_LIST),
        AttributeDefinition("oldPlan", AttributeType.STRING, hidden=True),
    ],
)


def attribute(field: str, op: str, **given: Any) -> dict[str, Any]:
    return {"attribute": {"field": field, "op": op, **given}}


GOOD: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    (attribute("country", "EQ", value="US"), ("US",)),
    (attribute("oldPlan", "IS_SET"), ()),
    (attribute("employees", "GT", value=10), (Decimal(10),)),
    (attribute("revenue", "EQ", value=0.1), (Decimal("0.1"),)),
    (attribute("revenue", "EQ", value="1234567890.123456789"), (Decimal("1234567890.123456789"),)),
    (attribute("revenue", "EQ", value=1e-7), (Decimal("1e-7"),)),
    (attribute("isTarget", "NE", value=False), (False,)),
    (attribute("renewal", "ON", value="2024-02-29"), (date(2024, 2, 29),)),
    (
        attribute("createdAt", "GT", value="2026-01-31T10:30:00.5+01:00"),
        (datetime(2026, 1, 31, 9, 30, 0, 500_000, UTC),),
    ),
    (attribute("createdAt", "GT", value="2026-01-31t09:30:00z"), (datetime(2026, 1, 31, 9, 30, tzinfo=UTC),)),
    (attribute("createdAt", "BEFORE", value="2026-01-31"), (date(2026, 1, 31),)),
    (attribute("createdAt", "WITHIN_LAST", value="P30D"), (Duration(days=30),)),
    (attribute("renewal", "ANNIVERSARY_WITHIN", value="P0D"), (Duration(),)),
    (attribute("languages", "HAS_ALL", values=["en", "de"]), ("en", "de")),
    (attribute("score", "BETWEEN", values=[1, 1]), (Decimal(1), Decimal(1))),
]  # fmt: skip


@pytest.mark.parametrize(("document", "values"), GOOD)
def test_values_become_the_type_of_the_field(document: dict[str, Any], values: tuple[Any, ...]) -> None:
    checked = check(parse(document), CATALOGUE)
    assert isinstance(checked, Comparison)
    assert checked.field is CATALOGUE.find(document["attribute"]["field"])
    assert checked.values == values
    assert [type(one) for one in checked.values] == [type(one) for one in values]


BAD: list[tuple[dict[str, Any], str, str, str]] = [
    (attribute("contry", "EQ", value="US"), "CRITERIA_UNKNOWN_FIELD", "field", "did you mean country?"),
    (attribute("Country", "EQ", value="US"), "CRITERIA_UNKNOWN_FIELD", "field", "did you mean country?"),
    (attribute("plam", "IS_SET"), "CRITERIA_UNKNOWN_FIELD", "field", "did you mean plan?"),
    (attribute("zzz", "IS_SET"), "CRITERIA_UNKNOWN_FIELD", "field", "some of them are externalId"),
    (attribute("q" * 1_000_000, "IS_SET"), "CRITERIA_UNKNOWN_FIELD", "field", "ACCOUNT has no field"),
    (attribute("a\ud800\0", "IS_SET"), "CRITERIA_UNKNOWN_FIELD", "field", "ACCOUNT has no field"),
    (attribute("country", "GT", value="US"), "CRITERIA_BAD_OPERATOR", "op", "is a STRING and has no GT; use EQ, NE"),
    (attribute("employees", "CONTAINS", value="1"), "CRITERIA_BAD_OPERATOR", "op", "has no CONTAINS"),
    (attribute("isTarget", "IN", values=[True]), "CRITERIA_BAD_OPERATOR", "op", "use EQ, NE, IS_SET, IS_NOT_SET"),
    (attribute("createdAt", "IN", values=["2026-01-01"]), "CRITERIA_BAD_OPERATOR", "op", "has no IN"),
    (attribute("languages", "EQ", value="en"), "CRITERIA_BAD_OPERATOR", "op", "use HAS_ANY, HAS_ALL, HAS_NONE"),
    (attribute("country", "EQ"), "CRITERIA_BAD_VALUE", "value", "EQ takes one `value`"),
    (attribute("country", "EQ", value=None), "CRITERIA_BAD_VALUE", "value", "use IS_NOT_SET"),
    (attribute("country", "EQ", values=["US"]), "CRITERIA_BAD_VALUE", "value", "EQ takes one `value`"),
    (attribute("country", "IN", value="US"), "CRITERIA_BAD_VALUE", "values", "IN takes `values`"),
    (attribute("country", "IN", values=[]), "CRITERIA_BAD_VALUE", "values", "a list of one or more"),
    (attribute("country", "IS_SET", value="x"), "CRITERIA_BAD_VALUE", "value", "IS_SET takes no value"),
    (attribute("country", "IS_SET", values=["x"]), "CRITERIA_BAD_VALUE", "values", "IS_SET takes no value"),
    (attribute("employees", "BETWEEN", values=[1]), "CRITERIA_BAD_VALUE", "values", "two `values`"),
    (attribute("employees", "BETWEEN", values=[1, 2, 3]), "CRITERIA_BAD_VALUE", "values", "two `values`"),
    (attribute("employees", "BETWEEN", values=[2, 1]), "CRITERIA_BAD_VALUE", "values", "swap them"),
    (attribute("renewal", "BETWEEN", values=["2026-02-01", "2026-01-01"]), "CRITERIA_BAD_VALUE", "values", "swap"),
    (attribute("country", "EQ", value=5), "CRITERIA_BAD_VALUE", "value", "a text is needed, not 5"),
    (attribute("employees", "EQ", value="many"), "CRITERIA_BAD_VALUE", "value", 'a number is needed, not "many"'),
    (attribute("employees", "EQ", value=True), "CRITERIA_BAD_VALUE", "value", "a number is needed, not true"),
    (attribute("employees", "EQ", value="1e5"), "CRITERIA_BAD_VALUE", "value", "a number is needed"),
    (attribute("employees", "EQ", value="٣"), "CRITERIA_BAD_VALUE", "value", "a number is needed"),
    (attribute("employees", "EQ", value="9" * 31), "CRITERIA_BAD_VALUE", "value", "a number is needed"),
    (attribute("isTarget", "EQ", value=1), "CRITERIA_BAD_VALUE", "value", "true or false is needed, not 1"),
    (attribute("isTarget", "EQ", value="true"), "CRITERIA_BAD_VALUE", "value", "true or false"),
    (attribute("renewal", "ON", value="2026-02-30"), "CRITERIA_BAD_VALUE", "value", "no day"),
    (attribute("renewal", "ON", value="0000-01-01"), "CRITERIA_BAD_VALUE", "value", "no day"),
    (attribute("renewal", "ON", value="10000-01-01"), "CRITERIA_BAD_VALUE", "value", "a date like 2026-01-31"),
    (attribute("renewal", "EQ", value="2026-01-31T00:00:00Z"), "CRITERIA_BAD_VALUE", "value", "a date like"),
    (attribute("renewal", "EQ", value="20260131"), "CRITERIA_BAD_VALUE", "value", "a date like"),
    (attribute("createdAt", "ON", value="2026-01-31T00:00:00Z"), "CRITERIA_BAD_VALUE", "value", "a date like"),
    (attribute("createdAt", "GT", value="2026-01-31T09:30:00"), "CRITERIA_BAD_VALUE", "value", "with its offset"),
    (attribute("createdAt", "GT", value="2026-01-31T25:00:00Z"), "CRITERIA_BAD_VALUE", "value", "no time"),
    (attribute("createdAt", "GT", value="0001-01-01T00:00:00+14:00"), "CRITERIA_BAD_VALUE", "value", "no time"),
    (attribute("createdAt", "GT", value=1_700_000_000), "CRITERIA_BAD_VALUE", "value", "a time with its offset"),
    (attribute("createdAt", "WITHIN_LAST", value="P1000Y"), "CRITERIA_BAD_VALUE", "value", "longer than 200 years"),
    (attribute("createdAt", "WITHIN_LAST", value="P99999999999D"), "CRITERIA_BAD_VALUE", "value", "not an ISO 8601"),
    (attribute("createdAt", "WITHIN_LAST", value=30), "CRITERIA_BAD_VALUE", "value", "a text is needed"),
    (attribute("createdAt", "WITHIN_NEXT", value="P0D"), "CRITERIA_BAD_VALUE", "value", "a longer duration"),
    (attribute("renewal", "ANNIVERSARY_WITHIN", value="PT24H"), "CRITERIA_BAD_VALUE", "value", "calendar days"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "key", "says"), BAD)
def test_refuses_with_code_and_path(document: dict[str, Any], code: str, key: str, says: str) -> None:
    tree = parse({"all": [attribute("city", "IS_SET"), {"not": document}]})
    with pytest.raises(SeggraphError) as raised:
        check(tree, CATALOGUE, path=("criteria",))
    path: Path = ("criteria", "all", 1, "not", "attribute", key)
    assert (raised.value.code, raised.value.path) == (code, path)
    assert says in raised.value.message
    assert len(raised.value.message) < 400
    raised.value.message.encode()


def test_every_mistake_is_reported_at_once() -> None:
    document = {
        "any": [
            attribute("contry", "IS_SET"),
            attribute("country", "IN", values=["US", 1, "DE", False]),
            attribute("score", "ON", value="2026-01-01"),
        ]
    }
    with pytest.raises(Problems) as raised:
        check(parse(document), CATALOGUE)
    assert [(problem.code, problem.path) for problem in raised.value.problems] == [
        ("CRITERIA_UNKNOWN_FIELD", ("any", 0, "attribute", "field")),
        ("CRITERIA_BAD_VALUE", ("any", 1, "attribute", "values", 1)),
        ("CRITERIA_BAD_VALUE", ("any", 1, "attribute", "values", 3)),
        ("CRITERIA_BAD_OPERATOR", ("any", 2, "attribute", "op")),
    ]


def test_every_operator_belongs_to_a_type_and_takes_values() -> None:
    of_types = [OPERATORS.of_type(type_) for type_ in AttributeType]
    assert {op for ops in of_types for op in ops} == set(AttributeOp) == {entry.op for entry in OPERATORS}
    assert all(of_types)
