"""Segments from the first draft to a new calculation, as an editor does it."""

from typing import Any

from tests.product import Product

FIELDS = """
    id name description status version revision memberCount criteria lastAction syncInterval nextSyncAt
    reach { status total } visibility createdBy { email } lastModifiedBy { email }
    hiddenFrom { email } sources { kind memberCount } freshness { computedRevision requestedRevision }
"""

CREATE = f"""
    mutation ($input: CreateSegmentInput!) {{
      createSegment(input: $input) {{ segment {{ {FIELDS} }} errors {{ code path }} }}
    }}
"""
UPDATE = f"""
    mutation ($input: UpdateSegmentInput!) {{
      updateSegment(input: $input) {{ segment {{ {FIELDS} }} errors {{ code path message }} }}
    }}
"""
ACTIVATE = f"""
    mutation ($id: ID!) {{
      activateSegment(input: {{id: $id}}) {{ segment {{ {FIELDS} }} errors {{ code path }} }}
    }}
"""
RECALCULATE = ACTIVATE.replace("activateSegment", "recalculateSegment")
EVENTS = """
    subscription ($ids: [ID!]) {
      segmentEvents(segmentIds: $ids) { __typename revision segment { revision memberCount reach { status } } }
    }
"""
GERMAN: dict[str, Any] = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
FRENCH: dict[str, Any] = {"attribute": {"field": "country", "op": "EQ", "value": "FR"}}


async def create(product: Product, **given: Any) -> dict[str, Any]:
    payload = await product.run(CREATE, input={"name": "One", "kind": "ACCOUNT", "type": "DYNAMIC", **given})
    assert payload["createSegment"]["errors"] == []
    segment: dict[str, Any] = payload["createSegment"]["segment"]
    return segment


async def update(product: Product, segment: dict[str, Any], **given: Any) -> dict[str, Any]:
    payload = await product.run(UPDATE, input={"id": segment["id"], **given})
    assert payload["updateSegment"]["errors"] == []
    changed: dict[str, Any] = payload["updateSegment"]["segment"]
    return changed


async def ready(product: Product, segment: dict[str, Any]) -> dict[str, Any]:
    """The segment when the revision that was asked for last is there."""
    async with product.subscribe(EVENTS, ids=[segment["id"]]) as events:
        while (await events.next())["segment"]["reach"]["status"] != "READY":
            pass
    found = await product.run(f"query ($id: ID!) {{ segment(id: $id) {{ {FIELDS} }} }}", id=segment["id"])
    state: dict[str, Any] = found["segment"]
    return state


async def two_germans_and_a_frenchman(product: Product) -> None:
    query = """
        mutation { upsertMembers(input: {kind: ACCOUNT, members: [
          {externalId: "a", country: "DE"}, {externalId: "b", country: "DE"}, {externalId: "c", country: "FR"}
        ]}) { created } }
    """
    assert await product.run(query) == {"upsertMembers": {"created": 3}}


async def test_a_draft_becomes_active_with_its_first_criteria(product: Product) -> None:
    await two_germans_and_a_frenchman(product)

    draft = await create(product)
    assert (draft["status"], draft["reach"]) == ("DRAFT", {"status": "NONE", "total": None})
    assert (draft["version"], draft["revision"], draft["lastAction"]) == (1, 0, "CREATED")
    assert draft["nextSyncAt"] is None

    active = await update(product, draft, criteria=GERMAN)
    assert (active["status"], active["reach"]["status"]) == ("ACTIVE", "CALCULATING")
    assert (active["version"], active["revision"], active["lastAction"]) == (2, 1, "EDITED")
    assert active["criteria"] == GERMAN

    done = await ready(product, active)
    assert done["memberCount"] == 2
    assert done["freshness"] == {"computedRevision": 1, "requestedRevision": 1}


async def test_a_draft_that_was_asked_to_stay_one_is_activated_by_hand(product: Product) -> None:
    draft = await create(product, criteria=GERMAN, activate=False)
    assert draft["status"] == "DRAFT"

    edited = await update(product, draft, criteria=FRENCH, name="French", activate=False)
    assert (edited["status"], edited["name"], edited["revision"]) == ("DRAFT", "French", 0)

    payload = (await product.run(ACTIVATE, id=draft["id"]))["activateSegment"]
    assert payload["errors"] == []
    assert (payload["segment"]["status"], payload["segment"]["lastAction"]) == ("ACTIVE", "ACTIVATED")

    again = (await product.run(ACTIVATE, id=draft["id"]))["activateSegment"]
    assert again["errors"] == []
    assert again["segment"]["version"] == payload["segment"]["version"]


async def test_nothing_activates_a_dynamic_segment_without_criteria(product: Product) -> None:
    draft = await create(product)

    payload = (await product.run(ACTIVATE, id=draft["id"]))["activateSegment"]
    assert payload == {"segment": None, "errors": [{"code": "REQUIRED", "path": ["criteria"]}]}

    refused = (await product.run(RECALCULATE, id=draft["id"]))["recalculateSegment"]
    assert refused == {"segment": None, "errors": [{"code": "BAD_TRANSITION", "path": ["id"]}]}


async def test_new_criteria_are_calculated_and_the_same_ones_are_not(product: Product) -> None:
    await two_germans_and_a_frenchman(product)
    german = await ready(product, await create(product, criteria=GERMAN))

    same = await update(product, german, criteria=GERMAN, description="As before")
    assert (same["revision"], same["reach"]["status"], same["description"]) == (1, "READY", "As before")

    french = await update(product, german, criteria=FRENCH)
    assert (french["revision"], french["reach"]["status"]) == (2, "CALCULATING")
    assert french["memberCount"] == 2  # the last good number stays until the new one is there
    assert (await ready(product, french))["memberCount"] == 1


async def test_recalculating_makes_another_revision(product: Product) -> None:
    await two_germans_and_a_frenchman(product)
    german = await ready(product, await create(product, criteria=GERMAN))

    payload = (await product.run(RECALCULATE, id=german["id"]))["recalculateSegment"]
    assert payload["errors"] == []
    assert (payload["segment"]["revision"], payload["segment"]["reach"]["status"]) == (2, "CALCULATING")
    assert payload["segment"]["version"] == german["version"]
    assert (await ready(product, german))["freshness"] == {"computedRevision": 2, "requestedRevision": 2}


async def test_two_editors_do_not_overwrite_each_other_unknowingly(product: Product) -> None:
    segment = await create(product)
    await update(product, segment, version=1, name="First editor")

    payload = await product.run(UPDATE, input={"id": segment["id"], "version": 1, "name": "Second editor"})

    [error] = payload["updateSegment"]["errors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["version"])
    found = await product.run("query ($id: ID!) { segment(id: $id) { name version } }", id=segment["id"])
    assert found["segment"] == {"name": "First editor", "version": 2}


async def test_a_new_sync_interval_counts_from_now(product: Product) -> None:
    segment = await ready(product, await create(product, criteria=GERMAN))
    before = segment["nextSyncAt"]

    changed = await update(product, segment, syncInterval="PT5M")
    assert changed["syncInterval"] == "PT300S"
    assert changed["nextSyncAt"] < before
    assert changed["revision"] == segment["revision"]

    default = await update(product, segment, syncInterval=None)
    assert default["syncInterval"] is None
    assert default["nextSyncAt"] >= before


async def test_a_static_segment_has_no_criteria(product: Product) -> None:
    payload = await product.run(
        CREATE, input={"name": "List", "kind": "ACCOUNT", "type": "STATIC", "criteria": GERMAN}
    )
    assert payload["createSegment"]["segment"] is None
    assert payload["createSegment"]["errors"] == [{"code": "INVALID", "path": ["criteria"]}]

    empty = await create(product, type="STATIC", activate=True)
    done = await ready(product, empty)
    assert (done["status"], done["memberCount"]) == ("ACTIVE", 0)
    assert done["sources"] == [{"kind": "MANUAL", "memberCount": 0}, {"kind": "IMPORT", "memberCount": 0}]
