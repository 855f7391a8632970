"""What the answers of destinations over HTTP mean: done, come back later, or never."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from seggraph.destinations.destination import MOST_REASONS, Declined, ListGone, Refused, Unavailable
from seggraph.http_client import AddressRefused, Answer, ConnectionFailed, Outgoing

MAX_AFTER_SECONDS: Final = 3_600.0
"""The longest time that a destination can ask us to wait."""

PASSING: Final = frozenset({408, 409, 421, 423, 425, 429})
"""Client errors that say "not now"."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one destination: what every call carries, and how long it may take.

    `secrets` are texts that are taken out of every reason: answers often quote the request.
    """

    outgoing: Outgoing
    headers: Mapping[str, str]
    timeout_seconds: float
    secrets: Sequence[str] = ()

    async def call(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, of_list: bool = False
    ) -> Answer:
        """Make a call that succeeded; with `of_list` an answer of 404 or 410 means that the list is gone."""
        try:
            answer = await self.outgoing.send(
                method,
                url,
                headers={**self.headers, "Content-Type": "application/json", **headers},
                content=body,
                timeout_seconds=self.timeout_seconds,
            )
        except AddressRefused as error:
            raise Refused(error.message) from error
        except ConnectionFailed as error:
            raise Unavailable(error.message) from error
        _check(answer, self.secrets, of_list=of_list)
        return answer


def json_of(answer: Answer) -> dict[str, Any]:
    """The object that an answer consists of. Raises Unavailable for anything else: a proxy's page, half an answer."""
    try:
        content = orjson.loads(answer.body) if answer.whole else None
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise Unavailable(
            "The destination answered with something that is not a JSON object.", status=answer.status
        )
    return content


def _check(answer: Answer, secrets: Sequence[str], *, of_list: bool) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    said = _said(answer, secrets)
    if status in PASSING or status >= 500:
        raise Unavailable(
            f"The destination answered {status}{said}.",
            status=status,
            after_seconds=after_seconds(answer.headers),
        )
    if 300 <= status < 400:
        raise Unavailable(
            "The destination answers with a redirect; enter the address that it leads to.", status=status
        )
    if of_list and status in (404, 410):
        raise ListGone(f"The list is not there any more: the destination answered {status}.", status=status)
    if status in (401, 403):
        raise Refused(
            f"The destination does not take our credentials (it answered {status}{said}). Enter them again.",
            status=status,
        )
    raise Declined(
        f"The destination answered {status}{said}. Check its address and the mapping, then retry.",
        status=status,
    )


def after_seconds(headers: Mapping[str, str]) -> float | None:
    """What Retry-After says (RFC 9110), in seconds or as a date, between 0 and MAX_AFTER_SECONDS."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_AFTER_SECONDS)


def _said(answer: Answer, secrets: Sequence[str]) -> str:
    """What the answer says, for people: one short line of it, without what it repeats of our secrets."""
    text = answer.body.decode("utf-8", "replace")
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    text = " ".join(text.split())[:MOST_REASONS]
    text = "".join(character for character in text if character.isprintable())
    return f": {text}" if text and not text.startswith("<") else ""
