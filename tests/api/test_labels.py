"""Labels, folders and favourites of segments, filters by them, and changes of many segments at once."""

from typing import Any

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server

CREATE = """
    mutation ($i: CreateSegmentInput!) { createSegment(input: $i) {
      segment { id labels { name color } folder { name parent { name } } isFavourite } errors { code path } } }
"""
LABEL = (
    "mutation ($i: CreateLabelInput!) { createLabel(input: $i) { label { id name } errors { code path } } }"
)
FOLDER = (
    "mutation ($i: CreateFolderInput!) { createFolder(input: $i) { folder { id } errors { code path } } }"
)
LIST = """
    query ($filter: SegmentFilter, $search: String, $orderBy: SegmentOrder) {
      segments(filter: $filter, search: $search, orderBy: $orderBy, first: 50) {
        totalCount nodes { id name labels { name } folder { name } isFavourite status }
      }
    }
"""
GERMANS = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}


def bulk(name: str, input_type: str = "SegmentIdsInput") -> str:
    return f"""
        mutation ($i: {input_type}!) {{ {name}(input: $i) {{
          results {{ id segment {{ id status labels {{ name }} }} errors {{ code message }} }}
          errors {{ code path }} }} }}
    """


async def made(client: Product, mutation: str, what: str, /, **given: Any) -> str:
    [payload] = (await client.run(mutation, i=given)).values()
    assert payload["errors"] == []
    return str(payload[what]["id"])


async def segment(client: Product, name: str, **given: Any) -> str:
    draft = {"name": name, "kind": "PERSON", "type": "DYNAMIC", "criteria": GERMANS, "activate": False}
    return await made(client, CREATE, "segment", **draft | given)


async def names(client: Product, search: str | None = None, **filter_: Any) -> list[str]:
    order = {"field": "NAME"}
    found = (await client.run(LIST, filter=filter_, search=search, orderBy=order))["segments"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"] if not node["name"].startswith(("All ", "Big ", "New "))]


async def test_segments_are_found_by_labels_folders_favourites_and_words(
    server: Server, viewer: Viewer
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(viewer) as admin, server.sign_in(member) as team:
        # given labels, a tree of folders, and segments in it
        red = await made(admin, LABEL, "label", name="Red", color="#FF0000")
        blue = await made(team, LABEL, "label", name="Blue")
        outer = await made(admin, FOLDER, "folder", name="Campaigns")
        inner = await made(admin, FOLDER, "folder", name="Spring", parentId=outer)
        first = await segment(admin, "One", labelIds=[red, blue], folderId=inner, description="Lovely leads")
        second = await segment(admin, "Two", labelIds=[blue])
        hidden = await segment(
            admin, "Three", folderId=outer, hiddenFromIds=[ids.encode("User", member.user_id or 0)]
        )

        # then lists are narrowed by them
        assert await names(admin, labelIds=[red]) == ["One"]
        assert await names(admin, labelIds=[red, blue]) == ["One", "Two"]
        assert await names(admin, folderIds=[outer]) == ["One", "Three"]
        assert await names(admin, folderIds=[inner]) == ["One"]
        assert await names(admin, inFolder=False, statuses=["DRAFT"]) == ["Two"]
        assert await names(admin, search="leads lovely") == ["One"]
        assert await names(admin, search=second) == ["Two"]
        assert await names(admin, statuses=["DRAFT"], used=True) == []
        await segment(admin, "Four", criteria={"segment": {"op": "IN", "id": first}})
        assert await names(admin, statuses=["DRAFT"], used=True) == ["One"]
        assert await names(admin, statuses=["DRAFT"], stale=True) == []
        mine = [ids.encode("User", viewer.user_id or 0)]
        between = {"from": "2000-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}
        assert await names(admin, "two", lastModifiedBy=mine, modifiedBetween=between, maxMemberCount=0) == [
            "Two"
        ]
        assert await names(admin, minMemberCount=1) == []
        # counts are those of what one sees
        counting = (
            "{ labels { totalCount nodes { name segmentCount } } folders { nodes { name segmentCount } } }"
        )
        assert await team.run(counting) == {
            "labels": {
                "totalCount": 2,
                "nodes": [{"name": "Blue", "segmentCount": 2}, {"name": "Red", "segmentCount": 1}],
            },
            "folders": {
                "nodes": [{"name": "Campaigns", "segmentCount": 0}, {"name": "Spring", "segmentCount": 1}]
            },
        }

        # favourites are one's own, and nothing hidden becomes one
        given = {"ids": [first, hidden], "favourite": True}
        payload = (await team.run(bulk("setFavourites", "SetFavouritesInput"), i=given))["setFavourites"]
        assert [[one["code"] for one in result["errors"]] for result in payload["results"]] == [
            [],
            ["NOT_FOUND"],
        ]
        assert await names(team, favourite=True) == ["One"]
        assert await names(admin, favourite=True) == []

        # labels are put on and taken off many segments; a member manages only their own, and no label of all
        given = {"ids": [first, second], "addLabelIds": [red], "removeLabelIds": [blue]}
        refused = (await team.run(bulk("labelSegments", "LabelSegmentsInput"), i=given))["labelSegments"]
        assert [result["errors"][0]["code"] for result in refused["results"]] == ["FORBIDDEN", "FORBIDDEN"]
        payload = (await admin.run(bulk("labelSegments", "LabelSegmentsInput"), i=given))["labelSegments"]
        assert [result["segment"]["labels"] for result in payload["results"]] == [[{"name": "Red"}]] * 2
        delete = "mutation ($i: LabelIdInput!) { deleteLabel(input: $i) { deletedId errors { code } } }"
        assert (await team.run(delete, i={"id": red}))["deleteLabel"]["errors"] == [{"code": "FORBIDDEN"}]
        assert (await admin.run(delete, i={"id": red}))["deleteLabel"] == {"deletedId": red, "errors": []}

        # segments are put into a folder and taken out of it
        for folder, name in ((inner, {"name": "Spring"}), (None, None)):
            given = {"ids": [second], "folderId": folder}
            put = bulk("putSegmentsIntoFolder", "PutIntoFolderInput")
            assert (await admin.run(put, i=given))["putSegmentsIntoFolder"]["results"][0]["errors"] == []
            [two] = (await admin.run(LIST, search="two"))["segments"]["nodes"]
            assert two["folder"] == name

        # a folder that is deleted leaves what is in it to the one around it
        update = "mutation ($i: UpdateFolderInput!) { updateFolder(input: $i) { errors { code path } } }"
        circle = (await admin.run(update, i={"id": outer, "parentId": inner}))["updateFolder"]["errors"]
        assert circle == [{"code": "INVALID", "path": ["parentId"]}]
        drop = "mutation ($i: FolderIdInput!) { deleteFolder(input: $i) { errors { code } } }"
        await admin.run(drop, i={"id": inner})
        [one] = (await admin.run(LIST, search="one"))["segments"]["nodes"]
        assert (one["folder"], one["labels"], one["isFavourite"]) == ({"name": "Campaigns"}, [], False)


async def test_bad_labels_and_folders_are_refused(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as admin:
        red = await made(admin, LABEL, "label", name="Red")
        for given, error in (
            ({"name": "RED"}, {"code": "NAME_TAKEN", "path": ["name"]}),
            ({"name": " "}, {"code": "REQUIRED", "path": ["name"]}),
            ({"name": "x", "color": "red"}, {"code": "INVALID", "path": ["color"]}),
        ):
            assert (await admin.run(LABEL, i=given))["createLabel"]["errors"] == [error]
        folder: str | None = None
        for depth in range(6):
            folder = await made(admin, FOLDER, "folder", name=f"Level {depth}", parentId=folder)
        errors = (await admin.run(FOLDER, i={"name": "Too deep", "parentId": folder}))["createFolder"][
            "errors"
        ]
        assert errors == [{"code": "TOO_LARGE", "path": ["parentId"]}]
        draft = {"name": "S", "kind": "PERSON", "type": "STATIC"}
        unknown = ids.encode("Label", 999_999)
        wrong: list[tuple[dict[str, Any], list[str]]] = [
            ({"labelIds": [red, unknown]}, ["labelIds"]),
            ({"folderId": red}, ["folderId"]),
        ]
        for more, path in wrong:
            errors = (await admin.run(CREATE, i={**draft, **more}))["createSegment"]["errors"]
            assert errors == [{"code": "NOT_FOUND", "path": path}]
        assert await names(admin, search="S", statuses=["DRAFT"]) == []


async def test_each_segment_of_a_bulk_change_has_its_own_result(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as admin:
        drafts = [await segment(admin, name) for name in ("One", "Two")]
        active = await segment(admin, "Three", activate=True)
        given = {"ids": [*drafts, active, "rubbish", drafts[0]]}
        payload = (await admin.run(bulk("archiveSegments"), i=given))["archiveSegments"]
        assert payload["errors"] == []
        results = {one["id"]: one for one in payload["results"]}
        assert list(results) == [*drafts, active, "rubbish"]
        assert [one["errors"][0]["code"] for one in results.values() if one["errors"]] == [
            *("BAD_TRANSITION", "BAD_TRANSITION", "NOT_FOUND")
        ]
        assert results[active]["segment"]["status"] == "ARCHIVED"
        for name, status in (("unarchive", "ACTIVE"), ("pause", "PAUSED"), ("resume", "ACTIVE")):
            [answer] = (await admin.run(bulk(f"{name}Segments"), i={"ids": [active]})).values()
            assert answer["results"][0]["segment"]["status"] == status
        deleted = (await admin.run(bulk("deleteSegments"), i={"ids": [*drafts, active]}))["deleteSegments"]
        assert [bool(one["errors"]) for one in deleted["results"]] == [False, False, True]
        assert await names(admin) == ["Three"]
        crowd = (await admin.run(bulk("pauseSegments"), i={"ids": [active] * 101}))["pauseSegments"]
        assert crowd == {"results": [], "errors": [{"code": "TOO_LARGE", "path": ["ids"]}]}
