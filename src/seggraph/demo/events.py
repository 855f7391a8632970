"""Believable events of the members of `demo_data`, of the last year: orders, logins, page views. No I/O.

The events of a member follow from the seed and the member alone. Their external ids are fixed, so that recording
them again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import log
from random import Random
from typing import Any, Final

from seggraph.vocabulary import MemberKind

Event = dict[str, object]
"""An event under the keys of the API's `EventInput`; every key is there, what is unset is None."""

DAYS: Final = 365
"""How far back events go."""
MAX_ORDERS: Final = 4
MAX_VISITS: Final = 12

_PAGES: Final = ("/", "/pricing", "/features", "/blog", "/docs", "/contact", "/case-studies")
_CHANNELS: Final = ("web", "sales", "partner")
_VISITS: Final = (("page_view", 0.55), ("login", 0.85), ("newsletter_opened", 1.0))
"""What a visit is, by where a random number up to 1 falls."""


def of_members(
    seed: int, kind: MemberKind, members: Iterable[Mapping[str, Any]], *, as_of: date
) -> Iterator[Event]:
    """The events of members of `demo_data` that were made with the same seed and `as_of`: a few each."""
    random = Random()  # noqa: S311 - believable, not secret
    earliest = datetime.fromisoformat(f"{as_of.isoformat()}T00:00:00+00:00") - timedelta(days=DAYS)
    for member in members:
        random.seed(f"{seed} {kind.name} {member['externalId']}")
        attributes = member["attributes"]
        since = max(datetime.fromisoformat(attributes["signedUpAt"]), earliest)
        until = datetime.fromisoformat(attributes["lastSeenAt"])
        if until >= since:
            yield from _orders(random.random, kind, member, since, until)
            yield from _visits(random.random, kind, member, since, until)


def _orders(
    unit: Callable[[], float], kind: MemberKind, member: Mapping[str, Any], since: datetime, until: datetime
) -> Iterator[Event]:
    """An order each quarter from a paying account; now and then a small one from a person."""
    monthly = member["attributes"].get("monthlyRevenue", 0)
    if kind is MemberKind.ACCOUNT and monthly:
        count = 1 + min(MAX_ORDERS - 1, (until - since).days // 91)
    else:
        count = int(kind is MemberKind.PERSON and unit() < 0.15) + int(unit() < 0.03)
    amount = Decimal(3 * monthly) if monthly else None
    for number in range(count):
        value = amount or Decimal(1900 + int(24000 * unit())).scaleb(-2)
        properties = {"channel": _CHANNELS[int(3 * unit())], "items": 1 + int(4 * unit())}
        at = since + (until - since) * ((number + unit()) / count)
        yield _event(kind, member, "order", number, at, value, properties)


def _visits(
    unit: Callable[[], float], kind: MemberKind, member: Mapping[str, Any], since: datetime, until: datetime
) -> Iterator[Event]:
    """Visits, more of them lately; the last is when the member was last seen."""
    mean = 1.4 if kind is MemberKind.ACCOUNT else 2.6
    count = 1 + min(MAX_VISITS - 1, int(-mean * log(1 - unit())))
    for number in range(count):
        name = next(name for name, bound in _VISITS if unit() <= bound) if number else "login"
        at = until - (until - since) * unit() ** 2 if number else until
        properties = {"path": _PAGES[int(len(_PAGES) * unit())]} if name == "page_view" else None
        yield _event(kind, member, name, number, at, None, properties)


def _event(
    kind: MemberKind,
    member: Mapping[str, Any],
    name: str,
    number: int,
    at: datetime,
    value: Decimal | None,
    properties: object,
) -> Event:
    return {
        "kind": kind,
        "memberExternalId": member["externalId"],
        "name": name,
        "occurredAt": at.replace(microsecond=0),
        "value": value,
        "properties": properties,
        "externalId": f"{member['externalId']}-{name}-{number + 1}",
    }
