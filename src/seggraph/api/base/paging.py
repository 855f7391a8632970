"""Relay connections: pages of a service as edges and page info.

A list is one class: `class UserConnection(CountedConnection[User, Edge[User]])`. Its edges are called `UserEdge`
in the schema; a list whose edges say more has a subclass of `Edge` instead.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Generic, Self, TypeVar

import strawberry

from seggraph.api.base.scalars import as_int
from seggraph.database.paging import Page, PageRequest
from seggraph.transport.loading import awaits_loaders

FIRST: Final = (
    "How many objects to return from the start of the list, or after `after`: up to 1,000, default 50."
)
AFTER: Final = "Return the objects after this cursor, which comes from an earlier page of the same list."
LAST: Final = "How many objects to return from the end of the list, or before `before`: up to 1,000."
BEFORE: Final = "Return the objects before this cursor, which comes from an earlier page of the same list."

TOTAL_COUNT: Final = "How many objects the whole list has. They are counted only if you ask for this field."

First = Annotated[int | None, strawberry.argument(description=FIRST)]
After = Annotated[str | None, strawberry.argument(description=AFTER)]
Last = Annotated[int | None, strawberry.argument(description=LAST)]
Before = Annotated[str | None, strawberry.argument(description=BEFORE)]

V = TypeVar("V")
N = TypeVar("N")
E = TypeVar("E", bound="Edge[Any]")


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether the list continues after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge; null for an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge; null for an empty page."
    )

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


@strawberry.type(description="An object in a list, with its cursor.")
class Edge(Generic[N]):
    """Relay's edge."""

    cursor: str = strawberry.field(
        description="The position of this edge in the list, for the arguments `after` and `before`."
    )
    node: N = strawberry.field(description="The object itself.")


@strawberry.type
class Connection(Generic[N, E]):
    """Relay's connection: a page of a list. Subclasses say of what."""

    edges: list[E] = strawberry.field(description="The objects of the page, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on before and after the page.")

    @strawberry.field(description="The objects of the page without cursors: a shortcut for `edges { node }`.")
    def nodes(self) -> list[N]:
        """The nodes of the edges."""
        return [edge.node for edge in self.edges]


@strawberry.type
class CountedConnection(Connection[N, E]):
    """A connection that counts the whole list when it is asked to."""

    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description=TOTAL_COUNT)
    async def total_count(self) -> int:
        """Count the list."""
        return as_int(await self.count())

    @classmethod
    def of(cls, page: Page[V], node: Callable[[V], N], count: Callable[[], Awaitable[int]]) -> Self:
        """The connection of a service's page: `node` makes an object of an item, `count` counts the whole list."""
        return cls(edges=edges_of(page, node), page_info=PageInfo.of(page), count=count)  # type: ignore[arg-type]


@strawberry.type
class BatchCountedConnection(CountedConnection[N, E]):
    """A connection of a list that many objects have: their counts come from a loader, all at once."""

    @strawberry.field(description=TOTAL_COUNT)
    @awaits_loaders
    async def total_count(self) -> int:
        """Count the list, together with those of other objects. `count` awaits a loader and nothing else."""
        return as_int(await self.count())


def edges_of(page: Page[V], node: Callable[[V], N]) -> list[Edge[N]]:
    """An edge for each item of a page: `node` makes what it leads to."""
    return [
        Edge(cursor=cursor, node=node(item)) for cursor, item in zip(page.cursors, page.items, strict=True)
    ]
