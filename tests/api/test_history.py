"""The history of a segment through the API: runs, sizes, moves with their cause, past memberships, intervals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.services.history import run_compaction
from seggraph.services.memberships.attribution import decode
from seggraph.vocabulary import Role
from tests.api.test_reach import quiet
from tests.conftest import new_viewer
from tests.product import Product

UPSERT = "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { created updated } }"
CREATE = "mutation ($i: CreateSegmentInput!) { createSegment(input: $i) { segment { id } errors { code message } } }"
HISTORY = """query ($id: ID!, $from: DateTime, $to: DateTime, $interval: HistoryInterval) {
  segment(id: $id) {
    memberCount
    sizeHistory(from: $from, to: $to, interval: $interval) { at memberCount entered exited }
    runs(first: 50) { totalCount nodes { trigger status entered exited memberCount finishedAt error { code } } }
    membershipChanges { totalCount nodes { member { externalId } at direction trigger } }
  }
}"""
AT = """query ($id: ID!, $at: DateTime!, $first: Int, $after: String) {
  segment(id: $id) { membershipAt(at: $at, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { externalId } } }
}"""
MOVES = """query ($id: ID!, $first: Int, $after: String, $direction: MembershipDirection,
  $from: DateTime, $to: DateTime) {
  segment(id: $id) { membershipChanges(first: $first, after: $after, direction: $direction, from: $from, to: $to) {
    totalCount pageInfo { hasNextPage endCursor hasPreviousPage } nodes { member { externalId } direction at } } }
}"""
BACK = """query ($id: ID!, $last: Int, $before: String) {
  segment(id: $id) { membershipChanges(last: $last, before: $before) {
    pageInfo { hasNextPage startCursor hasPreviousPage } nodes { member { externalId } } } }
}"""
INTERVALS = """query ($segment: ID!) {
  members(kind: PERSON) { nodes {
    externalId segmentIntervals(segmentId: $segment) { from to enteredBy exitedBy } } }
}"""
REMOVE = "mutation ($i: SegmentMembersInput!) { removeSegmentMembers(input: $i) { changed errors { code } } }"


async def put(product: Product, **countries: str) -> None:
    rows = [{"externalId": name, "country": country} for name, country in countries.items()]
    await product.run(UPSERT, i={"kind": "PERSON", "members": rows})


async def german(product: Product, name: str = "German") -> str:
    criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    draft = {"name": name, "kind": "PERSON", "type": "DYNAMIC", "criteria": criteria}
    return str((await product.run(CREATE, i=draft))["createSegment"]["segment"]["id"])


async def names_at(product: Product, segment_id: str, at: datetime) -> set[str]:
    found = (await product.run(AT, id=segment_id, at=at.isoformat()))["segment"]["membershipAt"]
    names = {node["externalId"] for node in found["nodes"]}
    assert found["totalCount"] == len(names)
    return names


async def now(connection: asyncpg.Connection) -> datetime:
    """An instant between what is done and what is to come."""
    found: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return found


async def test_history_tells_what_happened(product: Product, connection: asyncpg.Connection) -> None:
    # given members who enter by a full run, move by refreshes, and are removed by hand; one is erased
    instants = [await now(connection)]
    await put(product, a="DE", b="DE", c="US", x="DE")
    await quiet(connection)
    segment_id = await german(product)
    for step in range(5):
        await quiet(connection)
        instants.append(await now(connection))
        match step:
            case 0:
                await put(product, b="US", c="DE")
            case 1:
                await put(product, b="DE")
            case 2:
                removed = {"segmentIds": [segment_id], "externalIds": ["a"]}
                await product.run(REMOVE, i=removed)
            case 3:
                await product.run(
                    'mutation { deleteMembers(input: {kind: PERSON, externalIds: ["x"]}) { deleted } }'
                )
    memberships = [set(), {"a", "b"}, {"a", "c"}, {"a", "b", "c"}, {"b", "c"}, {"b", "c"}]

    # then each instant has its members, as far as they are still there
    assert [await names_at(product, segment_id, at) for at in instants] == memberships
    assert await names_at(product, segment_id, instants[-1] + timedelta(days=9)) == {"b", "c"}
    page = (await product.run(AT, id=segment_id, at=instants[3].isoformat(), first=2))["segment"][
        "membershipAt"
    ]
    assert (len(page["nodes"]), page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, 3, True)

    # and the moves say who, when and why, the newest first
    segment = (await product.run(HISTORY, id=segment_id, interval="HOUR"))["segment"]
    told = [
        (move["member"]["externalId"], move["direction"], move["trigger"])
        for move in segment["membershipChanges"]["nodes"]
    ]
    assert told == [
        ("a", "EXITED", "MANUAL"),
        ("b", "ENTERED", "REFRESH"),
        ("c", "ENTERED", "REFRESH"),
        ("b", "EXITED", "REFRESH"),
        ("a", "ENTERED", "FULL"),
        ("b", "ENTERED", "FULL"),
    ]
    assert segment["membershipChanges"]["totalCount"] == 6
    times = [move["at"] for move in segment["membershipChanges"]["nodes"]]
    assert times == sorted(times, reverse=True)

    # and the sizes are those of the time, whoever was erased since
    runs = segment["runs"]["nodes"]
    assert segment["runs"]["totalCount"] == len(runs) == 5
    assert [(run["trigger"], run["entered"], run["exited"], run["memberCount"]) for run in runs] == [
        ("MANUAL", 0, 1, 2),
        ("MANUAL", 0, 1, 3),
        ("REFRESH", 1, 0, 4),
        ("REFRESH", 1, 1, 3),
        ("FULL", 3, 0, 3),
    ]
    sizes = segment["sizeHistory"]
    assert len(sizes) == 30 * 24 + 1
    assert sum(point["entered"] for point in sizes) == 5
    assert sum(point["exited"] for point in sizes) == 3
    assert (sizes[0]["memberCount"], sizes[-1]["memberCount"]) == (0, 2)

    # and every member has intervals
    nodes = (await product.run(INTERVALS, segment=segment_id))["members"]["nodes"]
    spans = {node["externalId"]: node["segmentIntervals"] for node in nodes}
    causes = {name: [(one["enteredBy"], one["exitedBy"]) for one in found] for name, found in spans.items()}
    assert causes == {
        "a": [("FULL", "MANUAL")],
        "b": [("FULL", "REFRESH"), ("REFRESH", None)],
        "c": [("REFRESH", None)],
    }
    assert all(one["to"] is None or one["from"] < one["to"] for found in spans.values() for one in found)
    assert spans["b"][0]["to"] < spans["b"][1]["from"]

    # and the moves page by page, in a time and in one direction
    seen: list[str] = []
    after = None
    for size in (1, 2, 3):
        page = (await product.run(MOVES, id=segment_id, first=size, after=after))["segment"][
            "membershipChanges"
        ]
        seen += [node["member"]["externalId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is (size < 3)
    assert seen == ["a", "b", "c", "b", "a", "b"]
    backwards: list[str] = []
    before = None
    for size in (1, 2, 3):
        page = (await product.run(BACK, id=segment_id, last=size, before=before))["segment"][
            "membershipChanges"
        ]
        backwards = [node["member"]["externalId"] for node in page["nodes"]] + backwards
        before = page["pageInfo"]["startCursor"]
        assert page["pageInfo"]["hasPreviousPage"] is (size < 3)
        assert page["pageInfo"]["hasNextPage"] is (size > 1)
    assert backwards == seen
    entered = (await product.run(MOVES, id=segment_id, direction="ENTERED"))["segment"]["membershipChanges"]
    assert entered["totalCount"] == len(entered["nodes"]) == 4
    between = {"from": instants[1].isoformat(), "to": instants[2].isoformat()}
    found = (await product.run(MOVES, id=segment_id, **between))["segment"]["membershipChanges"]
    assert {(node["member"]["externalId"], node["direction"]) for node in found["nodes"]} == {
        ("b", "EXITED"),
        ("c", "ENTERED"),
    }
    assert found["totalCount"] == 2


Told = dict[tuple[str, str], tuple[str, list[str] | None, list[str]]]
"""By member and direction: trigger, sources and names of playbooks of a move."""

CAUSES = """query ($id: ID!) { segment(id: $id) { membershipChanges { nodes {
  member { externalId } direction trigger sources playbooks { name } } } } }"""
PLAYBOOK = """mutation ($i: CreatePlaybookInput!) {
  createPlaybook(input: $i) { playbook { id } errors { message } } }"""


async def test_moves_say_what_held_the_member(
    product: Product, connection: asyncpg.Connection, viewer: Viewer, context: Context
) -> None:
    # given a segment that criteria, a playbook and a hand fill
    def person(name: str, country: str, *tags: str) -> dict[str, Any]:
        return {"externalId": name, "country": country, "tags": list(tags)}

    async def upsert(*rows: dict[str, Any]) -> None:
        await product.run(UPSERT, i={"kind": "PERSON", "members": list(rows)})
        await quiet(connection)

    async def causes(client: Product) -> Told:
        """What is told of the newest move of each member in each direction."""
        nodes = (await client.run(CAUSES, id=german_id))["segment"]["membershipChanges"]["nodes"]
        return {
            (node["member"]["externalId"], node["direction"]): (
                node["trigger"],
                node["sources"],
                [one["name"] for one in node["playbooks"]],
            )
            for node in reversed(nodes)
        }

    await upsert(person("a", "DE"), person("b", "DE", "vip"), person("c", "US", "vip"), person("d", "US"))
    german_id = await german(product)
    await quiet(connection)
    vips = {"tags": {"op": "HAS_ANY", "values": ["vip"]}}
    given = {"name": "Vips", "kind": "PERSON", "criteria": vips, "addToSegmentIds": [german_id]}
    playbook = (await product.run(PLAYBOOK, i=given))["createPlaybook"]["playbook"]["id"]
    await quiet(connection)
    # when members enter by one of them, exit from two, and enter in one run by different ones
    await upsert(person("b", "US"))
    await upsert(person("e", "DE"), person("f", "US", "vip"), person("g", "DE", "vip"), person("h", "DE"))
    hand = "mutation ($i: SegmentMembersInput!) { addSegmentMembers(input: $i) { changed errors { code } } }"
    await product.run(hand, i={"segmentIds": [german_id], "externalIds": ["d"]})
    await product.run(REMOVE, i={"segmentIds": [german_id], "externalIds": ["a"]})

    # then each move says what held the member: afterwards, or before
    criteria, vip = ["CRITERIA"], (["PLAYBOOK"], ["Vips"])
    expected: Told = {
        ("a", "ENTERED"): ("FULL", criteria, []),
        ("b", "ENTERED"): ("FULL", criteria, []),
        ("c", "ENTERED"): ("FULL", *vip),
        ("b", "EXITED"): ("REFRESH", ["CRITERIA", "PLAYBOOK"], ["Vips"]),
        ("e", "ENTERED"): ("REFRESH", criteria, []),
        ("f", "ENTERED"): ("REFRESH", *vip),
        ("g", "ENTERED"): ("REFRESH", ["CRITERIA", "PLAYBOOK"], ["Vips"]),
        ("h", "ENTERED"): ("REFRESH", criteria, []),
        ("d", "ENTERED"): ("MANUAL", ["MANUAL"], []),
        ("a", "EXITED"): ("MANUAL", criteria, []),
    }
    assert await causes(product) == expected

    # and so it does to who does not see the playbook, but for its name
    await connection.execute("UPDATE playbooks SET visibility = 'PRIVATE'")
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with product.server.sign_in(member) as client:
        assert (await causes(client))["f", "ENTERED"] == ("REFRESH", ["PLAYBOOK"], [])

    # and when the playbook is gone, its kind stays; who is erased is in no cause
    await product.run("mutation ($i: ID!) { deletePlaybook(input: {id: $i}) { deletedId } }", i=playbook)
    await quiet(connection)
    await product.run('mutation { deleteMembers(input: {kind: PERSON, externalIds: ["g"]}) { deleted } }')
    left: Told = {
        key: (trigger, sources, []) for key, (trigger, sources, _) in expected.items() if key[0] != "g"
    }
    left |= {(name, "EXITED"): ("FULL", ["PLAYBOOK"], []) for name in ("c", "f")}
    assert await causes(product) == left
    for row in await connection.fetch("SELECT roaring, causes FROM run_chunks"):
        moved = from_bytes(row["roaring"])
        assert all(due <= moved for due in decode(row["causes"], moved).values())

    # and when it was put together by the hour, it says the same of the moves that are left
    await connection.execute(
        "UPDATE runs SET finished_at = date_trunc('hour', now()) - interval '20 days' + id * interval '1 ms'"
    )
    await run_compaction.compact(context, (ids.split(german_id) or ("", 0))[1])
    assert await causes(product) == {
        key: ("MERGED", sources, []) for key, (_, sources, _) in left.items() if key[0] in ("d", "e", "h")
    }

    # and what was kept before says that it is not known
    await connection.execute("UPDATE run_chunks SET causes = NULL")
    assert (await causes(product))["d", "ENTERED"] == ("MERGED", None, [])


async def test_days_are_those_of_the_workspace(product: Product, connection: asyncpg.Connection) -> None:
    # given a segment with two runs, on either side of a midnight in New York when clocks go back
    await connection.execute("ALTER TABLE segments ALTER COLUMN compact_at SET DEFAULT 'infinity'")
    await connection.execute("UPDATE workspaces SET time_zone = 'America/New_York'")
    await put(product, a="DE")
    await quiet(connection)
    segment_id = await german(product)
    await quiet(connection)
    await put(product, b="DE")
    await quiet(connection)
    for order, at in enumerate(
        (datetime(2025, 11, 2, 4, 30, tzinfo=UTC), datetime(2025, 11, 3, 4, 30, tzinfo=UTC))
    ):
        await connection.execute(
            """UPDATE runs SET finished_at = $1 WHERE id =
               (SELECT id FROM runs WHERE applied IS NOT NULL ORDER BY applied OFFSET $2 LIMIT 1)""",
            at,
            order,
        )

    async def points(interval: str, start: str, end: str) -> list[tuple[str, int, int]]:
        found = await product.run(HISTORY, id=segment_id, interval=interval, **{"from": start, "to": end})
        return [(one["at"], one["memberCount"], one["entered"]) for one in found["segment"]["sizeHistory"]]

    # then both are on the same day of 25 hours, gaps are carried forward, and weeks begin on Monday
    assert await points("DAY", "2025-11-01T12:00:00Z", "2025-11-04T12:00:00Z") == [
        ("2025-11-01T04:00:00Z", 0, 0),
        ("2025-11-02T04:00:00Z", 2, 2),
        ("2025-11-03T05:00:00Z", 2, 0),
        ("2025-11-04T05:00:00Z", 2, 0),
    ]
    assert await points("WEEK", "2025-11-02T12:00:00Z", "2025-11-03T12:00:00Z") == [
        ("2025-10-27T04:00:00Z", 2, 2),
        ("2025-11-03T05:00:00Z", 2, 0),
    ]
    assert await points("MONTH", "2025-12-15T00:00:00Z", "2026-01-15T00:00:00Z") == [
        ("2025-12-01T05:00:00Z", 2, 0),
        ("2026-01-01T05:00:00Z", 2, 0),
    ]
    hours = await points("HOUR", "2025-11-02T03:59:00Z", "2025-11-02T07:00:00Z")
    assert [(at[11:16], size) for at, size, _ in hours] == [
        ("03:00", 0),
        ("04:00", 1),
        ("05:00", 1),
        ("06:00", 1),
    ]


async def test_a_full_run_that_ends_late_comes_after_the_refreshes(
    product: Product, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    # given a run that took its id before a refresh did, and was applied after it
    await put(product, a="DE")
    await quiet(connection)
    segment_id = await german(product)
    await quiet(connection)
    await put(product, a="US")
    await quiet(connection)
    await put(product, a="DE")
    await quiet(connection)
    first, _, last = await connection.fetch("SELECT id FROM runs WHERE applied IS NOT NULL ORDER BY id")
    await connection.execute(
        """UPDATE runs SET applied = applied + 100, finished_at = clock_timestamp() WHERE id = $1""",
        first["id"],
    )
    await connection.execute("UPDATE run_chunks SET applied = applied + 100 WHERE run_id = $1", first["id"])
    entry = await connection.fetchval("SELECT finished_at FROM runs WHERE id = $1", first["id"])
    assert first["id"] < last["id"]

    # then it is the one by which the member is said to have entered last
    found = await product.run(
        "query ($id: ID!) { segment(id: $id) { members { edges { enteredAt } } } }", id=segment_id
    )
    [edge] = found["segment"]["members"]["edges"]
    assert datetime.fromisoformat(edge["enteredAt"]) == entry


async def test_hidden_history_and_bad_input(
    product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await put(product, a="DE")
    segment_id = await german(product)
    await quiet(connection)
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    await connection.execute(
        "INSERT INTO segment_hidings (workspace_id, segment_id, user_id) SELECT workspace_id, id, $1 FROM segments",
        member.user_id,
    )

    async def codes(client: Product, query: str, **variables: Any) -> list[str]:
        answer = await client.raw(query, **variables)
        return [error["extensions"]["code"] for error in answer.get("errors", [])]

    for other in (member, stranger):
        async with product.server.sign_in(other) as client:
            assert (await client.run(HISTORY, id=segment_id))["segment"] is None
            if other is member:
                assert "NOT_FOUND" in await codes(client, INTERVALS, segment=segment_id)
            else:
                assert (await client.run(INTERVALS, segment=segment_id))["members"]["nodes"] == []
    day = "2026-01-01T00:00:00Z"
    assert await codes(product, HISTORY, id=segment_id, **{"from": day, "to": day}) == ["INVALID"]
    far = {"from": "2020-01-01T00:00:00Z", "to": day, "interval": "HOUR"}
    assert await codes(product, HISTORY, id=segment_id, **far) == ["TOO_LARGE"]
    assert await codes(product, HISTORY, id=segment_id, **{"from": "0001-01-01T00:00:00Z", "to": day}) == [
        "INVALID"
    ]
    assert await codes(product, MOVES, id=segment_id, after="nonsense") == ["BAD_CURSOR"]
    assert await codes(product, MOVES, id=segment_id, first=1_001) == ["TOO_LARGE"]
    assert await codes(product, AT, id=segment_id, at=day, first=-1) == ["INVALID"]
    assert await codes(product, INTERVALS, segment="nonsense") == ["NOT_FOUND"]
