"""One batch of an import: its rows find their members, are sorted by what becomes of them, and are stored.

Whether a row's member stood in the file before is known by the bitmap of members taken so far, and for rows
without a member by hashes of their keys: exact, and small enough for millions of rows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.context import Context
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import ErrorCode
from seggraph.files.csv_records import Record
from seggraph.services.imports.mappings import Pair, key_field
from seggraph.services.imports.relating.related_members import MemberFinder, Relating
from seggraph.services.imports.rows import ImportRow, Refusal, RowMaker, explanation
from seggraph.services.members import relations, upserts
from seggraph.services.members.upserts import UpsertReport
from seggraph.vocabulary import MemberKind, RowOutcome

MAX_REJECTED_CELL: Final = 10_000

BY_EXTERNAL_ID: Final = """
    SELECT external_id AS key, external_id, ordinal, is_target FROM members
    WHERE workspace_id = (SELECT $1::bigint) AND kind = (SELECT $2::smallint) AND external_id = ANY($3)
"""
"""The planner does not see the first two values, as in `upserts.FIND`."""

_BY_FIELD: Final = """
    SELECT DISTINCT ON (key) key, external_id, ordinal, is_target FROM (
      SELECT {expression} AS key, 1 AS rank, external_id, ordinal, is_target FROM members
      WHERE workspace_id = (SELECT $1::bigint) AND kind = (SELECT $2::smallint) AND {expression} = ANY($3)
      UNION ALL
      SELECT external_id, 2, external_id, ordinal, is_target FROM members
      WHERE workspace_id = (SELECT $1::bigint) AND kind = (SELECT $2::smallint) AND external_id = ANY($3)
    ) AS found ORDER BY key, rank, ordinal
"""

FIND: Final = {
    "externalId": BY_EXTERNAL_ID,
    "domain": _BY_FIELD.format(expression="domain"),
    "email": _BY_FIELD.format(expression="lower(email)"),
}
"""The members that keys name. Of several with a domain or email the oldest; failing that, the one with that id."""

WRITE_REJECTS: Final = """
    INSERT INTO import_rejects (workspace_id, import_id, line, outcome, code, message, cells)
    SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
"""

WRITE_KEYS: Final = (
    "INSERT INTO import_keys (workspace_id, import_id, key) SELECT $1, $2, unnest($3::bigint[])"
)

Rows = tuple[list[ImportRow], list[Refusal]]


class Reject(NamedTuple):
    """A row that was not taken, and why."""

    record: Record
    outcome: RowOutcome
    code: str
    message: str


class Counts(NamedTuple):
    """What became of some rows; `read` is the sum of the others but `partial`, which counts some of those stored.

    `merged` are the further lines of orders, `removed` members that leave the segment, or relations that end, and
    `pending` relations that wait for a member. The last three are no part of the sum: relations of members that
    columns of their rows name, and rows that name nobody or several.
    """

    read: int
    added: int
    updated: int
    already_in: int
    duplicate: int
    ignored: int
    failed: int
    partial: int
    merged: int = 0
    removed: int = 0
    pending: int = 0
    related: int = 0
    related_not_found: int = 0
    related_ambiguous: int = 0


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch."""

    counts: Counts
    taken: BitMap
    keys: list[int]
    rejects: list[Reject]


@dataclass(slots=True)
class ImportBatch:
    """What every batch of one import needs, and what is known of the rows before."""

    workspace_id: int
    import_id: int
    kind: MemberKind
    maker: RowMaker
    key: str
    create_missing: bool
    only_targets: bool
    dry_run: bool
    taken: BitMap
    keys: set[int]
    segment_members: BitMap | None
    finder: MemberFinder
    removes: bool = False
    whole_rows: bool = False

    def make(self, records: Sequence[Record]) -> Rows:
        """The rows of records, and the records that are none."""
        made = [self.maker.make(record) for record in records]
        rows = [row for row in made if isinstance(row, ImportRow)]
        return rows, [refusal for refusal in made if isinstance(refusal, Refusal)]

    def commit(self, outcome: BatchOutcome) -> None:
        """Take over the outcome of a batch after its commit."""
        self.taken |= outcome.taken
        self.keys.update(outcome.keys)


@dataclass(slots=True)
class _Sorted:
    """The rows of a batch, sorted by what becomes of them."""

    wanted: list[ImportRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    new_keys: list[int] = field(default_factory=list)
    existing: BitMap = field(default_factory=BitMap)


def key_of(pairs: Sequence[Pair], kind: MemberKind) -> str:
    """The field by which rows find their members."""
    return key_field(pairs, kind) or "externalId"


async def store(context: Context, unit: UnitOfWork, batch: ImportBatch, rows: Rows) -> BatchOutcome:
    """Store the members of some rows in a unit; the outcome accounts for every row."""
    good, refused = rows
    await lock_shared(unit.connection, LockSpace.MEMBERS, batch.workspace_id)
    relating = Relating(batch.finder, batch.kind)
    if any(row.related for row in good):
        await relations.lock(unit.connection, batch.workspace_id)
        good, unrelated = await relating.find(unit.connection, good, whole_rows=batch.whole_rows)
        refused = [*refused, *unrelated]
    keys = list({row.key for row in good})
    await unit.connection.execute(upserts.PLAN_BY_VALUES)
    members = {
        record["key"]: record
        for record in await unit.connection.fetch(FIND[batch.key], batch.workspace_id, batch.kind, keys)
    }
    sorted_ = _sort(batch, good, members)
    report = UpsertReport()
    writer = upserts.UpsertBatch(unit, batch.workspace_id, batch.kind, report)
    if sorted_.wanted:
        drafts = {index: row.draft for index, row in enumerate(sorted_.wanted)}
        changed = await writer.store(drafts)
        await writer.finish(context, *changed)
    related = await relating.relate(context, unit, batch.workspace_id, sorted_.wanted)
    ordinals = BitMap(writer.ordinals.values())
    not_made = [_refused(refusal) for refusal in refused]
    partial = [_partial(row) for row in sorted_.wanted if row.problems]
    return BatchOutcome(
        counts=_counts(batch, sorted_, report, ordinals, not_made, partial=len(partial))._replace(
            related=related.made, related_not_found=related.not_found, related_ambiguous=related.ambiguous
        ),
        taken=sorted_.existing if batch.dry_run else ordinals,
        keys=sorted_.keys + (sorted_.new_keys if batch.dry_run else []),
        rejects=sorted_.rejects + not_made + partial,
    )


def _sort(batch: ImportBatch, rows: Sequence[ImportRow], members: dict[str, Any]) -> _Sorted:
    """Sort rows into those to store, those whose member stood in the file before, and those to ignore."""
    result = _Sorted()
    new: set[int] = set()
    for row in rows:
        member = members.get(row.key)
        hashed = _hash(row.key)
        if hashed in batch.keys or hashed in new or _is_taken(batch, result, member):
            result.rejects.append(_duplicate(row, batch.key))
            continue
        reason = _reason_to_ignore(batch, row, member)
        new.add(hashed)
        if reason is not None:
            result.keys.append(hashed)
            result.rejects.append(Reject(row.record, RowOutcome.IGNORED, *reason))
        else:
            if member is None:
                result.new_keys.append(hashed)
            else:
                row.draft.external_id = member["external_id"]
                result.existing.add(member["ordinal"])
            result.wanted.append(row)
    return result


def _is_taken(batch: ImportBatch, result: _Sorted, member: Any) -> bool:
    return member is not None and (member["ordinal"] in batch.taken or member["ordinal"] in result.existing)


def _reason_to_ignore(batch: ImportBatch, row: ImportRow, member: Any) -> tuple[str, str] | None:
    """Why a row is skipped, as its code and message. What the row itself says about being a target counts first."""
    if member is None and not batch.create_missing:
        return ErrorCode.NOT_FOUND, "There is no such member, and missing ones are not created."
    if batch.removes and (member is None or member["ordinal"] not in (batch.segment_members or BitMap())):
        return "NOT_IN_SEGMENT", "The member is not in the segment."
    is_target = row.draft.columns.get("is_target", member is not None and member["is_target"])
    if batch.only_targets and not is_target:
        if member is None:
            return "NOT_TARGET", "There is no such member, so it is no target, and only targets are taken."
        return "NOT_TARGET", "The member is not a target."
    return None


def _counts(
    batch: ImportBatch,
    sorted_: _Sorted,
    report: UpsertReport,
    ordinals: BitMap,
    not_made: Sequence[Reject],
    *,
    partial: int,
) -> Counts:
    """The counts: without a segment by the change of each member, with one by whether the member is new in it."""
    rejected = [*sorted_.rejects, *not_made]
    duplicate, ignored, failed = (
        sum(reject.outcome is outcome for reject in rejected)
        for outcome in (RowOutcome.DUPLICATE, RowOutcome.IGNORED, RowOutcome.FAILED)
    )
    added, updated, already_in = report.created, report.updated, report.unchanged
    if batch.segment_members is not None:
        already_in = len(ordinals & batch.segment_members)
        added, updated = len(sorted_.wanted) - already_in, 0
    removed = 0
    if batch.removes:
        removed, added, updated, already_in = len(sorted_.wanted), 0, 0, 0
    read = added + updated + already_in + duplicate + ignored + failed + removed
    if read != len(sorted_.wanted) + len(rejected):
        raise RuntimeError("a batch does not account for every row")
    return Counts(read, added, updated, already_in, duplicate, ignored, failed, partial, removed=removed)


def _duplicate(row: ImportRow, key: str) -> Reject:
    message = f"The file has a row for the {key} {row.key[:100]!r} already."
    return Reject(row.record, RowOutcome.DUPLICATE, ErrorCode.DUPLICATE, message)


def _refused(refusal: Refusal) -> Reject:
    return Reject(refusal.record, refusal.outcome, refusal.code, refusal.message)


def _partial(row: ImportRow) -> Reject:
    return Reject(row.record, RowOutcome.PARTIAL, *explanation(row.problems))


def _hash(key: str) -> int:
    """64 bits of a key. That two of five million keys share them has a chance of one in a million."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), signed=True)


async def keep(
    connection: asyncpg.Connection, workspace_id: int, import_id: int, outcome: BatchOutcome
) -> None:
    """Write down which rows were not taken, or in part, and the keys of rows without a member."""
    if outcome.rejects:
        columns = [
            (
                reject.record.line,
                reject.outcome.value,
                str(reject.code),
                _storable(reject.message),
                orjson.dumps([_storable(cell[:MAX_REJECTED_CELL]) for cell in reject.record.cells]).decode(),
            )
            for reject in outcome.rejects
        ]
        await connection.execute(WRITE_REJECTS, workspace_id, import_id, *zip(*columns, strict=True))
    if outcome.keys:
        await connection.execute(WRITE_KEYS, workspace_id, import_id, outcome.keys)


async def read_keys(connection: asyncpg.Connection, workspace_id: int, import_id: int) -> set[int]:
    """The hashes that earlier batches kept."""
    rows = await connection.fetch(
        "SELECT key FROM import_keys WHERE workspace_id = $1 AND import_id = $2", workspace_id, import_id
    )
    return {row["key"] for row in rows}


async def forget_keys(connection: asyncpg.Connection, workspace_id: int, import_id: int) -> None:
    """Delete the hashes of an import that is over."""
    await connection.execute(
        "DELETE FROM import_keys WHERE workspace_id = $1 AND import_id = $2", workspace_id, import_id
    )


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
