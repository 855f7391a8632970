"""The compiler: from the selections of an operation to plans, with Python source for whatever is an attribute.

A document's operation becomes a `Program`, kept by `Programs`. What is not known here raises NotCompiled, and
graphql-core executes the operation.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import orjson
from asyncpg import Record
from cachetools import LRUCache
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from seggraph.transport.compiled.arguments import VariableReader
from seggraph.transport.compiled.edges import edges_field
from seggraph.transport.compiled.json_rows import json_column
from seggraph.transport.compiled.leaves import Leaf, Unexpected, leaf_of
from seggraph.transport.compiled.plans import (
    Field,
    ObjectPlan,
    Objects,
    RowPlan,
    Shape,
    columns_in,
    definition_of,
    origin_of,
)
from seggraph.transport.compiled.records import (
    Column,
    Declaration,
    Edges,
    InBulk,
    Loads,
    Reads,
    RowType,
    declared,
    row_type_of,
)
from seggraph.transport.compiled.resolving import resolving, values_of_attribute
from seggraph.transport.compiled.selections import NotCompiled, Selections, conditions_of

KEPT_OPERATIONS: Final = 512
KEPT_CHOICES: Final = 16
"""How many programs of an operation are kept: one for each choice of the variables of its directives."""
_ROOT: Final = ("",)


@dataclass(slots=True)
class _Source:
    """The text of a function that makes dictionaries of objects, and what it refers to."""

    lines: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    scope: dict[str, Any] = field(default_factory=dict)

    def constant(self, key: str, value: str | None) -> None:
        """A key whose value is the same in all of them."""
        self.keys.append(f"{key!r}: {value!r}")

    def leaf(self, key: str, value: str, leaf: Leaf, *, is_nullable: bool) -> None:
        """A key whose value is an expression of the source `s`, completed."""
        name = f"v{len(self.keys)}"
        completed = leaf.source(name, is_nullable=is_nullable, prefix=f"k{len(self.keys)}", scope=self.scope)
        self.lines.append(f"  {name} = {value}")
        self.keys.append(f"{key!r}: {completed}")

    def refer(self, value: Any) -> str:
        """A name for an object."""
        name = f"n{len(self.scope)}"
        self.scope[name] = value
        return name

    def function(self) -> Callable[[Sequence[Any]], list[dict[str, Any]]]:
        """The function."""
        body = "\n".join(self.lines)
        made = f"made.append({{{', '.join(self.keys)}}})"
        text = f"def build(sources):\n made = []\n for s in sources:\n{body}\n  {made}\n return made\n"
        exec(text, self.scope)  # noqa: S102 - names are counted, keys are quoted
        return cast(Callable[[Sequence[Any]], list[dict[str, Any]]], self.scope["build"])


class Program:
    """An operation, compiled for one choice of the variables that its directives ask for."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self._selections = Selections(schema, fragments, conditions)
        self._plans: dict[tuple[Any, ...], ObjectPlan] = {}
        self._event: Field | None = None

    def root(self, type_: GraphQLObjectType) -> ObjectPlan:
        """The plan of the operation itself. Raises NotCompiled."""
        found = self._plans.get(_ROOT)
        if found is None:
            found = self._plans[_ROOT] = self._object_plan(type_, [self.operation.selection_set])
        return found

    def event(self, type_: GraphQLObjectType) -> Field:
        """The one field of a subscription, whose value is the event. Raises NotCompiled."""
        if self._event is not None:
            return self._event
        [(key, nodes)] = self._selections.fields(type_, [self.operation.selection_set]).items()
        definition, _ = self.field(type_, nodes[0].name.value)
        shape = self.shape(definition.type, nodes)
        self._event = Field(key, shape, lambda _run, sources: sources, is_plain=True)
        return self._event

    def object_plan(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> ObjectPlan:
        """The plan of a type below fields. Raises NotCompiled."""
        known = (type_.name, "objects", *map(id, nodes))
        found = self._plans.get(known)
        if found is None:
            found = self._plans[known] = self._object_plan(type_, _sets(nodes))
        return found

    def row_plan(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType) -> ObjectPlan:
        """The plan of a type below fields for rows. Raises NotCompiled."""
        known = (type_.name, "rows", *map(id, nodes))
        found = self._plans.get(known)
        if found is None:
            found = self._plans[known] = self._json_plan(type_, nodes, row_type)
        return found

    def row_type(self, type_: GraphQLObjectType) -> RowType | None:
        """How rows stand for objects of a type, if they may."""
        origin = origin_of(type_)
        return None if origin is None else row_type_of(origin)

    def fields(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> dict[str, list[FieldNode]]:
        """What fields select of a type: nodes by the keys of the answer. Raises NotCompiled."""
        return self._selections.fields(type_, _sets(nodes))

    def _object_plan(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> ObjectPlan:
        source, fields = _Source(), []
        for key, nodes in self._selections.fields(type_, sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                source.constant(key, type_.name)
                continue
            definition, known = self.field(type_, name)
            if known.is_basic_field and is_leaf_type(_named(definition.type)):
                leaf, is_nullable = _leaf(definition.type)
                source.leaf(key, f"s.{known.python_name}", leaf, is_nullable=is_nullable)
                continue
            source.constant(key, None)
            fields.append(self._resolved(key, nodes, definition, known, type_))
        return ObjectPlan(source.function(), fields)

    def _json_plan(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], row_type: RowType
    ) -> ObjectPlan:
        """The plan of rows: as JSON that PostgreSQL makes if it can make all of it, otherwise as columns."""
        try:
            made = json_column(self, type_, nodes, row_type)
        except NotCompiled:
            return self._row_plan(type_, _sets(nodes), row_type)

        def texts(rows: Sequence[Record]) -> list[Any]:
            found = [row[made] for row in rows]
            if None in found:  # a null where the schema has none
                raise Unexpected
            return [*map(orjson.Fragment, found)]

        return RowPlan(texts, (), row_type, (made,))

    def _row_plan(
        self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode], row_type: RowType
    ) -> ObjectPlan:
        source, fields = _Source(), []
        columns: dict[str, None] = {}
        for key, nodes in self._selections.fields(type_, sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                source.constant(key, type_.name)
                continue
            definition, known = self.field(type_, name)
            made_of = declared(known.metadata)
            if made_of is None and known.is_basic_field and known.python_name in row_type.columns:
                made_of = Column((known.python_name,))
            if isinstance(made_of, Column) and not made_of.is_record:
                columns |= dict.fromkeys(made_of.names)
                _column(source, key, made_of, definition)
                continue
            source.constant(key, None)
            fields.append(one := self._of_row(key, nodes, definition, known, type_, made_of, row_type))
            if isinstance(made_of, Reads):
                columns |= dict.fromkeys(made_of.names)
            elif isinstance(made_of, InBulk | Loads):
                columns |= dict.fromkeys(made_of.columns)
            elif not one.of_object:
                columns |= dict.fromkeys(columns_in(one.shape) or row_type.columns)
        whole = any(one.of_object for one in fields)
        return RowPlan(source.function(), fields, row_type, None if whole else tuple(columns))

    def _of_row(
        self,
        key: str,
        nodes: Sequence[FieldNode],
        definition: GraphQLField,
        known: StrawberryField,
        type_: GraphQLObjectType,
        made_of: Declaration | None,
        row_type: RowType,
    ) -> Field:
        if isinstance(made_of, Column):
            shape = self.shape(definition.type, nodes)
            if columns_in(shape) is not None:
                return Field(key, shape, lambda _run, sources: sources, is_plain=True)
        is_row = isinstance(made_of, InBulk | Loads)
        found = self._resolved(key, nodes, definition, known, type_, is_row=is_row)
        if is_row:
            return found
        if isinstance(made_of, Reads):
            resolve = found.resolve
            found.resolve = lambda run, sources: resolve(run, [row_type.stand_in(one) for one in sources])
        else:
            found.of_object = True
        return found

    def field(self, type_: GraphQLObjectType, name: str) -> tuple[GraphQLField, StrawberryField]:
        """A field of a type, as GraphQL and as Strawberry know it. Raises NotCompiled."""
        definition = self.schema.get_field(type_, name)
        known = definition_of(definition)
        if definition is None or known is None:
            raise NotCompiled(name)
        return definition, known

    def _resolved(
        self,
        key: str,
        nodes: Sequence[FieldNode],
        definition: GraphQLField,
        known: StrawberryField,
        type_: GraphQLObjectType,
        *,
        is_row: bool = False,
    ) -> Field:
        made_of = declared(known.metadata)
        if isinstance(made_of, Edges):
            with contextlib.suppress(NotCompiled):
                return edges_field(self, key, nodes, definition, made_of.count)
        shape = self.shape(definition.type, nodes)
        if known.is_basic_field:
            return Field(key, shape, values_of_attribute(known), is_plain=True)
        resolve, is_plain = resolving(self, nodes, definition, known, type_, shape, is_row=is_row)
        return Field(key, shape, resolve, is_plain=is_plain)

    def shape(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode]) -> Shape:
        """Take a type apart. Raises NotCompiled."""
        is_nullable = not isinstance(type_, GraphQLNonNull)
        inner: Any = type_ if is_nullable else cast(Any, type_).of_type
        if is_leaf_type(inner):
            return Shape(is_nullable, leaf=leaf_of(inner).function(is_nullable=is_nullable))
        if isinstance(inner, GraphQLList):
            return Shape(is_nullable, item=self.shape(inner.of_type, nodes))
        types = self.schema.get_possible_types(inner) if is_abstract_type(inner) else [inner]
        return Shape(is_nullable, objects=Objects(self, nodes, types))


def _sets(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set is not None]


def _named(type_: GraphQLOutputType) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _leaf(type_: GraphQLOutputType) -> tuple[Leaf, bool]:
    return leaf_of(cast(GraphQLLeafType, _named(type_))), not isinstance(type_, GraphQLNonNull)


def _column(source: _Source, key: str, made_of: Column, definition: GraphQLField) -> None:
    """The value of a leaf of a row: as its columns have it, or as they are made into one."""
    read = ", ".join(f"s[{name!r}]" for name in made_of.names)
    named = _named(definition.type)
    is_nullable = not isinstance(definition.type, GraphQLNonNull)
    if made_of.make is not None:
        read = f"{source.refer(made_of.make)}({read})"
    if isinstance(named, GraphQLList):
        source.leaf(key, read, _LISTED, is_nullable=is_nullable)
        return
    leaf = leaf_of(named)
    if made_of.make is None and isinstance(named, GraphQLEnumType):
        names = {member.value: leaf.coerce(member) for member in named.wrapped_cls}  # type: ignore[attr-defined]
        leaf = Leaf("{v} in {of}", "{of}[{v}]", {"of": names}, leaf.coerce)
    elif made_of.make is None and named.name == "JSON":
        leaf = Leaf(
            "{v}.__class__ is {text}", "{raw}({v})", {"text": str, "raw": orjson.Fragment}, leaf.coerce
        )
    source.leaf(key, read, leaf, is_nullable=is_nullable)


def _listed(_: Any) -> Any:
    raise Unexpected


_LISTED: Final = Leaf("{v}.__class__ is {kind}", "{v}", {"kind": list}, _listed)


class CompiledOperation:
    """An operation: what reads its variables, and its programs for the variables that directives ask for."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self.node = node
        self.variables = VariableReader(schema, node)
        self._schema = schema
        self._fragments = fragments
        self._conditions = tuple(conditions_of(node, fragments))
        self._programs: LRUCache[tuple[Any, ...], Program] = LRUCache(KEPT_CHOICES)
        self._only: Program | None = None

    def program(self, variables: Mapping[str, Any]) -> Program:
        """The program for these variables."""
        if self._only is not None:
            return self._only
        names = self._conditions
        chosen = tuple(map(variables.get, names))
        program = self._programs.get(chosen)
        if program is None:
            conditions = dict(zip(names, chosen, strict=True))
            program = Program(self._schema, self.node, self._fragments, conditions)
            self._programs[chosen] = program
        if not names:
            self._only = program
        return program


class Programs:
    """The operations of a schema that were run most recently, compiled."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: LRUCache[int, CompiledOperation] = LRUCache(KEPT_OPERATIONS)

    def operation(
        self, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> CompiledOperation:
        """A compiled operation of a document that is valid."""
        kept = self._kept.get(id(node))
        if kept is None or kept.node is not node:
            kept = self._kept[id(node)] = CompiledOperation(self._schema, node, fragments)
        return kept
