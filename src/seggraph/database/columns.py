"""What a statement reads of rows: columns, and what PostgreSQL makes of several of them."""

import hashlib
from collections.abc import Iterable
from typing import cast


class SqlColumn(str):
    """The name of a value that PostgreSQL makes of a row. `sql` is the expression.

    It is made of constants of the program and of names that GraphQL allows, and never of values.
    """

    __slots__ = ("sql",)
    sql: str

    def __new__(cls, name: str, sql: str) -> "SqlColumn":
        """The column of an expression."""
        made = super().__new__(cls, name)
        made.sql = sql
        return made


class JsonColumn(SqlColumn):
    """JSON text. Equal expressions have equal names, and others have others."""

    __slots__ = ()

    def __new__(cls, sql: str) -> "JsonColumn":
        """The column of an expression."""
        made = super().__new__(cls, f"json_{hashlib.sha256(sql.encode()).hexdigest()[:24]}", sql)
        return cast(JsonColumn, made)


def listed(columns: Iterable[str], table: str, known: frozenset[str]) -> str:
    """Columns of a table, which the statement calls `table`, as a SELECT lists them.

    Raises ValueError for a name that is not one of the `known`.
    """
    return ", ".join(_listed(column, table, known) for column in columns)


def _listed(column: str, table: str, known: frozenset[str]) -> str:
    if isinstance(column, SqlColumn):
        return f"{column.sql} AS {column}"
    if column not in known:
        raise ValueError(column)
    return f"{table}.{column}"
