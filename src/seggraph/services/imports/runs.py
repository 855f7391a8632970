"""Carrying out an import: look through the whole file, then store it batch by batch, then fill the segment.

Each batch's members, counts, rejected rows and position are one transaction under the import's lease: a worker that
takes over after a crash continues behind the last batch, with counts that are exact. A dry run does the same
and rolls the members back. Long imports hand themselves on to another job now and then.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import structlog

from seggraph.audiences import ChunkOwner, ChunkStore, to_bytes
from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Invalid, NotFound, SeggraphError
from seggraph.files.csv_records import RecordReader
from seggraph.models.audiences import ChunkRole
from seggraph.services.catalogue import catalogues
from seggraph.services.events import events
from seggraph.services.imports import batches, checks, claims, event_batches
from seggraph.services.imports.batches import BatchOutcome, ImportBatch
from seggraph.services.imports.claims import ImportClaim
from seggraph.services.imports.event_batches import EventBatch, Portion
from seggraph.services.imports.event_rows import EventMaker, EventSettings
from seggraph.services.imports.imports import progressed
from seggraph.services.imports.relating.related_members import MemberFinder
from seggraph.services.imports.relating.relation_batches import RelationBatch, RelationMaker, RelationSettings
from seggraph.services.imports.rows import RowMaker, RowSettings
from seggraph.services.imports.suppression_batches import (
    SuppressionBatch,
    SuppressionMaker,
    SuppressionSettings,
)
from seggraph.services.segments import manual_membership
from seggraph.vocabulary import ImportContent, ImportStatus

log = structlog.get_logger()

Batch = ImportBatch | EventBatch | RelationBatch | SuppressionBatch

BATCH_ROWS: Final = 1_000
SLICE_SECONDS: Final = 45.0
"""After this long an import goes on in another job: no job runs into the worker's time limit."""
PUBLISH_SECONDS: Final = 0.25

ADVANCE: Final = """
    position = $3, line = $4, read = read + $5, added = added + $6, updated = updated + $7,
    already_in = already_in + $8, duplicate = duplicate + $9, ignored = ignored + $10, failed = failed + $11,
    partial = partial + $12, merged = merged + $13, removed = removed + $14, pending = pending + $15,
    related = related + $16, related_not_found = related_not_found + $17,
    related_ambiguous = related_ambiguous + $18, taken = $19, attempts = 0
"""

COMPLETE: Final = f"status = 'COMPLETED', finished_at = clock_timestamp(), taken = NULL, {RELEASE_LEASE}"

STORED_ONLY: Final = f"""
    status = 'FAILED', finished_at = clock_timestamp(), taken = NULL, error_code = $3, error_message = $4,
    error_at = clock_timestamp(), ignored = ignored + added + removed, added = 0, removed = 0, {RELEASE_LEASE}
"""
"""The members are stored, and the segment did not take them: nobody was added, or removed."""

HAND_ON: Final = f"attempts = 0, {RELEASE_LEASE}"


async def run(context: Context, import_id: int) -> ImportStatus | None:
    """Carry out an import from where it stands, unless it is over or another worker carries it out.

    Returns the status that it has then (RUNNING: it was handed on, or will be tried again), or None if there
    was nothing to do.
    """
    claim = await claims.claim(context, import_id)
    if claim is None:
        return None
    with structlog.contextvars.bound_contextvars(import_id=import_id):
        fail = partial(claims.fail, context, claim)
        return await leases.carry_out(claim.lease, _carry_out(context, claim), fail)


async def _carry_out(context: Context, claim: ImportClaim) -> ImportStatus:
    is_read = await leases.keep(claim.lease, _read(context, claim))
    return await (_finish if is_read else _hand_on)(context, claim)


async def _read(context: Context, claim: ImportClaim) -> bool:
    """Store the file from where it stands; returns whether all of it is, or else it is time to hand it on."""
    if claim.total is None:
        await checks.look_through(context, claim)
    deadline = time.monotonic() + SLICE_SECONDS
    batch = await _begin(claim)
    with checks.open_file(claim) as reader:
        while (portion := await asyncio.to_thread(_next_portion, batch, reader)).records:
            await _store(context, claim, batch, portion)
            if time.monotonic() > deadline:
                return False
    return True


def _next_portion(batch: Batch, reader: RecordReader) -> Portion:
    if isinstance(batch, EventBatch):
        return batch.next_portion(reader, BATCH_ROWS)
    records = [record for _, record in zip(range(BATCH_ROWS), reader, strict=False)]
    return Portion(records, reader.position, reader.line)


async def _begin(claim: ImportClaim) -> Batch:
    """What all batches of an import share, and the results of the earlier ones."""
    if claim.content is not ImportContent.MEMBERS:
        return await _BEGINNINGS[claim.content](claim)
    async with database() as connection:
        known = await catalogues.types(connection, claim.workspace_id, claim.kind)
        keys = await batches.read_keys(connection, claim.workspace_id, claim.import_id)
        before = None
        if claim.segment_id is not None:
            owner = ChunkOwner(ChunkRole.MEMBERS, claim.segment_id)
            before = await ChunkStore(connection, claim.workspace_id).read(owner)
    types = claim.new_types | known
    settings = RowSettings(claim.kind, types, claim.readings, claim.zone, whole_rows=claim.whole_rows)
    return ImportBatch(
        workspace_id=claim.workspace_id,
        import_id=claim.import_id,
        kind=claim.kind,
        maker=RowMaker(claim.pairs, claim.columns, settings),
        key=batches.key_of(claim.pairs, claim.kind),
        create_missing=claim.create_missing,
        only_targets=claim.only_targets,
        dry_run=claim.dry_run,
        taken=claim.taken,
        keys=keys,
        segment_members=before,
        finder=MemberFinder(claim.workspace_id),
        whole_rows=claim.whole_rows,
        removes=claim.removes,
    )


async def _begin_events(claim: ImportClaim) -> EventBatch:
    settings = EventSettings(
        claim.content, claim.kind, claim.readings, claim.zone, claim.event_name, claim.whole_rows
    )
    return EventBatch(
        workspace_id=claim.workspace_id,
        import_id=claim.import_id,
        kind=claim.kind,
        content=claim.content,
        maker=EventMaker(claim.pairs, claim.columns, settings),
        period=await events.period_of(claim.workspace_id),
        dry_run=claim.dry_run,
    )


async def _begin_relations(claim: ImportClaim) -> RelationBatch:
    settings = RelationSettings(claim.kind, claim.readings, claim.zone, claim.relation)
    return RelationBatch(
        workspace_id=claim.workspace_id,
        maker=RelationMaker(claim.pairs, claim.columns, settings),
        create_missing=claim.create_missing,
        removes=claim.removes,
        finder=MemberFinder(claim.workspace_id),
        seen=await _seen_keys(claim),
    )


async def _begin_suppressions(claim: ImportClaim) -> SuppressionBatch:
    settings = SuppressionSettings(claim.readings, claim.zone, claim.channel, claim.reason, claim.whole_rows)
    return SuppressionBatch(
        viewer=claim.viewer,
        maker=SuppressionMaker(claim.pairs, claim.columns, settings),
        seen=await _seen_keys(claim),
    )


async def _seen_keys(claim: ImportClaim) -> set[int]:
    async with database() as connection:
        return await batches.read_keys(connection, claim.workspace_id, claim.import_id)


_BEGINNINGS: Final[dict[ImportContent, Callable[[ImportClaim], Awaitable[Batch]]]] = {
    ImportContent.EVENTS: _begin_events,
    ImportContent.ORDERS: _begin_events,
    ImportContent.RELATIONS: _begin_relations,
    ImportContent.SUPPRESSIONS: _begin_suppressions,
}


async def _store(context: Context, claim: ImportClaim, batch: Batch, portion: Portion) -> None:
    """Account for some records: what is stored, counts, rejects and position change together or not at all."""
    rows: Any = await asyncio.to_thread(batch.make, portion.records)
    if isinstance(batch, EventBatch):
        await event_batches.make_room(rows)
    try:
        await _store_rows(context, claim, batch, rows, portion, alone=False)
    except events.Corrects:
        await _store_rows(context, claim, batch, rows, portion, alone=True)


async def _store_rows(
    context: Context,
    claim: ImportClaim,
    batch: Batch,
    rows: Any,
    portion: Portion,
    *,
    alone: bool,
) -> None:
    """Store rows; events that are replaced need those of the workspace `alone`. Raises events.Corrects."""
    if claim.dry_run:
        outcome = await _without_trace(context, batch, rows, alone=alone)
    async with begin() as unit:
        if not claim.dry_run:
            outcome = await _rows_stored(context, unit, batch, rows, alone=alone)
        await batches.keep(unit.connection, claim.workspace_id, claim.import_id, outcome)
        taken = batch.taken | outcome.taken
        reached = (portion.position, portion.line, *outcome.counts, to_bytes(taken))
        await claim.lease.change(unit.connection, ADVANCE, *reached)
        if time.monotonic() - claim.published_at > PUBLISH_SECONDS:
            claim.published_at = time.monotonic()
            context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])
    batch.commit(outcome)
    claim.position, claim.line, claim.taken = portion.position, portion.line, taken


async def _rows_stored(
    context: Context, unit: UnitOfWork, batch: Batch, rows: Any, *, alone: bool
) -> BatchOutcome:
    if isinstance(batch, EventBatch):
        return await event_batches.store(context, unit, batch, rows, alone=alone)
    if isinstance(batch, ImportBatch):
        return await batches.store(context, unit, batch, rows)
    return await batch.store(context, unit, rows)


class _Undone(Exception):
    """Rolls a dry run's batch back."""


async def _without_trace(context: Context, batch: Batch, rows: Any, *, alone: bool) -> BatchOutcome:
    try:
        async with begin() as unit:
            outcome = await _rows_stored(context, unit, batch, rows, alone=alone)
            raise _Undone
    except _Undone:
        return outcome


async def _hand_on(context: Context, claim: ImportClaim) -> ImportStatus:
    async with begin() as unit:
        await claim.lease.change(unit.connection, HAND_ON)
        context.run_import(unit, claim.import_id, claim.position, attempt=0)
        context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])
    return ImportStatus.RUNNING


async def _finish(context: Context, claim: ImportClaim) -> ImportStatus:
    async with begin() as unit:
        problem = await _fill_segment(context, unit, claim)
        if problem is None:
            await claim.lease.change(unit.connection, COMPLETE)
        else:
            what = "removed from" if claim.removes else "added to"
            message = f"{problem.message} The members of the file are stored, but not {what} the segment."
            await claim.lease.change(unit.connection, STORED_ONLY, problem.code, message)
        await batches.forget_keys(unit.connection, claim.workspace_id, claim.import_id)
        context.publish(unit, claims.over(claim))
    if not claim.dry_run:
        await asyncio.to_thread(claim.path.unlink, missing_ok=True)
    log.info("import_ended", rows=claim.total, dry_run=claim.dry_run, is_filled=problem is None)
    return ImportStatus.COMPLETED if problem is None else ImportStatus.FAILED


async def _fill_segment(context: Context, unit: UnitOfWork, claim: ImportClaim) -> SeggraphError | None:
    """Make the members of the file links of the segment's IMPORT source; returns why that cannot be, if it cannot."""
    if claim.segment_id is None or claim.dry_run:
        return None
    try:
        await manual_membership.fill_from_file(
            context,
            unit,
            claim.viewer,
            claim.segment_id,
            claim.taken,
            replaces=claim.replace,
            removes=claim.removes,
            activates=claim.activate,
        )
    except (NotFound, Invalid, BadTransition) as problem:
        return problem
    return None
