"""`seggraph serve`, whose event loop is watched: how long it was held, in processor time.

    python -m bench.watched_server FILE serve --port 8000

Every few milliseconds the loop notes the processor time of its thread. What the thread worked between two notes is the
longest that a request waited for others, on a machine of any load. What is more than LEAST_SECONDS is a line of the
file: the moment, and the seconds.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Final, TextIO

from seggraph.cli import main, serving

BEAT_SECONDS: Final = 0.002
LEAST_SECONDS: Final = 0.005


class Watch:
    """Notes how long the loop was held."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._worked = time.thread_time()
        self._loop.call_later(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        worked = time.thread_time()
        held = worked - self._worked - BEAT_SECONDS
        if held > LEAST_SECONDS:
            self._file.write(f"{time.time():.3f} {held:.4f}\n")
            self._file.flush()
        self._worked = time.thread_time()
        self._loop.call_later(BEAT_SECONDS, self._beat)


def watched(file: TextIO) -> Any:
    """What serves, watched."""
    serve = serving._serve

    async def serve_watched(*arguments: Any) -> None:
        Watch(file)
        await serve(*arguments)

    return serve_watched


def longest(path: Path, since: float) -> float:
    """The longest time that the loop was held since a moment, in seconds."""
    lines = (line.split() for line in path.read_text().splitlines())
    return max((float(held) for at, held in lines if float(at) >= since), default=0.0)


if __name__ == "__main__":
    name = sys.argv.pop(1)
    with Path(name).open("w") as notes:
        serving._serve = watched(notes)
        main()
