"""Idempotency keys: a request is carried out once, whatever happens to it, and answered the same again."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database import unit_of_work
from seggraph.services.idempotency import answers
from seggraph.vocabulary import Role
from tests.api.test_permission_walk import WALK, answer_to, digest, reachable
from tests.api.test_permission_walk import settings as settings
from tests.api.test_rights_of_now import received, socket
from tests.api.world import furnished
from tests.conftest import new_viewer
from tests.product import Product, Server

CREATE = """
    mutation ($i: CreateSegmentInput!) {
      createSegment(input: $i) { segment { id name memberCount reach { status } } errors { code path } }
    }
"""
DRAFT = {"name": "One", "kind": "PERSON", "type": "STATIC"}


@pytest.fixture
async def admin(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


async def sent(product: Product, text: str, key: str | None, **variables: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await product.http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)


def code_of(response: httpx.Response) -> str:
    [error] = response.json()["errors"]
    assert "data" not in response.json()
    code: str = error["extensions"]["code"]
    return code


async def counted(connection: asyncpg.Connection, table: str) -> int:
    count: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return count


async def test_the_same_request_is_answered_the_same_and_another_one_is_refused(
    admin: Product, connection: asyncpg.Connection
) -> None:
    first = await sent(admin, CREATE, "k-1", i=DRAFT)
    again = [await sent(admin, CREATE, key, i=DRAFT) for key in ("k-1", '"k-1"')]
    assert first.json()["data"]["createSegment"]["errors"] == []
    assert {one.text for one in again} == {first.text}
    assert await counted(connection, "segments") == 1
    assert await counted(connection, "audit_entries WHERE action = 'CREATED' AND subject = 'SEGMENT'") == 1

    assert code_of(await sent(admin, CREATE, "k-1", i=DRAFT | {"name": "Two"})) == "IDEMPOTENCY_CONFLICT"
    assert code_of(await sent(admin, CREATE + " ", "k-1", i=DRAFT)) == "IDEMPOTENCY_CONFLICT"
    for wrong in ("", '""', "x" * 256, "a\tb"):
        assert code_of(await sent(admin, CREATE, wrong, i=DRAFT)) == "BAD_REQUEST", wrong
    two = "mutation ($i: CreateSegmentInput!) { a: createSegment(input: $i) { errors { code } }" + (
        " b: createSegment(input: $i) { errors { code } } }"
    )
    assert code_of(await sent(admin, two, "k-2", i=DRAFT)) == "INVALID"
    assert await counted(connection, "segments") == 1
    # a query needs no key, and is not kept
    for _ in range(2):
        assert (await sent(admin, "{ viewer { role } }", "k-3")).json()["data"] == {
            "viewer": {"role": "ADMIN"}
        }
    assert await counted(connection, "idempotency_keys") == 1
    streamed = await admin.http.post(
        "/graphql",
        json={"query": CREATE, "variables": {"i": DRAFT}},
        headers={"Idempotency-Key": "k-4", "Accept": "text/event-stream"},
    )
    assert streamed.status_code == 400


async def test_keys_belong_to_who_sends_them_and_to_their_rights(
    admin: Product, server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    assert (await sent(admin, CREATE, "k", i=DRAFT)).status_code == 200
    async with server.sign_in(leader) as one, server.sign_in(stranger) as other:
        for client in (one, other):
            made = await sent(client, CREATE, "k", i=DRAFT | {"name": "Mine"})
            assert made.json()["data"]["createSegment"]["errors"] == []
        await connection.execute(
            "UPDATE workspace_users SET role = 'TEAM_MEMBER' WHERE user_id = $1", leader.user_id
        )
        # who may see less now is not shown what they saw then
        for _ in range(1_000):
            repeated = await sent(one, CREATE, "k", i=DRAFT | {"name": "Mine"})
            if repeated.status_code != 200:
                break
        assert code_of(repeated) == "IDEMPOTENCY_CONFLICT"
    assert await counted(connection, "segments") == 3


async def test_what_was_refused_or_failed_is_not_kept_and_nothing_of_it_stays(
    admin: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await sent(admin, CREATE, "k", i=DRAFT | {"name": " "})
    assert refused.json()["data"]["createSegment"]["errors"][0]["code"] == "REQUIRED"
    # the corrected request may have the same key; its answer is too large to keep, so it is not carried out
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 10)
    assert code_of(await sent(admin, CREATE, "k", i=DRAFT)) == "TOO_LARGE"
    assert await counted(connection, "segments") + await counted(connection, "idempotency_keys") == 0
    monkeypatch.undo()
    assert (await sent(admin, CREATE, "k", i=DRAFT)).json()["data"]["createSegment"]["errors"] == []
    assert await counted(connection, "segments") == 1


async def test_a_crash_between_the_commit_and_the_answer_loses_neither(
    admin: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(_: object) -> None:
        raise SystemError("the process is gone")

    monkeypatch.setattr(unit_of_work, "_flush", crash)
    assert (await sent(admin, CREATE, "k", i=DRAFT)).status_code == 500
    monkeypatch.undo()
    assert await counted(connection, "segments") == 1
    again = await sent(admin, CREATE, "k", i=DRAFT)
    assert again.json()["data"]["createSegment"]["segment"]["name"] == "One"
    assert await counted(connection, "segments") == 1


async def test_a_crash_before_the_commit_leaves_nothing(
    admin: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> bytes:
        raise SystemError("the process is gone")

    monkeypatch.setattr(answers, "_sealed", crash)
    assert (await sent(admin, CREATE, "k", i=DRAFT)).status_code == 500
    assert await counted(connection, "segments") + await counted(connection, "outbox") == 0
    monkeypatch.undo()
    assert (await sent(admin, CREATE, "k", i=DRAFT)).json()["data"]["createSegment"]["errors"] == []


async def test_requests_at_the_same_time_are_carried_out_once(
    admin: Product, connection: asyncpg.Connection
) -> None:
    text = CREATE.replace("errors { code path }", "errors { code }")
    found = await asyncio.gather(*(sent(admin, text, "k", i=DRAFT) for _ in range(8)))
    codes = [
        [error["code"] for error in one.json()["data"]["createSegment"]["errors"]]
        if "data" in one.json()
        else [code_of(one)]
        for one in found
    ]
    assert [] in codes
    assert all(code in ([], ["RETRY_LATER"]) for code in codes)
    assert await counted(connection, "segments") == 1
    assert (await sent(admin, text, "k", i=DRAFT)).json()["data"]["createSegment"]["errors"] == []


async def test_a_day_later_the_key_is_free(
    context: Context, admin: Product, connection: asyncpg.Connection
) -> None:
    await sent(admin, CREATE, "old", i=DRAFT)
    await sent(admin, CREATE, "new", i=DRAFT | {"name": "Two"})
    await connection.execute(
        "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours' WHERE key = 'old'"
    )
    taken = await sent(admin, CREATE, "old", i=DRAFT)
    assert taken.json()["data"]["createSegment"]["errors"][0]["code"] == "NAME_TAKEN"
    await answers.ask_for_due(context)
    assert await connection.fetchval("SELECT array_agg(key) FROM idempotency_keys") == ["new"]
    free = await sent(admin, CREATE, "old", i=DRAFT | {"name": "Three"})
    assert free.json()["data"]["createSegment"]["errors"] == []


async def test_secrets_are_given_again_and_kept_encrypted(
    admin: Product, connection: asyncpg.Connection
) -> None:
    text = 'mutation { createApiKey(input: {name: "k"}) { secret } }'
    one, two = await sent(admin, text, "k"), await sent(admin, text, "k")
    secret = one.json()["data"]["createApiKey"]["secret"]
    assert two.json()["data"]["createApiKey"]["secret"] == secret
    kept = await connection.fetchval("SELECT answer FROM idempotency_keys")
    assert secret.encode() not in kept
    assert b"createApiKey" not in kept


async def test_files_count_with_their_contents(admin: Product, connection: asyncpg.Connection) -> None:
    text = """mutation ($i: CreateImportInput!) {
        createImport(input: $i) { import { id columns { name } } errors { code } } }"""

    async def uploaded(content: bytes) -> httpx.Response:
        operations = {"query": text, "variables": {"i": {"file": None, "kind": "PERSON"}}}
        return await admin.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.i.file"]})},
            files={"0": ("f.csv", io.BytesIO(content), "text/csv")},
            headers={"Apollo-Require-Preflight": "1", "Idempotency-Key": "k"},
        )

    first = await uploaded(b"externalId\na\n")
    assert first.json()["data"]["createImport"]["errors"] == []
    assert (await uploaded(b"externalId\na\n")).text == first.text
    assert code_of(await uploaded(b"externalId\nb\n")) == "IDEMPOTENCY_CONFLICT"
    assert await counted(connection, "imports") == 1


async def test_data_that_is_sent_twice_is_counted_once(
    admin: Product, connection: asyncpg.Connection
) -> None:
    members = "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { created unchanged } }"
    rows = {"kind": "PERSON", "members": [{"externalId": "a", "attributes": {"n": 1}}]}
    for _ in range(2):
        answer = (await sent(admin, members, "m", i=rows)).json()["data"]["upsertMembers"]
        assert answer == {"created": 1, "unchanged": 0}
    # an event without an id of its own, in a month that has no partition yet
    record = (
        "mutation ($i: RecordEventsInput!) { recordEvents(input: $i) { accepted rowErrors { message } } }"
    )
    event = {"kind": "PERSON", "memberExternalId": "a", "name": "x", "occurredAt": "2011-03-04T00:00:00Z"}
    for _ in range(2):
        answer = (await sent(admin, record, "e", i={"events": [event]})).json()["data"]["recordEvents"]
        assert answer == {"accepted": 1, "rowErrors": []}
    assert await counted(connection, "events") == 1


async def test_every_mutation_of_the_schema_is_carried_out_once(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    # given one of everything
    world = await furnished(context, server, connection)
    kept: set[str] = set()
    async with server.sign_in(world.admin) as admin:
        for name in sorted(WALK.fields_of("Mutation")):
            operation = WALK.trial("Mutation", name, reachable(world))
            admin.http.headers["Idempotency-Key"] = f"walk {name}"
            untouched = await digest(connection, world.admin.workspace_id)
            first = await answer_to(admin, operation)
            before = await digest(connection, world.admin.workspace_id)
            again = await answer_to(admin, operation)
            # then it answers the same again, and nothing changes
            assert without_time(again) == without_time(first), name
            assert await digest(connection, world.admin.workspace_id) == before, name
            if before != untouched:
                assert f"walk {name}" in await keys(connection), name
                kept.add(name)
        del admin.http.headers["Idempotency-Key"]
    # and what did something, as most of them did, has kept its answer
    assert len(kept) > len(WALK.fields_of("Mutation")) / 2, kept
    assert {"createCampaign", "upsertMembers", "createApiKey", "createUser", "deleteMembers"} <= kept


async def keys(connection: asyncpg.Connection) -> set[str]:
    return {row["key"] for row in await connection.fetch("SELECT key FROM idempotency_keys")}


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that was refused says the same again, but perhaps at another time."""
    return {"data": answer.get("data")}


DEEP = """
    mutation ($i: CreateSegmentInput!, $m: ID!) {
      createSegment(input: $i) {
        errors { code }
        segment {
          name criteriaText createdBy { name } lastModifiedBy { name } sources { kind memberCount }
          usages { campaigns { name } } value { revenue } metrics { totals { spend } } deliveries { status }
          members(first: 3) { totalCount edges { node { externalId events { nodes { name } } } } }
          runs { nodes { status } } campaigns { nodes { name } } freshness { pendingChanges }
          reach { status waterfall(channel: EMAIL) { remaining } distinctAddresses(channel: EMAIL) }
          explain(memberId: $m) { isMember criteria { matches } } hiddenFrom { name }
          sizeHistory { memberCount } membershipChanges { nodes { at } }
        }
      }
    }
"""


async def test_an_answer_that_reads_much_at_once_is_the_same_with_a_key(admin: Product) -> None:
    members = "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { created } }"
    rows = {"kind": "PERSON", "members": [{"externalId": "a", "email": "a@example.com", "country": "DE"}]}
    await sent(admin, members, "m", i=rows)
    found = await admin.run('{ memberByExternalId(kind: PERSON, externalId: "a") { id } }')
    member = found["memberByExternalId"]["id"]
    criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    draft = {"kind": "PERSON", "type": "DYNAMIC", "criteria": criteria}
    made = []
    for key in (None, "k", "k"):
        name = "With" if key else "Without"
        answer = (await sent(admin, DEEP, key, i=draft | {"name": name}, m=member)).json()
        assert "errors" not in answer, answer
        assert answer["data"]["createSegment"]["errors"] == []
        segment = answer["data"]["createSegment"]["segment"]
        assert segment.pop("name") == name
        made.append(segment)
    assert made[1] == made[2]
    assert made[0] == made[1]


async def over_socket(
    ws: ClientConnection, text: str, key: Any, number: int, **variables: Any
) -> dict[str, Any]:
    """The answer to an operation with a key over a socket: `next`, or `error`."""
    payload = {"query": text, "variables": variables, "extensions": {"idempotencyKey": key}}
    await ws.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
    answer = await received(ws)
    if answer["type"] == "next":
        assert (await received(ws))["type"] == "complete"
    return answer


async def test_a_socket_has_the_same_keys_and_answers(
    admin: Product, server: Server, connection: asyncpg.Connection
) -> None:
    async with socket(server, admin.credential) as ws:
        first = await over_socket(ws, CREATE, "k-1", 1, i=DRAFT)
        assert first["payload"]["data"]["createSegment"]["errors"] == []
        again = await over_socket(ws, CREATE, "k-1", 2, i=DRAFT)
        assert again["payload"] == first["payload"]
        # by HTTP it is the same key, and the other way round
        assert (await sent(admin, CREATE, "k-1", i=DRAFT)).json()["data"] == first["payload"]["data"]
        by_http = (await sent(admin, CREATE, "k-2", i=DRAFT | {"name": "Two"})).json()
        repeated = await over_socket(ws, CREATE, "k-2", 3, i=DRAFT | {"name": "Two"})
        assert repeated["payload"]["data"] == by_http["data"]
        assert await counted(connection, "segments") == 2
        # another input under the key, and what cannot be a key, are refused; the socket stays
        number = 4
        for text, key, given, code in (
            (CREATE, "k-1", DRAFT | {"name": "Three"}, "IDEMPOTENCY_CONFLICT"),
            (CREATE, "", DRAFT, "BAD_REQUEST"),
            (CREATE, 5, DRAFT, "BAD_REQUEST"),
            (CREATE, "x" * 256, DRAFT, "BAD_REQUEST"),
            ("subscription { segmentEvents { __typename } }", "k-3", DRAFT, "BAD_REQUEST"),
            ("mutation { nothing }", "k-3", DRAFT, "GRAPHQL_VALIDATION_FAILED"),
            ("mutation {", "k-3", DRAFT, "GRAPHQL_PARSE_FAILED"),
        ):
            answer = await over_socket(ws, text, key, number, i=given)
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code), (
                text,
                key,
            )
            number += 1
        # what changed nothing may be sent again with the same key, and a query needs none
        taken = await over_socket(ws, CREATE, "k-4", number, i=DRAFT)
        assert taken["payload"]["data"]["createSegment"]["errors"][0]["code"] == "NAME_TAKEN"
        better = await over_socket(ws, CREATE, "k-4", number + 1, i=DRAFT | {"name": "Four"})
        assert better["payload"]["data"]["createSegment"]["errors"] == []
        query = await over_socket(ws, "{ viewer { role } }", "k-5", number + 2)
        assert query["payload"]["data"] == {"viewer": {"role": "ADMIN"}}
        assert await counted(connection, "segments") == 3
        assert await counted(connection, "idempotency_keys") == 3


async def test_two_sockets_with_one_key_change_once(
    admin: Product, server: Server, connection: asyncpg.Connection
) -> None:
    async with socket(server, admin.credential) as one, socket(server, admin.credential) as two:
        answers_ = await asyncio.gather(*(over_socket(ws, CREATE, "k", 1, i=DRAFT) for ws in (one, two)))
    done = [answer["payload"]["data"]["createSegment"] for answer in answers_]
    made = [one for one in done if not one["errors"]]
    assert made
    for one in done:
        assert one == made[0] or [error["code"] for error in one["errors"]] == ["RETRY_LATER"]
    assert await counted(connection, "segments") == 1
