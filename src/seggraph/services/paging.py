"""Pages by keyset: cursors that hold the sort keys of a row, never an offset.

A page that is read again after inserts and deletes elsewhere shows neither gaps nor repetitions.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import asyncpg
import orjson

from seggraph.errors import BadCursor, Invalid, TooMany

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 1_000

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: `first` after a cursor, or `last` before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backwards(self) -> bool:
        """Whether the page is counted from the end."""
        return self.last is not None

    @property
    def size(self) -> int:
        """How many rows are asked for. Raises Invalid or TooMany for what cannot be."""
        if self.first is not None and self.last is not None:
            raise Invalid("Give first or last, not both.", path=("last",))
        name, size = ("last", self.last) if self.backwards else ("first", self.first)
        if size is None:
            return DEFAULT_SIZE
        if size < 0:
            raise Invalid(f"{name} may not be negative.", path=(name,))
        if size > MAX_SIZE:
            raise TooMany(f"{name} is at most {MAX_SIZE}; page on with the cursor.", path=(name,))
        return size


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in order, each with its cursor, and whether there are more on either side."""

    items: list[T]
    cursors: list[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A sort key: an SQL expression that is never null, and the PostgreSQL type of its values."""

    sql: str
    type: str


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of rows: a name that cursors carry, keys of which the last is unique, a direction."""

    name: str
    keys: tuple[Key, ...]
    descending: bool = False

    @property
    def tag(self) -> str:
        """What a cursor of this order begins with: another order's cursor does not fit."""
        return f"{self.name}{'-' if self.descending else '+'}"


def nullable(sql: str, type_: str, empty: str, *, descending: bool) -> tuple[Key, ...]:
    """The keys of a column that may be null, with nulls last in either direction.

    `empty` is any literal of the type: it stands for null, which the first key already told apart.
    """
    test = "IS NOT NULL" if descending else "IS NULL"
    return Key(f"({sql} {test})", "boolean"), Key(f"coalesce({sql}, {empty})", type_)


def encode_cursor(order: Order, values: Sequence[Any]) -> str:
    """The cursor of the row with these sort keys."""
    raw = orjson.dumps([order.tag, *values], default=str)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(order: Order, cursor: str, *, path: str) -> list[Any]:
    """The sort keys in a cursor, as asyncpg wants them. Raises BadCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, *values = orjson.loads(raw)
        if tag != order.tag or len(values) != len(order.keys):
            raise ValueError(tag)
        return [_DECODE[key.type](value) for key, value in zip(order.keys, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, binascii.Error) as error:
        message = "This is no cursor of this connection in this order; begin without one."
        raise BadCursor(message, path=(path,)) from error


def _checked(type_: type[R]) -> Callable[[Any], R]:
    def check(value: Any) -> R:
        if type(value) is not type_:
            raise TypeError(type_.__name__)
        return value

    return check


_DECODE: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _checked(str),
    "bigint": _checked(int),
    "boolean": _checked(bool),
    "double precision": float,
    "numeric": Decimal,
    "timestamptz": datetime.fromisoformat,
}


async def fetch_page(
    connection: asyncpg.Connection,
    select: str,
    arguments: Sequence[Any],
    order: Order,
    request: PageRequest,
    make: Callable[[asyncpg.Record], R],
) -> Page[R]:
    """Read one page of the rows of `select`, which ends in a WHERE clause with `arguments` bound as $1, $2, …

    The keys of the order are appended to its conditions, order and limit; `select` must contain the text
    ``/*keys*/`` in its list of columns. Raises BadCursor, Invalid, TooMany.
    """
    size = request.size
    values = list(arguments)
    conditions = ""
    if request.after is not None:
        after = decode_cursor(order, request.after, path="after")
        conditions += _beyond(order, len(values), descending=order.descending)
        values += after
    if request.before is not None:
        before = decode_cursor(order, request.before, path="before")
        conditions += _beyond(order, len(values), descending=not order.descending)
        values += before
    falling = order.descending is not request.backwards
    direction = "DESC" if falling else "ASC"
    columns = ", ".join(f"{key.sql} AS key_{index}" for index, key in enumerate(order.keys))
    sorting = ", ".join(f"key_{index} {direction}" for index in range(len(order.keys)))
    text = f"{select.replace('/*keys*/', ', ' + columns)} {conditions} ORDER BY {sorting} LIMIT {size + 1}"
    rows = await connection.fetch(text, *values)
    more, rows = len(rows) > size, rows[:size]
    if request.backwards:
        rows.reverse()
    return Page(
        items=[make(row) for row in rows],
        cursors=[
            encode_cursor(order, [row[f"key_{index}"] for index in range(len(order.keys))]) for row in rows
        ],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None,
    )


def _beyond(order: Order, bound: int, *, descending: bool) -> str:
    """The condition that a row comes after (or, when falling, before) the keys bound from `bound` on."""
    left = ", ".join(key.sql for key in order.keys)
    right = ", ".join(f"${bound + index + 1}::{key.type}" for index, key in enumerate(order.keys))
    return f" AND ({left}) {'<' if descending else '>'} ({right})"
