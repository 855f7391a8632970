"""A request that is turned away before it becomes an operation, answered as a GraphQL error all the same."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

import orjson
from starlette.responses import Response

from seggraph.errors import ErrorCode, RateLimited, SeggraphError
from seggraph.transport.codes import TransportCode
from seggraph.transport.cost.variables import VariableLimits
from seggraph.transport.encoding import TOO_DEEP
from seggraph.transport.masking import failure_extensions, internal_extensions
from seggraph.transport.media_types import JSON, status_of_code


class Refused(Exception):
    """The request cannot be served; the message says what would work."""

    def __init__(
        self, code: TransportCode, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def no_json(error: JSONDecodeError) -> Refused:
    """What is wrong with a request that is no JSON, or JSON that cannot be read."""
    if error.msg == TOO_DEEP:
        most = VariableLimits().depth
        message = f"The JSON of the request is nested too deep: variables have at most {most} levels."
    else:
        where = f" at line {error.lineno}, column {error.colno}" if error.doc else ""
        message = f"The request is not JSON: {error.msg}{where}. Send an object with a query."
    return Refused(TransportCode.BAD_REQUEST, message)


def refusal(refused: Refused, media_type: str | None) -> Response:
    """Return the answer to a request that was refused."""
    extensions = {"code": refused.code.value}
    return _response(refused.message, extensions, media_type, refused.headers)


def failure(error: SeggraphError, media_type: str | None) -> Response:
    """Return the answer when the request's context could not be made, most often: 401."""
    headers = {"www-authenticate": "Bearer"} if error.code is ErrorCode.UNAUTHENTICATED else {}
    if isinstance(error, RateLimited):
        headers["retry-after"] = str(error.retry_after_seconds)
    return _response(error.message, failure_extensions(error), media_type, headers)


def internal_failure(media_type: str | None) -> Response:
    """Return the answer to a request that failed for a reason the client is not shown."""
    return _response("Internal error", internal_extensions(), media_type, {})


def _response(
    message: str, extensions: dict[str, Any], media_type: str | None, headers: Mapping[str, str]
) -> Response:
    body = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    code, media_type = extensions["code"], media_type or JSON
    # Apollo's clients send the text after this error, and older ones read it only from a 200.
    is_expected = code == TransportCode.PERSISTED_QUERY_NOT_FOUND and media_type == JSON
    return Response(
        body,
        status_code=200 if is_expected else status_of_code(code),
        headers={"content-type": f"{media_type}; charset=utf-8", **headers},
    )
