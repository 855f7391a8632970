"""The whole schema as everybody: nothing that is hidden appears in any answer, and what is refused changes nothing.

A new field of a query is asked for by itself. A new mutation, an id in a new place or a new choice of inputs makes
the walk fail until the tables here say what it is.
"""

import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from gql.transport.exceptions import TransportQueryError

from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.settings import Settings
from tests.api.schema_walk import SCHEMA, Operation, Tables, Walk, coordinates, values_in
from tests.api.world import COUNTS, HIDDEN, KEYS, OPEN, OWN, PERSONAL, PRIVATE, World, furnished, sent
from tests.conftest import new_viewer
from tests.product import Product, Server

TABLES = Tables(
    kinds={
        "node.id": "Node",
        "nodes.ids": "Node",
        "compareSegments.ids": "Segment",
        "member.id": "Member",
        "campaign.id": "Campaign",
        "playbook.id": "Playbook",
        "import.id": "Import",
        "export.id": "Export",
        "bulkEdit.id": "BulkEdit",
        "bulkEditId": "BulkEdit",
        "cancelBulkEdit.id": "BulkEdit",
        "cancelAttributeChange.id": "BulkEdit",
        "resumeAttributeChange.id": "BulkEdit",
        "segmentId": "Segment",
        "segmentIds": "Segment",
        "excludeSegmentIds": "Segment",
        "addToSegmentIds": "Segment",
        "memberId": "Member",
        "memberIds": "Member",
        "campaignId": "Campaign",
        "importId": "Import",
        "exportId": "Export",
        "createdBy": "User",
        "actorId": "User",
        "subjectId": "Segment",
        "destination.id": "Destination",
        "destinationId": "Destination",
        "deactivateDelivery.id": "Delivery",
        "retryDelivery.id": "Delivery",
        "replayWebhookDelivery.id": "Webhook",
        "deliveryId": "WebhookDelivery",
        "rotateWebhookSecret.id": "Webhook",
        "hiddenFromIds": "User",
        "updateUser.id": "User",
        "handOverPrivateTo": "User",
        "withdrawToken.userId": "User",
        **{f"{verb}ApiKey.id": "ApiKey" for verb in ("update", "rotate", "revoke")},
        "discardExport.id": "Export",
        "ids": "Segment",
        "labelIds": "Label",
        "addLabelIds": "Label",
        "removeLabelIds": "Label",
        "folderIds": "Folder",
        "folderId": "Folder",
        "parentId": "Folder",
        "campaignIds": "Campaign",
        "lastModifiedBy": "User",
        **{
            f"{verb}{kind}.id": kind
            for verb in ("update", "delete")
            for kind in ("Label", "Folder", "SavedView")
        },
        "deleteImportTemplate.id": "ImportTemplate",
        **{f"{verb}ReportName.id": "ReportName" for verb in ("update", "delete")},
        "segment": "Segment",
        "segment.id": "Segment",
        **{
            f"{verb}{kind}.id": kind
            for verb in ("update", "delete", "pause", "resume", "setStatus", "test")
            for kind in ("Segment", "Playbook", "Campaign", "Destination", "Webhook")
        },
        "setCampaignStatus.id": "Campaign",
        **{f"{verb}Import.id": "Import" for verb in ("start", "cancel")},
        **{
            f"{verb}Segment.id": "Segment"
            for verb in ("activate", "recalculate", "archive", "unarchive", "clone")
        },
    },
    texts={
        "search": "{name}",
        "criteriaText": "IN SEGMENT '{name}'",
        "text": "IN SEGMENT '{name}",
    },
    plain={
        "String": "x",
        "Int": 1,
        "Boolean": True,
        "Float": 1.0,
        "JSON": "x",
        "Decimal": "1",
        "DateTime": "2026-01-01T00:00:00Z",
        "Date": "2026-01-01",
        "Duration": "PT4H",
        "Upload": None,
    },
    choices={
        "CriteriaInput": {"attribute": {"field": "country", "op": "IS_SET"}},
        "SegmentExpressionInput": {"segment": "U2VnbWVudDox"},
    },
    extra={
        **{
            name: {"kind": "PERSON", "externalIds": ["p289"]}
            for name in ("MemberIdsInput", "SetConsentsInput")
        },
        "CreateUserInput": {"subject": "walk"},
        "SegmentMembersInput": {"externalIds": ["p289"]},
        "TagMembersInput": {"kind": "PERSON", "externalIds": ["p289"], "add": ["x"]},
    },
    given={
        "createSegment.input.type": "DYNAMIC",
        "interval": "DAY",
        "cursor": 22,
        "valueSuggestions.field": "country",
        "updateAttribute.input.name": "plan",
        "attributeChangePreview.name": "plan",
        "attributeChangePreview.change": {"toType": "STRING_LIST"},
        "createSegment.input.kind": "PERSON",
        "consents": {"channel": "EMAIL", "state": "DENIED"},
        "days": 400,
    },
)
WALK = Walk(SCHEMA, TABLES)
DEEP = Walk(SCHEMA, TABLES, frozenset({"segment", "campaign"}))

ADMINS = "administrators"
MANAGERS = "administrators, leaders, WRITE keys"
WRITERS = "everyone who may write"

MAY: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "createApiKey",
            "updateApiKey",
            "rotateApiKey",
            "createUser",
            "createWebhook",
            "deleteWebhook",
            "pauseWebhook",
            "replayWebhookDelivery",
            "resumeWebhook",
            "revokeApiKey",
            "rotateWebhookSecret",
            "setEventRetention",
            "testWebhook",
            "updateUser",
            "updateWebhook",
            "updateWorkspace",
            "withdrawToken",
        ),
        ADMINS,
    ),
    **dict.fromkeys(
        (
            "createDestination",
            "deactivateDelivery",
            "deleteDestination",
            "deleteMembers",
            "deliverSegment",
            "retryDelivery",
            "testDestination",
            "updateDestination",
            "updateCampaign",
            "setCampaignStatus",
            "deleteCampaign",
            "updatePlaybook",
            "pausePlaybook",
            "resumeAttributeChange",
            "resumePlaybook",
            "deletePlaybook",
            "updateSegment",
            "activateSegment",
            "recalculateSegment",
            "pauseSegment",
            "resumeSegment",
            "archiveSegment",
            "unarchiveSegment",
            "deleteSegment",
            "addSegmentMembers",
            "removeSegmentMembers",
            "unblockSegmentMembers",
            "updateLabel",
            "deleteLabel",
            "updateFolder",
            "deleteFolder",
            "updateReportName",
            "deleteReportName",
            "updateSavedView",
            "deleteSavedView",
            "startImport",
            "cancelAttributeChange",
            "cancelBulkEdit",
            "cancelImport",
            "unsuppressAddresses",
        ),
        MANAGERS,
    ),
    **dict.fromkeys(
        (
            "changeAttribute",
            "cloneSegment",
            "createLabel",
            "createFolder",
            "createSavedView",
            *(
                f"{verb}Segments"
                for verb in (
                    *(
                        "activate",
                        "archive",
                        "delete",
                        "label",
                        "pause",
                        "recalculate",
                        "resume",
                        "unarchive",
                    ),
                )
            ),
            "putSegmentsIntoFolder",
            "setFavourites",
            "combineSegments",
            "createCampaign",
            "createExport",
            "createImport",
            "createPlaybook",
            "createSegment",
            "declareAttribute",
            "declareAttributes",
            "deleteEvents",
            "deleteImportTemplate",
            "discardExport",
            "importCampaignMetrics",
            "importSuppressions",
            "recordCampaignMetrics",
            "recordEvents",
            "relateMembers",
            "setConsents",
            "suppressAddresses",
            "tagMembers",
            "updateAttribute",
            "upsertMembers",
        ),
        WRITERS,
    ),
}
"""Who may call each mutation on what an administrator made and everyone sees."""

WORDS = (HIDDEN, PRIVATE, KEYS, OWN, OPEN, PERSONAL)
"""All words of the world."""

FOR_ADMINS = {"apiKeys", "auditLog", "usage", "webhooks"}
"""Queries that only administrators get an answer to."""

OF_THE_WHOLE = {
    "hiddenCount": "so that a refusal SEGMENT_IN_USE can be understood",
    "hiddenSegmentCount": "so that a campaign does not seem to target fewer than it does",
    "audience": "a campaign's own numbers, whatever it is made of",
    "metrics": "a campaign's own numbers, whatever they come from",
}
"""Fields whose numbers take in what the viewer does not see, and why."""


@dataclass(frozen=True)
class Access:
    """What somebody may: the words of what is hidden from them, what they may call, how much of it all they read."""

    unseen: tuple[str, ...]
    may: tuple[str, ...]
    walk: Walk | None = None


EVERYBODY: Mapping[str, Access] = {
    "ADMIN": Access((), (ADMINS, MANAGERS, WRITERS), DEEP),
    "LEADER": Access((KEYS,), (MANAGERS, WRITERS), DEEP),
    "TEAM_MEMBER": Access((HIDDEN, PRIVATE, KEYS), (WRITERS,), DEEP),
    "key READ": Access((KEYS,), ()),
    "key READ_WITHOUT_PERSONAL_DATA": Access((KEYS, PERSONAL), (), DEEP),
    "key WRITE": Access((KEYS,), (MANAGERS, WRITERS)),
    "key ADMIN": Access((), (ADMINS, MANAGERS, WRITERS)),
    "another workspace": Access(WORDS, (ADMINS, MANAGERS, WRITERS), WALK),
}
"""Each role and scope. Keys see what leaders see from whom nothing is hidden."""


@dataclass(frozen=True)
class Asker:
    """Somebody who asks."""

    name: str
    product: Product
    access: Access


@asynccontextmanager
async def asking(name: str, server: Server, world: World) -> AsyncIterator[Asker]:
    """Somebody of EVERYBODY, signed in."""
    viewers = {"ADMIN": world.admin, "LEADER": world.leader, "TEAM_MEMBER": world.team}
    if name == "another workspace":
        viewers[name] = await new_viewer("Other")
    opening = server.sign_in(viewers[name]) if name in viewers else server.connect(world.secrets[name[4:]])
    async with opening as product:
        yield Asker(name, product, EVERYBODY[name])


TABLES_OF = """
    SELECT c.relname AS name, (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'last_used_at') AS columns
    FROM pg_class c JOIN pg_attribute w ON w.attrelid = c.oid AND w.attname = 'workspace_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'segment_values'
"""


async def digest(connection: asyncpg.Connection, workspace_id: int) -> dict[str, str]:
    """What every table holds of a workspace.

    But not when a key was used last, and not the values of segments: to read them is enough to change that.
    """
    parts = [
        f"SELECT '{row['name']}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS rows"
        f" FROM (SELECT {row['columns']} FROM {row['name']} WHERE workspace_id = $1) t"
        for row in await connection.fetch(TABLES_OF)
    ]
    return {
        row["name"]: row["rows"] for row in await connection.fetch(" UNION ALL ".join(parts), workspace_id)
    }


async def answer_to(product: Product, operation: Operation) -> dict[str, Any]:
    """The answer; a file is sent along if the operation has a place for one."""
    given = operation.variables.get("input")
    if isinstance(given, dict) and "file" in given:
        data = b"externalId,campaign,segment,day\np001,a,b,2026-01-01\n"
        place = "variables.input.file"
        response = await sent(product, operation.text, operation.variables, place, data, name="f.csv")
        answer: dict[str, Any] = response.json()
    else:
        answer = await product.raw(operation.text, **operation.variables)
    wrong = [code for code in codes_in(answer) if code == "INTERNAL" or code.startswith(("GRAPHQL", "BAD_"))]
    assert not wrong, ("this test asked wrongly, or the product broke", operation, answer)
    return answer


def codes_in(answer: Mapping[str, Any]) -> list[str]:
    """The codes of top-level errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


def require_nothing_hidden(
    world: World, asker: Asker, what: object, answer: Mapping[str, Any], *, given: Collection[str] = ()
) -> None:
    """Fail if an answer tells of anything that is hidden from the asker; `given` is what they sent themselves."""
    text = json.dumps(answer, ensure_ascii=False)
    for one in given:
        text = text.replace(one, "").replace(one.lower(), "")
    for word in asker.access.unseen:
        for trace in world.traces(word):
            assert trace not in text, (asker.name, trace, what, text)
        for path, value in values_in(answer.get("data")):
            if not OF_THE_WHOLE.keys() & set(path):
                assert type(value) is not int or value != COUNTS.get(word), (asker.name, path, value, what)


def reachable(world: World) -> dict[str, str]:
    """An object of every type: of those that everyone sees, and of what administrators see."""
    first = ("AuditEntry", "SegmentRun", "Suppression", "WebhookAttempt", "WebhookDelivery")
    return {name: ids.encode(name, 1) for name in first} | world.objects[KEYS] | world.objects[OPEN]


async def read_everything(world: World, asker: Asker, walk: Walk) -> tuple[set[str], set[str]]:
    """Ask for all that can be had; returns the coordinates that were asked for, and the words that appeared."""
    asked: set[str] = set()
    words: set[str] = set()
    objects = reachable(world)
    for name in walk.fields_of("Query"):
        targets: list[tuple[dict[str, str], str | None]] = [(objects, None)]
        if name in ("node", "nodes"):
            types = walk.schema.get_possible_types(walk.schema.type_map["Node"])  # type: ignore[arg-type]
            targets = [(objects | {"Node": objects[type_.name]}, type_.name) for type_ in types]
        for target, only in targets:
            for operation, covered in walk.readings(name, target, only):
                answer = await answer_to(asker.product, operation)
                allowed = {"FORBIDDEN"} if name in FOR_ADMINS and ADMINS not in asker.access.may else set()
                allowed |= {"NOT_FOUND"} if OPEN in asker.access.unseen else set()
                assert set(codes_in(answer)) <= allowed, (asker.name, operation, answer)
                require_nothing_hidden(world, asker, operation, answer)
                asked |= covered
                words |= {word for word in WORDS if word in json.dumps(answer)}
    return asked, words


async def try_everything(world: World, asker: Asker) -> None:
    """Try every place with what is hidden and with what does not exist: both are answered the same.

    What is no id at all is answered too, wherever one belongs.
    """
    hidden: dict[str, list[str]] = {}
    for word in asker.access.unseen:
        for id_ in world.objects.get(word, {}).values():
            hidden.setdefault((ids.split(id_) or ("",))[0], []).append(id_)
    objects = reachable(world) | world.objects[OWN]
    for root in ("Query", "Mutation"):
        for name in WALK.fields_of(root):
            for place in WALK.places(root, name):
                kind = WALK.kind_of(name, place)
                if kind != "text":
                    await answer_to(
                        asker.product, WALK.trial(root, name, objects | {"Node": RUBBISH}, place, RUBBISH)
                    )
                for pair in _pairs(kind, hidden, asker.access.unseen):
                    answers = []
                    for value in pair:
                        operation = WALK.trial(root, name, objects | {"Node": value}, place, value)
                        answer = await answer_to(asker.product, operation)
                        given = {str(one) for _, one in values_in(operation.variables) if ids.split(str(one))}
                        require_nothing_hidden(world, asker, operation, answer, given=given | {value})
                        text = json.dumps(answer).replace(value, "…").replace(value.lower(), "…")
                        answers.append(INSTANT.sub("…", text))
                    assert answers[0] == answers[1], (asker.name, operation)


RUBBISH = "rubbish"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+Z]+")


def _pairs(kind: str, hidden: Mapping[str, list[str]], unseen: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is hidden, each with something like it that does not exist."""
    if kind == "text":
        return [(f"{word} one", f"{word[::-1]} one") for word in unseen if word != KEYS]
    kinds = list(hidden) if kind == "Node" else [kind] if kind in hidden else []
    return [(hidden[one][0], ids.encode(one, 10**17)) for one in kinds if one]


async def refuse_everything(world: World, asker: Asker) -> None:
    """Call every mutation that the asker may not: it says so."""
    for name in WALK.fields_of("Mutation"):
        if MAY[name] not in asker.access.may:
            operation = WALK.trial("Mutation", name, reachable(world))
            answer = await answer_to(asker.product, operation)
            codes = [error["code"] for error in answer["data"][name]["errors"]]
            assert codes == ["FORBIDDEN"], (asker.name, operation, answer)


async def refuse_strangers(world: World, server: Server) -> None:
    """Nobody gets any data without credentials."""
    async with server.connect("sgk_live_nothing") as stranger:
        for root in ("Query", "Mutation"):
            for name in WALK.fields_of(root):
                operation = WALK.trial(
                    root, name, reachable(world) | {"Node": world.objects[OPEN]["Segment"]}
                )
                answer = await stranger.raw(operation.text, **operation.variables)
                assert (codes_in(answer), "data" in answer) == (["UNAUTHENTICATED"], False), operation


def test_the_walk_knows_the_whole_schema() -> None:
    # whoever adds a mutation says who may call it, and whoever adds an id whose it is
    assert set(MAY) == set(WALK.fields_of("Mutation"))
    for root in ("Query", "Mutation", "Subscription"):
        for name in WALK.fields_of(root):
            for place in WALK.places(root, name):
                WALK.kind_of(name, place)
            WALK.trial(root, name, dict.fromkeys(set(TABLES.kinds.values()), "x"))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The walk asks for everything at once, which costs more than is served otherwise."""
    return settings.model_copy(
        update={"max_operation_cost": 1_000_000_000, "max_operation_nodes": 1_000_000_000}
    )


@pytest.mark.timeout(3_600)
async def test_nothing_leaks_and_nothing_changes(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    # given a workspace with one of everything, and what it holds
    world = await furnished(context, server, connection)
    before = await digest(connection, world.admin.workspace_id)

    # when everybody asks for everything, and does what they may not
    await refuse_strangers(world, server)
    for name, access in EVERYBODY.items():
        async with asking(name, server, world) as asker:
            if access.walk is not None:
                asked, words = await read_everything(world, asker, access.walk)
                if name == "ADMIN":
                    # then every field of every type was asked for, and all that is hidden from others was seen
                    assert coordinates(WALK.schema, "Query") - asked == set()
                    assert words == set(WORDS)
            await try_everything(world, asker)
            await refuse_everything(world, asker)
        # and nothing has changed
        assert await digest(connection, world.admin.workspace_id) == before, name


EDIT = """
    mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { code } } }
"""
WATCH = "subscription { segmentEvents { __typename segment { id name memberCount } } }"


async def test_subscriptions_tell_nothing_that_is_hidden(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    world = await furnished(context, server, connection)
    for name in ("TEAM_MEMBER",):
        async with asking(name, server, world) as asker, server.sign_in(world.admin) as admin:
            # whoever asks for what is hidden hears what they hear of what does not exist
            for field in WALK.fields_of("Subscription"):
                for place in WALK.places("Subscription", field):
                    kind = WALK.kind_of(field, place)
                    if kind not in world.objects[HIDDEN]:
                        assert kind == "BulkEdit"  # everybody sees all of them
                        continue
                    heard = []
                    for value in (world.objects[HIDDEN][kind], ids.encode(kind, 10**17)):
                        operation = WALK.trial("Subscription", field, {kind: value}, place, value)
                        with pytest.raises(TransportQueryError) as refusal:
                            async with asker.product.subscribe(
                                operation.text, **operation.variables
                            ) as events:
                                await events.next()
                        heard.append(str(refusal.value).replace(value, "…"))
                    assert heard[0] == heard[1], field
            # and of changes they hear those of what they see
            async with asker.product.subscribe(WATCH) as events:
                await events.next()
                for word in (HIDDEN, PRIVATE, OPEN):
                    criteria = {"tags": {"op": "HAS_ANY", "values": [name]}}
                    await admin.run(EDIT, i={"id": world.objects[word]["Segment"], "criteria": criteria})
                event: dict[str, Any] = {"__typename": "SegmentSnapshot"}
                while (
                    event["__typename"] == "SegmentSnapshot"
                    or event["segment"]["id"] != world.objects[OPEN]["Segment"]
                ):
                    event = await events.next()
                    require_nothing_hidden(world, asker, WATCH, {"data": event})
