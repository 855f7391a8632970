"""A small schema that the transport's tests serve: every kind of type, every kind of failure."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from starlette.requests import HTTPConnection
from strawberry.file_uploads import Upload
from strawberry.scalars import JSON
from strawberry.types import Info

from seggraph.errors import Invalid, NameTaken, Problems, Required, Unauthenticated

Cents = NewType("Cents", int)


@dataclass(slots=True)
class Caller:
    """The context of the tests: who calls, and the operation's own memory."""

    token: str
    seen: list[str]


ENDED: set[str] = set()
"""Credentials that do not hold any more."""


async def make_caller(connection: HTTPConnection, params: Mapping[str, object] | None) -> Caller:
    given = connection.headers.get("authorization") if params is None else params.get("Authorization")
    if given == "Bearer wrong" or given in ENDED:
        raise Unauthenticated("The token is not valid.")
    if given == "Bearer broken":
        raise RuntimeError("the key store is away: secret-host")
    return Caller(str(given), [])


def fresh_caller(caller: Caller) -> Caller:
    return Caller(caller.token, [])


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Wheel:
    size: float | None


@strawberry.type
class Car(Named):
    id: strawberry.ID
    name: str
    colour: Colour
    built: date
    sold_at: datetime | None
    seats: int
    weight: float
    electric: bool
    tags: list[str]
    notes: list[str | None] | None
    extras: JSON
    price: Cents
    motto: str | None
    wheel: Wheel | None

    @strawberry.field
    def shout(self, suffix: str = "!") -> str:
        return self.name.upper() + suffix

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return f"{self.name} later"


@strawberry.type
class Boat(Named):
    name: str
    mast: int


Vehicle = Annotated[Car | Boat, strawberry.union("Vehicle")]


def a_car(**changes: Any) -> Car:
    values: dict[str, Any] = {
        "id": strawberry.ID("c1"),
        "name": "Ada",
        "colour": Colour.RED,
        "built": date(2024, 2, 29),
        "sold_at": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        "seats": 4,
        "weight": 1.5,
        "electric": True,
        "tags": ["a", "b"],
        "notes": ["x", None],
        "extras": {"deep": [1, {"er": None}]},
        "price": Cents(100),
        "motto": None,
        "wheel": Wheel(size=17.0),
    }
    return Car(**(values | changes))


@strawberry.input
class CarInput:
    name: str
    seats: int = 4


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field
    def car(self) -> Car | None:
        return a_car()

    @strawberry.field
    def cars(self, count: int = 2) -> list[Car]:
        return [a_car(id=strawberry.ID(f"c{n}"), name=f"Car {n}") for n in range(count)]

    @strawberry.field
    def vehicles(self) -> list[Vehicle]:
        return [a_car(), Boat(name="Bo", mast=2)]

    @strawberry.field
    def token(self, info: Info[Caller, None]) -> str:
        return info.context.token

    @strawberry.field
    def remember(self, info: Info[Caller, None], word: str) -> list[str]:
        info.context.seen.append(word)
        return info.context.seen

    @strawberry.field
    def taken(self) -> str | None:
        raise NameTaken("The name is taken.", path=("input", "name"))

    @strawberry.field
    def two_problems(self) -> str | None:
        raise Problems([Required("Give a name.", path=("name",)), Invalid("No.", path=("rows", 3))])

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    def broken_for_sure(self) -> str:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def huge_number(self) -> JSON:
        return JSON({"n": 2**70, "s": "\ud800"})


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, car: CarInput) -> str:
        return car.name

    @strawberry.mutation
    async def upload(self, file: Upload) -> str:
        content: bytes = await file.read()  # type: ignore[attr-defined]
        return content.decode()


class Streams:
    """How many subscriptions have started and ended: what must not leak."""

    started = 0
    ended = 0

    @classmethod
    async def at_rest(cls) -> int:
        """How many have ended, once all of those have that earlier tests left."""
        async with asyncio.timeout(120):
            while cls.ended < cls.started:  # noqa: ASYNC110 - the server's streams end it
                await asyncio.sleep(0.01)
        return cls.ended

    @classmethod
    async def have_ended(cls, number: int) -> None:
        """Wait until so many have ended."""
        async with asyncio.timeout(120):
            while cls.ended < number:  # noqa: ASYNC110 - the server's streams end it
                await asyncio.sleep(0.01)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncIterator[int]:
        Streams.started += 1
        try:
            for number in range(1, to + 1):
                yield number
                await asyncio.sleep(0)
        finally:
            Streams.ended += 1

    @strawberry.subscription
    async def forever(self) -> AsyncIterator[Car]:
        Streams.started += 1
        try:
            while True:
                yield a_car()
                await asyncio.sleep(0.01)
        finally:
            Streams.ended += 1

    @strawberry.subscription
    async def fails(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("password=hunter2")

    @strawberry.subscription
    async def refused(self) -> AsyncIterator[int]:
        if Streams.started >= 0:
            raise NameTaken("Taken.")
        yield 1
