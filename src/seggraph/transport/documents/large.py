"""Large documents that are not known are parsed and validated in another thread, one after the other.

Validation compares what a document selects pair by pair, so it can take a tenth of a second, in which the event loop
would serve nobody. In a thread it shares the processor with the loop. Of each caller only a few may wait, so a
caller that sends such documents without end delays others by a moment.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from seggraph.errors import RateLimited

LARGE_CHARACTERS: Final = 2_000
MOST_WAITING: Final = 4
"""How many large documents of one user or API key may wait."""


class LargeDocuments:
    """Reads large documents with `read`, which is called in a thread."""

    def __init__(self, read: Callable[[str], None]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large-documents")
        self._waiting: Counter[object] = Counter()

    async def read(self, query: str, context: Any) -> None:
        """Read a document. Raises RateLimited when too many of the caller wait already."""
        payer = getattr(context, "payer", None)
        if payer is not None and self._waiting[payer] >= MOST_WAITING:
            raise RateLimited(
                f"At most {MOST_WAITING} large documents that the server does not know yet are read at the same time"
                " for one user or API key. Send values as variables, so that documents stay the same.",
                limit=MOST_WAITING,
            )
        self._waiting[payer] += 1
        reading = asyncio.get_running_loop().run_in_executor(self._thread, self._read, query)
        reading.add_done_callback(lambda _: self._is_read(payer))
        await asyncio.shield(reading)

    def _is_read(self, payer: object) -> None:
        self._waiting[payer] -= 1
        if not self._waiting[payer]:
            del self._waiting[payer]
