"""Reports of ad tools, imported as they were downloaded: shown before they are stored, every row accounted for."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.api.test_campaigns import answer, campaign, segment
from tests.conftest import new_viewer
from tests.product import Product

FILES = Path(__file__).parents[2] / "examples" / "files"

IMPORT = """
    mutation ($i: ImportCampaignMetricsInput!) { importCampaignMetrics(input: $i) {
      read written unchanged summed ignored failed warned repeated sumsEqualKeys skipLines campaignCount
      mapping { column field } rowErrors { index code message path } ignoredLines rejectedUrl
      columns { name field samples interpreted reading ambiguities { setting options } }
      campaigns { name adSet rows basis leftOut problem campaign { name } segment { name } }
      errors { code message path } } }
"""

READ = """
    query ($id: ID!) { campaign(id: $id) { metrics {
      totals { spend impressions clicks conversions conversionsExact }
      series(interval: DAY) { day spend impressions clicks conversionsExact }
      bySegment { segment { name } totals { spend } } } } }
"""

DATA = """
Campaign,Day,Cost,Impr.,Clicks
Trial to paid,2026-01-01,1.5,10,1
"""


@pytest.fixture
async def world(product: Product) -> dict[str, str]:
    """A campaign with one segment, and one with two."""
    found = {name: await segment(product, name, None) for name in ("One", "Two")}
    found["Trial to paid"] = (await campaign(product, "Trial to paid", [found["One"]]))["id"]
    found["Both"] = (await campaign(product, "Both", [found["One"], found["Two"]]))["id"]
    return found


async def upload(product: Product, content: str | bytes, **given: Any) -> dict[str, Any]:
    """The payload for a report."""
    operations = {"query": IMPORT, "variables": {"i": {"file": None} | given}}
    response = await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": '{"0": ["variables.i.file"]}'},
        files={"0": ("report.csv", content.encode() if isinstance(content, str) else content)},
        headers={"Apollo-Require-Preflight": "1"},
    )
    found: dict[str, Any] = response.json()["data"]["importCampaignMetrics"]
    accounted = sum(found[name] for name in ("written", "unchanged", "summed", "ignored", "failed"))
    assert found["read"] == accounted, "every row is accounted for"
    return found


async def series(product: Product, campaign_id: str) -> list[tuple[str, ...]]:
    metrics = (await answer(product, READ, id=campaign_id))["metrics"]
    names = ("day", "spend", "impressions", "clicks", "conversionsExact")
    return [tuple(str(point[name]) for name in names) for point in metrics["series"]]


EXPECTED: dict[str, tuple[dict[str, int], list[tuple[str, ...]]]] = {
    "google-ads": (
        {"read": 7, "written": 2, "summed": 2, "ignored": 2, "failed": 1, "skipLines": 2},
        [("2026-01-01", "2123.7", "110434", "1515", "15.5"), ("2026-01-02", "289.87", "11902", "287", "3.25")],
    ),
    "google-ads-de": (
        {"read": 3, "written": 2, "summed": 0, "ignored": 1, "failed": 0, "skipLines": 2},
        [("2026-01-01", "1234", "12000", "131", "1.5"), ("2026-01-02", "998.5", "9120", "98", "0")],
    ),
    "meta": (
        {"read": 5, "written": 2, "summed": 2, "ignored": 1, "failed": 0, "skipLines": 0},
        [("2026-01-01", "2838.8", "210220", "3101", "42"), ("2026-01-02", "2000", "100000", "1001", "15")],
    ),
    "linkedin": (
        {"read": 2, "written": 2, "summed": 0, "ignored": 0, "failed": 0, "skipLines": 5},
        [("2026-01-01", "512.33", "20110", "98", "2"), ("2026-01-02", "498.01", "19520", "101", "3")],
    ),
    "microsoft": (
        {"read": 4, "written": 2, "summed": 0, "ignored": 2, "failed": 0, "skipLines": 9},
        [("2026-01-01", "88.12", "4120", "77", "1.5"), ("2026-01-02", "80.5", "3980", "71", "0")],
    ),
    "tiktok": (
        {"read": 4, "written": 2, "summed": 1, "ignored": 1, "failed": 0, "skipLines": 0},
        [("2026-01-01", "201", "60310", "612", "4"), ("2026-01-02", "119", "39900", "390", "2")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("tool", EXPECTED)
async def test_a_report_is_imported_as_it_was_downloaded(
    product: Product, world: dict[str, str], tool: str
) -> None:
    content = (FILES / f"ad-report-{tool}.csv").read_text(encoding="utf-8")
    sent = content.encode("utf-16") if tool == "linkedin" else content.encode()
    counts, days = EXPECTED[tool]
    given: dict[str, Any] = {}
    shown = await upload(product, sent, dryRun=True)
    if tool == "linkedin":
        [open_] = [one for one in shown["columns"] if one["ambiguities"]]
        assert open_["name"] == "Start Date (in UTC)"
        assert open_["ambiguities"] == [{"setting": "dateOrder", "options": ["DMY", "MDY"]}]
        refused = await upload(product, sent)
        assert [one["code"] for one in refused["errors"]] == ["AMBIGUOUS"]
        given = {"columns": [{"column": open_["name"], "dateOrder": "MDY"}]}
        shown = await upload(product, sent, dryRun=True, **given)

    assert {name: shown[name] for name in counts} == counts, shown
    assert await series(product, world["Trial to paid"]) == [], "a dry run stores nothing"
    done = await upload(product, sent, **given)

    assert done["errors"] == []
    assert {name: done[name] for name in counts} == counts
    assert await series(product, world["Trial to paid"]) == days
    again = await upload(product, sent, **given)
    assert (again["written"], again["unchanged"]) == (0, counts["written"]), "the same file changes nothing"


async def test_what_a_report_says_is_shown_before_it_is_imported(
    product: Product, world: dict[str, str]
) -> None:
    shown = await upload(product, (FILES / "ad-report-google-ads.csv").read_text(), dryRun=True)

    assert {one["column"]: one["field"] for one in shown["mapping"]} == {
        "Campaign": "campaign", "Ad group": "adSet", "Currency code": "currency", "Day": "day",
        "Impr.": "impressions", "Clicks": "clicks", "Cost": "spend", "Conversions": "conversions",
    }  # fmt: skip
    cost = next(one for one in shown["columns"] if one["name"] == "Cost")
    assert cost["samples"] == ["316.20", "1,807.50", "289.87", "0.00", "6.00"]
    assert cost["interpreted"] == ["316.20", "1807.50", "289.87", "0.00", "6.00"]
    assert cost["reading"]["decimal"] == "."
    names = {(one["name"], one["adSet"]): one for one in shown["campaigns"]}
    brand = names["Trial to paid", "Brand"]
    assert (brand["rows"], brand["basis"], brand["problem"]) == (2, "SAME_NAME", None)
    assert (brand["campaign"], brand["segment"]) == ({"name": "Trial to paid"}, {"name": "One"})
    unknown = names["Spring sale", "Brand"]
    assert (unknown["basis"], unknown["campaign"]) == ("NOTHING", None)
    assert unknown["problem"] == "There is no such campaign."
    assert [(one["index"], one["code"], one["path"]) for one in shown["rowErrors"]] == [
        (8, "NOT_FOUND", ["campaignId"])
    ]
    assert shown["ignoredLines"] == [9, 10]


async def test_names_are_kept_for_the_next_report(
    product: Product, viewer: Viewer, world: dict[str, str]
) -> None:
    report = """Campaign,Ad group,Day,Cost,Impr.,Clicks
brand_2026,A,2026-01-01,1,10,1
brand_2026,B,2026-01-01,2,20,2
other,A,2026-01-01,4,40,4
"""
    both = {"campaignId": world["Both"]}
    unclear = await upload(product, report, campaigns=[{"name": "brand_2026"} | both], dryRun=True)
    assert unclear["campaigns"][0]["problem"] == "Choose the segment: the campaign targets One, Two."
    chosen: list[dict[str, Any]] = [
        {"name": "brand_2026", "segmentId": world["One"]} | both,
        {"name": "Brand_2026 ", "adSet": "B", "segmentId": world["Two"]} | both,
        {"name": "other", "leaveOut": True},
    ]
    shown = await upload(product, report, campaigns=chosen, dryRun=True)
    assert [(one["basis"], one["leftOut"]) for one in shown["campaigns"]] == [
        ("CHOSEN", False), ("CHOSEN", False), ("CHOSEN", True),
    ]  # fmt: skip
    unkept = await upload(product, report, dryRun=True)
    assert {one["basis"] for one in unkept["campaigns"]} == {"NOTHING"}, "a dry run keeps nothing"

    done = await upload(product, report, campaigns=chosen)

    assert (done["written"], done["ignored"]) == (2, 1)
    metrics = (await answer(product, READ, id=world["Both"]))["metrics"]
    assert metrics["bySegment"] == [
        {"segment": {"name": "One"}, "totals": {"spend": "1"}},
        {"segment": {"name": "Two"}, "totals": {"spend": "2"}},
    ]
    later = await upload(product, report.replace("2026-01-01", "2026-01-02"))
    assert [(one["basis"], one["segment"]) for one in later["campaigns"]] == [
        ("KEPT", {"name": "One"}), ("KEPT", {"name": "Two"}), ("KEPT", None),
    ]  # fmt: skip
    assert (later["written"], later["ignored"], later["failed"]) == (2, 1, 0)

    bob = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with product.server.sign_in(bob) as member:
        refused = await upload(member, report, campaigns=[{"name": "other"} | both])
        assert [one["code"] for one in refused["rowErrors"]] == ["FORBIDDEN"] * 2 + ["REQUIRED"]
        hide = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
        await answer(product, hide, i={"id": world["Two"], "visibility": "PRIVATE"})
        seen = await upload(member, report, dryRun=True)
        assert [one["segment"] for one in seen["campaigns"]] == [{"name": "One"}, {"name": "One"}, None]
    kept = await upload(product, report, dryRun=True)
    assert [one["basis"] for one in kept["campaigns"]] == ["KEPT"] * 3, (
        "what they may not record, they do not map"
    )
    stranger = await new_viewer("Other")
    async with product.server.sign_in(stranger) as other:
        found = await upload(other, report, dryRun=True)
        assert {one["basis"] for one in found["campaigns"]} == {"NOTHING"}

    forgetting = [{"name": one["name"], "adSet": one.get("adSet"), "forget": True} for one in chosen]
    await upload(product, report, campaigns=forgetting)
    forgotten = await upload(product, report, dryRun=True)
    assert {one["basis"] for one in forgotten["campaigns"]} == {"NOTHING"}


NAMES = """
    query ($campaign: ID, $search: String) { reportNames(campaignId: $campaign, search: $search, first: 9) {
      totalCount nodes { id name adSet leftOut campaign { name } segment { name } } } }
"""
UPDATE = """
    mutation ($i: UpdateReportNameInput!) { updateReportName(input: $i) {
      reportName { name leftOut campaign { name } segment { name } } errors { code path } } }
"""
DELETE = """
    mutation ($i: ReportNameIdInput!) { deleteReportName(input: $i) { deletedId errors { code path } } }
"""


async def named(product: Product, **asked: Any) -> dict[str, dict[str, Any]]:
    """The kept names of the workspace."""
    found = (await product.run(NAMES, **asked))["reportNames"]
    assert found["totalCount"] == len(found["nodes"])
    return {" / ".join(filter(None, (one["name"], one["adSet"]))): one for one in found["nodes"]}


async def test_kept_names_are_listed_corrected_and_removed(
    product: Product, viewer: Viewer, world: dict[str, str]
) -> None:
    report = "Campaign,Ad group,Day,Cost,Impr.,Clicks\nBRAND 2026,Ads,2026-01-01,1,10,1\nother,A,2026-01-01,4,40,4\n"
    bob = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with product.server.sign_in(bob) as member:
        own = (await campaign(member, "Bob's", [world["One"]]))["id"]
    both = {"campaignId": world["Both"], "segmentId": world["One"]}
    chosen = [
        {"name": "BRAND 2026"} | both,
        {"name": "other", "leaveOut": True},
        {"name": "bob", "campaignId": own},
    ]
    await upload(product, report, campaigns=chosen)

    names = await named(product)

    assert {name: (one["leftOut"], one["campaign"], one["segment"]) for name, one in names.items()} == {
        "bob": (False, {"name": "Bob's"}, None),
        "BRAND 2026": (False, {"name": "Both"}, {"name": "One"}),
        "other": (True, None, None),
    }
    assert list(await named(product, campaign=own)) == ["bob"] == list(await named(product, search="BOB"))
    brand, other = names["BRAND 2026"]["id"], names["other"]["id"]
    node = await product.run("query ($id: ID!) { node(id: $id) { ... on ReportName { name } } }", id=brand)
    assert node["node"] == {"name": "BRAND 2026"}

    async def update(who: Product, name_id: str, **given: Any) -> dict[str, Any]:
        done: dict[str, Any] = (await who.run(UPDATE, i={"id": name_id} | given))["updateReportName"]
        return done

    wrong: list[tuple[str, dict[str, Any], str, str]] = [
        (brand, {"campaignId": world["One"]}, "NOT_FOUND", "campaignId"),
        (brand, {"campaignId": None}, "REQUIRED", "campaignId"),
        (brand, {"campaignId": own, "segmentId": world["Two"]}, "INVALID", "segmentId"),
        (brand, {"campaignId": own, "leaveOut": True}, "INVALID", "leaveOut"),
        (other, {"leaveOut": False}, "REQUIRED", "campaignId"),
        (world["Both"], {"leaveOut": True}, "NOT_FOUND", "id"),
    ]
    for name_id, given, code, place in wrong:
        assert (await update(product, name_id, **given))["errors"] == [{"code": code, "path": [place]}], given
    async with product.server.sign_in(bob) as member:
        for name_id, given in (
            (brand, {"campaignId": own}), (other, {"campaignId": own}), (names["bob"]["id"], {"leaveOut": True}),
        ):  # fmt: skip
            assert [one["code"] for one in (await update(member, name_id, **given))["errors"]] == [
                "FORBIDDEN"
            ]
        stolen = [{"name": "Brand 2026", "campaignId": own}, {"name": "other", "forget": True}]
        await upload(member, report, campaigns=stolen)
        assert (await update(member, names["bob"]["id"], segmentId=world["One"]))["errors"] == []
        hide = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
        await answer(product, hide, i={"id": world["One"], "visibility": "PRIVATE"})
        assert list(await named(member)) == ["other"], "names that are kept for a hidden segment are not told"
        assert (await update(member, brand, leaveOut=True))["errors"] == [
            {"code": "NOT_FOUND", "path": ["id"]}
        ]
    assert (await named(product))["BRAND 2026"]["campaign"] == {"name": "Both"}, (
        "what is kept is not taken over"
    )

    changed = await update(product, brand, campaignId=world["Trial to paid"])
    assert changed["reportName"] == {
        "name": "BRAND 2026", "leftOut": False, "campaign": {"name": "Trial to paid"}, "segment": None,
    }  # fmt: skip
    shown = await upload(product, report, dryRun=True)
    assert [one["campaign"] for one in shown["campaigns"]] == [{"name": "Trial to paid"}, None]
    done = (await product.run(DELETE, i={"id": other}))["deleteReportName"]
    assert done == {"deletedId": other, "errors": []}
    again = (await product.run(DELETE, i={"id": other}))["deleteReportName"]
    assert again["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert (await upload(product, report, dryRun=True))["campaigns"][1]["basis"] == "NOTHING"
    log = await product.run(
        "{ auditLog(subjects: [REPORT_NAME], first: 2) { nodes { action subjectName before after } } }"
    )
    assert [(one["action"], one["subjectName"]) for one in log["auditLog"]["nodes"]] == [
        ("DELETED", "other"), ("EDITED", "BRAND 2026"),
    ]  # fmt: skip
    assert log["auditLog"]["nodes"][1]["after"]["campaignId"] == world["Trial to paid"]


async def test_a_report_without_names_keeps_none(product: Product, world: dict[str, str]) -> None:
    report = "Day,Cost,Impr.,Clicks\n2026-01-01,1,10,1\n"
    first = {"campaignId": world["Trial to paid"], "segmentId": world["One"]}
    assert (await upload(product, report, **first))["written"] == 1
    assert await named(product) == {}

    await upload(product, report, campaignId=world["Both"], segmentId=world["Two"])

    assert await series(product, world["Both"]) == [("2026-01-01", "1", "10", "1", "0")]
    long = DATA.strip().replace("Trial to paid", "x" * 700)
    assert (await upload(product, long, **first))["errors"] == [], "a name that is too long is not kept"


async def test_rows_that_were_not_recorded_are_a_download(product: Product, world: dict[str, str]) -> None:
    report = """Campaign,Day,Cost,Impr.,Clicks
Trial to paid,2026-01-01,1,10,1
unknown,2026-01-01,2,20,2
=1+1,2026-01-01,3,30,3
old,2026-01-02,4,40,4
Total,,10,100,10
"""
    left_out = [{"name": "old", "leaveOut": True}]
    for is_dry in (True, False):
        done = await upload(product, report, campaigns=left_out, dryRun=is_dry)
        assert (done["written"], done["failed"], done["ignored"]) == (1, 2, 2)
        sent = await product.http.get(done["rejectedUrl"], headers={"Authorization": ""})
        assert sent.headers["content-type"] == "text/csv; charset=utf-8"
        reason = "There is no such campaign."
        assert list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig")))) == [
            ["line", "outcome", "code", "reason", "Campaign", "Day", "Cost", "Impr.", "Clicks"],
            ["3", "FAILED", "NOT_FOUND", reason, "unknown", "2026-01-01", "2", "20", "2"],
            ["4", "FAILED", "NOT_FOUND", reason, "'=1+1", "2026-01-01", "3", "30", "3"],
            [
                "5",
                "IGNORED",
                "LEFT_OUT",
                "Rows of this campaign are left out.",
                "old",
                "2026-01-02",
                "4",
                "40",
                "4",
            ],
            [
                "6",
                "IGNORED",
                "TOTALS",
                "A row of totals, or a note below the table.",
                "Total",
                "",
                "10",
                "100",
                "10",
            ],
        ]
    for forged in ("signature=0", "by=key-1"):
        name = forged.partition("=")[0]
        other = re.sub(rf"{name}=[^&]*", forged, done["rejectedUrl"])
        assert (await product.http.get(other)).status_code == 404
    assert (await upload(product, DATA.strip()))["rejectedUrl"] is None


async def test_the_segment_of_a_report_is_chosen_once(product: Product, world: dict[str, str]) -> None:
    report = DATA.replace("Trial to paid", "Both")
    unclear = await upload(product, report)
    assert [(one["code"], one["path"]) for one in unclear["rowErrors"]] == [("REQUIRED", ["segmentId"])]
    assert (await upload(product, report, segmentId=world["Two"]))["written"] == 1
    later = await upload(product, report.replace("1.5", "2.5"))
    assert (later["written"], later["campaigns"][0]["segment"]) == (1, {"name": "Two"})


async def test_rows_with_equal_keys_are_summed_or_replaced(product: Product, world: dict[str, str]) -> None:
    rows = "Trial to paid,2026-01-01,0.1,10,1\nTrial to paid,2026-01-01,0.2,20,2\n"
    report = f"Campaign,Day,Cost,Impr.,Clicks\n{rows}"
    replaced = await upload(product, report)
    assert (replaced["written"], replaced["unchanged"], replaced["repeated"]) == (1, 1, 1)
    assert await series(product, world["Trial to paid"]) == [("2026-01-01", "0.2", "20", "2", "0")]
    summed = await upload(product, report, sumEqualKeys=True)
    assert (summed["written"], summed["summed"], summed["repeated"]) == (1, 1, 1)
    assert await series(product, world["Trial to paid"]) == [("2026-01-01", "0.3", "30", "3", "0")]

    wrong = await upload(product, f"{report}Trial to paid,2026-01-01,much,5,1\n", sumEqualKeys=True)

    assert (wrong["written"], wrong["failed"]) == (0, 3), "a sum without one of its rows would be too small"
    assert [one["index"] for one in wrong["rowErrors"]] == [2, 3, 4]
    assert await series(product, world["Trial to paid"]) == [("2026-01-01", "0.3", "30", "3", "0")]


async def test_a_report_for_one_campaign_and_one_day(product: Product, world: dict[str, str]) -> None:
    done = await upload(
        product, "Cost,Impr.,Clicks\n3,30,\n", campaignId=world["Trial to paid"], day="2026-01-05"
    )
    assert done["errors"] == []
    assert await series(product, world["Trial to paid"]) == [("2026-01-05", "3", "30", "0", "0")]
    meta = "Campaign name,Reporting starts,Reporting ends,Amount spent (USD),Impressions,Clicks (all)\n"
    days = "Trial to paid,2026-01-06,2026-01-06,1,1,1\nTrial to paid,2026-01-01,2026-01-31,1,1,1\n"
    done = await upload(product, meta + days)
    assert (done["written"], [(one["index"], one["path"]) for one in done["rowErrors"]]) == (
        1,
        [(3, ["day"])],
    )


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Kampagnenname;Tag;Ausgegebener Betrag (USD);Impressionen;Klicks (alle);Ergebnisse",
            "1.234,50;12.000",
        ),
        (
            "Nom de la campagne;Jour;Montant dépensé (USD);Impressions;Clics (tous);Résultats",
            "1 234,50;12 000",
        ),
        (
            "Nombre de la campaña;Día;Importe gastado (USD);Impresiones;Clics (todos);Resultados",
            "1.234,50;12.000",
        ),
        ("Nome da campanha;Dia;Valor usado (USD);Impressões;Cliques (todos);Resultados", "1.234,50;12.000"),
        ("Campanha;Dia;Custo;Impr.;Cliques;Conversões", "1.234,50;12.000"),
        ("Campagne;Jour;Coût;Impr.;Clics;Conversions", "1 234,50;12 000"),
    ],
)
async def test_columns_are_recognised_in_other_languages(
    product: Product, world: dict[str, str], header: str, row: str
) -> None:
    done = await upload(product, f"{header}\nTrial to paid;05.01.2026;{row};131;0,25\n")

    assert done["errors"] == [] == done["rowErrors"]
    assert await series(product, world["Trial to paid"]) == [("2026-01-05", "1234.5", "12000", "131", "0.25")]


async def test_another_currency_is_refused_unless_it_is_accepted(
    product: Product, world: dict[str, str]
) -> None:
    in_name = (
        "Campaign name,Day,Amount spent (EUR),Impressions,Clicks (all)\nTrial to paid,2026-01-01,1,1,1\n"
    )
    in_rows = "Campaign,Day,Currency,Cost,Impr.,Clicks\nTrial to paid,2026-01-01,EUR,1,1,1\n"
    refused = await upload(product, in_name)
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("INVALID", ["currency"])]
    refused = await upload(product, in_rows)
    assert [(one["code"], one["path"]) for one in refused["rowErrors"]] == [("INVALID", ["spend"])]
    assert await series(product, world["Trial to paid"]) == []
    assert (await upload(product, in_name, currency="EUR"))["written"] == 1
    assert (await upload(product, in_rows, currency="EUR"))["unchanged"] == 1


async def test_wrong_choices_are_refused_with_their_place(product: Product, world: dict[str, str]) -> None:
    both = {"campaignId": world["Both"]}
    wrong: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"campaigns": [{"name": "x"}]}, "INVALID", ["campaigns", "0"]),
        ({"campaigns": [{"name": "x", "leaveOut": True} | both]}, "INVALID", ["campaigns", "0"]),
        ({"campaigns": [{"name": " "} | both]}, "INVALID", ["campaigns", "0", "name"]),
        (
            {"campaigns": [{"name": "x"} | both, {"name": "X"} | both]},
            "DUPLICATE",
            ["campaigns", "1", "name"],
        ),
        (
            {"campaigns": [{"name": "x", "campaignId": world["One"]}]},
            "NOT_FOUND",
            ["campaigns", "0", "campaignId"],
        ),
        ({"segmentId": world["Both"]}, "NOT_FOUND", ["segmentId"]),
        ({"columns": [{"column": "x", "decimal": ","}]}, "INVALID", ["columns", "0", "column"]),
        ({"columns": [{"column": "Cost", "marks": True}]}, "INVALID", ["columns", "0", "marks"]),
        ({"columns": [{"column": "Cost", "decimal": "x"}]}, "INVALID", ["columns", "0", "decimal"]),
    ]
    for given, code, path in wrong:
        refused = await upload(product, DATA.strip(), **given)
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [(code, path)], given
    weekly = await upload(product, "Campaign,Week,Cost,Impr.,Clicks\nx,2026-01-01,1,1,1\n")
    assert "breakdown by day" in weekly["errors"][0]["message"]
    assert await series(product, world["Trial to paid"]) == []


async def test_an_open_number_is_asked_and_never_guessed(product: Product, world: dict[str, str]) -> None:
    report = "Campaign\tDay\tCost\tImpr.\tClicks\nTrial to paid\t2026-01-01\t1.234\t10\t1\n"
    refused = await upload(product, report)
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("AMBIGUOUS", ["columns"])]
    done = await upload(product, report, columns=[{"column": "Cost", "decimal": ","}])
    assert done["written"] == 1
    assert await series(product, world["Trial to paid"]) == [("2026-01-01", "1234", "10", "1", "0")]


async def test_conversions_are_recorded_with_decimals(product: Product, world: dict[str, str]) -> None:
    record = """mutation ($rows: [CampaignMetricInput!]!) { recordCampaignMetrics(input: {rows: $rows}) {
      written unchanged rowErrors { code path } } }"""
    row: dict[str, Any] = {
        "campaignId": world["Trial to paid"],
        "segmentId": world["One"],
        "day": "2026-01-01",
        "spend": "1",
    }
    row |= {"impressions": 10, "clicks": 1, "conversionsExact": "2.5"}
    assert (await answer(product, record, rows=[row]))["written"] == 1
    assert (await answer(product, record, rows=[row]))["unchanged"] == 1
    totals = (await answer(product, READ, id=world["Trial to paid"]))["metrics"]["totals"]
    assert (totals["conversions"], totals["conversionsExact"]) == (3, "2.5")
    for wrong in ("-1", "0.00001", "1e10"):
        refused = await answer(product, record, rows=[row | {"conversionsExact": wrong}])
        assert refused["rowErrors"] == [{"code": "INVALID", "path": ["conversionsExact"]}]
