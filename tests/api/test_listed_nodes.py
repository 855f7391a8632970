"""What lists show is found again by its id, by those who may see the list."""

from typing import Any

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product

MAKE = """
    mutation {
      upsertMembers(input: {kind: PERSON, members: [{externalId: "a", email: "a@example.com"}]}) { created }
      createSegment(input: {name: "S", kind: PERSON, type: DYNAMIC, visibility: PRIVATE, criteria: {all: []}}) {
        segment { id } errors { message } }
      suppressAddresses(input: {channel: EMAIL, addresses: ["a@example.com"]}) { changed errors { message } }
    }
"""
RUNS = "query ($id: ID!) { segment(id: $id) { runs(first: 5) { nodes { id status } } } }"
LISTS = """
    { auditLog(first: 5) { nodes { id action } }
      suppressions(first: 5) { nodes { id address } } }
"""
NODES = """
    query ($ids: [ID!]!) {
      nodes(ids: $ids) {
        __typename id
        ... on AuditEntry { action }
        ... on SegmentRun { status }
        ... on Suppression { address }
      }
    }
"""


async def test_entries_runs_and_suppressions_are_nodes(product: Product, viewer: Viewer) -> None:
    made = await product.run(MAKE)
    segment_id = made["createSegment"]["segment"]["id"]
    lists = await product.run(LISTS)
    listed: list[dict[str, Any]] = [
        *({"__typename": "AuditEntry", **one} for one in lists["auditLog"]["nodes"]),
        *({"__typename": "Suppression", **one} for one in lists["suppressions"]["nodes"]),
    ]
    runs = (await product.run(RUNS, id=segment_id))["segment"]["runs"]["nodes"]
    listed += ({"__typename": "SegmentRun", **run} for run in runs)
    ids = [one["id"] for one in listed]
    assert {one["__typename"] for one in listed} == {"AuditEntry", "Suppression", "SegmentRun"}

    found = (await product.run(NODES, ids=ids))["nodes"]

    assert [{**one, "status": None} for one in found] == [{**one, "status": None} for one in listed]

    # a team member sees neither the log nor the runs of a segment of somebody else's, and strangers see nothing
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with product.server.sign_in(member) as theirs:
        seen = (await theirs.run(NODES, ids=ids))["nodes"]
    assert [one["__typename"] for one in seen if one is not None] == ["Suppression"]
    async with product.server.sign_in(await new_viewer("Other")) as others:
        assert (await others.run(NODES, ids=ids))["nodes"] == [None] * len(ids)
