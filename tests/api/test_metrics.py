"""Campaign metrics as a client meets them: recorded, corrected, refused row by row, read, pushed, imported."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.api.test_campaigns import answer, campaign, segment
from tests.conftest import new_viewer
from tests.product import Product

RECORD = """
    mutation ($rows: [CampaignMetricInput!]!) { recordCampaignMetrics(input: {rows: $rows}) {
      written unchanged rowErrors { index code message path } rowWarnings { index code }
      errors { code message path } } }
"""

READ = """
    query ($id: ID!, $from: Date, $to: Date, $interval: HistoryInterval!) { segment(id: $id) {
      metrics(from: $from, to: $to) {
        totals { spend impressions clicks conversions ctr cpc cpm campaignCount flaggedCount }
        series(interval: $interval) { day spend impressions clicks conversions ctr cpc cpm }
        byCampaign { campaign { name } totals { spend campaignCount } } } } }
"""

IMPORT = """
    mutation ($file: Upload!, $mapping: [ColumnMapping!]) {
      importCampaignMetrics(input: {file: $file, mapping: $mapping}) {
        read written unchanged failed warned mapping { column field } rowErrors { index code path }
        errors { code path } } }
"""


@pytest.fixture
async def world(product: Product) -> dict[str, str]:
    """Two campaigns over segments that are drafts, and a segment that no campaign has."""
    found = {name: await segment(product, name, None) for name in ("One", "Two", "Alone")}
    for name in ("Spring", "Autumn"):
        found[name] = (await campaign(product, name, [found["One"], found["Two"]]))["id"]
    return found


def row(
    world: dict[str, str], campaign: str = "Spring", segment: str = "One", **given: Any
) -> dict[str, Any]:
    numbers = {"day": "2026-03-01", "spend": "10.00", "impressions": 1000, "clicks": 10}
    return {"campaignId": world[campaign], "segmentId": world[segment]} | numbers | given


async def upload(product: Product, content: str, mapping: list[dict[str, str]] | None = None) -> Any:
    """The answer to the import of a file."""
    operations = {"query": IMPORT, "variables": {"file": None, "mapping": mapping}}
    response = await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": '{"0": ["variables.file"]}'},
        files={"0": ("metrics.csv", content.encode())},
        headers={"Apollo-Require-Preflight": "1"},
    )
    return response.json()["data"]["importCampaignMetrics"]


async def test_metrics_are_recorded_corrected_and_read(product: Product, world: dict[str, str]) -> None:
    rows = [
        row(world, spend="10.10", conversions=2),
        row(world, campaign="Autumn", spend="20.05", impressions=0, clicks=3),
        row(world, day="2026-03-04", spend="0.85", clicks=1),
        row(world, segment="Two", spend="99"),
        row(world, spend="10.00", conversions=2),
    ]
    recorded = await answer(product, RECORD, rows=rows)
    assert (recorded["written"], recorded["unchanged"], recorded["rowErrors"]) == (4, 1, [])
    assert recorded["rowWarnings"] == [{"index": 1, "code": "CLICKS_ABOVE_IMPRESSIONS"}]
    recorded = await answer(product, RECORD, rows=rows)
    assert (recorded["written"], recorded["unchanged"]) == (0, 5)

    found = (await answer(product, READ, id=world["One"], interval="DAY"))["metrics"]
    assert found["totals"] == {
        "spend": "30.9", "impressions": 2000, "clicks": 14, "conversions": 2, "ctr": 0.007, "cpc": "2.2071",
        "cpm": "15.45", "campaignCount": 2, "flaggedCount": 1,
    }  # fmt: skip
    assert [point["day"] for point in found["series"]] == [f"2026-03-0{n}" for n in (1, 2, 3, 4)]
    assert found["series"][1] == {
        "day": "2026-03-02", "spend": "0", "impressions": 0, "clicks": 0, "conversions": 0, "ctr": None,
        "cpc": None, "cpm": None,
    }  # fmt: skip
    by_campaign = {one["campaign"]["name"]: one["totals"] for one in found["byCampaign"]}
    assert by_campaign == {
        "Spring": {"spend": "10.85", "campaignCount": 1},
        "Autumn": {"spend": "20.05", "campaignCount": 1},
    }
    found = await answer(
        product, READ, id=world["One"], interval="WEEK", **{"from": "2026-03-02", "to": "2026-03-10"}
    )
    assert [(one["day"], one["spend"]) for one in found["metrics"]["series"]] == [
        ("2026-03-02", "0.85"),
        ("2026-03-09", "0"),
    ]
    query = """query ($id: ID!) { campaign(id: $id) { metrics { totals { spend campaignCount }
      series(interval: MONTH) { day spend } bySegment { segment { name } totals { spend } } } } }"""
    assert (await answer(product, query, id=world["Spring"]))["metrics"] == {
        "totals": {"spend": "109.85", "campaignCount": 1},
        "series": [{"day": "2026-03-01", "spend": "109.85"}],
        "bySegment": [
            {"segment": {"name": "One"}, "totals": {"spend": "10.85"}},
            {"segment": {"name": "Two"}, "totals": {"spend": "99"}},
        ],
    }
    empty = (await answer(product, READ, id=world["Alone"], interval="DAY"))["metrics"]
    assert (empty["totals"]["spend"], empty["totals"]["cpc"], empty["series"]) == ("0", None, [])
    refused = await answer(product, "mutation ($id: ID!) { deleteCampaign(input: {id: $id}) { errors { code } } }",
                           id=world["Spring"])  # fmt: skip
    assert refused["errors"] == [{"code": "BAD_TRANSITION"}], "what has metrics is kept"


async def test_a_bad_row_is_reported_and_the_others_are_recorded(
    product: Product, world: dict[str, str]
) -> None:
    today = datetime.now(UTC).date()
    bad: list[tuple[dict[str, Any], str, str]] = [
        ({"campaignId": "nonsense"}, "NOT_FOUND", "campaignId"),
        ({"campaignId": world["One"]}, "NOT_FOUND", "campaignId"),
        ({"segmentId": world["Alone"]}, "INVALID", "segmentId"),
        ({"segmentId": world["Spring"]}, "NOT_FOUND", "segmentId"),
        ({"day": str(today + timedelta(days=2))}, "INVALID", "day"),
        ({"day": "1999-12-31"}, "INVALID", "day"),
        ({"day": "2026-02-30"}, "INVALID", "day"),
        ({"spend": "-0.01"}, "INVALID", "spend"),
        ({"spend": "1e20"}, "INVALID", "spend"),
        ({"spend": "0.00001"}, "INVALID", "spend"),
        ({"impressions": -1}, "INVALID", "impressions"),
        ({"clicks": 1_000_000_001}, "INVALID", "clicks"),
        ({"conversions": 2**31}, "INVALID", "conversions"),
    ]
    rows = [
        row(world),
        *(row(world) | given for given, _, _ in bad),
        row(world, day=str(today + timedelta(days=1))),
    ]

    found = await answer(product, RECORD, rows=rows)

    assert (found["written"], found["unchanged"], found["errors"]) == (2, 0, [])
    assert [(one["index"], one["code"], one["path"][0]) for one in found["rowErrors"]] == [
        (index, code, path) for index, (_, code, path) in enumerate(bad, start=1)
    ]
    assert (await answer(product, RECORD, rows=[row(world)] * 5001))["errors"][0]["code"] == "TOO_LARGE"
    answer_ = await product.raw(READ, id=world["One"], interval="HOUR")
    assert answer_["errors"][0]["extensions"]["code"] == "INVALID"


async def test_more_than_an_int_can_say_is_said_exactly_beside_it(
    product: Product, world: dict[str, str]
) -> None:
    billion = 1_000_000_000
    rows = [
        row(
            world,
            campaign,
            day=f"2026-03-0{day}",
            spend=str(billion),
            impressions=billion,
            clicks=billion // 2,
        )
        for campaign in ("Spring", "Autumn")
        for day in (1, 2, 3)
    ]
    assert (await answer(product, RECORD, rows=rows))["written"] == 6
    sums = """spend impressions impressionsExact clicks clicksExact conversions conversionsExact ctr cpm"""
    query = f"""query ($segment: ID!, $campaign: ID!) {{
      segment(id: $segment) {{ metrics {{ totals {{ {sums} }} series(interval: DAY) {{ {sums} }}
        byCampaign {{ totals {{ {sums} }} }} }} }}
      campaign(id: $campaign) {{ metrics {{ series(interval: MONTH) {{ {sums} }}
        bySegment {{ totals {{ {sums} }} }} }} }} }}"""

    found = await product.run(query, segment=world["One"], campaign=world["Spring"])

    def expected(count: int) -> dict[str, Any]:
        return {
            "spend": str(count * billion), "impressions": min(count * billion, 2**31 - 1),
            "impressionsExact": str(count * billion), "clicks": min(count * billion // 2, 2**31 - 1),
            "clicksExact": str(count * billion // 2), "conversions": 0, "conversionsExact": "0", "ctr": 0.5,
            "cpm": "1000",
        }  # fmt: skip

    metrics = found["segment"]["metrics"]
    assert metrics["totals"] == expected(6)
    assert metrics["series"] == [expected(2)] * 3
    assert [one["totals"] for one in metrics["byCampaign"]] == [expected(3)] * 2
    metrics = found["campaign"]["metrics"]
    assert metrics["series"] == [expected(3)]
    assert [one["totals"] for one in metrics["bySegment"]] == [expected(3)]


async def test_metrics_are_of_those_who_may(product: Product, viewer: Viewer, world: dict[str, str]) -> None:
    await answer(product, RECORD, rows=[row(world), row(world, segment="Two", spend="5")])
    hide = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
    await answer(product, hide, i={"id": world["One"], "visibility": "PRIVATE"})
    bob = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with product.server.sign_in(bob) as member:
        own = world | {"Own": (await campaign(member, "Own", [world["Two"]]))["id"]}
        found = await answer(
            member,
            RECORD,
            rows=[
                row(own, "Spring", "Two"),
                row(own, "Own", "Two", day="2026-03-02"),
                row(own, "Own", "One"),
            ],
        )
        assert [(one["index"], one["code"]) for one in found["rowErrors"]] == [
            (0, "FORBIDDEN"),
            (2, "NOT_FOUND"),
        ]
        assert found["written"] == 1
        query = """query ($id: ID!) { campaign(id: $id) { metrics {
          totals { spend } bySegment { segment { name } } } } }"""
        assert (await answer(member, query, id=world["Spring"]))["metrics"] == {
            "totals": {"spend": "15"},
            "bySegment": [{"segment": {"name": "Two"}}],
        }, "the sum is the campaign's; what is hidden is not named"
        assert (await member.run(READ, id=world["One"], interval="DAY"))["segment"] is None
    stranger = await new_viewer("Other")
    async with product.server.sign_in(stranger) as other:
        found = await answer(other, RECORD, rows=[row(world)])
        assert [one["code"] for one in found["rowErrors"]] == ["NOT_FOUND"]
    created = await answer(product, 'mutation { createApiKey(input: {name: "r", scope: READ}) { secret } }')
    async with product.server.connect(created["secret"]) as reader:
        assert (await answer(reader, RECORD, rows=[row(world)]))["errors"][0]["code"] == "FORBIDDEN"


async def test_a_subscriber_is_told_that_metrics_changed(product: Product, world: dict[str, str]) -> None:
    query = """subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) {
      __typename segment { name metrics { totals { spend } } } } }"""
    async with product.subscribe(query, ids=[world["One"]]) as events:
        await events.until("SegmentSnapshot")
        await answer(product, RECORD, rows=[row(world, segment="Two"), row(world, spend="7.50")])

        told = await events.until("MetricsChanged")

    assert told["segment"] == {"name": "One", "metrics": {"totals": {"spend": "7.5"}}}


async def test_a_file_of_metrics_is_imported_and_every_row_accounted_for(
    product: Product, world: dict[str, str]
) -> None:
    content = (
        "Campaign;Audience Name;Date;Cost;Impressions;Clicks;Note\n"
        "spring;ONE;2026-03-01;$1,250.50;1000;10;by name\n"
        f"{world['Autumn']};{world['Two']};2026-03-01;3;5;6;by id, more clicks\n"
        "Spring;Alone;2026-03-01;1;1;1;not targeted\n"
        "Winter;One;2026-03-01;1;1;1;unknown\n"
        "Spring;One;1.3.2026;1;1;1;no date\n"
        "Spring;One;2026-03-02;x;1;1;no number\n"
        "Spring;One;2026-03-03\n"
        "Spring;One;2026-03-04;1;99999999999;1;absurd\n"
        "Spring;One;2026-03-04;1;1;-1;negative\n"
        "Spring;One;2026-03-01;1,250.50;1000;10;again\n"
    )

    done = await upload(product, content)

    assert done["errors"] == []
    assert {one["column"]: one["field"] for one in done["mapping"]} == {
        "Campaign": "campaign", "Audience Name": "segment", "Date": "day", "Cost": "spend",
        "Impressions": "impressions", "Clicks": "clicks",
    }  # fmt: skip
    counts = ("read", "written", "unchanged", "failed", "warned")
    assert [done[name] for name in counts] == [10, 2, 1, 7, 1]
    assert [(one["index"], one["code"], one["path"]) for one in done["rowErrors"]] == [
        (4, "INVALID", ["segmentId"]),
        (5, "NOT_FOUND", ["campaignId"]),
        (6, "INVALID", ["day"]),
        (7, "INVALID", ["spend"]),
        (8, "REQUIRED", ["spend"]),
        (9, "INVALID", ["impressions"]),
        (10, "INVALID", ["clicks"]),
    ]
    found = await answer(product, READ, id=world["One"], interval="DAY")
    assert found["metrics"]["totals"]["spend"] == "1250.5"

    names = ("campaign", "segment", "day", "spend", "impressions", "clicks")
    mapping = [{"column": column, "field": name} for column, name in zip("cadsik", names, strict=True)]
    plain = "c,a,d,s,i,k,n\nSpring,One,2026-03-01,1,2,2,5\n"
    for expected_counts in ([1, 1, 0, 0, 0], [1, 0, 1, 0, 0]):
        done = await upload(product, plain, mapping)
        assert [done[name] for name in counts] == expected_counts
    refused = [
        (None, [("REQUIRED", ["mapping"])]),
        ([*mapping[1:], {"column": "x", "field": "day"}],
         [("INVALID", ["mapping", "5", "column"]), ("REQUIRED", ["mapping"])]),
        ([*mapping, {"column": "n", "field": "clicks"}], [("INVALID", ["mapping", "6", "field"])]),
        ([*mapping, {"column": "k", "field": "conversions"}], [("DUPLICATE", ["mapping", "6", "column"])]),
    ]  # fmt: skip
    for wrong, expected in refused:
        done = await upload(product, plain, wrong)
        assert [(one["code"], one["path"]) for one in done["errors"]] == expected
        assert done["read"] == 0
    assert (await upload(product, ""))["errors"] == [{"code": "REQUIRED", "path": ["file"]}]
