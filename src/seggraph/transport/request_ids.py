"""The id of the request being served: in its response header, in its log lines, in masked errors."""

import os
import re
from contextvars import ContextVar

import structlog

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


class bound:
    """Serve a request under this id: tasks started inside, and their log lines, carry it.

    A class, for each request passes it: a generator takes three times as long.
    """

    __slots__ = ("_id", "_logged", "_token")

    def __init__(self, request_id: str) -> None:
        self._id = request_id

    def __enter__(self) -> None:
        self._token = _current.set(self._id)
        self._logged = structlog.contextvars.bind_contextvars(request_id=self._id)

    def __exit__(self, *_: object) -> None:
        structlog.contextvars.reset_contextvars(**self._logged)
        _current.reset(self._token)
