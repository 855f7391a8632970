"""Signed HTTP push: every batch is a POST to one URL, by Standard Webhooks, with a key that makes it idempotent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import uuid4

import orjson

from seggraph import webhook_signatures
from seggraph.destinations.calls import Caller
from seggraph.destinations.definition import DestinationDefinition, Environment, Target
from seggraph.destinations.destination import Order, Receipt, Recipient
from seggraph.destinations.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class HttpPushSettings:
    """The settings of a destination that takes signed batches."""

    endpoint: Endpoint

    async def check(self, environment: Environment) -> None:
        """Raise Required or Invalid unless the URL can be called."""
        await self.endpoint.check(environment, may_have_query=True)

    def open(self, environment: Environment, target: Target) -> "HttpPush":
        """The destination, ready to be called. Raises SecretUnreadable."""
        caller = self.endpoint.caller(environment)
        return HttpPush(caller, self.endpoint.url, target.signing_secret(), target.list_name)


class HttpPush:
    """A URL that takes batches. Its list is ours to name: the delivery's own id."""

    batch_size: ClassVar[int] = 500

    def __init__(self, caller: Caller, url: str, secret: str, delivery: str) -> None:
        self._caller = caller
        self._url = url
        self._secret = secret
        self._delivery = delivery

    async def prepare(self, name: str, order: Order) -> str:
        """Tell the receiver that a list begins."""
        await self._push(order, "CREATE", name=name)
        return self._delivery

    async def rename(self, list_id: str, name: str, order: Order) -> None:
        """Tell the receiver what the list is called from now on."""
        await self._push(order, "RENAME", name=name)

    async def upsert(self, list_id: str, recipients: Sequence[Recipient], order: Order) -> Receipt:
        """Push members with what the mapping made of them."""
        members = [{"key": recipient.key, "data": recipient.data} for recipient in recipients]
        await self._push(order, "UPSERT", members=members)
        return Receipt()

    async def remove(self, list_id: str, keys: Sequence[str], order: Order) -> None:
        """Push the keys of the members to remove."""
        await self._push(order, "REMOVE", members=[{"key": key} for key in keys])

    async def empty(self, list_id: str, order: Order) -> None:
        """Tell the receiver to remove all members."""
        await self._push(order, "EMPTY")

    async def test(self) -> int | None:
        """Push a message that says that it is a test, and is about no list."""
        order = Order(f"seggraph-test-{uuid4().hex}", 0)
        return await self._push(order, "TEST")

    async def _push(self, order: Order, operation: str, **more: Any) -> int:
        message = {
            "list": self._delivery,
            "operation": operation,
            "sequence": order.sequence,
            **more,
        }
        body = orjson.dumps(message)
        headers = webhook_signatures.headers([self._secret], order.key, body) | {"Idempotency-Key": order.key}
        answer = await self._caller.call("POST", self._url, body, headers)
        return answer.status


DESTINATION: Final = DestinationDefinition(
    type="HTTP",
    description="A URL that receives signed batches of changes.",
    settings=lambda options: HttpPushSettings(Endpoint.of(options)),
)
