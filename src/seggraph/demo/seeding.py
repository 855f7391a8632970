"""Seeding a workspace: members and events through the same doors as everyone's, then example segments and campaigns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.demo import events as demo_events
from seggraph.demo import members as demo_data
from seggraph.demo import records as demo_records
from seggraph.demo.campaigns import EXAMPLE_CAMPAIGNS, REPORT_NAMES, ExampleCampaign, metrics_of
from seggraph.demo.playbooks import EXAMPLE_PLAYBOOKS
from seggraph.demo.segments import (
    EXAMPLE_FOLDERS,
    EXAMPLE_LABELS,
    EXAMPLE_SEGMENTS,
    RECORD_SEGMENTS,
)
from seggraph.errors import NameTaken
from seggraph.services.campaigns import campaigns, report_names
from seggraph.services.campaigns import metrics as campaign_metrics
from seggraph.services.campaigns.campaigns import CampaignDraft
from seggraph.services.campaigns.report_names import Choice
from seggraph.services.catalogue import catalogues
from seggraph.services.events import events
from seggraph.services.labels import folders, labels
from seggraph.services.members import relations, upserts
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import ApiKeyScope, Channel, ConsentState, MemberKind, Role, SegmentType

LABELS: Final = "SELECT id, name FROM labels WHERE workspace_id = $1"
FOLDERS: Final = "SELECT id, name FROM folders WHERE workspace_id = $1 AND parent_id IS NULL"

SEGMENTS: Final = """
    SELECT id, name FROM segments WHERE workspace_id = $1 AND name = ANY($2) AND status = 'ACTIVE'
"""

Advance = Callable[[int], object]
"""Called with the number of members that were stored since the last call."""

COUNT: Final = "SELECT count(*) FROM members WHERE workspace_id = $1 AND kind = ANY($2)"
COUNTED: Final = (MemberKind.ACCOUNT, MemberKind.PERSON)


async def seed(
    context: Context, workspace_id: int, count: int, *, number: int, as_of: date, advance: Advance
) -> None:
    """Store `count` accounts and people with their events, the same for the same number; the records around them; and
    the example segments, playbooks and campaigns that are missing.

    Doing it again changes nothing but what has to do with the date `as_of`.
    """
    viewer = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
    account_count = max(1, count // (1 + demo_data.PEOPLE_PER_ACCOUNT))
    await _declare_attributes(workspace_id)
    members = {
        MemberKind.ACCOUNT: demo_data.accounts(number, account_count, as_of=as_of),
        MemberKind.PERSON: demo_data.people(number, count - account_count, account_count, as_of=as_of),
    }
    for kind, rows in members.items():
        for batch in _batches(rows, upserts.MAX_ROWS):
            await upserts.upsert(context, viewer, kind, [_row(row) for row in batch])
            for part in _batches(demo_events.of_members(number, kind, batch, as_of=as_of), events.MAX_ROWS):
                await events.record(context, viewer, part)
            if kind is MemberKind.PERSON:
                await _relate(context, viewer, demo_records.employment(batch))
            advance(len(batch))
    await _store_records(
        context, viewer, demo_records.records(number, account_count, count - account_count, as_of=as_of)
    )
    await create_example_segments(context, viewer)
    await create_example_playbooks(context, viewer)
    await create_example_campaigns(context, viewer, as_of=as_of)


async def count_members(workspace_id: int) -> int:
    """How many accounts and people a workspace has."""
    async with database() as connection:
        return int(await connection.fetchval(COUNT, workspace_id, COUNTED))


async def create_example_segments(context: Context, viewer: Viewer) -> None:
    """Create the example segments; one that is there already stays as it is."""
    label_ids, folder_ids = await _create_labels(context, viewer)
    for example in (*EXAMPLE_SEGMENTS, *RECORD_SEGMENTS):
        draft = SegmentDraft(
            name=example.name,
            kind=example.kind,
            type=SegmentType.DYNAMIC,
            purpose=example.purpose,
            description=example.description,
            criteria=example.criteria,
            label_ids=[
                label_ids[name] for name, (_, named) in EXAMPLE_LABELS.items() if example.name in named
            ],
            folder_id=next(
                (folder_ids[name] for name, named in EXAMPLE_FOLDERS.items() if example.name in named), None
            ),
        )
        try:
            await segments.create(context, viewer, draft)
        except NameTaken:
            continue


async def _create_labels(context: Context, viewer: Viewer) -> tuple[dict[str, int], dict[str, int]]:
    """Create the example labels and folders that are missing; returns the ids of all, by name."""
    for name, (color, _) in EXAMPLE_LABELS.items():
        with suppress(NameTaken):
            await labels.create(context, viewer, name, color)
    for name in EXAMPLE_FOLDERS:
        with suppress(NameTaken):
            await folders.create(context, viewer, name, None)
    async with database() as connection:
        made = [await connection.fetch(statement, viewer.workspace_id) for statement in (LABELS, FOLDERS)]
    label_ids, folder_ids = ({row["name"].casefold(): row["id"] for row in rows} for rows in made)
    return (
        {name: label_ids[name.casefold()] for name in EXAMPLE_LABELS},
        {name: folder_ids[name.casefold()] for name in EXAMPLE_FOLDERS},
    )


async def create_example_playbooks(context: Context, viewer: Viewer) -> None:
    """Create the example playbooks and the segments that they fill; one that is there already stays as it is."""
    for example in EXAMPLE_PLAYBOOKS:
        draft = SegmentDraft(
            name=example.segment,
            kind=example.kind,
            type=SegmentType.STATIC,
            description=example.description,
        )
        try:
            segment = await segments.create(context, viewer, draft)
            await playbooks.create(
                context, viewer, PlaybookDraft(example.name, example.kind, example.criteria, [segment.id])
            )
        except NameTaken:
            continue


async def create_example_campaigns(context: Context, viewer: Viewer, *, as_of: date) -> None:
    """Create the example campaigns whose segments are there, with their metrics; one that is there stays as it is."""
    names = [name for example in EXAMPLE_CAMPAIGNS for name in (*example.segments, *example.excluded)]
    async with database() as connection:
        rows = await connection.fetch(SEGMENTS, viewer.workspace_id, names)
    segment_ids = {row["name"]: row["id"] for row in rows}
    for example in EXAMPLE_CAMPAIGNS:
        if segment_ids.keys() >= {*example.segments, *example.excluded}:
            await _create_campaign(context, viewer, example, segment_ids, as_of)


async def _create_campaign(
    context: Context, viewer: Viewer, example: ExampleCampaign, segment_ids: Mapping[str, int], as_of: date
) -> None:
    draft = CampaignDraft(
        name=example.name,
        channel=example.channel,
        segment_ids=[segment_ids[name] for name in example.segments],
        exclude_segment_ids=[segment_ids[name] for name in example.excluded],
        starts_on=as_of - timedelta(days=example.began),
        ends_on=as_of - timedelta(days=example.ends),
    )
    try:
        created = await campaigns.create(context, viewer, draft)
    except NameTaken:
        return
    rows = [
        {
            "campaignId": created.id,
            "segmentId": segment_ids[one.segment],
            "day": one.day,
            "spend": one.spend,
            "impressions": one.impressions,
            "clicks": one.clicks,
            "conversions": one.conversions,
        }
        for one in metrics_of(example, as_of=as_of)
    ]
    for batch in _batches(iter(rows), campaign_metrics.MAX_ROWS):
        await campaign_metrics.record(context, viewer, batch)
    if example.name in REPORT_NAMES:
        choice = Choice(
            REPORT_NAMES[example.name],
            campaign_id=created.id,
            segment_id=segment_ids[example.segments[0]],
        )
        async with begin() as unit:
            await report_names.keep(unit, viewer, {choice.key: choice}, ())
    for status in example.path:
        await campaigns.set_status(context, viewer, created.id, status)


async def _store_records(context: Context, viewer: Viewer, records: demo_records.Records) -> None:
    """Store the records around accounts and people, and relate them."""
    for kind, rows in records.members.items():
        for batch in _batches(iter(rows), upserts.MAX_ROWS):
            await upserts.upsert(context, viewer, kind, batch)
    await _relate(context, viewer, iter(records.relations))


async def _relate(context: Context, viewer: Viewer, given: Iterator[demo_records.Relation]) -> None:
    rows: Iterator[Mapping[str, Any]] = (
        {
            "relation": one.name,
            "fromKind": one.kind,
            "fromExternalId": one.external_id,
            "toKind": one.other_kind,
            "toExternalId": one.other_external_id,
        }
        for one in given
    )
    for batch in _batches(rows, relations.MAX_ROWS):
        await relations.relate(context, viewer, batch)


async def _declare_attributes(workspace_id: int) -> None:
    async with database() as connection:
        for kind, types in {**demo_data.ATTRIBUTES, **demo_records.ATTRIBUTES}.items():
            await catalogues.create(connection, workspace_id, kind, types)


def _batches(rows: Iterator[Mapping[str, Any]], size: int) -> Iterable[list[Mapping[str, Any]]]:
    while batch := list(islice(rows, size)):
        yield batch


def _row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of demo_data as `upserts` takes it."""
    consents = [
        (Channel[consent["channel"]], ConsentState[consent["state"]]) for consent in row["consents"] or []
    ]
    return {**row, "consents": consents}
