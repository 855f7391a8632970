"""Subscribers of the same events share one execution: each gets all of them, in order, and none of them twice."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from graphql import get_named_type, is_abstract_type

from seggraph.api.schema import build_schema
from seggraph.transport import sharing
from tests.api.test_subscriptions import EVENTS, UPSERT, create
from tests.product import PATIENCE_SECONDS, Product, Server

CREATE_KEY = """
    mutation ($name: String!, $scope: ApiKeyScope!) {
      createApiKey(input: {name: $name, scope: $scope}) { secret errors { message } } }
"""
SUBSCRIBERS = 5
SHARING = SUBSCRIBERS


async def test_all_get_the_same_events_of_one_execution(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given subscribers that have all that there is, and share what comes
    broadcasts: set[sharing.Broadcast] = set()
    sent: list[int] = []
    join, send = sharing.Broadcast._join, sharing.Broadcast._send

    def joining(self: sharing.Broadcast, member: sharing.Member) -> None:
        broadcasts.add(self)
        join(self, member)

    def sending(self: sharing.Broadcast, result: Any, before: str) -> None:
        sent.append(len(self._members))
        send(self, result, before)

    monkeypatch.setattr(sharing.Broadcast, "_join", joining)
    monkeypatch.setattr(sharing.Broadcast, "_send", sending)
    segment_id = await create(product, "Germans")
    async with AsyncExitStack() as stack:
        subscribers = [
            await stack.enter_async_context(product.subscribe(EVENTS, ids=[segment_id]))
            for _ in range(SUBSCRIBERS)
        ]
        for one in subscribers:
            event = await one.next()
            while event["segment"]["reach"]["status"] != "READY":
                event = await one.next()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(len(one._members) for one in broadcasts) < SHARING:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)

        # when members enter
        for number in range(3):
            await product.run(UPSERT, members=[{"externalId": f"m{number}", "country": "DE"}])
        told = [await entries(one, 3) for one in subscribers]

        # then all are told the same, and what was sent to all was executed once
        assert told == [told[0]] * SUBSCRIBERS
        assert [entry for _, entered in told[0] for entry in entered] == ["m0", "m1", "m2"]
        assert sent.count(SHARING) >= 1

        # and when all but one have gone, that one goes on
        last, *others = subscribers
        del others
        async with product.subscribe(EVENTS, ids=[segment_id]) as newcomer:
            await newcomer.next()
            await product.run(UPSERT, members=[{"externalId": "m3", "country": "DE"}])
            assert await entries(newcomer, 1) == await entries(last, 1)


async def test_api_keys_of_one_scope_share_and_those_of_others_do_not(
    product: Product, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [
        (await product.run(CREATE_KEY, name=f"{scope} {number}", scope=scope))["createApiKey"]["secret"]
        for scope in ("READ", "READ_WITHOUT_PERSONAL_DATA")
        for number in range(3)
    ]
    shared: dict[sharing.Broadcast, int] = {}
    join = sharing.Broadcast._join

    def joining(self: sharing.Broadcast, member: sharing.Member) -> None:
        join(self, member)
        shared[self] = len(self._members)

    monkeypatch.setattr(sharing.Broadcast, "_join", joining)
    segment_id = await create(product, "Germans")
    async with AsyncExitStack() as stack:
        signed_in = [await stack.enter_async_context(server.connect(key)) for key in keys]
        subscribers = [
            await stack.enter_async_context(one.subscribe(EVENTS, ids=[segment_id])) for one in signed_in
        ]
        for one in subscribers:
            event = await one.next()
            while event["segment"]["reach"]["status"] != "READY":
                event = await one.next()
        async with asyncio.timeout(PATIENCE_SECONDS):
            # a broadcast that all have left is over
            while sorted(filter(None, (len(one._members) for one in shared))) != [3, 3]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await product.run(UPSERT, members=[{"externalId": "m0", "country": "DE"}])

        told = [await entries(one, 1) for one in subscribers]

        assert told == [told[0]] * len(keys)
        assert [entry for _, entered in told[0] for entry in entered] == ["m0"]


def test_no_event_says_who_is_subscribed() -> None:
    """The type with the caller's own credentials: equal scopes would not make equal answers of it."""
    schema = build_schema()._schema
    waiting: list[Any] = [schema.subscription_type]
    seen: set[str] = set()
    while waiting:
        type_ = get_named_type(waiting.pop())
        if type_.name in seen:
            continue
        seen.add(type_.name)
        waiting += [field.type for field in getattr(type_, "fields", {}).values()]
        waiting += schema.get_possible_types(type_) if is_abstract_type(type_) else ()

    assert "Segment" in seen
    assert "Viewer" not in seen


async def entries(events: Any, number: int) -> list[tuple[str, list[str]]]:
    """The cursors of so many entries, and who entered, until there are as many members."""
    found: list[tuple[str, list[str]]] = []
    while sum(len(entered) for _, entered in found) < number:
        event = await events.until("MembershipChanged")
        found.append((event["cursor"], [one["externalId"] for one in event["enteredSample"]]))
    return found
