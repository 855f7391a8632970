"""The form of SCIM's answers: resources, lists, and errors as RFC 7644 section 3.12 has them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import orjson
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from scim2_models import Error, ListResponse, SCIMException
from starlette.responses import Response

from seggraph.errors import (
    Duplicate,
    Forbidden,
    LastAdministrator,
    NotFound,
    RateLimited,
    RetryLater,
    SeggraphError,
    Unauthenticated,
)

MEDIA_TYPE: Final = "application/scim+json"

STATUSES: Final[Mapping[type[SeggraphError], tuple[int, str | None]]] = {
    Unauthenticated: (401, None),
    Forbidden: (403, None),
    NotFound: (404, None),
    Duplicate: (409, "uniqueness"),
    LastAdministrator: (409, None),
    RateLimited: (429, None),
    RetryLater: (503, None),
}
"""The status and the scimType of errors; of all others 400 and invalidValue."""


class Refused(Exception):
    """A request that is answered with a status and nothing else."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        scim_type: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.scim_type = status, detail, headers, scim_type


def as_list(bodies: Sequence[Mapping[str, Any]], total: int, start: int) -> dict[str, Any]:
    """A list in SCIM's form."""
    return {
        "schemas": [str(ListResponse.__schema__)],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(bodies),
        "Resources": list(bodies),
    }


def as_json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body in SCIM's media type."""
    return Response(orjson.dumps(body), status, dict(headers or {}), media_type=MEDIA_TYPE)


def failure(error: SeggraphError) -> Response:
    """The answer to an expected failure."""
    known = (answer for kind, answer in STATUSES.items() if isinstance(error, kind))
    status, scim_type = next(known, (400, "invalidValue"))
    headers = {401: {"www-authenticate": "Bearer"}, 503: {"retry-after": "5"}}.get(status)
    if isinstance(error, RateLimited):
        headers = {"retry-after": str(error.retry_after_seconds)}
    return error_answer(status, error.message, scim_type, headers)


def invalid(error: ValidationError) -> Response:
    """What a body that does not fit is answered with: the first thing that is wrong with it."""
    kind = error.errors(include_url=False, include_input=False)[0]["type"]
    scim_type = kind.removeprefix("scim_") if kind.startswith("scim_") else "invalidValue"
    return error_answer(400, _detail(error), scim_type)


def _detail(error: ValidationError) -> str:
    """The first thing that is wrong, with its place as the client names it."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(to_camel(str(part)) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def detail_of(error: SCIMException) -> str:
    """What is wrong, without what a library adds about itself."""
    cause = error.__cause__ or error.__context__
    return _detail(cause) if isinstance(cause, ValidationError) else " ".join(str(error).split())


def error_answer(
    status: int, detail: str, scim_type: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error in SCIM's form."""
    if status == 304:
        return Response(status_code=304)
    body = Error(status=status, detail=detail, scim_type=cast(Any, scim_type))
    return as_json(body.model_dump(), status, headers)
