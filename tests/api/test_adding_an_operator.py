"""An operator added at test time makes a live segment, follows a changed member, and is explained."""

from typing import Any

from tests.api.test_explain import explained
from tests.criteria.multiple_of import multiple_of
from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { errors { code } }
    }
"""
CREATE = """
    mutation {
      createSegment(input: {name: "Fives", kind: ACCOUNT, type: DYNAMIC, criteriaText: "seats MULTIPLE OF 5"}) {
        segment { id criteriaText criteriaSentence } errors { code message }
      }
    }
"""
WATCH = "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) { segment { memberCount } } }"


async def upsert(product: Product, **seats: int) -> None:
    members = [{"externalId": name, "attributes": {"seats": count}} for name, count in seats.items()]
    assert (await product.run(UPSERT, members=members))["upsertMembers"]["errors"] == []


async def test_a_segment_follows_it_and_is_explained(product: Product) -> None:
    with multiple_of():
        # given a segment of the operator
        await upsert(product, ten=10, eleven=11)
        created: dict[str, Any] = (await product.run(CREATE))["createSegment"]
        assert created["errors"] == []
        segment = created["segment"]
        assert segment["criteriaText"] == "seats MULTIPLE OF 5"
        assert segment["criteriaSentence"] == "Members where seats is a multiple of 5."

        async with product.subscribe(WATCH, ids=[segment["id"]]) as events:
            while (await events.next())["segment"]["memberCount"] != 1:
                pass

            # when a member changes
            await upsert(product, eleven=15)

            # then it enters
            while (await events.next())["segment"]["memberCount"] != 2:
                pass

        explanation = await explained(product, segment["id"], "eleven")
        assert explanation["isMember"] is True
        assert explanation["criteria"] == {
            "sentence": "Members where seats is a multiple of 5.",
            "matches": True,
            "actual": 15,
            "children": [],
        }
