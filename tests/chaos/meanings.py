"""Criteria of the segments of chaos, and what they mean in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg

from seggraph.vocabulary import ConsentState
from tests.services.computing import country

WINDOW: Final = timedelta(seconds=4)


@dataclass(frozen=True)
class Row:
    """A member as the naive evaluation sees it: its columns, and its events as (name, when, value)."""

    member: asyncpg.Record
    events: Sequence[tuple[str, datetime, Decimal | None]]

    def number_of(self, name: str, since: datetime | None = None) -> int:
        """How many events of a name it has, later than an instant."""
        return sum(one == name and (since is None or at > since) for one, at, _ in self.events)


def _event(name: str, value: int, **more: Any) -> dict[str, Any]:
    return {"event": {"name": name, "aggregate": "COUNT", "op": "GTE", "value": value, **more}}


CHOICES: Final[list[tuple[dict[str, Any], Callable[[Row], bool]]]] = [
    (country("DE"), lambda a: a.member["country"] == "DE"),
    ({"not": country("DE")}, lambda a: a.member["country"] != "DE"),
    ({"tags": {"op": "HAS_ANY", "values": ["x"]}}, lambda a: "x" in a.member["tags"]),
    (
        {"any": [country("US"), {"consent": {"channel": "EMAIL", "state": "DENIED"}}]},
        lambda a: a.member["country"] == "US" or a.member["consent_email"] == ConsentState.DENIED,
    ),
    (
        {"attribute": {"field": "employees", "op": "GT", "value": 50}},
        lambda a: a.member["employees"] is not None and a.member["employees"] > 50,
    ),
    (_event("order", 2), lambda a: a.number_of("order") >= 2),
    (
        _event("visit", 1, within={"last": f"PT{WINDOW.seconds}S"}),
        lambda a: a.number_of("visit", datetime.now(UTC) - WINDOW) >= 1,
    ),
    (
        {"all": [_event("order", 1), country("FR")]},
        lambda a: a.number_of("order") > 0 and a.member["country"] == "FR",
    ),
    (country("FR"), lambda a: a.member["country"] == "FR"),
]
"""Criteria, and what they mean."""
