"""Content negotiation and status codes of GraphQL over HTTP.

https://graphql.github.io/graphql-over-http/draft/ . Where the draft and the audits of the npm package
graphql-http leave a choice between 400 and 422 for failed validation, the answer is 400.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Any

from seggraph.errors import ErrorCode
from seggraph.transport.codes import TransportCode

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"
TOO_MANY_REQUESTS = 429

_STATUS_BY_CODE: dict[str, int] = {
    ErrorCode.UNAUTHENTICATED.value: 401,
    ErrorCode.FORBIDDEN.value: 403,
    ErrorCode.INTERNAL.value: 500,
    ErrorCode.RATE_LIMITED.value: 429,
    ErrorCode.RETRY_LATER.value: 503,
    TransportCode.OPERATION_TIMED_OUT.value: 503,
    TransportCode.METHOD_NOT_ALLOWED.value: 405,
    TransportCode.NOT_ACCEPTABLE.value: 406,
    TransportCode.PAYLOAD_TOO_LARGE.value: 413,
    TransportCode.UNSUPPORTED_MEDIA_TYPE.value: 415,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the client takes.

    `response` is the media type of a single response, None when it takes neither of ours. `streams` says that
    it takes an event stream, `prefers_stream` that it would rather have one than a single response.
    """

    response: str | None
    streams: bool
    prefers_stream: bool


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> Accepted:
    """Read an Accept header.

    `*/*` and a missing header mean ``application/json``, whose status is 200 for every well-formed request:
    so it is for clients that predate the specification, and so the audits have it.
    """
    ranges = _ranges(accept if accept and accept.strip() else "*/*")
    # Of two equally welcome types the one that the client names first; of two under one wildcard, JSON.
    single = min((_rank(ranges, name), index, name) for index, name in enumerate((JSON, GRAPHQL_RESPONSE)))
    stream = _rank(ranges, EVENT_STREAM, wildcards=False)
    response = single[2] if single[0] != _REFUSED else None
    return Accepted(response, stream != _REFUSED, stream < single[0])


def wants_page(accept: str | None) -> bool:
    """Return whether a browser asks for a page, not a program for an answer."""
    ranges = _ranges(accept or "")
    return _rank(ranges, HTML, wildcards=False) < min(_rank(ranges, JSON), _rank(ranges, GRAPHQL_RESPONSE))


_Range = tuple[str, float, int]
_Rank = tuple[float, int]
_REFUSED: _Rank = (1.0, 0)


def _ranges(accept: str) -> Sequence[_Range]:
    ranges = []
    for position, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            weight = min(max(float(quality), 0.0), 1.0)
        except ValueError:
            weight = 0.0
        ranges.append((name, weight, position))
    return ranges


def _rank(ranges: Sequence[_Range], name: str, *, wildcards: bool = True) -> _Rank:
    """Return how welcome a media type is: the smaller, the more. `_REFUSED` when it is not."""
    patterns = (name, f"{name.split('/')[0]}/*", "*/*") if wildcards else (name,)
    for pattern in patterns:
        for found, weight, position in ranges:
            if found == pattern:
                return (-weight, position) if weight > 0 else _REFUSED
    return _REFUSED


@lru_cache(maxsize=256)
def content_type(header: str | None) -> tuple[str, str]:
    """Return the media type of a body, in lower case, and its charset ("utf-8" when unsaid)."""
    message = Message()
    message["content-type"] = header or ""
    media_type = (header or "").split(";", 1)[0].strip().lower()
    return media_type, (message.get_content_charset("utf-8") or "utf-8").lower()


def status_of(body: dict[str, Any], media_type: str) -> int:
    """Return the status of a response: 200 when there is data, by its first error's code when there is none.

    Under ``application/json`` a status other than 200 would mean that something between us and the client
    failed, so every request that could be read is answered 200. Only what was refused for its rate is always 429: that
    is what clients, and what is between us and them, look for.
    """
    if body.get("data") is None and retry_after(body) is not None:
        return TOO_MANY_REQUESTS
    if "data" in body or media_type == JSON:
        return 200
    return status_of_code(body["errors"][0].get("extensions", {}).get("code"))


def retry_after(body: Mapping[str, Any]) -> int | None:
    """In how many seconds to try again what was refused for its rate; None if nothing was."""
    found: list[dict[str, Any]] = [error.get("extensions") or {} for error in body.get("errors") or ()]
    return max(
        (
            extensions.get("retryAfterSeconds", 1)
            for extensions in found
            if extensions.get("code") == ErrorCode.RATE_LIMITED
        ),
        default=None,
    )


def status_of_code(code: str | None) -> int:
    """Return the status of a request that failed with this code: 400 for all the client's other mistakes."""
    return _STATUS_BY_CODE.get(code or "", 400)
