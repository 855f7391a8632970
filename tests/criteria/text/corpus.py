"""Texts, the trees they mean as JSON, and their canonical spelling where it is another."""

from collections.abc import Sequence
from typing import Any

SEGMENTS = {"Customers": 7, "Ada's list": 8, "Große Kunden": 9}
NAMES = {number: name for name, number in SEGMENTS.items()}


def ids_of(name: str, relations: Sequence[str] = ()) -> tuple[int, ...]:
    """The ids of a name; `Twice` has two."""
    if name == "Twice":
        return (1, 2)
    return (SEGMENTS[name],) if name in SEGMENTS else ()


def field(name: str, op: str, **given: Any) -> dict[str, Any]:
    return {"attribute": {"field": name, "op": op, **given}}


def event(name: str, op: str, value: Any, aggregate: str = "COUNT", **more: Any) -> dict[str, Any]:
    return {"event": {"name": name, "aggregate": aggregate, "op": op, "value": value, **more}}


A, B, C = (field(name, "EQ", value=1) for name in "abc")

CANONICAL: list[tuple[str, dict[str, Any]]] = [
    # comparisons
    ("country = 'US'", field("country", "EQ", value="US")),
    ("country != 'US'", field("country", "NE", value="US")),
    ("country IN ('US', 'DE')", field("country", "IN", values=["US", "DE"])),
    ("country NOT IN ('US')", field("country", "NOT_IN", values=["US"])),
    ("employees BETWEEN 200 AND 2000", field("employees", "BETWEEN", values=[200, 2000])),
    ("score > -0.5", field("score", "GT", value=-0.5)),
    ("score >= 1e+20", field("score", "GTE", value=1e20)),
    ("score < 1.0", field("score", "LT", value=1.0)),
    ("score <= 0", field("score", "LTE", value=0)),
    ("revenue = '1234.50'", field("revenue", "EQ", value="1234.50")),
    ("isTarget = TRUE", field("isTarget", "EQ", value=True)),
    ("isTarget != FALSE", field("isTarget", "NE", value=False)),
    ("name CONTAINS '50%'", field("name", "CONTAINS", value="50%")),
    ("name NOT CONTAINS ''", field("name", "NOT_CONTAINS", value="")),
    ("email STARTS WITH 'ada@'", field("email", "STARTS_WITH", value="ada@")),
    ("email ENDS WITH '@example.com'", field("email", "ENDS_WITH", value="@example.com")),
    ("city IS SET", field("city", "IS_SET")),
    ("city IS NOT SET", field("city", "IS_NOT_SET")),
    ("languages HAS ANY ('en', 'de')", field("languages", "HAS_ANY", values=["en", "de"])),
    ("languages HAS ALL ('en')", field("languages", "HAS_ALL", values=["en"])),
    ("languages HAS NONE ('en')", field("languages", "HAS_NONE", values=["en"])),
    # days, instants, lengths of time
    ("createdAt BEFORE 2026-01-31", field("createdAt", "BEFORE", value="2026-01-31")),
    ("createdAt AFTER 2026-01-31T09:30:00Z", field("createdAt", "AFTER", value="2026-01-31T09:30:00Z")),
    ("createdAt ON 2026-01-31", field("createdAt", "ON", value="2026-01-31")),
    (
        "createdAt BETWEEN 2026-01-01 AND 2026-01-31T09:30:00.123456+01:00",
        field("createdAt", "BETWEEN", values=["2026-01-01", "2026-01-31T09:30:00.123456+01:00"]),
    ),
    ("createdAt IN LAST 30 DAYS", field("createdAt", "WITHIN_LAST", value="P30D")),
    ("createdAt NOT IN LAST 1 YEAR 6 MONTHS", field("createdAt", "NOT_WITHIN_LAST", value="P1Y6M")),
    ("renewal IN NEXT 2 WEEKS", field("renewal", "WITHIN_NEXT", value="P2W")),
    ("createdAt IN LAST 1 DAY 4 HOURS 1 MINUTE 5 SECONDS", field("createdAt", "WITHIN_LAST", value="P1DT4H1M5S")),
    ("createdAt IN LAST P030D", field("createdAt", "WITHIN_LAST", value="P030D")),
    ("birthday ANNIVERSARY IN NEXT 7 DAYS", field("birthday", "ANNIVERSARY_WITHIN", value="P7D")),
    ("birthday ANNIVERSARY IN NEXT 0 DAYS", field("birthday", "ANNIVERSARY_WITHIN", value="P0D")),
    # names and texts that need quotes
    ("\"last order\" = 'x'", field("last order", "EQ", value="x")),
    ('"Count" = 1', field("Count", "EQ", value=1)),
    ('"say ""hi""" = 1', field('say "hi"', "EQ", value=1)),
    ("größe = 1", field("größe", "EQ", value=1)),
    ('"1st" = 1', field("1st", "EQ", value=1)),
    ("name = 'O''Reilly'", field("name", "EQ", value="O'Reilly")),
    ("name = '''\n\t\\ 😀 \u2028'", field("name", "EQ", value="'\n\t\\ 😀 \u2028")),
    ("name = '2026-1-31'", field("name", "EQ", value="2026-1-31")),
    # groups
    ("a = 1 AND b = 1 AND c = 1", {"all": [A, B, C]}),
    ("a = 1 OR b = 1", {"any": [A, B]}),
    ("a = 1 AND (b = 1 OR c = 1)", {"all": [A, {"any": [B, C]}]}),
    ("a = 1 OR (b = 1 AND c = 1)", {"any": [A, {"all": [B, C]}]}),
    ("a = 1 AND (b = 1 AND c = 1)", {"all": [A, {"all": [B, C]}]}),
    ("NOT a = 1", {"not": A}),
    ("NOT NOT a = 1", {"not": {"not": A}}),
    ("NOT (a = 1 OR b = 1) AND c = 1", {"all": [{"not": {"any": [A, B]}}, C]}),
    ("ALL()", {"all": []}),
    ("ANY()", {"any": []}),
    ("ALL(a = 1)", {"all": [A]}),
    ("ANY(ALL(a = 1 OR b = 1))", {"any": [{"all": [{"any": [A, B]}]}]}),
    ("NOT ALL() OR ANY()", {"any": [{"not": {"all": []}}, {"any": []}]}),
    # tags, consents, segments, samples
    ("TAGS HAS ANY ('vip', '2026-01-31')", {"tags": {"op": "HAS_ANY", "values": ["vip", "2026-01-31"]}}),
    ("TAGS HAS NONE ('vip')", {"tags": {"op": "HAS_NONE", "values": ["vip"]}}),
    ("CONSENT(EMAIL) IS GRANTED", {"consent": {"channel": "EMAIL", "state": "GRANTED"}}),
    ("NOT CONSENT(DIRECT_MAIL) IS DENIED", {"not": {"consent": {"channel": "DIRECT_MAIL", "state": "DENIED"}}}),
    ("CONSENT(PUSH) IS UNKNOWN", {"consent": {"channel": "PUSH", "state": "UNKNOWN"}}),
    ("IN SEGMENT 'Customers'", {"segment": {"op": "IN", "id": 7}}),
    ("NOT IN SEGMENT 'Ada''s list'", {"segment": {"op": "NOT_IN", "id": 8}}),
    ("NOT (IN SEGMENT 'Große Kunden')", {"not": {"segment": {"op": "IN", "id": 9}}}),
    ("NOT NOT IN SEGMENT 42", {"not": {"segment": {"op": "NOT_IN", "id": 42}}}),
    ("SAMPLE 10%", {"sample": {"percent": 10}}),
    ("SAMPLE 12.5% SEED 'holdout'", {"sample": {"percent": 12.5, "seed": "holdout"}}),
    # events
    ("COUNT(EVENT 'order') = 0", event("order", "EQ", 0)),
    ("COUNT(EVENT 'page_view' IN LAST 30 DAYS) > 5", event("page_view", "GT", 5, within={"last": "P30D"})),
    (
        "SUM(EVENT 'order' FROM 2026-01-01 TO 2026-02-01T00:00:00Z) BETWEEN 1 AND 2.5",
        event("order", "BETWEEN", [1, 2.5], "SUM", within={"fromDay": "2026-01-01", "to": "2026-02-01T00:00:00Z"}),
    ),
    (
        "AVG(items OF EVENT 'order' FROM 2026-01-01) < 3",
        event("order", "LT", 3, "AVG", of="items", within={"fromDay": "2026-01-01"}),
    ),
    (
        "MAX(\"event\" OF EVENT 'order' TO 2026-01-01) != 3",
        event("order", "NE", 3, "MAX", of="event", within={"toDay": "2026-01-01"}),
    ),
    ("DISTINCT_DAYS(EVENT 'visit') >= 3", event("visit", "GTE", 3, "DISTINCT_DAYS")),
    ("LAST_AT(EVENT 'visit') NOT IN LAST 40 DAYS", event("visit", "NOT_WITHIN_LAST", "P40D", "LAST_AT")),
    ("FIRST_AT(EVENT 'visit') BEFORE 2026-01-01", event("visit", "BEFORE", "2026-01-01", "FIRST_AT")),
    (
        "COUNT(EVENT 'it''s' IN LAST 1 MONTH WHERE page STARTS WITH '/pricing' AND \"in\" IN ('a', 'b')) >= 1",
        event(
            "it's",
            "GTE",
            1,
            within={"last": "P1M"},
            where=[
                {"field": "page", "op": "STARTS_WITH", "value": "/pricing"},
                {"field": "in", "op": "IN", "values": ["a", "b"]},
            ],
        ),
    ),
    (
        "SEQUENCE(EVENT 'visit', EVENT 'order' WHERE total > 5) WITHIN 7 DAYS",
        {
            "sequence": {
                "steps": [
                    {"name": "visit"},
                    {"name": "order", "where": [{"field": "total", "op": "GT", "value": 5}]},
                ],
                "within": "P7D",
            }
        },
    ),
    ("SEQUENCE(EVENT 'a', EVENT 'b')", {"sequence": {"steps": [{"name": "a"}, {"name": "b"}]}}),
    # related members
    ("COUNT(RELATED 'deals') >= 1", {"related": {"relation": "deals", "op": "GTE", "count": 1}}),
    (
        "COUNT(RELATED 'deals' WHERE a = 1 AND COUNT(RELATED 'products') = 0) < 2",
        {
            "related": {
                "relation": "deals",
                "where": {"all": [A, {"related": {"relation": "products", "op": "EQ", "count": 0}}]},
                "op": "LT",
                "count": 2,
            }
        },
    ),
]  # fmt: skip

LOOSE: list[tuple[str, str]] = [
    ("country in('US','DE')", "country IN ('US', 'DE')"),
    ("  a  =\n1\tand\u00a0b=1", "a = 1 AND b = 1"),
    ("a <> 1 AND b == 1", "a != 1 AND b = 1"),
    ("isTarget = true", "isTarget = TRUE"),
    ("a = +5", "a = 5"),
    ("a = 1E3", "a = 1000.0"),
    ("a = 9223372036854775807", "a = 9223372036854775807"),
    ("a = 9223372036854775808", "a = 9.223372036854776e+18"),
    ("a=1OR b=1", "a = 1 OR b = 1"),
    ("a = 1 OR b = 1 AND c = 1", "a = 1 OR (b = 1 AND c = 1)"),
    ("NOT a = 1 AND b = 1", "NOT a = 1 AND b = 1"),
    ("((a = 1))", "a = 1"),
    ("ALL(a = 1, b = 1)", "a = 1 AND b = 1"),
    ("\"country\" = 'US'", "country = 'US'"),
    ("name = '2026-01-31'", "name = 2026-01-31"),
    ("createdAt in last 1 days", "createdAt IN LAST 1 DAY"),
    ("createdAt in last p30d", "createdAt IN LAST 30 DAYS"),
    ("createdAt in last PT90M", "createdAt IN LAST 90 MINUTES"),
    ("tags has any ('a') and consent(email) is granted", "TAGS HAS ANY ('a') AND CONSENT(EMAIL) IS GRANTED"),
    ("count(event 'a') > 5", "COUNT(EVENT 'a') > 5"),
    ("not in segment 'Customers'", "NOT IN SEGMENT 'Customers'"),
    ("in segment 7", "IN SEGMENT 'Customers'"),
    (
        "country IN ('US', 'DE') AND employees BETWEEN 200 AND 2000"
        " AND COUNT(event 'page_view' IN LAST 30 DAYS) > 5 AND NOT IN SEGMENT 'Customers'",
        "country IN ('US', 'DE') AND employees BETWEEN 200 AND 2000"
        " AND COUNT(EVENT 'page_view' IN LAST 30 DAYS) > 5 AND NOT IN SEGMENT 'Customers'",
    ),
]
"""What people may type, and how it is written back."""
