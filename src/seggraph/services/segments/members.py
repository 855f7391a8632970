"""Pages of the members of segments: one segment's or those of a whole list of segments, in the same few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import Order, Page, PageRequest
from seggraph.services.criteria import matching
from seggraph.services.members import lists, members
from seggraph.services.members import pages as member_pages
from seggraph.services.members.lists import MemberList, Total
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
    total: Total


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
    sought = MemberList(shared.kind, shared.search).sought
    audiences = await members.audiences_read_with(viewer, segments)
    if shared.where is not None:
        document = orjson.loads(shared.where)
        found = await matching.find(context, viewer, shared.kind, document, path="where")
        audiences = [audience & found for audience in audiences]
    narrowed = await lists.narrowed(viewer, shared.kind, sought, audiences)
    cut = await member_pages.pages_of(
        viewer, shared.kind, narrowed, shared.order, shared.request, columns=shared.columns
    )
    totals = await lists.totals(viewer, shared.kind, narrowed)
    made = [SegmentPage(page, total) for page, total in zip(cut, totals, strict=True)]
    return dict(zip(segments, made, strict=True))
