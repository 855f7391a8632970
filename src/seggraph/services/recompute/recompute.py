"""Recomputing a segment: one run from the claim to the applied result, or to a failure a person can act on.

A run holds a lease that it renews, and scans one snapshot without holding anything else. It applies its result
while it holds the segment's row, and only if its revision is still the one asked for and the lease still its
own: an edit voids it, and so does another worker that took over when the lease ran out.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.audiences import ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.database import leases
from seggraph.database.claimable_work import FailureClass
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin, snapshot
from seggraph.engines import EvaluationRequest, Population
from seggraph.services.catalogue import catalogues
from seggraph.services.changes import populations
from seggraph.services.computations import computations
from seggraph.services.customer_value import audience_values
from seggraph.services.memberships import deltas
from seggraph.services.memberships.deltas import MembershipDelta
from seggraph.services.memberships.membership import Membership, MembershipChange
from seggraph.services.reach import reach
from seggraph.services.reach.addresses import Addresses
from seggraph.services.reach.reach import ReachCounts
from seggraph.services.recompute import claims, reach_building
from seggraph.services.recompute.claims import RunClaim, RunResult
from seggraph.services.refresh import drift, refresh
from seggraph.services.refresh.drift import Evaluated
from seggraph.services.rules import rules, segment_references
from seggraph.services.rules.rules import Rule
from seggraph.settings import Settings
from seggraph.vocabulary import ReachStatus, RunStatus

log = structlog.get_logger()

# any workspace: the run is the one of the segment whose lease this worker holds
FORGET_REFRESHED = "UPDATE runs SET refreshed = NULL WHERE id = $1 AND refreshed IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of scanning one snapshot: each rule with its criteria and the members that match."""

    rules: Sequence[Rule]
    criteria: Sequence[Checked]
    matched: Sequence[BitMap]
    as_of: datetime
    zone: ZoneInfo


async def run(context: Context, segment_id: int, revision: int) -> RunStatus | None:
    """Carry out the run of a revision, unless it is done, overtaken, or another worker's.

    Returns how the run ended, or None if there was none to carry out. A failure that may pass leaves the
    segment CALCULATING with a time to try again; any other makes it FAILED, its last good numbers untouched.
    """
    claim = await claims.claim(context, segment_id, revision)
    if claim is None:
        return None
    with structlog.contextvars.bound_contextvars(
        segment_id=segment_id, revision=revision, run_id=claim.run_id
    ):
        status = await leases.carry_out(
            claim.lease,
            _carry_out(context, claim),
            partial(_fail, context, claim),
            partial(claims.give_back, claim),
        )
        status = status or RunStatus.VOID
        if status is not RunStatus.FAILED:
            log.info(f"run_{status.lower()}")
    return status


async def _carry_out(context: Context, claim: RunClaim) -> RunStatus:
    async with asyncio.timeout(longest_seconds(context.settings)):
        scan = await leases.keep(claim.lease, _scan_and_publish(context, claim))
        await _apply(context, claim, scan)
    return RunStatus.SUCCEEDED


def longest_seconds(settings: Settings) -> float:
    """How long a run may take: what is pending, the scan, and what changed during it, a statement each or more."""
    return 3 * settings.statement_timeout_seconds


async def _scan_and_publish(context: Context, claim: RunClaim) -> Scan:
    """Scan, and publish the progress before and after: under the lease, because Redis may be slow to answer."""
    await context.stream.publish([claim.progressed(0.0, "SCANNING")])
    scan = await _scan(context, claim)
    await context.stream.publish([claim.progressed(0.9, "APPLYING")])
    return scan


async def _scan(context: Context, claim: RunClaim) -> Scan:
    """Evaluate all the segment's rules over one snapshot of the whole population.

    Changes that are pending are looked at first, so that the reachable audiences are not older than the members.
    Changes that refreshes left to the run until then are committed, so the snapshot has them.
    """
    await refresh.drain(context, claim.workspace_id, claim.kind)
    await reach_building.ensure_built(context, claim.workspace_id, claim.kind)
    async with database() as connection:
        await connection.execute(FORGET_REFRESHED, claim.run_id)
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        population_settings = await populations.describe(connection, claim.workspace_id, claim.kind)
        found = await _rules(connection, claim)
        catalogue = await catalogues.load(connection, claim.workspace_id, claim.kind)
        criteria = [rule.checked(catalogue) for rule in found]
        matched = await context.engine.evaluate(
            connection,
            EvaluationRequest(
                population_settings.population,
                criteria,
                as_of=as_of,
                zone=population_settings.zone,
                timeout_seconds=context.settings.statement_timeout_seconds,
                max_cost=context.settings.max_evaluation_cost,
            ),
        )
        return Scan(found, criteria, matched, as_of, population_settings.zone)


async def _apply(context: Context, claim: RunClaim, scan: Scan) -> None:
    """Make the result the segment's membership, with its numbers, history and events, in one transaction.

    Raises LeaseLost if the result is void by now.
    """
    async with begin() as unit:
        connection = unit.connection
        await computations.hold_result(connection, claim.segment_id, claim.revision, claim.lease)
        membership = await _membership(context, connection, claim, scan)
        change = membership.change()
        after = membership.members_after
        await _report_drift(context, unit, claim, scan, change)
        counts = await _reach(connection, claim, after)
        store = ChunkStore(connection, claim.workspace_id)
        await deltas.write(store, connection, claim.workspace_id, [membership.stored(change)])
        delta = MembershipDelta(claim.segment_id, claim.revision, change, counts)
        await computations.finish(connection, claim.computation, scan.as_of, len(after), counts)
        await claims.finish(connection, claim, RunResult(scan.as_of, change, len(after)))
        recorded = await deltas.record_run(connection, claim.workspace_id, claim.kind, claim.run_id, delta)
        entries = deltas.entries_and_exits([delta])
        audience_values.follow(context, unit, claim.workspace_id, claim.kind, entries)
        context.publish(unit, deltas.facts_of(claim.workspace_id, recorded, datetime.now(UTC)))
        await segment_references.mark_followers(context, unit, claim.workspace_id, claim.kind, [delta])


async def _report_drift(
    context: Context, unit: UnitOfWork, claim: RunClaim, scan: Scan, change: MembershipChange
) -> None:
    population = Population(claim.workspace_id, claim.kind)
    evaluated = Evaluated(scan.criteria, scan.as_of, scan.zone)
    await drift.report(context, unit, population, claim.segment_id, evaluated, change)


async def _membership(
    context: Context, connection: asyncpg.Connection, claim: RunClaim, scan: Scan
) -> Membership:
    """The membership before, and after the result is applied. The caller holds the segment.

    A playbook that was paused since the snapshot has no rule any more: its links stay as they are.
    """
    matched = await _with_refreshed(context, connection, claim, scan)
    memberships = await deltas.read_memberships(connection, claim.workspace_id, [claim.segment_id])
    membership = memberships[claim.segment_id]
    current = await _rules(connection, claim)
    for rule, ordinals in zip(scan.rules, matched, strict=True):
        if rule in current:
            membership.link(rule.source_id, ordinals)
    return membership


async def _rules(connection: asyncpg.Connection, claim: RunClaim) -> list[Rule]:
    return (await rules.of_segments(connection, claim.workspace_id, [claim.segment_id]))[claim.segment_id]


async def _with_refreshed(
    context: Context, connection: asyncpg.Connection, claim: RunClaim, scan: Scan
) -> Sequence[BitMap]:
    """What the scan matched, with the ordinals that were refreshed since its snapshot evaluated anew.

    That is done as of now: time may have let them enter or exit after the scan, and no later look would find that.
    """
    # any workspace: the run is the one of the segment whose lease this worker holds
    refreshed = await connection.fetchval("SELECT refreshed FROM runs WHERE id = $1", claim.run_id)
    if refreshed is None or not scan.rules:
        return scan.matched
    ordinals = from_bytes(refreshed)
    anew = await context.engine.evaluate(
        connection,
        EvaluationRequest(
            Population(claim.workspace_id, claim.kind),
            scan.criteria,
            as_of=await connection.fetchval("SELECT clock_timestamp()"),
            zone=scan.zone,
            within_ordinals=ordinals,
            timeout_seconds=context.settings.statement_timeout_seconds,
        ),
    )
    return [(matched - ordinals) | now for matched, now in zip(scan.matched, anew, strict=True)]


async def _reach(connection: asyncpg.Connection, claim: RunClaim, members: BitMap) -> ReachCounts:
    population_id = await populations.ensure(connection, claim.workspace_id, claim.kind)
    owners = reach.owners(population_id)
    store = ChunkStore(connection, claim.workspace_id)
    audiences = await store.read_many(list(owners.values()))
    reachable = {place: audiences[owner] for place, owner in owners.items()}
    counts = await asyncio.to_thread(reach.count, members, reachable, claim.purpose)
    addresses = Addresses(connection, store, claim.workspace_id, claim.kind)
    return counts + await addresses.count(population_id, members, reachable)


async def _fail(context: Context, claim: RunClaim, error: Exception) -> RunStatus:
    """Close the run with the reason; the segment is computed again later if that may help, otherwise it is FAILED."""

    async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
        # The segment's row, which is changed already, comes before the run's, as a refresh takes them.
        if failure.is_final:
            context.publish(unit, [claim.computation.reach_changed(ReachStatus.FAILED)])
        await claims.fail(unit.connection, claim, failure.code, failure.message)

    await computations.fail(claim.lease, claim.attempt, error, settle)
    return RunStatus.FAILED
