"""Which role erases, suppresses, sees imports of others and personal data: chosen by administrators, for everyone."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError

from seggraph.access import LeastRoles, Viewer, narrowed_imports
from seggraph.context import Context
from seggraph.vocabulary import ApiKeyScope, Role
from tests.api.test_rights_of_now import asked, received, socket
from tests.api.world import called, sent
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working

ROLES = "{ viewer { workspace { leastRoles { eraseMembers suppressAddresses seeImportsOfOthers seePersonalData } } } }"
CHOOSE = """mutation ($i: UpdateWorkspaceInput!) {
    updateWorkspace(input: $i) { workspace { leastRoles { eraseMembers } } errors { code path } } }"""
DELETE = "mutation ($i: MemberIdsInput!) { deleteMembers(input: $i) { deleted errors { code message } } }"
SUPPRESS = (
    "mutation ($i: SuppressAddressesInput!) { suppressAddresses(input: $i) { changed errors { code } } }"
)
NAMES = "{ members(kind: PERSON, first: 10) { nodes { externalId name email } } }"
IMPORTS = "{ imports { totalCount nodes { id rejectedUrl columns { samples } } } }"
IMPORT = """mutation ($i: CreateImportInput!) {
    createImport(input: $i) { import { id columns { samples } } errors { code } } }"""
WATCH = "subscription ($id: ID!) { importEvents(importId: $id) { __typename } }"
PEOPLE = [{"externalId": "a", "name": "Jane Doe", "email": "jane@example.com"}]


@pytest.fixture
async def admin(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        await called(product, "upsertMembers", "created", kind="PERSON", members=PEOPLE)
        yield product


@pytest.fixture
async def team(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(member) as product:
        yield product


async def choose(admin: Product, **roles: str) -> None:
    payload = (await admin.run(CHOOSE, i={"leastRoles": roles}))["updateWorkspace"]
    assert payload["errors"] == []


async def codes(product: Product, text: str, **given: Any) -> list[str]:
    """The codes of the errors of a mutation."""
    [payload] = (await product.run(text, i=given)).values()
    return [error["code"] for error in payload["errors"]]


async def uploaded(product: Product) -> dict[str, Any]:
    upload = await sent(
        product, IMPORT, {"i": {"file": None, "kind": "PERSON"}}, "variables.i.file", b"Name\nZed Zulu\n", name="z.csv"
    )  # fmt: skip
    payload: dict[str, Any] = upload.json()["data"]["createImport"]
    assert payload["errors"] == []
    found: dict[str, Any] = payload["import"]
    return found


async def test_the_defaults_and_who_may_choose(admin: Product, team: Product, server: Server) -> None:
    usual = {
        "eraseMembers": "LEADER",
        "suppressAddresses": "TEAM_MEMBER",
        "seeImportsOfOthers": "LEADER",
        "seePersonalData": "TEAM_MEMBER",
    }
    assert (await team.run(ROLES))["viewer"]["workspace"]["leastRoles"] == usual
    key = await called(admin, "createApiKey", "secret", name="w", scope="WRITE")
    async with server.connect(key["secret"]) as program:
        for client in (team, program):
            assert await codes(client, CHOOSE, leastRoles={"eraseMembers": "TEAM_MEMBER"}) == ["FORBIDDEN"]
    assert (await team.run(ROLES))["viewer"]["workspace"]["leastRoles"] == usual
    await choose(admin, eraseMembers="ADMIN")
    # what is not given stays, and the log says what changed
    assert (await team.run(ROLES))["viewer"]["workspace"]["leastRoles"] == usual | {"eraseMembers": "ADMIN"}
    entries = await admin.run("{ auditLog(subjects: [WORKSPACE], first: 1) { nodes { before after } } }")
    [entry] = entries["auditLog"]["nodes"]
    assert (
        entry["before"]["leastRoles"]["eraseMembers"],
        entry["after"]["leastRoles"]["eraseMembers"],
    ) == (
        "LEADER",
        "ADMIN",
    )


async def test_who_erases_and_suppresses(admin: Product, team: Product, server: Server) -> None:
    key = await called(admin, "createApiKey", "secret", name="w", scope="WRITE")
    ingest = await called(admin, "createApiKey", "secret", name="i", scope="INGEST")
    who = {"kind": "PERSON", "externalIds": ["a"]}
    address = {"channel": "EMAIL", "addresses": ["x@example.com"]}
    async with server.connect(key["secret"]) as program, server.connect(ingest["secret"]) as feed:
        assert await codes(team, DELETE, **who) == ["FORBIDDEN"]
        await choose(admin, eraseMembers="ADMIN", suppressAddresses="LEADER")
        assert await codes(program, DELETE, **who) == ["FORBIDDEN"]
        assert await codes(team, SUPPRESS, **address) == ["FORBIDDEN"]
        for client in (feed, program):
            assert await codes(client, SUPPRESS, **address) == []
        await choose(admin, suppressAddresses="ADMIN")
        assert await codes(feed, SUPPRESS, **address) == ["FORBIDDEN"]
        await choose(admin, eraseMembers="TEAM_MEMBER")
        assert await codes(team, DELETE, **who) == []


async def test_imports_of_others_are_not_there(
    admin: Product, team: Product, server: Server, context: Context
) -> None:
    made, own = await uploaded(admin), await uploaded(team)
    async with working(context):
        mapping = [{"column": "Name", "field": "externalId"}]
        await called(
            admin, "startImport", "import { id }", id=made["id"], mapping=mapping, createMissing=False
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (url := (await admin.run(IMPORTS))["imports"]["nodes"][1]["rejectedUrl"]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    listed = (await team.run(IMPORTS))["imports"]
    assert (listed["totalCount"], [one["id"] for one in listed["nodes"]]) == (1, [own["id"]])
    node = "query ($id: ID!) { import(id: $id) { id } node(id: $id) { id } }"
    assert await team.run(node, id=made["id"]) == {"import": None, "node": None}
    start = "mutation ($i: StartImportInput!) { startImport(input: $i) { errors { code } } }"
    assert await codes(team, start, id=made["id"], mapping=mapping) == ["NOT_FOUND"]
    with pytest.raises(TransportQueryError) as hidden:
        async with team.subscribe(WATCH, id=made["id"]) as events:
            await events.next()
    assert (hidden.value.errors or [])[0]["extensions"]["code"] == "NOT_FOUND"
    # over a socket that is open, from the choice on; and a link that a colleague made follows their rights of now
    async with socket(server, team.credential) as ws:
        assert (await asked(ws, IMPORTS, 1))["imports"]["totalCount"] == 1
        await choose(admin, seeImportsOfOthers="TEAM_MEMBER")
        async with asyncio.timeout(PATIENCE_SECONDS):
            number = 2
            while (await asked(ws, IMPORTS, number))["imports"]["totalCount"] != 2:
                number += 1
        [theirs] = [one for one in (await team.run(IMPORTS))["imports"]["nodes"] if one["id"] == made["id"]]
        assert url
        assert (await team.http.get(theirs["rejectedUrl"])).status_code == 200
        await choose(admin, seeImportsOfOthers="LEADER")
        assert (await team.http.get(theirs["rejectedUrl"])).status_code == 404


async def test_personal_data_is_left_out_for_roles_below(
    admin: Product, team: Product, server: Server, context: Context
) -> None:
    segment = (
        await called(admin, "createSegment", "segment { id }", name="S", kind="PERSON", type="STATIC")
    )["segment"]["id"]
    assert (await team.run(NAMES))["members"]["nodes"][0]["name"] == "Jane Doe"
    export = "mutation ($i: CreateExportInput!) { createExport(input: $i) { export { id } errors { code } } }"
    async with socket(server, team.credential) as ws, working(context):
        made = (await called(team, "createExport", "export { id }", segmentId=segment))["export"]["id"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            query = "query ($id: ID!) { export(id: $id) { url } }"
            while (url := (await team.run(query, id=made))["export"]["url"]) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await choose(admin, seePersonalData="LEADER")
        hidden = [{"externalId": "a", "name": None, "email": None}]
        async with asyncio.timeout(PATIENCE_SECONDS):
            number = 1
            while (await asked(ws, NAMES, number))["members"]["nodes"] != hidden:
                number += 1
        # nor over HTTP, in files, in new exports, in samples of files, by a search
        assert (await team.run(NAMES))["members"]["nodes"] == hidden
        assert (await team.http.get(url)).status_code == 404
        assert await codes(team, export, segmentId=segment) == ["FORBIDDEN"]
        assert [column["samples"] for column in (await uploaded(team))["columns"]] == [[]]
        [error] = (await team.raw('{ members(kind: PERSON, search: "Jane") { totalCount } }'))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        # a subscriber gets what is true now
        await ws.send(json.dumps({"id": "s", "type": "subscribe", "payload": {"query": NAMES}}))
        assert "Jane" not in json.dumps(await received(ws))
    key = await called(admin, "createApiKey", "secret", name="w", scope="WRITE")
    async with server.connect(key["secret"]) as program:
        assert (await program.run(NAMES))["members"]["nodes"][0]["name"] == "Jane Doe"
        await choose(admin, seePersonalData="ADMIN")
        assert (await program.run(NAMES))["members"]["nodes"][0]["name"] is None
        # members are sent to destinations, so who may not see them sends them nowhere
        create = "mutation ($i: CreateDestinationInput!) { createDestination(input: $i) { errors { code } } }"
        given = {"name": "d", "type": "HTTP", "url": "https://93.184.216.34/"}
        assert await codes(program, create, **given) == ["FORBIDDEN"]
    assert (await admin.run(NAMES))["members"]["nodes"][0]["name"] == "Jane Doe"


def test_roles_are_ordered() -> None:
    def who(role: Role, **roles: Role) -> Viewer:
        return Viewer(1, role, ApiKeyScope.WRITE, user_id=2, least_roles=LeastRoles(**roles))

    assert who(Role.LEADER).sees_personal_data
    assert not who(Role.LEADER, see_personal_data=Role.ADMIN).sees_personal_data
    assert narrowed_imports(who(Role.TEAM_MEMBER))
    assert not narrowed_imports(who(Role.LEADER))


async def test_who_may_not_see_personal_data_cannot_unmark_it(admin: Product, team: Product) -> None:
    marked = {"kind": "PERSON", "name": "ssn", "type": "STRING", "isPersonal": True}
    await called(admin, "declareAttribute", "attribute { isPersonal }", **marked)
    await choose(admin, seePersonalData="LEADER")
    update = """mutation ($i: UpdateAttributeInput!) {
      updateAttribute(input: $i) { attribute { isPersonal } errors { code } } }"""

    assert await codes(team, update, kind="PERSON", name="ssn", isPersonal=False) == ["FORBIDDEN"]
    assert await codes(team, update, kind="PERSON", name="ssn", label="SSN") == []
    shown = await called(admin, "updateAttribute", "attribute { isPersonal }", kind="PERSON", name="ssn")
    assert shown["attribute"] == {"isPersonal": True}
    assert await codes(admin, update, kind="PERSON", name="ssn", isPersonal=False) == []


async def test_permissions_say_what_the_credentials_allow(server: Server, viewer: Viewer) -> None:
    query = "{ viewer { permissions } }"
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    key = """
        mutation { createApiKey(input: {name: "k", scope: READ_WITHOUT_PERSONAL_DATA}) { secret errors { code } } }
    """
    async with server.sign_in(viewer) as admin, server.sign_in(member) as team:
        found = (await admin.run(query))["viewer"]["permissions"]
        assert {"ADMINISTER", "MANAGE_ALL", "ERASE_MEMBERS", "PROVISION"} <= set(found)
        assert (await team.run(query))["viewer"]["permissions"] == [
            *("READ", "SEE_PERSONAL_DATA", "SEND_DATA", "WRITE", "SUPPRESS_ADDRESSES")
        ]
        secret = (await admin.run(key))["createApiKey"]["secret"]
    async with server.connect(secret) as program:
        assert (await program.run(query))["viewer"]["permissions"] == ["READ", "SEE_IMPORTS_OF_OTHERS"]
