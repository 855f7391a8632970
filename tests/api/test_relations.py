"""Relations between all seven kinds through the API, in either order of arrival, and back again."""

import asyncio
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.criteria import relations as catalogue
from seggraph.services.members import related, upserts
from seggraph.services.members.related import RelatedKey
from seggraph.vocabulary import MemberKind
from tests.conftest import new_viewer
from tests.product import Product, Server

UPSERT = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) { created updated unchanged rowErrors { code } }
    }
"""

RELATE = """
    mutation ($rows: [RelationInput!]!) {
      relateMembers(input: {rows: $rows}) {
        related removed unchanged pending rowErrors { index code message path } errors { code }
      }
    }
"""

RELATED = """
    query ($kind: MemberKind!, $id: String!, $relation: String) {
      memberByExternalId(kind: $kind, externalId: $id) { related(relation: $relation) { kind externalId } }
    }
"""

DIRECTIONS = [direction for kind in MemberKind for direction in catalogue.of_kind(kind)]
FORWARD = [direction for direction in DIRECTIONS if direction.forward]


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> Any:
    """A signed-in client; no worker is running, so dirty batches stay to be looked at."""
    async with server.sign_in(viewer) as product:
        yield product


async def relate(client: Product, *rows: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.run(RELATE, rows=list(rows)))["relateMembers"]
    assert answer.pop("errors") == []
    return answer


async def upsert(client: Product, kind: MemberKind, *external_ids: str) -> dict[str, Any]:
    members = [{"externalId": external_id} for external_id in external_ids]
    answer: dict[str, Any] = (await client.run(UPSERT, kind=kind.name, members=members))["upsertMembers"]
    return answer


async def related_of(
    client: Product, kind: MemberKind, external_id: str, relation: str | None = None
) -> list[tuple[str, str]]:
    found = (await client.run(RELATED, kind=kind.name, id=external_id, relation=relation))[
        "memberByExternalId"
    ]
    return [(one["kind"], one["externalId"]) for one in found["related"]]


def row(
    relation: str, one: tuple[MemberKind, str], other: tuple[MemberKind, str], **more: Any
) -> dict[str, Any]:
    return {
        "relation": relation,
        "fromKind": one[0].name,
        "fromExternalId": one[1],
        "toKind": other[0].name,
        "toExternalId": other[1],
        **more,
    }


def counts(**given: int) -> dict[str, Any]:
    return {"related": 0, "removed": 0, "unchanged": 0, "pending": 0, "rowErrors": []} | given


async def test_every_kind_can_be_related_and_nobody_else_is(client: Product) -> None:
    # given one member of each kind
    for kind in MemberKind:
        assert (await upsert(client, kind, "x"))["created"] == 1

    # when each is related in every way there is, one direction after the other
    outcomes = {
        (direction.type, direction.forward): await relate(
            client, row(direction.name, (direction.kind, "x"), (direction.other_kind, "x"))
        )
        for direction in DIRECTIONS
    }

    # then what one direction made, the other finds there
    made = {type_: [key for key in outcomes if key[0] is type_] for type_, _ in outcomes}
    for keys in made.values():
        assert sorted(outcomes[key]["related"] for key in keys) == [0, 1]
        assert sorted(outcomes[key]["unchanged"] for key in keys) == [0, 1]

    # and each answers, per kind, with exactly those that it is related to
    for kind in MemberKind:
        for direction in catalogue.of_kind(kind):
            assert await related_of(client, kind, "x", direction.name) == [(direction.other_kind.name, "x")]
        everyone = await related_of(client, kind, "x")
        assert sorted(everyone) == sorted((one.other_kind.name, "x") for one in catalogue.of_kind(kind))


@pytest.mark.parametrize("direction", FORWARD, ids=lambda one: f"{one.kind.name}.{one.name}")
@pytest.mark.parametrize("first", ["neither", "from", "to"])
async def test_a_relation_waits_for_the_sides_that_are_missing(
    client: Product, connection: asyncpg.Connection, direction: catalogue.Direction, first: str
) -> None:
    # given at most one of the two sides
    one, other = (direction.kind, "one"), (direction.other_kind, "other")
    if first != "neither":
        await upsert(client, *(one if first == "from" else other))

    # when they are related, twice
    wanted = row(direction.name, one, other)
    assert await relate(client, wanted) == counts(pending=1)
    assert await relate(client, wanted) == counts(unchanged=1)
    await connection.execute("DELETE FROM dirty_batches")

    # then the relation is there as soon as both sides are
    for side in (one, other):
        if await connection.fetchval(
            "SELECT count(*) FROM members WHERE kind = $1 AND external_id = $2", *side
        ):
            continue
        assert await connection.fetchval("SELECT count(*) FROM relations") == 0
        await upsert(client, *side)
    assert await related_of(client, *one, direction.name) == [(other[0].name, "other")]
    back = next(one for one in catalogue.of_type(direction.type) if one.forward is not direction.forward)
    assert await related_of(client, *other, back.name) == [(one[0].name, "one")]
    assert await connection.fetchval("SELECT count(*) FROM pending_relations") == 0

    # and both sides are to be looked at again, by the names that they call it
    marked = await connection.fetch("SELECT kind, ordinals, changed FROM dirty_batches ORDER BY id")
    last = {(row["kind"], *from_bytes(row["ordinals"]), *row["changed"]) for row in marked}
    assert {(one[0], 0, direction.change), (other[0], 0, back.change)} <= last


async def test_only_what_changes_marks_members(client: Product, connection: asyncpg.Connection) -> None:
    # given a person at an account, looked at already
    await upsert(client, MemberKind.PERSON, "p")
    await upsert(client, MemberKind.ACCOUNT, "a")
    wanted = row("account", (MemberKind.PERSON, "p"), (MemberKind.ACCOUNT, "a"))
    assert await relate(client, wanted) == counts(related=1)
    await connection.execute("DELETE FROM dirty_batches")

    # when the same is said again, nobody is marked
    assert await relate(client, wanted) == counts(unchanged=1)
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 0

    # when it ends both are, and ending it again does nothing
    assert await relate(client, wanted | {"remove": True}) == counts(removed=1)
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 2
    assert await relate(client, wanted | {"remove": True}) == counts(unchanged=1)
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 2
    assert await related_of(client, MemberKind.PERSON, "p") == []


async def test_a_pending_relation_can_end_before_it_began(client: Product) -> None:
    wanted = row("account", (MemberKind.PERSON, "p"), (MemberKind.ACCOUNT, "a"))
    assert await relate(client, wanted) == counts(pending=1)
    # the same one, told from the other side
    backwards = row("people", (MemberKind.ACCOUNT, "a"), (MemberKind.PERSON, "p"), remove=True)
    assert await relate(client, backwards) == counts(removed=1)

    await upsert(client, MemberKind.PERSON, "p")
    await upsert(client, MemberKind.ACCOUNT, "a")

    assert await related_of(client, MemberKind.PERSON, "p") == []


async def test_bad_rows_are_reported_and_the_others_carried_out(client: Product) -> None:
    person, account = (MemberKind.PERSON, "p"), (MemberKind.ACCOUNT, "a")
    answer = await relate(
        client,
        row("employer", person, account),
        row("account", person, (MemberKind.DEAL, "d")),
        row("account", (MemberKind.PERSON, " "), account),
        row("account", (MemberKind.PERSON, "p\0"), account),
        row("account", (MemberKind.PERSON, "p" * 256), account),
        row("account", person, account),
        row("people", account, person, remove=True),
    )

    errors = answer.pop("rowErrors")
    assert answer == {"related": 0, "removed": 0, "unchanged": 0, "pending": 1}
    assert [(one["index"], one["code"], one["path"]) for one in errors] == [
        (0, "INVALID", ["relation"]),
        (1, "INVALID", ["toKind"]),
        (2, "REQUIRED", ["fromExternalId"]),
        (3, "INVALID", ["fromExternalId"]),
        (4, "INVALID", ["fromExternalId"]),
        (6, "DUPLICATE", None),
    ]
    assert "account (ACCOUNT)" in errors[0]["message"]


async def test_too_many_rows_and_unknown_relations_are_refused(client: Product) -> None:
    rows = [row("account", (MemberKind.PERSON, f"p{n}"), (MemberKind.ACCOUNT, "a")) for n in range(1_001)]
    answer = (await client.run(RELATE, rows=rows))["relateMembers"]
    assert [error["code"] for error in answer["errors"]] == ["TOO_LARGE"]
    assert answer["pending"] == 0

    await upsert(client, MemberKind.PERSON, "p")
    failed = await client.raw(RELATED, kind="PERSON", id="p", relation="boss")
    assert failed["errors"][0]["extensions"]["code"] == "INVALID"


async def test_relations_stay_within_their_workspace(client: Product, server: Server) -> None:
    wanted = row("account", (MemberKind.PERSON, "p"), (MemberKind.ACCOUNT, "a"))
    await relate(client, wanted)

    async with server.sign_in(await new_viewer("Other")) as stranger:
        await upsert(stranger, MemberKind.PERSON, "p")
        await upsert(stranger, MemberKind.ACCOUNT, "a")
        assert await related_of(stranger, MemberKind.PERSON, "p") == []
        assert await relate(stranger, wanted | {"remove": True}) == counts(unchanged=1)

    await upsert(client, MemberKind.PERSON, "p")
    await upsert(client, MemberKind.ACCOUNT, "a")
    assert await related_of(client, MemberKind.PERSON, "p") == [("ACCOUNT", "a")]


async def test_a_pages_related_members_take_one_statement(
    context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch, client: Product
) -> None:
    # given 20 accounts with two deals each
    accounts = [f"a{n}" for n in range(20)]
    await upsert(client, MemberKind.ACCOUNT, *accounts)
    await upsert(client, MemberKind.DEAL, *(f"d{n}" for n in range(40)))
    rows = [
        row("account", (MemberKind.DEAL, f"d{n}"), (MemberKind.ACCOUNT, accounts[n // 2])) for n in range(40)
    ]
    assert await relate(client, *rows) == counts(related=40)
    statements = 0
    fetch = asyncpg.Connection.fetch

    async def counted(self: asyncpg.Connection, *arguments: Any, **options: Any) -> Any:
        nonlocal statements
        statements += 1
        return await fetch(self, *arguments, **options)

    # when the deals of 1 and of 20 accounts are read
    monkeypatch.setattr(asyncpg.Connection, "fetch", counted)
    for size in (1, 20):
        statements = 0
        found = await related.get_many(
            viewer, [RelatedKey(MemberKind.ACCOUNT, ordinal, "deals") for ordinal in range(size)]
        )
        # then it is one statement each time
        assert statements == 1
        assert [[one.external_id for one in found[key]] for key in found] == [
            [f"d{2 * n}", f"d{2 * n + 1}"] for n in range(size)
        ]


async def test_both_sides_created_at_once_meet(
    context: Context, viewer: Viewer, client: Product, connection: asyncpg.Connection
) -> None:
    # given relations between people and accounts of whom nobody exists
    pairs = [(f"p{n}", f"a{n % 7}") for n in range(60)]
    rows = [row("account", (MemberKind.PERSON, one), (MemberKind.ACCOUNT, other)) for one, other in pairs]

    # when people, accounts and the relations themselves come at the same time, in many calls
    async def people(part: int) -> None:
        await upserts.upsert(
            context, viewer, MemberKind.PERSON, [{"externalId": one} for one, _ in pairs[part::3]]
        )

    async def accounts(part: int) -> None:
        wanted = sorted({other for _, other in pairs})[part::2]
        await upserts.upsert(context, viewer, MemberKind.ACCOUNT, [{"externalId": one} for one in wanted])

    await asyncio.gather(
        *(people(part) for part in range(3)),
        *(accounts(part) for part in range(2)),
        *(relate(client, *rows[part::4]) for part in range(4)),
    )

    # then none is left waiting
    assert await connection.fetchval("SELECT count(*) FROM relations") == 60
    assert await connection.fetchval("SELECT count(*) FROM pending_relations") == 0
