"""Rows as JSON that PostgreSQL makes: one expression for all that a document selects of a row.

A field is written here if it is made of columns whose SQL is known: its own column, `column(..., sql=...)`, an object
of the same row, or an object of a joined row. One field that is not leaves the whole row to the compiler, which reads
columns. A text, a number or an instant has the same form as where Python writes it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from graphql import FieldNode, GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type

from seggraph.database.columns import JsonColumn
from seggraph.transport.compiled.leaves import leaf_of
from seggraph.transport.compiled.records import Column, Loads, Reads, RowType, declared
from seggraph.transport.compiled.selections import NotCompiled

if TYPE_CHECKING:
    from seggraph.transport.compiled.compiler import Program

MAX_FIELDS: Final = 500
"""PostgreSQL's rows have at most 1,664 columns."""
MAX_KEY: Final = 63
"""PostgreSQL cuts longer names of columns."""


def json_column(
    program: "Program", type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType
) -> JsonColumn:
    """The JSON of a row of a type, as fields select it. Raises NotCompiled."""
    return JsonColumn(_object(program, type_, nodes, row_type, row_type.table))


def _object(
    program: "Program", type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType, table: str
) -> str:
    fields = program.fields(type_, nodes)
    if len(fields) > MAX_FIELDS or not table or any(len(key) > MAX_KEY for key in fields):
        raise NotCompiled(type_.name)
    parts = [
        f'{_field(program, type_, selected, row_type, table)} AS "{key}"' for key, selected in fields.items()
    ]
    return f"(SELECT row_to_json(o) FROM (SELECT {', '.join(parts)}) o)"  # noqa: S608 - names are those of GraphQL


def _field(
    program: "Program",
    type_: GraphQLObjectType,
    nodes: Sequence[FieldNode],
    row_type: RowType,
    table: str,
) -> str:
    name = nodes[0].name.value
    if name == "__typename":
        return f"'{type_.name}'::text"
    definition, known = program.field(type_, name)
    made_of = declared(known.metadata)
    if made_of is None and known.is_basic_field and known.python_name in row_type.columns:
        made_of = Column((known.python_name,))
    inner = _nullable(definition.type)
    if isinstance(made_of, Column) and made_of.is_record:
        return _object(program, inner, nodes, _row_type(program, inner), table)
    if isinstance(made_of, Reads) and made_of.is_record and not nodes[0].arguments:
        return _object(program, inner, nodes, replace(row_type, columns=()), table)
    if isinstance(made_of, Column) and made_of.sql is not None:
        return made_of.sql.format(row=table)
    if isinstance(made_of, Column) and made_of.make is None:
        return _leaf(inner, f"{table}.{made_of.names[0]}")
    if isinstance(made_of, Loads) and made_of.joined is not None:
        joined = _row_type(program, inner)
        rows = made_of.joined.format(row=table, key=f"{table}.{made_of.columns[0]}")
        return f"(SELECT {_object(program, inner, nodes, joined, joined.table)} FROM ({rows}) {joined.table})"  # noqa: S608
    raise NotCompiled(name)


def _leaf(type_: Any, value: str) -> str:
    """A value of a column as JSON has it."""
    if isinstance(type_, GraphQLList) and is_leaf_type(_nullable(type_.of_type)):
        item = _leaf(_nullable(type_.of_type), value)
        if item == value:  # an array whose items are as they are
            return value
    elif isinstance(type_, GraphQLEnumType):
        return _enum(type_, value)
    elif is_leaf_type(type_):
        sql = leaf_of(type_).sql
        if sql is not None:
            return sql.format(v=value)
    raise NotCompiled(str(type_))


def _enum(type_: GraphQLEnumType, value: str) -> str:
    """The name of an enum's value: the column has the value."""
    names = {member.value: leaf_of(type_).coerce(member) for member in getattr(type_, "wrapped_cls", ())}
    if not names or not all(isinstance(one, int | str) for one in names):
        raise NotCompiled(type_.name)
    if all(one == name for one, name in names.items()):
        return value
    cases = " ".join(f"WHEN {_literal(one)} THEN '{name}'" for one, name in names.items())
    return f"CASE {value} {cases} END"


def _literal(value: int | str) -> str:
    return str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _nullable(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _row_type(program: "Program", type_: Any) -> RowType:
    found = None if not isinstance(type_, GraphQLObjectType) else program.row_type(type_)
    if found is None:
        raise NotCompiled(str(type_))
    return found
