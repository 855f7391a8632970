"""API keys: what each scope reaches, where from and until when, and that nothing gets past it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import asyncpg
import httpx
import pytest
from gql.transport.exceptions import TransportQueryError
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.settings import Settings
from seggraph.vocabulary import Role
from tests.api.schema_walk import SCHEMA, Walk
from tests.api.test_permission_walk import MAY, TABLES
from tests.api.world import called, sent
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, serving, working

WHO = "{ viewer { scope apiKeyId } }"
INGEST = {"upsertMembers", "recordEvents", "relateMembers", "suppressAddresses", "recordCampaignMetrics"}
MAKE = """
    mutation ($i: CreateApiKeyInput!) {
      createApiKey(input: $i) { secret apiKey { id hint networks oldWorksUntil } errors { code path } }
    }
"""
CHANGE = """
    mutation ($i: UpdateApiKeyInput!) {
      updateApiKey(input: $i) { apiKey { name networks expiresAt } errors { code path } }
    }
"""
ROTATE = """
    mutation ($i: RotateApiKeyInput!) {
      rotateApiKey(input: $i) { secret apiKey { hint rotatedAt oldWorksUntil } errors { code path } }
    }
"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }"


@pytest.fixture
async def admin(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


async def made(admin: Product, name: str, scope: str, **more: Any) -> tuple[str, str]:
    """The id and the secret of a new key."""
    payload = await called(admin, "createApiKey", "secret apiKey { id }", name=name, scope=scope, **more)
    return payload["apiKey"]["id"], payload["secret"]


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


async def status(server: Server, secret: str, **headers: str) -> int:
    async with server.connect(secret) as program:
        response = await program.http.post("/graphql", json={"query": WHO}, headers=headers)
        return response.status_code


# Rotation, expiry, revocation


async def test_after_a_rotation_the_old_secret_works_as_long_as_was_said(
    admin: Product, server: Server, connection: asyncpg.Connection
) -> None:
    key, first = await made(admin, "partner", "READ")
    rotated = (await admin.run(ROTATE, i={"id": key, "oldWorksFor": "PT1H"}))["rotateApiKey"]
    second = rotated["secret"]
    assert rotated["errors"] == []
    assert second != first
    assert rotated["apiKey"]["hint"] == second[:15]
    assert [await status(server, secret) for secret in (first, second)] == [200, 200]
    async with server.connect(first) as old, server.connect(second) as new:
        assert (await old.run(WHO)) == (await new.run(WHO))

    # the time passes
    await connection.execute("UPDATE api_keys SET previous_until = now()")
    assert [await until_refused(server, first), await status(server, second)] == [401, 200]

    # at once, for a secret that got out
    third = (await admin.run(ROTATE, i={"id": key, "oldWorksFor": "PT0S"}))["rotateApiKey"]["secret"]
    assert [await until_refused(server, second), await status(server, third)] == [401, 200]
    too_long = (await admin.run(ROTATE, i={"id": key, "oldWorksFor": "P31D"}))["rotateApiKey"]
    assert (too_long["secret"], [error["path"] for error in too_long["errors"]]) == (None, [["oldWorksFor"]])

    # a rotated key is revoked with all its secrets, and stays so
    fourth = (await admin.run(ROTATE, i={"id": key}))["rotateApiKey"]["secret"]
    await admin.run(REVOKE, id=key)
    assert [await until_refused(server, one) for one in (third, fourth)] == [401, 401]
    again = (await admin.run(ROTATE, i={"id": key}))["rotateApiKey"]
    assert (again["secret"], [error["code"] for error in again["errors"]]) == (None, ["BAD_TRANSITION"])
    entries = await admin.run(
        "{ auditLog(actions: [CREATED, ROTATED, REVOKED]) { nodes { action before after } } }"
    )
    actions = [entry["action"] for entry in entries["auditLog"]["nodes"]]
    assert actions[:6] == ["REVOKED", "ROTATED", "ROTATED", "ROTATED", "CREATED", "CREATED"]
    assert not any(secret in json.dumps(entries) for secret in (first, second, third, fourth))


async def until_refused(server: Server, secret: str) -> int:
    """The status once a process that has just accepted a secret looks again."""
    found = 200
    async with server.connect(secret) as program:
        for _ in range(int(PATIENCE_SECONDS * 10)):
            found = (await program.http.post("/graphql", json={"query": WHO})).status_code
            if found != 200:
                break
    return found


async def test_a_key_is_changed_by_administrators_of_its_workspace_only(
    admin: Product, server: Server, viewer: Viewer
) -> None:
    key, secret = await made(admin, "partner", "READ", networks=["127.0.0.1"])
    await made(admin, "taken", "READ")
    given: dict[str, Any] = {
        "id": key,
        "name": "Renamed",
        "networks": None,
        "expiresAt": "2999-01-01T00:00:00Z",
    }
    changed = (await admin.run(CHANGE, i=given))["updateApiKey"]
    assert changed["apiKey"] == {"name": "Renamed", "networks": None, "expiresAt": "2999-01-01T00:00:00Z"}
    untouched = (await admin.run(CHANGE, i={"id": key}))["updateApiKey"]["apiKey"]
    assert untouched == changed["apiKey"]
    for wrong, wanted in (
        ({"name": "taken"}, ("NAME_TAKEN", ["name"])),
        ({"name": " "}, ("REQUIRED", ["name"])),
        ({"networks": []}, ("REQUIRED", ["networks"])),
        ({"networks": ["10.0.0.0/8", "10.0.0.1/8"]}, ("INVALID", ["networks", "1"])),
        ({"networks": ["::1"] * 51}, ("TOO_LARGE", ["networks"])),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ("INVALID", ["expiresAt"])),
    ):
        [error] = (await admin.run(CHANGE, i={"id": key} | wrong))["updateApiKey"]["errors"]
        assert (error["code"], error["path"]) == wanted

    stranger = await new_viewer("Other")
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    async with (
        server.sign_in(stranger) as other,
        server.sign_in(leader) as one,
        server.connect(secret) as own,
    ):
        for client, code in ((other, "NOT_FOUND"), (one, "FORBIDDEN"), (own, "FORBIDDEN")):
            for text, field in ((CHANGE, "updateApiKey"), (ROTATE, "rotateApiKey")):
                payload = (await client.run(text, i={"id": key}))[field]
                assert (payload["apiKey"], [error["code"] for error in payload["errors"]]) == (None, [code])


async def test_the_last_use_is_written_once_a_minute(
    admin: Product, server: Server, connection: asyncpg.Connection
) -> None:
    _, secret = await made(admin, "partner", "READ")
    written = []
    async with server.connect(secret) as program:
        for _ in range(20):
            await program.run(WHO)
            written.append(
                await connection.fetchval("SELECT xmin::text FROM api_keys WHERE name = 'partner'")
            )
    assert len(set(written)) == 1
    assert await connection.fetchval("SELECT last_used_at IS NOT NULL FROM api_keys WHERE name = 'partner'")


# Addresses


async def test_a_key_works_from_its_networks_only(
    context: Context, admin: Product, server: Server, settings: Settings
) -> None:
    _, here = await made(admin, "here", "READ", networks=["127.0.0.0/8"])
    _, there = await made(admin, "there", "READ", networks=["203.0.113.0/24", "2001:db8::/32"])
    assert [await status(server, here), await status(server, there)] == [200, 403]

    # nobody's word is taken for where they are, unless a proxy that is trusted says so
    forged = {"X-Forwarded-For": "203.0.113.7"}
    assert await status(server, there, **forged) == 403
    trusting = settings.model_copy(
        update={"trusted_proxies": tuple(map(ip_network, ("127.0.0.1/32", "198.51.100.0/24")))}
    )
    async with serving(replace(context, settings=trusting)) as proxied:
        for forwarded, wanted in (
            ("203.0.113.7", 200),
            ("2001:db8::5", 200),
            ("203.0.113.7, 198.51.100.4", 200),  # two proxies, both ours
            ("203.0.113.7, 192.0.2.1", 403),  # the client wrote the first, our proxy the second
            ("192.0.2.1", 403),
            ("rubbish", 403),
            ("203.0.113.7, rubbish", 403),
        ):
            assert await status(proxied, there, **{"X-Forwarded-For": forwarded}) == wanted, forwarded
        assert await status(proxied, there) == 403
        assert await status(proxied, here, **forged) == 403
        # nor over a WebSocket
        url = proxied.url.replace("http", "ws", 1)
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {there}"}}
            await socket.send(json.dumps(init))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await socket.wait_closed()
            assert socket.close_code == 4403


# INGEST


async def test_an_ingest_key_sends_data_and_reads_nothing(
    context: Context, admin: Product, server: Server
) -> None:
    _, secret = await made(admin, "shop", "INGEST")
    walk = Walk(SCHEMA, TABLES)
    anything = dict.fromkeys(set(TABLES.kinds.values()), "U2VnbWVudDox")
    async with server.connect(secret) as shop:
        # it sends
        member = {"externalId": "a", "name": "Ada"}
        sent_ = await called(shop, "upsertMembers", "created", kind="PERSON", members=[member])
        event = {"kind": "PERSON", "memberExternalId": "a", "name": "x", "occurredAt": "2026-01-01T00:00:00Z"}
        recorded = await called(shop, "recordEvents", "accepted", events=[event])
        await called(shop, "suppressAddresses", "changed", channel="EMAIL", addresses=["a@example.com"])
        assert (sent_["created"], recorded["accepted"]) == (1, 1)
        assert (await shop.run(WHO))["viewer"]["scope"] == "INGEST"
        # and reads nothing, however it is asked
        for name in walk.fields_of("Query"):
            operation = walk.trial("Query", name, anything)
            answer = await shop.raw(operation.text, **operation.variables)
            if name != "viewer":
                assert (codes(answer), answer.get("data")) == (["FORBIDDEN"], None), (name, answer)
        hidden_in = (
            "query { viewer { scope } ...more } fragment more on Query { apiKeys { name } }",
            "{ viewer { scope } ... on Query { segments { totalCount } } }",
            "{ __typename a: members(kind: PERSON) { nodes { name } } }",
        )
        for text in (*hidden_in, *hidden_in):  # the second time the document is known
            answer = await shop.raw(text)
            assert (codes(answer), answer.get("data")) == (["FORBIDDEN"], None), text
        for name in walk.fields_of("Subscription"):
            operation = walk.trial("Subscription", name, anything)
            with pytest.raises(TransportQueryError, match="scope"):
                async with shop.subscribe(operation.text, **operation.variables) as events:
                    await events.next()
        # nor does it change anything else
        for name in set(walk.fields_of("Mutation")) - INGEST:
            operation = walk.trial("Mutation", name, anything)
            given = operation.variables.get("input")
            if isinstance(given, dict) and "file" in given:
                place = "variables.input.file"
                response = await sent(shop, operation.text, operation.variables, place, b"a\n", name="f.csv")
                answer = response.json()
            else:
                answer = await shop.raw(operation.text, **operation.variables)
            [code] = [error["code"] for error in answer["data"][name]["errors"]]
            assert code in ("FORBIDDEN", "NOT_FOUND"), (name, answer)


def test_what_an_ingest_key_may_call_answers_with_no_objects() -> None:
    assert MAY.keys() >= INGEST
    for name in INGEST:
        payload = SCHEMA.mutation_type.fields[name].type.of_type  # type: ignore[union-attr]
        pending, seen = [payload], set()
        while pending:
            type_ = pending.pop()
            seen.add(type_.name)
            for field in getattr(type_, "fields", {}).values():
                inner = field.type
                while hasattr(inner, "of_type"):
                    inner = inner.of_type
                if inner.name not in seen:
                    pending.append(inner)
        assert seen <= {
            payload.name, "RowError", "RowWarning", "UserError", "ErrorCode", "Int", "String", "Boolean", "Warning",
        }, (name, seen)  # fmt: skip


# READ_WITHOUT_PERSONAL_DATA

EVERYTHING = """
    externalId name firstName lastName salutation domain email phone country postalCode attributes
    address shippingAddress billingAddress
    events { nodes { name value properties } }
"""
LIST = f"query ($o: MemberOrder) {{ members(kind: PERSON, orderBy: $o) {{ nodes {{ {EVERYTHING} }} }} }}"
IN_SEGMENT = """query ($id: ID!) {
    segment(id: $id) { members { edges { node { externalId name email } } } } }"""
PLAIN_LIST = "{ members(kind: PERSON) { nodes { externalId name email phone country attributes } } }"


@pytest.fixture
async def ada(admin: Product) -> None:
    """A person with all data, of which nickname is marked as personal."""
    await called(
        admin,
        "declareAttribute",
        "attribute { isPersonal }",
        kind="PERSON",
        name="nickname",
        type="STRING",
        isPersonal=True,
    )
    person = {
        "externalId": "p1",
        "name": "Ada Secret",
        "firstName": "Ada",
        "lastName": "Secret",
        "salutation": "Secret",
        "postalCode": "Secret",
        "email": "ada@secret.example",
        "phone": "+49 30 5550199",
        "country": "DE",
        "domain": "example.com",
        "address": "1 Secret street",
        "shippingAddress": {"city": "Secretville"},
        "billingAddress": {"city": "Secretville"},
        "attributes": {"plan": "pro", "nickname": "Secrety"},
    }
    await called(admin, "upsertMembers", "created", kind="PERSON", members=[person])
    account = {"externalId": "a1", "attributes": {"nickname": "of an account"}}
    await called(admin, "upsertMembers", "created", kind="ACCOUNT", members=[account])
    event = {
        "kind": "PERSON",
        "memberExternalId": "p1",
        "name": "signup",
        "occurredAt": "2026-01-01T00:00:00Z",
        "value": "3",
        "properties": {"friend": "secret@example.com"},
    }
    await called(admin, "recordEvents", "accepted", events=[event])


async def test_personal_data_is_left_out_of_every_form_of_a_list(
    admin: Product, server: Server, ada: None
) -> None:
    _, secret = await made(admin, "bi", "READ_WITHOUT_PERSONAL_DATA")
    _, reader = await made(admin, "reader", "READ")
    draft = {"name": "Germans", "kind": "PERSON", "type": "STATIC"}
    germans = (await called(admin, "createSegment", "segment { id }", **draft))["segment"]["id"]
    await called(admin, "addSegmentMembers", "changed", segmentIds=[germans], externalIds=["p1"])
    async with server.connect(secret) as bi, server.connect(reader) as all_:
        for _ in range(3):  # as graphql-core executes it, compiled, and as JSON that PostgreSQL makes
            [person] = (await bi.run(LIST))["members"]["nodes"]
            assert person == {
                "externalId": "p1",
                "name": None,
                "firstName": None,
                "lastName": None,
                "salutation": None,
                "domain": "example.com",
                "email": None,
                "phone": None,
                "country": "DE",
                "postalCode": None,
                "attributes": {"plan": "pro"},
                "address": None,
                "shippingAddress": None,
                "billingAddress": None,
                "events": {"nodes": [{"name": "signup", "value": "3", "properties": {}}]},
            }
            [plain] = (await bi.run(PLAIN_LIST))["members"]["nodes"]
            assert plain == {
                "externalId": "p1",
                "name": None,
                "email": None,
                "phone": None,
                "country": "DE",
                "attributes": {"plan": "pro"},
            }
            members = (await bi.run(IN_SEGMENT, id=germans))["segment"]["members"]["edges"]
            assert [edge["node"] for edge in members] == [{"externalId": "p1", "name": None, "email": None}]
            # a key that may read it asks the same documents in between
            [whole] = (await all_.run(PLAIN_LIST))["members"]["nodes"]
            assert (whole["name"], whole["attributes"]["nickname"]) == ("Ada Secret", "Secrety")
        # what is marked for one kind stays readable for another
        [account] = (await bi.run(PLAIN_LIST.replace("PERSON", "ACCOUNT")))["members"]["nodes"]
        assert account["attributes"] == {"nickname": "of an account"}
        for field in ("country", "externalId"):
            assert len((await bi.run(LIST, o={"field": field}))["members"]["nodes"]) == 1


NAMED = {"attribute": {"field": "name", "op": "CONTAINS", "value": "Secret"}}
NICK = {"attribute": {"field": "nickname", "op": "EQ", "value": "Secrety"}}
INVITED = {
    "event": {"name": "signup", "where": [{"field": "friend", "op": "EQ", "value": "secret@example.com"}]}
}
COUNTRY = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}


async def test_nobody_finds_personal_data_out_by_asking_for_it(
    admin: Product, server: Server, ada: None
) -> None:
    _, secret = await made(admin, "bi", "READ_WITHOUT_PERSONAL_DATA")
    segment = await called(
        admin, "createSegment", "segment { id }",
        name="Named", kind="PERSON", type="DYNAMIC", criteria={"any": [NAMED, COUNTRY]},
    )  # fmt: skip
    harmless = await called(
        admin, "createSegment", "segment { id }",
        name="Germans", kind="PERSON", type="DYNAMIC", criteria=COUNTRY,
    )  # fmt: skip
    playbook = await called(
        admin, "createPlaybook", "playbook { id }",
        name="P", kind="PERSON", criteria=NICK, addToSegmentIds=[segment["segment"]["id"]],
    )  # fmt: skip
    find = "query ($w: CriteriaInput) { members(kind: PERSON, where: $w) { totalCount } }"
    within = """query ($w: CriteriaInput, $s: String, $id: ID!) {
        segment(id: $id) { members(where: $w, search: $s) { totalCount } } }"""
    preview = """query ($c: CriteriaInput, $t: String) {
        previewSegment(input: {kind: PERSON, criteria: $c, criteriaText: $t}) { memberCount errors { code } } }"""
    async with server.connect(secret) as bi:
        for criteria in (NAMED, NICK, INVITED, {"not": {"any": [COUNTRY, NAMED]}}):
            assert codes(await bi.raw(find, w=criteria)) == ["FORBIDDEN"]
            inner = await bi.raw(within, w=criteria, id=harmless["segment"]["id"])
            assert codes(inner) == ["FORBIDDEN"]
            previewed = (await bi.raw(preview, c=criteria))["data"]["previewSegment"]
            assert [error["code"] for error in previewed["errors"]] == ["FORBIDDEN"]
        related = {"related": {"relation": "company", "where": NICK}}
        assert codes(await bi.raw(find.replace("PERSON", "DEAL"), w=related)) != []
        by_text = (await bi.raw(preview, t="name CONTAINS 'Secret'"))["data"]["previewSegment"]
        assert [error["code"] for error in by_text["errors"]] == ["FORBIDDEN"]
        assert (await bi.run(find, w=COUNTRY))["members"]["totalCount"] == 1

        for field in ("name", "email", "phone"):
            assert codes(await bi.raw(LIST, o={"field": field})) == ["FORBIDDEN"]
        search = 'query { members(kind: PERSON, search: "secret") { totalCount nodes { externalId } } }'
        assert codes(await bi.raw(search)) != []
        assert "p1" not in json.dumps(await bi.raw(search))
        assert codes(await bi.raw(within, s="secret", id=harmless["segment"]["id"])) == ["FORBIDDEN"]

        suggest = "query ($f: String!) { valueSuggestions(kind: PERSON, field: $f) { value } }"
        assert codes(await bi.raw(suggest, f="nickname")) == ["FORBIDDEN"]
        assert (await bi.run(suggest, f="plan"))["valueSuggestions"] == [{"value": "pro"}]
        complete = '{ criteriaCompletions(kind: PERSON, text: "nickname = \'", cursor: 12) { text } }'
        assert "Secrety" in json.dumps(await admin.run(complete))
        assert "Secrety" not in json.dumps(await bi.run(complete))
        fields = "{ criteriaFields(kind: PERSON) { name isPersonal example } }"
        assert "Secret" in json.dumps(await admin.run(fields))
        listed = (await bi.run(fields))["criteriaFields"]
        assert "ecret" not in json.dumps(listed)
        parts = ("lines", "postalCode", "city", "state", "country")
        assert {one["name"] for one in listed if one["isPersonal"]} == {
            "name", "firstName", "lastName", "salutation", "email", "phone", "postalCode", "address", "nickname",
            *(f"{address}.{part}" for address in ("shippingAddress", "billingAddress") for part in parts),
        }  # fmt: skip
        assert codes(await bi.raw('{ suppressions(search: "secret") { totalCount } }')) != []

        stored = """query ($id: ID!) { segment(id: $id) { criteria criteriaText criteriaSentence } }"""
        own = (await bi.run(stored, id=segment["segment"]["id"]))["segment"]
        assert own == {"criteria": None, "criteriaText": None, "criteriaSentence": None}
        assert None not in (await bi.run(stored, id=harmless["segment"]["id"]))["segment"].values()
        of_playbook = """query ($id: ID!) { playbook(id: $id) { criteria criteriaText criteriaSentence } }"""
        held = (await bi.run(of_playbook, id=playbook["playbook"]["id"]))["playbook"]
        assert held == {"criteria": {}, "criteriaText": None, "criteriaSentence": None}
        member = (await admin.run('{ memberByExternalId(kind: PERSON, externalId: "p1") { id } }'))[
            "memberByExternalId"
        ]["id"]
        explain = """query ($id: ID!, $m: ID!) {
            segment(id: $id) { explain(memberId: $m) { isMember criteria { sentence actual } } } }"""
        for one, is_shown in ((segment, False), (harmless, True)):
            explained = (await bi.run(explain, id=one["segment"]["id"], m=member))["segment"]["explain"]
            assert (explained["criteria"] is not None) is is_shown


async def test_events_of_subscriptions_have_no_personal_data(
    context: Context, admin: Product, server: Server, ada: None
) -> None:
    _, secret = await made(admin, "bi", "READ_WITHOUT_PERSONAL_DATA")
    watch = """subscription { segmentEvents { __typename
        ... on MembershipChanged { enteredSample { externalId name email } } } }"""
    draft = {"kind": "PERSON", "type": "STATIC"}
    await called(admin, "createSegment", "segment { id }", name="First", **draft)
    async with working(context), server.connect(secret) as bi:
        async with bi.subscribe(watch) as mine, admin.subscribe(watch) as all_:
            await mine.next(), await all_.next()  # both are there: they have a snapshot of the first segment
            await called(
                admin, "createSegment", "segment { id }",
                name="Germans", kind="PERSON", type="DYNAMIC", criteria=COUNTRY,
            )  # fmt: skip
            seen = await mine.until("MembershipChanged")
            whole = await all_.until("MembershipChanged")
    assert seen["enteredSample"] == [{"externalId": "p1", "name": None, "email": None}]
    assert whole["enteredSample"] == [
        {"externalId": "p1", "name": "Ada Secret", "email": "ada@secret.example"}
    ]


# Who did it


async def test_what_a_key_makes_names_the_key(admin: Product, server: Server) -> None:
    key, secret = await made(admin, "Shop sync", "WRITE")
    names = "createdBy { id } createdByKey { id name }"
    whole = f"{names} lastModifiedBy {{ id }} lastModifiedByKey {{ name }}"
    by_key = {"createdBy": None, "createdByKey": {"id": key, "name": "Shop sync"}}
    draft = {"name": "S", "kind": "PERSON", "type": "STATIC"}
    async with server.connect(secret) as shop:
        segment = (await called(shop, "createSegment", f"segment {{ id {whole} }}", **draft))["segment"]
        clone = await called(shop, "cloneSegment", f"segment {{ {names} }}", id=segment["id"], name="Clone")
        playbook = await called(
            shop, "createPlaybook", f"playbook {{ {names} }}",
            name="P", kind="PERSON", criteria=COUNTRY, addToSegmentIds=[segment["id"]],
        )  # fmt: skip
        campaign = await called(
            shop, "createCampaign", f"campaign {{ {names} }}", name="C", segmentIds=[segment["id"]]
        )
    assert {name: segment[name] for name in by_key} == by_key
    assert segment["lastModifiedByKey"] == {"name": "Shop sync"}
    assert (clone["segment"], playbook["playbook"], campaign["campaign"]) == (by_key, by_key, by_key)

    # a person edits it: the last action is theirs, and it was made by the key
    edited = await called(admin, "updateSegment", f"segment {{ {whole} }}", id=segment["id"], description="x")
    assert edited["segment"]["createdByKey"]["name"] == "Shop sync"
    assert edited["segment"]["lastModifiedBy"] is not None
    assert edited["segment"]["lastModifiedByKey"] is None
    listed = await admin.run(f'{{ segments(search: "Clone") {{ nodes {{ {whole} }} }} }}')
    [node] = listed["segments"]["nodes"]
    assert node["createdByKey"] == {"id": key, "name": "Shop sync"}


# Links


READY = "query ($id: ID!) { export(id: $id) { status url } }"


async def ready_url(product: Product, export_id: str) -> str:
    """The URL of an export once its file is there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            export = (await product.run(READY, id=export_id))["export"]
            if export["status"] == "READY":
                return str(export["url"])
            await asyncio.sleep(0.05)


async def test_a_signed_link_is_decided_by_the_present_rights_of_who_made_it(
    context: Context,
    admin: Product,
    server: Server,
    viewer: Viewer,
    connection: asyncpg.Connection,
    ada: None,
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    key, secret = await made(admin, "tool", "READ")
    _, impersonal = await made(admin, "bi", "READ_WITHOUT_PERSONAL_DATA")
    draft = {"name": "Germans", "kind": "PERSON", "type": "DYNAMIC", "criteria": COUNTRY}
    async with working(context):
        segment = (await called(admin, "createSegment", "segment { id }", **draft))["segment"]["id"]
        export = (await called(admin, "createExport", "export { id }", segmentId=segment))["export"]["id"]
        admins = await ready_url(admin, export)
        async with server.sign_in(member) as user:
            own = (await called(user, "createExport", "export { id }", segmentId=segment))["export"]["id"]
            await ready_url(user, own)
    async with (
        server.sign_in(member) as user,
        server.connect(secret) as tool,
        server.connect(impersonal) as bi,
        httpx.AsyncClient(timeout=PATIENCE_SECONDS) as anyone,
    ):
        users, keys = await ready_url(user, own), await ready_url(tool, export)
        # no link for who may not read what is in the file
        assert (await bi.run(READY, id=export))["export"] == {"status": "READY", "url": None}

        async def got(url: str) -> int:
            return (await anyone.get(url)).status_code

        assert [await got(url) for url in (admins, users, keys)] == [200, 200, 200]
        # nobody can make it another one's
        for swapped in (
            users.replace(f"by=user-{member.user_id}", f"by=user-{viewer.user_id}"),
            users.replace(f"by=user-{member.user_id}", ""),
            users.replace(f"by=user-{member.user_id}", "by=" + "9" * 40),
        ):
            assert await got(swapped) == 404

        # hidden from the user since, the key revoked, the user gone
        hide = {"id": segment, "hiddenFromIds": [ids.encode("User", member.user_id or 0)]}
        await called(admin, "updateSegment", "segment { id }", **hide)
        assert [await got(url) for url in (admins, users, keys)] == [200, 404, 200]
        await called(admin, "updateSegment", "segment { id }", id=segment, hiddenFromIds=[])
        await admin.run(CHANGE, i={"id": key, "networks": ["203.0.113.0/24"]})
        assert [await got(url) for url in (admins, users, keys)] == [200, 200, 404]
        await admin.run(CHANGE, i={"id": key, "networks": None})
        assert await got(keys) == 200
        await connection.execute(
            "UPDATE api_keys SET scope = 'READ_WITHOUT_PERSONAL_DATA' WHERE name = 'tool'"
        )
        assert await got(keys) == 404
        await connection.execute("UPDATE api_keys SET scope = 'READ' WHERE name = 'tool'")
        await admin.run(REVOKE, id=key)
        await connection.execute("DELETE FROM workspace_users WHERE user_id = $1", member.user_id)
        assert [await got(url) for url in (admins, users, keys)] == [200, 404, 404]
