"""Webhooks through the API and over real sockets: signed, complete, tried again, replayed, and for admins only."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.services.webhooks import runs as webhook_runs
from seggraph.settings import Settings
from seggraph.vocabulary import Role
from tests.api.test_destinations import eventually
from tests.api.test_subscriptions import UPSERT
from tests.api.test_workspace_events import create
from tests.conftest import new_viewer
from tests.destinations.answering import http
from tests.product import PATIENCE_SECONDS, Product, Server
from tests.services.webhook_receiver import Received, Receiver, receiving

WEBHOOK = "id url description topics status statusReason secretHint failureCount previousSecretUntil"
CREATE = f"""
    mutation ($url: String!, $topics: [Topic!]!) {{
      createWebhook(input: {{url: $url, topics: $topics, description: "CRM"}}) {{
        webhook {{ {WEBHOOK} }} secret errors {{ code message path }}
      }}
    }}
"""
LIST = f"""
    {{ webhooks {{ {WEBHOOK}
      deliveries {{ totalCount nodes {{ id messageId topic status payload attemptCount
        attempts {{ nodes {{ statusCode error nextAttemptAt }} }} }} }}
      attempts(first: 3) {{
        nodes {{ id deliveryId at durationSeconds statusCode error nextAttemptAt }} pageInfo {{ hasNextPage }}
      }}
    }} }}
"""
ONE = "mutation ($id: ID!) {{ {name}(input: {{id: $id}}) {{ webhook {{ status }} errors {{ code path }} }} }}"
ROTATE = "mutation ($id: ID!) { rotateWebhookSecret(input: {id: $id}) { secret errors { code } } }"
DELETE = "mutation ($id: ID!) { deleteWebhook(input: {id: $id}) { deletedId errors { code } } }"
UPDATE = """
    mutation ($input: UpdateWebhookInput!) {
      updateWebhook(input: $input) { webhook { url topics description } errors { code path } }
    }
"""
TEST = """
    mutation ($id: ID!) {
      testWebhook(input: {id: $id}) {
        delivery { status topic attempts { nodes { statusCode error } } } errors { code }
      }
    }
"""
REPLAY = """
    mutation ($id: ID!, $delivery: ID, $since: DateTime) {
      replayWebhookDelivery(input: {id: $id, deliveryId: $delivery, since: $since}) { replayed errors { code path } }
    }
"""
SEGMENT = ["SEGMENT_CREATED"]
WAITS_SECONDS = 5.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two attempts, and no time lost between them."""
    monkeypatch.setattr(webhook_runs, "SCHEDULE_SECONDS", (0.05,))
    monkeypatch.setattr(webhook_runs, "RESTS_SECONDS", (0.05,))
    monkeypatch.setattr(webhook_runs, "POLL_SECONDS", 0.05)


@pytest.fixture
async def context(settings: Settings) -> AsyncIterator[Context]:
    """A context that may call this machine, and waits a few seconds for an answer."""
    allowing = {"outgoing_networks": (ip_network("127.0.0.1"),), "outgoing_seconds": WAITS_SECONDS}
    async with open_context(settings.model_copy(update=allowing)) as opened:
        yield opened


async def make(client: Product, url: str, topics: list[str]) -> tuple[str, str]:
    payload = (await client.run(CREATE, url=url, topics=topics))["createWebhook"]
    assert payload["errors"] == []
    return payload["webhook"]["id"], payload["secret"]


async def change(client: Product, name: str, id_: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await client.run(ONE.format(name=name), id=id_))[name]
    assert payload["errors"] == []
    return payload


async def statuses(client: Product, *wanted: str) -> dict[str, Any]:
    """The one webhook, once its messages, the newest first, are so.

    It is read once more then: its parts are read one after the other, and some perhaps before the last attempt ended.
    """
    found: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while found != list(wanted):
            await asyncio.sleep(0.05)
            [webhook] = (await client.run(LIST))["webhooks"]
            found = [one["status"] for one in webhook["deliveries"]["nodes"]]
    [webhook] = (await client.run(LIST))["webhooks"]
    return dict(webhook)


def verified(call: Received, secret: str) -> dict[str, Any]:
    """The document, as the reference library of Standard Webhooks verifies it."""
    document: dict[str, Any] = Webhook(secret).verify(call.body, call.headers)
    return document


async def attempts_found(client: Product, attempts: list[dict[str, Any]]) -> list[int | None]:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on WebhookAttempt { statusCode } } }"
    found = (await client.run(query, ids=[one["id"] for one in attempts]))["nodes"]
    assert [one["id"] for one in found] == [one["id"] for one in attempts]
    return [one["statusCode"] for one in found]


async def test_what_happens_is_told_signed_and_once(product: Product) -> None:
    async with receiving() as receiver, receiving() as other:
        id_, secret = await make(
            product, receiver.url, ["SEGMENT_CREATED", "REACH_READY", "MEMBERS_ENTERED", "MEMBERS_EXITED"]
        )
        await make(product, other.url, ["IMPORT_FINISHED"])

        # when a segment comes to be, a private one too, and members enter and exit
        private = await create(product, "Private", visibility="PRIVATE")
        segment = await create(product, "Germans")
        await receiver.until(2)
        await product.run(UPSERT, members=[{"externalId": f"m{n}", "country": "DE"} for n in range(3)])
        await receiver.until_so(lambda: "MEMBERS_ENTERED" in receiver.types)
        await product.run(UPSERT, members=[{"externalId": "m1", "country": "FR"}])
        await receiver.until_so(lambda: "MEMBERS_EXITED" in receiver.types)
        told = [verified(call, secret) for call in receiver.calls]

        # then each message came once, in order, signed, with what it is about, and none of the private segment
        assert len({call.id for call in receiver.calls}) == len(receiver.calls)
        assert told[0]["type"] == "SEGMENT_CREATED"
        assert told[0]["data"]["segmentId"] == segment
        assert private not in json.dumps(told)
        entered = [one for one in told if one["type"] == "MEMBERS_ENTERED"]
        members = [member for one in entered for member in one["data"]["members"]]
        assert [member["externalId"] for member in members] == ["m0", "m1", "m2"]
        [exited] = [one for one in told if one["type"] == "MEMBERS_EXITED"]
        assert exited["data"]["members"] == [members[1]]
        assert exited["data"] | {"members": []} == {
            "segmentId": segment,
            "name": "Germans",
            "kind": "ACCOUNT",
            "part": 1,
            "parts": 1,
            "members": [],
        }
        assert other.calls == []

        # and a forged one does not verify
        forged = Received(receiver.calls[0].headers, receiver.calls[0].body.replace(b"Germans", b"Martians"))
        with pytest.raises(WebhookVerificationError):
            verified(forged, secret)

        # and after a rotation messages are signed with both secrets, for a day
        rotated = (await product.run(ROTATE, id=id_))["rotateWebhookSecret"]["secret"]
        await create(product, "Another", activate=False)
        calls = await receiver.until_so(lambda: any(b'"Another"' in call.body for call in receiver.calls))
        call = next(call for call in calls if b'"Another"' in call.body)
        assert verified(call, secret) == verified(call, rotated)
        assert rotated != secret


async def test_failures_are_tried_again_and_dead_letters_replayed(product: Product) -> None:
    answers = [http("500 Oops"), None, http("302 Found", b"", "Location: http://169.254.169.254/")]
    async with receiving(Receiver(answers=list(answers))) as receiver:
        id_, secret = await make(product, receiver.url, SEGMENT)

        # when it fails, and drops the connection, so that the message is given up
        await create(product, "One", activate=False)
        webhook = await statuses(product, "FAILED")
        [dead] = webhook["deliveries"]["nodes"]
        attempts = dead["attempts"]["nodes"]
        assert [one["statusCode"] for one in attempts] == [None, 500]
        assert attempts[0]["error"] == "The connection was cut off, or what came is not HTTP."
        assert (attempts[0]["nextAttemptAt"], attempts[1]["nextAttemptAt"] is None) == (None, False)
        assert webhook["failureCount"] == 2

        # then it is sent again by request, under the same id; a redirect is not followed
        for variables, errors in (
            ({}, [{"code": "INVALID", "path": ["since"]}]),
            ({"delivery": "rubbish"}, [{"code": "NOT_FOUND", "path": ["deliveryId"]}]),
            ({"since": "2100-01-01T00:00:00Z"}, []),
        ):
            payload = (await product.run(REPLAY, id=id_, **variables))["replayWebhookDelivery"]
            assert (payload["replayed"], payload["errors"]) == (0, errors)
        assert (await product.run(REPLAY, id=id_, delivery=dead["id"]))["replayWebhookDelivery"] == {
            "replayed": 1,
            "errors": [],
        }
        webhook = await statuses(product, "DELIVERED")
        assert [call.id for call in receiver.calls] == [dead["messageId"]] * 4
        assert [verified(call, secret) for call in receiver.calls] == [
            verified(receiver.calls[0], secret)
        ] * 4
        assert webhook["failureCount"] == 0
        refused = (await product.run(REPLAY, id=id_, delivery=dead["id"]))["replayWebhookDelivery"]
        assert refused["errors"] == [{"code": "BAD_TRANSITION", "path": ["deliveryId"]}]

        # and the log has every attempt, page by page
        log = webhook["attempts"]
        assert [one["statusCode"] for one in log["nodes"]] == [200, 302, None]
        assert log["pageInfo"] == {"hasNextPage": True}
        assert log["nodes"][0]["error"] is None
        assert log["nodes"][1]["error"].startswith("It answered 302")
        # each is found by its id
        assert await attempts_found(product, log["nodes"]) == [200, 302, None]

        # and all since an instant are replayed
        receiver.always = http("503 Busy", b"", "Retry-After: 0")
        await create(product, "Two", activate=False)
        await create(product, "Three", activate=False)
        await statuses(product, "FAILED", "FAILED", "DELIVERED")
        receiver.always = http("204 No Content")
        payload = (await product.run(REPLAY, id=id_, since="2020-01-01T00:00:00Z"))["replayWebhookDelivery"]
        assert payload["replayed"] == 2
        await statuses(product, "DELIVERED", "DELIVERED", "DELIVERED")


async def test_a_receiver_that_hangs_delays_no_other_and_one_that_is_gone_is_disabled(
    product: Product,
) -> None:
    release = asyncio.Event()
    async with receiving(Receiver(hang=release)) as slow, receiving() as quick, receiving() as gone:
        await make(product, slow.url, SEGMENT)
        await make(product, quick.url, SEGMENT)
        gone.always = http("410 Gone")
        gone_id, _ = await make(product, gone.url, SEGMENT)

        # when messages come while one receiver hangs
        begun = time.monotonic()
        for number in range(5):
            await create(product, f"Segment {number}", activate=False)
        names = [call.document["data"]["name"] for call in await quick.until(5)]

        # then the other one has them all, in order, and the one that is gone was asked once
        assert names == [f"Segment {number}" for number in range(5)]
        assert len(slow.calls) <= 1 + (time.monotonic() - begun) // WAITS_SECONDS

        async def is_disabled() -> dict[str, Any] | None:
            [found] = [one for one in (await product.run(LIST))["webhooks"] if one["id"] == gone_id]
            return found if found["status"] == "DISABLED" else None

        webhook = await eventually(is_disabled)
        assert len(gone.calls) == 1
        assert webhook["statusReason"] == "It answered 410 Gone. Resume it when it is there again."
        statuses_ = [one["status"] for one in webhook["deliveries"]["nodes"]]
        assert statuses_[-1] == "FAILED"

        # and once resumed it gets what waited, and what comes
        gone.always = http("200 OK")
        assert (await change(product, "resumeWebhook", gone_id))["webhook"] == {"status": "ACTIVE"}
        await create(product, "Last", activate=False)
        await gone.until_so(lambda: gone.calls[-1].document["data"]["name"] == "Last")
        release.set()


async def test_webhooks_are_tested_paused_changed_and_deleted(product: Product) -> None:
    async with receiving() as receiver:
        id_, secret = await make(product, receiver.url, SEGMENT)

        # when it is paused, a test is sent nevertheless, and other messages wait
        await change(product, "pauseWebhook", id_)
        tested = (await product.run(TEST, id=id_))["testWebhook"]
        assert tested["delivery"] == {
            "status": "DELIVERED",
            "topic": None,
            "attempts": {"nodes": [{"statusCode": 200, "error": None}]},
        }
        assert verified(receiver.calls[0], secret)["type"] == "TEST"
        await create(product, "Waiting", activate=False)
        await statuses(product, "PENDING", "DELIVERED")
        assert len(receiver.calls) == 1
        await change(product, "resumeWebhook", id_)
        await statuses(product, "DELIVERED", "DELIVERED")

        # when a test fails, that is said, and it is not tried again
        receiver.always = http("401 Unauthorized")
        tested = (await product.run(TEST, id=id_))["testWebhook"]
        assert tested["delivery"]["status"] == "FAILED"
        await statuses(product, "FAILED", "DELIVERED", "DELIVERED")
        receiver.always = http("200 OK")

        # when it is changed, what is absent stays
        async with receiving() as other:
            change_ = {"id": id_, "url": other.url, "topics": ["SEGMENT_DELETED", "SEGMENT_CREATED"]}
            changed = (await product.run(UPDATE, input=change_))["updateWebhook"]["webhook"]
            assert changed == {
                "url": other.url,
                "topics": ["SEGMENT_CREATED", "SEGMENT_DELETED"],
                "description": "CRM",
            }
            await create(product, "Elsewhere", activate=False)
            await other.until(1)
            for bad, code, path in (
                ({"topics": []}, "REQUIRED", ["topics"]),
                ({"url": None}, "REQUIRED", ["url"]),
                ({"url": "http://10.0.0.1/"}, "INVALID", ["url"]),
            ):
                payload = (await product.run(UPDATE, input={"id": id_} | bad))["updateWebhook"]
                assert payload["errors"] == [{"code": code, "path": path}]
            found = await product.run("query ($id: ID!) { node(id: $id) { __typename id } }", id=id_)
            assert found["node"] == {"__typename": "Webhook", "id": id_}

            # and when it is deleted, nothing is sent, and nothing is left
            assert (await product.run(DELETE, id=id_))["deleteWebhook"] == {"deletedId": id_, "errors": []}
            await create(product, "Unheard", activate=False)
            assert (await product.run(LIST))["webhooks"] == []
            assert len(other.calls) == 1


async def test_only_administrators_of_the_workspace_have_webhooks(
    product: Product, server: Server, viewer: Viewer
) -> None:
    id_, secret = await make(product, "http://127.0.0.1:9/", SEGMENT)
    listed = json.dumps(await product.run(LIST))
    assert secret not in listed
    assert f"…{secret[-4:]}" in listed or f"\\u2026{secret[-4:]}" in listed

    key = 'mutation { createApiKey(input: {name: "k", scope: WRITE}) { secret } }'
    api_key = (await product.run(key))["createApiKey"]["secret"]
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    async with (
        server.sign_in(leader) as led,
        server.connect(api_key) as program,
        server.sign_in(await new_viewer("Other")) as other,
    ):
        for client, code in ((led, "FORBIDDEN"), (program, "FORBIDDEN"), (other, "NOT_FOUND")):
            for name in ("pauseWebhook", "resumeWebhook"):
                payload = (await client.run(ONE.format(name=name), id=id_))[name]
                assert [error["code"] for error in payload["errors"]] == [code]
            for mutation in (ROTATE, DELETE, TEST):
                [payload] = (await client.run(mutation, id=id_)).values()
                assert [error["code"] for error in payload["errors"]] == [code]
            since = {"since": "2020-01-01T00:00:00Z"}
            [payload] = (await client.run(REPLAY, id=id_, **since)).values()
            assert [error["code"] for error in payload["errors"]] == [code]
            node = await client.run("query ($id: ID!) { node(id: $id) { id } }", id=id_)
            assert node["node"] is None
        for client in (led, program):
            payload = (await client.run(CREATE, url="https://example.com/", topics=SEGMENT))["createWebhook"]
            assert [error["code"] for error in payload["errors"]] == ["FORBIDDEN"]
            [error] = (await client.raw(LIST))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
        assert (await other.run(LIST))["webhooks"] == []
    [webhook] = (await product.run(LIST))["webhooks"]
    assert (webhook["status"], webhook["previousSecretUntil"]) == ("ACTIVE", None)
