"""Uses what docs/contributing.md adds, in a process that imports the changed copy of the sources.

Run: ``python -m tests.contributing.acceptance`` with the settings of a database and a Redis in the environment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from structlog.testing import capture_logs

from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.services.catalogue import attribute_names
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, serving, working
from tests.services.importing import counts, imported, uploaded

T = TypeVar("T")

UPSERT = """
mutation ($members: [MemberInput!]!) { upsertMembers(input: {kind: PERSON, members: $members}) {
  created rowErrors { code } errors { message } } }
"""
MEMBERS = "{ members(kind: PERSON) { nodes { externalId timeZone } } }"
IN_BERLIN = '{attribute: {field: "timeZone", op: EQ, value: "Europe/Berlin"}}'
CATALOGUE = f"""
{{
  criteriaFields(kind: PERSON, search: "timeZone") {{ label type group memberCount operators }}
  valueSuggestions(kind: PERSON, field: "timeZone", search: "eur") {{ value count exact }}
  previewSegment(input: {{kind: PERSON, criteria: {IN_BERLIN}}}) {{ memberCount sentence errors {{ message }} }}
}}
"""
SEGMENT = f"""
mutation {{ createSegment(input: {{name: "Berlin", kind: PERSON, type: DYNAMIC, criteria: {IN_BERLIN}}}) {{
  segment {{ id }} errors {{ message }} }} }}
"""
EXPORT = """
mutation ($segment: ID!) {
  createExport(input: {segmentId: $segment, format: CSV, columns: ["externalId", "timeZone"]}) {
    export { id } errors { message } } }
"""
EXPORTED = "query ($id: ID!) { node(id: $id) { ... on Export { status url } } }"
CREATE = """
mutation ($input: CreateDestinationInput!) { createDestination(input: $input) {
  destination { id type } errors { code path } } }
"""
DELIVER = """
mutation ($segment: ID!, $destination: ID!) {
  deliverSegment(input: {segmentId: $segment, destinationId: $destination}) {
    delivery { id } errors { message } } }
"""
DELIVERED = "query ($id: ID!) { node(id: $id) { ... on Delivery { status deliveredCount } } }"


async def main() -> None:
    """Bring the database up to date, and use the field and the destination."""
    settings = Settings()
    await migrating.migrate(str(settings.database_url))
    async with open_context(settings) as context, serving(context) as server, working(context):
        viewer = await new_viewer("Acme")
        async with server.sign_in(viewer) as product:
            await use_field(product)
            await import_field(context, viewer)
            segment = await answer(product, SEGMENT, "segment")
            await use_destination(product, segment["id"])  # waits until the segment is computed
            await export_field(product, segment["id"])


async def answer(product: Product, mutation: str, name: str, **variables: Any) -> dict[str, Any]:
    """What a mutation that made no errors made."""
    [payload] = (await product.run(mutation, **variables)).values()
    assert payload["errors"] == [], payload
    made: dict[str, Any] = payload[name]
    return made


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """What a look finds, once it finds something."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (seen := await look()):  # noqa: ASYNC110 - it happens in the product
            await asyncio.sleep(0.03)
    return seen


async def use_field(product: Product) -> None:
    """Upsert it, read it, find it in the catalogue, and ask for it in criteria."""
    members = [{"externalId": "a", "timeZone": " Europe/Berlin "}, {"externalId": "b", "timeZone": "x" * 501}]
    [upserted] = (await product.run(UPSERT, members=members)).values()
    assert upserted == {"created": 2, "rowErrors": [{"code": "TOO_LONG"}], "errors": []}
    assert await product.run(MEMBERS) == {
        "members": {
            "nodes": [{"externalId": "a", "timeZone": "Europe/Berlin"}, {"externalId": "b", "timeZone": None}]
        }
    }
    catalogue = await product.run(CATALOGUE)
    [offered] = catalogue["criteriaFields"]
    assert "STARTS_WITH" in offered.pop("operators")
    assert offered == {"label": "Time zone", "type": "STRING", "group": "PROFILE", "memberCount": 1}
    assert catalogue["valueSuggestions"] == [{"value": "Europe/Berlin", "count": 1, "exact": True}]
    assert (catalogue["previewSegment"]["memberCount"], catalogue["previewSegment"]["errors"]) == (1, [])
    assert "ime zone" in catalogue["previewSegment"]["sentence"]
    assert "timeZone" in attribute_names.RESERVED


async def import_field(context: Context, viewer: Viewer) -> None:
    """Import it from the column of another tool, which is suggested."""
    file = "Id,TZ\nc,Europe/Berlin\nd,Asia/Tokyo\n"
    seen = await uploaded(context, viewer, file, MemberKind.PERSON)
    assert [pair.field for pair in seen.suggestions] == ["externalId", "timeZone"]
    view = await imported(context, viewer, file, {"Id": "externalId", "TZ": "timeZone"}, MemberKind.PERSON)
    assert counts(view) == {"read": 2, "added": 2}


async def export_field(product: Product, segment: str) -> None:
    """Export the members of a segment by it, with it."""
    export = await answer(product, EXPORT, "export", segment=segment)

    async def ready() -> str | None:
        state = (await product.run(EXPORTED, id=export["id"]))["node"]
        url: str | None = state["url"] if state["status"] == "READY" else None
        return url

    file = (await product.http.get(await eventually(ready))).text
    assert file.splitlines() == ["externalId,timeZone", "a,Europe/Berlin", "c,Europe/Berlin"], file


async def use_destination(product: Product, segment: str) -> None:
    """Make the new destination, which checks its options, and deliver the segment there with the new field."""
    draft = {"name": "Log", "type": "LOG", "mapping": {"zone": "$timeZone"}}
    [refused] = (await product.run(CREATE, input=draft | {"url": "https://example.com"})).values()
    assert refused["errors"] == [{"code": "INVALID", "path": ["url"]}]
    destination = await answer(product, CREATE, "destination", input=draft)
    assert destination["type"] == "LOG"

    with capture_logs() as lines:
        delivery = await answer(product, DELIVER, "delivery", segment=segment, destination=destination["id"])

        async def active() -> bool:
            state = (await product.run(DELIVERED, id=delivery["id"]))["node"]
            return bool(state == {"status": "ACTIVE", "deliveredCount": 2})

        await eventually(active)
    [sent] = [line["members"] for line in lines if line["event"] == "members_upserted"]
    assert sent == {"a": {"zone": "Europe/Berlin"}, "c": {"zone": "Europe/Berlin"}}


if __name__ == "__main__":
    asyncio.run(main())
