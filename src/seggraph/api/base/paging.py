"""Relay connections: pages of a service as edges and page info.

A list is one class: `class UserConnection(CountedConnection[User, Edge[User]])`. Its edges are called `UserEdge`
in the schema; a list whose edges say more has a subclass of `Edge` instead.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Generic, Self, TypeVar, cast

import strawberry

from seggraph.api.base.scalars import as_int
from seggraph.database.paging import Page, PageRequest
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import edges, item_of, items_of, of_page

FIRST: Final = (
    "How many objects to return from the start of the list, or after `after`: up to 1,000, default 50."
)
AFTER: Final = "Return the objects after this cursor, which comes from an earlier page of the same list."
LAST: Final = "How many objects to return from the end of the list, or before `before`: up to 1,000."
BEFORE: Final = "Return the objects before this cursor, which comes from an earlier page of the same list."

TOTAL_COUNT: Final = "How many objects the whole list has. They are counted only if you ask for this field."

TOTAL_COUNT_IS_ESTIMATE: Final = (
    "Whether totalCount is estimated from a sample of the members: only where a search finds thousands."
)

First = Annotated[int | None, strawberry.argument(description=FIRST)]
After = Annotated[str | None, strawberry.argument(description=AFTER)]
Last = Annotated[int | None, strawberry.argument(description=LAST)]
Before = Annotated[str | None, strawberry.argument(description=BEFORE)]

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

    page: strawberry.Private[Page[Any]]
    index: strawberry.Private[int]
    make: strawberry.Private[Callable[[Any], Any]]

    @property
    def item(self) -> Any:
        """What the service's page has here."""
        return self.page.items[self.index]

    @strawberry.field(
        description="The position of this edge in the list, for the arguments `after` and `before`.",
        metadata=of_page(lambda connection: connection.page.cursors[:]),
    )
    def cursor(self) -> str:
        """The cursor, made when it is asked for."""
        return self.page.cursors[self.index]

    @strawberry.field(
        description="The object itself.",
        metadata=of_page(lambda connection: items_of(connection.page.items, connection.make)),
    )
    def node(self) -> N:
        """The object."""
        made: N = item_of(self.item, self.make)
        return made


@strawberry.type
class Connection(Generic[N, E]):
    """Relay's connection: a page of a list. Subclasses say of what."""

    page: strawberry.Private[Page[Any]]
    make: strawberry.Private[Callable[[Any], Any]]
    """Makes an object of an item of the page that is no row."""

    @strawberry.field(
        description="The objects of the page, each with its cursor.",
        metadata=edges(lambda connection: len(connection.page.items)),
    )
    def edges(self) -> list[E]:
        """An edge for each item."""
        return [self.edge(index) for index in range(len(self.page.items))]

    @strawberry.field(description="Whether the list goes on before and after the page.")
    def page_info(self) -> PageInfo:
        """The page info."""
        return PageInfo.of(self.page)

    @strawberry.field(description="The objects of the page without cursors: a shortcut for `edges { node }`.")
    def nodes(self) -> list[N]:
        """The objects."""
        return list(items_of(self.page.items, self.make))

    def edge(self, index: int) -> E:
        """The edge of an item; a list whose edges say more makes them otherwise."""
        made: Any = Edge(page=self.page, index=index, make=self.make)
        return cast(E, made)


@strawberry.type
class CountedConnection(Connection[N, E]):
    """A connection that counts the whole list when it is asked to."""

    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description=TOTAL_COUNT)
    async def total_count(self) -> int:
        """Count the list."""
        return as_int(await self.count())

    @classmethod
    def of(cls, page: Page[Any], node: Callable[[Any], N], count: Callable[[], Awaitable[int]]) -> Self:
        """The connection of a service's page: `node` makes an object of an item, `count` counts the whole list."""
        return cls(page=page, make=node, count=count)


@strawberry.type
class BatchCountedConnection(CountedConnection[N, E]):
    """A connection of a list that many objects have: their counts come from a loader, all at once."""

    @strawberry.field(description=TOTAL_COUNT)
    @awaits_loaders
    async def total_count(self) -> int:
        """Count the list, together with those of other objects. `count` awaits a loader and nothing else."""
        return as_int(await self.count())
