"""Saved views, the numbers beside the choices of filters, and what a workspace uses."""

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Server

SAVE = """
    mutation ($i: CreateSavedViewInput!) { createSavedView(input: $i) {
      savedView { id name list state isShared isMine } errors { code path } } }
"""
CHANGE = """
    mutation ($i: UpdateSavedViewInput!) { updateSavedView(input: $i) {
      savedView { id name state isShared } errors { code path } } }
"""
DELETE = """
    mutation ($i: SavedViewIdInput!) { deleteSavedView(input: $i) { deletedId errors { code path } } }
"""
VIEWS = """
    query ($lists: [SavedViewList!]) { savedViews(lists: $lists) {
      totalCount nodes { name isMine isShared createdBy { id } } } }
"""
NODE = "query ($id: ID!) { node(id: $id) { ... on SavedView { name } } }"


async def test_views_are_seen_by_their_owner_and_by_all_once_shared(server: Server, viewer: Viewer) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(viewer) as admin, server.sign_in(member) as team:
        # given a view of a team member
        draft = {"list": "SEGMENTS", "name": "Mine", "state": "?status=ACTIVE&label=Été"}
        saved = (await team.run(SAVE, i=draft))["createSavedView"]["savedView"]
        assert saved == draft | {"id": saved["id"], "isShared": False, "isMine": True}
        assert (await admin.run(VIEWS))["savedViews"]["totalCount"] == 0
        assert (await admin.run(NODE, id=saved["id"]))["node"] is None
        # when others try to change it, then it is not there for them
        for mutation, given in ((CHANGE, {"id": saved["id"], "name": "X"}), (DELETE, {"id": saved["id"]})):
            [payload] = (await admin.run(mutation, i=given)).values()
            assert payload["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
        # when it is shared, then everybody sees it, and a leader may change it
        await team.run(CHANGE, i={"id": saved["id"], "isShared": True})
        [seen] = (await admin.run(VIEWS, lists=["SEGMENTS"]))["savedViews"]["nodes"]
        assert (seen["name"], seen["isMine"], seen["isShared"]) == ("Mine", False, True)
        assert (await admin.run(VIEWS, lists=["MEMBERS"]))["savedViews"]["nodes"] == []
        changed = (await admin.run(CHANGE, i={"id": saved["id"], "name": "Ours"}))["updateSavedView"]
        assert changed["savedView"]["name"] == "Ours"
        assert changed["savedView"]["state"] == draft["state"]
        # but a team member may not change that of somebody else
        other = (await admin.run(SAVE, i=draft | {"isShared": True}))["createSavedView"]["savedView"]
        refused = (await team.run(DELETE, i={"id": other["id"]}))["deleteSavedView"]
        assert refused["errors"][0]["code"] == "FORBIDDEN"
        assert (await team.run(DELETE, i={"id": saved["id"]}))["deleteSavedView"]["deletedId"] == saved["id"]
        [left] = (await team.run(VIEWS))["savedViews"]["nodes"]
        assert not left["isMine"]


async def test_a_view_that_cannot_be_kept_says_what_would_work(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as client:
        draft = {"list": "MEMBERS", "name": "Known", "state": "?q=1"}
        await client.run(SAVE, i=draft)
        for given, code, path in (
            (draft | {"name": "KNOWN"}, "NAME_TAKEN", ["name"]),
            (draft | {"name": " "}, "REQUIRED", ["name"]),
            (draft | {"state": "x" * 8_001}, "TOO_LONG", ["state"]),
            (draft | {"state": "a\0b"}, "INVALID", ["state"]),
        ):
            [error] = (await client.run(SAVE, i=given))["createSavedView"]["errors"]
            assert (error["code"], error["path"]) == (code, path)
        # the same name is free in another list
        assert (await client.run(SAVE, i=draft | {"list": "SEGMENTS"}))["createSavedView"]["errors"] == []


async def test_facets_count_what_each_choice_would_give(server: Server, viewer: Viewer) -> None:
    create = (
        "mutation ($i: CreateSegmentInput!) { createSegment(input: $i) { segment { id } errors { code } } }"
    )
    label = "mutation ($i: CreateLabelInput!) { createLabel(input: $i) { label { id } } }"
    facets = """
        query ($facets: [SegmentFacet!]!, $filter: SegmentFilter) {
          segmentFacets(facets: $facets, filter: $filter) { facet values { value count } } }
    """
    listed = "query ($filter: SegmentFilter) { segments(filter: $filter) { totalCount } }"
    async with server.sign_in(viewer) as client:
        red = (await client.run(label, i={"name": "Red"}))["createLabel"]["label"]["id"]
        blue = (await client.run(label, i={"name": "Blue"}))["createLabel"]["label"]["id"]
        for name, labels in (("One", [red, blue]), ("Two", [red]), ("Three", [])):
            draft = {"name": name, "kind": "PERSON", "type": "STATIC", "labelIds": labels}
            assert (await client.run(create, i=draft))["createSegment"]["errors"] == []
        asked = ["LABEL", "KIND", "TYPE", "CREATED_BY", "FOLDER", "REACH_STATUS", "ORIGIN", "PURPOSE"]
        filters = {
            "LABEL": "labelIds", "KIND": "kinds", "TYPE": "types", "CREATED_BY": "createdBy",
            "REACH_STATUS": "reachStatuses", "ORIGIN": "origins", "PURPOSE": "purposes",
        }  # fmt: skip
        narrowed = {"labelIds": [blue], "types": ["STATIC"]}
        found = (await client.run(facets, facets=asked, filter=narrowed))["segmentFacets"]
        # each number is that of the list with this choice in place of what the filter says of the facet
        assert [one["facet"] for one in found] == asked
        for one in found:
            for value in one["values"]:
                chosen = narrowed | {filters[one["facet"]]: [value["value"]]}
                assert (await client.run(listed, filter=chosen))["segments"]["totalCount"] == value["count"]
        by_label = {value["value"]: value["count"] for value in found[0]["values"]}
        assert by_label == {red: 2, blue: 1}


async def test_administrators_see_what_the_workspace_uses(server: Server, viewer: Viewer) -> None:
    usage = "{ usage { item kind used limit } }"
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(viewer) as admin, server.sign_in(member) as team:
        before = {(line["item"], line["kind"]): line for line in (await admin.run(usage))["usage"]}
        await admin.run(
            "mutation ($i: CreateLabelInput!) { createLabel(input: $i) { label { id } } }", i={"name": "A"}
        )
        upsert = 'mutation { upsertMembers(input: {kind: PERSON, members: [{externalId: "a"}]}) { created } }'
        await admin.run(upsert)
        after = {(line["item"], line["kind"]): line for line in (await admin.run(usage))["usage"]}
        grown = {
            key: line["used"] - (before[key]["used"] or 0) for key, line in after.items() if line["used"]
        }
        assert {key for key, more in grown.items() if more} == {("LABELS", None), ("MEMBERS", "PERSON")}
        assert after["LABELS", None]["limit"] == 500
        assert after["PREVIEWS_AT_ONCE", None]["used"] is None
        refused = await team.raw(usage)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
