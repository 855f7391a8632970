"""The members that match criteria now, within the limits of a preview: how lists are narrowed by a filter."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.engines import EvaluationRequest, too_slow
from seggraph.errors import CriteriaTooExpensive, CriteriaTooSlow, Path
from seggraph.services.changes import populations
from seggraph.services.criteria import documents
from seggraph.services.rules import segment_references
from seggraph.throttling import Bounded, Place
from seggraph.vocabulary import MemberKind

GRACE_SECONDS: Final = 0.5
"""The time limit of the server comes first, ours when the statements together take longer."""

PATIENCE_SECONDS: Final = 3.0
"""How long one waits for those of the same user, API key or workspace that are evaluated already."""


@asynccontextmanager
async def preview_limits(context: Context, viewer: Viewer, path: Path) -> AsyncIterator[None]:
    """Limit the block to the time of a preview, and to few of a viewer at once. Errors get the path of the criteria.

    Raises CriteriaTooSlow, CriteriaTooExpensive, and RateLimited.
    """
    seconds = context.settings.preview_timeout_seconds
    with await take_place(context, viewer):
        async with _timed(seconds, path):
            yield


async def take_place(context: Context, viewer: Viewer) -> Place:
    """A place among the previews of a viewer, of which there are few. Raises RateLimited after a while without one."""
    return await context.throttle.take(viewer, Bounded.PREVIEWS, patience_seconds=PATIENCE_SECONDS)


@asynccontextmanager
async def _timed(seconds: float, path: Path) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            yield
    except TimeoutError as error:
        raise CriteriaTooSlow(too_slow(seconds), path=path) from error
    except (CriteriaTooSlow, CriteriaTooExpensive) as error:
        raise type(error)(error.message, path=path) from error


async def find(
    context: Context, viewer: Viewer, kind: MemberKind, document: Mapping[str, Any], *, path: str
) -> BitMap:
    """The members that match criteria now.

    Raises CriteriaError, CriteriaTooSlow, CriteriaTooExpensive, and Forbidden for what the viewer may not ask about.
    """
    async with preview_limits(context, viewer, (path,)), snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        _, criteria = await documents.checked(connection, viewer.workspace_id, kind, document, path=(path,))
        documents.require_askable(viewer, criteria, path=(path,))
        await segment_references.require_usable(connection, viewer, kind, criteria, path=(path,))
        population_settings = await populations.describe(connection, viewer.workspace_id, kind)
        [members] = await context.engine.evaluate(
            connection,
            EvaluationRequest(
                population_settings.population,
                [criteria],
                as_of=as_of,
                zone=population_settings.zone,
                timeout_seconds=context.settings.preview_timeout_seconds,
                max_cost=context.settings.max_evaluation_cost,
            ),
        )
    return members
