"""An email service with lists of contacts, by the calls that such services have in common (docs/destinations.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import quote

import orjson

from seggraph.destinations.calls import Caller, json_of
from seggraph.destinations.definition import DestinationDefinition, Environment, Target
from seggraph.destinations.destination import MOST_REASONS, Order, Receipt, Recipient, Unavailable
from seggraph.destinations.endpoint import Endpoint
from seggraph.errors import Invalid
from seggraph.vocabulary import Channel

MAX_LIST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class EmailServiceSettings:
    """The settings of an email service: its base URL, without a query."""

    endpoint: Endpoint
    channel: Channel | None = None

    async def check(self, environment: Environment) -> None:
        """Raise Required or Invalid unless the service can be called."""
        await self.endpoint.check(environment, may_have_query=False)
        if self.channel not in (None, Channel.EMAIL):
            message = "An email service reaches people by EMAIL; leave channel out."
            raise Invalid(message, path=("channel",))

    def open(self, environment: Environment, target: Target) -> "EmailService":
        """The service, ready to be called."""
        return EmailService(self.endpoint.caller(environment), self.endpoint.url)


class EmailService:
    """An email service behind a base URL. Contacts are known by our external ids, so that an address may change."""

    batch_size: ClassVar[int] = 500

    def __init__(self, caller: Caller, base_url: str) -> None:
        self._caller = caller
        self._base_url = base_url.rstrip("/")

    async def prepare(self, name: str, order: Order) -> str:
        """Make a list; the service gives the same one for the same key."""
        answer = json_of(await self._call("POST", "/lists", order, {"name": name}))
        list_id = answer.get("id")
        if (
            not isinstance(list_id, str | int)
            or isinstance(list_id, bool)
            or not 0 < len(str(list_id)) <= MAX_LIST_ID
        ):
            raise Unavailable("The service made a list and did not say its id.")
        return str(list_id)

    async def rename(self, list_id: str, name: str, order: Order) -> None:
        """Have the list renamed. That it is not found may as well mean that lists cannot be renamed: no ListGone."""
        json_of(await self._call("PATCH", _place(list_id), order, {"name": name}))

    async def upsert(self, list_id: str, recipients: Sequence[Recipient], order: Order) -> Receipt:
        """Send contacts. Those that the service names in `rejected` are not on the list."""
        contacts = [
            {"external_id": recipient.key, "email": recipient.email, "attributes": recipient.data}
            for recipient in recipients
        ]
        answer = await self._call(
            "POST", f"{_place(list_id)}/contacts", order, {"contacts": contacts}, of_list=True
        )
        return Receipt(_rejected(json_of(answer), {recipient.key for recipient in recipients}))

    async def remove(self, list_id: str, keys: Sequence[str], order: Order) -> None:
        """Have contacts removed from the list."""
        content = {"external_ids": list(keys)}
        json_of(await self._call("POST", f"{_place(list_id)}/contacts/remove", order, content, of_list=True))

    async def empty(self, list_id: str, order: Order) -> None:
        """Have all contacts removed from the list."""
        json_of(await self._call("DELETE", f"{_place(list_id)}/contacts", order, {}, of_list=True))

    async def test(self) -> int | None:
        """Ask for the lists, which changes nothing: the service answers if it takes our credentials."""
        headers = {"Accept": "application/json"}
        answer = await self._caller.call("GET", f"{self._base_url}/lists", b"", headers)
        json_of(answer)
        return answer.status

    async def _call(
        self, method: str, path: str, order: Order, content: Mapping[str, Any], *, of_list: bool = False
    ) -> Any:
        headers = {"Idempotency-Key": order.key, "Accept": "application/json"}
        url = f"{self._base_url}{path}"
        return await self._caller.call(method, url, orjson.dumps(content), headers, of_list=of_list)


def _place(list_id: str) -> str:
    return f"/lists/{quote(list_id, safe='')}"


def _rejected(answer: Mapping[str, Any], sent: set[str]) -> dict[str, str]:
    """The contacts that the service did not take, by key with the reason. Raises Unavailable if it says neither."""
    accepted, rejected = answer.get("accepted"), answer.get("rejected", [])
    if not isinstance(accepted, int) or not isinstance(rejected, list):
        raise Unavailable("The service did not say how many contacts it took.")
    reasons = {
        str(contact["external_id"]): str(contact.get("reason", ""))[:MOST_REASONS]
        for contact in rejected
        if isinstance(contact, dict) and "external_id" in contact
    }
    if not reasons.keys() <= sent or accepted + len(reasons) != len(sent):
        raise Unavailable("The service answered about other contacts than those that were sent.")
    return reasons


DESTINATION: Final = DestinationDefinition(
    type="EMAIL_SERVICE",
    description="An email service whose contact lists are kept up to date by its API.",
    settings=lambda options: EmailServiceSettings(Endpoint.of(options), options.channel),
    channel=Channel.EMAIL,
)
