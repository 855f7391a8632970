"""docs/webhooks.md: what it shows works as it stands, against messages that were really sent."""

import asyncio
import base64
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_subscriptions import UPSERT
from tests.api.test_webhooks import DELETE, ROTATE, TEST, context, quick  # noqa: F401 - fixtures
from tests.api.test_workspace_events import create
from tests.product import Product
from tests.services.webhook_receiver import Received, receiving

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
RUN_JAVASCRIPT = """
    import { readFileSync } from "node:fs";
    const calls = JSON.parse(readFileSync(0));
    const answer = (one) => { try { return verified(one.secret, one.headers, Buffer.from(one.body, "base64")); }
      catch (error) { return String(error); } };
    console.log(JSON.stringify(calls.map(answer)));
"""

Verified = Callable[[str, Mapping[str, str], bytes], bool]


def blocks(language: str) -> list[str]:
    """The examples in a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def in_python() -> Verified:
    """The function that receivers are shown."""
    [source] = blocks("python")
    names: dict[str, Any] = {}
    exec(source, names)
    function: Verified = names["verified"]
    return function


@contextmanager
def at(seconds: float) -> Iterator[None]:
    """Another time of the day, in seconds since 1970."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: seconds)
        yield


async def in_javascript(cases: list[tuple[str, Mapping[str, str], bytes]]) -> list[Any]:
    """What the JavaScript function says of each case."""
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("CI"), "node is needed in CI"
        pytest.skip("node is not installed")
    [source] = blocks("javascript")
    given = [{"secret": secret, "headers": headers, "body": _base64(body)} for secret, headers, body in cases]
    running = await asyncio.create_subprocess_exec(
        node, "--input-type=module", "--eval", source + RUN_JAVASCRIPT, stdin=-1, stdout=-1, stderr=-1
    )
    out, errors = await running.communicate(json.dumps(given).encode())
    assert running.returncode == 0, errors.decode()
    found: list[Any] = json.loads(out)
    return found


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode()


async def test_what_the_page_shows_works(product: Product) -> None:
    creating, listing, replaying = blocks("graphql")
    async with receiving() as receiver:
        # given a webhook that was made as the page shows it
        made = await product.run(creating.replace("https://example.com/hooks/seggraph", receiver.url))
        assert made["createWebhook"]["errors"] == []
        webhook, secret = made["createWebhook"]["webhook"]["id"], made["createWebhook"]["secret"]

        # when members enter a segment
        await create(product, "Germans")
        await product.run(UPSERT, members=[{"externalId": "acme", "country": "DE"}])
        await receiver.until_so(lambda: "MEMBERS_ENTERED" in receiver.types)
        [told] = [call for call in receiver.calls if call.type == "MEMBERS_ENTERED"]

        # then the document is what the page shows, but for ids and times
        [shown] = [json.loads(text) for text in blocks("json")]
        told_of = {"segmentId": None, "members": [{"id": None, "externalId": "acme"}]}
        for document in (shown, told.document):
            assert document["data"]["members"][0].keys() == {"id", "externalId"}
            document["data"]["members"][0]["id"] = document["data"]["segmentId"] = document["timestamp"] = (
                None
            )
        assert told.document.keys() == shown.keys()
        assert told.document["data"] | told_of == shown["data"] | told_of

        # and both functions take what is genuine, and nothing else; after a rotation with either secret
        rotated = (await product.run(ROTATE, id=webhook))["rotateWebhookSecret"]["secret"]
        await product.run(TEST, id=webhook)
        [both] = [call for call in receiver.calls if call.type == "TEST"]
        cases = _cases(told, both, secret, rotated)
        in_page = in_python()
        assert [in_page(*case) for case, _ in cases] == [is_genuine for _, is_genuine in cases]
        assert await in_javascript([case for case, _ in cases]) == [is_genuine for _, is_genuine in cases]
        for seconds, is_genuine in ((-290, True), (290, True), (-320, False), (320, False)):
            with at(int(both.headers["webhook-timestamp"]) + seconds):
                assert in_page(rotated, both.headers, both.body) is is_genuine

        # and the log is listed, and messages sent again, as the page shows it
        [listed] = (await product.run(listing))["webhooks"]
        assert (listed["url"], listed["deliveries"]["totalCount"]) == (receiver.url, 0)
        assert {one["statusCode"] for one in listed["attempts"]["nodes"]} == {200}
        replayed = await product.run(replaying, webhook=webhook)
        assert replayed["replayWebhookDelivery"] == {"replayed": 0, "errors": []}
        await product.run(DELETE, id=webhook)


def _cases(
    told: Received, both: Received, secret: str, rotated: str
) -> list[tuple[tuple[str, Mapping[str, str], bytes], bool]]:
    """Calls, and whether they are genuine."""
    another = "whsec_" + _base64(b"another secret of 24 byte")
    signature = told.headers["webhook-signature"]
    later = str(int(told.headers["webhook-timestamp"]) + 1)
    return [
        ((secret, told.headers, told.body), True),
        ((secret, both.headers, both.body), True),
        ((rotated, both.headers, both.body), True),
        ((rotated, told.headers, told.body), False),
        ((another, told.headers, told.body), False),
        ((secret, told.headers, told.body.replace(b"Germans", b"Martian")), False),
        ((secret, told.headers | {"webhook-id": "msg_other"}, told.body), False),
        ((secret, told.headers | {"webhook-timestamp": later}, told.body), False),
        ((secret, told.headers | {"webhook-timestamp": "soon"}, told.body), False),
        ((secret, told.headers | {"webhook-signature": "v1,"}, told.body), False),
        ((secret, told.headers | {"webhook-signature": "v1,äöü v2,x"}, told.body), False),
        ((secret, told.headers | {"webhook-signature": f"v1a,x {signature}"}, told.body), True),
        ((secret, {}, told.body), False),
    ]
