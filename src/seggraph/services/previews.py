"""Previews: what unsaved criteria would match, from one scan of one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyroaring import BitMap

from seggraph.criteria import Checked
from seggraph.criteria.describe import describe
from seggraph.criteria.nodes import All
from seggraph.services import criteria_documents, populations, reach, segment_references
from seggraph.services.context import Context
from seggraph.services.policy import Viewer
from seggraph.services.reach import ReachCounts
from seggraph.vocabulary import Channel, MemberKind, SegmentPurpose
from seggraph.work import snapshot


@dataclass(frozen=True, slots=True)
class Preview:
    """What criteria would match at an instant, and whom of them each channel would reach."""

    kind: MemberKind
    members: BitMap
    reach: ReachCounts
    sentence: str
    as_of: datetime


async def preview(
    context: Context,
    viewer: Viewer,
    kind: MemberKind,
    given: criteria_documents.Given,
    purpose: SegmentPurpose | None,
) -> Preview:
    """Evaluate criteria without saving them. Raises CriteriaError, and CriteriaTooSlow beyond the time limit."""
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        _, criteria = await criteria_documents.read(connection, viewer, kind, given)
        surroundings = await populations.describe(connection, viewer.workspace_id, kind)
        members, *reachable = await context.engine.evaluate(
            connection,
            surroundings.population,
            [criteria, *_reached(criteria, reach.criteria(surroundings.policy))],
            as_of=as_of,
            zone=surroundings.zone,
            timeout_seconds=context.settings.preview_timeout_seconds,
        )
    counts = reach.count(members, dict(zip(Channel, reachable, strict=True)), purpose)
    return Preview(kind, members, counts, describe(criteria), as_of)


async def matching(
    context: Context, viewer: Viewer, kind: MemberKind, document: Mapping[str, Any], *, path: str
) -> BitMap:
    """The members that match criteria now: how a list is narrowed by a filter. Raises like `preview`."""
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        _, criteria = await criteria_documents.checked(
            connection, viewer.workspace_id, kind, document, path=(path,)
        )
        await segment_references.require_usable(connection, viewer, kind, criteria, path=(path,))
        surroundings = await populations.describe(connection, viewer.workspace_id, kind)
        [members] = await context.engine.evaluate(
            connection,
            surroundings.population,
            [criteria],
            as_of=as_of,
            zone=surroundings.zone,
            timeout_seconds=context.settings.preview_timeout_seconds,
        )
    return members


def _reached(criteria: Checked, channels: list[Checked]) -> list[Checked]:
    return [All((criteria, channel)) for channel in channels]
