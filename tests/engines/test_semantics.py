"""What criteria mean, case by case: the naive evaluator and PostgreSQL give exactly these members."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.criteria import check, parse
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.vocabulary import Channel, ConsentState, MemberKind
from tests.engines.stored_members import CATALOGUE, REQUIRED, member, store

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
TICK = timedelta(microseconds=1)


def attribute(field: str, op: str, *values: Any) -> dict[str, Any]:
    given = {"values": list(values)} if op in LISTED else {"value": values[0]} if values else {}
    return {"attribute": {"field": field, "op": op, **given}}


LISTED = {"IN", "NOT_IN", "BETWEEN", "HAS_ANY", "HAS_ALL", "HAS_NONE"}


async def ordinals(
    connection: asyncpg.Connection,
    members: Sequence[NaiveMember],
    document: dict[str, Any],
    *,
    as_of: datetime = AS_OF,
    zone: ZoneInfo = BERLIN,
) -> list[int]:
    """Who matches, by both evaluators, which must agree; also for the complement."""
    tree, complement = (check(parse(one), CATALOGUE) for one in (document, {"not": document}))
    by_naive = [n for n, one in enumerate(members) if matches(tree, one, as_of=as_of, zone=zone)]
    await store(connection, members)
    async with connection.transaction():
        (found,), (others,) = [
            await PostgresEngine().evaluate(
                connection, EvaluationRequest(PEOPLE, [one], as_of=as_of, zone=zone, timeout_seconds=10)
            )
            for one in (tree, complement)
        ]
    assert list(found) == by_naive
    assert found ^ others == BitMap(range(len(members)))
    assert not found & others
    return by_naive


COUNTRIES = [member(country="US"), member(country="us"), member(country=""), member()]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (attribute("country", "EQ", "US"), [0]),
        (attribute("country", "NE", "US"), [1, 2]),
        ({"not": attribute("country", "EQ", "US")}, [1, 2, 3]),
        ({"not": attribute("country", "NE", "US")}, [0, 3]),
        (attribute("country", "IN", "US", ""), [0, 2]),
        (attribute("country", "NOT_IN", "US", ""), [1]),
        (attribute("country", "CONTAINS", "U"), [0, 1]),
        (attribute("country", "NOT_CONTAINS", "U"), [2]),
        (attribute("country", "CONTAINS", ""), [0, 1, 2]),
        (attribute("country", "IS_SET"), [0, 1, 2]),
        (attribute("country", "IS_NOT_SET"), [3]),
        ({"all": []}, [0, 1, 2, 3]),
        ({"any": []}, []),
        ({"not": {"not": attribute("country", "NE", "US")}}, [1, 2]),
        ({"not": {"any": [attribute("country", "EQ", "US"), attribute("country", "NE", "us")]}}, [1, 3]),
    ],
)
async def test_unset_fails_every_comparison_and_not_is_the_complement(
    connection: asyncpg.Connection, document: dict[str, Any], expected: list[int]
) -> None:
    assert await ordinals(connection, COUNTRIES, document) == expected


@pytest.mark.parametrize(
    ("op", "value", "stored", "expected"),
    [
        ("CONTAINS", "50%", ["at 50% off", "at 505 off"], [0]),
        ("STARTS_WITH", "a_", ["a_b", "axb"], [0]),
        ("ENDS_WITH", "\\", ["a\\", "a"], [0]),
        ("CONTAINS", "É", ["café", "cafe", "CAFÉ"], [0, 2]),
        ("CONTAINS", "istanbul", ["İSTANBUL", "ISTANBUL", "ıstanbul"], [0, 1]),
        ("ENDS_WITH", "ΟΔΟΣ", ["οδος", "ΟΔΟΣ", "οδοσ"], [0, 1, 2]),
        ("STARTS_WITH", "STRASSE", ["straße", "strasse"], [1]),
        ("CONTAINS", "'; DROP TABLE members; --", ["x'; drop table members; --", "x"], [0]),
        ("STARTS_WITH", "abc", ["ab", "ABCD"], [1]),
        ("ENDS_WITH", "abc", ["bc", "xABC"], [1]),
    ],
)
@pytest.mark.parametrize("field", ["name", "plan", "address", 'it\'s "odd" \\'])
async def test_matching_ignores_case_and_takes_every_character_as_it_is(
    connection: asyncpg.Connection, field: str, op: str, value: str, stored: list[str], expected: list[int]
) -> None:
    members = [
        NaiveMember(REQUIRED | {field: one})
        if field in ("name", "address")
        else member(attributes={field: one})
        for one in stored
    ]
    assert await ordinals(connection, members, attribute(field, op, value)) == expected


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("HAS_ANY", ["en", "fr"], [0, 1]),
        ("HAS_ALL", ["en", "de"], [0]),
        ("HAS_NONE", ["en", "fr"], [2]),
        ("HAS_ALL", ["en", "en"], [0, 1]),
        ("IS_SET", [], [0, 1, 2]),
        ("IS_NOT_SET", [], [3]),
    ],
)
async def test_a_list_that_is_unset_fails_and_an_empty_one_has_none(
    connection: asyncpg.Connection, op: str, values: list[str], expected: list[int]
) -> None:
    lists: list[dict[str, Any]] = [{"languages": ("en", "de")}, {"languages": ("en",)}, {"languages": ()}, {}]
    members = [member(attributes=one) for one in lists]
    assert await ordinals(connection, members, attribute("languages", op, *values)) == expected


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [("HAS_ANY", ["vip", "x"], [0]), ("HAS_ALL", ["vip", "x"], []), ("HAS_NONE", ["vip"], [1, 2])],
)
async def test_tags_are_exact_and_never_unset(
    connection: asyncpg.Connection, op: str, values: list[str], expected: list[int]
) -> None:
    members = [member(tags=["vip", "new"]), member(tags=["VIP"]), member()]
    assert await ordinals(connection, members, {"tags": {"op": op, "values": values}}) == expected


async def test_consent_is_unknown_until_told(connection: asyncpg.Connection) -> None:
    members = [member(consents={Channel.SMS: ConsentState.DENIED}), member()]
    document = {"consent": {"channel": "SMS", "state": "UNKNOWN"}}
    assert await ordinals(connection, members, document) == [1]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (attribute("employees", "BETWEEN", 10, 20), [0, 1]),
        (attribute("employees", "GT", 10.5), [1, 2]),
        (attribute("employees", "LT", 10**29), [0, 1, 2]),
        (attribute("employees", "EQ", "10.0"), [0]),
        (attribute("employees", "NOT_IN", 10, 0.5), [1, 2]),
        (attribute("revenue", "EQ", 0.1), [0]),
        (attribute("score", "EQ", 0.1), [0]),
        (attribute("seats", "EQ", 0.1), [0]),
        (attribute("seats", "GTE", -1), [0, 1]),
        (attribute("trial", "EQ", False), [1]),
        (attribute("trial", "NE", False), [0]),
    ],
)
async def test_numbers_compare_by_value(
    connection: asyncpg.Connection, document: dict[str, Any], expected: list[int]
) -> None:
    tenth = Decimal("0.1")
    members = [
        member(employees=10, revenue=tenth, score=0.1, attributes={"seats": Decimal("0.100"), "trial": True}),
        member(employees=20, revenue=-tenth, score=-0.1, attributes={"seats": Decimal(-1), "trial": False}),
        member(employees=2**63 - 1),
        member(),
    ]
    assert await ordinals(connection, members, document) == expected


@pytest.mark.parametrize("field", ["createdAt", "seenAt"])
@pytest.mark.parametrize(
    ("op", "length", "expected"),
    [
        ("WITHIN_LAST", "P7D", [1, 2, 3]),
        ("NOT_WITHIN_LAST", "P7D", [0, 4, 5, 6]),
        ("WITHIN_NEXT", "P7D", [4, 5]),
    ],
)
async def test_windows_are_exact_to_the_tick(
    connection: asyncpg.Connection, field: str, op: str, length: str, expected: list[int]
) -> None:
    week = timedelta(days=7)
    instants = [AS_OF - week, AS_OF - week + TICK, AS_OF - TICK, AS_OF]
    instants += [AS_OF + TICK, AS_OF + week, AS_OF + week + TICK]
    members = [
        member(createdAt=at) if field == "createdAt" else member(attributes={field: at}) for at in instants
    ]
    assert await ordinals(connection, members, attribute(field, op, length)) == expected


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("WITHIN_LAST", "P1D", [2]),
        ("WITHIN_LAST", "P2D", [1, 2]),
        ("NOT_WITHIN_LAST", "P1D", [0, 1, 3, 4]),
        ("WITHIN_NEXT", "P1D", [3]),
        ("ON", "2026-11-22", [2]),
        ("BEFORE", "2026-11-22", [0, 1]),
        ("AFTER", "2026-11-22", [3, 4]),
        ("GTE", "2026-11-22", [2, 3, 4]),
    ],
)
async def test_a_date_counts_by_its_first_instant_in_the_zone(
    connection: asyncpg.Connection, op: str, value: str, expected: list[int]
) -> None:
    members = [member(attributes={"renewal": date(2026, 11, 20 + n)}) for n in range(5)] + [member()]
    assert await ordinals(connection, members, attribute("renewal", op, value)) == expected


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("ON", ["2026-03-29"], [1, 2]),
        ("EQ", ["2026-03-29"], [1, 2]),
        ("NE", ["2026-03-29"], [0, 3]),
        ("BEFORE", ["2026-03-29"], [0]),
        ("AFTER", ["2026-03-29"], [3]),
        ("LTE", ["2026-03-29"], [0, 1, 2]),
        ("BETWEEN", ["2026-03-29", "2026-03-29"], [1, 2]),
        ("GT", ["2026-03-29T00:00:00+01:00"], [2, 3]),
        ("BETWEEN", ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"], [1, 2]),
    ],
)
async def test_a_day_of_23_hours_is_the_workspaces_own(
    connection: asyncpg.Connection, op: str, values: list[str], expected: list[int]
) -> None:
    starts, ends = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    members = [member(createdAt=at) for at in (starts - TICK, starts, ends - TICK, ends)]
    assert await ordinals(connection, members, attribute("createdAt", op, *values)) == expected


@pytest.mark.parametrize(
    ("today", "length", "expected"),
    [
        (date(2026, 2, 27), "P0D", []),
        (date(2026, 2, 28), "P0D", ["28 Feb 1990", "29 Feb 1992"]),
        (date(2028, 2, 28), "P0D", ["28 Feb 1990"]),
        (date(2028, 2, 29), "P0D", ["29 Feb 1992"]),
        (date(2026, 2, 21), "P1W", ["28 Feb 1990", "29 Feb 1992"]),
        (date(2026, 12, 31), "P1D", ["31 Dec 1999", "1 Jan 2030"]),
        (date(2026, 12, 30), "P1D", ["31 Dec 1999"]),
        (date(2026, 1, 1), "P30D", ["1 Jan 2030"]),
        (date(2026, 6, 1), "P1Y", ["28 Feb 1990", "29 Feb 1992", "31 Dec 1999", "1 Jan 2030"]),
        (date(2026, 12, 1), "P2M30D", ["28 Feb 1990", "29 Feb 1992", "31 Dec 1999", "1 Jan 2030"]),
    ],
)
async def test_an_anniversary_today_counts_and_29_february_is_kept_on_the_28th(
    connection: asyncpg.Connection, today: date, length: str, expected: list[str]
) -> None:
    dates = {
        "28 Feb 1990": date(1990, 2, 28),
        "29 Feb 1992": date(1992, 2, 29),
        "31 Dec 1999": date(1999, 12, 31),
        "1 Jan 2030": date(2030, 1, 1),
    }
    members = [member(attributes={"renewal": one}) for one in dates.values()]
    as_of = datetime(today.year, today.month, today.day, 23, 59, tzinfo=BERLIN)
    found = await ordinals(
        connection, members, attribute("renewal", "ANNIVERSARY_WITHIN", length), as_of=as_of
    )
    assert [list(dates)[n] for n in found] == expected


async def test_an_instants_anniversary_is_of_its_local_day(connection: asyncpg.Connection) -> None:
    members = [member(createdAt=datetime(2020, 11, 21, 23, 30, tzinfo=UTC))]
    document = attribute("createdAt", "ANNIVERSARY_WITHIN", "P0D")
    assert await ordinals(connection, members, document, zone=BERLIN) == [0]
    await connection.execute("TRUNCATE members, member_addresses")
    assert await ordinals(connection, members, document, zone=UTC_ZONE) == []
