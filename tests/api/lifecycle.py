"""What tests of segments' lives share: the mutations, and waiting until nothing is left to be done."""

import asyncio
from typing import Any, Final

from tests.product import PATIENCE_SECONDS, Product

FIELDS: Final = """
    id name status type kind purpose origin visibility version revision lastAction memberCount nextSyncAt transitions
    criteria reach { status total asOf } lastModifiedBy { email } createdBy { email }
"""
STEPS: Final = ("activate", "recalculate", "pause", "resume", "archive", "unarchive")

CREATE: Final = f"""
    mutation ($input: CreateSegmentInput!) {{
      answer: createSegment(input: $input) {{ segment {{ {FIELDS} }} errors {{ code path message }} }}
    }}
"""
UPDATE: Final = f"""
    mutation ($input: UpdateSegmentInput!) {{
      answer: updateSegment(input: $input) {{
        segment {{ {FIELDS} }} warnings {{ code message path }} errors {{ code path message }}
      }}
    }}
"""
STEP: Final = f"""
    mutation ($input: SegmentIdInput!) {{
      answer: %sSegment(input: $input) {{ segment {{ {FIELDS} }} errors {{ code path message }} }}
    }}
"""
CLONE: Final = f"""
    mutation ($input: CloneSegmentInput!) {{
      answer: cloneSegment(input: $input) {{ segment {{ {FIELDS} }} errors {{ code path message }} }}
    }}
"""
DELETE: Final = """
    mutation ($input: SegmentIdInput!) {
      answer: deleteSegment(input: $input) { deletedId errors { code path message } }
    }
"""
UPSERT: Final = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) { errors { code } rowErrors { message } }
    }
"""
HAND: Final = """
    mutation ($input: SegmentMembersInput!) {
      answer: %sSegmentMembers(input: $input) { changed errors { code path message } }
    }
"""
READ: Final = f"query ($id: ID!) {{ segment(id: $id) {{ {FIELDS} }} }}"
SETTLED: Final = """
    query ($id: ID!) { segment(id: $id) { reach { status } freshness { pendingChanges } } }
"""

GERMAN: Final[dict[str, Any]] = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
FRENCH: Final[dict[str, Any]] = {"attribute": {"field": "country", "op": "EQ", "value": "FR"}}


async def answer(client: Product, mutation: str, **given: Any) -> dict[str, Any]:
    """The payload of a mutation, whether or not it was done."""
    found: dict[str, Any] = (await client.run(mutation, input=given))["answer"]
    return found


async def done(client: Product, mutation: str, **given: Any) -> dict[str, Any]:
    """The segment that a mutation left."""
    payload = await answer(client, mutation, **given)
    assert payload["errors"] == []
    segment: dict[str, Any] = payload["segment"]
    return segment


async def refused(client: Product, mutation: str, **given: Any) -> dict[str, Any]:
    """The one error of a mutation that does nothing."""
    payload = await answer(client, mutation, **given)
    assert payload.get("segment") is None
    assert payload.get("deletedId") is None
    [error] = payload["errors"]
    found: dict[str, Any] = error
    return found


async def create(client: Product, **given: Any) -> dict[str, Any]:
    return await done(client, CREATE, **{"name": "One", "kind": "ACCOUNT", "type": "DYNAMIC", **given})


async def step(client: Product, name: str, segment: dict[str, Any]) -> dict[str, Any]:
    return await done(client, STEP % name, id=segment["id"])


async def read(client: Product, segment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.run(READ, id=segment["id"]))["segment"]
    return found


async def upsert(client: Product, countries: dict[str, str], *, kind: str = "ACCOUNT") -> None:
    """Members by external id, with the country of each."""
    rows = [{"externalId": one, "country": country} for one, country in countries.items()]
    payload = await client.run(UPSERT, kind=kind, members=rows)
    assert payload["upsertMembers"] == {"errors": [], "rowErrors": []}


async def settled(client: Product, segment: dict[str, Any]) -> dict[str, Any]:
    """The segment when nothing is being calculated about it and no change waits to be looked at."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            state = (await client.run(SETTLED, id=segment["id"]))["segment"]
            if state["reach"]["status"] != "CALCULATING" and not state["freshness"]["pendingChanges"]:
                return await read(client, segment)
            await asyncio.sleep(0.02)
