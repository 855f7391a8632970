"""What an edit may change in which status, clones, and the segments that the system makes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.services.segments import default_segments
from seggraph.vocabulary import Role
from tests.api.lifecycle import (
    CLONE,
    CREATE,
    DELETE,
    FRENCH,
    GERMAN,
    HAND,
    STEP,
    UPDATE,
    UPSERT,
    answer,
    create,
    done,
    read,
    refused,
    settled,
    step,
    upsert,
)
from tests.conftest import new_viewer
from tests.product import Product, Server

MEMBERS = """
    query ($id: ID!) { segment(id: $id) {
      members { totalCount edges { node { externalId } enteredAt sources } }
      sources { kind memberCount blockedCount } hiddenFrom { email }
    } }
"""
DIFF = """
    mutation ($input: UpdateSegmentInput!) {
      answer: updateSegment(input: $input) {
        segment { revision memberCount } warnings { code message path }
        diff { entered exited enteredSample { externalId } exitedSample { externalId } } errors { code }
      }
    }
"""
DEFAULTS = """
    { segments(first: 50, filter: {origins: [DEFAULT]}, orderBy: {field: NAME}) {
        nodes { id name kind memberCount transitions reach { status email } }
    } }
"""


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    """An administrator's client, and no worker."""
    async with server.sign_in(viewer) as product:
        yield product


async def test_a_draft_changes_in_everything(product: Product) -> None:
    await upsert(product, {"a": "DE"}, kind="PERSON")
    draft = await create(product, name="Draft", criteria=GERMAN, activate=False, purpose="RETENTION")
    changed = await done(product, UPDATE, id=draft["id"], kind="PERSON", purpose=None, name="Persons")
    assert (changed["kind"], changed["purpose"], changed["criteria"]) == ("PERSON", None, GERMAN)
    error = await refused(product, UPDATE, id=draft["id"], type="STATIC")
    assert (error["code"], error["path"]) == ("INVALID", ["criteria"])
    static = await done(product, UPDATE, id=draft["id"], type="STATIC", criteria=None)
    assert (static["type"], static["criteria"], static["status"]) == ("STATIC", None, "DRAFT")
    sources = (await product.run(MEMBERS, id=draft["id"]))["segment"]["sources"]
    assert {source["kind"] for source in sources} == {"MANUAL", "IMPORT"}

    # what relies on a draft keeps it from getting another kind, and its first criteria make it ACTIVE
    follower = await create(
        product,
        name="Follower",
        kind="PERSON",
        criteria={"segment": {"op": "IN", "id": draft["id"]}},
        activate=False,
    )
    error = await refused(product, UPDATE, id=draft["id"], kind="ACCOUNT")
    assert error["code"] == "SEGMENT_IN_USE"
    assert 'the segment "Follower"' in error["message"]
    assert (await answer(product, DELETE, id=follower["id"]))["errors"] == []
    active = await done(product, UPDATE, id=draft["id"], type="DYNAMIC", criteria=GERMAN)
    assert (active["type"], active["status"], active["version"]) == ("DYNAMIC", "ACTIVE", 4)
    assert (await settled(product, active))["memberCount"] == 1


async def test_criteria_activate_a_draft_unless_it_is_to_stay_one(product: Product) -> None:
    await upsert(product, {"a": "DE", "b": "FR"})
    french = {"attribute": {"field": "country", "op": "EQ", "value": "FR"}}
    draft = await create(product, name="Draft", criteria=GERMAN, activate=False)

    kept = await done(product, UPDATE, id=draft["id"], criteria=french, activate=False)
    renamed = await done(product, UPDATE, id=draft["id"], name="Still a draft")
    active = await done(product, UPDATE, id=draft["id"], criteria=french)

    assert (kept["status"], kept["criteria"], kept["reach"]["status"]) == ("DRAFT", french, "NONE")
    assert renamed["status"] == "DRAFT"
    assert (active["status"], active["reach"]["status"]) == ("ACTIVE", "CALCULATING")
    assert (await settled(product, active))["memberCount"] == 1


async def test_an_edit_of_an_active_segment_says_what_it_does(
    product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await upsert(product, {"a": "DE", "b": "DE", "c": "FR"})
    segment = await settled(product, await create(product, name="One", criteria=GERMAN))
    for hand, who in (("add", "c"), ("remove", "b")):
        payload = await answer(product, HAND % hand, segmentIds=[segment["id"]], externalIds=[who])
        assert payload["errors"] == []
    number = ids.decode("Segment", segment["id"])
    for name, status in (("Spring", "ACTIVE"), ("Winter", "COMPLETED")):
        campaign = await connection.fetchval(
            "INSERT INTO campaigns (workspace_id, name, name_key, status, created_at, last_modified_at)"
            " VALUES ($1, $2::text, $2::text, $3, now(), now()) RETURNING id",
            viewer.workspace_id,
            name,
            status,
        )
        await connection.execute(
            "INSERT INTO campaign_segments (workspace_id, campaign_id, segment_id, role)"
            " VALUES ($1, $2, $3, 'INCLUDE')",
            viewer.workspace_id,
            campaign,
            number,
        )

    # who was added by hand stays, and who was removed by hand stays away
    payload = await answer(product, DIFF, id=segment["id"], criteria={"all": [FRENCH, FRENCH]})
    assert payload["diff"] == {
        "entered": 0,
        "exited": 1,
        "enteredSample": [],
        "exitedSample": [{"externalId": "a"}],
    }
    assert payload["warnings"] == [
        {
            "code": "CAMPAIGN_AFFECTED",
            "message": 'The campaign "Spring" is active, and uses this segment.',
            "path": ["id"],
        }
    ]
    assert (payload["segment"]["memberCount"], payload["segment"]["revision"]) == (2, segment["revision"] + 1)
    assert (await settled(product, segment))["memberCount"] == 1

    # what moves nobody has neither; another purpose is counted anew
    renamed = await answer(product, DIFF, id=segment["id"], name="Two")
    assert (renamed["diff"], renamed["warnings"], renamed["errors"]) == (None, [], [])
    retention = await done(product, UPDATE, id=segment["id"], purpose="RETENTION")
    assert retention["reach"]["status"] == "CALCULATING"
    assert (await settled(product, segment))["reach"]["status"] == "READY"
    error = await refused(product, UPDATE, id=segment["id"], kind="PERSON")
    assert (error["code"], error["path"]) == ("BAD_TRANSITION", ["kind"])
    error = await refused(product, UPDATE, id=segment["id"], criteria=None)
    assert (error["code"], error["path"]) == ("REQUIRED", ["criteria"])


async def test_an_active_static_segment_keeps_its_definition(client: Product) -> None:
    segment = await create(client, name="List", type="STATIC", activate=True, purpose="RETENTION")
    for given, code in (
        ({"purpose": None}, "BAD_TRANSITION"),
        ({"type": "DYNAMIC"}, "BAD_TRANSITION"),
        ({"kind": "PERSON"}, "BAD_TRANSITION"),
        ({"criteria": GERMAN}, "INVALID"),
    ):
        error = await refused(client, UPDATE, id=segment["id"], **given)
        assert (error["code"], error["path"]) == (code, list(given))
    assert await read(client, segment) == segment
    given = {
        "name": "Our list",
        "description": "For the fair",
        "visibility": "PRIVATE",
        "purpose": "RETENTION",
    }
    edited = await done(client, UPDATE, id=segment["id"], **given)
    assert (edited["name"], edited["visibility"], edited["version"]) == ("Our list", "PRIVATE", 2)
    assert edited["revision"] == segment["revision"]


async def test_a_clone_is_like_its_original_until_it_goes_its_own_way(
    product: Product, server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    assert colleague.user_id is not None
    await upsert(product, {"a": "DE", "b": "DE", "c": "FR"})
    original = await settled(
        product,
        await create(
            product,
            name="Original",
            criteria=GERMAN,
            purpose="RETENTION",
            syncInterval="PT30M",
            hiddenFromIds=[ids.encode("User", colleague.user_id)],
        ),
    )
    for hand, who in (("add", "c"), ("remove", "b")):
        await answer(product, HAND % hand, segmentIds=[original["id"]], externalIds=[who])
    original = await read(product, original)

    # at once it shows the original's numbers and members, of the original's instant
    clone = await done(product, CLONE, id=original["id"], name="Clone")
    assert (clone["status"], clone["lastAction"], clone["version"]) == ("ACTIVE", "CLONED", 1)
    assert (clone["origin"], clone["purpose"], clone["criteria"]) == ("USER", "RETENTION", GERMAN)
    assert clone["reach"] == {**original["reach"], "status": "CALCULATING"}
    assert clone["reach"]["asOf"] is not None
    assert clone["memberCount"] == 2
    first = (await product.run(MEMBERS, id=clone["id"]))["segment"]
    assert first["hiddenFrom"] == [{"email": f"team_member-{viewer.workspace_id}@example.com"}]
    assert first["members"]["totalCount"] == 2
    assert all(edge["enteredAt"] for edge in first["members"]["edges"])
    assert (await settled(product, clone))["memberCount"] == 2  # the hands' links and blocks came along
    assert (await read(product, original)) == original

    await upsert(product, {"d": "DE"})
    await done(product, UPDATE, id=clone["id"], criteria=FRENCH)
    assert (await settled(product, clone))["memberCount"] == 1
    assert (await settled(product, original))["memberCount"] == 3

    # a static one keeps all its members, also those that only a playbook holds there
    static = await settled(product, await create(product, name="List", type="STATIC", activate=True))
    playbook = """
        mutation ($ids: [ID!]!, $criteria: CriteriaInput!) {
          createPlaybook(input: {name: "P", kind: ACCOUNT, criteria: $criteria, addToSegmentIds: $ids}) {
            errors { code message }
          }
        }
    """
    made = await product.run(playbook, ids=[static["id"]], criteria=GERMAN)
    assert made["createPlaybook"]["errors"] == []
    await answer(product, HAND % "add", segmentIds=[static["id"]], externalIds=["c"])
    assert (await settled(product, static))["memberCount"] == 4
    copy = await done(product, CLONE, id=static["id"], name="List of then")
    assert (copy["memberCount"], copy["status"]) == (4, "ACTIVE")
    await upsert(product, {"e": "DE"})
    assert (await settled(product, static))["memberCount"] == 5
    assert (await settled(product, copy))["memberCount"] == 4
    [by_hand, _] = (await product.run(MEMBERS, id=copy["id"]))["segment"]["sources"]
    assert by_hand == {"kind": "MANUAL", "memberCount": 4, "blockedCount": 0}

    draft = await create(product, name="Draft", criteria=GERMAN, activate=False)
    again = await done(product, CLONE, id=draft["id"], name="Draft again")
    assert (again["status"], again["revision"], again["reach"]["status"]) == ("DRAFT", 0, "NONE")
    async with server.sign_in(colleague) as other:
        assert (await refused(other, CLONE, id=original["id"], name="Mine"))["code"] == "NOT_FOUND"


async def test_default_segments_are_there_for_all_and_for_nobody_to_change(
    product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a workspace of before, in which somebody took one of the names
    own = await create(product, name="all ACCOUNTS", activate=False)
    await default_segments.ensure(viewer.workspace_id)
    await default_segments.ensure(viewer.workspace_id)  # changes nothing
    rows: list[dict[str, Any]] = [
        {"externalId": "a", "email": "a@example.com"},
        {"externalId": "b", "email": "b@example.com", "consents": [{"channel": "EMAIL", "state": "GRANTED"}]},
        {"externalId": "c", "email": "c@example.com", "consents": [{"channel": "EMAIL", "state": "DENIED"}]},
        {"externalId": "d", "address": "1 Main St"},
    ]
    stored = await product.run(UPSERT, kind="ACCOUNT", members=rows)
    assert stored["upsertMembers"] == {"errors": [], "rowErrors": []}
    orders = [("a", "2020-01-01", 9_000), ("a", "2020-06-01", 1_000), ("b", "2020-01-01", 20_000)]
    events = [
        {
            "kind": "ACCOUNT",
            "memberExternalId": who,
            "name": "order",
            "occurredAt": f"{day}T00:00:00Z",
            "value": value,
        }
        for who, day, value in orders
    ]
    await product.run(
        "mutation ($events: [EventInput!]!) { recordEvents(input: {events: $events}) { accepted } }",
        events=[*events, {**events[0], "memberExternalId": "b", "occurredAt": now()}],
    )

    async def sizes() -> dict[str, int]:
        nodes = (await product.run(DEFAULTS))["segments"]["nodes"]
        for node in nodes:
            await settled(product, node)
            assert node["transitions"] == ["RECALCULATE", "CLONE"]
        nodes = (await product.run(DEFAULTS))["segments"]["nodes"]
        return {node["name"]: node["memberCount"] for node in nodes if node["kind"] == "ACCOUNT"}

    assert await sizes() == {
        "Accounts reachable by direct mail": 1,
        "Accounts reachable by email": 2,
        "All accounts (default)": 4,
        "Big spenders (accounts)": 2,
        "Lapsed customers (accounts)": 1,
        "New accounts": 4,
    }
    assert (await read(product, own))["origin"] == "USER"

    # nobody changes them in any way, but a clone is like any other segment
    [one] = [
        node for node in (await product.run(DEFAULTS))["segments"]["nodes"] if node["name"] == "New accounts"
    ]
    for mutation, given in (
        (UPDATE, {"name": "Other"}),
        (STEP % "pause", {}),
        (STEP % "archive", {}),
        (DELETE, {}),
    ):
        assert (await refused(product, mutation, id=one["id"], **given))["code"] == "FORBIDDEN"
    error = await refused(product, HAND % "add", segmentIds=[one["id"]], externalIds=["a"])
    assert (error["code"], error["path"]) == ("FORBIDDEN", ["segmentIds", "0"])
    clone = await done(product, CLONE, id=one["id"], name="Newer accounts")
    assert clone["origin"] == "USER"
    assert (await step(product, "pause", clone))["status"] == "PAUSED"
    assert (await step(product, "recalculate", one))["status"] == "ACTIVE"

    # they follow the consent policy
    change = "mutation { answer: updateWorkspace(input: {consentPolicy: OPT_IN}) { errors { code } } }"
    assert (await product.run(change))["answer"] == {"errors": []}
    assert (await sizes())["Accounts reachable by email"] == 1


def now() -> str:
    return datetime.now(UTC).isoformat()


async def test_whose_program_makes_a_segment_says_its_origin(client: Product, server: Server) -> None:
    for scope, origin in (("ADMIN", "CUSTOM"), ("WRITE", "USER")):
        made = await client.run(
            "mutation ($scope: ApiKeyScope!, $name: String!)"
            " { createApiKey(input: {name: $name, scope: $scope}) { secret } }",
            scope=scope,
            name=scope,
        )
        async with server.connect(made["createApiKey"]["secret"]) as program:
            segment = await done(program, CREATE, name=scope, kind="ACCOUNT", type="STATIC")
            assert (segment["origin"], segment["createdBy"]) == (origin, None)
