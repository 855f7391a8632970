"""What a change of an attribute would do to the criteria that ask about it: shown before anything is done."""

import asyncio
from dataclasses import dataclass
from typing import Final

import asyncpg

from seggraph.access import Viewer, require_personal_data
from seggraph.context import Context
from seggraph.criteria import Checked, Node, check
from seggraph.criteria.renaming import renamed
from seggraph.database.unit_of_work import snapshot
from seggraph.engines import EvaluationRequest
from seggraph.errors import CriteriaTooExpensive, CriteriaTooSlow, SeggraphError
from seggraph.services.attribute_changes import drafts, plans
from seggraph.services.attribute_changes.drafts import AttributeChangeDraft, LostValue, Values
from seggraph.services.attribute_changes.plans import Planned
from seggraph.services.attribute_changes.uses import AttributeUse
from seggraph.services.catalogue import catalogues
from seggraph.services.changes import populations
from seggraph.services.criteria import matching
from seggraph.vocabulary import AttributeChangeType, AttributeType, MemberKind

MOST_EVALUATED: Final = 20
"""Of how many uses the members are counted before and after."""


@dataclass(frozen=True, slots=True)
class UseEffect:
    """What a change would do to something that uses the attribute.

    `before` and `after` are how many members its criteria match; None where that was not evaluated. `problem` says why
    the criteria would not hold any more.
    """

    use: AttributeUse
    before: int | None = None
    after: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would do."""

    planned: Planned
    values: Values
    lost_values: list[LostValue]
    effects: list[UseEffect]
    warnings: list[str]


async def problem(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, planned: Planned, use: AttributeUse
) -> str | None:
    """Why the criteria of a use would not hold after a change; None if they would, or it has none."""
    if use.criteria is None:
        return None
    try:
        await _after(connection, viewer, kind, planned, use, use.criteria)
    except SeggraphError as error:
        return error.message
    return None


async def _after(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    planned: Planned,
    use: AttributeUse,
    node: Node,
) -> Checked:
    """The criteria of a use as they are after a change. Raises a CriteriaError or Problems."""
    changing = planned.changing
    if changing.former is not None:
        node = renamed(node, use.kind, kind, changing.former, changing.name)
    return check(node, await catalogues.load(connection, viewer.workspace_id, use.kind, planned.alter))


async def preview(context: Context, viewer: Viewer, draft: AttributeChangeDraft) -> ChangePreview:
    """What a change would do to the values, and to what uses the attribute, of one instant.

    Raises what `changes.plan` does, CriteriaTooSlow, RateLimited, and Forbidden for the values of a personal attribute.
    """
    async with matching.preview_limits(context, viewer, ("name",)), snapshot() as connection:
        planned = await plans.plan(connection, viewer, draft)
        if planned.before.is_personal:
            require_personal_data(viewer, path=("name",))
        key = (connection, viewer.workspace_id, draft.kind, planned.changing)
        values = await drafts.read_values(*key)
        lost = await drafts.lost_values(*key) if values.lost else []
        effects: list[UseEffect] = []
        for use in planned.uses:
            may_count = use.visible and len(effects) < MOST_EVALUATED
            effects.append(
                await _effect(context, connection, viewer, draft.kind, planned, use, may_count=may_count)
            )
    return ChangePreview(planned, values, lost, effects, _warnings(planned))


async def _effect(
    context: Context,
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    planned: Planned,
    use: AttributeUse,
    *,
    may_count: bool,
) -> UseEffect:
    if use.criteria is None:
        return UseEffect(use)
    try:
        after = await _after(connection, viewer, kind, planned, use, use.criteria)
    except SeggraphError as error:
        return UseEffect(use, problem=error.message)
    if not may_count:
        return UseEffect(use)
    try:
        catalogue = await catalogues.load(connection, viewer.workspace_id, use.kind)
        trees = [check(use.criteria, catalogue), after]
        counts = await _counts(context, connection, viewer, use.kind, trees)
    except (TimeoutError, SeggraphError) as error:
        if isinstance(error, CriteriaTooSlow | CriteriaTooExpensive | asyncio.TimeoutError):
            raise
        return UseEffect(use)  # they hold no more already
    return UseEffect(use, before=counts[0], after=counts[1])


async def _counts(
    context: Context, connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, trees: list[Checked]
) -> list[int]:
    settings = await populations.describe(connection, viewer.workspace_id, kind)
    found = await context.engine.evaluate(
        connection,
        EvaluationRequest(
            settings.population,
            trees,
            as_of=await connection.fetchval("SELECT now()"),
            zone=settings.zone,
            timeout_seconds=context.settings.preview_timeout_seconds,
            max_cost=context.settings.max_evaluation_cost,
        ),
    )
    return [len(members) for members in found]


def _warnings(planned: Planned) -> list[str]:
    """What nobody can mend by the change."""
    changing = planned.changing
    is_converted = changing.change is AttributeChangeType.CONVERT
    if (
        is_converted
        and changing.from_type is AttributeType.NUMBER
        and changing.to_type is AttributeType.STRING
    ):
        return [
            "A number has no leading zeros: 02139 that was stored as a number is 2139 now and becomes 2139. If these"
            " are codes, change the type and import them again."
        ]
    return []
