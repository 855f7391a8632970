"""The main job, as a client does it: members come in, a segment is defined, its reach arrives at a subscriber."""

from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) {
        created updated unchanged rowErrors { index code path } errors { code }
      }
    }
"""

CREATE = """
    mutation ($criteria: CriteriaInput!) {
      createSegment(input: {name: "German", kind: ACCOUNT, type: DYNAMIC, criteria: $criteria}) {
        segment { id status reach { status total } } errors { code message path }
      }
    }
"""

EVENTS = """
    subscription ($ids: [ID!]) {
      segmentEvents(segmentIds: $ids) {
        __typename cursor revision
        segment { memberCount reach { status total email directMail } }
        ... on MembershipChanged { entered exited enteredSample { externalId } }
      }
    }
"""


async def test_members_segment_reach_subscriber(product: Product) -> None:
    # given three members, of whom two are German and one of these can be written to
    report = await product.run(
        UPSERT,
        members=[
            {"externalId": "a", "country": "DE", "email": "a@example.com", "address": "Street 1"},
            {"externalId": "b", "country": "DE"},
            {"externalId": "c", "country": "US", "email": "c@example.com"},
        ],
    )
    assert report["upsertMembers"] == {
        "created": 3,
        "updated": 0,
        "unchanged": 0,
        "rowErrors": [],
        "errors": [],
    }

    # when a segment of the Germans is saved
    criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    created = (await product.run(CREATE, criteria=criteria))["createSegment"]

    # then it is ACTIVE and being calculated
    assert created["errors"] == []
    assert created["segment"]["status"] == "ACTIVE"
    assert created["segment"]["reach"]["status"] == "CALCULATING"

    async with product.subscribe(EVENTS, ids=[created["segment"]["id"]]) as events:
        # and a subscriber gets a snapshot first, and its reach when it is there
        event = await events.next()
        assert event["__typename"] == "SegmentSnapshot"
        while event["segment"]["reach"]["status"] != "READY":
            event = await events.next()
        assert event["segment"] == {
            "memberCount": 2,
            "reach": {"status": "READY", "total": 1, "email": 1, "directMail": 1},
        }

        # and when another member becomes German, the segment follows
        await product.run(UPSERT, members=[{"externalId": "c", "country": "DE"}])
        # (that the first two entered may be told after the state in which they had)
        moved = await events.until("MembershipChanged", enteredSample=[{"externalId": "c"}])
        assert (moved["entered"], moved["exited"]) == (1, 0)
        assert moved["segment"]["memberCount"] == 3
        assert moved["segment"]["reach"] == {"status": "READY", "total": 2, "email": 2, "directMail": 1}
