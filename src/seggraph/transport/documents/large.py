"""Large documents that are not known are parsed and validated in another thread, one after the other.

Validation compares what a document selects pair by pair, so it can take a tenth of a second, in which the event loop
would serve nobody. In a thread it shares the processor with the loop. Each caller has one document read at a time, and
then others have the thread for as long: who sends such documents without end delays others by a moment.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final

from cachetools import LRUCache

from seggraph.errors import RateLimited

LARGE_CHARACTERS: Final = 2_000
MOST_WAITING: Final = 16
"""How many large documents of one user or API key may wait."""
MOST_CALLERS: Final = 10_000


class _Line:
    """The documents of one caller that wait."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.count = 0
        self.rests_until = 0.0


class LargeDocuments:
    """Reads large documents with `read`, which is called in a thread, unless they are known when it is their turn."""

    def __init__(self, read: Callable[[str], None], is_known: Callable[[str], bool]) -> None:
        self._read = read
        self._is_known = is_known
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large-documents")
        self._lines: LRUCache[object, _Line] = LRUCache(MOST_CALLERS)

    async def read(self, query: str, context: Any) -> None:
        """Read a document. Raises RateLimited when too many of the caller wait already."""
        payer = getattr(context, "payer", None)
        line = self._lines.get(payer)
        if line is None:
            line = self._lines[payer] = _Line()
        if line.count >= MOST_WAITING:
            raise RateLimited(
                f"At most {MOST_WAITING} large documents that the server does not know yet may wait for one user or"
                " API key. Send values as variables, so that documents stay the same.",
                limit=MOST_WAITING,
            )
        line.count += 1
        try:
            async with line.lock:
                await self._read_next(query, line)
        finally:
            line.count -= 1

    async def _read_next(self, query: str, line: _Line) -> None:
        if self._is_known(query):
            return
        rest = line.rests_until - monotonic()
        if rest > 0:
            await asyncio.sleep(rest)
        begun = monotonic()
        reading = asyncio.get_running_loop().run_in_executor(self._thread, self._read, query)
        await asyncio.shield(reading)
        line.rests_until = 2 * monotonic() - begun
