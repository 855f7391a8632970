"""Claims on runs: a worker claims the computation of a segment, and the row of `runs` says what became of it.

A worker that holds a claim applies a result only if its revision is still the one asked for, and the lease its own.
The segment's side of a claim is in `computations`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.leases import Lease
from seggraph.database.unit_of_work import begin
from seggraph.events import RunProgressed
from seggraph.services.computations import computations
from seggraph.services.computations.computations import Computation
from seggraph.services.memberships.membership import MembershipChange
from seggraph.vocabulary import MemberKind, RunStatus, SegmentPurpose

VOID_OTHERS = """
    UPDATE runs SET status = 'VOID', finished_at = clock_timestamp()
    WHERE workspace_id = $1 AND segment_id = $2 AND status = 'RUNNING'
"""

START = """
    INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, holder, started_at)
    VALUES ($1, $2, $3, 'FULL', 'RUNNING', $4, clock_timestamp()) RETURNING id
"""

# any workspace: the run is the one of the segment whose lease this worker holds
FINISH = """
    UPDATE runs SET status = $2::varchar, finished_at = clock_timestamp(), as_of = $3, member_count = $4, entered = $5,
      exited = $6, error_code = $7, error_message = $8, refreshed = NULL,
      applied = CASE WHEN $2::varchar = 'SUCCEEDED' THEN nextval('runs_applied') END
    WHERE id = $1 AND status = 'RUNNING'
"""

# A run whose lease merely ran out may still apply its result; one whose lease is another's, or nobody's, never will.
# any workspace: the sweeper ends the runs of lost workers in all of them
VOID_WITHOUT_LEASE = """
    UPDATE runs r SET status = 'VOID', finished_at = clock_timestamp() FROM segments s
    WHERE r.status = 'RUNNING' AND s.id = r.segment_id AND s.lease_holder IS DISTINCT FROM r.holder
"""


@dataclass(frozen=True, slots=True)
class RunClaim:
    """A run that this worker may carry out, and what it is to compute.

    The lease is on the segment: a change that asks for another revision takes it away, and so makes the run void.
    """

    lease: Lease
    run_id: int
    computation: Computation
    attempt: int
    kind: MemberKind
    purpose: SegmentPurpose | None

    @property
    def segment_id(self) -> int:
        """The segment that is computed."""
        return self.computation.segment_id

    @property
    def revision(self) -> int:
        """The revision that is computed."""
        return self.computation.revision

    @property
    def workspace_id(self) -> int:
        """The segment's workspace."""
        return self.computation.workspace_id

    def progressed(self, progress: float, phase: str) -> RunProgressed:
        """The fact that the run has come so far."""
        return RunProgressed(
            workspace_id=self.workspace_id,
            at=datetime.now(UTC),
            segment_id=self.segment_id,
            revision=self.revision,
            progress=progress,
            phase=phase,
        )


async def claim(context: Context, segment_id: int, revision: int) -> RunClaim | None:
    """Take the lease and begin a run, if the revision is still to be computed and no other worker computes it."""
    async with begin() as unit:
        claimed = await computations.claim(
            unit.connection, segment_id, revision, context.settings.lease_seconds
        )
        if claimed is None:
            return None
        lease, row = claimed.lease, claimed.row
        await unit.connection.execute(VOID_OTHERS, row["workspace_id"], segment_id)
        run_id = await unit.connection.fetchval(
            START, row["workspace_id"], segment_id, revision, lease.holder
        )
    return RunClaim(
        lease=lease,
        run_id=run_id,
        computation=Computation(row["workspace_id"], segment_id, revision),
        attempt=row["attempts"],
        kind=MemberKind(row["kind"]),
        purpose=None if row["purpose"] is None else SegmentPurpose(row["purpose"]),
    )


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a successful run applied: as of when, who entered and exited, and how many members there are then."""

    as_of: datetime
    change: MembershipChange
    member_count: int


async def finish(connection: asyncpg.Connection, claim: RunClaim, result: RunResult) -> None:
    """Close a run that succeeded."""
    change = result.change
    numbers = (result.as_of, result.member_count, len(change.entered), len(change.exited))
    await connection.execute(FINISH, claim.run_id, RunStatus.SUCCEEDED, *numbers, None, None)


async def fail(connection: asyncpg.Connection, claim: RunClaim, code: str, message: str) -> None:
    """Close a run that failed."""
    await connection.execute(FINISH, claim.run_id, RunStatus.FAILED, None, None, None, None, code, message)


async def void(connection: asyncpg.Connection, claim: RunClaim) -> None:
    """Close a run whose result does not count."""
    await connection.execute(FINISH, claim.run_id, RunStatus.VOID, None, None, None, None, None, None)


async def give_back(claim: RunClaim) -> None:
    """Release the lease, if it is still ours, so that another worker starts at once; the run is void."""
    async with begin() as unit:
        await claim.lease.try_change(unit.connection, claim.lease.giving_back)
        await void(unit.connection, claim)


async def void_runs_without_lease() -> None:
    """Close the runs that can have no result any more, and whose worker did not live to close them."""
    async with database() as connection:
        await connection.fetch(VOID_WITHOUT_LEASE)  # fetched so that it is planned once
