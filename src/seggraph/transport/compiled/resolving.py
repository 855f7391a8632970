"""How the values of a field are had for all objects of a level: by an attribute, or by its resolver."""

import asyncio
import inspect
import operator
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
)
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from seggraph.database.columns import SqlColumn
from seggraph.transport.compiled.arguments import ArgumentReader
from seggraph.transport.compiled.loading import Batch, advance, marked
from seggraph.transport.compiled.plans import NO_ROWS, Resolve, Shape, Values, columns_in
from seggraph.transport.compiled.records import InBulk, Loads, RowInfo, RowType, declared
from seggraph.transport.compiled.selections import NotCompiled

if TYPE_CHECKING:
    from seggraph.transport.compiled.compiler import Program
    from seggraph.transport.compiled.running import Run


def values_of_attribute(known: StrawberryField) -> Resolve:
    """The attribute of each object."""
    if known.default_resolver is not getattr:
        raise NotCompiled(known.python_name)
    read = operator.attrgetter(known.python_name)
    return lambda _run, sources: list(map(read, sources))


class Call:
    """A call of a resolver for each object of a level, with arguments and info worked out once."""

    def __init__(
        self,
        program: "Program",
        nodes: Sequence[FieldNode],
        definition: GraphQLField,
        known: StrawberryField,
        parent_type: GraphQLObjectType,
        shape: Shape,
    ) -> None:
        resolver = known.base_resolver
        if resolver is None:
            raise NotCompiled(known.python_name)
        function: Any = marked(resolver.wrapped_func) or resolver.wrapped_func
        self.function: Callable[..., Any] = function
        self.has_self = resolver.self_parameter is not None
        self._info_name = None if resolver.info_parameter is None else resolver.info_parameter.name
        self._program = program
        self._nodes = list(nodes)
        self._definition = definition
        self._known = known
        self._parent_type = parent_type
        self._shape = shape
        self._columns: Any = NO_ROWS
        served = program.schema._strawberry_schema  # type: ignore[attr-defined]
        self._arguments = ArgumentReader(definition, nodes[0], known.arguments, served)

    def arguments(self, run: "Run") -> dict[str, Any]:
        """What the resolver is called with, besides the object."""
        given = self.named(run)
        if self._info_name is not None:
            given[self._info_name] = self.info(run)
        return given

    def named(self, run: "Run") -> dict[str, Any]:
        """The arguments of the field, by their names in Python."""
        return self._arguments.read(run.variable_values)

    def info(self, run: "Run") -> RowInfo:
        """The info of the field, for all objects of the level."""
        if self._columns is NO_ROWS:
            found = columns_in(self._shape)
            self._columns = None if found is NO_ROWS else found
        return RowInfo(run, self._raw, self._known, self._columns)

    def _raw(self, run: "Run") -> GraphQLResolveInfo[Any]:
        """What graphql-core would say of the field."""
        name = self._nodes[0].name.value
        return GraphQLResolveInfo(
            name,
            self._nodes,
            self._definition.type,
            self._parent_type,
            Path(None, name, self._parent_type.name),
            self._program.schema,
            dict(self._program.fragments),
            None,
            self._program.operation,
            run.variable_values.coerced,
            run.context,
            cast(Any, inspect.isawaitable),
            None,
            None,  # type: ignore[arg-type]
        )


def resolving(
    program: "Program",
    nodes: Sequence[FieldNode],
    definition: GraphQLField,
    known: StrawberryField,
    parent_type: GraphQLObjectType,
    shape: Shape,
    *,
    is_row: bool,
) -> tuple[Resolve, bool]:
    """How a field with a resolver of ours is resolved, and whether that is plain: without a statement.

    Raises NotCompiled for one that Strawberry wraps.
    """
    resolver = known.base_resolver
    if (
        resolver is None
        or known.extensions
        or type(known).get_result is not StrawberryField.get_result
        or resolver.parent_parameter
        or resolver.root_parameter
    ):
        raise NotCompiled(known.python_name)
    call = Call(program, nodes, definition, known, parent_type, shape)
    declaration = declared(known.metadata)
    if isinstance(declaration, Loads):
        return loading(call, declaration, is_row=is_row), False
    if isinstance(declaration, InBulk):
        return bulk(call, declaration, program.row_type(parent_type) if is_row else None), False
    if marked(resolver.wrapped_func) is not None:
        return lambda run, sources: _load(call, call.arguments(run), sources), False
    if inspect.isasyncgenfunction(call.function):
        raise NotCompiled(known.python_name)
    if inspect.iscoroutinefunction(call.function):
        return lambda run, sources: _gathered(_called(call, run, sources)), False
    return _called_by(call), not definition.args


def loading(call: Call, loads: Loads, *, is_row: bool) -> Resolve:
    """How a field is resolved that is had of a loader."""
    read: Callable[[Any], Any]
    if not isinstance(loads.key, str):
        read = loads.key
    elif is_row:
        read = operator.itemgetter(loads.columns[0])
    else:
        read = operator.attrgetter(loads.key)

    def resolve(run: "Run", sources: Values) -> Coroutine[Any, Any, Values]:
        return loads.loader(call.info(run)).load_each(list(map(read, sources)), loads.make)

    return resolve


def bulk(call: Call, declared: InBulk, row_type: RowType | None) -> Resolve:
    """How a field is resolved that a function has for all objects at once."""
    read: Callable[[Any], tuple[Any, ...]]
    if row_type is None:
        names = [None if isinstance(name, SqlColumn) else name for name in declared.columns]
        read = lambda one: tuple(None if name is None else getattr(one.view, name) for name in names)  # noqa: E731
    else:
        read = row_type.reader(declared.columns)

    def resolve(run: "Run", sources: Values) -> Coroutine[Any, Any, Values]:
        return declared.function(call.info(run), list(map(read, sources)), **call.named(run))

    return resolve


def _called_by(call: Call) -> Resolve:
    return lambda run, sources: _called(call, run, sources)


def _called(call: Call, run: "Run", sources: Values) -> list[Any]:
    arguments, function = call.arguments(run), call.function
    if not call.has_self:
        return [function(**arguments) for _ in sources]
    if not arguments:
        return [function(one) for one in sources]
    return [function(one, **arguments) for one in sources]


async def _gathered(coroutines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    if len(coroutines) == 1:
        return [await coroutines[0]]
    tasks = [asyncio.create_task(one) for one in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _load(call: Call, arguments: dict[str, Any], sources: Values) -> Values | Coroutine[Any, Any, Values]:
    """Run a resolver that awaits loaders for each object, up to the batches that it waits for."""
    values: list[Any] = [None] * len(sources)
    waiting: list[tuple[int, Coroutine[Any, Any, Any], Batch[Any, Any]]] = []
    try:
        for index, one in enumerate(sources):
            running = call.function(one, **arguments) if call.has_self else call.function(**arguments)
            try:
                waiting.append((index, running, advance(running)))
            except StopIteration as done:
                values[index] = done.value
    except Exception:
        _close(waiting)
        raise
    return _resume(values, waiting) if waiting else values


async def _resume(
    values: list[Any], waiting: list[tuple[int, Coroutine[Any, Any, Any], Batch[Any, Any]]]
) -> list[Any]:
    """Run resolvers on, each time that the batches are there which they wait for, until all are done."""
    try:
        while waiting:
            for batch in {batch for _, _, batch in waiting}:
                await batch.wait()
            some, waiting = waiting, []
            for position, (index, running, _) in enumerate(some):
                try:
                    waiting.append((index, running, advance(running)))
                except StopIteration as done:
                    values[index] = done.value
                except Exception:
                    _close(some[position + 1 :])
                    raise
    finally:
        _close(waiting)
    return values


def _close(waiting: Sequence[tuple[int, Coroutine[Any, Any, Any], Batch[Any, Any]]]) -> None:
    for _, running, _ in waiting:
        running.close()
