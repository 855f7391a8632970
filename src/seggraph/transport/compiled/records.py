"""Database rows as objects of the schema: a field of a type says which columns it is made of.

`rows_of` registers a type whose objects may be rows (asyncpg records). A field is the column of its own name
unless it is declared with `column`; a resolver that reads few columns says so with `reads`. Any other resolver
is given a whole object, made of a whole row. A resolver of a list asks `wanted` which columns to read.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asyncpg import Record
from graphql import GraphQLResolveInfo
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from seggraph.transport.compiled.loading import DataLoader

if TYPE_CHECKING:
    from seggraph.transport.compiled.running import Run

_KEY: Final = "_seggraph_rows"


@dataclass(frozen=True, slots=True)
class Column:
    """What a field is made of: columns, and what makes its value of their values; None: of one, as it is.

    `is_record` says that the value is an object that the same row stands for.
    """

    names: tuple[str, ...]
    make: Callable[..., Any] | None = None
    is_record: bool = False
    sql: str | None = None
    """The value as an SQL expression, where it is not the column and PostgreSQL can make it; `{row}` is the row."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The columns that a resolver reads of the row.

    `is_record` says that without arguments the same row stands for the object that it returns.
    """

    names: tuple[str, ...]
    is_record: bool = False


@dataclass(frozen=True, slots=True)
class Loads:
    """How a field is had of a loader, once for a level: by the attribute with the key, which is a column of rows.

    `make` makes the field's value of what the loader brings; a key that is None, and None that is brought, stay.
    PostgreSQL reads it with the row where all that is asked for of it are columns: `joined` selects the row whose
    `id` is the key, `{key}`, of the workspace of the row `{row}`; `made` makes one row of many, which is always there.
    """

    loader: Callable[[Info], DataLoader[Any, Any]]
    key: str | Callable[[Any], Any]
    make: Callable[[Any], Any] | None
    joined: str | None = None
    made: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the key."""
        return (self.key.removeprefix("view."),) if isinstance(self.key, str) else ()


@dataclass(frozen=True, slots=True)
class InBulk:
    """A function that resolves a field for all objects of a level: it takes the info and, for each, some columns.

    What an SqlColumn has is None where an object is no row. The field's arguments follow by name. It returns the
    values in the order of the objects.
    """

    function: Callable[..., Coroutine[Any, Any, Sequence[Any]]]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edges:
    """How many edges a connection has, for fields of edges that are had of it."""

    count: Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class OfPage:
    """What makes the values of a field of all edges, in their order, of their connection.

    Or `load` has the values of all edges, of what `values` makes of each connection.
    """

    values: Callable[[Any], Any]
    load: Callable[[Info, Sequence[Any]], Coroutine[Any, Any, Sequence[Any]]] | None = None


Declaration: TypeAlias = Column | Reads | Loads | InBulk | Edges | OfPage


@dataclass(frozen=True, slots=True)
class RowType:
    """A type whose objects may be rows: all columns in their order, and what makes an object of a whole row."""

    columns: tuple[str, ...]
    make: Callable[[Record], Any]
    table: str
    """What statements call the table; empty where rows are never JSON that PostgreSQL makes."""
    values: Mapping[str, Callable[[Any], Any]]
    """What makes a Python value of a column's, where they differ: for resolvers."""

    def reader(self, columns: Sequence[str]) -> Callable[[Record], tuple[Any, ...]]:
        """What reads some columns of a row, as Python values."""
        if len(columns) < 2:
            raise ValueError("a reader is of several columns")
        read: Callable[[Record], tuple[Any, ...]] = itemgetter(*columns)
        makes = [(index, self.values[name]) for index, name in enumerate(columns) if name in self.values]
        if not makes:
            return read

        def made(row: Record) -> tuple[Any, ...]:
            values = list(read(row))
            for index, make in makes:
                values[index] = make(values[index])
            return tuple(values)

        return made

    def stand_in(self, record: Record) -> "StandIn":
        """What a resolver gets for `self` that says which columns it reads."""
        return StandIn(self, record)


class StandIn:
    """A row in place of an object, and of its view: attributes are columns."""

    __slots__ = ("_record", "_type")

    def __init__(self, type_: RowType, record: Record) -> None:
        self._type = type_
        self._record = record

    @property
    def view(self) -> "StandIn":
        """The row once more: objects of the schema have views, with the same names."""
        return self

    def __getattr__(self, name: str) -> Any:
        value = self._record[name]
        make = self._type.values.get(name)
        return value if make is None or value is None else make(value)


def rows_of(
    type_: type,
    columns: Sequence[str],
    make: Callable[[Record], Any],
    values: Mapping[str, Callable[[Any], Any]] | None = None,
    *,
    table: str = "",
) -> None:
    """Let objects of a type of the schema be rows with these columns, of what statements call `table`."""
    setattr(type_, _KEY, RowType(tuple(columns), make, table, values or {}))


def row_type_of(type_: type) -> RowType | None:
    """How rows stand for objects of this very type, if they may."""
    found: RowType | None = vars(type_).get(_KEY)
    return found


def column(*names: str, make: Callable[..., Any] | None = None, sql: str | None = None) -> dict[str, Any]:
    """Metadata of a field that is made of columns: `strawberry.field(metadata=column("requested_revision"))`."""
    return {_KEY: Column(names, make, sql=sql)}


def same_row() -> dict[str, Any]:
    """Metadata of a field whose object is the same row, of a type that is registered too."""
    return {_KEY: Column((), is_record=True)}


def reads(*names: str, is_record: bool = False) -> dict[str, Any]:
    """Metadata of a field whose resolver reads these columns of the row, and no others; see `Reads`."""
    return {_KEY: Reads(names, is_record)}


def loads(
    loader: Callable[[Info], DataLoader[Any, Any]],
    key: str | Callable[[Any], Any],
    make: Callable[[Any], Any] | None = None,
    *,
    joined: str | None = None,
    made: str | None = None,
) -> dict[str, Any]:
    """Metadata of a field that is had of a loader; its resolver does the same for one object."""
    return {_KEY: Loads(loader, key, make, joined, made)}


def in_bulk(function: Callable[..., Coroutine[Any, Any, Sequence[Any]]], *columns: str) -> dict[str, Any]:
    """Metadata of a field that a function resolves for all objects of a level, by columns of their rows.

    The field's resolver does the same for one object.
    """
    return {_KEY: InBulk(function, columns)}


def edges(count: Callable[[Any], int]) -> dict[str, Any]:
    """Metadata of a connection's list of edges: how many they are."""
    return {_KEY: Edges(count)}


def of_page(
    values: Callable[[Any], Any],
    load: Callable[[Info, Sequence[Any]], Coroutine[Any, Any, Sequence[Any]]] | None = None,
) -> dict[str, Any]:
    """Metadata of a field of edges: its values as their connection has them in order, or how they are loaded."""
    return {_KEY: OfPage(values, load)}


def declared(metadata: Mapping[Any, Any]) -> Declaration | None:
    """What the metadata of a field say of how it is had."""
    found: Declaration | None = metadata.get(_KEY)
    return found


class RowInfo(Info):
    """The info of a field that is executed by a compiled document. What graphql-core knows is made when asked for."""

    def __init__(
        self,
        run: "Run",
        raw: "Callable[[Run], GraphQLResolveInfo[Any]]",
        field: StrawberryField,
        columns: tuple[str, ...] | None,
    ) -> None:
        self._run = run
        self._make_raw = raw
        self._field = field
        self.columns = columns

    @property
    def context(self) -> Any:
        """The context of the operation."""
        return self._run.context

    @cached_property
    def _raw_info(self) -> GraphQLResolveInfo[Any]:  # type: ignore[override]
        return self._make_raw(self._run)


def wanted(info: Info) -> tuple[str, ...] | None:
    """Which columns to read of the rows that a field lists; None: give whole objects."""
    return info.columns if isinstance(info, RowInfo) else None


def item_of(item: Any, make: Callable[[Any], Any]) -> Any:
    """An item of a list that a service has read: a row as it is, a view as the object that `make` makes of it."""
    return item if type(item) is Record else make(item)


def items_of(items: Sequence[Any], make: Callable[[Any], Any]) -> Sequence[Any]:
    """All items of such a list: they are alike."""
    return items if items and type(items[0]) is Record else [make(item) for item in items]
