"""The id of the request being served: in its response header, in its log lines, in masked errors."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from seggraph import observability

HEADER = "x-request-id"
HEADER_BYTES = HEADER.encode()
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/-]{0,127}")
_current: ContextVar[str | None] = ContextVar("seggraph_request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request that this task serves, None outside of one."""
    return _current.get()


def choose(proposed: str | None) -> str:
    """Return the id that a proxy or a client proposed if it is sane, otherwise a new one."""
    return proposed if proposed and _SANE.fullmatch(proposed) else os.urandom(16).hex()


@contextmanager
def bound(request_id: str) -> Iterator[None]:
    """Serve a request under this id: tasks started inside, and their log lines, carry it."""
    token = _current.set(request_id)
    try:
        with observability.bound(request_id=request_id):
            yield
    finally:
        _current.reset(token)
