"""Pages of the members of segments: one segment's or those of a whole list of segments, in the same few statements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import Order, Page, PageRequest
from seggraph.errors import SeggraphError
from seggraph.services.criteria import matching
from seggraph.services.members import members
from seggraph.services.members.members import MemberList
from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class SegmentPageRequest:
    """Which page of which segment's members: the caller has found the segment visible.

    `where` is criteria as JSON text, so that equal requests are equal.
    """

    segment_id: int
    kind: MemberKind
    order: Order
    request: PageRequest
    search: str | None = None
    where: str | None = None
    columns: tuple[str, ...] | None = None
    """Which columns to read of the members; None makes views of them."""


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A page, and the whole list that it is of."""

    page: Page[Any]
    """Views, or rows with the columns asked for and `ordinal`."""
    audience: BitMap


Answer = SegmentPage | SeggraphError


async def pages(
    context: Context, viewer: Viewer, requests: Sequence[SegmentPageRequest]
) -> dict[SegmentPageRequest, Answer]:
    """The pages asked for. Statements are counted by how differently segments are asked, not by how many.

    A request that cannot be met is answered with its error: BadCursor, Invalid, TooMany or a CriteriaError.
    """
    audiences = await members.audiences_of(viewer, list({request.segment_id for request in requests}))
    groups: dict[SegmentPageRequest, list[SegmentPageRequest]] = {}
    for request in requests:
        groups.setdefault(replace(request, segment_id=0), []).append(request)
    found: dict[SegmentPageRequest, Answer] = {}
    for shared, group in groups.items():
        try:
            cut = await _pages(context, viewer, shared, [audiences[request.segment_id] for request in group])
        except SeggraphError as error:
            found |= dict.fromkeys(group, error)
        else:
            found |= dict(zip(group, cut, strict=True))
    return found


async def _pages(
    context: Context, viewer: Viewer, shared: SegmentPageRequest, audiences: Sequence[BitMap]
) -> list[SegmentPage]:
    """The same page of several audiences of one kind."""
    searched = MemberList(shared.kind, shared.search)
    if searched.pattern is not None:
        found = await members.found_by(viewer, searched)
        audiences = [audience & found for audience in audiences]
    if shared.where is not None:
        document = orjson.loads(shared.where)
        found = await matching.find(context, viewer, shared.kind, document, path="where")
        audiences = [audience & found for audience in audiences]
    cut = await members.pages_of_audiences(
        viewer, shared.kind, audiences, shared.order, shared.request, columns=shared.columns
    )
    return [SegmentPage(page, audience) for page, audience in zip(cut, audiences, strict=True)]
