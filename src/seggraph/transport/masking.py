"""What a client sees of an error: the code of an expected failure, and nothing of an unexpected one.

Every error that leaves has `extensions.code`. An exception that is not a `SeggraphError` becomes "Internal
error" with the id of the request, under which the exception itself is logged.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from seggraph.errors import ErrorCode, Problems, RateLimited, SeggraphError
from seggraph.transport.codes import TransportCode
from seggraph.transport.request_ids import current_request_id

INTERNAL_MESSAGE = "Internal error"
logger = structlog.get_logger("seggraph.api")


def published(errors: Sequence[GraphQLError] | None) -> list[GraphQLError] | None:
    """Return the errors as clients may see them; unexpected ones are logged on the way."""
    return [shown for error in errors for shown in _publish(error)] if errors else None


def internal_extensions() -> dict[str, Any]:
    """Return the extensions of a masked error."""
    return {"code": ErrorCode.INTERNAL.value, "requestId": current_request_id()}


def failure_extensions(failure: SeggraphError) -> dict[str, Any]:
    """Return the extensions of an expected failure: its code, and where in the input it is when that is known."""
    extensions: dict[str, Any] = {"code": failure.published_code.value}
    if failure.family is not None:
        extensions["reason"] = failure.code.value
    if isinstance(failure, RateLimited):
        extensions |= {"limit": failure.limit, "retryAfterSeconds": failure.retry_after_seconds}
    if failure.path:
        extensions["path"] = list(failure.path)
    return extensions


def log_internal(error: BaseException, **fields: Any) -> None:
    """Log an exception that the client is not shown."""
    logger.error("graphql.internal_error", exc_info=error, **fields)


def is_internal(error: GraphQLError) -> bool:
    """Return whether an error is a fault of ours, as `published` would say it."""
    if error.extensions and "code" in error.extensions:
        return bool(error.extensions["code"] == ErrorCode.INTERNAL.value)
    cause = _cause(error)
    return not isinstance(cause, SeggraphError) and _request_error_code(error, cause) is None


def _publish(error: GraphQLError) -> list[GraphQLError]:
    if error.extensions and "code" in error.extensions:
        return [error]
    cause = _cause(error)
    if isinstance(cause, Problems):
        return [_failure(error, problem) for problem in cause.problems]
    if isinstance(cause, SeggraphError):
        return [_failure(error, cause)]
    code = _request_error_code(error, cause)
    if code is not None:
        return [_copy(error, error.message, {"code": code.value})]
    log_internal(cause or error, path=error.path)
    return [_copy(error, INTERNAL_MESSAGE, internal_extensions())]


def _cause(error: GraphQLError) -> BaseException | None:
    """Return the exception behind the error: locating an error may wrap it more than once."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _request_error_code(error: GraphQLError, cause: BaseException | None) -> TransportCode | None:
    """Return the code of a mistake in the request; None when the fault is ours.

    graphql-core raises the same class for both, so what they carry separates them. A refused variable
    or argument points at its node. A value that a resolver returned and its type refuses does not.
    """
    if isinstance(error, GraphQLSyntaxError):
        return TransportCode.GRAPHQL_PARSE_FAILED
    if isinstance(cause, (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)):
        return TransportCode.BAD_REQUEST
    if isinstance(cause, RecursionError) and not error.path:
        return TransportCode.QUERY_TOO_DEEP
    if error.path is None and (error.nodes or cause is None):
        return TransportCode.BAD_USER_INPUT
    if isinstance(cause, GraphQLError) and cause.nodes:
        return TransportCode.BAD_USER_INPUT
    return None


def _failure(error: GraphQLError, failure: SeggraphError) -> GraphQLError:
    return _copy(error, failure.message, failure_extensions(failure))


def _copy(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message, error.nodes, error.source, error.positions, error.path, extensions=extensions
    )
