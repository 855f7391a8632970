"""Campaigns as a client meets them: their life, what they hold and target, and who sees and changes what."""

from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.api.test_destinations import eventually
from tests.api.test_lists import counted
from tests.conftest import new_viewer
from tests.product import Product, Server

CAMPAIGN = """
    id name channel status startsOn endsOn version hiddenSegmentCount
    segments { id name } excludedSegments { id name }
"""

CREATE = f"""
    mutation ($i: CreateCampaignInput!) {{
      createCampaign(input: $i) {{ campaign {{ {CAMPAIGN} }} errors {{ code message path }} }}
    }}
"""

UPDATE = f"""
    mutation ($i: UpdateCampaignInput!) {{
      updateCampaign(input: $i) {{ campaign {{ {CAMPAIGN} }} errors {{ code message path }} }}
    }}
"""

SET_STATUS = f"""
    mutation ($id: ID!, $status: CampaignStatus!) {{
      setCampaignStatus(input: {{id: $id, status: $status}}) {{
        campaign {{ {CAMPAIGN} }} errors {{ code message path }} }}
    }}
"""

DELETE = """
    mutation ($id: ID!) { deleteCampaign(input: {id: $id}) { deletedId errors { code message path } } }
"""

AUDIENCE = """
    query ($id: ID!) { campaign(id: $id) { audience {
      kind memberCount reach byChannel { channel count } asOf } hiddenSegmentCount segments { name } } }
"""

MEMBERS: list[dict[str, Any]] = [
    {"externalId": "a", "country": "DE", "email": "a@example.com", "phone": "+4930123456"},
    {"externalId": "b", "country": "DE", "email": "b@example.com"},
    {"externalId": "c", "country": "FR", "email": "c@example.com", "tags": ["vip"]},
    {"externalId": "d", "country": "FR"},
]


async def answer(product: Product, query: str, **variables: Any) -> Any:
    """The value of the query's one field."""
    [value] = (await product.run(query, **variables)).values()
    return value


async def members(product: Product, kind: str = "PERSON") -> None:
    report = await answer(
        product,
        "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { rowErrors { message } } }",
        i={"kind": kind, "members": MEMBERS},
    )
    assert report == {"rowErrors": []}


async def segment(product: Product, name: str, country: str | None, **given: Any) -> str:
    """A segment of the people of a country, calculated; without a country a STATIC draft."""
    criteria = {"attribute": {"field": "country", "op": "EQ", "value": country}}
    made = {"name": name, "kind": "PERSON", "type": "DYNAMIC", "criteria": criteria}
    if country is None:
        made = {"name": name, "kind": "PERSON", "type": "STATIC"}
    payload = await answer(
        product,
        """mutation ($i: CreateSegmentInput!) {
          createSegment(input: $i) { segment { id } errors { message } } }""",
        i=made | given,
    )
    assert payload["errors"] == []
    found: str = payload["segment"]["id"]
    if country is not None:
        query = "query ($id: ID!) { segment(id: $id) { reach { status } } }"

        async def is_ready() -> bool:
            return bool((await answer(product, query, id=found))["reach"]["status"] == "READY")

        await eventually(is_ready)
    return found


async def campaign(product: Product, name: str, segment_ids: list[str], **given: Any) -> dict[str, Any]:
    payload = await answer(product, CREATE, i={"name": name, "segmentIds": segment_ids} | given)
    assert payload["errors"] == []
    found: dict[str, Any] = payload["campaign"]
    return found


async def errors_of(product: Product, query: str, **variables: Any) -> list[tuple[str, list[str] | None]]:
    """Codes and paths of the errors; whatever was asked for was not done."""
    payload = await answer(product, query, **variables)
    assert payload.get("campaign") is None
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def status_of(product: Product, campaign_id: str, status: str) -> str:
    payload = await answer(product, SET_STATUS, id=campaign_id, status=status)
    assert payload["errors"] == []
    found: str = payload["campaign"]["status"]
    return found


async def test_a_campaign_lives_and_holds_its_segments(product: Product) -> None:
    await members(product)
    german, french = await segment(product, "German", "DE"), await segment(product, "French", "FR")
    spring = await campaign(
        product, "Spring  sale", [german, german], excludeSegmentIds=[french], channel="EMAIL",
        startsOn="2026-03-01", endsOn="2026-03-01",
    )  # fmt: skip

    assert spring["name"] == "Spring sale"
    assert (spring["status"], spring["version"], spring["channel"]) == ("DRAFT", 1, "EMAIL")
    assert [one["name"] for one in spring["segments"]] == ["German"]
    assert [one["name"] for one in spring["excludedSegments"]] == ["French"]

    for wrong in ("COMPLETED", "PAUSED"):
        payload = await answer(product, SET_STATUS, id=spring["id"], status=wrong)
        assert payload["errors"][0]["code"] == "BAD_TRANSITION"
        assert "it can become ACTIVE" in payload["errors"][0]["message"]
    assert await status_of(product, spring["id"], "ACTIVE") == "ACTIVE"
    assert await status_of(product, spring["id"], "ACTIVE") == "ACTIVE", "again is harmless"

    archive = "mutation ($id: ID!) { archiveSegment(input: {id: $id}) { errors { code message } } }"
    for held in (german, french):
        [refused] = (await answer(product, archive, id=held))["errors"]
        assert refused["code"] == "SEGMENT_IN_USE"
        assert "Spring sale" in refused["message"]
    assert await errors_of(product, UPDATE, i={"id": spring["id"], "segmentIds": []}) == [
        ("REQUIRED", ["segmentIds"])
    ]
    draft = await segment(product, "List", None)
    assert await errors_of(product, UPDATE, i={"id": spring["id"], "segmentIds": [german, draft]}) == [
        ("INVALID", ["segmentIds", "1"])
    ]

    assert await status_of(product, spring["id"], "PAUSED") == "PAUSED"
    assert (await answer(product, archive, id=french))["errors"] == []
    payload = await answer(product, SET_STATUS, id=spring["id"], status="ACTIVE")
    assert payload["errors"][0]["code"] == "INVALID"
    assert '"French" (ARCHIVED)' in payload["errors"][0]["message"]
    assert await status_of(product, spring["id"], "COMPLETED") == "COMPLETED"
    payload = await answer(product, SET_STATUS, id=spring["id"], status="ACTIVE")
    assert payload["errors"][0]["message"] == "This campaign is COMPLETED: it stays so."
    assert await errors_of(product, UPDATE, i={"id": spring["id"], "name": "Late"}) == [
        ("BAD_TRANSITION", ["id"])
    ]


async def test_what_a_campaign_targets_is_a_union_minus_exclusions(product: Product) -> None:
    await members(product)
    german, french = await segment(product, "German", "DE"), await segment(product, "French", "FR")
    vip = await segment(product, "VIP", "FR", criteria={"tags": {"op": "HAS_ANY", "values": ["vip"]}})
    both = await campaign(product, "Both", [german, french], excludeSegmentIds=[vip], channel="EMAIL")
    plain = await campaign(product, "No channel", [german])
    empty = await campaign(product, "Nobody", [])

    found = (await answer(product, AUDIENCE, id=both["id"]))["audience"]
    assert (found["kind"], found["memberCount"], found["reach"]) == ("PERSON", 3, 2)
    counts = {one["channel"]: one["count"] for one in found["byChannel"]}
    assert counts == {"EMAIL": 2, "DIRECT_MAIL": 0, "SMS": 1, "PHONE": 1, "PUSH": 0}
    assert found["asOf"] is not None
    found = (await answer(product, AUDIENCE, id=plain["id"]))["audience"]
    assert (found["memberCount"], found["reach"]) == (2, None)
    found = (await answer(product, AUDIENCE, id=empty["id"]))["audience"]
    assert (found["kind"], found["memberCount"], found["asOf"]) == (None, 0, None)

    query = """query ($id: ID!, $after: String) { segment(id: $id) { campaignCount
        campaigns(first: 1, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }"""
    page = await answer(product, query, id=german)
    assert page["campaignCount"] == page["campaigns"]["totalCount"] == 2
    assert page["campaigns"]["nodes"] == [{"name": "No channel"}]
    assert page["campaigns"]["pageInfo"]["hasNextPage"] is True
    page = await answer(product, query, id=german, after=page["campaigns"]["pageInfo"]["endCursor"])
    assert page["campaigns"]["nodes"] == [{"name": "Both"}]
    assert page["campaigns"]["pageInfo"]["hasNextPage"] is False

    query = """query ($s: String, $t: [CampaignStatus!]) {
        campaigns(search: $s, statuses: $t) { totalCount nodes { name } } }"""
    found = await answer(product, query)
    assert [one["name"] for one in found["nodes"]] == ["Nobody", "No channel", "Both"]
    assert await answer(product, query, s="  CHANNEL", t=["DRAFT"]) == {
        "totalCount": 1,
        "nodes": [{"name": "No channel"}],
    }
    assert (await answer(product, query, t=["ACTIVE"]))["totalCount"] == 0
    node = await answer(
        product, "query ($id: ID!) { node(id: $id) { ... on Campaign { name } } }", id=both["id"]
    )
    assert node == {"name": "Both"}


@pytest.fixture
async def drafts(product: Product) -> dict[str, str]:
    """Ids of segments by name, and of a campaign; nothing has been calculated."""
    found = {name: await segment(product, name, None) for name in ("One", "Two")}
    found["Account"] = await segment(product, "Account", None, kind="ACCOUNT")
    found["campaign"] = (await campaign(product, "First", [found["One"]]))["id"]
    return found


async def test_bad_input_is_answered_with_its_place(product: Product, drafts: dict[str, str]) -> None:
    one, two = drafts["One"], drafts["Two"]
    cases: list[tuple[dict[str, Any], list[tuple[str, list[str]]]]] = [
        ({"name": " "}, [("REQUIRED", ["name"])]),
        ({"name": "FIRST"}, [("NAME_TAKEN", ["name"])]),
        ({"startsOn": "2026-03-02", "endsOn": "2026-03-01"}, [("INVALID", ["endsOn"])]),
        ({"segmentIds": [one, "nonsense"]}, [("NOT_FOUND", ["segmentIds", "1"])]),
        ({"segmentIds": [drafts["campaign"]]}, [("NOT_FOUND", ["segmentIds", "0"])]),
        ({"segmentIds": [one, drafts["Account"]]}, [("INVALID", ["segmentIds"])]),
        ({"excludeSegmentIds": [two, one]}, [("INVALID", ["excludeSegmentIds", "1"])]),
    ]
    for given, expected in cases:
        assert await errors_of(product, CREATE, i={"name": "New", "segmentIds": [one]} | given) == expected
    listed = await answer(product, "{ campaigns { nodes { name } } }")
    assert listed["nodes"] == [{"name": "First"}], "nothing was left behind"

    assert await errors_of(product, UPDATE, i={"id": drafts["campaign"], "name": "Late", "version": 0}) == [
        ("CONFLICT", ["version"])
    ]
    payload = await answer(
        product,
        UPDATE,
        i={"id": drafts["campaign"], "version": 1, "segmentIds": [two], "endsOn": "2026-04-01"},
    )
    assert (payload["campaign"]["version"], payload["campaign"]["segments"][0]["name"]) == (2, "Two")
    assert payload["campaign"]["endsOn"] == "2026-04-01"
    assert await errors_of(product, SET_STATUS, id=drafts["campaign"], status="ACTIVE") == [
        ("INVALID", ["id"])
    ]
    payload = await answer(product, DELETE, id=drafts["campaign"])
    assert payload == {"deletedId": drafts["campaign"], "errors": []}
    assert await errors_of(product, DELETE, id=drafts["campaign"]) == [("NOT_FOUND", ["id"])]


async def test_a_paused_or_archived_segment_cannot_be_attached(product: Product) -> None:
    await members(product)
    german = await segment(product, "German", "DE")
    for change in ("pauseSegment", "archiveSegment"):
        await answer(
            product,
            f"mutation ($id: ID!) {{ {change}(input: {{id: $id}}) {{ errors {{ code }} }} }}",
            id=german,
        )
        given = {"name": "New", "segmentIds": [], "excludeSegmentIds": [german]}
        assert await errors_of(product, CREATE, i=given) == [("INVALID", ["excludeSegmentIds", "0"])]


async def test_who_sees_and_changes_what(product: Product, viewer: Viewer, drafts: dict[str, str]) -> None:
    bob = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    hide = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
    hidden = {"id": drafts["One"], "visibility": "PRIVATE"}
    assert await answer(product, hide, i=hidden) == {"errors": []}
    first = drafts["campaign"]
    async with product.server.sign_in(bob) as member:
        seen = (await answer(member, AUDIENCE, id=first)) | {"audience": None}
        assert seen == {"audience": None, "hiddenSegmentCount": 1, "segments": []}, "the name does not leak"
        assert await errors_of(member, UPDATE, i={"id": first, "name": "Mine"}) == [("FORBIDDEN", None)]
        assert await errors_of(member, SET_STATUS, id=first, status="ACTIVE") == [("FORBIDDEN", None)]
        assert await errors_of(member, DELETE, id=first) == [("FORBIDDEN", None)]
        given = {"name": "Bob's", "segmentIds": [drafts["One"]]}
        assert await errors_of(member, CREATE, i=given) == [("NOT_FOUND", ["segmentIds", "0"])]
        own = await campaign(member, "Bob's", [drafts["Two"]])

    added = await answer(product, UPDATE, i={"id": own["id"], "segmentIds": [drafts["One"], drafts["Two"]]})
    assert len(added["campaign"]["segments"]) == 2, "an administrator manages all"
    async with product.server.sign_in(bob) as member:
        payload = await answer(member, UPDATE, i={"id": own["id"], "segmentIds": []})
        assert (payload["errors"], payload["campaign"]["hiddenSegmentCount"]) == ([], 1), (
            "the hidden one stays"
        )

    async with product.server.sign_in(stranger) as other:
        assert await answer(other, AUDIENCE, id=first) is None
        assert (await answer(other, "{ campaigns { totalCount } }"))["totalCount"] == 0
        assert await errors_of(other, UPDATE, i={"id": first, "name": "X"}) == [("NOT_FOUND", ["id"])]
        assert await errors_of(other, DELETE, id=first) == [("NOT_FOUND", ["id"])]
        assert (await campaign(other, "FIRST", []))["name"] == "FIRST", "names are the workspace's own"
    created = await answer(
        product,
        'mutation { createApiKey(input: {name: "r", scope: READ}) { secret errors { message } } }',
    )
    async with product.server.connect(created["secret"]) as reader:
        assert (await answer(reader, "{ campaigns { totalCount } }"))["totalCount"] == 2
        assert await errors_of(reader, CREATE, i={"name": "New", "segmentIds": []}) == [("FORBIDDEN", None)]
        assert await errors_of(reader, SET_STATUS, id=first, status="ACTIVE") == [("FORBIDDEN", None)]


LISTS = """
    query ($first: Int!) {
      segments(first: $first, orderBy: {field: REVENUE}) { nodes {
        campaignCount campaigns(first: 2) { totalCount nodes { name segments { name } } } value { revenue }
        metrics { totals { spend } series(interval: WEEK) { spend } byCampaign { campaign { name } } } } }
      campaigns(first: $first) { totalCount nodes {
        name createdBy { name } segments { name } excludedSegments { name } hiddenSegmentCount
        audience { memberCount reach }
        metrics { totals { spend } series(interval: DAY) { spend } bySegment { segment { name } } } } }
    }
"""


async def test_the_statements_of_a_list_do_not_grow_with_its_page(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as client:
        for number in range(8):
            made = await segment(client, f"S{number}", None)
            created = (await campaign(client, f"C{number}", [made]))["id"]
            row = {"campaignId": created, "segmentId": made, "day": f"2026-03-0{number + 1}", "spend": number}
            await client.run(
                """mutation ($rows: [CampaignMetricInput!]!) {
                  recordCampaignMetrics(input: {rows: $rows}) { written } }""",
                rows=[row | {"impressions": 5, "clicks": 1}],
            )
        counts = []
        for first in (1, 3, 8):
            with counted() as sent:
                found = await client.run(LISTS, first=first)
            counts.append(
                len([text for text in sent if text.lstrip().upper().startswith(("SELECT", "WITH"))])
            )

    # Both lists lead to the same campaigns and segments, and ask for them together or one after the other, as it
    # happens; one statement more for each row would be seven more for the largest page.
    assert max(counts) < min(counts) + 7
    assert len(found["segments"]["nodes"]) == 8
    for node in found["segments"]["nodes"]:
        assert node["campaigns"]["totalCount"] == node["campaignCount"] == 1
        assert [one["campaign"]["name"] for one in node["metrics"]["byCampaign"]] == [
            one["name"] for one in node["campaigns"]["nodes"]
        ]
