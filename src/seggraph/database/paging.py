"""Pages by keyset: cursors that hold the sort keys of a row, never an offset.

A page that is read again after inserts and deletes elsewhere shows neither gaps nor repetitions.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar, cast, overload

import asyncpg
import orjson

from seggraph.errors import BadCursor, Invalid, TooMany
from seggraph.values.attribute_values import storable_text

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 1_000
MAX_CURSOR: Final = 4_096
"""Most characters of a cursor: it holds a few sort keys."""
MAX_DIGITS: Final = 100
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
MAX_NUMBER: Final = 20
"""Characters of a number of 64 bits."""
ROWS: Final = "SELECT * FROM /*pages*/"

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
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


class Cursors(Sequence[str]):
    """The cursors of rows, each made when somebody wants it. `columns` are the sort keys: each key of all rows."""

    __slots__ = ("_columns", "_order")

    def __init__(self, order: "Order", columns: Sequence[Sequence[Any]]) -> None:
        self._order = order
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, int):
            return encode_cursor(self._order, [column[index] for column in self._columns])
        columns = [column[index] for column in self._columns]
        if self._order.is_numbered:
            return _encode_numbers(self._order, columns[0])
        return [encode_cursor(self._order, keys) for keys in zip(*columns, strict=True)]


class _Keys(Sequence[Any]):
    """A column of rows."""

    __slots__ = ("_name", "_rows")

    def __init__(self, rows: Sequence[asyncpg.Record], name: str) -> None:
        self._rows = rows
        self._name = name

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        name = self._name
        return (
            [row[name] for row in self._rows[index]] if isinstance(index, slice) else self._rows[index][name]
        )


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

    @property
    def is_numbered(self) -> bool:
        """Whether the key is one number."""
        return [key.type for key in self.keys] == ["bigint"]


def nullable(sql: str, type_: str, empty: str, *, descending: bool) -> tuple[Key, ...]:
    """The keys of a column that may be null, with nulls last in either direction.

    `empty` is any literal of the type: it stands for null, which the first key already separates.
    """
    test = "IS NOT NULL" if descending else "IS NULL"
    return Key(f"({sql} {test})", "boolean"), Key(f"coalesce({sql}, {empty})", type_)


def encode_cursor(order: Order, values: Sequence[Any]) -> str:
    """The cursor of the row with these sort keys."""
    if order.is_numbered:
        return _encode_numbers(order, values)[0]
    raw = orjson.dumps([order.tag, *values], default=str)
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_URL_SAFE).decode()


def _encode_numbers(order: Order, numbers: Sequence[int]) -> list[str]:
    """The cursors of many rows with one number each: they are of one length, and so encoded as one text and cut."""
    begin = orjson.dumps([order.tag])[:-1] + b","
    spaces = -(len(begin) + MAX_NUMBER + len("]")) % 3  # base64 has no padding after three bytes
    one = b"%b%%%dd]" % (begin.replace(b"%", b"%%"), MAX_NUMBER + spaces)
    text = binascii.b2a_base64(b"".join([one % number for number in numbers]), newline=False)
    cursors = text.translate(_URL_SAFE).decode()
    length = len(cursors) // len(numbers) if numbers else 1
    return [cursors[start : start + length] for start in range(0, len(cursors), length)]


def decode_cursor(order: Order, cursor: str, *, path: str) -> list[Any]:
    """The sort keys in a cursor, as asyncpg wants them. Raises BadCursor."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError(len(cursor))
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, *values = orjson.loads(raw)
        if tag != order.tag or len(values) != len(order.keys):
            raise ValueError(tag)
        return [_DECODE[key.type](value) for key, value in zip(order.keys, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, binascii.Error) as error:
        message = "This is no cursor of this connection in this order; begin without one."
        raise BadCursor(message, path=(path,)) from error


def _of(type_: type[R], value: Any) -> R:
    if type(value) is not type_:
        raise TypeError(type_.__name__)
    return value


def _text(value: Any) -> str:
    if not storable_text(value, MAX_CURSOR):
        raise ValueError("no text that PostgreSQL can compare with")
    return _of(str, value)


def _bigint(value: Any) -> int:
    if not -(2**63) <= _of(int, value) < 2**63:
        raise ValueError("no bigint")
    return _of(int, value)


def _numeric(value: Any) -> Decimal:
    number = Decimal(_of(str, value))
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError("no numeric of ours")
    return number


def _instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(_of(str, value))
    if instant.tzinfo is None:
        raise ValueError("no instant")
    return instant


_DECODE: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _text,
    "bigint": _bigint,
    "boolean": lambda value: _of(bool, value),
    "double precision": lambda value: _of(float, value),
    "numeric": _numeric,
    "timestamptz": _instant,
}


async def fetch_page(
    connection: asyncpg.Connection,
    select: str,
    arguments: Sequence[Any],
    order: Order,
    request: PageRequest,
    make: Callable[[asyncpg.Record], R] | None,
    *,
    reading: str = ROWS,
) -> Page[R]:
    """Read one page of the rows of `select`; see `fetch_pages`."""
    [page] = await fetch_pages(connection, [select], arguments, order, request, make, reading=reading)
    return page


async def fetch_pages(
    connection: asyncpg.Connection,
    selects: Sequence[str],
    arguments: Sequence[Any],
    order: Order,
    request: PageRequest,
    make: Callable[[asyncpg.Record], R] | None,
    *,
    reading: str = ROWS,
) -> list[Page[R]]:
    """Read the same page of several lists in one statement: each list is the rows of one of `selects`.

    A select ends in a WHERE clause with `arguments`, which all share, bound as $1, $2, … The keys of the order
    are appended to its conditions, order and limit; it must contain the text ``/*keys*/`` in its list of columns.
    Without `make` the items are the rows. `reading` reads the rows of the pages, ``/*pages*/``, and more for them where
    rows with all of it are slow to sort.
    Raises BadCursor, Invalid, TooMany.
    """
    size = request.size
    values = list(arguments)
    conditions = ""
    for name, cursor, is_falling in (
        ("after", request.after, order.descending),
        ("before", request.before, not order.descending),
    ):
        if cursor is not None:
            keys = decode_cursor(order, cursor, path=name)
            conditions += _beyond(order, len(values), descending=is_falling)
            values += keys
    direction = direction_of(order, request)
    names = key_names(order)
    columns = "".join(f", {key.sql} AS {name}" for key, name in zip(order.keys, names, strict=True))
    sorting = ", ".join(f"{name} {direction}" for name in names)
    texts = [
        f"({select.replace('/*keys*/', f'{columns}, {number} AS list_number')}"
        f" {conditions} ORDER BY {sorting} LIMIT {size + 1})"
        for number, select in enumerate(selects)
    ]
    return await fetch_lists(connection, texts, values, order, request, make, reading=reading)


async def fetch_lists(
    connection: asyncpg.Connection,
    lists: Sequence[str],
    arguments: Sequence[Any],
    order: Order,
    request: PageRequest,
    make: Callable[[asyncpg.Record], R] | None,
    *,
    reading: str = ROWS,
) -> list[Page[R]]:
    """Read pages in one statement, of which each is what a SELECT in `lists` returns.

    Each SELECT is in brackets, in order, and limited to one row more than asked for, from the side where the page
    begins. It has the keys of the order as `key_0`, `key_1`, …, and its number as `list_number`. For the rest see
    `fetch_pages`.
    """
    names, direction = key_names(order), direction_of(order, request)
    sorting = ", ".join(f"{name} {direction}" for name in names)
    if len(lists) == 1 and reading == ROWS:
        text = lists[0]
    else:
        pages = f"({' UNION ALL '.join(lists)}) AS pages"
        text = f"{reading.replace('/*pages*/', pages)} ORDER BY list_number, {sorting}"
    rows = await connection.fetch(text, *arguments)
    if len(lists) == 1:
        return [_page(rows, names, order, request, make)]
    found: list[list[asyncpg.Record]] = [[] for _ in lists]
    for row in rows:
        found[row["list_number"]].append(row)
    return [_page(rows, names, order, request, make) for rows in found]


def key_names(order: Order) -> list[str]:
    """The names of the columns with the keys of an order."""
    return [f"key_{index}" for index in range(len(order.keys))]


def direction_of(order: Order, request: PageRequest) -> str:
    """The direction in which rows are read: from the end if the page is counted from there."""
    return "DESC" if order.descending is not request.backwards else "ASC"


def _page(
    rows: list[asyncpg.Record],
    names: Sequence[str],
    order: Order,
    request: PageRequest,
    make: Callable[[asyncpg.Record], R] | None,
) -> Page[R]:
    """The page of rows that were read with one more than asked for, from the end if the page is."""
    more, rows = len(rows) > request.size, rows[: request.size]
    if request.backwards:
        rows.reverse()
    return Page(
        items=cast(list[R], rows) if make is None else [make(row) for row in rows],
        cursors=Cursors(order, [_Keys(rows, name) for name in names]),
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None,
    )


def _beyond(order: Order, bound: int, *, descending: bool) -> str:
    """The condition that a row comes after (or, when falling, before) the keys bound from `bound` on."""
    left = ", ".join(key.sql for key in order.keys)
    right = ", ".join(f"${bound + index + 1}::{key.type}" for index, key in enumerate(order.keys))
    return f" AND ({left}) {'<' if descending else '>'} ({right})"
