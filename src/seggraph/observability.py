"""How the process logs: an event name with fields, as text for people or one JSON object a line.

Entry points call `configure` once; every other module does ``log = structlog.get_logger()`` and logs. Lines
go to standard error, because standard output belongs to a command's answer. What libraries log through the
standard library takes the same shape.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TextIO

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
"""The levels a setting can name."""

_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "database_url", "redis_url")


def configure(*, level: str = "info", as_json: bool = False, stream: TextIO | None = None) -> None:
    """Log from `level` upwards to `stream`, standard error unless given. A second call replaces the first.

    Libraries are heard from WARNING upwards, or from INFO when `level` is debug: their debug lines hold the
    values of SQL statements. Raises ValueError for a level that is not in `LEVELS`.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"log level {level!r} is none of {', '.join(LEVELS)}")
    threshold = LEVELS[level.lower()]
    out = sys.stderr if stream is None else stream
    shared = _shared_processors()
    final = _final_processors(as_json=as_json, colors=not as_json and out.isatty())
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    library_threshold = logging.INFO if threshold == logging.DEBUG else max(threshold, logging.WARNING)
    _route_standard_logging(shared, final, out, library_threshold)


def silence() -> None:
    """Log nothing at all: for commands whose whole output is data, and for tests."""
    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [logging.NullHandler()]
    root.setLevel(logging.CRITICAL)


def bound(**fields: object) -> AbstractContextManager[None]:
    """Add `fields` (job id, segment id, revision) to every line of this task until the block ends."""
    return structlog.contextvars.bound_contextvars(**fields)


def _shared_processors() -> list[Processor]:
    """What is done to our lines and to the libraries' alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]


def _final_processors(*, as_json: bool, colors: bool) -> list[Processor]:
    """From fields to text."""
    if as_json:
        # Local variables stay out of tracebacks: they hold URLs with passwords, and members' data.
        tracebacks = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [tracebacks, structlog.processors.JSONRenderer(default=str)]
    plain_traceback = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain_traceback)]


def _drop(_logger: WrappedLogger, _method: str, _fields: EventDict) -> EventDict:
    """Write no line."""
    raise structlog.DropEvent


def _hide_secrets(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Hide values by the name of their field: a line that should not have had one still does not leak it."""
    for name in fields:
        if name != "event" and any(word in name.lower() for word in _SECRET_WORDS):
            fields[name] = "***"
    return fields


def _route_standard_logging(
    shared: Sequence[Processor], final: Sequence[Processor], out: TextIO, threshold: int
) -> None:
    """Make one handler at the root render what libraries log; their own handlers are not ours to add to."""
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
            processors=[remove_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
