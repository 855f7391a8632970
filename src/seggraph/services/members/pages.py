"""Pages of lists of members, in any order: first and deep ones cost what they show, however many members there are.

In the order in which members came, pages are cut from the bitmaps of audiences. Sorted by a field, few members are
read and sorted by themselves; pages of many are found in an index of the field (`sort_indexes`), from the place of the
cursor on, where each member is tested for the audience and the search. Without the index all members are sorted.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import bits_of
from seggraph.database.connections import database
from seggraph.database.paging import (
    Cursors,
    Order,
    Page,
    PageRequest,
    decode_cursor,
    fetch_lists,
    fetch_pages,
)
from seggraph.services.audit import repeated
from seggraph.services.members import lists, sort_indexes, sorted_selects
from seggraph.services.members.lists import MemberList, Narrowed
from seggraph.services.members.members import COLUMNS, listed_columns, rows_of, view_of
from seggraph.services.members.orders import BY_ORDINAL, MemberOrder
from seggraph.services.members.readable import members_read_by
from seggraph.vocabulary import MemberKind

SPARSE: Final = 8
"""Where fewer than one of so many members is in an audience, PostgreSQL looks for them one by one."""

SELECT_KEYS: Final = "SELECT m.ordinal /*keys*/ FROM members m WHERE m.workspace_id = $1 AND m.kind = $2"

READ_SORTED: Final = """
    SELECT {columns}, pages.*
    FROM /*pages*/ JOIN {members} ON m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = pages.ordinal
"""


async def list_page(
    viewer: Viewer,
    members: MemberList,
    order: Order,
    request: PageRequest,
    *,
    columns: Sequence[str] | None = None,
) -> Page[Any]:
    """A page of members: views, or rows with some columns. Raises BadCursor, Invalid, TooMany."""
    found = await lists.narrowed(viewer, members.kind, members.sought, [members.audience])
    [page] = await pages_of(viewer, members.kind, found, order, request, columns=columns)
    return page


async def pages_of(
    viewer: Viewer,
    kind: MemberKind,
    narrowed: Sequence[Narrowed],
    order: Order,
    request: PageRequest,
    *,
    columns: Sequence[str] | None = None,
) -> list[Page[Any]]:
    """The same page of each list, in statements that do not depend on how many lists there are.

    Raises BadCursor, Invalid, TooMany.
    """
    pages = await _pages_of(viewer, kind, narrowed, order, request, columns)
    await repeated.count_read(viewer, sum(len(page.items) for page in pages))
    return pages


async def _pages_of(
    viewer: Viewer,
    kind: MemberKind,
    narrowed: Sequence[Narrowed],
    order: Order,
    request: PageRequest,
    columns: Sequence[str] | None,
) -> list[Page[Any]]:
    audiences = [list_.audience for list_ in narrowed if list_.audience is not None and not list_.search]
    if order.keys == BY_ORDINAL.keys and len(audiences) == len(narrowed):
        return await _cut_pages(viewer, kind, audiences, order, request, columns)
    large = [number for number, list_ in enumerate(narrowed) if not list_.is_small]
    sort = order.sort if isinstance(order, MemberOrder) else None
    walked = large if sort and large and await sort_indexes.is_ready(viewer, kind, sort) else []
    read = [number for number in range(len(narrowed)) if number not in walked]
    found: dict[int, Page[Any]] = {}
    for numbers, find in ((walked, _walk), (read, _sort)):
        lists_ = [narrowed[number] for number in numbers]
        if lists_:
            pages = await find(viewer, kind, lists_, order, request, columns)
            found |= dict(zip(numbers, pages, strict=True))
    return [found[number] for number in range(len(narrowed))]


async def _walk(
    viewer: Viewer,
    kind: MemberKind,
    walked: Sequence[Narrowed],
    order: Order,
    request: PageRequest,
    columns: Sequence[str] | None,
) -> list[Page[Any]]:
    """Pages found by walking the index of the order."""
    selects, arguments = await asyncio.to_thread(
        sorted_selects.of_lists, viewer.workspace_id, kind, walked, order, request
    )
    async with database() as connection:
        return await fetch_lists(
            connection, selects, arguments, order, request, _made(columns), reading=_reading(viewer, columns)
        )


async def _sort(
    viewer: Viewer,
    kind: MemberKind,
    narrowed: Sequence[Narrowed],
    order: Order,
    request: PageRequest,
    columns: Sequence[str] | None,
) -> list[Page[Any]]:
    """Pages of members that PostgreSQL reads and sorts."""
    arguments: list[Any] = [viewer.workspace_id, kind]
    selects = []
    for list_ in narrowed:
        select = SELECT_KEYS
        if list_.audience is not None:
            condition, values = await asyncio.to_thread(_in_audience, list_.audience, len(arguments))
            select += f" AND {condition}"
            arguments += values
        if list_.search is not None:
            arguments.append(list_.search)
            select += f" AND {lists.found_by(f'${len(arguments)}')}"
        selects.append(select)
    async with database() as connection:
        return await fetch_pages(
            connection, selects, arguments, order, request, _made(columns), reading=_reading(viewer, columns)
        )


def _in_audience(audience: BitMap, bound: int) -> tuple[str, list[Any]]:
    """The condition that a member is in an audience, and what it binds after so many other values.

    For a dense one PostgreSQL looks at each of the members between the first and the last; an array of so many
    ordinals takes it several times as long, most of it for planning.
    """
    if len(audience) > lists.FEW and audience.max() - audience.min() < SPARSE * len(audience):
        first, last, bits = (f"${bound + number}" for number in (1, 2, 3))
        condition = f"""m.ordinal BETWEEN {first} AND {last}
          AND CASE WHEN m.ordinal BETWEEN {first} AND {last} THEN get_bit({bits}::bytea, m.ordinal - {first}) = 1 END"""
        return condition, [audience.min(), audience.max(), bits_of(audience)]
    return f"m.ordinal = ANY(${bound + 1})", [list(audience)]


async def _cut_pages(
    viewer: Viewer,
    kind: MemberKind,
    audiences: Sequence[BitMap],
    order: Order,
    request: PageRequest,
    columns: Sequence[str] | None,
) -> list[Page[Any]]:
    window = _window(order, request)
    cuts = [window.cut(audience) for audience in audiences]
    wanted = set().union(*(ordinals for ordinals, _ in cuts))
    async with database() as connection:
        read = COLUMNS if columns is None else tuple(dict.fromkeys((*columns, "ordinal")))
        rows = await rows_of(connection, viewer, kind, sorted(wanted), read)
    by_ordinal = {row["ordinal"]: row if columns is not None else view_of(row) for row in rows}
    pages = []
    backwards, is_after, is_before = request.backwards, request.after is not None, request.before is not None
    for ordinals, more in cuts:
        here = [ordinal for ordinal in ordinals if ordinal in by_ordinal]
        items = [by_ordinal[ordinal] for ordinal in here]
        has_next, has_previous = (is_before, more) if backwards else (more, is_after)
        pages.append(Page(items, Cursors(order, [here]), has_next, has_previous))
    return pages


@dataclass(frozen=True, slots=True)
class _Window:
    """Which ordinals of an audience a page has: those above one and below another, so many of them."""

    above: int | None
    below: int | None
    size: int
    from_start: bool
    descending: bool

    def cut(self, audience: BitMap) -> tuple[list[int], bool]:
        """The ordinals of the page in their order, and whether there are more on the side that it grows towards."""
        above, below, size = self.above, self.below, self.size
        start = 0 if above is None else audience.rank(above)
        end = len(audience) if below is None else audience.rank(below) - (below in audience)
        available = max(0, end - start)
        taken = size if available > size else available
        first = start if self.from_start else end - taken
        ordinals = list(audience[first : first + taken]) if taken else []
        return ordinals[::-1] if self.descending else ordinals, available > size


def _window(order: Order, request: PageRequest) -> _Window:
    """The window of a page. Raises BadCursor, Invalid, TooMany."""
    after, before = _ordinal(order, request.after, "after"), _ordinal(order, request.before, "before")
    above, below = (before, after) if order.descending else (after, before)
    return _Window(above, below, request.size, order.descending is request.backwards, order.descending)


def _ordinal(order: Order, cursor: str | None, name: str) -> int | None:
    if cursor is None:
        return None
    [ordinal] = decode_cursor(order, cursor, path=name)
    return max(0, min(int(ordinal), 2**31 - 1))


def _reading(viewer: Viewer, columns: Sequence[str] | None) -> str:
    wanted = listed_columns([one for one in columns or COLUMNS if one != "ordinal"]) or "m.id"
    return READ_SORTED.format(columns=wanted, members=members_read_by(viewer, COLUMNS))


def _made(columns: Sequence[str] | None) -> Callable[[Any], Any] | None:
    return view_of if columns is None else None
