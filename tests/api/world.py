"""A workspace with one of everything, some of it hidden: what tests of permissions look at and look for.

Whatever is not for everybody has a word in its name, a number in its id and a number of members that occur nowhere
else, so that an answer that has any of them has leaked.
"""

import asyncio
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.api.schema_walk import SCHEMA
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working

HIDDEN, PRIVATE, KEYS, OWN, OPEN = "Zqhidden", "Zqprivate", "Zqkey", "Zqteam", "Zqopen"
"""The words of: what is hidden from the team member; what is the administrator's own; API keys, that
only administrators see; what is the team member's; and the rest, which the whole workspace sees."""

PERSONAL = "Zqperson"
"""The word in everything that is personal data."""

FIRST_NUMBER = 500_000_000
"""Numbers of objects begin far beyond every other number in an answer."""

COUNTS = {HIDDEN: 137, PRIVATE: 143}
"""How many members the segments of a word have."""


@dataclass
class World:
    """A workspace: its people, its keys, and the global ids of what is in it, by word and type."""

    admin: Viewer
    leader: Viewer
    team: Viewer
    secrets: dict[str, str] = field(default_factory=dict)
    objects: dict[str, dict[str, str]] = field(default_factory=dict)

    def keep(self, word: str, type_: str, id_: str) -> str:
        """Remember an object; returns its id."""
        self.objects.setdefault(word, {})[type_] = id_
        return id_

    def all_of(self, word: str) -> Mapping[str, str]:
        """The objects of a word; of the types that there are none of, those that everyone sees."""
        return self.objects[OPEN] | self.objects[word]

    def traces(self, word: str) -> list[str]:
        """What tells of the objects of a word: the word, their ids, and their numbers."""
        found = [word, word.lower()]
        for type_, id_ in self.objects.get(word, {}).items():
            parts = ids.split(id_)
            if type_ not in ("User", "Member", "Workspace", "Event"):
                found += [id_, str(parts[1] if parts else id_)]
        return found


async def furnished(context: Context, server: Server, connection: asyncpg.Connection) -> World:
    """A workspace with one of everything, computed; no worker is running any more."""
    await _number_far(connection)
    admin = await new_viewer("Zqworkspace")
    world = World(
        admin,
        await new_viewer("", Role.LEADER, workspace_id=admin.workspace_id),
        await new_viewer("", Role.TEAM_MEMBER, workspace_id=admin.workspace_id),
    )
    async with working(context), server.sign_in(admin) as product, server.sign_in(world.team) as team:
        await called(
            product, "updateWorkspace", "workspace { id }", leastRoles={"seeImportsOfOthers": "TEAM_MEMBER"}
        )
        await _people(world, product)
        await _segments(world, product, team, connection)
        await _uses(world, product, team)
        await _files(world, product, team)
        await _rest(world, product)
        await _settled(connection)
    async with server.sign_in(admin) as product:
        await _outside(world, product)
    return world


async def _number_far(connection: asyncpg.Connection) -> None:
    """Let all numbers of objects begin beyond any other number."""
    for index, row in enumerate(
        await connection.fetch("SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public'")
    ):
        await connection.execute(
            f'ALTER SEQUENCE "{row["name"]}" RESTART WITH {FIRST_NUMBER + index * 1_000_000}'
        )


async def called(product: Product, name: str, fields: str, /, **given: Any) -> Any:
    """The payload of a mutation that has no errors."""
    input_type = SCHEMA.mutation_type.fields[name].args["input"].type  # type: ignore[union-attr]
    text = (
        f"mutation ($i: {input_type}) {{ {name}(input: $i) {{ {fields} errors {{ code message path }} }} }}"
    )
    payload = (await product.run(text, i=given))[name]
    assert payload["errors"] == [], (name, payload)
    return payload


async def _people(world: World, product: Product) -> None:
    """People, a few with events and relations."""
    tags = ["t1"] * COUNTS[HIDDEN] + ["t2"] * COUNTS[PRIVATE] + ["t3"] * 10
    rows = [
        {
            "externalId": f"p{number:03}",
            "name": f"{PERSONAL} {number}",
            "email": f"p{number}@{PERSONAL}.example",
            "phone": f"+49 30 {number} {PERSONAL}",
            "address": f"{number} {PERSONAL} street",
            "country": "DE",
            "tags": [tag],
            "shippingAddress": {"city": PERSONAL},
            "billingAddress": {"city": PERSONAL},
            "attributes": {"plan": "pro", "nickname": f"{PERSONAL}y"},
        }
        for number, tag in enumerate(tags)
    ]
    await called(product, "upsertMembers", "created", kind="PERSON", members=rows)
    found = await product.run(
        """{ memberByExternalId(kind: PERSON, externalId: "p289") { id }
             viewer { user { id } workspace { id } } }"""
    )
    world.keep(OPEN, "Member", found["memberByExternalId"]["id"])
    world.keep(OPEN, "User", found["viewer"]["user"]["id"])
    world.keep(OPEN, "Workspace", found["viewer"]["workspace"]["id"])
    events = [
        {
            "kind": "PERSON",
            "memberExternalId": one["externalId"],
            "name": "order",
            "occurredAt": "2026-01-02T00:00:00Z",
            "value": "5",
            "properties": {"recipient": PERSONAL},
            "externalId": f"e{one['externalId']}",
        }
        for one in rows[280:]
    ]
    await called(product, "recordEvents", "accepted", events=events)
    event = await product.run(
        "query ($id: ID!) { member(id: $id) { events { nodes { id } } } }", id=world.objects[OPEN]["Member"]
    )
    world.keep(OPEN, "Event", event["member"]["events"]["nodes"][0]["id"])
    await called(product, "upsertMembers", "created", kind="ACCOUNT", members=[{"externalId": "a"}])


async def _segments(world: World, product: Product, team: Product, connection: asyncpg.Connection) -> None:
    """One segment for every word, and one that everyone sees whose criteria refer to the hidden one."""
    member = ids.encode("User", world.team.user_id or 0)

    async def made(client: Product, name: str, /, **given: Any) -> str:
        draft = {"name": name, "kind": "PERSON", "type": "DYNAMIC", "description": f"About {name}"} | given
        return str((await called(client, "createSegment", "segment { id }", **draft))["segment"]["id"])

    def tagged(tag: str) -> dict[str, Any]:
        return {"tags": {"op": "HAS_ANY", "values": [tag]}}

    open_ = world.keep(OPEN, "Segment", await made(product, f"{OPEN} one", criteria=tagged("t3")))
    others = {"not": {"segment": {"op": "IN", "id": open_}}}
    hidden = world.keep(
        HIDDEN,
        "Segment",
        await made(
            product,
            f"{HIDDEN} one",
            criteria={"all": [tagged("t1"), others]},
            hiddenFromIds=[member],
        ),
    )
    world.keep(
        PRIVATE,
        "Segment",
        await made(product, f"{PRIVATE} one", criteria=tagged("t2"), visibility="PRIVATE"),
    )
    # or those who are hidden would enter the next one by a run of their own, whose number it would tell
    await _settled(connection)
    refers = {"any": [tagged("t3"), {"segment": {"op": "IN", "id": hidden}}]}
    await made(product, f"{OPEN} refers", criteria=refers)
    about_persons = {"attribute": {"field": "name", "op": "CONTAINS", "value": PERSONAL}}
    await made(product, f"{OPEN} called", criteria=about_persons, activate=False)
    own = await made(team, f"{OWN} one", type="STATIC")
    world.keep(OWN, "Segment", own)
    await called(team, "addSegmentMembers", "changed", segmentIds=[own], externalIds=["p285", "p286"])


async def _uses(world: World, product: Product, team: Product) -> None:
    """Playbooks and campaigns that use what is hidden."""
    open_, hidden, private = (world.objects[word]["Segment"] for word in (OPEN, HIDDEN, PRIVATE))
    playbook = await called(
        product,
        "createPlaybook",
        "playbook { id }",
        name=f"{OPEN} playbook",
        kind="PERSON",
        criteria={
            "all": [{"segment": {"op": "IN", "id": private}}, {"tags": {"op": "HAS_ANY", "values": ["t9"]}}]
        },
        addToSegmentIds=[hidden],
    )
    world.keep(OPEN, "Playbook", playbook["playbook"]["id"])
    criteria = {"tags": {"op": "HAS_ANY", "values": ["t3"]}}
    mine = await called(
        team,
        "createPlaybook",
        "playbook { id }",
        name=f"{OWN} playbook",
        kind="PERSON",
        criteria=criteria,
        addToSegmentIds=[world.objects[OWN]["Segment"]],
    )
    world.keep(OWN, "Playbook", mine["playbook"]["id"])
    campaign = await called(
        product,
        "createCampaign",
        "campaign { id }",
        name=f"{OPEN} campaign",
        channel="EMAIL",
        segmentIds=[open_, hidden],
        excludeSegmentIds=[private],
    )
    campaign_id = world.keep(OPEN, "Campaign", campaign["campaign"]["id"])
    metrics = [
        {
            "campaignId": campaign_id,
            "segmentId": one,
            "day": "2026-01-05",
            "spend": spend,
            "impressions": 1_000,
            "clicks": 10,
        }
        for one, spend in ((open_, "10.00"), (hidden, "7777.77"))
    ]
    await called(product, "recordCampaignMetrics", "written", rows=metrics)
    for word, segment_id in ((OPEN, open_), (HIDDEN, hidden)):
        chosen = {"name": f"{word} in reports", "campaignId": campaign_id, "segmentId": segment_id}
        await sent(
            product,
            "mutation ($i: ImportCampaignMetricsInput!) { importCampaignMetrics(input: $i) { read } }",
            {"i": {"file": None, "campaigns": [chosen]}},
            "variables.i.file",
            f"campaign,day,spend,impressions,clicks\n{word} in reports,2026-01-06,1,9,1\n".encode(),
            name="report.csv",
        )
        names = await product.run(f'{{ reportNames(search: "{word}") {{ nodes {{ id }} }} }}')
        world.keep(word, "ReportName", names["reportNames"]["nodes"][0]["id"])


async def _files(world: World, product: Product, team: Product) -> None:
    """Imports and exports, of what everyone sees and of what is hidden."""
    member = ids.encode("User", world.team.user_id or 0)
    draft = {"name": f"{HIDDEN} list", "kind": "PERSON", "type": "STATIC", "hiddenFromIds": [member]}
    listed = (await called(product, "createSegment", "segment { id }", **draft))["segment"]["id"]
    world.keep(HIDDEN, "Segment list", listed)
    for word, segment_id in ((HIDDEN, listed), (OPEN, None)):
        rows = "".join(f"p{number:03},{PERSONAL}\n" for number in range(COUNTS.get(word, 5)))
        upload = await sent(
            product,
            "mutation ($i: CreateImportInput!) { createImport(input: $i) { import { id } errors { message } } }",
            {"i": {"file": None, "kind": "PERSON", "segmentId": segment_id}},
            "variables.i.file",
            f"{word},Nickname\n{rows}".encode(),
            name=f"{word}.csv",
        )
        import_id = upload.json()["data"]["createImport"]["import"]["id"]
        world.keep(word, "Import", import_id)
        mapping = [{"column": word, "field": "externalId"}]
        await called(
            product, "startImport", "import { id }", id=import_id, mapping=mapping, createMissing=False
        )
        found = await product.run("{ importTemplates(first: 1) { nodes { id } } }")
        world.keep(word, "ImportTemplate", found["importTemplates"]["nodes"][0]["id"])
    for word in (OPEN, HIDDEN, PRIVATE):
        export = await called(
            product, "createExport", "export { id }", segmentId=world.objects[word]["Segment"]
        )
        world.keep(
            *((PRIVATE, "Export of all") if word == OPEN else (word, "Export")), export["export"]["id"]
        )
    edit = await called(
        product,
        "tagMembers",
        "bulkEdit { id }",
        kind="PERSON",
        externalIds=["p001"],
        add=["x"],
        inBackground=True,
    )
    world.keep(OPEN, "BulkEdit", edit["bulkEdit"]["id"])
    own = await called(team, "createExport", "export { id }", segmentId=world.objects[OPEN]["Segment"])
    world.keep(OPEN, "Export", own["export"]["id"])


async def _outside(world: World, product: Product) -> None:
    """A destination with what everyone sees and what is hidden, and a webhook that nothing happens to."""
    url = "https://93.184.216.34/"
    made = await called(
        product, "createDestination", "destination { id }", name=f"{OPEN} destination", type="HTTP", url=url
    )
    destination = world.keep(OPEN, "Destination", made["destination"]["id"])
    for word in (OPEN, HIDDEN, PRIVATE):
        delivery = await called(
            product,
            "deliverSegment",
            "delivery { id }",
            segmentId=world.objects[word]["Segment"],
            destinationId=destination,
        )
        world.keep(word, "Delivery", delivery["delivery"]["id"])
    hook = await called(
        product, "createWebhook", "webhook { id }", url=url + KEYS, topics=["METRICS_CHANGED"]
    )
    world.keep(KEYS, "Webhook", hook["webhook"]["id"])


async def _rest(world: World, product: Product) -> None:
    """Keys of every scope, an attribute, and addresses that are not to be used."""
    for scope in ("INGEST", "READ_WITHOUT_PERSONAL_DATA", "READ", "WRITE", "ADMIN"):
        made = await called(
            product, "createApiKey", "secret apiKey { id }", name=f"{KEYS} {scope}", scope=scope
        )
        world.secrets[scope] = made["secret"]
        world.keep(KEYS, "ApiKey", made["apiKey"]["id"])
    await called(product, "declareAttribute", "attribute { name }", kind="PERSON", name="plan", type="STRING")
    personal = {"kind": "PERSON", "name": "nickname", "type": "STRING", "isPersonal": True}
    await called(product, "declareAttribute", "attribute { isPersonal }", **personal)
    for name, kind in (("createLabel", "label"), ("createFolder", "folder")):
        made = await called(product, name, f"{kind} {{ id }}", name=f"{OPEN} {kind}")
        world.keep(OPEN, kind.title(), made[kind]["id"])
    view = {"list": "SEGMENTS", "name": f"{OPEN} view", "state": "?", "isShared": True}
    made = await called(product, "createSavedView", "savedView { id }", **view)
    world.keep(OPEN, "SavedView", made["savedView"]["id"])
    addresses = [f"{OPEN.lower()}@example.com", f"a@{PERSONAL.lower()}.example"]
    await called(product, "suppressAddresses", "changed", channel="EMAIL", addresses=addresses)


async def sent(
    product: Product, query: str, variables: Mapping[str, Any], place: str, data: bytes, *, name: str
) -> httpx.Response:
    """The answer to a multipart request with a file at a place."""
    operations = {"query": query, "variables": variables}
    return await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps({"0": [place]})},
        files={"0": (name, io.BytesIO(data), "text/csv")},
        headers={"Apollo-Require-Preflight": "1"},
    )


UNSETTLED = """
    SELECT (SELECT count(*) FROM segments WHERE reach_status = 'CALCULATING' OR computed_revision < requested_revision)
         + (SELECT count(*) FROM imports WHERE status = 'RUNNING')
         + (SELECT count(*) FROM exports WHERE status = 'RUNNING')
         + (SELECT count(*) FROM dirty_batches)
"""


async def _settled(connection: asyncpg.Connection) -> None:
    """Wait until workers have nothing left to do."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(UNSETTLED):  # noqa: ASYNC110 - the workers say nothing to us
            await asyncio.sleep(0.05)
