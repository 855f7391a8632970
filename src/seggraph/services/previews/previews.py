"""Previews: what unsaved criteria would match, from one snapshot, and what that would change about a segment."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.context import Context
from seggraph.criteria import Checked, describe, references, to_json
from seggraph.criteria.nodes import All, AnyOf, Not
from seggraph.database.connections import database
from seggraph.database.unit_of_work import snapshot
from seggraph.engines import EvaluationRequest, Recall
from seggraph.errors import Invalid, NotFound, Path
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import populations
from seggraph.services.changes.populations import PopulationSettings
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.criteria import matching
from seggraph.services.criteria import warnings as criteria_warnings
from seggraph.services.criteria.warnings import CriteriaWarning
from seggraph.services.customer_value import customer_values
from seggraph.services.customer_value.customer_values import CustomerValue
from seggraph.services.reach import reach, suppressed_members
from seggraph.services.reach.reach import Reachable, ReachCounts
from seggraph.services.recompute import reach_building
from seggraph.services.rules import segment_references
from seggraph.services.segments import views as segment_views
from seggraph.vocabulary import MemberKind, SegmentPurpose

MAX_NODES: Final = 50
"""Most parts of a tree that one preview counts."""

FEW: Final = 20_000
"""Reach is evaluated for single members as long as there are no more of them than this."""

PENDING = "SELECT ordinals FROM dirty_batches WHERE workspace_id = $1 AND kind = $2"


@dataclass(frozen=True, slots=True)
class NodeCount:
    """A part of criteria, by its place in the tree, and how many members it matches by itself."""

    path: Path
    member_count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The members that criteria would match at an instant, and those of them that each channel would reach."""

    kind: MemberKind
    members: BitMap
    reach: ReachCounts
    sentence: str
    as_of: datetime
    document: Mapping[str, Any]
    """The criteria in canonical form."""
    segment_names: Mapping[int, str]
    """The names of the segments that the criteria refer to and the viewer sees."""
    nodes: Sequence[NodeCount]
    segment_id: int | None = None
    """The segment that the criteria are to be those of."""
    warnings: Sequence[CriteriaWarning] = ()


async def preview(
    context: Context,
    viewer: Viewer,
    kind: MemberKind,
    given: criteria_documents.Given,
    purpose: SegmentPurpose | None,
    *,
    segment_id: int | None = None,
    counts_nodes: bool = False,
) -> Preview:
    """Evaluate criteria without saving them; conditions that were evaluated on the same data are not again.

    With `segment_id` they are to become the criteria of this segment. With `counts_nodes` the parts of the tree are
    counted too, up to MAX_NODES of them.

    Raises CriteriaError, CriteriaTooSlow beyond the time limit, CriteriaTooExpensive, NotFound and Invalid for the
    segment, and SegmentCycle.
    """
    if segment_id is not None:
        await _of_kind(viewer, segment_id, kind)
    async with (
        matching.preview_limits(context, viewer, criteria_documents.path_of(given)),
        snapshot() as connection,
    ):
        now: datetime = await connection.fetchval("SELECT now()")
        node, criteria = await criteria_documents.read(connection, viewer, kind, given)
        if segment_id is not None:
            found = references(criteria, kind, path=criteria_documents.path_of(given))
            await segment_references.require_acyclic_now(connection, viewer, {segment_id}, found)
        warnings = await criteria_warnings.find(connection, viewer, kind, node, given)
        names = await criteria_documents.segment_names(connection, viewer, criteria)
        population_settings = await populations.describe(connection, viewer.workspace_id, kind)
        recall = await context.engine.recall(
            connection, population_settings.population, zone=population_settings.zone, now=now
        )
        parts = list(islice(_parts(criteria), MAX_NODES)) if counts_nodes else []
        asked = [criteria, *(part for _, part in parts)]
        members, *of_parts = await _evaluate(context, connection, population_settings, asked, recall)
        nodes = [NodeCount(path, len(of_part)) for (path, _), of_part in zip(parts, of_parts, strict=True)]
        reachable = await _reachable(context, connection, population_settings, members, recall)
    counts = await asyncio.to_thread(reach.count, members, reachable, purpose)
    return Preview(
        kind,
        members,
        counts,
        describe(criteria, segment_names=names),
        recall.as_of,
        to_json(node),
        names,
        nodes,
        segment_id,
        warnings,
    )


def _parts(node: Checked, path: Path = ()) -> Iterator[tuple[Path, Checked]]:
    """The parts of a tree with their places, the whole first, and what is inside of each behind it."""
    yield path, node
    match node:
        case All(items):
            for index, item in enumerate(items):
                yield from _parts(item, (*path, "all", index))
        case AnyOf(items):
            for index, item in enumerate(items):
                yield from _parts(item, (*path, "any", index))
        case Not(item):
            yield from _parts(item, (*path, "not"))


async def _evaluate(
    context: Context,
    connection: asyncpg.Connection,
    population_settings: PopulationSettings,
    criteria: list[Checked],
    recall: Recall,
    ordinals: BitMap | None = None,
) -> list[BitMap]:
    return await context.engine.evaluate(
        connection,
        EvaluationRequest(
            population_settings.population,
            criteria,
            as_of=recall.as_of,
            zone=population_settings.zone,
            within_ordinals=ordinals,
            recall=recall,
            timeout_seconds=context.settings.preview_timeout_seconds,
            max_cost=context.settings.max_evaluation_cost,
        ),
    )


async def _reachable(
    context: Context,
    connection: asyncpg.Connection,
    population_settings: PopulationSettings,
    members: BitMap,
    recall: Recall,
) -> Reachable:
    """The members at each step of reach, of those that are given; others may be in the result too.

    The stored audiences are right for all members but those that changed and were not refreshed yet.
    """
    workspace_id, kind = population_settings.population.workspace_id, population_settings.population.kind
    ordinals: BitMap | None = members
    kept: Reachable | None = None
    if len(members) > FEW:
        kept = await _kept(connection, workspace_id, kind)
        rows = await connection.fetch(PENDING, workspace_id, kind)
        pending = BitMap.union(BitMap(), *(from_bytes(row["ordinals"]) for row in rows)) & members
        if len(pending) > FEW:
            kept = None
        ordinals = None if kept is None else pending
    found = await _evaluate(
        context, connection, population_settings, reach.criteria(population_settings.policy), recall, ordinals
    )
    suppressed = await suppressed_members.find(connection, workspace_id, kind, ordinals)
    anew = reach.staged(found, suppressed)
    if kept is None or ordinals is None:
        return anew
    return {place: (kept[place] - ordinals) | anew[place] for place in kept}


async def _kept(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> Reachable | None:
    """The audiences that are kept of the population; None if others were asked for and are not built."""
    if await connection.fetchval(reach_building.REQUESTED, workspace_id, kind) is not None:
        return None
    population_id = await connection.fetchval(populations.FIND, workspace_id, kind)
    owners = reach.owners(population_id)
    found = await ChunkStore(connection, workspace_id).read_many(list(owners.values()))
    return {place: found[owner] for place, owner in owners.items()}


async def value(viewer: Viewer, found: Preview) -> CustomerValue:
    """What the members of a preview are worth, by their orders up to its instant."""
    async with database() as connection:
        return await customer_values.of_audience(
            connection, viewer.workspace_id, found.kind, found.members, found.as_of
        )


async def members_before(viewer: Viewer, found: Preview, segment_id: int) -> BitMap:
    """The members of a saved segment that a preview is compared with.

    Raises NotFound for a segment that the viewer does not see, Invalid for one of another kind.
    """
    await _of_kind(viewer, segment_id, found.kind)
    async with database() as connection:
        store = ChunkStore(connection, viewer.workspace_id)
        return await store.read(ChunkOwner(ChunkRole.MEMBERS, segment_id))


async def _of_kind(viewer: Viewer, segment_id: int, kind: MemberKind) -> None:
    """Raise NotFound for a segment that the viewer does not see, Invalid for one of another kind."""
    segment = (await segment_views.get_many(viewer, [segment_id])).get(segment_id)
    if segment is None:
        raise NotFound("There is no such segment.", path=("segmentId",))
    if segment.kind is not kind:
        message = f"The segment holds {segment.kind.name}, the preview {kind.name}: give a segment of these."
        raise Invalid(message, path=("segmentId",))
