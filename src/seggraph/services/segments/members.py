"""Pages of the members of segments: one segment's or those of a whole list of segments, in the same few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import Order, Page, PageRequest
from seggraph.services.criteria import matching
from seggraph.services.members import members
from seggraph.services.members.members import MemberList
from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class SegmentPageRequest:
    """Which page of the members of a segment, of any of this kind.

    `where` is criteria as JSON text, so that equal requests are equal.
    """

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


async def pages(
    context: Context,
    viewer: Viewer,
    shared: SegmentPageRequest,
    segments: Mapping[int, Sequence[bytes] | None],
) -> dict[int, SegmentPage]:
    """The same page of several segments of a kind, by their ids: the caller has found them visible.

    With each comes its AUDIENCE where it was read with the segment's row.
    Statements do not depend on how many segments they are. Raises BadCursor, Invalid, TooMany or a CriteriaError.
    """
    audiences = await members.audiences_among(viewer, segments)
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
    made = [SegmentPage(page, audience) for page, audience in zip(cut, audiences, strict=True)]
    return dict(zip(segments, made, strict=True))
