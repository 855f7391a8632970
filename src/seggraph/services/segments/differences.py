"""What an edit changes: who enters and who exits, evaluated apart from the computation that it asks for."""

from dataclasses import dataclass
from datetime import datetime

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.engines import EvaluationRequest
from seggraph.errors import CriteriaTooSlow
from seggraph.services.catalogue import catalogues
from seggraph.services.changes import populations
from seggraph.services.rules import rules
from seggraph.services.segments.edits import Edit
from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class Difference:
    """The members of a kind before and after an edit, as of an instant."""

    kind: MemberKind
    before: BitMap
    after: BitMap
    as_of: datetime


async def of_edit(context: Context, viewer: Viewer, edit: Edit) -> Difference | None:
    """The members before and after an edit; None if it changes no membership, or the evaluation takes too long.

    The computation that the edit asked for may find others: by then members may have changed.
    """
    membership, segment = edit.before, edit.segment
    if membership is None:
        return None
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        population_settings = await populations.describe(connection, viewer.workspace_id, segment.kind)
        catalogue = await catalogues.load(connection, viewer.workspace_id, segment.kind)
        found = (await rules.of_segments(connection, viewer.workspace_id, [segment.id]))[segment.id]
        try:
            matched = await context.engine.evaluate(
                connection,
                EvaluationRequest(
                    population_settings.population,
                    [rule.checked(catalogue) for rule in found],
                    as_of=as_of,
                    zone=population_settings.zone,
                    timeout_seconds=context.settings.preview_timeout_seconds,
                ),
            )
        except CriteriaTooSlow:
            return None
    for rule, ordinals in zip(found, matched, strict=True):
        if rule.source_id in membership.links:
            membership.link(rule.source_id, ordinals)
    return Difference(segment.kind, membership.members, membership.members_after, as_of)
