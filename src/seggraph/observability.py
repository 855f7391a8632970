"""Logging: an event name with fields, as readable text or as one JSON object in each line.

Entry points call `configure` once. All other modules use ``log = structlog.get_logger()``. Logs go to standard
error, because standard output is for the result of a command. What libraries log through the standard library is
written in the same format.
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
"""The levels of the setting `log_level`."""

_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "database_url", "redis_url")


def configure(*, level: str = "info", as_json: bool = False, stream: TextIO | None = None) -> None:
    """Log from `level` upwards to `stream`, by default standard error. A second call replaces the first.

    Libraries log from WARNING upwards, or from INFO upwards if `level` is debug. Their debug lines have the
    values of SQL statements, so they are never logged. Raises ValueError for a level that is not in `LEVELS`.
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
    """Log nothing: for commands whose output is only data, and for tests."""
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
    """Add fields (job id, segment id, revision) to every line that this task logs until the block ends."""
    return structlog.contextvars.bound_contextvars(**fields)


def _shared_processors() -> list[Processor]:
    """Processors for our own lines and for those of libraries."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]


def _final_processors(*, as_json: bool, colors: bool) -> list[Processor]:
    """Processors that format fields as text or JSON."""
    if as_json:
        # Tracebacks have no local variables, because these can have URLs with passwords, and data of members.
        tracebacks = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [tracebacks, structlog.processors.JSONRenderer(default=str)]
    plain_traceback = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain_traceback)]


def _drop(_logger: WrappedLogger, _method: str, _fields: EventDict) -> EventDict:
    """Write no line."""
    raise structlog.DropEvent


def _hide_secrets(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Replace the values of fields whose names say that they are secret, in case such a value is logged by mistake."""
    for name in fields:
        if name != "event" and any(word in name.lower() for word in _SECRET_WORDS):
            fields[name] = "***"
    return fields


def _route_standard_logging(
    shared: Sequence[Processor], final: Sequence[Processor], out: TextIO, threshold: int
) -> None:
    """Format what libraries log, with one handler of the root logger."""
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
