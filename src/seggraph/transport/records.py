"""Database rows as objects of the schema: a field of a type says which columns it is made of.

`rows_of` registers a type whose objects may be rows (asyncpg records). A field is the column of its own name
unless it is declared with `column`; a resolver that reads few columns says so with `reads`. Any other resolver
is given a whole object, made of a whole row. A resolver of a list asks `wanted` which columns to read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import Record
from strawberry.types import Info

from seggraph.transport.loading import DataLoader

_KEY: Final = "_seggraph_rows"


@dataclass(frozen=True, slots=True)
class Column:
    """What a field is made of: columns, and what makes its value of their values; None: of one, as it is.

    `is_record` says that the value is an object that the same row stands for.
    """

    names: tuple[str, ...]
    make: Callable[..., Any] | None = None
    is_record: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """The columns that a resolver reads of the row."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loads:
    """How a field is had of a loader, once for a level: by the attribute with the key, which is a column of rows.

    `make` makes the field's value of what the loader brings; a key that is None, and None that is brought, stay.
    """

    loader: Callable[[Info], DataLoader[Any, Any]]
    key: str | Callable[[Any], Any]
    make: Callable[[Any], Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the key."""
        return (self.key.removeprefix("view."),) if isinstance(self.key, str) else ()


@dataclass(frozen=True, slots=True)
class RowType:
    """A type whose objects may be rows: all columns in their order, and what makes an object of a whole row."""

    columns: tuple[str, ...]
    make: Callable[[Record], Any]
    values: Mapping[str, Callable[[Any], Any]]
    """What makes a Python value of a column's, where they differ: for resolvers."""

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
) -> None:
    """Let objects of a type of the schema be rows with these columns."""
    setattr(type_, _KEY, RowType(tuple(columns), make, values or {}))


def row_type_of(type_: type) -> RowType | None:
    """How rows stand for objects of this very type, if they may."""
    found: RowType | None = vars(type_).get(_KEY)
    return found


def column(*names: str, make: Callable[..., Any] | None = None) -> dict[str, Any]:
    """Metadata of a field that is made of columns: `strawberry.field(metadata=column("requested_revision"))`."""
    return {_KEY: Column(names, make)}


def same_row() -> dict[str, Any]:
    """Metadata of a field whose object is the same row, of a type that is registered too."""
    return {_KEY: Column((), is_record=True)}


def reads(*names: str) -> dict[str, Any]:
    """Metadata of a field whose resolver reads these columns of the row, and no others."""
    return {_KEY: Reads(names)}


def loads(
    loader: Callable[[Info], DataLoader[Any, Any]],
    key: str | Callable[[Any], Any],
    make: Callable[[Any], Any] = lambda value: value,
) -> dict[str, Any]:
    """Metadata of a field that is had of a loader; its resolver does the same for one object."""
    return {_KEY: Loads(loader, key, make)}


def declared(metadata: Mapping[Any, Any]) -> Column | Reads | Loads | None:
    """What the metadata of a field say of columns and loaders."""
    found: Column | Reads | Loads | None = metadata.get(_KEY)
    return found


class RowInfo(Info):
    """The info of a field that is executed by a compiled document."""

    columns: tuple[str, ...] | None = None


def wanted(info: Info) -> tuple[str, ...] | None:
    """Which columns to read of the rows that a field lists; None: give whole objects."""
    return info.columns if isinstance(info, RowInfo) else None


def item_of(item: Any, make: Callable[[Any], Any]) -> Any:
    """An item of a list that a service has read: a row as it is, a view as the object that `make` makes of it."""
    return item if type(item) is Record else make(item)
