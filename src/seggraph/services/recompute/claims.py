"""Claims on runs: a worker takes one with a lease, gives it back, or closes its run.

Whoever holds a claim applies a result only if its revision is still the one asked for, and the lease its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.leases import FREE, GIVE_BACK, RESTED, Lease
from seggraph.database.unit_of_work import begin
from seggraph.events import ReachChanged, RunProgressed
from seggraph.services.memberships.deltas import MembershipDelta
from seggraph.vocabulary import MemberKind, ReachStatus, RunStatus, SegmentPurpose

# any workspace: a worker claims the segment that a job names, whosever it is
CLAIM = f"""
    UPDATE segments SET lease_holder = $3, lease_until = clock_timestamp() + make_interval(secs => $4),
      attempts = attempts + 1, retry_at = NULL, progress = 0
    WHERE id = $1 AND requested_revision = $2 AND computed_revision < $2 AND status = 'ACTIVE'
      AND reach_status = 'CALCULATING' AND {FREE} AND {RESTED}
    RETURNING workspace_id, kind, purpose, attempts
"""  # noqa: S608 - constants only

VOID_OTHERS = """
    UPDATE runs SET status = 'VOID', finished_at = clock_timestamp()
    WHERE workspace_id = $1 AND segment_id = $2 AND status = 'RUNNING'
"""

START = """
    INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, holder, started_at)
    VALUES ($1, $2, $3, 'FULL', 'RUNNING', $4, clock_timestamp()) RETURNING id
"""

# any workspace: the run is the one of the segment whose lease this worker holds
FINISH_RUN = """
    UPDATE runs SET status = $2::varchar, finished_at = clock_timestamp(), as_of = $3, member_count = $4, entered = $5,
      exited = $6, error_code = $7, error_message = $8, refreshed = NULL,
      applied = CASE WHEN $2::varchar = 'SUCCEEDED' THEN nextval('runs_applied') END
    WHERE id = $1 AND status = 'RUNNING'
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this worker may carry out, and what it is to compute.

    The lease is on the segment: an edit that asks for another revision takes it away, and so makes the run void.
    """

    lease: Lease
    run_id: int
    segment_id: int
    revision: int
    attempt: int
    workspace_id: int
    kind: MemberKind
    purpose: SegmentPurpose | None

    def fact(self, progress: float, phase: str) -> RunProgressed:
        """That the run came so far."""
        return RunProgressed(
            workspace_id=self.workspace_id,
            at=datetime.now(UTC),
            segment_id=self.segment_id,
            revision=self.revision,
            progress=progress,
            phase=phase,
        )

    def status(self, status: ReachStatus) -> ReachChanged:
        """That the reach has this status now."""
        return ReachChanged(
            workspace_id=self.workspace_id,
            at=datetime.now(UTC),
            segment_id=self.segment_id,
            revision=self.revision,
            reach_status=status,
        )


async def take(context: Context, segment_id: int, revision: int) -> Claim | None:
    """Take the lease and begin a run, if the revision is still to be computed and nobody is at it."""
    lease = Lease("segments", segment_id, context.settings.lease_seconds)
    async with begin() as unit:
        row = await unit.connection.fetchrow(CLAIM, segment_id, revision, lease.holder, lease.seconds)
        if row is None:
            return None
        await unit.connection.execute(VOID_OTHERS, row["workspace_id"], segment_id)
        run_id = await unit.connection.fetchval(
            START, row["workspace_id"], segment_id, revision, lease.holder
        )
    return Claim(
        lease=lease,
        run_id=run_id,
        segment_id=segment_id,
        revision=revision,
        attempt=row["attempts"],
        workspace_id=row["workspace_id"],
        kind=MemberKind(row["kind"]),
        purpose=None if row["purpose"] is None else SegmentPurpose(row["purpose"]),
    )


async def finish(
    connection: asyncpg.Connection,
    claim: Claim,
    status: RunStatus,
    as_of: datetime | None = None,
    *,
    delta: MembershipDelta | None = None,
    size: int | None = None,
    code: str | None = None,
    message: str | None = None,
) -> None:
    """Close the run: how it ended, what it moved and how many members there are then, or why it failed."""
    entered, exited = (None, None) if delta is None else (len(delta.entered), len(delta.exited))
    await connection.execute(FINISH_RUN, claim.run_id, status, as_of, size, entered, exited, code, message)


async def end(claim: Claim, status: RunStatus) -> None:
    """Close the run of a claim that has nothing to apply."""
    async with database() as connection:
        await finish(connection, claim, status)


async def give_back(claim: Claim) -> None:
    """Let go of the lease when this worker stops, so that another one starts at once."""
    async with begin() as unit:
        await claim.lease.try_change(unit.connection, GIVE_BACK)
        await finish(unit.connection, claim, RunStatus.VOID)
