"""Playbooks as clients meet them: filling segments, being told why, permissions, and input that cannot be."""

from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.api.test_memberships import ADD, REMOVE, counting, create, ready, upsert
from tests.conftest import new_viewer
from tests.product import Product, Server

GERMAN: dict[str, Any] = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}

FIELDS = """
    id name kind status visibility version criteria criteriaText criteriaSentence createdAt lastModifiedAt
    createdBy { email } segments { name status }
"""
CREATE = f"""
    mutation ($input: CreatePlaybookInput!) {{
      createPlaybook(input: $input) {{ playbook {{ {FIELDS} }} errors {{ code path message }} }}
    }}
"""
UPDATE = CREATE.replace("CreatePlaybookInput", "UpdatePlaybookInput").replace("create", "update", 1)
PAUSE = CREATE.replace("CreatePlaybookInput", "PlaybookIdInput").replace("create", "pause", 1)
RESUME = PAUSE.replace("pause", "resume", 1)
DELETE = """
    mutation ($input: PlaybookIdInput!) { deletePlaybook(input: $input) { deletedId errors { code path } } }
"""
LIST = """
    query ($first: Int, $after: String, $search: String, $kinds: [MemberKind!], $statuses: [PlaybookStatus!]) {
      playbooks(first: $first, after: $after, search: $search, kinds: $kinds, statuses: $statuses) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
        nodes { name segments { name } createdBy { email } criteriaSentence criteriaText }
        edges { cursor node { name } }
      }
    }
"""
READ = "query ($id: ID!) { playbook(id: $id) { name } node(id: $id) { id ... on Playbook { name } } }"
SEGMENT = """
    query ($id: ID!) {
      segment(id: $id) {
        memberCount sources { kind playbook { name } memberCount blockedCount }
        members { edges { node { externalId } sources playbooks { name } } }
      }
    }
"""
EXPLAIN = """
    query ($segment: ID!, $member: ID!) {
      segment(id: $segment) {
        explain(memberId: $member) { isMember sources { kind playbook { name } linked blocked since } }
      }
      member(id: $member) { segments { edges { sources playbooks { name } node { name } } } }
    }
"""
EVENTS = """
    subscription ($ids: [ID!]) {
      segmentEvents(segmentIds: $ids) {
        __typename segment { memberCount }
        ... on MembershipChanged { entered exited enteredSample { externalId } exitedSample { externalId } }
      }
    }
"""


async def made(product: Product, name: str, *segment_ids: str, **more: Any) -> dict[str, Any]:
    """A playbook that was created."""
    given = {
        "name": name,
        "kind": "ACCOUNT",
        "addToSegmentIds": list(segment_ids),
        "criteria": GERMAN,
        **more,
    }
    payload = (await product.run(CREATE, input=given))["createPlaybook"]
    assert payload["errors"] == []
    found: dict[str, Any] = payload["playbook"]
    return found


async def refusals(product: Product, mutation: str, **given: Any) -> list[tuple[str, list[str] | None]]:
    """The codes and paths of a mutation that did nothing."""
    [payload] = (await product.run(mutation, input=given)).values()
    assert payload.get("playbook") is payload.get("deletedId") is None
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_a_playbook_fills_segments_and_everybody_is_told(product: Product) -> None:
    # given a STATIC and a DYNAMIC segment
    await upsert(product, "a", "b")
    await upsert(product, "x", country="US")
    listed = await create(product, "Listed")
    rich = {"attribute": {"field": "revenue", "op": "GT", "value": 5}}
    dynamic = await create(product, "Rich", type="DYNAMIC", criteria=rich)
    await ready(product, listed, dynamic)

    async with product.subscribe(EVENTS, ids=[listed]) as events:
        await events.until("SegmentSnapshot")
        # when a playbook adds to both
        playbook = await made(
            product, "Germans", listed, dynamic, criteria=None, criteriaText="country = 'DE'"
        )

        # then it is ACTIVE, and those who match enter in one step
        assert (playbook["status"], playbook["visibility"], playbook["version"]) == ("ACTIVE", "WORKSPACE", 1)
        assert (playbook["criteria"], playbook["criteriaText"]) == (GERMAN, "country = 'DE'")
        assert [segment["name"] for segment in playbook["segments"]] == ["Listed", "Rich"]
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], moved["exited"], moved["segment"]["memberCount"]) == (2, 0, 2)
        await ready(product, listed, dynamic)
        # when a member matches, and another one is removed by hand
        await upsert(product, "x")
        moved = await events.until("MembershipChanged")
        assert ([one["externalId"] for one in moved["enteredSample"]], moved["exited"]) == (["x"], 0)
        await product.run(REMOVE, input={"segmentIds": [listed], "externalIds": ["a"]})
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], [one["externalId"] for one in moved["exitedSample"]]) == (0, ["a"])

        # then the segment, its members and an explanation say by what
        named = {"name": "Germans"}
        segment = (await product.run(SEGMENT, id=listed))["segment"]
        assert segment["sources"] == [
            {"kind": "MANUAL", "playbook": None, "memberCount": 0, "blockedCount": 0},
            {"kind": "IMPORT", "playbook": None, "memberCount": 0, "blockedCount": 0},
            {"kind": "PLAYBOOK", "playbook": named, "memberCount": 2, "blockedCount": 1},
        ]
        assert [(edge["sources"], edge["playbooks"]) for edge in segment["members"]["edges"]] == [
            (["PLAYBOOK"], [named]),
            (["PLAYBOOK"], [named]),
        ]
        await product.run(ADD, input={"segmentIds": [listed], "externalIds": ["b"]})
        answers = [await explained(product, listed, name) for name in ("a", "b")]
        (out, in_by_both) = (answer["segment"]["explain"] for answer in answers)
        assert (out["isMember"], in_by_both["isMember"]) == (False, True)
        assert [one for one in out["sources"] if one["blocked"]] == [
            {"kind": "PLAYBOOK", "playbook": named, "linked": False, "blocked": True, "since": None}
        ]
        linked = [one for one in in_by_both["sources"] if one["linked"]]
        assert [(one["kind"], one["playbook"]) for one in linked] == [("MANUAL", None), ("PLAYBOOK", named)]
        assert all(one["since"] for one in linked)
        [newest, _] = answers[1]["member"]["segments"]["edges"]
        assert (newest["sources"], newest["playbooks"]) == (["PLAYBOOK"], [named])

        # when a second playbook comes later, it may add whom the hand removed
        await made(product, "Germans too", listed)
        moved = await events.until("MembershipChanged")
        assert [one["externalId"] for one in moved["enteredSample"]] == ["a"]
        # when the first goes, nobody leaves whom another source holds
        assert (await product.run(DELETE, input={"id": playbook["id"]}))["deletePlaybook"] == {
            "deletedId": playbook["id"],
            "errors": [],
        }
        await upsert(product, "x", country="FR")
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], [one["externalId"] for one in moved["exitedSample"]]) == (0, ["x"])
    assert await product.run(READ, id=playbook["id"]) == {"playbook": None, "node": None}
    assert await refusals(product, DELETE, id=playbook["id"]) == [("NOT_FOUND", ["id"])]
    sources = (await product.run(SEGMENT, id=listed))["segment"]["sources"]
    assert [one["playbook"] for one in sources] == [None, None, {"name": "Germans too"}]


async def explained(product: Product, segment: str, external_id: str) -> dict[str, Any]:
    query = "query ($id: String!) { memberByExternalId(kind: ACCOUNT, externalId: $id) { id } }"
    member = (await product.run(query, id=external_id))["memberByExternalId"]["id"]
    return await product.run(EXPLAIN, segment=segment, member=member)


async def test_a_paused_playbook_keeps_whom_it_has(product: Product) -> None:
    await upsert(product, "a", "b")
    listed = await create(product, "Listed")
    async with product.subscribe(EVENTS, ids=[listed]) as events:
        await events.until("SegmentSnapshot")
        playbook = await made(product, "Germans", listed)
        await events.until("MembershipChanged", entered=2)
        paused = (await product.run(PAUSE, input={"id": playbook["id"]}))["pausePlaybook"]["playbook"]
        assert (paused["status"], paused["version"]) == ("PAUSED", 2)

        # when nobody matches any more but a newcomer, a hand still moves members, and the playbook does not
        await upsert(product, "a", "b", country="US")
        await upsert(product, "c")
        await product.run(ADD, input={"segmentIds": [listed], "externalIds": ["c"]})
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], moved["exited"], moved["segment"]["memberCount"]) == (1, 0, 3)
        again = (await product.run(PAUSE, input={"id": playbook["id"]}))["pausePlaybook"]["playbook"]
        assert (again["status"], again["version"]) == ("PAUSED", 2)

        # then resuming it makes good for the pause, in one step
        resumed = (await product.run(RESUME, input={"id": playbook["id"]}))["resumePlaybook"]["playbook"]
        assert (resumed["status"], resumed["version"]) == ("ACTIVE", 3)
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], moved["exited"], moved["segment"]["memberCount"]) == (0, 2, 1)


async def test_what_cannot_be_is_refused_and_does_nothing(product: Product, server: Server) -> None:
    listed = await create(product, "Listed")
    people = await create(product, "People", kind="PERSON")
    archived = await create(product, "Old")
    await product.run(
        "mutation ($id: ID!) { archiveSegment(input: {id: $id}) { errors { code } } }", id=archived
    )
    playbook = await made(product, "Germans", listed)
    stranger = await new_viewer("Others")
    async with server.sign_in(stranger) as theirs:
        foreign = await create(theirs, "Foreign")

    good = {"name": "New", "kind": "ACCOUNT", "criteria": GERMAN, "addToSegmentIds": [listed]}
    unknown_field = {"attribute": {"field": "nope", "op": "IS_SET"}}
    many = [ids.encode("Segment", number) for number in range(101)]
    when_created: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"name": "GERMANS"}, "NAME_TAKEN", ["name"]),
        ({"criteriaText": "country = 'DE'"}, "INVALID", ["criteriaText"]),
    ]
    always: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"name": " "}, "REQUIRED", ["name"]),
        ({"name": "x" * 201}, "TOO_LONG", ["name"]),
        ({"name": "a\u0000b"}, "INVALID", ["name"]),
        ({"criteria": None}, "REQUIRED", ["criteria"]),
        ({"criteria": None, "criteriaText": "country ="}, "CRITERIA_INVALID", ["criteriaText"]),
        ({"criteria": unknown_field}, "CRITERIA_INVALID", ["criteria", "attribute", "field"]),
        ({"addToSegmentIds": []}, "REQUIRED", ["addToSegmentIds"]),
        ({"addToSegmentIds": many}, "TOO_LARGE", ["addToSegmentIds"]),
        ({"addToSegmentIds": [listed, "nonsense"]}, "NOT_FOUND", ["addToSegmentIds", "1"]),
        ({"addToSegmentIds": [playbook["id"]]}, "NOT_FOUND", ["addToSegmentIds", "0"]),
        ({"addToSegmentIds": [listed, foreign]}, "NOT_FOUND", ["addToSegmentIds", "1"]),
        ({"addToSegmentIds": [people]}, "INVALID", ["addToSegmentIds", "0"]),
        ({"addToSegmentIds": [listed, archived]}, "BAD_TRANSITION", ["addToSegmentIds", "1"]),
    ]
    for change, code, path in when_created + always:
        assert await refusals(product, CREATE, **(good | change)) == [(code, path)], change
    for change, code, path in always:
        assert await refusals(product, UPDATE, id=playbook["id"], **change) == [(code, path)], change

    assert await refusals(product, UPDATE, id=playbook["id"], version=7, name="Late") == [
        ("CONFLICT", ["version"])
    ]
    for mutation in (UPDATE, PAUSE, RESUME, DELETE):
        assert await refusals(product, mutation, id=listed) == [("NOT_FOUND", ["id"])]
    # and nothing is there but the one playbook, as it was
    answer = await product.run(LIST)
    assert [node["name"] for node in answer["playbooks"]["nodes"]] == ["Germans"]
    assert answer["playbooks"]["nodes"][0]["segments"] == [{"name": "Listed"}]
    # and an edit that says nothing changes nothing but the version
    payload = (await product.run(UPDATE, input={"id": playbook["id"], "version": 1}))["updatePlaybook"]
    assert payload["errors"] == []
    assert payload["playbook"] | {"version": 1, "lastModifiedAt": ""} == playbook | {"lastModifiedAt": ""}


async def test_a_playbook_and_a_segment_take_so_many(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seggraph.services.playbooks.sources.MAX_SEGMENTS", 2)
    monkeypatch.setattr("seggraph.services.playbooks.sources.MAX_PLAYBOOKS", 2)
    one, two, three = [await create(product, name) for name in ("One", "Two", "Three")]
    good = {"name": "New", "kind": "ACCOUNT", "criteria": GERMAN}

    too_many = {**good, "addToSegmentIds": [one, two, three]}
    assert await refusals(product, CREATE, **too_many) == [("TOO_LARGE", ["addToSegmentIds"])]
    await made(product, "First", one, two, two)
    await made(product, "Second", one)
    crowded = {**good, "addToSegmentIds": [two, one]}
    assert await refusals(product, CREATE, **crowded) == [("TOO_LARGE", ["addToSegmentIds"])]


async def test_team_members_have_playbooks_of_their_own(
    product: Product, server: Server, viewer: Viewer
) -> None:
    shared = await create(product, "Shared")
    secret = await create(product, "Secret", visibility="PRIVATE")
    common = await made(product, "Common", shared, secret)
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)

    async with server.sign_in(colleague) as theirs:
        mine = await create(theirs, "Mine")
        good = {"name": "New", "kind": "ACCOUNT", "criteria": GERMAN}
        # they see what is shared, of its segments those they see, and change nothing of it
        [seen] = (await theirs.run(LIST))["playbooks"]["nodes"]
        assert (seen["name"], seen["segments"]) == ("Common", [{"name": "Shared"}])
        for mutation in (UPDATE, PAUSE, RESUME, DELETE):
            assert await refusals(theirs, mutation, id=common["id"]) == [("FORBIDDEN", None)]
        for segment, code in ((shared, "FORBIDDEN"), (secret, "NOT_FOUND")):
            given = {**good, "addToSegmentIds": [mine, segment]}
            assert await refusals(theirs, CREATE, **given) == [(code, ["addToSegmentIds", "1"])]
        # what they make is theirs, and feeds what is theirs
        own = await made(theirs, "Own", mine)
        assert own["visibility"] == "PRIVATE"

    other = await new_viewer(
        "", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id, subject="another@example.com"
    )
    async with server.connect(server.token("another@example.com", viewer.workspace_id)) as others:
        assert other.role is Role.TEAM_MEMBER
        assert await others.run(READ, id=own["id"]) == {"playbook": None, "node": None}
        assert [node["name"] for node in (await others.run(LIST))["playbooks"]["nodes"]] == ["Common"]
        assert (await others.run(LIST))["playbooks"]["totalCount"] == 1
        for mutation in (UPDATE, PAUSE, RESUME, DELETE):
            assert await refusals(others, mutation, id=own["id"]) == [("NOT_FOUND", ["id"])]

    # a manager sees and manages all; what the creator's rights do not reach, they may not touch from then on
    given = {"id": own["id"], "addToSegmentIds": [shared, mine]}
    assert (await product.run(UPDATE, input=given))["updatePlaybook"]["errors"] == []
    async with server.sign_in(colleague) as theirs:
        for mutation in (UPDATE, PAUSE, DELETE):
            assert await refusals(theirs, mutation, id=own["id"]) == [("FORBIDDEN", None)]
        # and in a segment that is shared by now, a private playbook has no name for others
    async with server.connect(server.token("another@example.com", viewer.workspace_id)) as others:
        sources = (await others.run(SEGMENT, id=shared))["segment"]["sources"]
        by_playbook = [one["playbook"] for one in sources if one["kind"] == "PLAYBOOK"]
        assert by_playbook == [{"name": "Common"}, None]


async def test_other_workspaces_and_keys_that_only_read(
    product: Product, server: Server, viewer: Viewer
) -> None:
    listed = await create(product, "Listed")
    playbook = await made(product, "Germans", listed)
    stranger = await new_viewer("Others")
    async with server.sign_in(stranger) as theirs:
        assert await theirs.run(READ, id=playbook["id"]) == {"playbook": None, "node": None}
        assert (await theirs.run(LIST))["playbooks"] | {"pageInfo": None} == {
            "totalCount": 0,
            "pageInfo": None,
            "nodes": [],
            "edges": [],
        }
        for mutation in (UPDATE, PAUSE, RESUME, DELETE):
            assert await refusals(theirs, mutation, id=playbook["id"]) == [("NOT_FOUND", ["id"])]

    make_key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"
    for scope, codes in (("READ", [("FORBIDDEN", None)]), ("WRITE", [])):
        secret = (await product.run(make_key, input={"name": scope, "scope": scope}))["createApiKey"][
            "secret"
        ]
        async with server.connect(secret) as program:
            assert (await program.run(READ, id=playbook["id"]))["playbook"] == {"name": "Germans"}
            given = {"name": scope, "kind": "ACCOUNT", "criteria": GERMAN, "addToSegmentIds": [listed]}
            payload = (await program.run(CREATE, input=given))["createPlaybook"]
            assert [(error["code"], error["path"]) for error in payload["errors"]] == codes
            if scope == "READ":
                for mutation in (UPDATE, PAUSE, RESUME, DELETE):
                    assert await refusals(program, mutation, id=playbook["id"]) == codes
    assert (await product.run(LIST))["playbooks"]["totalCount"] == 2


async def test_a_hidden_segment_stays_fed_by_those_who_do_not_see_it(
    product: Product, server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(colleague) as theirs:
        their_id = (await theirs.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        shown, other = await create(product, "Shown"), await create(product, "Other")
        hidden = await create(product, "Hidden", hiddenFromIds=[their_id])
        playbook = await made(product, "Germans", shown, hidden)
        for table in ("playbooks", "segments"):
            await connection.execute(
                f"UPDATE {table} SET created_by_id = $1 WHERE name <> 'Hidden'", colleague.user_id
            )

        # when its creator, who does not see one of the segments, takes out what they see
        given = {"id": playbook["id"], "addToSegmentIds": [other]}

        # then it is refused, for the playbook adds to what they did not create
        assert await refusals(theirs, UPDATE, **given) == [("FORBIDDEN", None)]
        given = {"id": playbook["id"], "addToSegmentIds": [other, hidden]}
        [(code, _)] = await refusals(theirs, UPDATE, **given)
        assert code in ("NOT_FOUND", "FORBIDDEN")
        [node] = (await theirs.run(LIST))["playbooks"]["nodes"]
        assert {segment["name"] for segment in node["segments"]} == {"Shown"}
    [node] = (await product.run(LIST))["playbooks"]["nodes"]
    assert {segment["name"] for segment in node["segments"]} == {"Shown", "Hidden"}


async def test_the_list_is_read_page_by_page_in_few_statements(
    context: Context, server: Server, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.sign_in(viewer) as product:
        listed = await create(product, "Listed")
        people = await create(product, "People", kind="PERSON")
        for number in range(6):
            await made(product, f"Germans {number}", listed)
        anyone = {"tags": {"op": "HAS_NONE", "values": ["x"]}}
        last = await made(product, "Everyone", people, kind="PERSON", criteria=anyone)
        await product.run(PAUSE, input={"id": last["id"]})

        # the newest first, page by page
        page = (await product.run(LIST, first=3))["playbooks"]
        assert [node["name"] for node in page["nodes"]] == ["Everyone", "Germans 5", "Germans 4"]
        assert page["nodes"][0]["segments"] == [{"name": "People"}]
        assert page["nodes"][1]["criteriaText"] == "country = 'DE'"
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (7, True)
        page = (await product.run(LIST, first=10, after=page["pageInfo"]["endCursor"]))["playbooks"]
        assert [node["name"] for node in page["nodes"]] == [f"Germans {number}" for number in (3, 2, 1, 0)]
        assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (False, True)
        # narrowed
        for narrowed, names in (
            ({"search": "MANS 3"}, ["Germans 3"]),
            ({"kinds": ["PERSON"]}, ["Everyone"]),
            ({"statuses": ["PAUSED"]}, ["Everyone"]),
            ({"statuses": ["PAUSED"], "kinds": ["ACCOUNT"]}, []),
        ):
            found = (await product.run(LIST, **narrowed))["playbooks"]
            assert ([node["name"] for node in found["nodes"]], found["totalCount"]) == (names, len(names))
        wrong = await product.raw(LIST, search="x" * 201)
        assert wrong["errors"][0]["extensions"]["code"] == "INVALID"

        async def statements(first: int) -> int:
            counted: list[str] = []
            async with counting(counted, monkeypatch):
                found = await product.run(LIST, first=first)
            assert len(found["playbooks"]["nodes"]) == first
            return len(counted)

        assert await statements(2) == await statements(7) < 12


BLOCKED = """
    query ($id: ID!) {
      segment(id: $id) {
        blockedMembers(first: 10) {
          totalCount edges { sources playbooks { name } node { externalId } }
        }
      }
    }
"""
UNBLOCK = REMOVE.replace("removeSegmentMembers", "unblockSegmentMembers")
ERASE = """
    mutation { deleteMembers(input: {kind: ACCOUNT, externalIds: ["c"]}) { deleted errors { code } } }
"""


async def test_a_playbook_that_comes_back_does_not_add_whom_a_person_removed(product: Product) -> None:
    # given a playbook that fills a segment, and members that were removed from it
    await upsert(product, "a", "b", "c")
    listed, other = await create(product, "Listed"), await create(product, "Other")
    playbook = await made(product, "Germans", listed)
    await ready(product, listed)
    await product.run(REMOVE, input={"segmentIds": [listed], "externalIds": ["a", "b", "c"]})
    blocked = (await product.run(BLOCKED, id=listed))["segment"]["blockedMembers"]
    edge = {"sources": ["PLAYBOOK"], "playbooks": [{"name": "Germans"}]}
    assert blocked == {
        "totalCount": 3,
        "edges": [{**edge, "node": {"externalId": name}} for name in ("a", "b", "c")],
    }

    # when the playbook leaves the segment, one of them is erased, and another one given back to automation
    update = {"id": playbook["id"], "addToSegmentIds": [other]}
    assert (await product.run(UPDATE, input=update))["updatePlaybook"]["errors"] == []
    erased = (await product.run(ERASE))["deleteMembers"]
    assert (erased["deleted"], erased["errors"]) == (1, [])
    report = (await product.run(UNBLOCK, input={"segmentIds": [listed], "externalIds": ["b", "nobody"]}))[
        "unblockSegmentMembers"
    ]
    assert (report["changed"], report["alreadyDone"], report["notFound"]) == (1, 0, ["nobody"])
    blocked = (await product.run(BLOCKED, id=listed))["segment"]["blockedMembers"]
    assert blocked == {"totalCount": 1, "edges": [{**edge, "node": {"externalId": "a"}}]}

    # then the playbook adds the one and not the other when it is back
    update = {"id": playbook["id"], "addToSegmentIds": [listed, other]}
    assert (await product.run(UPDATE, input=update))["updatePlaybook"]["errors"] == []
    await ready(product, listed)
    segment = (await product.run(SEGMENT, id=listed))["segment"]
    assert [edge["node"]["externalId"] for edge in segment["members"]["edges"]] == ["b"]
    assert segment["sources"][2]["blockedCount"] == 1

    # and who is given back while it adds enters with the next refresh
    async with product.subscribe(EVENTS, ids=[listed]) as events:
        await events.until("SegmentSnapshot")
        await product.run(UNBLOCK, input={"segmentIds": [listed], "externalIds": ["a"]})
        entered = await events.until("MembershipChanged")
        assert [one["externalId"] for one in entered["enteredSample"]] == ["a"]
    assert (await product.run(BLOCKED, id=listed))["segment"]["blockedMembers"]["totalCount"] == 0

    # when the playbook is deleted while it is away, nothing of it is left
    await product.run(REMOVE, input={"segmentIds": [listed], "externalIds": ["a"]})
    update = {"id": playbook["id"], "addToSegmentIds": [other]}
    assert (await product.run(UPDATE, input=update))["updatePlaybook"]["errors"] == []
    await product.run(DELETE, input={"id": playbook["id"]})
    assert (await product.run(BLOCKED, id=listed))["segment"]["blockedMembers"]["totalCount"] == 0
