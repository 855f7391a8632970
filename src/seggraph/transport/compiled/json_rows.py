"""Rows as JSON that PostgreSQL makes: one expression for all that a document selects of a row.

A field is written here if it is made of columns whose SQL is known: its own column, `column(..., sql=...)`, an object
of the same row, or an object of a joined row. One field that is not leaves the whole row to the compiler, which reads
columns. A text, a number or an instant has the same form as where Python writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from graphql import FieldNode, GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type

from seggraph.database.columns import JsonColumn
from seggraph.transport.compiled.leaves import Bare, Quoted, leaf_of
from seggraph.transport.compiled.records import Column, Loads, Reads, RowType, declared
from seggraph.transport.compiled.selections import NotCompiled

if TYPE_CHECKING:
    from seggraph.transport.compiled.compiler import Program

MAX_FIELDS: Final = 500
"""Of an object: more make a statement that takes longer to plan than rows take in Python."""


def json_column(
    program: "Program", type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType
) -> JsonColumn:
    """The JSON of a row of a type, as fields select it. Raises NotCompiled."""
    writer = _Writer(program, {})
    made = writer.object(type_, nodes, row_type, row_type.table)
    return JsonColumn(made, writer.joins)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes SQL of JSON text. A value that is null where the schema has no null makes null of all of it."""

    program: "Program"
    joins: dict[str, None]

    def object(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType, table: str
    ) -> str:
        fields = self.program.fields(type_, nodes)
        if len(fields) > MAX_FIELDS or not table:
            raise NotCompiled(type_.name)
        parts: list[str] = []
        for key, selected in fields.items():
            parts += [f"""'{"," if parts else "{"}"{key}":'""", self.field(type_, selected, row_type, table)]
        return _concatenated([*parts, "'}'"])

    def field(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType, table: str
    ) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return f"""'"{type_.name}"'"""
        definition, known = self.program.field(type_, name)
        made_of = declared(known.metadata)
        if made_of is None and known.is_basic_field and known.python_name in row_type.columns:
            made_of = Column((known.python_name,))
        inner = _nullable(definition.type)
        if isinstance(made_of, Column) and made_of.is_record:
            return self.object(inner, nodes, _row_type(self.program, inner), table)
        if isinstance(made_of, Reads) and made_of.is_record and not nodes[0].arguments:
            return self.object(inner, nodes, replace(row_type, columns=()), table)
        is_nullable = inner is definition.type
        if isinstance(made_of, Column) and made_of.sql is not None:
            return _json(type(made_of.sql), made_of.sql.format(row=table), is_nullable=is_nullable)
        if isinstance(made_of, Column) and made_of.make is None:
            form, value = _leaf(inner, f"{table}.{made_of.names[0]}")
            return _json(form, value, is_nullable=is_nullable)
        if isinstance(made_of, Loads) and made_of.joined is not None:
            rows = made_of.joined.format(row=table, key=f"{table}.{made_of.columns[0]}")
            return self.joined(inner, nodes, rows)
        if isinstance(made_of, Loads) and made_of.made is not None:
            one = _row_type(self.program, inner)
            made = self.object(inner, nodes, one, one.table)
            return f"(SELECT {made} FROM ({made_of.made.format(row=table)}) {one.table})"  # noqa: S608 - see JsonColumn
        raise NotCompiled(name)

    def joined(self, type_: Any, nodes: Sequence[FieldNode], rows: str) -> str:
        """An object of a row that is joined: null where there is none."""
        row_type = _row_type(self.program, type_)
        name = f"{row_type.table}_{hashlib.sha256(rows.encode()).hexdigest()[:8]}"
        self.joins[f"LEFT JOIN LATERAL ({rows}) {name} ON true"] = None
        made = self.object(type_, nodes, row_type, name)
        return f"CASE WHEN {name}.id IS NULL THEN 'null' ELSE {made} END"


def _concatenated(parts: Sequence[str]) -> str:
    """Texts one after the other: as a tree, for PostgreSQL walks expressions by recursion."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_concatenated(parts[:middle])} || {_concatenated(parts[middle:])})"


def _json(form: type[str], value: str, *, is_nullable: bool) -> str:
    """The JSON text of a value."""
    if form is Bare:
        text = f"({value})::text"
    elif form is Quoted:
        text = f"""('"' || {value} || '"')"""
    else:
        text = f"to_json({value})::text"
    return f"coalesce({text}, 'null')" if is_nullable else text


def _leaf(type_: Any, value: str) -> tuple[type[str], str]:
    """What PostgreSQL makes JSON of for a value of a column, and the form that it has."""
    if isinstance(type_, GraphQLList) and is_leaf_type(_nullable(type_.of_type)):
        _, item = _leaf(_nullable(type_.of_type), value)
        if item == value:  # an array whose items are as they are
            return str, value
    elif isinstance(type_, GraphQLEnumType):
        return Quoted, _enum(type_, value)
    elif is_leaf_type(type_):
        sql = leaf_of(type_).sql
        if sql is not None:
            return type(sql), sql.format(v=value)
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
