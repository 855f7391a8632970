"""The endpoints of SCIM below /scim/v2, for an API key with the scope PROVISIONING.

Errors have the form of RFC 7644 section 3.12. Bodies are bounded; what is done with many members leaves the loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar, cast

import orjson
from pydantic import ValidationError
from scim2_models import (
    Context as Stage,
)
from scim2_models import (
    Error,
    PatchOp,
    ResponseParameters,
    SCIMException,
)
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from seggraph.access import Viewer, require_provisioning
from seggraph.context import Context
from seggraph.errors import (
    NotFound,
    RateLimited,
    SeggraphError,
)
from seggraph.scim import filters, memberships, resources
from seggraph.scim.answers import (
    MEDIA_TYPE,
    Refused,
    as_json,
    as_list,
    detail_of,
    error_answer,
    failure,
    invalid,
)
from seggraph.scim.resources import POLICY, Group, User
from seggraph.services.directory import groups, users
from seggraph.services.directory.conditions import Slice
from seggraph.services.directory.groups import DirectoryGroup, GroupDraft
from seggraph.services.directory.users import DirectoryUser, UserDraft

PREFIX: Final = "/scim/v2"
ACCEPTED: Final = (MEDIA_TYPE, "application/json")
MAX_BYTES: Final = 1024 * 1024
"""Most bytes of a body: a group of 10,000 members has fewer."""
MAX_OPERATIONS: Final = 100
"""Most operations of a PATCH."""
POINTS: Final = 1_000
"""What a request costs of the points of its key and workspace: about what a page of users does over GraphQL."""

Authenticate = Callable[[Request], Awaitable[tuple[Context, Viewer, str]]]
"""What the services work with, who sends a request, and where they reach us.

Raises Unauthenticated, Forbidden, RetryLater.
"""

R = TypeVar("R", User, Group)


class ScimEndpoint:
    """The routes, for requests whose sender `authenticate` finds."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    def route(self) -> BaseRoute:
        """The routes below PREFIX; what is none of them is answered in SCIM's form too."""
        one = ["GET", "PUT", "PATCH", "DELETE"]
        found: list[tuple[str, list[str], Callable[[Request, Context, Viewer], Awaitable[Response]]]] = [
            ("/ServiceProviderConfig", ["GET"], self._config),
            ("/Schemas", ["GET"], partial(self._described, resources.schemas)),
            ("/Schemas/{name}", ["GET"], partial(self._described, resources.schemas)),
            ("/ResourceTypes", ["GET"], partial(self._described, resources.resource_types)),
            ("/ResourceTypes/{name}", ["GET"], partial(self._described, resources.resource_types)),
            ("/Users", ["GET", "POST"], self._users),
            ("/Users/{id}", one, self._user),
            ("/Groups", ["GET", "POST"], self._groups),
            ("/Groups/{id}", one, self._group),
        ]
        routes = [
            Route(path, partial(self._answer, methods, handle), methods=ANY)
            for path, methods, handle in found
        ]
        nothing = partial(self._answer, ANY, self._nothing)
        return Mount(PREFIX, routes=[*routes, Route("/{path:path}", nothing, methods=ANY)])

    async def _answer(
        self,
        methods: Sequence[str],
        handle: Callable[[Request, Context, Viewer], Awaitable[Response]],
        request: Request,
    ) -> Response:
        """Answer a request of somebody who may provision; what is wrong with it in SCIM's form."""
        try:
            context, viewer, request.state.base = await self._authenticate(request)
            require_provisioning(viewer)
            await _spend(context, viewer)
            if request.method not in methods:
                raise Refused(405, f"Use {', '.join(methods)}.", {"allow": ", ".join(methods)})
            return await handle(request, context, viewer)
        except SeggraphError as error:
            return failure(error)
        except SCIMException as error:
            return error_answer(error.status, detail_of(error), error.scim_type or None)
        except ValidationError as error:
            return invalid(error)
        except Refused as refused:
            return error_answer(refused.status, refused.detail, refused.scim_type, refused.headers)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _nothing(self, request: Request, _: Context, __: Viewer) -> Response:
        is_planned = request.path_params["path"] in ("Me", "Bulk", ".search")
        raise Refused(501 if is_planned else 404, "This is not served here; see /scim/v2/ResourceTypes.")

    async def _config(self, _: Request, __: Context, ___: Viewer) -> Response:
        return as_json(resources.service_provider_config().model_dump(scim_ctx=Stage.RESOURCE_QUERY_RESPONSE))

    async def _described(
        self, read: Callable[[], Sequence[Any]], request: Request, _: Context, __: Viewer
    ) -> Response:
        """Schemas or types of resources: all of them, or one by its id."""
        bodies = [one.model_dump(scim_ctx=Stage.RESOURCE_QUERY_RESPONSE) for one in read()]
        name = request.path_params.get("name")
        if name is None:
            return as_json(as_list(bodies, len(bodies), 1))
        for body in bodies:
            if body["id"].lower() == name.lower():
                return as_json(body)
        raise NotFound("There is no such description.")

    async def _users(self, request: Request, context: Context, viewer: Viewer) -> Response:
        if request.method == "POST":
            resource = _parsed(User, await _body(request), Stage.RESOURCE_CREATION_REQUEST)
            made = await users.create(context, viewer, resources.user_draft(resource))
            return await _shown(request, resources.user_resource(made), status=201)
        equal = filters.equalities(User, request.query_params.get("filter"))
        found, total = await users.list_slice(viewer, equal, part := _slice(request))
        return await _listed(request, [resources.user_resource(one) for one in found], total, part)

    async def _user(self, request: Request, context: Context, viewer: Viewer) -> Response:
        number = _number(request, "User")
        if request.method in ("GET", "DELETE"):
            present = resources.user_resource(await users.get(viewer, number))
            await _require_version(request, present)
            if request.method == "GET":
                return await _shown(request, present)
            await users.delete(context, viewer, number)
            return Response(status_code=204)
        body = await _body(request)

        async def decide(before: DirectoryUser) -> UserDraft:
            present = resources.user_resource(before)
            await _require_version(request, present)
            return resources.user_draft(await _changed(request, body, present), before)

        after = await users.change(context, viewer, number, decide)
        return await _shown(request, resources.user_resource(after))

    async def _groups(self, request: Request, context: Context, viewer: Viewer) -> Response:
        if request.method == "POST":
            resource = _parsed(Group, await _body(request), Stage.RESOURCE_CREATION_REQUEST)
            made = await groups.create(context, viewer, resources.group_draft(resource))
            return await _shown(request, resources.group_resource(made), status=201)
        equal = filters.equalities(Group, request.query_params.get("filter"))
        part = _slice(request)
        found, total = await groups.list_slice(viewer, equal, part, with_members=_wants_members(request))
        return await _listed(request, [resources.group_resource(one) for one in found], total, part)

    async def _group(self, request: Request, context: Context, viewer: Viewer) -> Response:
        number = _number(request, "DirectoryGroup")
        if request.method in ("GET", "DELETE"):
            with_members = request.method == "DELETE" or _wants_members(request)
            group = await groups.get(viewer, number, with_members=with_members)
            present = await asyncio.to_thread(resources.group_resource, group)
            await _require_version(request, present)
            if request.method == "GET":
                return await _shown(request, present)
            await groups.delete(context, viewer, number)
            return Response(status_code=204)
        body = await _body(request)

        async def decide(before: DirectoryGroup) -> GroupDraft:
            if request.headers.get("if-match") is not None:
                await _require_version(request, await asyncio.to_thread(resources.group_resource, before))
            if request.method == "PATCH":
                return await _changed_group(body, before)
            present = resources.group_resource(replace(before, members=()))
            return resources.group_draft(await _changed(request, body, present))

        after = await groups.change(context, viewer, number, decide)
        if request.method == "PATCH":  # the members of a large group are not sent back for each that joins
            return Response(status_code=204)
        return await _shown(request, await asyncio.to_thread(resources.group_resource, after))


async def _spend(context: Context, viewer: Viewer) -> None:
    """Spend the points of a request. Raises RateLimited, held back for who does not heed it."""
    try:
        context.throttle.spend(viewer, POINTS)
    except RateLimited:
        await context.throttle.hold_back(viewer)
        raise


async def _changed_group(body: Any, before: DirectoryGroup) -> GroupDraft:
    """A group as a PATCH makes it: members by their numbers, and the rest as of any resource."""
    others, edits = memberships.split(_operations_in(body))
    resource = resources.group_resource(replace(before, members=()))
    if others:
        patch = {"schemas": [str(PatchOp.__schema__)], "Operations": others}
        resource = await asyncio.to_thread(_patched, resource, patch)
    member_ids = memberships.edited([user_id for user_id, _ in before.members], edits)
    return GroupDraft(resource.display_name or "", resource.external_id, member_ids)


ANY: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _body(request: Request) -> Any:
    """The JSON of a body. Raises Refused for one that is too large, and for another type."""
    media_type = request.headers.get("content-type", MEDIA_TYPE).partition(";")[0].strip().lower()
    if media_type not in ACCEPTED:
        raise Refused(415, f"Send {MEDIA_TYPE}.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise Refused(413, f"A body has at most {MAX_BYTES:,} bytes.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SCIMException.from_error(
            Error(status=400, scim_type="invalidSyntax", detail="The body is not JSON.")
        ) from error


def _parsed(model: type[R], body: Any, stage: Stage) -> R:
    return model.model_validate(_canonical(body), scim_ctx=stage, scim_policy=POLICY)


def _canonical(body: Any) -> Any:
    """A body whose `schemas` may be absent or name extensions that are not kept."""
    return (
        body
        if not isinstance(body, dict)
        else {key: one for key, one in body.items() if key.lower() != "schemas"}
    )


async def _changed(request: Request, body: Any, present: R) -> R:
    """The resource as the body of a PUT or PATCH makes it."""
    model = type(present)
    if request.method == "PUT":
        return await asyncio.to_thread(_parsed, model, body, Stage.RESOURCE_REPLACEMENT_REQUEST)
    body = {"schemas": [str(PatchOp.__schema__)], "Operations": _operations_in(body)}
    return await asyncio.to_thread(_patched, present, body)


def _operations_in(body: Any) -> list[Any]:
    """The operations of the body of a PATCH. Raises Refused for too many, and for none."""
    found = (
        [one for key, one in body.items() if key.lower() == "operations"] if isinstance(body, dict) else []
    )
    if not found or not isinstance(found[0], list) or not found[0]:
        raise Refused(400, "A PATCH has Operations: a list with at least one.", scim_type="invalidValue")
    if len(found[0]) > MAX_OPERATIONS:
        raise Refused(413, f"A PATCH has at most {MAX_OPERATIONS:,} operations.")
    return list(found[0])


def _patched(present: R, body: Any) -> R:
    patch = PatchOp[type(present)].model_validate(  # type: ignore[misc]
        body, scim_ctx=Stage.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
    )
    patch.patch(present, scim_policy=POLICY)
    return present


def _number(request: Request, type_name: str) -> int:
    """The number in the id of the path. Raises NotFound for what is no id."""
    number = resources.number_of(type_name, request.path_params["id"])
    if number is None:
        raise NotFound("There is no such resource.")
    return number


def _slice(request: Request) -> Slice:
    """The part of a list that is asked for. Raises Refused for a place that is no number."""
    given = {}
    for name, key in (("startIndex", "start"), ("count", "count")):
        text = request.query_params.get(name)
        if text is not None:
            digits = text.removeprefix("-")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
                raise SCIMException.from_error(
                    Error(status=400, scim_type="invalidValue", detail=f"{name} is a number.")
                )
            given[key] = int(text)
    return Slice(**given)


def _wants_members(request: Request) -> bool:
    """Whether the members of groups are asked for."""
    wanted, unwanted = (
        [one.strip().lower() for one in request.query_params.get(name, "").split(",") if one.strip()]
        for name in ("attributes", "excludedAttributes")
    )
    return "members" not in unwanted and (not wanted or any(one.startswith("members") for one in wanted))


def _parameters(request: Request, model: type[R]) -> ResponseParameters[Any]:
    """The attributes that are asked for."""
    names = {"attributes": "attributes", "excludedAttributes": "excluded_attributes"}
    given = {key: request.query_params[name] for name, key in names.items() if request.query_params.get(name)}
    return ResponseParameters[model].model_validate(given, scim_policy=POLICY)  # type: ignore[valid-type]


async def _require_version(request: Request, present: User | Group) -> None:
    """Raise Refused if the request is about another version, or the client has this one already."""
    wanted, known = request.headers.get("if-match"), request.headers.get("if-none-match")
    if wanted is None and known is None:
        return
    version = await asyncio.to_thread(resources.version_of, present)
    if wanted is not None and wanted != "*" and version not in _versions(wanted):
        raise Refused(412, "The resource was changed since; read it again.")
    if request.method == "GET" and known is not None and (known == "*" or version in _versions(known)):
        raise Refused(304, "")


def _versions(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]


async def _shown(request: Request, resource: R, *, status: int = 200) -> Response:
    """A resource with its version and place."""
    parameters = _parameters(request, type(resource))
    place = _place(request, resource)
    version = await asyncio.to_thread(resources.version_of, resource)
    _complete(resource, place, version)
    body = await asyncio.to_thread(
        resource.model_dump, scim_ctx=Stage.RESOURCE_QUERY_RESPONSE, response_parameters=parameters
    )
    headers = {"etag": version} | ({"location": place} if status == 201 else {})
    return as_json(body, status, headers)


async def _listed(request: Request, found: Sequence[R], total: int, part: Slice) -> Response:
    parameters = _parameters(request, cast(Any, User if request.url.path.endswith("/Users") else Group))

    def bodies() -> list[dict[str, Any]]:
        for resource in found:
            _complete(resource, _place(request, resource), resources.version_of(resource))
        return [
            one.model_dump(scim_ctx=Stage.RESOURCE_QUERY_RESPONSE, response_parameters=parameters)
            for one in found
        ]

    return as_json(as_list(await asyncio.to_thread(bodies), total, part.limits[0] + 1))


def _complete(resource: User | Group, place: str, version: str) -> None:
    if resource.meta is not None:
        resource.meta.location, resource.meta.version = cast(Any, place), version


def _place(request: Request, resource: User | Group) -> str:
    """The address of a resource, as this client reaches us."""
    return f"{request.state.base}{PREFIX}/{type(resource).__name__}s/{resource.id}"
