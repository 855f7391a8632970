"""The catalogue of events in the schema: which names there are, and which properties they have."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.base.context import caller_of
from seggraph.api.base.scalars import as_int
from seggraph.services.events import catalogue
from seggraph.services.events.catalogue import EventTotal, PropertyUse
from seggraph.vocabulary import MemberKind


@strawberry.enum(description="The JSON type of a property of an event.")
class PropertyType(Enum):
    """What `jsonb_typeof` says of a value."""

    STRING = strawberry.enum_value("string", description="A text, which may also be a date or a time.")
    NUMBER = strawberry.enum_value("number", description="A number of any size.")
    BOOLEAN = strawberry.enum_value("boolean", description="Either true or false.")
    LIST = strawberry.enum_value("array", description="A list of values.")
    OBJECT = strawberry.enum_value("object", description="An object with properties of its own.")


@strawberry.type(description="A property of events of one name, as the latest 500 of them have it.")
class EventProperty:
    """A property, from a sample."""

    name: str = strawberry.field(description="The name of the property, as conditions on events use it.")
    type: PropertyType = strawberry.field(description="The type that it has most often.")
    count: int = strawberry.field(description="How many of the latest 500 events have it.")
    examples: list[str] = strawberry.field(description="Up to 3 of its values, as text.")

    @staticmethod
    def of(name: str, use: PropertyUse) -> "EventProperty":
        """The property as the service saw it."""
        return EventProperty(
            name=name, type=PropertyType(use.type), count=use.count, examples=list(use.examples)
        )


@dataclass(slots=True)
class _Listed:
    """The names of one list: what is counted of one of them is counted of all at once."""

    viewer: Viewer
    kind: MemberKind
    names: list[str]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    counted: Mapping[str, EventTotal] | None = None
    seen: Mapping[str, Mapping[str, PropertyUse]] | None = None

    async def total(self, name: str) -> EventTotal:
        """How many events of a name there are."""
        async with self.lock:
            if self.counted is None:
                self.counted = await catalogue.totals(self.viewer, self.kind, self.names)
        return self.counted[name]

    async def properties(self, name: str) -> Mapping[str, PropertyUse]:
        """Which properties events of a name have."""
        async with self.lock:
            if self.seen is None:
                self.seen = await catalogue.properties_seen(self.viewer, self.kind, self.names)
        return self.seen[name]


@strawberry.type(description="A name that events of members of a kind have.")
class EventName:
    """A name, with what there is of it."""

    name: str = strawberry.field(description="The name, like order or page_view; case matters.")
    listed: strawberry.Private[_Listed]

    @strawberry.field(description="How many events of the name there are.")
    async def count(self) -> int:
        """Count them."""
        return as_int((await self.listed.total(self.name)).count)

    @strawberry.field(description="When the latest event of the name occurred.")
    async def last_at(self) -> datetime:
        """Look at the totals."""
        return (await self.listed.total(self.name)).last_at

    @strawberry.field(
        description="The properties of the latest 500 events of the name, the most frequent first; up to 200. Empty"
        " without the right to personal data."
    )
    async def properties(self) -> list[EventProperty]:
        """Look at the latest events."""
        seen = await self.listed.properties(self.name)
        return [EventProperty.of(name, use) for name, use in seen.items()]


@strawberry.type
class EventNameQueries:
    """The query of the catalogue of events."""

    @strawberry.field(
        description="The names of the events that members of a kind have done, in alphabetical order; up to 500."
    )
    async def event_names(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        search: Annotated[
            str | None,
            strawberry.argument(description="Return only names that contain this text; case is ignored."),
        ] = None,
    ) -> list[EventName]:
        """List the names."""
        viewer = caller_of(info).viewer
        names = await catalogue.search(viewer, kind, search)
        listed = _Listed(viewer, kind, names)
        return [EventName(name=name, listed=listed) for name in names]
