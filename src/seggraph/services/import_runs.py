"""Carrying out an import: look through the whole file, then store it batch by batch, then fill the segment.

Each batch's members, counts, rejected rows and position are one transaction under the import's lease: whoever
takes over after a crash continues behind the last batch, with counts that are exact. A dry run does the same
and rolls the members back. Long imports hand themselves on to another job now and then.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import structlog
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes, to_bytes
from seggraph.errors import BadTransition, ErrorCode, NotFound, SeggraphError, TooMany
from seggraph.events import Fact
from seggraph.models.audiences import ChunkRole
from seggraph.runtime import database
from seggraph.services import catalogues, cells, import_batches, segment_rows, selections, shifts, uploads
from seggraph.services.context import Context
from seggraph.services.csv_records import Dialect, Record, RecordReader
from seggraph.services.import_batches import Batch, Outcome
from seggraph.services.import_mappings import Pair, RowMaker
from seggraph.services.imports import finished, pairs_of, progressed, require_takes_imports
from seggraph.services.policy import Viewer
from seggraph.vocabulary import (
    ApiKeyScope,
    AttributeType,
    ImportStatus,
    MemberKind,
    Role,
    SegmentStatus,
    SourceKind,
)
from seggraph.work import Work, begin

log = structlog.get_logger()

BATCH_ROWS: Final = 1_000
CHECK_ROWS: Final = 20_000
SLICE_SECONDS: Final = 45.0
"""After this long an import goes on in another job: no job runs into the worker's time limit."""
PUBLISH_SECONDS: Final = 0.25
MAX_ATTEMPTS: Final = 5

CLAIM: Final = """
    UPDATE imports SET lease_holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
      attempts = attempts + 1, retry_at = NULL
    WHERE id = $1 AND status = 'RUNNING' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING workspace_id, kind, segment_id, replace, file, encoding, delimiter, has_header, columns, mapping,
      create_missing, dry_run, total, new_types, position, line, taken, attempts
"""

RENEW: Final = """
    UPDATE imports SET lease_until = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

CHECKED: Final = """
    UPDATE imports SET total = $3, new_types = $4, position = $5, line = $6
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

ADVANCE: Final = """
    UPDATE imports SET position = $3, line = $4, read = read + $5, added = added + $6, updated = updated + $7,
      already_in = already_in + $8, duplicate = duplicate + $9, ignored = ignored + $10, failed = failed + $11,
      taken = $12, attempts = 0, lease_until = clock_timestamp() + make_interval(secs => $13)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

COMPLETE: Final = """
    UPDATE imports SET status = 'COMPLETED', finished_at = clock_timestamp(), lease_holder = NULL,
      lease_until = NULL, taken = NULL
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

HAND_ON: Final = """
    UPDATE imports SET lease_holder = NULL, lease_until = NULL, attempts = 0
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

GIVE_BACK: Final = """
    UPDATE imports SET lease_holder = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE id = $1 AND lease_holder = $2
"""

RETRY: Final = """
    UPDATE imports SET lease_holder = NULL, lease_until = NULL,
      retry_at = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

FAIL: Final = """
    UPDATE imports SET status = 'FAILED', error_code = $3, error_message = $4, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), lease_holder = NULL, lease_until = NULL, taken = NULL
    WHERE id = $1 AND lease_holder = $2 AND status = 'RUNNING'
"""

ABANDONED: Final = """
    UPDATE imports SET status = 'FAILED', error_code = $1, error_message = $2, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), lease_holder = NULL, lease_until = NULL, taken = NULL
    WHERE status = 'RUNNING' AND attempts >= $3 AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id, workspace_id, dry_run
"""

DUE: Final = """
    SELECT id, position, attempts FROM imports
    WHERE status = 'RUNNING' AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (retry_at IS NULL OR retry_at <= clock_timestamp()) AND attempts < $1
      AND started_at < clock_timestamp() - interval '1 second'
    ORDER BY id LIMIT $2
"""

SEGMENT: Final = "SELECT type, status FROM segments WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE"

FAILED_MESSAGE: Final = "Something failed on our side while importing; what was stored so far is counted."


class ImportLost(Exception):
    """The import was cancelled, or another worker holds its lease."""


@dataclass(slots=True)
class Claim:
    """An import that this worker may carry out."""

    import_id: int
    holder: str
    lease_seconds: float
    workspace_id: int
    kind: MemberKind
    segment_id: int | None
    replace: bool
    path: Path
    dialect: Dialect
    columns: list[str]
    pairs: list[Pair]
    create_missing: bool
    dry_run: bool
    total: int | None
    new_types: dict[str, AttributeType]
    position: int
    line: int
    taken: BitMap
    attempt: int
    published_at: float = field(default=0.0)

    @property
    def viewer(self) -> Viewer:
        """The import acts with the rights that were checked when it was started."""
        return Viewer(self.workspace_id, Role.ADMIN, ApiKeyScope.WRITE)


async def run(context: Context, import_id: int) -> ImportStatus | None:
    """Carry out an import from where it stands, unless it is over or somebody is at it.

    Returns the status that it has then (RUNNING: it was handed on, or will be tried again), or None if there
    was nothing to do.
    """
    claim = await _claim(context, import_id)
    if claim is None:
        return None
    with structlog.contextvars.bound_contextvars(import_id=import_id):
        try:
            if claim.total is None:
                await _look_through(context, claim)
            return await _import(context, claim)
        except ImportLost:
            log.info("import_lost")
            return None
        except Exception as error:  # whatever it was, the import must not stay RUNNING without a reason
            return await _fail(context, claim, error)
        except asyncio.CancelledError:
            await asyncio.shield(_execute(GIVE_BACK, claim))
            raise


async def ask_for_work(context: Context, limit: int) -> None:
    """Give up on imports that keep losing their workers, and hand out those that nobody is at."""
    async with begin() as unit:
        abandoned = await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, FAILED_MESSAGE, MAX_ATTEMPTS)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in abandoned])
        over = [finished(row["workspace_id"], row["id"]) for row in abandoned if not row["dry_run"]]
        context.publish(unit, over)
        for row in await unit.connection.fetch(DUE, MAX_ATTEMPTS, limit):
            context.run_import(unit, row["id"], row["position"], attempt=row["attempts"])


async def _claim(context: Context, import_id: int) -> Claim | None:
    holder, lease_seconds = secrets.token_hex(8), context.settings.lease_seconds
    async with database() as connection:
        row = await connection.fetchrow(CLAIM, import_id, holder, lease_seconds)
    if row is None:
        return None
    return Claim(
        import_id=import_id,
        holder=holder,
        lease_seconds=lease_seconds,
        workspace_id=row["workspace_id"],
        kind=MemberKind(row["kind"]),
        segment_id=row["segment_id"],
        replace=row["replace"],
        path=uploads.path_of(context.settings, row["file"]),
        dialect=Dialect(row["encoding"], row["delimiter"], row["has_header"]),
        columns=[column["name"] for column in orjson.loads(row["columns"])],
        pairs=pairs_of(row["mapping"]),
        create_missing=row["create_missing"],
        dry_run=row["dry_run"],
        total=row["total"],
        new_types={
            name: AttributeType(type_) for name, type_ in orjson.loads(row["new_types"] or "{}").items()
        },
        position=row["position"],
        line=row["line"],
        taken=BitMap() if row["taken"] is None else from_bytes(row["taken"]),
        attempt=row["attempts"],
    )


async def _look_through(context: Context, claim: Claim) -> None:
    """Read the whole file once, so that a file that cannot be read on, or would need too many attributes, is
    refused before anything of it is stored; count its rows, and find types that hold whole columns.
    """
    async with database() as connection:
        known = await catalogues.types(connection, claim.workspace_id, claim.kind)
    guesses = _guesses(claim, known)
    total = 0
    with _open(claim) as reader:
        if claim.dialect.has_header:
            next(reader, None)
        claim.position, claim.line = reader.position, reader.line
        while True:
            records = await asyncio.to_thread(_see, reader, guesses)
            total += len(records)
            if len(records) < CHECK_ROWS:
                break
            await _execute(RENEW, claim, claim.lease_seconds)
    claim.total = total
    claim.new_types = {name: guess.type for _, name, guess in guesses}
    async with begin() as unit:
        if not claim.dry_run:
            known = await catalogues.create(unit.connection, claim.workspace_id, claim.kind, claim.new_types)
            if not claim.new_types.keys() <= known.keys():  # somebody else made attributes meanwhile
                raise TooMany(
                    f"A kind has at most {catalogues.MAX_ATTRIBUTES} attributes. Map fewer columns."
                )
        await _execute_in(
            unit, CHECKED, claim, total, orjson.dumps(claim.new_types).decode(), claim.position, claim.line
        )
        context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])


def _guesses(claim: Claim, known: Mapping[str, AttributeType]) -> list[tuple[int, str, cells.TypeGuess]]:
    """The columns of attributes that are new: index, name, and what their cells will tell. Raises TooMany."""
    new = [
        (claim.columns.index(pair.column), pair.attribute, cells.TypeGuess())
        for pair in claim.pairs
        if pair.attribute is not None and pair.attribute not in known
    ]
    if len(known) + len(new) > catalogues.MAX_ATTRIBUTES:
        raise TooMany(
            f"The mapping would make {len(new)} attributes besides the {len(known)} that there are; a kind has at"
            f" most {catalogues.MAX_ATTRIBUTES}. Map fewer columns."
        )
    return new


def _see(reader: RecordReader, guesses: Sequence[tuple[int, str, cells.TypeGuess]]) -> list[None]:
    """Read on for a while; the answer is as long as the number of records that were read."""
    seen: list[None] = []
    for record in reader:
        seen.append(None)
        for index, _, guess in guesses:
            if index < len(record.cells):
                guess.see(record.cells[index])
        if len(seen) == CHECK_ROWS:
            break
    return seen


def _open(claim: Claim) -> RecordReader:
    try:
        return RecordReader(claim.path, claim.dialect, position=claim.position, line=claim.line)
    except FileNotFoundError:
        raise NotFound("The uploaded file is gone from the files folder: upload it again.") from None


async def _import(context: Context, claim: Claim) -> ImportStatus:
    """Store the file from where it stands, until it is done or it is time to hand it on."""
    deadline = time.monotonic() + SLICE_SECONDS
    batch = await _begin(claim)
    with _open(claim) as reader:
        while True:
            records = await asyncio.to_thread(_next_records, reader)
            if not records:
                break
            await _store(context, claim, batch, records, reader)
            if time.monotonic() > deadline:
                return await _hand_on(context, claim)
    return await _finish(context, claim)


def _next_records(reader: RecordReader) -> list[Record]:
    return [record for _, record in zip(range(BATCH_ROWS), reader, strict=False)]


async def _begin(claim: Claim) -> Batch:
    """What batches need to know that does not change with them, and what came of those before."""
    async with database() as connection:
        known = await catalogues.types(connection, claim.workspace_id, claim.kind)
        keys = await import_batches.read_keys(connection, claim.workspace_id, claim.import_id)
        before = None
        if claim.segment_id is not None:
            owner = ChunkOwner(ChunkRole.MEMBERS, claim.segment_id)
            before = await ChunkStore(connection, claim.workspace_id).read(owner)
    return Batch(
        workspace_id=claim.workspace_id,
        import_id=claim.import_id,
        kind=claim.kind,
        maker=RowMaker(claim.pairs, claim.columns, claim.kind, claim.new_types | known),
        key=import_batches.key_of(claim.pairs, claim.kind),
        create_missing=claim.create_missing,
        dry_run=claim.dry_run,
        taken=claim.taken,
        keys=keys,
        segment_members=before,
    )


async def _store(
    context: Context, claim: Claim, batch: Batch, records: list[Record], reader: RecordReader
) -> None:
    """Account for some records: members, counts, rejects and position change together or not at all."""
    rows = await asyncio.to_thread(batch.make, records)
    if claim.dry_run:
        outcome = await _without_trace(context, batch, rows)
    async with begin() as unit:
        if not claim.dry_run:
            outcome = await import_batches.store(context, unit, batch, rows)
        await import_batches.keep(unit.connection, batch, outcome)
        taken = batch.taken | outcome.taken
        await _execute_in(
            unit,
            ADVANCE,
            claim,
            reader.position,
            reader.line,
            *outcome.counts,
            to_bytes(taken),
            claim.lease_seconds,
        )
        if time.monotonic() - claim.published_at > PUBLISH_SECONDS:
            claim.published_at = time.monotonic()
            context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])
    batch.commit(outcome)
    claim.position, claim.line, claim.taken = reader.position, reader.line, taken


class _Undone(Exception):
    """Rolls a dry run's batch back."""


async def _without_trace(context: Context, batch: Batch, rows: import_batches.Rows) -> Outcome:
    try:
        async with begin() as unit:
            outcome = await import_batches.store(context, unit, batch, rows)
            raise _Undone
    except _Undone:
        return outcome


async def _hand_on(context: Context, claim: Claim) -> ImportStatus:
    async with begin() as unit:
        await _execute_in(unit, HAND_ON, claim)
        context.run_import(unit, claim.import_id, claim.position, attempt=0)
        context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])
    return ImportStatus.RUNNING


async def _finish(context: Context, claim: Claim) -> ImportStatus:
    async with begin() as unit:
        await _execute_in(unit, COMPLETE, claim)
        if claim.segment_id is not None and not claim.dry_run:
            await _fill_segment(context, unit, claim, claim.segment_id)
        await import_batches.forget_keys(unit.connection, claim.workspace_id, claim.import_id)
        context.publish(unit, _over(claim))
    if not claim.dry_run:
        await asyncio.to_thread(claim.path.unlink, missing_ok=True)
    log.info("import_completed", rows=claim.total, dry_run=claim.dry_run)
    return ImportStatus.COMPLETED


async def _fill_segment(context: Context, unit: Work, claim: Claim, segment_id: int) -> None:
    """Make the members of the file links of the segment's IMPORT source, and have the segment computed."""
    connection = unit.connection
    row = await connection.fetchrow(SEGMENT, claim.workspace_id, segment_id)
    if row is None:
        raise BadTransition("The segment was deleted; the members of the file are stored.")
    require_takes_imports(row["type"], row["status"])
    membership = (await shifts.read_memberships(connection, claim.workspace_id, [segment_id]))[segment_id]
    source = membership.source(SourceKind.IMPORT)
    before = membership.links[source]
    # Those erased since they were stored are left out; an erasure that comes now waits for the segment's row.
    taken = await selections.existing(connection, claim.viewer, claim.kind, claim.taken)
    after = taken if claim.replace else before | taken
    owner = ChunkOwner(ChunkRole.LINKS, source)
    await ChunkStore(connection, claim.workspace_id).write({owner: (before, after)})
    await segment_rows.compute(context, unit, claim.workspace_id, segment_id, SegmentStatus(row["status"]))


async def _fail(context: Context, claim: Claim, error: Exception) -> ImportStatus | None:
    """Say why the import failed, or leave it to be tried again when that may help."""
    is_ours = isinstance(error, SeggraphError) and not error.retryable
    final = is_ours or claim.attempt >= MAX_ATTEMPTS
    log.warning("import_failed", attempt=claim.attempt, final=final, exc_info=error)
    if not final:
        await _execute(RETRY, claim, float(2 ** (claim.attempt - 1)))
        return ImportStatus.RUNNING
    code, message = ErrorCode.INTERNAL, FAILED_MESSAGE
    if isinstance(error, SeggraphError):
        code, message = error.code, error.message
    try:
        async with begin() as unit:
            await _execute_in(unit, FAIL, claim, code, message)
            await import_batches.forget_keys(unit.connection, claim.workspace_id, claim.import_id)
            context.publish(unit, _over(claim))
    except ImportLost:
        return None
    return ImportStatus.FAILED


def _over(claim: Claim) -> list[Fact]:
    """What is told when an import ends; of a dry run only those who watch it hear."""
    ids = (claim.workspace_id, claim.import_id)
    return [progressed(*ids)] if claim.dry_run else [progressed(*ids), finished(*ids)]


async def _execute(statement: str, claim: Claim, *arguments: Any) -> None:
    """Change the import's row outside a unit. Raises ImportLost if it is not ours any more."""
    async with database() as connection:
        await _changed(connection, statement, claim, arguments)


async def _execute_in(unit: Work, statement: str, claim: Claim, *arguments: Any) -> None:
    """Change the import's row in a unit. Raises ImportLost, which undoes the unit, if it is not ours any more."""
    await _changed(unit.connection, statement, claim, arguments)


async def _changed(
    connection: asyncpg.Connection, statement: str, claim: Claim, arguments: Sequence[Any]
) -> None:
    done = await connection.execute(statement, claim.import_id, claim.holder, *arguments)
    if done == "UPDATE 0":
        raise ImportLost
