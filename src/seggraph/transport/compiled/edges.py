"""The edges of connections: their fields are had of the connection, a whole page at once, without an object an edge."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from seggraph.transport.compiled.plans import NO_ROWS, Field, ObjectPlan, Resolve, Shape, Values, columns_in
from seggraph.transport.compiled.records import OfPage, declared
from seggraph.transport.compiled.resolving import Call
from seggraph.transport.compiled.running import WAITING, Completed, Later
from seggraph.transport.compiled.selections import NotCompiled

if TYPE_CHECKING:
    from seggraph.transport.compiled.compiler import Program
    from seggraph.transport.compiled.running import Run


def edges_field(
    program: "Program",
    key: str,
    nodes: Sequence[FieldNode],
    definition: GraphQLField,
    count: Callable[[Any], int],
) -> Field:
    """The field `edges`. Raises NotCompiled if a field is selected that takes an edge to itself."""
    type_: GraphQLObjectType = definition.type.of_type.of_type.of_type  # type: ignore[union-attr]
    fields, names, rows = [], [], Shape(is_nullable=False)
    for name, selected in program.fields(type_, nodes).items():
        if selected[0].name.value == "__typename":
            names.append(f"{name!r}: {type_.name!r}")
            continue
        names.append(f"{name!r}: None")
        fields.append(field := _field(program, type_, name, selected))
        if columns_in(field.shape) is not NO_ROWS:
            if rows.objects is not None:
                raise NotCompiled(name)  # two selections of the node: each has columns of its own
            rows = field.shape
    # names are those of GraphQL, quoted
    made = eval(f"lambda numbers: [{{{', '.join(names)}}} for _ in numbers]")  # noqa: S307
    plan = ObjectPlan(lambda connections: made(range(sum(map(count, connections)))), fields)

    def cut(connections: Values, edges: Values) -> Values:
        if len(connections) == 1:
            return [edges]
        lists, start = [], 0
        for connection in connections:
            lists.append(edges[start : start + count(connection)])
            start += count(connection)
        return lists

    async def cut_later(connections: Values, edges: Awaitable[Values]) -> Values:
        return cut(connections, await edges)

    def resolve(run: "Run", connections: Values) -> Completed:
        edges: Any = run.objects(plan, connections)
        if type(edges) in WAITING:
            return Later(cut_later(connections, edges), edges)
        return cut(connections, edges)

    return Field(key, Shape(is_nullable=False, leaf=lambda value: value), resolve, is_plain=True, rows=rows)


def _field(program: "Program", type_: GraphQLObjectType, key: str, nodes: Sequence[FieldNode]) -> Field:
    """A field of an edge."""
    definition, known = program.field(type_, nodes[0].name.value)
    of_page = declared(known.metadata)
    if not isinstance(of_page, OfPage) or definition.args:
        raise NotCompiled(key)
    values, load, shape = of_page.values, of_page.load, program.shape(definition.type, nodes)
    if load is None:
        return Field(key, shape, lambda _run, some: _flat(list(map(values, some))), is_plain=True)
    call = Call(program, nodes, definition, known, type_, shape)
    resolve: Resolve = lambda run, some: load(call.info(run), list(map(values, some)))  # noqa: E731
    return Field(key, shape, resolve)


def _flat(lists: Sequence[Sequence[Any]]) -> Sequence[Any]:
    return lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))
