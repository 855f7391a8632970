"""Destinations and deliveries through the API: made, delivered, switched off; who may, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from seggraph import webhook_signatures
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role
from tests.conftest import new_viewer
from tests.destinations.answering import answering, http
from tests.destinations.email_service import EmailServer, Fault, email_server
from tests.product import PATIENCE_SECONDS, Product, Server

T = TypeVar("T")

CREATE = """
mutation ($input: CreateDestinationInput!) { createDestination(input: $input) {
  destination { id name type channel url headerName authSecretHint mapping feedbackUrl version }
  signingSecret errors { code path message } } }
"""
UPDATE = """
mutation ($input: UpdateDestinationInput!) { updateDestination(input: $input) {
  destination { id version authSecretHint } signingSecret errors { code path } } }
"""
DELETE = """
mutation ($input: DestinationIdInput!) { deleteDestination(input: $input) { deletedId errors { code } } }
"""
DELIVERY = """
  id status progress listName deliveredCount memberCount noAddressCount noConsentCount suppressedCount rejectedCount
  isEmptying
  error { code message } destination { name } segment { name }
"""
DELIVER = f"""
mutation ($segment: ID!, $destination: ID!) {{
  deliverSegment(input: {{segmentId: $segment, destinationId: $destination}}) {{
    delivery {{ {DELIVERY} }} errors {{ code path }} }} }}
"""
OFF = """
mutation ($id: ID!, $keep: Boolean!) { deactivateDelivery(input: {id: $id, keepMembers: $keep}) {
  delivery { status isEmptying } errors { code } } }
"""
RETRY = "mutation ($id: ID!) { retryDelivery(input: {id: $id}) { delivery { status } errors { code } } }"
NODE = f"query ($id: ID!) {{ node(id: $id) {{ ... on Delivery {{ {DELIVERY} }} }} }}"
SEGMENT = """
mutation { createSegment(input: {name: "Germans", kind: PERSON, type: DYNAMIC,
  criteria: {attribute: {field: "country", op: EQ, value: "DE"}}}) { segment { id } errors { message } } }
"""
RENAME = """
mutation ($id: ID!) { updateSegment(input: {id: $id, name: "Deutsche"}) { errors { code message } } }
"""
UPSERT = """
mutation ($members: [MemberInput!]!) { upsertMembers(input: {kind: PERSON, members: $members}) {
  created updated rowErrors { message } errors { message } } }
"""
ARCHIVE = (
    "mutation ($id: ID!) { archiveSegment(input: {id: $id}) { segment { status } errors { code message } } }"
)
ERASE = """
mutation ($ids: [String!]!) { deleteMembers(input: {kind: PERSON, externalIds: $ids}) { deleted errors { code } } }
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Leave to call this machine, a folder for files, and short waits."""
    (tmp_path / "drop").mkdir()
    return settings.model_copy(
        update={
            "outgoing_networks": (ip_network("127.0.0.0/8"),),
            "outgoing_seconds": 2.0,
            "delivery_retry_seconds": 0.05,
            "file_drop_dir": tmp_path / "drop",
        }
    )


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """What a look finds, once it finds something."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await look()):  # noqa: ASYNC110 - it happens in the product
            await asyncio.sleep(0.03)
    return found


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"externalId": f"p{number}", "email": f"p{number}@example.com", "country": "DE"} | more


async def upsert(product: Product, *members: dict[str, Any]) -> None:
    answer = (await product.run(UPSERT, members=list(members)))["upsertMembers"]
    assert (answer["errors"], answer["rowErrors"]) == ([], [])


async def made(product: Product, **values: Any) -> dict[str, Any]:
    """A destination, with its signing secret."""
    answer = (await product.run(CREATE, input={"name": "Mail", "type": "EMAIL_SERVICE"} | values))[
        "createDestination"
    ]
    assert answer["errors"] == []
    found: dict[str, Any] = answer["destination"] | {"signingSecret": answer["signingSecret"]}
    return found


async def delivered(product: Product, segment: str, destination: str) -> str:
    """The id of a delivery that was asked for."""
    answer = (await product.run(DELIVER, segment=segment, destination=destination))["deliverSegment"]
    assert answer["errors"] == []
    found: str = answer["delivery"]["id"]
    return found


async def segment(product: Product) -> str:
    answer = (await product.run(SEGMENT))["createSegment"]
    assert answer["errors"] == []
    found: str = answer["segment"]["id"]
    return found


async def shown(product: Product, delivery: str) -> dict[str, Any]:
    found: dict[str, Any] = (await product.run(NODE, id=delivery))["node"]
    return found


async def until(product: Product, delivery: str, **expected: Any) -> dict[str, Any]:
    """The delivery once its fields have these values."""

    async def look() -> dict[str, Any] | None:
        found = await shown(product, delivery)
        return found if all(found[key] == value for key, value in expected.items()) else None

    return await eventually(look)


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A URL that takes pushes, and what it took: headers and body."""
    taken: list[tuple[dict[str, str], bytes]] = []

    async def take(request: bytes, writer: Any) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        taken.append(
            ({name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body)
        )
        writer.write(http("204 No Content"))

    async with answering(take) as port:
        yield f"http://127.0.0.1:{port}/hook", taken


async def test_a_list_outside_follows_the_segment_and_every_difference_is_counted(
    product: Product, connection: asyncpg.Connection
) -> None:
    await upsert(
        product,
        person(1, attributes={"plan": "pro"}),
        person(2),
        person(3, email=None),
        person(4, consents=[{"channel": "EMAIL", "state": "DENIED"}]),
        person(5, email="nobody@example.com"),
        person(6, country="FR"),
    )
    germans = await segment(product)
    async with email_server(token="tk_0123456789abcdef", refuse={"nobody@example.com"}) as service:
        destination = await made(
            product,
            url=service.url,
            authSecret="tk_0123456789abcdef",
            mapping={"plan": "$attributes.plan", "source": "$$seggraph"},
        )
        assert destination["authSecretHint"] == "…cdef"
        assert destination["signingSecret"].startswith("whsec_")
        delivery = await delivered(product, germans, destination["id"])

        found = await until(product, delivery, status="ACTIVE")
        assert service.only_list() == {
            "p1": {
                "external_id": "p1",
                "email": "p1@example.com",
                "attributes": {"plan": "pro", "source": "$seggraph"},
            },
            "p2": {
                "external_id": "p2",
                "email": "p2@example.com",
                "attributes": {"plan": None, "source": "$seggraph"},
            },
        }
        numbers = {key: found[key] for key in found if key.endswith("Count")}
        assert numbers == {
            "memberCount": 5,
            "deliveredCount": 2,
            "noAddressCount": 1,
            "noConsentCount": 1,
            "suppressedCount": 0,
            "rejectedCount": 1,
        }

        await upsert(
            product, person(1, email="new@example.com"), person(2, country="FR"), person(6), person(5)
        )
        await eventually(lambda: _contacts(service, {"p1": "new@example.com", "p6": None, "p5": None}))
        await product.run(ERASE, ids=["p1"])
        await eventually(lambda: _contacts(service, {"p6": None, "p5": None}))
        await eventually(lambda: connection.fetchval("SELECT count(*) = 0 FROM delivery_removals"))

        refused = (await product.run(ARCHIVE, id=germans))["archiveSegment"]["errors"][0]
        assert refused["code"] == "SEGMENT_IN_USE"
        assert "Mail" in refused["message"]
        assert (await product.run(DELETE, input={"id": destination["id"]}))["deleteDestination"][
            "errors"
        ] == [{"code": "SEGMENT_IN_USE"}]
        await product.run(OFF, id=delivery, keep=False)
        await until(product, delivery, status="INACTIVE", isEmptying=False, deliveredCount=0)
        assert service.only_list() == {}
        assert (await product.run(ARCHIVE, id=germans))["archiveSegment"]["errors"] == []
        assert (await product.run(DELETE, input={"id": destination["id"]}))["deleteDestination"][
            "errors"
        ] == []
    secrets = await connection.fetch("SELECT auth_secret, signing_secret FROM destinations")
    assert secrets == []


async def _contacts(service: EmailServer, expected: dict[str, str | None]) -> bool:
    contacts = service.only_list()
    return contacts.keys() == expected.keys() and all(
        email is None or contacts[key]["email"] == email for key, email in expected.items()
    )


CONSENTS = """
    mutation ($kind: MemberKind!, $ids: [String!]!, $state: ConsentState!) {
      setConsents(input: {kind: $kind, externalIds: $ids, consents: [{channel: EMAIL, state: $state}]}) {
        changed errors { code message }
      }
    }
"""
SUPPRESS = """
    mutation ($addresses: [String!]!) {
      suppressAddresses(input: {channel: EMAIL, addresses: $addresses, reason: BOUNCE}) { errors { code message } }
    }
"""


async def test_counts_follow_when_only_the_reason_changes(product: Product) -> None:
    # given a member that is not delivered, because its address is suppressed
    await upsert(product, person(1), person(2))
    germans = await segment(product)
    async with receiver() as (url, _):
        destination = await made(product, name="Hook", type="HTTP", channel="EMAIL", url=url)
        delivery = await delivered(product, germans, destination["id"])
        await until(product, delivery, status="ACTIVE", deliveredCount=2)
        assert not (await product.run(SUPPRESS, addresses=["p1@example.com"]))["suppressAddresses"]["errors"]
        await until(product, delivery, deliveredCount=1, suppressedCount=1)

        # when it also withdraws its consent, then that is the reason
        told = (await product.run(CONSENTS, kind="PERSON", ids=["p1"], state="DENIED"))["setConsents"]
        assert told == {"changed": 1, "errors": []}
        await until(product, delivery, deliveredCount=1, noConsentCount=1, suppressedCount=0)


async def test_pushes_are_signed_and_feedback_comes_back_signed(
    product: Product, connection: asyncpg.Connection
) -> None:
    await upsert(product, person(1), person(2), person(3))
    germans = await segment(product)
    async with receiver() as (url, taken):
        destination = await made(
            product,
            name="Hook",
            type="HTTP",
            channel="EMAIL",
            url=url,
            headerName="X-Api-Key",
            authSecret="key",
        )
        delivery = await delivered(product, germans, destination["id"])
        await until(product, delivery, status="ACTIVE", deliveredCount=3)

        messages = [json.loads(body) for _, body in taken]
        assert [message["operation"] for message in messages] == ["CREATE", "UPSERT"]
        assert [one["key"] for one in messages[1]["members"]] == ["p1", "p2", "p3"]
        assert messages[1]["members"][0]["data"] == {"email": "p1@example.com", "name": None}
        headers, body = taken[1]
        assert webhook_signatures.is_signed(destination["signingSecret"], headers, body)
        assert headers["x-api-key"] == "key"
        assert headers["idempotency-key"] == headers["webhook-id"]

        events = {
            "events": [
                {"type": "BOUNCE", "key": "p1"},
                {"type": "UNSUBSCRIBE", "key": "p2"},
                {"type": "COMPLAINT", "address": "stranger@example.com"},
                {"type": "BOUNCE", "key": "nobody"},
            ]
        }
        told = await _tell(product, destination, events)
        assert (told.status_code, told.json()) == (200, {"suppressed": 3, "consents": 1, "unknown": 1})
        await until(product, delivery, deliveredCount=1, noConsentCount=1, suppressedCount=1)
        await product.run(RENAME, id=germans)
        await until(product, delivery, listName="Deutsche")
        told_names = [message for _, body in taken if (message := json.loads(body)).get("name")]
        assert [(one["operation"], one["name"], one["list"]) for one in told_names] == [
            (operation, name, messages[0]["list"])
            for operation, name in (("CREATE", "Germans"), ("RENAME", "Deutsche"))
        ]
        removed = [json.loads(body)["members"] for _, body in taken if b'"REMOVE"' in body]
        assert sorted(one["key"] for members in removed for one in members) == ["p1", "p2"]
        assert (await _tell(product, destination, events)).json() == {
            "suppressed": 0,
            "consents": 0,
            "unknown": 1,
        }
        forged = destination | {"signingSecret": webhook_signatures.new_secret()}
        assert (await _tell(product, forged, events)).status_code == 404
        elsewhere = destination | {"feedbackUrl": f"/destinations/{10**30}/feedback"}
        assert (await _tell(product, elsewhere, events)).status_code == 404
        assert (await _tell(product, destination, {"events": [{"type": "SHOUT"}]})).status_code == 400
        assert (await _tell(product, destination, {"more": "x" * 1_100_000})).status_code == 413
    assert await connection.fetchval("SELECT count(*) FROM suppressions") == 3


async def _tell(product: Product, destination: dict[str, Any], message: Any) -> Any:
    body = json.dumps(message).encode()
    headers = webhook_signatures.headers([destination["signingSecret"]], "message-1", body)
    return await product.http.post(destination["feedbackUrl"], content=body, headers=headers)


async def test_files_are_dropped_in_a_folder_in_order(product: Product, settings: Settings) -> None:
    await upsert(product, person(1), person(2, country="FR"))
    germans = await segment(product)
    destination = await made(product, name="../../Folder", type="FILE", mapping={"mail": "$email"})
    delivery = await delivered(product, germans, destination["id"])
    await until(product, delivery, status="ACTIVE", deliveredCount=1)
    await upsert(product, person(1, country="FR"), person(2))
    await eventually(lambda: _dropped(settings, 4))

    await product.run(RENAME, id=germans)
    await until(product, delivery, listName="Deutsche", status="ACTIVE")

    names = [(path.name.split("-")[1], path.read_text()) for path in _files(settings)]
    assert names == [
        ("create.jsonl", '{"name":"Germans"}\n'),
        ("upsert.jsonl", '{"key":"p1","data":{"mail":"p1@example.com"}}\n'),
        ("remove.jsonl", '{"key":"p1"}\n'),
        ("upsert.jsonl", '{"key":"p2","data":{"mail":"p2@example.com"}}\n'),
        ("rename.jsonl", '{"name":"Deutsche"}\n'),
    ]


def _files(settings: Settings) -> list[Path]:
    assert settings.file_drop_dir is not None
    return sorted(settings.file_drop_dir.rglob("*.jsonl"))


async def _dropped(settings: Settings, count: int) -> bool:
    return len(_files(settings)) >= count


async def test_a_delivery_that_fails_says_why_delays_no_other_and_is_tried_again(product: Product) -> None:
    await upsert(product, person(1))
    germans = await segment(product)
    async with email_server(token="right") as strict, email_server(chosen=[Fault.HANG_AFTER]) as slow:
        wrong = await made(product, name="Wrong", url=strict.url, authSecret="wrong")
        other = await made(product, name="Other", url=slow.url)
        failing = await delivered(product, germans, wrong["id"])
        well = await delivered(product, germans, other["id"])

        found = await until(product, failing, status="FAILED")
        assert "401" in found["error"]["message"]
        await until(product, well, status="ACTIVE", deliveredCount=1)
        assert len(slow.contacts) == 1

        changed = await product.run(UPDATE, input={"id": wrong["id"], "authSecret": "right"})
        assert changed["updateDestination"]["errors"] == []
        assert (await product.run(RETRY, id=failing))["retryDelivery"]["delivery"]["status"] == "BUILDING"
        await until(product, failing, status="ACTIVE", deliveredCount=1, error=None)
        strict.contacts.clear()
        await upsert(product, person(2))
        await until(product, failing, status="ACTIVE", deliveredCount=2)
        assert strict.only_list().keys() == {"p1", "p2"}
        stale = await product.run(UPDATE, input={"id": wrong["id"], "name": "W", "version": 1})
        assert stale["updateDestination"]["errors"] == [{"code": "CONFLICT", "path": ["version"]}]


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"url": "https://169.254.169.254/latest"}, "INVALID", ["url"]),
        ({"url": "https://10.0.0.1/"}, "INVALID", ["url"]),
        ({"url": "https://[::1]/"}, "INVALID", ["url"]),
        ({"url": "http://93.184.216.34/"}, "INVALID", ["url"]),
        ({"url": "file:///etc/passwd"}, "INVALID", ["url"]),
        ({"url": "https://user:password@93.184.216.34/"}, "INVALID", ["url"]),
        ({"url": None}, "REQUIRED", ["url"]),
        ({"name": " "}, "REQUIRED", ["name"]),
        ({"headerName": "Host"}, "INVALID", ["headerName"]),
        ({"headerName": "X: y\r\nZ"}, "INVALID", ["headerName"]),
        ({"authSecret": "a\r\nX-Other: b"}, "INVALID", ["authSecret"]),
        ({"mapping": {"a": "$password"}}, "NOT_FOUND", ["mapping", "a"]),
        ({"mapping": {"a": ["$workspace_id"]}}, "NOT_FOUND", ["mapping", "a", "0"]),
        ({"mapping": {"a": "$attributes.__class__"}}, "NOT_FOUND", ["mapping", "a"]),
        ({"mapping": {"a": "$attributes.plan.__class__"}}, "NOT_FOUND", ["mapping", "a"]),
        ({"mapping": {"a": "$consentEmail"}}, "NOT_FOUND", ["mapping", "a"]),
        ({"mapping": ["$email"]}, "INVALID", ["mapping"]),
        (
            {"mapping": {"a": {"b": {"c": {"d": {"e": 1}}}}}},
            "TOO_LARGE",
            ["mapping", "a", "b", "c", "d", "e"],
        ),
        ({"mapping": {"a": "x" * 20_000}}, "TOO_LONG", ["mapping"]),
        ({"type": "EMAIL_SERVICE", "channel": "SMS"}, "INVALID", ["channel"]),
        ({"type": "FILE"}, "INVALID", ["url"]),
    ],
)
async def test_what_cannot_be_a_destination_is_refused(
    server: Server,
    viewer: Viewer,
    connection: asyncpg.Connection,
    values: dict[str, Any],
    code: str,
    path: list[str],
) -> None:
    plain = {"name": "Hook", "type": "HTTP", "url": "https://93.184.216.34/hook"}
    async with server.sign_in(viewer) as product:
        answer = (await product.run(CREATE, input=plain | values))["createDestination"]

    assert [(one["code"], one["path"]) for one in answer["errors"]] == [(code, path)]
    assert (answer["destination"], answer["signingSecret"]) == (None, None)
    assert await connection.fetchval("SELECT count(*) FROM destinations") == 0


async def test_who_may_manage_destinations_and_who_sees_secrets(
    context: Context, server: Server, product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await upsert(product, person(1))
    germans = await segment(product)
    values = {"name": "Hook", "type": "HTTP", "url": "https://93.184.216.34/hook"}
    secret = "sk_live_0123456789"
    destination = await made(product, **values, authSecret=secret)
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    _, reader = await api_keys.create(viewer, ApiKeyDraft("reader", ApiKeyScope.READ))
    listed = "{ destinations { id authSecretHint url } }"

    async with server.sign_in(leader) as one:
        answer = (await one.run(CREATE, input=values | {"name": "Theirs"}))["createDestination"]
        assert (answer["errors"], answer["signingSecret"]) == ([], None)
        refused = (await one.run(CREATE, input=values | {"name": "X", "authSecret": "s"}))[
            "createDestination"
        ]
        assert [(error["code"], error["path"]) for error in refused["errors"]] == [
            ("FORBIDDEN", ["authSecret"])
        ]
        for change in ({"authSecret": "s"}, {"newSigningSecret": True}):
            changed = (await one.run(UPDATE, input={"id": destination["id"]} | change))["updateDestination"]
            assert [(error["code"], error["path"]) for error in changed["errors"]] == [
                ("FORBIDDEN", [*change])
            ]
        assert {row["authSecretHint"] for row in (await one.run(listed))["destinations"]} == {None}
    async with server.sign_in(member) as one:
        assert len((await one.run(listed))["destinations"]) == 2
        for query, field, input_ in (
            (CREATE, "createDestination", values),
            (UPDATE, "updateDestination", {"id": destination["id"], "name": "Y"}),
            (DELETE, "deleteDestination", {"id": destination["id"]}),
        ):
            assert (await one.run(query, input=input_))[field]["errors"][0]["code"] == "FORBIDDEN"
        answer = (await one.run(DELIVER, segment=germans, destination=destination["id"]))["deliverSegment"]
        assert [error["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    async with server.connect(reader) as one:
        answer = (await one.run(DELIVER, segment=germans, destination=destination["id"]))["deliverSegment"]
        assert [error["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    async with server.sign_in(stranger) as one:
        assert (await one.run(listed))["destinations"] == []
        query = "query ($id: ID!) { node(id: $id) { id } destination(id: $id) { id } }"
        assert await one.run(query, id=destination["id"]) == {"node": None, "destination": None}
        for query, field in ((UPDATE, "updateDestination"), (DELETE, "deleteDestination")):
            answer = (await one.run(query, input={"id": destination["id"]}))[field]
            assert [error["code"] for error in answer["errors"]] == ["NOT_FOUND"]
        theirs = await segment(one)
        answer = (await one.run(DELIVER, segment=theirs, destination=destination["id"]))["deliverSegment"]
        assert [error["code"] for error in answer["errors"]] == ["NOT_FOUND"]

    assert await connection.fetchval("SELECT count(*) FROM deliveries") == 0
    rows = await connection.fetch("SELECT * FROM destinations")
    assert secret not in str(rows)
    assert destination["signingSecret"] not in str(rows)
    whole = (
        "{ destinations { id name type channel url headerName authSecretHint mapping feedbackUrl version } }"
    )
    assert secret not in json.dumps(await product.run(whole))


async def test_what_is_done_to_destinations_and_deliveries_is_written_down(product: Product) -> None:
    await upsert(product, person(1))
    germans = await segment(product)
    hook = await made(
        product,
        name="Hook",
        type="HTTP",
        url="https://93.184.216.34/secret-path",
        authSecret="sk_live_0123456789",
    )
    await product.run(UPDATE, input={"id": hook["id"], "name": "Hooked", "newSigningSecret": True})
    await product.run(DELETE, input={"id": hook["id"]})
    files = await made(product, name="Files", type="FILE", channel="EMAIL")
    delivery = await delivered(product, germans, files["id"])
    await product.run(RETRY, id=delivery)
    await product.run(OFF, id=delivery, keep=True)

    query = """{ auditLog(first: 20, subjects: [DESTINATION, DELIVERY]) {
      nodes { action subject subjectId subjectName before after } } }"""
    nodes = (await product.run(query))["auditLog"]["nodes"][::-1]

    assert [(one["subject"], one["action"], one["subjectId"], one["subjectName"]) for one in nodes] == [
        ("DESTINATION", "CREATED", hook["id"], "Hook"),
        ("DESTINATION", "EDITED", hook["id"], "Hooked"),
        ("DESTINATION", "DELETED", hook["id"], "Hooked"),
        ("DESTINATION", "CREATED", files["id"], "Files"),
        ("DELIVERY", "STARTED", delivery, "Germans"),
        ("DELIVERY", "RESUMED", delivery, "Germans"),
        ("DELIVERY", "CANCELLED", delivery, "Germans"),
    ]
    assert nodes[0]["after"]["host"] == "93.184.216.34"
    assert (nodes[1]["before"], nodes[1]["after"]) == (
        {"name": "Hook"},
        {"name": "Hooked", "signingSecretIsNew": True},
    )
    text = json.dumps(nodes)
    assert "secret-path" not in text
    assert "sk_live" not in text
    assert hook["signingSecret"] not in text


LISTED = """
query ($destination: ID, $segment: ID, $statuses: [DeliveryStatus!], $first: Int, $after: String) {
  deliveries(destinationId: $destination, segmentId: $segment, statuses: $statuses, first: $first, after: $after) {
    totalCount nodes { id } pageInfo { hasNextPage endCursor } } }
"""


async def test_deliveries_are_listed_page_by_page(product: Product) -> None:
    await upsert(product, person(1))
    germans = await segment(product)
    places = [(await made(product, name=f"F{n}", type="FILE", channel="EMAIL"))["id"] for n in range(3)]
    given = [await delivered(product, germans, place) for place in places]
    await product.run(OFF, id=given[0], keep=True)

    async def listed(**narrowed: Any) -> list[str]:
        found = (await product.run(LISTED, **narrowed))["deliveries"]
        assert found["totalCount"] == len(found["nodes"])
        return [one["id"] for one in found["nodes"]]

    assert await listed() == given[::-1]
    assert await listed(segment=germans) == given[::-1]
    assert await listed(destination=places[1]) == [given[1]]
    assert await listed(statuses=["INACTIVE"]) == [given[0]]
    assert await listed(destination=germans) == await listed(segment=places[0]) == []
    page = (await product.run(LISTED, first=2))["deliveries"]
    rest = (await product.run(LISTED, first=2, after=page["pageInfo"]["endCursor"]))["deliveries"]
    assert [one["id"] for one in (*page["nodes"], *rest["nodes"])] == given[::-1]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    async with product.server.sign_in(await new_viewer("Other")) as other:
        assert (await other.run(LISTED, destination=places[1]))["deliveries"]["nodes"] == []
