"""Values of every type of the schema, at its bounds and beyond them, and how they are written."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

DEEP: Final = 20_000
"""How deep the deepest JSON is."""


@dataclass(frozen=True)
class Raw:
    """A value as it stands in the request: what Python's JSON would not write."""

    text: str


@dataclass(frozen=True)
class Name:
    """A value of an enumeration."""

    text: str


@dataclass(frozen=True)
class IdOf:
    """The id of an object of a type that there is; which one is decided when the request is sent."""

    kind: str
    number: int = 0


Ids = Callable[[IdOf], str]
"""Finds the id of an object."""


def as_json(value: Any, ids: Ids) -> str:
    """A value as JSON; what UTF-8 has no bytes for is escaped."""
    match value:
        case Raw():
            return value.text
        case Name():
            return json.dumps(value.text)
        case IdOf():
            return json.dumps(ids(value))
        case Mapping():
            return (
                "{" + ", ".join(f"{json.dumps(key)}: {as_json(one, ids)}" for key, one in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(as_json(one, ids) for one in value) + "]"
        case _:
            return json.dumps(value)


def as_literal(value: Any, ids: Ids) -> str:
    """A value as it is written within a document."""
    match value:
        case Name():
            return value.text
        case Mapping():
            return "{" + ", ".join(f"{key}: {as_literal(one, ids)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(as_literal(one, ids) for one in value) + "]"
        case _:
            return as_json(value, ids)


INTEGERS = st.sampled_from(
    [
        0,
        1,
        2,
        3,
        -1,
        100,
        250,
        251,
        1000,
        1001,
        2**31 - 1,
        2**31,
        -(2**31),
        -(2**31) - 1,
        2**53,
        2**63,
        -(2**63),
        Raw("9" * 400),
        Raw("1" * 5000),
        Raw("1.0"),
        Raw("1e3"),
        Raw("-0"),
        Raw("1e400"),
    ]
)
NUMBERS = st.sampled_from(
    [
        0,
        -0.0,
        0.5,
        1e-308,
        1.7976931348623157e308,
        2**53 + 1,
        -1,
        Raw("NaN"),
        Raw("Infinity"),
        Raw("-Infinity"),
        Raw("1e400"),
        Raw("1" * 400),
        Raw("0." + "1" * 400),
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\u0000",
        "a\u0000b",
        "\ud800",
        "\udfff\ud800",
        "\u202egpj.exe",
        "\u200b",
        "\ufeffx",
        "e\u0301" * 130,
        "👩‍👩‍👧‍👦" * 60,
        "x" * 255,
        "x" * 256,
        "x" * 5_000,
        "x" * 200_000,
        "9" * 5_000,
        "ſtraße İ",
        "\r\n",
        "'; --",
        "%_\\",
        '"',
        "{}",
        "null",
        "https://.",
        "https://[",
        "https://127.0.0.1/",
        "https://a..b/",
        "javascript:alert(1)",
        "a@b@c",
        "+" + "1" * 40,
        "=1+1",
        "../../etc/passwd",
        "__proto__",
        "${x}",
    ]
) | st.text(max_size=12)
DATES = st.sampled_from(
    [
        "2026-01-01",
        "2024-02-29",
        "2026-02-30",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "-0001-01-01",
        "20260101",
        "2026-1-1",
        "2026-W01-1",
        "2026-01-01T00:00:00Z",
        "١٢٣٤-٠١-٠١",
        "0001-01-01x",
    ]
)
INSTANTS = st.sampled_from(
    [
        "2026-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999999-23:59",
        "9999-12-31T23:59:59-14:00",
        "2026-01-01T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00.123456789Z",
    ]
)
DURATIONS = st.sampled_from(
    [
        "PT4H",
        "P1D",
        "PT0S",
        "-P1D",
        "P9999999999Y",
        "P1Y2M3DT4H5M6S",
        "PT0.0000001S",
        "P",
        "PT",
        "P1W",
        "P0.5D",
        "PT" + "9" * 400 + "H",
        "P99999D",
        "p1d",
        "P1M",
    ]
)
DECIMALS = st.sampled_from(
    [
        "1",
        "0",
        "-0",
        "1.5",
        "NaN",
        "sNaN",
        "Infinity",
        "1e400",
        "1E-400",
        "1e999999999",
        "9" * 400,
        "0." + "0" * 40 + "1",
        "1_000",
        " 1",
        "٣",
        "99999999999999.99",
        "-1",
        5,
        1.5,
        Raw("NaN"),
        Raw("9" * 400),
    ]
)


def _nested(opening: str, closing: str, depth: int) -> Raw:
    return Raw(opening * depth + "1" + closing * depth)


JSON_VALUES = st.sampled_from(
    [
        None,
        "x",
        1,
        True,
        [],
        {},
        {"a": {"b": [1, None]}},
        {"": ""},
        {"a": "\u0000"},
        {"\u0000": 1},
        {"\ud800": "\ud800"},
        {"x" * 5_000: 1},
        {str(number): number for number in range(2_000)},
        ["x"] * 5_000,
        Raw("NaN"),
        Raw("1e400"),
        Raw("9" * 400),
        Raw("9" * 5_000),
        Raw('{"a": 1, "a": 2}'),
        _nested("[", "]", 60),
        _nested("[", "]", DEEP),
        _nested('{"a":', "}", 60),
        _nested('{"a":', "}", DEEP),
    ]
)
BAD_IDS = st.sampled_from(
    [
        "",
        " ",
        "=",
        "x",
        "rubbish",
        "U2VnbWVudDo",
        "U2VnbWVudDox",
        "U2VnbWVudDox=",
        "U2VnbWVudDotMQ",
        "OjE",
        "\x00",
        "U2VnbWVudDo5OTk5OTk5OTk5OTk5OTk5OTk5",
        "U2VnbWVudDrZoQ",
        "RXZlbnQ6OTktOTk5OTk5OTk5OS05OTk5OTk5OTk5OTk5OTk5OTk",
        "x" * 100000,
        "�",
        1,
        0,
        -1,
        2**63,
        Raw("9" * 400),
        1.5,
        True,
        "Segment:1",
        "UXVlcnk6MQ",
    ]
)
CRITERIA_TEXTS = st.sampled_from(
    [
        "country = 'DE'",
        "TAGS HAS ANY ('t3') AND NOT IN SEGMENT 1",
        "COUNT(EVENT 'order' IN LAST 30 DAYS) > 1",
        "COUNT(EVENT 'order' FROM 0001-01-01 TO 9999-12-31) > 1",
        "SUM(items OF EVENT 'order') > 1e400",
        "createdAt IN LAST 999999999999 YEARS",
        "createdAt BEFORE 0000-01-01",
        "birthday ANNIVERSARY IN NEXT 400 DAYS",
        "SEQUENCE(EVENT 'a', EVENT 'b') WITHIN 7 DAYS",
        "COUNT(RELATED 'deals' WHERE COUNT(RELATED 'deals') > 1) > 0",
        "SAMPLE 10% SEED '\u0000'",
        "SAMPLE 100000%",
        "IN SEGMENT 99999999999999999999999",
        "ALL()",
        "ANY(" + "ALL()," * 500 + "ALL())",
        "(" * 5_000,
        "NOT " * 5_000 + "country = 'x'",
        " OR ".join(["country = 'x'"] * 2_000),
        "country = '" + "x" * 20_000 + "'",
        'country = "',
        "plan = " + "9" * 5_000,
        "plan > -" + "0." + "1" * 500,
        "name CONTAINS '%'",
        "\u202e = 1",
        "country IN (" + ",".join(["'x'"] * 20_000) + ")",
    ]
) | st.text(alphabet="ANDORNT()'\"=<>% 0x.,\u0000\ud800", max_size=30)
ANYTHING = INTEGERS | NUMBERS | TEXTS | JSON_VALUES | st.none() | st.booleans()
"""For places that take something else."""

BOUNDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "Int": INTEGERS,
    "Float": NUMBERS,
    "Boolean": st.sampled_from([True, False, "true", 0, 1]),
    "String": TEXTS,
    "ID": BAD_IDS,
    "JSON": JSON_VALUES,
    "Date": DATES,
    "DateTime": INSTANTS,
    "Duration": DURATIONS,
    "Decimal": DECIMALS,
    "Upload": ANYTHING,
}
"""Values of every scalar, at its bounds and just beyond."""

LIKELY_TEXTS = st.sampled_from(
    [
        "x",
        "country",
        "name",
        "order",
        "plan",
        "nickname",
        "p289",
        "p100",
        "PERSON",
        "t3",
        "Zqopen one",
        "deals",
        "pro",
        "EMAIL",
        "https://93.184.216.34/hook",
        "a@b.example",
        "DE",
        "name order",
        "externalId",
        "createdAt",
        "UTC",
    ]
)
LIKELY: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "Int": st.integers(1, 20),
    "Float": st.sampled_from([0.5, 1, 10]),
    "Boolean": st.booleans(),
    "String": LIKELY_TEXTS,
    "JSON": LIKELY_TEXTS
    | st.integers(0, 100)
    | st.lists(LIKELY_TEXTS, max_size=3)
    | st.just({"plan": "pro"}),
    "Date": st.sampled_from(["2026-01-01", "2026-02-01"]),
    "DateTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]),
    "Duration": st.sampled_from(["PT4H", "P1D", "P30D"]),
    "Decimal": st.sampled_from(["1", "10.50", "0"]),
    "Upload": st.none(),
}
"""Values that the product usually takes, so that what comes after them is reached."""
