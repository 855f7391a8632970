"""Claims on imports: which are due, which worker carries one out, and how one fails."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import orjson
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database.claimable_work import ClaimableWork, FailureClass
from seggraph.database.connections import database
from seggraph.database.leases import Lease
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.events import Fact
from seggraph.files import uploads
from seggraph.files.csv_records import Dialect
from seggraph.services.imports import batches, readings
from seggraph.services.imports.imports import finished, pairs_of, progressed
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading
from seggraph.vocabulary import (
    ApiKeyScope,
    AttributeType,
    Channel,
    ImportContent,
    ImportStatus,
    MemberKind,
    Role,
    SuppressionReason,
)

ZONE: Final = "SELECT time_zone FROM workspaces WHERE id = $1"

WORK: Final = ClaimableWork(
    name="import",
    table="imports",
    is_open="w.status = 'RUNNING'",
    columns=(
        "w.workspace_id, w.created_by_id, w.kind, w.content, w.event_name, w.relation, w.channel, w.reason,"
        " w.segment_id, w.replace, w.removes, w.file, w.encoding, w.delimiter, w.has_header, w.skip_lines,"
        " w.columns, w.mapping, w.readings, w.create_missing, w.only_targets, w.activate, w.whole_rows, w.dry_run,"
        " w.total, w.new_types, w.position, w.line, w.taken, w.attempts"
    ),
    sweep_if="w.started_at < clock_timestamp() - interval '1 second'",
    due_columns="w.id, w.position, w.attempts",
    max_attempts=5,
    failing="status = 'FAILED', finished_at = clock_timestamp(), taken = NULL",
    abandoned_columns="w.id, w.workspace_id, w.dry_run",
    failed_message="Something failed on our side while importing; what was stored so far is counted.",
)
"""Imports that were started and are not over."""


@dataclass(slots=True)
class ImportClaim:
    """An import that this worker may carry out."""

    lease: Lease
    import_id: int
    workspace_id: int
    created_by_id: int | None
    kind: MemberKind
    content: ImportContent
    event_name: str | None
    relation: str | None
    channel: Channel | None
    reason: SuppressionReason | None
    segment_id: int | None
    replace: bool
    removes: bool
    path: Path
    dialect: Dialect
    columns: list[str]
    pairs: list[Pair]
    readings: dict[str, PlannedReading]
    zone: ZoneInfo
    create_missing: bool
    only_targets: bool
    activate: bool
    whole_rows: bool
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
        """The import acts for the user who uploaded the file, with the rights that were checked when it was started."""
        return Viewer(self.workspace_id, Role.ADMIN, ApiKeyScope.WRITE, user_id=self.created_by_id)


async def claim(context: Context, import_id: int) -> ImportClaim | None:
    """Claim an import that is RUNNING and that no other worker carries out."""
    async with database() as connection:
        claimed = await WORK.claim(connection, import_id, context.settings.lease_seconds)
        if claimed is None:
            return None
        zone = ZoneInfo(await connection.fetchval(ZONE, claimed.row["workspace_id"]))
    row = claimed.row
    return ImportClaim(
        lease=claimed.lease,
        import_id=import_id,
        workspace_id=row["workspace_id"],
        created_by_id=row["created_by_id"],
        kind=MemberKind(row["kind"]),
        content=ImportContent(row["content"]),
        event_name=row["event_name"],
        relation=row["relation"],
        channel=None if row["channel"] is None else Channel(row["channel"]),
        reason=None if row["reason"] is None else SuppressionReason(row["reason"]),
        segment_id=row["segment_id"],
        replace=row["replace"],
        removes=row["removes"],
        path=uploads.path_of(context.settings, row["file"]),
        dialect=Dialect(row["encoding"], row["delimiter"], row["has_header"], row["skip_lines"]),
        columns=[column["name"] for column in orjson.loads(row["columns"])],
        pairs=pairs_of(row["mapping"]),
        readings=readings.from_json(row["readings"]),
        zone=zone,
        create_missing=row["create_missing"],
        only_targets=row["only_targets"],
        activate=row["activate"],
        whole_rows=row["whole_rows"],
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


async def ask_for_work(context: Context, limit: int) -> None:
    """Give up on imports that keep losing their workers, and enqueue those that no worker carries out."""
    async with begin() as unit:
        abandoned = await WORK.abandon(unit.connection)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in abandoned])
        over = [finished(row["workspace_id"], row["id"]) for row in abandoned if not row["dry_run"]]
        context.publish(unit, over)
        for row in await WORK.find_due(unit.connection, limit):
            context.run_import(unit, row["id"], row["position"], attempt=row["attempts"])


async def fail(context: Context, claim: ImportClaim, error: Exception) -> ImportStatus:
    """Store why the import failed, or leave it to be tried again when that may help. Raises LeaseLost."""

    async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
        if failure.is_final:
            await batches.forget_keys(unit.connection, claim.workspace_id, claim.import_id)
            context.publish(unit, over(claim))

    failure = await WORK.fail(claim.lease, claim.attempt, error, settle)
    return ImportStatus.FAILED if failure.is_final else ImportStatus.RUNNING


def over(claim: ImportClaim) -> list[Fact]:
    """The facts that an import has ended. A dry run is followed only by the clients that watch it."""
    ids = (claim.workspace_id, claim.import_id)
    return [progressed(*ids)] if claim.dry_run else [progressed(*ids), finished(*ids)]
