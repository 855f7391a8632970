"""Previews: counts, reach, value and the difference of unsaved criteria; nothing outdated, nothing that runs on."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.transport.known import WATCHED_AFTER_SECONDS
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, serving, working

UPSERT = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) { created updated errors { code } }
    }
"""
RECORD = "mutation ($events: [EventInput!]!) { recordEvents(input: {events: $events}) { accepted } }"
CREATE = """
    mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { segment { id } errors { code message } } }
"""
PREVIEW = """
    query ($input: PreviewSegmentInput!, $segment: ID = "") {
      previewSegment(input: $input) {
        memberCount sentence errors { code message path }
        reach { status total email asOf }
        value { revenue orders averageOrderValue customerLifetimeValue orderLatencyDays }
        sample(first: 2) { externalId }
        diff(segmentId: $segment) {
          entered exited unchanged errors { code message path }
          enteredSample { externalId } exitedSample(first: 1) { externalId }
        }
      }
    }
"""
COUNT = """
    query ($input: PreviewSegmentInput!) {
      previewSegment(input: $input) { memberCount errors { code message path } }
    }
"""

DE: dict[str, Any] = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
LARGE: dict[str, Any] = {"attribute": {"field": "employees", "op": "GTE", "value": 100}}
ORDERED: dict[str, Any] = {"event": {"name": "order", "op": "GTE", "value": 2, "within": {"last": "P30D"}}}


def event(member: str, occurred_at: str, value: str | None = None, name: str = "order") -> dict[str, Any]:
    found = {"kind": "ACCOUNT", "memberExternalId": member, "name": name, "occurredAt": occurred_at}
    return found if value is None else {**found, "value": value}


async def fill(product: Product) -> None:
    """Four accounts: a to c in Germany, b and c large, a and b reached by email, c and d with orders."""
    rows = [
        {"externalId": "a", "country": "DE", "employees": 10, "email": "a@example.com"},
        {"externalId": "b", "country": "DE", "employees": 100, "email": "b@example.com"},
        {"externalId": "c", "country": "DE", "employees": 500},
        {"externalId": "d", "country": "FR", "employees": 500},
    ]
    assert (await product.run(UPSERT, kind="ACCOUNT", members=rows))["upsertMembers"]["created"] == 4
    events = [
        event("c", "2026-01-01T00:00:00Z", "10.10"),
        event("c", "2026-01-03T00:00:00Z", "0.20"),
        event("b", "2026-01-01T00:00:00Z", "5"),
        event("d", "2026-01-01T00:00:00Z", "1000"),
    ]
    await product.run(RECORD, events=events)


async def preview(
    product: Product, criteria: dict[str, Any], query: str = PREVIEW, **more: Any
) -> dict[str, Any]:
    """The preview of criteria over accounts."""
    answer = await product.run(query, input={"kind": "ACCOUNT", "criteria": criteria}, **more)
    found: dict[str, Any] = answer["previewSegment"]
    return found


async def count(product: Product, criteria: dict[str, Any]) -> int:
    """How many accounts match."""
    found = await preview(product, criteria, COUNT)
    assert found["errors"] == []
    matching: int = found["memberCount"]
    return matching


async def list_of(product: Product, name: str, external_ids: list[str], kind: str = "ACCOUNT") -> str:
    """A STATIC segment of these accounts."""
    made = await product.run(CREATE, input={"name": name, "kind": kind, "type": "STATIC"})
    segment: str = made["createSegment"]["segment"]["id"]
    if external_ids:
        await product.run(
            "mutation ($input: SegmentMembersInput!) {"
            " addSegmentMembers(input: $input) { errors { code message } } }",
            input={"segmentIds": [segment], "externalIds": external_ids},
        )
    return segment


async def test_a_preview_counts_values_samples_and_compares(product: Product) -> None:
    # given a segment with one member who matches and one who does not
    await fill(product)
    segment = await list_of(product, "Before", ["b", "d"])

    # when large German accounts are tried in its place
    found = await preview(product, {"all": [DE, LARGE]}, segment=segment)

    # then
    assert found["errors"] == []
    assert (found["memberCount"], found["sample"]) == (2, [{"externalId": "b"}, {"externalId": "c"}])
    assert found["sentence"] == 'Members where Country is "DE" and Employees is at least 100.'
    assert (found["reach"]["status"], found["reach"]["total"], found["reach"]["email"]) == ("READY", 1, 1)
    assert found["value"] == {
        "revenue": "15.3",
        "orders": 3,
        "averageOrderValue": "5.1",
        "customerLifetimeValue": "7.65",
        "orderLatencyDays": 2.0,
    }
    assert found["diff"] == {
        "entered": 1,
        "exited": 1,
        "unchanged": 1,
        "errors": [],
        "enteredSample": [{"externalId": "c"}],
        "exitedSample": [{"externalId": "d"}],
    }


async def test_what_cannot_be_compared_with_is_an_error_of_the_difference(
    product: Product, server: Server
) -> None:
    # given a segment of people, one that is private, and one of another workspace
    await fill(product)
    people = await list_of(product, "People", [], kind="PERSON")
    private = await product.run(
        CREATE, input={"name": "Mine", "kind": "ACCOUNT", "type": "STATIC", "visibility": "PRIVATE"}
    )
    other = await new_viewer("Other")
    assert product.viewer is not None
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=product.viewer.workspace_id)

    # when and then the rest of the preview is there, and no member of the segment is given away
    wrong_kind = await preview(product, DE, segment=people)
    assert wrong_kind["memberCount"] == 3
    assert wrong_kind["diff"]["errors"] == [
        {
            "code": "INVALID",
            "message": "The segment holds PERSON, the preview ACCOUNT: give a segment of these.",
            "path": ["segmentId"],
        }
    ]
    assert (wrong_kind["diff"]["entered"], wrong_kind["diff"]["enteredSample"]) == (None, [])
    segment = private["createSegment"]["segment"]["id"]
    for viewer, members in ((member, 3), (other, 0)):
        async with server.sign_in(viewer) as client:
            unseen = await preview(client, DE, segment=segment)
        assert unseen["memberCount"] == members
        assert [error["code"] for error in unseen["diff"]["errors"]] == ["NOT_FOUND"]
        assert unseen["diff"]["unchanged"] is None


async def test_with_mistakes_a_preview_says_nothing_else(product: Product) -> None:
    found = await preview(product, {"attribute": {"field": "nonsense", "op": "EQ", "value": 1}}, segment="x")

    assert [error["code"] for error in found["errors"]] == ["CRITERIA_INVALID"]
    assert (found["memberCount"], found["sample"], found["value"], found["reach"]) == (None, [], None, None)
    assert (found["diff"]["entered"], found["diff"]["exited"]) == (None, None)


async def test_nothing_that_changed_is_answered_from_before(
    product: Product, connection: asyncpg.Connection
) -> None:
    """What was found out about conditions is kept while the data stays the same, and not a change longer."""
    await fill(product)
    tree = {"all": [DE, {"not": ORDERED}]}
    assert await count(product, tree) == await count(product, tree) == 3

    # a member changes
    await product.run(UPSERT, kind="ACCOUNT", members=[{"externalId": "d", "country": "DE"}])
    assert await count(product, tree) == 4
    # events happen
    now = (await connection.fetchval("SELECT now()")).isoformat()
    await product.run(RECORD, events=[event("a", now), event("a", now)])
    assert await count(product, tree) == 3
    # tags
    tagged = {"all": [DE, {"tags": {"op": "HAS_ANY", "values": ["x"]}}]}
    assert await count(product, tagged) == 0
    await product.run(UPSERT, kind="ACCOUNT", members=[{"externalId": "d", "tags": ["x"]}])
    assert await count(product, tagged) == 1
    # a related member of another kind changes
    related = {
        "related": {"relation": "deals", "where": {"attribute": {"field": "score", "op": "GT", "value": 1}}}
    }
    await product.run(UPSERT, kind="DEAL", members=[{"externalId": "deal", "score": 0}])
    await product.run(
        "mutation ($input: RelateMembersInput!) { relateMembers(input: $input) { errors { code message } } }",
        input={
            "rows": [
                {
                    "relation": "deals",
                    "fromKind": "ACCOUNT",
                    "fromExternalId": "a",
                    "toKind": "DEAL",
                    "toExternalId": "deal",
                }
            ]
        },
    )
    assert await count(product, related) == 0
    await product.run(UPSERT, kind="DEAL", members=[{"externalId": "deal", "score": 2}])
    assert await count(product, related) == 1
    # the members of a segment that is referred to
    segment = await list_of(product, "List", ["a"])
    listed = {"all": [{"segment": {"op": "IN", "id": segment}}, DE]}
    assert await count(product, listed) == 1
    # a member is erased
    await product.run(
        "mutation ($input: MemberIdsInput!) { deleteMembers(input: $input) { errors { code message } } }",
        input={"kind": "ACCOUNT", "externalIds": ["a"]},
    )
    assert (await count(product, listed), await count(product, DE)) == (0, 3)


async def test_sentences_call_segments_by_name_for_those_who_see_them(
    product: Product, server: Server
) -> None:
    # given criteria that refer to a segment of everybody's and to a private one
    await fill(product)
    shown = await list_of(product, "Shown", ["a"])
    hidden = await product.run(
        CREATE, input={"name": "Hidden", "kind": "ACCOUNT", "type": "STATIC", "visibility": "PRIVATE"}
    )
    private = hidden["createSegment"]["segment"]["id"]
    criteria = {"any": [{"segment": {"op": "IN", "id": one}} for one in (shown, private)]}
    await product.run(
        CREATE, input={"name": "Both", "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": criteria}
    )
    assert product.viewer is not None
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=product.viewer.workspace_id)
    sentences = '{ segments(search: "Both", first: 5) { nodes { criteriaSentence } } }'

    # when its author and another user read it
    mine = await product.run(sentences)
    async with server.sign_in(member) as client:
        theirs = await client.run(sentences)
    sentence = "query ($input: PreviewSegmentInput!) { previewSegment(input: $input) { sentence } }"
    tried = await preview(product, criteria, sentence)

    # then
    both = 'Members where the member is in the segment "Shown" or the member is in the segment "Hidden".'
    assert mine["segments"]["nodes"] == [{"criteriaSentence": both}]
    assert tried["sentence"] == both
    assert theirs["segments"]["nodes"] == [
        {
            "criteriaSentence": 'Members where the member is in the segment "Shown" or the member is in a segment.'
        }
    ]


async def post(server: Server, credential: str, query: str, **variables: Any) -> asyncio.StreamWriter:
    """Send a request over a socket of its own and do not wait for the answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {credential}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    return writer


async def at_work(connection: asyncpg.Connection, *, wanted: bool) -> None:
    """Wait until a statement of the product waits for a lock, or until none does; less long than it may wait."""
    async with asyncio.timeout(PATIENCE_SECONDS / 2):
        while True:
            found = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'seggraph' AND wait_event_type = 'Lock'"
            )
            if bool(found) is wanted:
                return
            await asyncio.sleep(0.02)


async def test_a_preview_ends_when_its_client_goes_away_and_a_mutation_does_not(
    server: Server, viewer: Viewer, connection: asyncpg.Connection, database_url: str
) -> None:
    async with server.sign_in(viewer) as product:
        await abandon_a_preview_and_a_mutation(server, product, connection, database_url)


async def abandon_a_preview_and_a_mutation(
    server: Server, product: Product, connection: asyncpg.Connection, database_url: str
) -> None:
    # given tables that somebody keeps from being read; no worker is running, whose statements would wait too
    await fill(product)
    blocker = await asyncpg.connect(database_url)
    holding = blocker.transaction()
    await holding.start()
    await blocker.execute("LOCK members, segments IN ACCESS EXCLUSIVE MODE")

    # when a client asks for a preview and closes its connection
    writer = await post(server, product.credential, COUNT, input={"kind": "ACCOUNT", "criteria": DE})
    await at_work(connection, wanted=True)
    writer.close()

    # then the statement ends, though what it waits for is still held
    await at_work(connection, wanted=False)

    # when another client asks for a change and closes its connection
    made = {"name": "Kept", "kind": "ACCOUNT", "type": "STATIC"}
    writer = await post(server, product.credential, CREATE, input=made)
    await at_work(connection, wanted=True)
    writer.close()
    await asyncio.sleep(3 * WATCHED_AFTER_SECONDS)
    await at_work(connection, wanted=True)
    await holding.rollback()

    # then the change is made
    await blocker.close()
    names = "query { segments(first: 5) { nodes { name } } }"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (made_there := (await product.run(names))["segments"]["nodes"]):  # noqa: ASYNC110 - it happens in the product
            await asyncio.sleep(0.02)
    assert made_there == [{"name": "Kept"}]
    # and previews work as before
    assert await count(product, DE) == 3


async def test_criteria_that_are_too_much_are_refused_with_what_would_help(
    context: Context, viewer: Viewer
) -> None:
    # given limits that nothing meets
    strict = context.settings.model_copy(update={"max_evaluation_cost": 0.001})
    async with (
        serving(replace(context, settings=strict)) as server,
        working(replace(context, settings=strict)),
        server.sign_in(viewer) as product,
    ):
        await fill(product)

        # when
        found = await preview(product, {"all": [DE, ORDERED]}, COUNT)
        made = await product.run(
            CREATE,
            input={"name": "S", "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": {"any": [DE, ORDERED]}},
        )

        # then it is not begun, and the error says which condition it is
        [error] = found["errors"]
        assert (error["code"], error["path"]) == ("CRITERIA_TOO_EXPENSIVE", ["criteria"])
        assert 'Country is "DE"' in error["message"]
        # and a segment fails with the same words instead of being stuck
        segment = made["createSegment"]["segment"]["id"]
        async with product.subscribe(
            "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) {"
            " __typename segment { reach { status error { code message } } } } }",
            ids=[segment],
        ) as events:
            while (reach := (await events.next())["segment"]["reach"])["status"] != "FAILED":
                pass
        assert reach["error"]["code"] == "CRITERIA_TOO_EXPENSIVE"


IN_STEP = """
    query ($input: PreviewSegmentInput!) {
      previewSegment(input: $input) {
        memberCount criteria criteriaText nodeCounts { path memberCount } diffToSaved { entered exited unchanged }
        errors { code message path ... on CriteriaError { reason line column start end suggestions } }
      }
    }
"""


async def test_tree_and_text_of_a_preview_are_in_step_and_mistakes_have_places(product: Product) -> None:
    await fill(product)
    segment = (
        await product.run(
            CREATE, input={"name": "Large", "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": LARGE}
        )
    )["createSegment"]["segment"]["id"]

    async def of(text: str, **given: Any) -> dict[str, Any]:
        answer = await product.run(IN_STEP, input={"kind": "ACCOUNT", "criteriaText": text, **given})
        found: dict[str, Any] = answer["previewSegment"]
        return found

    # given a text, the tree is that of it, and each part is counted
    found = await of("country='DE' and (employees>=100)")
    assert (found["memberCount"], found["criteria"]) == (2, {"all": [DE, LARGE]})
    assert found["criteriaText"] == "country = 'DE' AND employees >= 100"
    assert found["nodeCounts"] == [
        {"path": [], "memberCount": 2},
        {"path": ["all", "0"], "memberCount": 3},
        {"path": ["all", "1"], "memberCount": 3},
    ]
    assert found["diffToSaved"] is None
    again = await product.run(IN_STEP, input={"kind": "ACCOUNT", "criteria": found["criteria"]})
    assert again["previewSegment"]["criteriaText"] == found["criteriaText"]

    # with a segment it is compared with that, and must not refer to it
    compared = (await of("country = 'DE'", segmentId=segment))["diffToSaved"]
    assert compared["entered"] + compared["unchanged"] == 3
    circle = await of("IN SEGMENT 'Large'", segmentId=segment)
    assert (circle["memberCount"], circle["criteria"]) == (None, None)
    assert [error["code"] for error in circle["errors"]] == ["SEGMENT_CYCLE"]

    # every mistake says where it is in the text, and what could stand there
    text = "contry = 'DE'\n  AND employes > 5 AND employees CONTAINS 'x'"
    errors = (await of(text))["errors"]
    assert [text[error["start"] : error["end"]] for error in errors] == [
        *("contry", "employes", "employees CONTAINS 'x'")
    ]
    assert [(error["line"], error["column"]) for error in errors] == [(1, 1), (2, 7), (2, 24)]
    assert [error["suggestions"] for error in errors[:2]] == [["country"], ["employees"]]
    assert "GT" in errors[2]["suggestions"]
    [error] = (await of("country = 'DE' ANDD x = 1"))["errors"]
    assert (error["start"], error["end"], error["suggestions"]) == (15, 19, ["AND"])
    # a tree has paths instead
    answer = await product.run(
        IN_STEP,
        input={
            "kind": "ACCOUNT",
            "criteria": {"all": [DE, {"attribute": {"field": "contry", "op": "IS_SET"}}]},
        },
    )
    [error] = answer["previewSegment"]["errors"]
    assert (error["line"], error["start"], error["suggestions"]) == (None, None, ["country"])


SPREAD = """
    query ($input: PreviewSegmentInput!, $field: String!, $buckets: Int) {
      previewSegment(input: $input) {
        distribution(field: $field, buckets: $buckets) {
          memberCount unsetCount otherCount isEstimate minimum maximum sum average median
          buckets { value start end count } errors { code path }
        }
      }
    }
"""


async def test_the_values_of_a_field_are_distributed_over_members(product: Product) -> None:
    await fill(product)
    rows = [
        {"externalId": "a", "attributes": {"plan": "free", "sports": ["golf", "chess"], "born": "2020-01-31"}}
    ]
    rows += [{"externalId": "b", "attributes": {"plan": "free", "sports": ["golf"], "born": "2020-03-01"}}]
    await product.run(UPSERT, kind="ACCOUNT", members=rows)
    segment = await list_of(product, "Two", ["a", "b"])

    async def of(field: str, buckets: int | None = None) -> dict[str, Any]:
        variables = {"input": {"kind": "ACCOUNT", "criteria": DE}, "field": field, "buckets": buckets}
        found: dict[str, Any] = (await product.run(SPREAD, **variables))["previewSegment"]["distribution"]
        return found

    # given three members, a number has ranges and sums
    found = await of("employees", 2)
    assert [(one["start"], one["end"], one["count"]) for one in found["buckets"]] == [
        ("10", "255", 2),
        ("255", "500", 1),
    ]
    assert (found["memberCount"], found["unsetCount"], found["isEstimate"]) == (3, 0, False)
    assert (found["minimum"], found["maximum"], found["sum"], found["median"]) == (
        "10",
        "500",
        "610",
        "100",
    )
    assert float(found["average"]) == pytest.approx(610 / 3)
    # other fields have their frequent values
    found = await of("plan")
    assert [(one["value"], one["count"]) for one in found["buckets"]] == [("free", 2)]
    assert (found["unsetCount"], found["otherCount"], found["sum"]) == (1, 0, None)
    assert [(one["value"], one["count"]) for one in (await of("sports"))["buckets"]] == [
        ("golf", 2),
        ("chess", 1),
    ]
    found = await of("externalId", 1)
    assert ([one["value"] for one in found["buckets"]], found["otherCount"]) == (["a"], 2)
    born = await of("born", 1)
    assert (born["minimum"], born["maximum"], born["buckets"][0]["count"]) == ("2020-01-31", "2020-03-01", 2)
    # a segment has them too
    query = """
        query ($id: ID!) { segment(id: $id) { distribution(field: "employees", buckets: 1) {
          sum buckets { count } } } }
    """
    found = (await product.run(query, id=segment))["segment"]["distribution"]
    assert found == {"sum": "110", "buckets": [{"count": 2}]}
    # and mistakes are errors of the field
    for field, buckets, error in (
        ("employes", None, ("CRITERIA_INVALID", ["field"])),
        ("shippingAddress.city", None, ("INVALID", ["field"])),
        ("employees", 0, ("TOO_LARGE", ["buckets"])),
    ):
        [only] = (await of(field, buckets))["errors"]
        assert (only["code"], only["path"]) == error
