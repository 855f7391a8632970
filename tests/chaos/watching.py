"""Subscribers over the real API: they keep what they saw of each segment last, lose their connection, and come back."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import websockets.exceptions
from gql.transport.exceptions import TransportError

from tests.product import Product

EVENTS: Final = """
    subscription ($after: String) {
      segmentEvents(after: $after) {
        __typename cursor revision
        segment { id status memberCount reach { status total } }
      }
    }
"""


@dataclass
class Watcher:
    """One subscriber. `seen` has for each segment its status, reach, total and member count as last told."""

    client: Product
    chance: random.Random
    leaves: bool
    """Whether it goes away by itself now and then."""
    seen: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    cursor: str | None = None
    came_back: int = 0

    async def watch(self, calm: Callable[[], bool]) -> None:
        """Watch until cancelled, from the last cursor on after each break. When it is calm, it stays."""
        while True:
            try:
                async with self.client.subscribe(EVENTS, after=self.cursor) as events:
                    patience = self.chance.uniform(0.05, 2) if self.leaves and not calm() else None
                    async with asyncio.timeout(patience):
                        while True:
                            self._take(await anext(events.stream))
            except (
                TimeoutError,
                OSError,
                TransportError,
                websockets.exceptions.WebSocketException,
                StopAsyncIteration,
            ):
                self.came_back += 1
                await asyncio.sleep(0.1)

    def _take(self, data: dict[str, Any]) -> None:
        event = data["segmentEvents"]
        segment, reach = event["segment"], event["segment"]["reach"]
        self.cursor = event["cursor"]
        self.told[event["__typename"]] += 1
        self.seen[segment["id"]] = (
            segment["status"],
            reach["status"],
            reach["total"],
            segment["memberCount"],
        )
