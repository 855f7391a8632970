"""Claims on imports: which are due, whose turn it is, and how one fails."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import structlog
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.connections import database
from seggraph.database.leases import FREE, RELEASE_LEASE, RESTED, RETRY, Lease
from seggraph.database.unit_of_work import begin
from seggraph.errors import ErrorCode
from seggraph.events import Fact
from seggraph.files import uploads
from seggraph.files.csv_records import Dialect
from seggraph.services.imports import batches
from seggraph.services.imports.imports import finished, pairs_of, progressed
from seggraph.services.imports.mappings import Pair
from seggraph.vocabulary import ApiKeyScope, AttributeType, ImportStatus, MemberKind, Role

log = structlog.get_logger()

MAX_ATTEMPTS: Final = 5
FAILED_MESSAGE: Final = "Something failed on our side while importing; what was stored so far is counted."

# any workspace: a worker claims the import that a job names, whosever it is
CLAIM: Final = f"""
    UPDATE imports SET lease_holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
      attempts = attempts + 1, retry_at = NULL
    WHERE id = $1 AND status = 'RUNNING' AND {FREE}
    RETURNING workspace_id, kind, segment_id, replace, file, encoding, delimiter, has_header, columns, mapping,
      create_missing, dry_run, total, new_types, position, line, taken, attempts
"""  # noqa: S608 - constants only

FAIL: Final = f"""
    status = 'FAILED', error_code = $3, error_message = $4, error_at = clock_timestamp(),
    finished_at = clock_timestamp(), taken = NULL, {RELEASE_LEASE}
"""

# any workspace: the sweeper fails what was tried too often in all of them
ABANDONED: Final = f"""
    UPDATE imports SET status = 'FAILED', error_code = $1, error_message = $2, error_at = clock_timestamp(),
      finished_at = clock_timestamp(), taken = NULL, {RELEASE_LEASE}
    WHERE status = 'RUNNING' AND attempts >= $3 AND {FREE}
    RETURNING id, workspace_id, dry_run
"""  # noqa: S608 - constants only

# any workspace: the sweeper looks for what is due in all of them
DUE: Final = f"""
    SELECT id, position, attempts FROM imports
    WHERE status = 'RUNNING' AND {FREE} AND {RESTED} AND attempts < $1
      AND started_at < clock_timestamp() - interval '1 second'
    ORDER BY id LIMIT $2
"""  # noqa: S608 - constants only


@dataclass(slots=True)
class Claim:
    """An import that this worker may carry out."""

    lease: Lease
    import_id: int
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


async def take(context: Context, import_id: int) -> Claim | None:
    """Take an import that is RUNNING and that nobody is at."""
    lease = Lease("imports", import_id, context.settings.lease_seconds)
    async with database() as connection:
        row = await connection.fetchrow(CLAIM, import_id, lease.holder, lease.seconds)
    if row is None:
        return None
    return Claim(
        lease=lease,
        import_id=import_id,
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


async def ask_for_work(context: Context, limit: int) -> None:
    """Give up on imports that keep losing their workers, and hand out those that nobody is at."""
    async with begin() as unit:
        abandoned = await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, FAILED_MESSAGE, MAX_ATTEMPTS)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in abandoned])
        over = [finished(row["workspace_id"], row["id"]) for row in abandoned if not row["dry_run"]]
        context.publish(unit, over)
        for row in await unit.connection.fetch(DUE, MAX_ATTEMPTS, limit):
            context.run_import(unit, row["id"], row["position"], attempt=row["attempts"])


async def fail(context: Context, claim: Claim, error: Exception) -> ImportStatus:
    """Say why the import failed, or leave it to be tried again when that may help. Raises LeaseLost."""
    verdict = leases.classify_failure(error, claim.attempt, MAX_ATTEMPTS, FAILED_MESSAGE)
    log.warning("import_failed", attempt=claim.attempt, final=verdict.is_final, exc_info=error)
    if not verdict.is_final:
        async with database() as connection:
            await claim.lease.change(connection, RETRY, leases.wait_seconds(claim.attempt))
        return ImportStatus.RUNNING
    async with begin() as unit:
        await claim.lease.change(unit.connection, FAIL, verdict.code, verdict.message)
        await batches.forget_keys(unit.connection, claim.workspace_id, claim.import_id)
        context.publish(unit, over(claim))
    return ImportStatus.FAILED


def over(claim: Claim) -> list[Fact]:
    """What is told when an import ends; of a dry run only those who watch it hear."""
    ids = (claim.workspace_id, claim.import_id)
    return [progressed(*ids)] if claim.dry_run else [progressed(*ids), finished(*ids)]
