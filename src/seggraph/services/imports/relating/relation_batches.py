"""One batch of an import of relations: its rows find the members at both ends, which are then related, or no longer.

It has the form of `batches.ImportBatch`: a batch is one transaction with the counts and the position in the file.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from pyroaring import BitMap

from seggraph.context import Context
from seggraph.criteria import relations as catalogue
from seggraph.criteria.relations import Direction
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import ErrorCode, Invalid, Required, SeggraphError
from seggraph.files.csv_records import Record
from seggraph.files.layout import is_totals
from seggraph.services.imports import content_fields
from seggraph.services.imports.batches import BatchOutcome, Counts, Reject
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading
from seggraph.services.imports.record_cells import RecordCells
from seggraph.services.imports.relating.related_members import Found, MemberFinder, NamedMember
from seggraph.services.imports.rows import TOTALS
from seggraph.services.members import relations, upserts
from seggraph.vocabulary import MemberKind, RowOutcome

OWN: Final = frozenset({"externalId"})
"""The fields by which a member is known also before it exists."""


@dataclass(frozen=True, slots=True)
class RelationRow:
    """A row that relates: the relation as the first member calls it, and both members as the file names them."""

    record: Record
    direction: Direction
    member: NamedMember
    related: NamedMember


@dataclass(frozen=True, slots=True)
class RelationSettings:
    """What is the same for all rows: the kind of the first members, how columns are read, and the relation."""

    kind: MemberKind
    readings: Mapping[str, PlannedReading]
    zone: tzinfo
    relation: str | None


class RelationMaker:
    """Makes rows of records, by a mapping that was checked."""

    def __init__(self, pairs: Sequence[Pair], columns: Sequence[str], settings: RelationSettings) -> None:
        self._settings = settings
        self._cells = RecordCells(pairs, columns, settings.readings, settings.zone)
        self._keys = {
            field: key
            for field, key in content_fields.member_keys(settings.kind).items()
            if field in self._cells.fields
        }

    def make(self, record: Record) -> RelationRow | Reject:
        """The row of a record, or why there is none."""
        try:
            return self._row(record)
        except SeggraphError as error:
            return Reject(record, RowOutcome.FAILED, error.code, error.message)

    def _row(self, record: Record) -> RelationRow | Reject:
        given = self._cells.read(record, [], lambda field: False)
        kind = self._settings.kind
        member = _named(given, self._keys, kind)
        if member is None and is_totals(record.cells):
            return self._total(record)
        if member is None:
            raise Required(f"The row has no {' and no '.join(self._keys)} to find its member by.")
        name = given.get("relation", self._settings.relation)
        if name is None:
            raise Required("The row has no relation.")
        direction = catalogue.find(kind, name.strip().lower())
        if direction is None:
            raise relations.unknown(kind, name)
        keys = content_fields.related_keys(direction.other_kind)
        related = _named(given, keys, direction.other_kind)
        if related is None and is_totals(record.cells):
            return self._total(record)
        if related is None:
            wanted = " or ".join(field for field in keys if field in self._cells.fields) or next(iter(keys))
            raise Required(f"The row has no {wanted} to find the {direction.other_kind.name} by.")
        return RelationRow(record, direction, member, related)

    @staticmethod
    def _total(record: Record) -> Reject:
        message = "The row does not name two members and sums other rows."
        return Reject(record, RowOutcome.IGNORED, TOTALS, message)


def _named(given: Mapping[str, Any], keys: Mapping[str, str], kind: MemberKind) -> NamedMember | None:
    """The member that a row names by the first of its fields that it has."""
    for field_, key in keys.items():
        text = (given.get(field_) or "").strip()
        if text:
            return NamedMember(kind, key, text)
    return None


@dataclass(slots=True)
class RelationBatch:
    """What every batch of one import of relations needs. `seen` are hashes of the relations in earlier rows."""

    workspace_id: int
    maker: RelationMaker
    create_missing: bool
    removes: bool
    finder: MemberFinder
    seen: set[int]
    taken: BitMap = field(default_factory=BitMap)

    def make(self, records: Sequence[Record]) -> list[RelationRow | Reject]:
        """The rows of records."""
        return [self.maker.make(record) for record in records]

    async def store(
        self, context: Context, unit: UnitOfWork, made: Sequence[RelationRow | Reject]
    ) -> BatchOutcome:
        """Relate the members of some rows in a unit; the outcome accounts for every row."""
        await relations.lock(unit.connection, self.workspace_id)
        await unit.connection.execute(upserts.PLAN_BY_VALUES)
        rows = [row for row in made if isinstance(row, RelationRow)]
        rejects = [reject for reject in made if isinstance(reject, Reject)]
        found = await self.finder.find(
            unit.connection, {named for row in rows for named in (row.member, row.related)}
        )
        wanted: dict[relations.Pair, bool] = {}
        keys: list[int] = []
        for row in rows:
            try:
                pair = self._pair(row, found)
            except SeggraphError as error:
                is_skipped = error.code is ErrorCode.NOT_FOUND and not self.create_missing
                outcome = RowOutcome.IGNORED if is_skipped else RowOutcome.FAILED
                rejects.append(Reject(row.record, outcome, error.code, error.message))
                continue
            key = _hash(pair)
            if pair in wanted or key in self.seen:
                message = "The file has a row for these two members and this relation already."
                rejects.append(Reject(row.record, RowOutcome.DUPLICATE, ErrorCode.DUPLICATE, message))
                continue
            wanted[pair] = not self.removes
            keys.append(key)
        report = relations.RelateReport()
        if wanted:
            report = await relations.relate_in(context, unit, self.workspace_id, wanted)
        return BatchOutcome(_counts(made, report, rejects), BitMap(), keys, rejects)

    def commit(self, outcome: BatchOutcome) -> None:
        """Take over the outcome of a batch after its commit."""
        self.seen.update(outcome.keys)

    def _pair(self, row: RelationRow, found: Mapping[NamedMember, Found]) -> relations.Pair:
        ends = [self._external_id(named, found[named]) for named in (row.member, row.related)]
        if not row.direction.forward:
            ends.reverse()
        return relations.Pair(row.direction.type, *ends)

    def _external_id(self, named: NamedMember, found: Found) -> str:
        """The external id of an end: of somebody who is to come, too, if the file names them by it."""
        if isinstance(found, str):
            return found
        waits = named.key in OWN and (self.create_missing or self.removes)
        if found.code is not ErrorCode.NOT_FOUND or not waits:
            raise found
        if not relations.is_external_id(named.text):
            raise Invalid(f"{named.text[:100]!r} cannot be an external id.")
        return named.text


def _counts(
    made: Sequence[RelationRow | Reject], report: relations.RelateReport, rejects: Sequence[Reject]
) -> Counts:
    duplicate, ignored, failed = (
        sum(reject.outcome is outcome for reject in rejects)
        for outcome in (RowOutcome.DUPLICATE, RowOutcome.IGNORED, RowOutcome.FAILED)
    )
    counts = Counts(
        read=len(made),
        added=report.related,
        updated=0,
        already_in=report.unchanged,
        duplicate=duplicate,
        ignored=ignored,
        failed=failed,
        partial=0,
        removed=report.removed,
        pending=report.pending,
    )
    if counts.read != sum(
        (counts.added, counts.already_in, duplicate, ignored, failed, counts.removed, counts.pending)
    ):
        raise RuntimeError("a batch does not account for every row")
    return counts


def _hash(pair: relations.Pair) -> int:
    text = "\x1f".join((str(int(pair.type)), pair.from_external_id, pair.to_external_id))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
