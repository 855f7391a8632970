"""Comparing segments and combining them: against sets of names; nothing hidden, of another kind or unbounded."""

import random
from collections.abc import Callable
from functools import reduce
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.api.base.ids import encode
from seggraph.services.segments.comparisons import Combined, Given, SetOperation, compared, evaluated
from seggraph.vocabulary import Role
from tests.api.test_reach import quiet
from tests.conftest import new_viewer
from tests.product import Product

COMPARE = """query ($ids: [ID!]!) {
  compareSegments(ids: $ids) {
    segments { segment { name } memberCount onlyIn } union intersection
    overlaps { first { name } second { name } overlap jaccard } errors { code path message }
  }
}"""
COMBINE = """mutation ($i: CombineSegmentsInput!) {
  combineSegments(input: $i) {
    segment { id type status visibility kind sources { kind memberCount } } errors { code path message }
  }
}"""
NEW = """mutation ($i: SegmentMembersInput!) {
  addSegmentMembers(input: $i) { segments { id } notFound errors { code message } }
}"""
MEMBERS = """query ($id: ID!) {
  segment(id: $id) { reach { status email } members(first: 100) { nodes { externalId } } }
}"""


async def static(product: Product, name: str, members: set[str], kind: str = "PERSON") -> str:
    """A STATIC segment with these members."""
    given = {"segmentIds": [], "newSegment": {"name": name, "kind": kind}, "externalIds": sorted(members)}
    made = (await product.run(NEW, i=given))["addSegmentMembers"]
    assert (made["errors"], made["notFound"]) == ([], [])
    return str(made["segments"][-1]["id"])


async def people(product: Product, count: int, kind: str = "PERSON") -> list[str]:
    names = [f"m{number}" for number in range(count)]
    rows = [{"externalId": name, "email": f"{name}@example.com"} for name in names]
    await product.run(
        "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { created } }",
        i={"kind": kind, "members": rows},
    )
    return names


async def test_segments_compare_and_combine_as_sets_do(
    product: Product, connection: asyncpg.Connection
) -> None:
    # given five segments, two of which are the same, and one that is empty
    names = await people(product, 30)
    choose = random.Random(3)
    sets = {f"S{number}": {one for one in names if choose.random() < 0.4} for number in range(3)}
    sets["S3"] = set(sets["S0"])
    ids = {name: await static(product, name, members) for name, members in sets.items()}
    sets["Empty"] = set()
    ids["Empty"] = (
        await product.run(
            """mutation { createSegment(input: {name: "Empty", kind: PERSON, type: STATIC, activate: true})
              { segment { id } } }"""
        )
    )["createSegment"]["segment"]["id"]

    # then their comparison is that of sets, in the order given, each once
    found = (await product.run(COMPARE, ids=[*ids.values(), ids["S0"]]))["compareSegments"]
    assert found["errors"] == []
    assert [one["segment"]["name"] for one in found["segments"]] == list(sets)
    for one in found["segments"]:
        mine = sets[one["segment"]["name"]]
        others = set().union(*(sets[name] for name in sets if name != one["segment"]["name"]))
        assert (one["memberCount"], one["onlyIn"]) == (len(mine), len(mine - others))
    assert found["union"] == len(set().union(*sets.values()))
    assert found["intersection"] == 0
    assert len(found["overlaps"]) == 10
    for pair in found["overlaps"]:
        first, second = sets[pair["first"]["name"]], sets[pair["second"]["name"]]
        assert pair["overlap"] == len(first & second)
        assert pair["jaccard"] == (len(first & second) / len(first | second) if first | second else None)

    # when they are combined
    named = {name: {"segment": global_id} for name, global_id in ids.items()}
    expression = {
        "subtract": [
            {"union": [named["S0"], named["S1"], named["Empty"]]},
            {"intersect": [named["S1"], named["S2"]]},
        ]
    }
    made = (await product.run(COMBINE, i={"name": "Combined", "expression": expression}))["combineSegments"]

    # then the new segment has these members by hand, and is computed as any other
    wanted = (sets["S0"] | sets["S1"]) - (sets["S1"] & sets["S2"])
    assert made["errors"] == []
    assert (made["segment"]["type"], made["segment"]["status"], made["segment"]["kind"]) == (
        "STATIC",
        "ACTIVE",
        "PERSON",
    )
    assert {"kind": "MANUAL", "memberCount": len(wanted)} in made["segment"]["sources"]
    await quiet(connection)
    segment = (await product.run(MEMBERS, id=made["segment"]["id"]))["segment"]
    assert {node["externalId"] for node in segment["members"]["nodes"]} == wanted
    assert segment["reach"] == {"status": "READY", "email": len(wanted)}
    # and does not follow them
    await product.run(
        """mutation ($i: SegmentMembersInput!) { removeSegmentMembers(input: $i) { changed } }""",
        i={"segmentIds": [ids["S0"]], "externalIds": names},
    )
    after = (await product.run(MEMBERS, id=made["segment"]["id"]))["segment"]
    assert len(after["members"]["nodes"]) == len(wanted)


async def test_nothing_hidden_foreign_or_unbounded(product: Product, viewer: Viewer) -> None:
    await people(product, 3)
    await people(product, 3, "DEAL")
    one = await static(product, "One", {"m1"})
    two = await static(product, "Two", {"m1", "m2"})
    deals = await static(product, "Deals", {"m1"}, "DEAL")
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    user_id = await _viewer_id(product, member)
    hidden = await static(product, "Hidden", {"m2"})
    await product.run(
        "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { code message } } }",
        i={"id": hidden, "hiddenFromIds": [user_id]},
    )

    async def refusals(client: Product, *ids: str) -> list[tuple[str, list[str]]]:
        found = (await client.run(COMPARE, ids=list(ids)))["compareSegments"]
        assert (found["segments"], found["union"], found["overlaps"]) == ([], 0, [])
        return [(error["code"], error["path"]) for error in found["errors"]]

    async def refused(
        client: Product, expression: dict[str, Any], name: str = "New"
    ) -> list[tuple[str, list[str]]]:
        answer = await client.run(COMBINE, i={"name": name, "expression": expression})
        assert answer["combineSegments"]["segment"] is None
        return [(error["code"], error["path"]) for error in answer["combineSegments"]["errors"]]

    # another kind, unknown ids, too few, too many
    assert await refusals(product, one, deals) == [("INVALID", ["ids", "1"])]
    assert await refusals(product, one, "nonsense") == [("NOT_FOUND", ["ids", "1"])]
    assert await refusals(product, one, one) == [("REQUIRED", ["ids"])]
    assert await refusals(product) == [("REQUIRED", ["ids"])]
    many = [encode("Segment", 10_000 + number) for number in range(51)]
    assert await refusals(product, *many) == [("TOO_LARGE", ["ids"])]
    assert await refused(product, {"union": [{"segment": one}, {"segment": deals}]}) == [
        ("INVALID", ["expression", "union", "1", "segment"])
    ]
    assert await refused(product, {"union": []}) == [("REQUIRED", ["expression", "union"])]
    assert await refused(product, {"segment": one}, "Two") == [("NAME_TAKEN", ["name"])]
    wide = {"union": [{"segment": one}] * 250}
    assert (await refused(product, wide))[0][0] == "TOO_LARGE"
    deep: dict[str, Any] = {"segment": one}
    for _ in range(11):
        deep = {"union": [deep]}
    assert (await refused(product, deep))[0][0] == "TOO_LARGE"

    # what is hidden does not exist, and what a team member makes is private to them
    async with product.server.sign_in(member) as client:
        assert await refusals(client, one, hidden) == [("NOT_FOUND", ["ids", "1"])]
        assert await refused(client, {"subtract": [{"segment": one}, {"segment": hidden}]}) == [
            ("NOT_FOUND", ["expression", "subtract", "1", "segment"])
        ]
        mine = (await client.run(COMBINE, i={"name": "Mine", "expression": {"segment": two}}))[
            "combineSegments"
        ]
        assert mine["segment"]["visibility"] == "PRIVATE"
    async with product.server.sign_in(stranger) as client:
        assert await refusals(client, one, two) == [("NOT_FOUND", ["ids", "0"])]
    # who may only read compares, and makes nothing
    key = (await product.run('mutation { createApiKey(input: {name: "r", scope: READ}) { secret } }'))[
        "createApiKey"
    ]["secret"]
    async with product.server.connect(key) as client:
        assert (await client.run(COMPARE, ids=[one, two]))["compareSegments"]["intersection"] == 1
        assert (await refused(client, {"segment": one}))[0][0] == "FORBIDDEN"
    names = {
        node["name"] for node in (await product.run("{ segments { nodes { name } } }"))["segments"]["nodes"]
    }
    assert "New" not in names


async def _viewer_id(product: Product, member: Viewer) -> str:
    async with product.server.sign_in(member) as client:
        return str((await client.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"])


SETS = st.lists(st.sets(st.integers(0, 200_000), max_size=40), min_size=2, max_size=6)


@given(SETS)
def test_comparison_is_that_of_sets(sets: list[set[int]]) -> None:
    found = compared([], {number: BitMap(one) for number, one in enumerate(sets)})

    assert found.union == len(set().union(*sets))
    assert found.intersection == len(reduce(set.intersection, sets))
    for number, one in enumerate(sets):
        others = set().union(*(other for index, other in enumerate(sets) if index != number))
        assert found.only_in[number] == len(one - others)
    assert [pair.shared for pair in found.overlaps] == [
        len(one & other) for index, one in enumerate(sets) for other in sets[index + 1 :]
    ]


@given(SETS, st.data())
def test_expressions_are_those_of_sets(sets: list[set[int]], data: st.DataObject) -> None:
    members = {number: BitMap(one) for number, one in enumerate(sets)}

    def some(depth: int) -> tuple[Given | Combined, set[int]]:
        if depth == 0 or data.draw(st.booleans()):
            number = data.draw(st.integers(0, len(sets) - 1))
            return Given(number, ()), sets[number]
        operation = data.draw(st.sampled_from(SetOperation))
        parts = [some(depth - 1) for _ in range(data.draw(st.integers(1, 3)))]
        naive: dict[SetOperation, Callable[[set[int], set[int]], set[int]]] = {
            SetOperation.UNION: lambda one, other: one | other,
            SetOperation.INTERSECT: lambda one, other: one & other,
            SetOperation.SUBTRACT: lambda one, other: one - other,
        }
        return Combined(operation, tuple(part for part, _ in parts)), reduce(
            naive[operation], [one for _, one in parts]
        )

    expression, wanted = some(3)

    assert set(evaluated(expression, members)) == wanted
