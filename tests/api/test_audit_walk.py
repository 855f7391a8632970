"""Every mutation of the schema leaves an audit entry when it changes something, or a table here says why not."""

from typing import Any, Final

import asyncpg

from seggraph.api.base import ids
from seggraph.context import Context
from tests.api.schema_walk import Operation
from tests.api.test_permission_walk import WALK, answer_to, digest, reachable
from tests.api.world import KEYS, World, called, furnished, sent
from tests.product import Product, Server

UNAUDITED: Final = {
    "upsertMembers": "data of integrations: thousands of calls a minute; the key's lastUsedAt says that it was used",
    "recordEvents": "data of integrations",
    "relateMembers": "data of integrations",
    "recordCampaignMetrics": "data of integrations",
    "setFavourites": "what a user keeps at hand changes nothing for anybody else",
}
"""The mutations that leave no entry, and why."""

URL: Final = "https://93.184.216.34/"
TAGGED: Final = {"tags": {"op": "HAS_ANY", "values": ["t3"]}}


def given(world: World) -> dict[str, dict[str, Any]]:
    """Inputs with an effect, for the mutations whose least input has none."""
    objects = reachable(world)
    draft = {"id": world.objects["Draft"]["Segment"]}
    over = {"id": world.objects["Draft"]["Segment too"]}
    return {
        "combineSegments": {"name": "both", "expression": {"segment": objects["Segment"]}},
        "createDestination": {"name": "d", "type": "HTTP", "url": URL},
        "recordEvents": {
            "events": [
                {
                    "kind": "PERSON",
                    "memberExternalId": "p001",
                    "name": "seen",
                    "occurredAt": "2026-01-01T00:00:00Z",
                    "externalId": "e",
                }
            ]
        },
        "createExport": {"segmentId": objects["Segment"]},
        "startImport": {
            "id": world.objects["Draft"]["Import"],
            "mapping": [{"column": "externalId", "field": "externalId"}],
        },
        "createPlaybook": {
            "name": "p",
            "kind": "PERSON",
            "criteria": TAGGED,
            "addToSegmentIds": [objects["Segment"]],
        },
        "relateMembers": {
            "rows": [
                {
                    "relation": "account",
                    "fromKind": "PERSON",
                    "fromExternalId": "p001",
                    "toKind": "ACCOUNT",
                    "toExternalId": "a",
                }
            ]
        },
        "cloneSegment": {"id": objects["Segment"], "name": "clone"},
        "addSegmentMembers": {"segmentIds": [world.objects["List"]["Segment"]], "externalIds": ["p002"]},
        "removeSegmentMembers": {"segmentIds": [world.objects["List"]["Segment"]], "externalIds": ["p002"]},
        "unblockSegmentMembers": {"segmentIds": [world.objects["List"]["Segment"]], "externalIds": ["p002"]},
        "suppressAddresses": {"channel": "EMAIL", "addresses": ["new@example.com"]},
        "unsuppressAddresses": {"channel": "EMAIL", "addresses": ["new@example.com"]},
        "importSuppressions": {"file": None, "channel": "EMAIL", "column": "email"},
        "importCampaignMetrics": {"file": None},
        "withdrawToken": {"userId": objects["User"], "jti": "x", "expiresAt": "2100-01-01T00:00:00Z"},
        "createWebhook": {"url": URL, "topics": ["METRICS_CHANGED"]},
        "replayWebhookDelivery": {"id": objects["Webhook"], "since": "2020-01-01T00:00:00Z"},
        "deleteEvents": {"externalIds": ["e"]},
        "cancelImport": {"id": world.objects["Draft"]["Import too"]},
        "cancelBulkEdit": {"id": world.objects["Draft"]["BulkEdit"]},
        "cancelAttributeChange": {"id": world.objects["Draft"]["Change"]},
        "resumeAttributeChange": {"id": world.objects["Draft"]["Failed change"]},
        "declareAttributes": {"kind": "TICKET", "attributes": [{"name": "declared", "type": "STRING"}]},
        "changeAttribute": {"kind": "TICKET", "name": "Third", "change": {"toType": "NUMBER"}},
        "deleteCampaign": {"id": world.objects["Draft"]["Campaign"]},
        "deleteDestination": {"id": world.objects["Draft"]["Destination"]},
        **{f"{verb}Segment": draft for verb in ("activate", "recalculate", "archive", "unarchive")},
        "deleteSegment": over,
        **{f"{verb}Segments": {"ids": [world.objects["Draft"]["Segment three"]]} for verb in BULK},
        "deleteSegments": {"ids": [world.objects["Draft"]["Segment four"]]},
        "labelSegments": {"ids": [objects["Segment"]], "addLabelIds": [objects["Label"]]},
        "putSegmentsIntoFolder": {"ids": [objects["Segment"]], "folderId": objects["Folder"]},
        "updateReportName": {"id": objects["ReportName"], "leaveOut": True},
        "setCampaignStatus": {"id": world.objects["Draft"]["Campaign too"], "status": "ACTIVE"},
    }


BULK: Final = ("activate", "recalculate", "pause", "resume", "archive", "unarchive")

ORDER: Final = (
    *(f"{verb}Segments" for verb in BULK),
    *("activateSegment", "recalculateSegment", "pauseSegment", "resumeSegment"),
    *("archiveSegment", "unarchiveSegment", "suppressAddresses", "unsuppressAddresses"),
    *("addSegmentMembers", "removeSegmentMembers", "recordEvents", "deleteEvents"),
    *("pauseWebhook", "resumeWebhook", "replayWebhookDelivery", "testWebhook"),
)
"""Mutations that need others before them; the rest comes afterwards, and what ends an object at last."""
ENDING: Final = ("delete", "revoke", "discard", "cancel", "deactivate")


def ordered() -> list[str]:
    """The mutations in an order in which each finds its objects."""
    rest = [name for name in WALK.fields_of("Mutation") if name not in ORDER]
    return [*ORDER, *sorted(rest, key=lambda name: name.startswith(ENDING))]


async def prepared(world: World, admin: Product, connection: asyncpg.Connection) -> None:
    """Objects that can be ended: nothing uses them, and no worker is at work on them."""

    async def made(mutation: str, kind: str, /, **more: Any) -> str:
        found = await called(admin, mutation, f"{kind} {{ id }}", **more)
        id_: str = found[kind]["id"]
        return id_

    segment = {"kind": "PERSON", "type": "DYNAMIC", "criteria": TAGGED, "activate": False}
    static = {"kind": "PERSON", "type": "STATIC"}
    world.keep("List", "Segment", await made("createSegment", "segment", name="list", **static))
    open_ = reachable(world)["Segment"]
    for type_ in (" three", " four"):
        draft = await made("createSegment", "segment", name=f"draft{type_}", **segment)
        world.keep("Draft", f"Segment{type_}", draft)
    for type_ in ("", " too"):
        draft = await made("createSegment", "segment", name=f"draft{type_}", **segment)
        world.keep("Draft", f"Segment{type_}", draft)
        campaign = await made("createCampaign", "campaign", name=f"none{type_}", segmentIds=[open_])
        world.keep("Draft", f"Campaign{type_}", campaign)
    world.keep(
        "Draft", "Destination", await made("createDestination", "destination", name="o", type="HTTP", url=URL)
    )
    edit = await called(
        admin,
        "tagMembers",
        "bulkEdit { id }",
        kind="PERSON",
        externalIds=["p003"],
        add=["y"],
        inBackground=True,
    )
    world.keep("Draft", "BulkEdit", edit["bulkEdit"]["id"])
    for name in ("Change", "Failed change", "Third"):
        await called(admin, "declareAttribute", "attribute { name }", kind="TICKET", name=name, type="STRING")
        if name != "Third":
            change = {"kind": "TICKET", "name": name, "change": {"toType": "NUMBER"}}
            begun = await called(admin, "changeAttribute", "bulkEdit { id }", **change)
            world.keep("Draft", name, begun["bulkEdit"]["id"])
    failed = ids.split(world.objects["Draft"]["Failed change"])
    await connection.execute("UPDATE bulk_edits SET status = 'FAILED' WHERE id = $1", failed and failed[1])
    for type_ in ("Import", "Import too"):
        upload = await sent(
            admin,
            "mutation ($i: CreateImportInput!) { createImport(input: $i) { import { id } } }",
            {"i": {"file": None, "kind": "PERSON"}},
            "variables.i.file",
            b"externalId\np001\n",
            name="i.csv",
        )
        world.keep("Draft", type_, upload.json()["data"]["createImport"]["import"]["id"])
    webhook = ids.split(world.objects[KEYS]["Webhook"])
    await connection.execute(DEAD_LETTER, world.admin.workspace_id, webhook and webhook[1])


DEAD_LETTER: Final = """
    INSERT INTO webhook_messages (workspace_id, webhook_id, key, topic, status, body, created_at,
      finished_at)
    VALUES ($1, $2, gen_random_uuid(), 'METRICS_CHANGED', 'FAILED', '{}', now(), now())
"""


async def carried_out(world: World, admin: Product, name: str) -> dict[str, Any]:
    """The answer to a mutation with an effect."""
    operation = WALK.trial("Mutation", name, reachable(world))
    inputs = given(world)
    if name in inputs:
        operation = Operation(operation.title, operation.text, {"input": inputs[name]})
    if name in FILES:
        files = FILES[name]
        for type_ in ("Campaign", "Segment"):
            files = files.replace(f"{{{type_.lower()}}}".encode(), reachable(world)[type_].encode())
        response = await sent(
            admin, operation.text, operation.variables, "variables.input.file", files, name="f.csv"
        )
        answer: dict[str, Any] = response.json()
        return answer
    return await answer_to(admin, operation)


FILES: Final = {
    "importSuppressions": b"email\nfile@example.com\n",
    "importCampaignMetrics": b"campaign,segment,day,spend,impressions,clicks\n{campaign},{segment},2026-02-01,3,9,1\n",
}


async def test_each_mutation_leaves_an_entry_when_it_changes_something(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    world = await furnished(context, server, connection)
    workspace = world.admin.workspace_id
    async with server.sign_in(world.admin) as admin:
        await prepared(world, admin, connection)
        silent, idle = set[str](), dict[str, Any]()
        for name in ordered():
            before = await digest(connection, workspace)
            answer = await carried_out(world, admin, name)
            after = await digest(connection, workspace)
            changed = {table for table in after if after[table] != before[table]}
            if not changed:
                idle[name] = answer
            elif "audit_entries" not in changed:
                silent.add(name)
    assert {name: answer["data"][name]["errors"] for name, answer in idle.items()} == {}
    assert silent == UNAUDITED.keys()
