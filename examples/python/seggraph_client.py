"""A small typed client of seggraph: queries and mutations over HTTP, events over a WebSocket.

Copy it, and add the documents that you need in the way of those below.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

import httpx
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

ATTEMPTS = 5
RETRIED = frozenset({429, 502, 503, 504})

UPSERT = """
mutation Upsert($kind: MemberKind!, $members: [MemberInput!]!) {
  upsertMembers(input: {kind: $kind, members: $members}) {
    created updated rowErrors { index code message } errors { code message path }
  }
}
"""
CREATE = """
mutation Create($input: CreateSegmentInput!) {
  createSegment(input: $input) { segment { id name } errors { code message path } }
}
"""
WATCH = """
subscription Watch($ids: [ID!]!) {
  segmentEvents(segmentIds: $ids) {
    __typename cursor segment { id memberCount reach { status total } }
  }
}
"""
MEMBERS = """
query Members($id: ID!, $after: String) {
  segment(id: $id) {
    members(first: 100, after: $after) {
      nodes { externalId name country } pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass(frozen=True)
class Problem:
    """Something that is wrong in the input."""

    code: str
    message: str
    path: tuple[str, ...]


class Refused(Exception):
    """The input has errors, of which each says where it is and what would work."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.code}: {one.message}" for one in problems))
        self.problems = tuple(problems)


class RequestFailed(Exception):
    """The request itself failed: its code says why, and the operator finds it in the logs by its id."""

    def __init__(self, code: str, message: str, request_id: str | None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True)
class Stored:
    """What became of the rows of an upsert."""

    created: int
    updated: int
    row_errors: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class SegmentState:
    """A segment as an event shows it."""

    id: str
    member_count: int | None
    status: str
    reach: int | None
    cursor: str


@dataclass(frozen=True)
class Member:
    """A member of a segment."""

    external_id: str | None
    name: str | None
    country: str | None


class Seggraph:
    """A client with a token or an API key."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(headers=self._authorization, timeout=320)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def upsert(self, kind: str, members: Sequence[Mapping[str, Any]]) -> Stored:
        """Store members, by their external ids; up to 1,000."""
        payload = await self._change(UPSERT, "upsertMembers", kind=kind, members=list(members))
        wrong = tuple((row["index"], row["message"]) for row in payload["rowErrors"])
        return Stored(payload["created"], payload["updated"], wrong)

    async def create_segment(self, name: str, kind: str, criteria_text: str) -> str:
        """Create a segment that is computed at once; returns its id."""
        given = {
            "name": name,
            "kind": kind,
            "type": "DYNAMIC",
            "criteriaText": criteria_text,
            "activate": True,
        }
        payload = await self._change(CREATE, "createSegment", input=given)
        return str(payload["segment"]["id"])

    async def watch(self, segment_id: str) -> AsyncGenerator[SegmentState, None]:
        """The segment as it is now, and then whenever it changes."""
        transport = WebsocketsTransport(
            url=self._url.replace("http", "ws", 1),
            init_payload=self._authorization,
            subprotocols=["graphql-transport-ws"],
        )
        async with Client(transport=transport) as session:
            request = gql(WATCH)
            request.variable_values = {"ids": [segment_id]}
            async with aclosing(session.subscribe(request)) as events:
                async for data in events:
                    event = data["segmentEvents"]
                    segment = event["segment"]
                    status, total = segment["reach"]["status"], segment["reach"]["total"]
                    yield SegmentState(segment["id"], segment["memberCount"], status, total, event["cursor"])

    async def members(self, segment_id: str) -> AsyncIterator[Member]:
        """The members of a segment, page by page."""
        after: str | None = None
        while True:
            found = await self._send(MEMBERS, {"id": segment_id, "after": after})
            page = found["segment"]["members"]
            for node in page["nodes"]:
                yield Member(node["externalId"], node["name"], node["country"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def _change(self, document: str, field: str, **variables: Any) -> dict[str, Any]:
        """The payload of a mutation, which is carried out once, however often it is sent. Raises Refused."""
        data = await self._send(document, variables, {"Idempotency-Key": str(uuid.uuid4())})
        payload: dict[str, Any] = data[field]
        if payload["errors"]:
            raise Refused(
                [Problem(one["code"], one["message"], tuple(one["path"] or ())) for one in payload["errors"]]
            )
        return payload

    async def _send(
        self, document: str, variables: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The data of an operation; sent again when the server is away or asks to wait. Raises RequestFailed."""
        body = {"query": document, "variables": variables}
        named = {"Accept": "application/graphql-response+json", **(headers or {})}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = await self._http.post(self._url, json=body, headers=named)
            except httpx.TransportError:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(2**attempt / 10)
                continue
            if response.status_code not in RETRIED or attempt == ATTEMPTS:
                break
            await asyncio.sleep(float(response.headers.get("Retry-After", 2**attempt / 10)))
        answer = response.json()
        if errors := answer.get("errors"):
            code = errors[0].get("extensions", {}).get("code", "UNKNOWN")
            raise RequestFailed(code, errors[0]["message"], response.headers.get("X-Request-Id"))
        data: dict[str, Any] = answer["data"]
        return data
