"""The PostgreSQL engine's own business: scope, statements, limits, what the server can do."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph import criteria, engines
from seggraph.criteria import Checked, check, parse
from seggraph.criteria.operators.texts import fold
from seggraph.criteria.sql.sides import Folding
from seggraph.engines import EvaluationRequest, Population, PostgresEngine, postgres, statements
from seggraph.errors import CriteriaTooSlow, ErrorCode, Invalid
from seggraph.vocabulary import MemberKind
from tests.engines.random_criteria import WORDS
from tests.engines.stored_members import CATALOGUE, member, store

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")


def checked(document: dict[str, Any]) -> Checked:
    return check(parse(document), CATALOGUE)


def city(value: str, op: str = "EQ") -> dict[str, Any]:
    return {"attribute": {"field": "city", "op": op, "value": value}}


async def evaluate(
    connection: asyncpg.Connection,
    *documents: dict[str, Any],
    population: Population = PEOPLE,
    ordinals: BitMap | None = None,
    timeout_seconds: float = 10,
) -> list[list[int]]:
    async with connection.transaction():
        found = await PostgresEngine().evaluate(
            connection,
            EvaluationRequest(
                population,
                [checked(document) for document in documents],
                as_of=AS_OF,
                zone=ZONE,
                within_ordinals=ordinals,
                timeout_seconds=timeout_seconds,
            ),
        )
    return [list(audience) for audience in found]


async def test_nothing_crosses_workspace_or_kind(connection: asyncpg.Connection) -> None:
    # given the same member in two workspaces and as two kinds
    await store(connection, [member(city="Rome")])
    await store(connection, [member(city="Rome")] * 2, workspace_id=2, first_id=10)
    await store(connection, [member(city="Rome")] * 3, kind=MemberKind.ACCOUNT, first_id=20)

    # when and then
    assert await evaluate(connection, city("Rome"), {"not": city("Oslo")}) == [[0], [0]]
    accounts = Population(workspace_id=1, kind=MemberKind.ACCOUNT)
    assert await evaluate(connection, {"not": city("Oslo")}, population=accounts) == [[0, 1, 2]]
    nobody = Population(workspace_id=3, kind=MemberKind.PERSON)
    assert await evaluate(connection, {"all": []}, population=nobody) == [[]]


async def test_only_the_given_ordinals_are_looked_at(connection: asyncpg.Connection) -> None:
    await store(connection, [member(city="Rome"), member(city="Oslo"), member(city="Rome")])
    given = BitMap([1, 2, 7])
    assert await evaluate(connection, city("Rome"), ordinals=given) == [[2]]
    assert await evaluate(connection, city("Rome"), {"not": city("Rome")}, ordinals=given) == [[2], [1]]
    assert await evaluate(connection, city("Rome"), ordinals=BitMap()) == [[]]


async def test_many_trees_are_spread_over_statements(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given more trees than a statement takes, and a tree with more values than a statement should have
    monkeypatch.setattr(statements, "MAX_PARAMETERS", 9)
    monkeypatch.setattr(statements, "MAX_PREDICATES", 3)
    await store(connection, [member(city=str(n)) for n in range(20)])
    wide = {"any": [city(str(n)) for n in range(20)]}

    # when
    found = await evaluate(connection, *(city(str(n)) for n in range(7)), wide, city("19"))

    # then
    assert found == [[0], [1], [2], [3], [4], [5], [6], list(range(20)), [19]]


async def test_the_largest_tree_is_evaluated(connection: asyncpg.Connection) -> None:
    await store(connection, [member(city="7", attributes={"plan": "499"}), member(city="8")])
    leaves: list[dict[str, Any]] = [
        {"attribute": {"field": "plan", "op": "CONTAINS", "value": str(n)}} for n in range(500)
    ]
    nested: dict[str, Any] = {"any": leaves}
    for _ in range(19):
        nested = {"not": nested}
    assert await evaluate(connection, nested, nested) == [[1], [1]]


async def test_thousands_of_ordinals_survive_the_way_back(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "INSERT INTO members SELECT g, 1, 1, g - 1, g, null, null, null, null, null, null, null, null, null, null,"
        " false, false, '{}', '{}', 0, 0, 0, 0, 0, now(), now() FROM generate_series(1, 70000) g"
    )
    (everyone,) = await evaluate(connection, {"all": []})
    assert everyone == list(range(70_000))


async def test_nobody_is_found_where_members_are_missing(connection: asyncpg.Connection) -> None:
    # given blocks of ordinals without gaps, one that begins late, one with a hole, and one that ends early
    given = [*range(4096), *range(5000, 8192), *range(8192, 9000), *range(9001, 12288), *range(12288, 12300)]
    await connection.execute(
        "INSERT INTO members SELECT n, 1, 1, n, n, null, null, null, null, null, null, null, null, null, null,"
        " false, false, '{}', '{}', 0, 0, 0, 0, 0, now(), now() FROM unnest($1::int[]) n",
        given,
    )

    # when
    [everyone] = await evaluate(connection, {"not": {"event": {"name": "order"}}})

    # then
    assert everyone == given


async def test_too_slow_is_an_error_with_a_code(connection: asyncpg.Connection) -> None:
    # given a scan that takes long
    await store(connection, [member(name="x" * 1000) for _ in range(3000)])
    tests = [{"attribute": {"field": "name", "op": "CONTAINS", "value": f"y{n}"}} for n in range(200)]
    slow = {"any": tests}

    # when
    with pytest.raises(CriteriaTooSlow) as raised:
        await evaluate(connection, slow, timeout_seconds=0.01)

    # then the connection is as before
    assert raised.value.code is ErrorCode.CRITERIA_TOO_SLOW
    assert raised.value.retryable is False
    assert await connection.fetchval("SHOW statement_timeout") == "0"


async def test_the_callers_settings_are_left_as_they_were(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '3s'")
        await PostgresEngine().evaluate(
            connection,
            EvaluationRequest(PEOPLE, [checked({"all": []})], as_of=AS_OF, zone=ZONE, timeout_seconds=10),
        )
        assert await connection.fetchval("SHOW statement_timeout") == "3s"
        assert await connection.fetchval("SHOW plan_cache_mode") == "auto"


async def test_without_a_transaction_it_refuses(connection: asyncpg.Connection) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        await PostgresEngine().evaluate(
            connection,
            EvaluationRequest(PEOPLE, [checked({"all": []})], as_of=AS_OF, zone=ZONE, timeout_seconds=10),
        )


async def test_a_server_without_a_unicode_collation_is_refused(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await postgres.find_folding(connection)).collation == "pg_c_utf8"
    monkeypatch.setattr(postgres, "_FOLDINGS", (Folding("no-such-collation"),))
    with pytest.raises(Invalid, match="no-such-collation"):
        await postgres.find_folding(connection)


async def test_lower_casing_is_the_servers_for_all_of_unicode(connection: asyncpg.Connection) -> None:
    """Where Python's Unicode knows the character; `İ` and the sigmas are mapped by both sides first."""
    known = [chr(n) for n in range(1, 0x20000) if fold(chr(n)) != chr(n)]
    rows = await connection.fetch(
        "SELECT u, lower(translate(u, 'İΣς', 'iσσ') COLLATE \"pg_c_utf8\") AS folded FROM unnest($1::text[]) u",
        known,
    )
    assert [row["u"] for row in rows if row["folded"] != fold(row["u"])] == []
    assert len(rows) > 1300


@pytest.mark.parametrize("collation", ["pg_unicode_fast", "C.utf8"])
async def test_other_collations_give_the_same(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, collation: str
) -> None:
    """PostgreSQL's full mapping and the system's, as stand-ins for ICU on servers older than 17."""
    if not await connection.fetchval("SELECT count(*) FROM pg_collation WHERE collname = $1", collation):
        pytest.skip(f"the server has no {collation}")
    await store(connection, [member(name=word) for word in WORDS])
    tests = [{"attribute": {"field": "name", "op": "CONTAINS", "value": word}} for word in WORDS]
    expected = await evaluate(connection, *tests)
    monkeypatch.setattr(postgres, "_FOLDINGS", (Folding(collation),))
    assert await evaluate(connection, *tests) == expected


def test_the_dialect_is_whole_before_any_thread_writes_sql() -> None:
    # sqlglot shows a dialect that it loads by name to other threads before it can write `$1`
    program = "import sys, seggraph.engines; print('sqlglot.dialects.postgres' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout == "True\n"

    by_name = re.compile(r"""(?:dialect=|\.sql\()["']""")
    sources = Path(criteria.__file__).parent.rglob("*.py"), Path(engines.__file__).parent.rglob("*.py")
    assert [path.name for paths in sources for path in paths if by_name.search(path.read_text())] == []
