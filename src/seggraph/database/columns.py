"""What a statement reads of rows: columns, and what PostgreSQL makes of several of them."""

import hashlib
from collections.abc import Iterable
from typing import cast


class SqlColumn(str):
    """The name of a value that PostgreSQL makes of a row. `sql` is the expression, `joins` the rows that it reads too.

    They are made of constants of the program and of names that GraphQL allows, and never of values.
    """

    __slots__ = ("joins", "sql")
    sql: str
    joins: tuple[str, ...]
    """What the FROM of the statement ends in; each finds at most one row."""

    def __new__(cls, name: str, sql: str, joins: Iterable[str] = ()) -> "SqlColumn":
        """The column of an expression."""
        made = super().__new__(cls, name)
        made.sql = sql
        made.joins = tuple(joins)
        return made


class JsonColumn(SqlColumn):
    """JSON text. Equal expressions have equal names, and others have others."""

    __slots__ = ()

    def __new__(cls, sql: str, joins: Iterable[str] = ()) -> "JsonColumn":
        """The column of an expression."""
        made = super().__new__(cls, f"json_{hashlib.sha256(sql.encode()).hexdigest()[:24]}", sql, joins)
        return cast(JsonColumn, made)


def listed(columns: Iterable[str], table: str, known: frozenset[str]) -> str:
    """Columns of a table, which the statement calls `table`, as a SELECT lists them.

    Raises ValueError for a name that is not one of the `known`.
    """
    return ", ".join(_listed(column, table, known) for column in columns)


def joined(columns: Iterable[str]) -> str:
    """The joins that columns need, which the FROM of their statement ends in."""
    joins = {join: None for column in columns if isinstance(column, SqlColumn) for join in column.joins}
    return " ".join(joins)


def _listed(column: str, table: str, known: frozenset[str]) -> str:
    if isinstance(column, SqlColumn):
        return f"{column.sql} AS {column}"
    if column not in known:
        raise ValueError(column)
    return f"{table}.{column}"
