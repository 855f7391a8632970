"""Relay connections: pages of a service as edges and page info."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import strawberry

from seggraph.database.paging import Page, PageRequest
from seggraph.transport.records import item_of

FIRST: Final = "How many from the start, or after `after`: up to 1,000, 50 unless given."
AFTER: Final = "A cursor of this connection: the page begins behind it."
LAST: Final = "How many from the end, or before `before`."
BEFORE: Final = "A cursor of this connection: the page ends ahead of it."

First = Annotated[int | None, strawberry.argument(description=FIRST)]
After = Annotated[str | None, strawberry.argument(description=AFTER)]
Last = Annotated[int | None, strawberry.argument(description=LAST)]
Before = Annotated[str | None, strawberry.argument(description=BEFORE)]

N = TypeVar("N")
V = TypeVar("V")
E = TypeVar("E")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge.")

    @staticmethod
    def of(page: Page[Any]) -> "PageInfo":
        """The page info of a service's page."""
        return PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )


def request_of(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """The page that a field's arguments ask for."""
    return PageRequest(first=first, after=after, last=last, before=before)


def edges_of(page: Page[V], edge: Callable[..., E], node: Callable[[V], object]) -> list[E]:
    """An edge for each item of a page: `node` makes what it leads to."""
    return [
        edge(cursor=cursor, node=item_of(item, node))
        for cursor, item in zip(page.cursors, page.items, strict=True)
    ]


def nodes_of(page: Page[Any], node: Callable[[Any], N]) -> list[N]:
    """What the edges of a page lead to, without the edges."""
    return [item_of(item, node) for item in page.items]
