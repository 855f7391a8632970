"""Pages that an index serves are those of a naive sort: in every order, both ways, while members change between."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import SORT_INDEXES
from seggraph.database.paging import Page, PageRequest
from seggraph.models.members import SortIndexStatus
from seggraph.services.catalogue import catalogues
from seggraph.services.members import lists, orders, pages, sort_index_builds, sort_indexes, upserts
from seggraph.services.members.lists import MemberList, Total
from seggraph.services.members.orders import MemberOrder
from seggraph.services.operations import sweeping
from seggraph.vocabulary import MemberKind
from tests.effort import tries

KIND = MemberKind.ACCOUNT
COUNT = 60
NAMES = [None, "", "a", "b", "bb", "c", "z'\"\\$1{}%_"]
"""Their order is the same in every collation."""
Row = dict[str, Any]

FIELDS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.get("name"),
    "revenue": lambda row: row.get("revenue"),
    "employees": lambda row: row.get("employees"),
    "score": lambda row: row.get("score"),
    "country": lambda row: row.get("country"),
    "externalId": lambda row: row["externalId"],
    "isTarget": lambda row: row["isTarget"],
    "it's a $1 {number}": lambda row: row["attributes"].get("it's a $1 {number}"),
    "since": lambda row: row["attributes"].get("since"),
    "seen": lambda row: row["attributes"].get("seen"),
}
"""The fields to sort by, and where a row has them."""


def random_row(chance: Random, number: int) -> Row:
    """A member with many equal and many unset values."""
    attributes: Row = {"it's a $1 {number}": chance.choice([-1, 0, 2.5, 10**20]), "since": "2026-01-31"}
    attributes["since"] = f"20{chance.randrange(10, 14)}-0{chance.randrange(1, 4)}-11"
    attributes["seen"] = f"2026-01-31T0{chance.randrange(3)}:30:00.{chance.randrange(3)}00000Z"
    return {
        "externalId": f"m{number:03}",
        "name": chance.choice(NAMES),
        "revenue": chance.choice([None, Decimal(0), Decimal("-3.5"), Decimal(12)]),
        "employees": chance.choice([None, 1, 2, 70_000]),
        "score": chance.choice([None, 0.0, -1.5, 99.0]),
        "country": chance.choice([None, "DE", "US"]),
        "isTarget": chance.random() < 0.5,
        "attributes": {name: value for name, value in attributes.items() if chance.random() < 0.7},
    }


@dataclass
class World:
    """A workspace, its members by ordinal as they were written, and the chance that everything comes from."""

    context: Context
    viewer: Viewer
    chance: Random
    rows: dict[int, Row]

    async def write(self, *numbers: int) -> None:
        """Make members, or change them to something else."""
        rows = [random_row(self.chance, number) for number in numbers]
        unset: Row = dict.fromkeys(list(FIELDS)[-3:])
        await self.upsert([{**row, "attributes": unset | row["attributes"]} for row in rows])
        self.rows |= {
            number: row | {"name": row["name"] or None} for number, row in zip(numbers, rows, strict=True)
        }

    async def upsert(self, rows: list[Row]) -> None:
        """Store rows."""
        report = await upserts.upsert(self.context, self.viewer, KIND, rows)
        assert report.row_errors == []

    async def order(self, field: str | None, *, descending: bool) -> MemberOrder:
        """An order of the members."""
        async with database() as connection:
            catalogue = await catalogues.load(connection, self.viewer.workspace_id, KIND)
        return orders.order_by(catalogue, field, descending=descending)

    def sorted(self, field: str, descending: bool, wanted: set[int]) -> list[int]:
        """The ordinals in order: unset values last, equal ones by ordinal in the same direction."""
        value = FIELDS[field]
        given = [n for n in wanted if value(self.rows[n]) is not None]
        unset = [n for n in wanted if value(self.rows[n]) is None]
        given.sort(key=lambda n: (value(self.rows[n]), n), reverse=descending)
        return given + sorted(unset, reverse=descending)

    async def page(self, list_: MemberList, order: MemberOrder, request: PageRequest) -> Page[Any]:
        """A page of members."""
        return await pages.list_page(self.viewer, list_, order, request)


@pytest.fixture
async def world(context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> World:
    """Members for whom everything is large."""
    monkeypatch.setattr(sort_indexes, "FROM_MEMBERS", 1)
    monkeypatch.setattr(lists, "FEW", 2)
    monkeypatch.setattr(lists, "FEW_FOUND", 2)
    made = World(context, viewer, Random(7), {})
    attributes = {"it's a $1 {number}": 1, "since": "2026-01-31", "seen": "2026-01-31T00:00:00Z"}
    first = {"externalId": "m000", "attributes": attributes}
    await made.upsert([first])
    await made.write(*range(COUNT))
    return made


async def built(world: World, field: str) -> MemberOrder:
    """An order of which the index is there, because a page has asked for it."""
    order = await world.order(field, descending=False)
    await world.page(MemberList(KIND), order, PageRequest(first=1))
    async with database() as connection:
        for row in await connection.fetch("SELECT id FROM sort_indexes WHERE status = 'BUILDING'"):
            assert await sort_index_builds.run(world.context, row["id"]) is SortIndexStatus.READY
    assert order.sort is not None
    assert await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    return order


def lists_of(world: World) -> dict[str, tuple[MemberList, set[int]]]:
    """Lists with what is in them."""
    everybody = set(world.rows)
    half, some = set(range(0, COUNT, 2)), {3, *range(9, 40)}
    named = {n for n in everybody if "b" in (world.rows[n]["name"] or "").lower()}
    return {
        "all": (MemberList(KIND), everybody),
        "half": (MemberList(KIND, audience=BitMap(half)), half),
        "some": (MemberList(KIND, audience=BitMap(some)), some),
        "two": (MemberList(KIND, audience=BitMap([5, 50])), {5, 50}),
        "nobody": (MemberList(KIND, audience=BitMap()), set()),
        "search": (MemberList(KIND, search="B"), named),
        "search in half": (MemberList(KIND, "b", BitMap(half)), named & half),
        "search in two": (MemberList(KIND, "b", BitMap([5, 50])), named & {5, 50}),
        "found nowhere": (MemberList(KIND, search="nothing like it"), set()),
    }


@pytest.mark.parametrize("is_indexed", [True, False], ids=["index", "no index"])
@pytest.mark.parametrize("field", FIELDS)
async def test_pages_are_those_of_a_naive_sort(world: World, field: str, is_indexed: bool) -> None:
    if is_indexed:
        await built(world, field)
    for _ in range(tries(1, 5)):
        for title, (list_, wanted) in lists_of(world).items():
            for descending in (False, True):
                order = await world.order(field, descending=descending)
                expected = world.sorted(field, descending, wanted)
                size = world.chance.randrange(1, 25)
                context = f"{title}, descending={descending}, pages of {size}"
                assert await _forwards(world, list_, order, size) == expected, context
                assert await _backwards(world, list_, order, size) == expected, context
                await _assert_between(world, list_, order, expected)
        await world.write(*world.chance.sample(range(COUNT), 10))


async def _forwards(world: World, list_: MemberList, order: MemberOrder, size: int) -> list[int]:
    found: list[int] = []
    request = PageRequest(first=size)
    while True:
        page = await world.page(list_, order, request)
        found += [view.ordinal for view in page.items]
        if not page.has_next:
            return found
        request = PageRequest(first=size, after=page.cursors[-1])


async def _backwards(world: World, list_: MemberList, order: MemberOrder, size: int) -> list[int]:
    found: list[int] = []
    request = PageRequest(last=size)
    while True:
        page = await world.page(list_, order, request)
        found = [view.ordinal for view in page.items] + found
        if not page.has_previous:
            return found
        request = PageRequest(last=size, before=page.cursors[0])


async def _assert_between(world: World, list_: MemberList, order: MemberOrder, expected: list[int]) -> None:
    """Pages between two cursors, from either side."""
    whole = await world.page(list_, order, PageRequest(first=COUNT))
    if len(expected) < 3:
        return
    low, high = sorted(world.chance.sample(range(len(expected)), 2))
    after, before = whole.cursors[low], whole.cursors[high]
    forwards = await world.page(list_, order, PageRequest(first=5, after=after, before=before))
    backwards = await world.page(list_, order, PageRequest(last=5, after=after, before=before))

    inside = expected[low + 1 : high]
    assert [view.ordinal for view in forwards.items] == inside[:5]
    assert [view.ordinal for view in backwards.items] == inside[-5:]


async def test_members_that_change_between_pages_are_not_shown_twice_nor_left_out(world: World) -> None:
    order = await built(world, "revenue")
    moved = set(range(0, COUNT, 7))
    seen: list[int] = []
    request = PageRequest(first=6)
    while True:
        page = await world.page(MemberList(KIND), order, request)
        seen += [view.ordinal for view in page.items]
        if not page.has_next:
            break
        request = PageRequest(first=6, after=page.cursors[-1])
        await world.write(*world.chance.sample(sorted(moved), 2))

    stayed = [number for number in seen if number not in moved]
    assert sorted(stayed) == sorted(set(range(COUNT)) - moved)


async def test_an_index_is_made_when_it_is_first_asked_for_and_dropped_when_nobody_uses_it(
    world: World, connection: asyncpg.Connection
) -> None:
    order = await world.order("name", descending=False)
    assert order.sort is not None

    assert not await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    await built(world, "name")
    assert len(await _indexes(connection)) == 1

    await connection.execute("UPDATE sort_indexes SET used_at = now() - interval '31 days'")
    await sweeping.sweep(world.context)
    [row] = await connection.fetch("SELECT id, status FROM sort_indexes")
    assert row["status"] == "UNUSED"
    assert not await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    await sort_index_builds.run(world.context, row["id"])

    assert await _indexes(connection) == []
    assert await connection.fetchval("SELECT count(*) FROM sort_indexes") == 0
    assert not await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    assert await connection.fetchval("SELECT count(*) FROM sort_indexes") == 1


async def test_a_workspace_has_so_many_indexes_at_most(
    world: World, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sort_indexes, "MAX_OF_WORKSPACE", 2)
    for field in ("name", "revenue"):
        await built(world, field)
    order = await world.order("score", descending=False)
    assert order.sort is not None

    # all of them were used just now: the list is sorted without an index
    assert not await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    assert await connection.fetchval("SELECT count(*) FROM sort_indexes") == 2

    # one that nobody used since yesterday makes room
    await connection.execute(
        "UPDATE sort_indexes SET used_at = now() - interval '2 days' WHERE field = 'name'"
    )
    assert not await sort_indexes.is_ready(world.viewer, KIND, order.sort)
    [row] = await connection.fetch("SELECT id FROM sort_indexes WHERE status = 'UNUSED'")
    await sort_index_builds.run(world.context, row["id"])
    await built(world, "score")
    fields = await connection.fetch("SELECT field FROM sort_indexes ORDER BY field")
    assert [row["field"] for row in fields] == ["revenue", "score"]


async def test_an_index_that_was_cut_off_is_made_anew(world: World, connection: asyncpg.Connection) -> None:
    order = await world.order("name", descending=False)
    await world.page(MemberList(KIND), order, PageRequest(first=1))
    [row] = await connection.fetch("SELECT id FROM sort_indexes")
    # given what a killed worker leaves: an index of the name that is not whole, and another worker at one
    await connection.execute(f"CREATE INDEX {sort_index_builds.name_of(row['id'])} ON members (ordinal)")
    await connection.execute("SELECT pg_advisory_lock($1)", SORT_INDEXES)

    assert await sort_index_builds.run(world.context, row["id"]) is None
    await connection.execute("SELECT pg_advisory_unlock($1)", SORT_INDEXES)
    await connection.execute("UPDATE sort_indexes SET retry_at = NULL")
    assert await sort_index_builds.run(world.context, row["id"]) is SortIndexStatus.READY

    [definition] = await _indexes(connection)
    assert "(name, ordinal)" in definition


async def _indexes(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'members\\_sort\\_%'")
    return [row["indexdef"] for row in rows]


FILL = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id, name, email, revenue, employees, attributes)
    SELECT $1, 2, n, 'x' || n, md5(n::text), 'x' || n || '@example.com', n * 7919 % 10007,
      CASE WHEN n % 3 > 0 THEN n * 31 % 1009 END,
      jsonb_build_object('since', '2026-01-' || lpad((1 + n % 28)::text, 2, '0'))
    FROM generate_series($2::int, $3::int) AS n
"""


@pytest.mark.parametrize("field", ["name", "revenue", "employees", "since"])
async def test_no_page_scans_all_members(
    world: World, connection: asyncpg.Connection, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given many members, of whom half are in an audience
    end = 12_000
    await connection.execute(FILL, world.viewer.workspace_id, COUNT, end)
    await connection.execute(
        "UPDATE populations SET next_ordinal = $2 WHERE workspace_id = $1", world.viewer.workspace_id, end + 1
    )
    await built(world, field)
    await connection.execute("VACUUM ANALYZE members")
    half = MemberList(KIND, audience=BitMap(range(0, end, 2)))
    for list_ in (
        MemberList(KIND),
        half,
        MemberList(KIND, search="example"),
        MemberList(KIND, "example", half.audience),
    ):
        for descending in (False, True):
            order = await world.order(field, descending=descending)
            middle = (await world.page(list_, order, PageRequest(first=900))).cursors[-1]
            for request in (
                PageRequest(first=50),
                PageRequest(last=50),
                PageRequest(first=50, after=middle),
                PageRequest(last=50, before=middle),
            ):
                plan = await _plan(world, connection, list_, order, request)
                assert "Seq Scan on members" not in plan
                assert "members_sort_" in plan
                assert _rows_read(plan) < 2_500, plan


async def _plan(
    world: World, connection: asyncpg.Connection, list_: MemberList, order: MemberOrder, request: PageRequest
) -> str:
    """How PostgreSQL finds a page."""
    sent: list[tuple[str, tuple[Any, ...]]] = []
    fetch = asyncpg.Connection.fetch

    async def noting(self: Any, query: str, *args: Any, **options: Any) -> Any:
        sent.append((query, args))
        return await fetch(self, query, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncpg.Connection, "fetch", noting)
        await world.page(list_, order, request)
    [(query, arguments)] = [(query, args) for query, args in sent if "pages.*" in query]
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {query}", *arguments)
    return "\n".join(row[0] for row in rows)


def _rows_read(plan: str) -> int:
    """How many rows scans of members have returned or thrown away."""
    read = 0
    for line in plan.splitlines():
        if "Rows Removed by Filter: " in line:
            read += int(line.rsplit(" ", 1)[1])
        elif "Scan" in line and "actual rows=" in line:
            actual = line.split("actual rows=")[1]
            rows, loops = actual.split(" loops=")
            read += int(float(rows) * int(loops.rstrip(")")))
    return read


async def test_what_a_search_finds_is_counted_while_it_is_little_and_estimated_beyond(
    world: World, connection: asyncpg.Connection
) -> None:
    end = 4_000
    await connection.execute(FILL, world.viewer.workspace_id, COUNT, end - 1)
    await connection.execute(
        "UPDATE populations SET next_ordinal = $2 WHERE workspace_id = $1", world.viewer.workspace_id, end
    )
    audience = BitMap(range(COUNT, end, 2))
    await connection.execute(
        "DELETE FROM members WHERE workspace_id = $1 AND ordinal = 100", world.viewer.workspace_id
    )

    assert await lists.total(world.viewer, MemberList(KIND)) == Total(end - 1)
    assert await lists.total(world.viewer, MemberList(KIND, audience=audience)) == Total(len(audience))
    assert await lists.total(world.viewer, MemberList(KIND, "x77@")) == Total(1)
    assert await lists.total(world.viewer, MemberList(KIND, "x77@", audience)) == Total(0)
    everybody = await lists.total(world.viewer, MemberList(KIND, "example"))
    some = await lists.total(world.viewer, MemberList(KIND, "1@example", audience))
    half = await lists.total(world.viewer, MemberList(KIND, "example", audience))

    assert everybody.is_estimate
    assert abs(everybody.count - (end - COUNT)) < 200
    assert some == Total(0, is_estimate=True)
    assert half == Total(len(audience), is_estimate=True)


async def test_a_search_that_finds_many_is_not_looked_for(
    world: World, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = 20_000
    await connection.execute(FILL, world.viewer.workspace_id, COUNT, end - 1)
    await connection.execute(
        "UPDATE populations SET next_ordinal = $2 WHERE workspace_id = $1", world.viewer.workspace_id, end
    )
    await connection.execute("VACUUM ANALYZE members")

    # given one letter, that many members have, then 400 of them are looked at
    for search in ("x", "x 1"):
        sought = MemberList(KIND, search).sought
        explained = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {lists.FIND_FEW}"
        rows = await connection.fetch(explained, world.viewer.workspace_id, KIND, sought)
        plan = "\n".join(row[0] for row in rows)
        assert _rows_read(plan) <= 2 * lists.LOOKED_AT + 10, plan
        found = await lists.total(world.viewer, MemberList(KIND, search))
        assert found.is_estimate
        assert found.count > lists.FEW_FOUND

    # and among few members, those alone are looked at, however few of all have what is sought
    monkeypatch.setattr(lists, "FEW", 5_000)
    monkeypatch.setattr(lists, "FIND_FEW", "SELECT 1 / 0")
    spread = BitMap(range(COUNT, end, 40))
    assert await lists.total(world.viewer, MemberList(KIND, "x777@", spread)) == Total(0)
    with_seven = [n for n in spread if "7" in f"x{n}" or "7" in hashlib.md5(f"{n}".encode()).hexdigest()]
    assert await lists.total(world.viewer, MemberList(KIND, "7", spread)) == Total(len(with_seven))
