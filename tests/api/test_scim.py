"""Identity providers manage users and groups by SCIM 2.0, with requests as Okta and Entra ID send them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from scim2_models import SCIMException

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.scim import endpoint, memberships
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.settings import Settings
from seggraph.throttling import throttle
from seggraph.vocabulary import ApiKeyScope, Role
from tests.api.test_permission_walk import MAY, WALK
from tests.api.test_rights_of_now import closed, socket
from tests.api.test_users import signed_in, token
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import Product, Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Groups have roles."""
    roles = {"seggraph-admins": "ADMIN", "marketing": "LEADER", "0f9-entra-id": "LEADER"}
    return settings.model_copy(update={"jwt_group_roles": roles})


@pytest.fixture
async def idp(server: Server, viewer: Viewer) -> AsyncIterator[httpx.AsyncClient]:
    """An identity provider with its key."""
    _, secret = await api_keys.create(viewer, ApiKeyDraft("okta", ApiKeyScope.PROVISIONING))
    async with server.connect(secret) as product:
        product.http.headers["content-type"] = "application/scim+json"
        yield product.http


@pytest.fixture
async def admin(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


def okta_user(name: str = "ada", /, **more: Any) -> dict[str, Any]:
    """What Okta posts for an assigned user."""
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": f"{name}@example.com",
        "name": {"givenName": name.title(), "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": f"{name.title()} Lovelace",
        "locale": "en-US",
        "externalId": f"00u{name}",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        ENTERPRISE: {"department": "Computing"},
    } | more


def entra_user(name: str = "grace", /, **more: Any) -> dict[str, Any]:
    """What Entra ID posts for an assigned user."""
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"oid-{name}",
        "userName": f"{name}@contoso.local",
        "active": True,
        "addresses": None,
        "displayName": f"{name.title()} Hopper",
        "emails": [{"type": "work", "value": f"{name}@contoso.local", "primary": True}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": f"{name.title()} Hopper", "familyName": "Hopper", "givenName": name.title()},
        "roles": [],
        "title": None,
    } | more


async def done(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/scim+json"
    return response.json()


async def patched(idp: httpx.AsyncClient, path: str, *operations: dict[str, Any]) -> httpx.Response:
    return await idp.patch(f"/scim/v2{path}", json={"schemas": [PATCH], "Operations": list(operations)})


async def emptied(response: httpx.Response) -> None:
    assert (response.status_code, response.text) == (204, "")


async def refused(response: httpx.Response, status: int, scim_type: str | None = None) -> str:
    """The detail of an error in SCIM's form."""
    body = await done(response, status)
    assert (body["schemas"], body["status"], body.get("scimType")) == ([ERROR], str(status), scim_type)
    detail: str = body["detail"]
    assert detail
    return detail


async def roles_of(admin: Product) -> dict[str, str]:
    nodes = (await admin.run("{ users { nodes { name role active } } }"))["users"]["nodes"]
    return {node["name"]: node["role"] if node["active"] else "-" for node in nodes}


async def test_okta_assigns_changes_and_unassigns_a_user(
    idp: httpx.AsyncClient, admin: Product, server: Server, viewer: Viewer, settings: Settings
) -> None:
    # given that nobody has the name, as Okta looks first
    looked = await idp.get('/scim/v2/Users?filter=userName%20eq%20"ada@example.com"&startIndex=1&count=100')
    assert (await done(looked))["totalResults"] == 0
    made = await done(await idp.post("/scim/v2/Users", json=okta_user()), 201)
    assert made["userName"] == "ada@example.com"
    assert (made["name"], made["active"]) == (
        {"formatted": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace"},
        True,
    )
    assert made["emails"] == [{"value": "ada@example.com", "type": "work", "primary": True}]
    assert "password" not in made
    assert ENTERPRISE not in made
    path = f"/Users/{made['id']}"
    assert made["meta"]["location"] == f"{str(idp.base_url).rstrip('/')}/scim/v2{path}"
    assert (await roles_of(admin))["Ada Lovelace"] == "TEAM_MEMBER"
    assert "already" in await refused(await idp.post("/scim/v2/Users", json=okta_user()), 409, "uniqueness")
    # she signs in: by the subject that is her externalId
    ada = await signed_in(settings, viewer.workspace_id, "00uada")
    assert ada is not None
    assert ids.encode("User", ada.user_id or 0) == made["id"]
    # Okta sends the whole user again when the profile changes, and a part of it when the user is unassigned
    changed = okta_user(
        id=made["id"], name={"givenName": "Ada", "familyName": "King"}, displayName="Ada King"
    )
    assert (await done(await idp.put(f"/scim/v2{path}", json=changed)))["displayName"] == "Ada King"
    async with socket(server, token(settings, viewer.workspace_id, "00uada")) as ws:
        answer = await patched(idp, path, {"op": "replace", "value": {"active": False}})
        assert (await done(answer))["active"] is False
        assert await closed(ws) == 4403
    assert await signed_in(settings, viewer.workspace_id, "00uada") is None
    assert (await roles_of(admin))["Ada King"] == "-"
    # what was private of the leaver is handed over
    own = ids.encode("User", viewer.user_id or 0)
    await called(admin, "updateUser", "user { id }", id=made["id"], handOverPrivateTo=own)
    answer = await patched(idp, path, {"op": "replace", "value": {"active": True}})
    assert (await done(answer))["active"] is True
    assert await signed_in(settings, viewer.workspace_id, "00uada") is not None
    entries = await admin.run(
        "{ auditLog(subjects: [USER]) { nodes { action before after actor { name } } } }"
    )
    noted = [one for one in entries["auditLog"]["nodes"] if one["actor"]["name"] == "okta"]
    assert noted[0]["before"] == {"active": False}
    assert noted[0]["after"] == {"active": True}


async def test_entra_id_provisions_users_with_its_own_forms(
    idp: httpx.AsyncClient, admin: Product, settings: Settings, viewer: Viewer
) -> None:
    made = await done(await idp.post("/scim/v2/Users", json=entra_user()), 201)
    path = f"/Users/{made['id']}"
    for text in (
        'externalId eq "oid-grace"',
        'userName eq "GRACE@contoso.local"',
        f'id eq "{made["id"]}"',
        'displayName eq "Grace Hopper"',
        'emails[type eq "work"].value eq "grace@contoso.local"',
        'emails[type eq "work" and value eq "grace@contoso.local"]',
        'active eq true and userName eq "grace@contoso.local"',
        f'{USER}:userName eq "grace@contoso.local"',
    ):
        found = await done(await idp.get("/scim/v2/Users", params={"filter": text}))
        assert [one["id"] for one in found["Resources"]] == [made["id"]], text
    answer = await patched(
        idp,
        path,
        {"op": "Replace", "path": "displayName", "value": "Grace B. Hopper"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "x"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "gh@contoso.local"},
    )
    user = await done(answer)
    assert (user["displayName"], user["emails"][0]["value"]) == ("Grace B. Hopper", "gh@contoso.local")
    answer = await patched(idp, path, {"op": "Replace", "value": {"active": "False", "name.givenName": "G"}})
    user = await done(answer)
    assert (user["active"], user["name"]["givenName"]) == (False, "G")
    answer = await patched(idp, path, {"op": "Add", "path": "name.formatted", "value": "Grace Hopper"})
    assert (await done(answer))["displayName"] == "Grace Hopper"
    answer = await patched(idp, path, {"op": "Replace", "path": "active", "value": "True"})
    assert (await done(answer))["active"] is True
    answer = await patched(idp, path, {"op": "Add", "path": "externalId", "value": "oid-new"})
    assert (await done(answer))["externalId"] == "oid-new"
    entra = settings.model_copy(update={"jwt_subject_claim": "oid"})
    known = await signed_in(entra, viewer.workspace_id, "pairwise", oid="oid-new")
    assert known is not None
    assert ids.encode("User", known.user_id or 0) == made["id"]

    # deleted: gone here, no sign-in, and the same person again when they are announced again
    assert (await idp.delete(f"/scim/v2{path}")).status_code == 204
    for response in (await idp.get(f"/scim/v2{path}"), await idp.delete(f"/scim/v2{path}")):
        await refused(response, 404)
    await refused(await patched(idp, path, {"op": "Replace", "path": "active", "value": "True"}), 404)
    assert (await done(await idp.get("/scim/v2/Users")))["totalResults"] == 1
    assert await signed_in(entra, viewer.workspace_id, "pairwise", oid="oid-new") is None
    again = await done(await idp.post("/scim/v2/Users", json=entra_user(externalId="oid-new")), 201)
    assert again["id"] == made["id"]
    assert await signed_in(entra, viewer.workspace_id, "pairwise", oid="oid-new") is not None
    # nobody was forgotten in between: administrators see them, and what they made
    assert len(await roles_of(admin)) == 2
    # and whom an administrator activates again is there for the identity provider again
    assert (await idp.delete(f"/scim/v2{path}")).status_code == 204
    await called(admin, "updateUser", "user { id }", id=made["id"], active=True)
    assert (await done(await idp.get(f"/scim/v2{path}")))["active"] is True


async def test_groups_give_roles(
    idp: httpx.AsyncClient, admin: Product, settings: Settings, viewer: Viewer
) -> None:
    ada, bob, eve = [
        (await done(await idp.post("/scim/v2/Users", json=okta_user(name)), 201))["id"]
        for name in ("ada", "bob", "eve")
    ]
    body = {"schemas": [GROUP], "displayName": "marketing", "members": [{"value": ada, "display": "x"}]}
    group = await done(await idp.post("/scim/v2/Groups", json=body), 201)
    path = f"/Groups/{group['id']}"
    assert (await roles_of(admin))["Ada Lovelace"] == "LEADER"
    assert group["members"] == [{"value": ada, "display": "Ada Lovelace"}]
    shown = await done(await idp.get(f"/scim/v2/Users/{ada}"))
    assert shown["groups"] == [{"value": group["id"], "display": "marketing"}]
    # Okta adds and removes single members
    for operation in (
        {"op": "add", "path": "members", "value": [{"value": bob, "display": "bob@example.com"}]},
        {"op": "remove", "path": f'members[value eq "{ada}"]'},
    ):
        await emptied(await patched(idp, path, operation))
    assert {name: role for name, role in (await roles_of(admin)).items() if "Lovelace" in name} == {
        "Ada Lovelace": "TEAM_MEMBER",
        "Bob Lovelace": "LEADER",
        "Eve Lovelace": "TEAM_MEMBER",
    }
    # Entra ID removes by a value, adds with $ref, and asks without members
    for operation in (
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": eve}]},
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": bob}]},
    ):
        await emptied(await patched(idp, path, operation))
    found = await idp.get(
        "/scim/v2/Groups", params={"filter": 'displayName eq "Marketing"', "excludedAttributes": "members"}
    )
    [listed] = (await done(found))["Resources"]
    assert "members" not in listed
    assert [one["value"] for one in (await done(await idp.get(f"/scim/v2{path}")))["members"]] == [eve]
    # a new name is another role, by its id too; what tokens say afterwards does not bring the old one back
    answer = await patched(idp, path, {"op": "replace", "value": {"id": group["id"], "displayName": "sales"}})
    assert answer.status_code == 204
    assert (await roles_of(admin))["Eve Lovelace"] == "TEAM_MEMBER"
    put = {
        "schemas": [GROUP],
        "displayName": "sales",
        "externalId": "0f9-entra-id",
        "members": [{"value": eve}],
    }
    await done(await idp.put(f"/scim/v2{path}", json=put))
    assert (await roles_of(admin))["Eve Lovelace"] == "LEADER"
    assert (await idp.delete(f"/scim/v2{path}")).status_code == 204
    assert (await roles_of(admin))["Eve Lovelace"] == "TEAM_MEMBER"
    await refused(await idp.get(f"/scim/v2{path}"), 404)
    entries = await admin.run(
        "{ auditLog(subjects: [GROUP], first: 1) { nodes { action subjectName before } } }"
    )
    assert entries["auditLog"]["nodes"] == [
        {"action": "DELETED", "subjectName": "sales", "before": {"name": "sales", "memberCount": 1}}
    ]


async def test_what_is_sent_at_once_is_not_lost(idp: httpx.AsyncClient) -> None:
    people = [
        (await done(await idp.post("/scim/v2/Users", json=okta_user(f"p{number}")), 201))["id"]
        for number in range(8)
    ]
    group = await done(await idp.post("/scim/v2/Groups", json={"displayName": "marketing"}), 201)
    joins = ({"op": "add", "path": "members", "value": [{"value": one}]} for one in people)
    for answer in await asyncio.gather(*(patched(idp, f"/Groups/{group['id']}", one) for one in joins)):
        await emptied(answer)
    shown = await done(await idp.get(f"/scim/v2/Groups/{group['id']}"))
    assert [one["value"] for one in shown["members"]] == people
    changes = (
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "displayName", "value": "New"},
        {"op": "replace", "path": "externalId", "value": "x-new"},
    )
    await asyncio.gather(*(patched(idp, f"/Users/{people[0]}", one) for one in changes))
    user = await done(await idp.get(f"/scim/v2/Users/{people[0]}"))
    assert (user["active"], user["displayName"], user["externalId"]) == (False, "New", "x-new")


async def test_the_last_administrator_stays(
    idp: httpx.AsyncClient, admin: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    own = ids.encode("User", viewer.user_id or 0)
    group = {"displayName": "seggraph-admins", "members": [{"value": own}]}
    made = await done(await idp.post("/scim/v2/Groups", json=group), 201)
    gone = {"op": "remove", "path": "members"}
    for response in (
        await idp.delete(f"/scim/v2/Users/{own}"),
        await patched(idp, f"/Users/{own}", {"op": "replace", "value": {"active": False}}),
        await patched(idp, f"/Groups/{made['id']}", gone),
        await idp.delete(f"/scim/v2/Groups/{made['id']}"),
    ):
        assert "last administrator" in await refused(response, 409)
    # nothing was half done
    assert [
        one["value"] for one in (await done(await idp.get(f"/scim/v2/Groups/{made['id']}")))["members"]
    ] == [own]
    assert list((await roles_of(admin)).values()) == ["ADMIN"]
    second = await new_viewer("", Role.ADMIN, workspace_id=viewer.workspace_id, subject="second")
    assert second.user_id
    assert (await patched(idp, f"/Groups/{made['id']}", gone)).status_code == 204
    assert sorted((await roles_of(admin)).values()) == ["ADMIN", "TEAM_MEMBER"]


async def test_who_may_and_what_is_refused(
    idp: httpx.AsyncClient, server: Server, viewer: Viewer, settings: Settings
) -> None:
    made = await done(await idp.post("/scim/v2/Users", json=okta_user()), 201)
    path = f"/Users/{made['id']}"
    for body, scim_type in (
        ({"schemas": [USER]}, None),
        ({"userName": " "}, "invalidValue"),
        ({"userName": 5}, "invalidValue"),
        ({"userName": "x" * 400}, "invalidValue"),
        ({"userName": "x\0y"}, "invalidValue"),
        ({"userName": "x", "active": "perhaps"}, "invalidValue"),
        ({"userName": "x", "emails": [{"value": "nobody"}]}, "invalidValue"),
        ([], "invalidValue"),
    ):
        response = await idp.post("/scim/v2/Users", json=body)
        answer = await done(response, 400)
        assert answer["scimType"] in (
            (scim_type,) if scim_type else ("invalidValue", "required_error", None)
        ), body
    await refused(await idp.post("/scim/v2/Users", content=b"{"), 400, "invalidSyntax")
    await refused(await idp.post("/scim/v2/Users", content=b"[" + b" " * 1_100_000 + b"]"), 413)
    await refused(await idp.post("/scim/v2/Users", content=b"x", headers={"content-type": "text/plain"}), 415)
    for text in (
        'userName co "a"',
        "nonsense",
        'userName eq "a" or id eq "b"',
        "(" * 900,
        "x" * 2_000,
        "userName eq 5",
        'userName eq "\\u0000"',
        'userName eq "\\ud800"',
    ):
        await refused(await idp.get("/scim/v2/Users", params={"filter": text}), 400, "invalidFilter")
    await refused(await idp.get("/scim/v2/Users?startIndex=one"), 400, "invalidValue")
    for operation, scim_type in (
        ({"op": "rename", "path": "active", "value": 1}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "active[", "value": "x"}, "invalidPath"),
    ):
        await refused(await patched(idp, path, operation), 400, scim_type)
    await refused(await patched(idp, path), 400, "invalidValue")
    many = [{"op": "replace", "path": "active", "value": True}] * 101
    await refused(await patched(idp, path, *many), 413)
    member = [{"value": "nobody"}]
    group = {"displayName": "g", "members": member}
    assert "members" in await refused(await idp.post("/scim/v2/Groups", json=group), 400, "invalidValue")
    for place in ("/Users/rubbish", "/Groups/rubbish", f"/Groups/{made['id']}", "/nothing", "/Schemas/x"):
        await refused(await idp.get(f"/scim/v2{place}"), 404)
    await refused(await idp.post("/scim/v2/Bulk", json={}), 501)
    await refused(await idp.delete("/scim/v2/Users"), 405)

    # another workspace sees nothing of it
    stranger = await new_viewer("Other")
    _, secret = await api_keys.create(stranger, ApiKeyDraft("other", ApiKeyScope.PROVISIONING))
    async with server.connect(secret) as other:
        assert (await done(await other.http.get("/scim/v2/Users")))["totalResults"] == 1
        for method in ("GET", "DELETE"):
            await refused(await other.http.request(method, f"/scim/v2{path}"), 404)
        await refused(await patched(other.http, path, {"op": "replace", "value": {"active": False}}), 404)
        body = {"displayName": "theirs", "members": [{"value": made["id"]}]}
        await refused(await other.http.post("/scim/v2/Groups", json=body), 400, "invalidValue")
    # other keys and users do not provision, also not administrators' tokens without the scope
    team = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    for scope, status in ((ApiKeyScope.WRITE, 403), (ApiKeyScope.READ, 403), (ApiKeyScope.ADMIN, 200)):
        _, secret = await api_keys.create(viewer, ApiKeyDraft(scope.value, scope))
        async with server.connect(secret) as program:
            assert (await program.http.get("/scim/v2/Users")).status_code == status
    async with server.sign_in(team) as leader, server.connect("rubbish") as nobody:
        await refused(await leader.http.get("/scim/v2/Users"), 403)
        response = await nobody.http.get("/scim/v2/Users")
        await refused(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"


async def test_a_provisioning_key_does_nothing_else(server: Server, viewer: Viewer) -> None:
    _, secret = await api_keys.create(viewer, ApiKeyDraft("okta", ApiKeyScope.PROVISIONING))
    anything = dict.fromkeys(set(WALK.tables.kinds.values()), ids.encode("Segment", 1))
    async with server.connect(secret) as program:
        assert (await program.run("{ viewer { scope role } }"))["viewer"]["scope"] == "PROVISIONING"
        for name in MAY:
            operation = WALK.trial("Mutation", name, anything)
            given = operation.variables.get("input")
            if isinstance(given, dict) and "file" in given:
                continue
            answer = await program.raw(operation.text, **operation.variables)
            errors = answer["data"][name]["errors"]
            assert [error["code"] for error in errors] in (["FORBIDDEN"], ["NOT_FOUND"]), name
        for query in (
            "{ users { totalCount } }",
            "{ members(kind: PERSON) { totalCount } }",
            "{ auditLog { totalCount } }",
        ):
            [error] = (await program.raw(query))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"


async def test_lists_versions_and_what_is_said_of_the_service(idp: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await done(await idp.post("/scim/v2/Users", json=okta_user(name)), 201)
    page = await done(await idp.get("/scim/v2/Users?startIndex=2&count=2"))
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, 2, 2)
    assert [one["userName"] for one in page["Resources"]] == ["a@example.com", "b@example.com"]
    assert (await done(await idp.get("/scim/v2/Users?count=0")))["Resources"] == []
    assert (await done(await idp.get("/scim/v2/Users?startIndex=-5&count=1")))["startIndex"] == 1
    short = await done(await idp.get("/scim/v2/Users?attributes=userName&startIndex=2&count=1"))
    assert short["Resources"][0].keys() == {"schemas", "id", "userName"}
    response = await idp.get(f"/scim/v2/Users/{page['Resources'][0]['id']}")
    user, version = await done(response), response.headers["etag"]
    assert user["meta"]["version"] == version
    path = f"/scim/v2/Users/{user['id']}"
    assert (await idp.get(path, headers={"if-none-match": version})).status_code == 304
    changed = await idp.put(path, json=okta_user("a", displayName="New"), headers={"if-match": version})
    assert (await done(changed))["displayName"] == "New"
    assert changed.headers["etag"] != version
    await refused(await idp.put(path, json=okta_user("a"), headers={"if-match": version}), 412)
    config = await done(await idp.get("/scim/v2/ServiceProviderConfig"))
    assert (config["patch"], config["bulk"]["supported"], config["etag"]) == (
        {"supported": True},
        False,
        {"supported": True},
    )
    types = (await done(await idp.get("/scim/v2/ResourceTypes")))["Resources"]
    assert [(one["id"], one["endpoint"]) for one in types] == [("User", "/Users"), ("Group", "/Groups")]
    schema = await done(await idp.get(f"/scim/v2/Schemas/{USER}"))
    assert {one["name"] for one in schema["attributes"]} >= {"userName", "name", "active", "emails", "groups"}
    assert all(one["description"] for one in schema["attributes"])


def test_edits_of_members_are_sets_of_numbers() -> None:
    def one(number: int) -> dict[str, Any]:
        return {"value": ids.encode("User", number), "display": "x"}

    first = f'members[value eq "{one(1)["value"]}"]'
    for operations, wanted in (
        ([{"op": "add", "path": "members", "value": [one(3), one(3)]}], [1, 2, 3]),
        ([{"op": "Add", "path": "Members", "value": one(3)}], [1, 2, 3]),
        ([{"op": "add", "value": {"members": [one(3)]}}], [1, 2, 3]),
        ([{"op": "remove", "path": first}], [2]),
        ([{"op": "Remove", "path": f"{GROUP}:{first}"}], [2]),
        ([{"op": "remove", "path": "members", "value": [one(2), one(9)]}], [1]),
        ([{"op": "remove", "path": "members"}], []),
        ([{"op": "replace", "path": "members", "value": [one(7)]}], [7]),
        ([{"op": "replace", "value": {"members": []}}], []),
        ([{"op": "remove", "path": first}, {"op": "add", "path": "members", "value": [one(1)]}], [2, 1]),
        ([{"op": "add", "path": "members", "value": [{"value": "rubbish"}]}], [1, 2, 0]),
    ):
        others, edits = memberships.split(operations)
        assert (others, memberships.edited([1, 2], edits)) == ([], wanted), operations
    renamed = {"op": "replace", "value": {"id": "x", "displayName": "H"}}
    assert memberships.split([renamed, {"op": "replace", "path": "displayName", "value": "H"}])[1] == []
    both = {"op": "replace", "value": {"displayName": "H", "members": [one(1)]}}
    assert memberships.split([both]) == (
        [{"op": "replace", "value": {"displayName": "H"}}],
        [("replace", [1])],
    )
    for wrong in (
        {"op": "remove", "path": 'members[display eq "x"]'},
        {"op": "add", "path": first, "value": "x"},
        {"op": "add", "path": "members", "value": [{"display": "x"}]},
        {"op": "add", "path": "members", "value": 5},
        {"op": "rename", "path": "members", "value": []},
    ):
        with pytest.raises(SCIMException):
            memberships.split([wrong])


async def test_errors_say_nothing_of_libraries(idp: httpx.AsyncClient) -> None:
    made = await done(await idp.post("/scim/v2/Users", json=okta_user()), 201)
    path = f"/Users/{made['id']}"
    wrong = {"op": "replace", "path": "displayName", "value": {"a": 1}}

    answers = [
        await patched(idp, path, wrong),
        await idp.get("/scim/v2/Users?attributes=userName&excludedAttributes=emails"),
    ]

    for answer in answers:
        assert answer.status_code == 400
        detail = answer.json()["detail"]
        assert detail, answer.text
        assert not any(word in detail for word in ("pydantic", "http", "display_name", "\n", "input_value"))


async def test_requests_spend_points_of_their_key(
    idp: httpx.AsyncClient, context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await idp.get("/scim/v2/Users")).status_code == 200
    costly = int(10 * context.settings.points_per_second * context.settings.points_saved_seconds)
    monkeypatch.setattr(endpoint, "POINTS", costly)
    monkeypatch.setattr(throttle, "HELD_BACK_SECONDS", 0.0)
    statuses = [(await idp.get("/scim/v2/Users")) for _ in range(3)]

    refused = statuses[-1]
    assert refused.status_code == 429
    assert refused.json()["schemas"] == [ERROR]
    assert int(refused.headers["retry-after"]) >= 1
