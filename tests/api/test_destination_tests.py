"""Destinations tried out through the API: what is said of each fault, what is not said, and that nothing is changed."""

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from seggraph import webhook_signatures
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.settings import Settings
from seggraph.vocabulary import Role
from tests.api.test_destinations import made, receiver
from tests.conftest import new_viewer
from tests.destinations.answering import answering, http, saying
from tests.destinations.email_service import Fault, email_server
from tests.product import Product, Server

TEST = """
mutation ($id: ID!) { testDestination(input: {id: $id}) {
  destination { name } test { ok statusCode durationSeconds reason at } errors { code path } } }
"""
AUDIT = (
    """{ auditLog(first: 20, actions: [TESTED]) { nodes { subject subjectId subjectName before after } } }"""
)

SECRET = 'tk_0123456789/"abcdef'


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Leave to call this machine, a folder for files, and little patience."""
    (tmp_path / "drop").mkdir()
    return settings.model_copy(
        update={
            "outgoing_networks": (ip_network("127.0.0.0/8"),),
            "outgoing_seconds": 1.5,
            "file_drop_dir": tmp_path / "drop",
        }
    )


async def tried(product: Product, destination: dict[str, Any]) -> dict[str, Any]:
    """How the test of a destination went."""
    answer = (await product.run(TEST, id=destination["id"]))["testDestination"]
    assert answer["errors"] == []
    assert answer["destination"]["name"] == destination["name"]
    found: dict[str, Any] = answer["test"]
    assert found["ok"] is (found["reason"] is None)
    assert 0 <= found["durationSeconds"] < 5
    return found


async def test_an_email_service_is_tried_out_by_a_read_whatever_it_answers(
    server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    expected = [
        (Fault.ERROR_BEFORE, 500, "answered 500: oops. Try again"),
        (Fault.TOO_MANY, 429, "answered 429. Try again"),
        (Fault.REDIRECT, 302, "redirect; enter the address that it leads to."),
        (Fault.HANG_BEFORE, None, "no answer within 1.5 seconds. Try again"),
        (Fault.GARBAGE_BEFORE, 200, "not a JSON object"),
        (Fault.NOISE, None, "what came is not HTTP"),
        (Fault.DROP_BEFORE, None, "cut off"),
    ]
    async with email_server(token=SECRET) as service, server.sign_in(viewer) as product:
        destination = await made(product, url=service.url + "/v1/hush-hush", authSecret=SECRET)
        wrong = await tried(product, destination)
        assert (wrong["statusCode"], "404" in wrong["reason"]) == (404, True)
        update = "mutation ($i: UpdateDestinationInput!) { updateDestination(input: $i) { errors { code } } }"
        await product.run(update, i={"id": destination["id"], "url": service.url, "authSecret": SECRET})

        assert (await tried(product, destination))["statusCode"] == 200
        for fault, status, reason in expected:
            service.chosen = [fault]
            found = await tried(product, destination)
            assert (found["ok"], found["statusCode"]) == (False, status), fault
            assert reason in found["reason"], fault
        service.token = "another"
        found = await tried(product, destination)

    assert found["statusCode"] == 401
    assert found["reason"].startswith("The destination does not take our credentials (it answered 401: ")
    assert "Bearer …" in found["reason"], "it repeated our secret, and we do not"
    assert "tk_0123" not in found["reason"]
    assert {(method, path) for method, path, _, _ in service.requests[1:]} == {("GET", "/lists")}
    assert service.contacts == {}
    assert await connection.fetchval("SELECT count(*) FROM deliveries") == 0


async def test_a_push_is_tried_out_by_a_signed_message_that_is_marked(product: Product) -> None:
    async with receiver() as (url, taken):
        destination = await made(
            product, name="Hook", type="HTTP", url=url, headerName="X-Api-Key", authSecret="key"
        )
        first, second = [await tried(product, destination) for _ in range(2)]

    assert (first["ok"], first["statusCode"], second["ok"]) == (True, 204, True)
    assert [json.loads(body) for _, body in taken] == [
        {"list": "test", "operation": "TEST", "sequence": 0}
    ] * 2
    for headers, body in taken:
        assert webhook_signatures.is_signed(destination["signingSecret"], headers, body)
        assert headers["x-api-key"] == "key"
    assert taken[0][0]["webhook-id"] != taken[1][0]["webhook-id"]


async def test_what_an_answer_repeats_of_the_url_is_not_repeated(product: Product) -> None:
    said = b'{"message": "Route POST:/hooks/T0KEN-0123 not found", "query": "key=sesame-1"}'
    async with answering(saying(http("404 Not Found", said))) as port:
        url = f"http://127.0.0.1:{port}/hooks/T0KEN-0123?key=sesame-1"
        destination = await made(product, name="Hook", type="HTTP", url=url)
        found = await tried(product, destination)

    assert (found["ok"], found["statusCode"]) == (False, 404)
    assert "Route POST:… not found" in found["reason"]
    assert "T0KEN" not in found["reason"]
    assert "sesame" not in found["reason"]


async def test_a_folder_is_tried_out_and_nothing_is_left_in_it(product: Product, settings: Settings) -> None:
    root = settings.file_drop_dir
    assert root is not None
    destination = await made(product, name="Files", type="FILE")
    found = await tried(product, destination)
    assert (found["ok"], found["statusCode"], list(root.rglob("*"))) == (True, None, [])

    root.rmdir()
    found = await tried(product, destination)
    assert "cannot be written to" in found["reason"]
    assert not root.exists()


async def test_who_may_try_a_destination_out_and_that_it_is_written_down(
    context: Context, server: Server, product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    url = "https://93.184.216.34/secret-path"
    destination = await made(product, name="Hook", type="HTTP", url=url, authSecret="sk_live_0123456789")
    # an address that was judged when it was entered leads inside by now
    await connection.execute("UPDATE destinations SET url = 'https://169.254.169.254/latest'")
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    for who, codes in ((member, ["FORBIDDEN"]), (stranger, ["NOT_FOUND"])):
        async with server.sign_in(who) as one:
            answer = (await one.run(TEST, id=destination["id"]))["testDestination"]
            assert [error["code"] for error in answer["errors"]] == codes
            assert (answer["test"], answer["destination"]) == (None, None)
    async with server.sign_in(leader) as one:
        found = await tried(one, destination)
    assert (found["ok"], found["statusCode"]) == (False, None)
    assert "169.254.169.254 is where a cloud gives machines their credentials" in found["reason"]

    await connection.execute("UPDATE destinations SET auth_secret = 'damaged'")
    assert "Set the secret anew" in (await tried(product, destination))["reason"]
    assert (await product.run(AUDIT))["auditLog"]["nodes"] == [
        {
            "subject": "DESTINATION",
            "subjectId": destination["id"],
            "subjectName": "Hook",
            "before": None,
            "after": {"ok": False},
        }
    ] * 2


async def test_only_who_manages_destinations_sees_whole_urls(
    server: Server, product: Product, viewer: Viewer
) -> None:
    url = "https://93.184.216.34:8443/hooks/T0KEN?key=sesame"
    await made(product, name="Hook", type="HTTP", url=url)
    await made(product, name="Files", type="FILE")
    query = "{ destinations { url } }"
    key = """mutation ($name: String!, $scope: ApiKeyScope!) {
      createApiKey(input: {name: $name, scope: $scope}) { secret errors { code } } }"""
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    keys = {
        scope: (await product.run(key, name=scope, scope=scope))["createApiKey"]["secret"]
        for scope in ("READ", "WRITE")
    }
    seen = {}
    for name, opening in (
        ("ADMIN", server.sign_in(viewer)),
        ("LEADER", server.sign_in(leader)),
        ("TEAM_MEMBER", server.sign_in(member)),
        ("READ", server.connect(keys["READ"])),
        ("WRITE", server.connect(keys["WRITE"])),
    ):
        async with opening as one:
            seen[name] = [row["url"] for row in (await one.run(query))["destinations"]]

    whole, origin = [None, url], [None, "https://93.184.216.34:8443"]
    assert seen == {
        "ADMIN": whole,
        "LEADER": whole,
        "TEAM_MEMBER": origin,
        "READ": origin,
        "WRITE": whole,
    }
