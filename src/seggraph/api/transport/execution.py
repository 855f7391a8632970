"""An executor that reads plain attributes directly; everything else goes the ordinary way.

graphql-core spends about 14 µs on a field, whatever the field does: a path, a resolve info, an argument
dictionary, a resolver, a completion. Most fields of a response are an attribute holding a value that is
already what the wire needs. For these, and only these, `LeafExecutor` reads the attribute and passes the
value on. Data, errors and their order are those of the stock executor (tests/transport compare the two).
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from seggraph.api.transport.rows import take_rows

_INT_MAX = 2**31 - 1
_FALLBACK: Any = object()

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """How to read one field without a resolver.

    `complete` takes the attribute's value and returns what the wire needs, or `_FALLBACK` when only the
    stock path knows what to do (a coroutine, a null where none may be, a value to refuse).
    """

    attribute: str
    return_type: GraphQLOutputType
    complete: Reader


def _exactly(expected: type) -> Reader:
    def complete(value: Any) -> Any:
        return value if type(value) is expected else _FALLBACK

    return complete


def _complete_int(value: Any) -> Any:
    return value if type(value) is int and -_INT_MAX - 1 <= value <= _INT_MAX else _FALLBACK


def _complete_float(value: Any) -> Any:
    return value if type(value) is float and math.isfinite(value) else _FALLBACK


_PASSED_THROUGH: dict[GraphQLScalarType, Reader] = {
    GraphQLString: _exactly(str),
    GraphQLID: _exactly(str),
    GraphQLBoolean: _exactly(bool),
    GraphQLInt: _complete_int,
    GraphQLFloat: _complete_float,
}
_PLAIN = frozenset({str, int, float, bool, bytes, dict, list, tuple, date, datetime, time, Decimal, UUID})
_LISTED: dict[GraphQLScalarType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


def _nullable(complete: Reader) -> Reader:
    def complete_nullable(value: Any) -> Any:
        return None if value is None else complete(value)

    return complete_nullable


def _list_of(item: type) -> Reader:
    only = {item}

    def complete(value: Any) -> Any:
        return list(value) if type(value) in (list, tuple) and set(map(type, value)) <= only else _FALLBACK

    return complete


def _completion(return_type: GraphQLOutputType) -> Reader | None:
    """Return how a leaf type, or a list of one, is completed; None for a type with a sub-selection."""
    if isinstance(return_type, GraphQLNonNull):
        return _non_null_completion(return_type.of_type)
    complete = _non_null_completion(return_type)
    return complete and _nullable(complete)


def _non_null_completion(return_type: GraphQLOutputType) -> Reader | None:
    if isinstance(return_type, GraphQLScalarType):
        return _PASSED_THROUGH.get(return_type) or _coerced(return_type.coerce_output_value)
    if isinstance(return_type, GraphQLEnumType):
        return _coerced(return_type.coerce_output_value)
    if isinstance(return_type, GraphQLList):
        inner = return_type.of_type
        item = _LISTED.get(inner.of_type) if isinstance(inner, GraphQLNonNull) else _LISTED.get(inner)
        return _list_of(item) if item else None
    return None


def _coerced(coerce: Reader) -> Reader:
    """Complete by a type's own coercion, for values of which it is known that they are no coroutine."""

    def complete(value: Any) -> Any:
        if type(value) in _PLAIN or isinstance(value, Enum):
            try:
                result = coerce(value)
            except Exception:
                return _FALLBACK  # The stock path raises it again, and says where.
            if result is not None and result is not Undefined:
                return result
        return _FALLBACK

    return complete


def _leaf_of(field: GraphQLField) -> Leaf | None:
    """Return how to read the field directly, or None when it has a resolver, arguments or a sub-selection."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if field.args or not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        return None
    if not getattr(field.resolve, "_is_default", False) or definition.default_resolver is not getattr:
        return None
    if type(definition).get_result is not StrawberryField.get_result:
        return None
    complete = _completion(field.type)
    return Leaf(definition.python_name, field.type, complete) if complete else None


def _typename(parent_type: GraphQLObjectType, field: GraphQLField) -> Leaf:
    """Read `__typename`, which clients with a cache ask for on every object, from what is known already."""
    name = parent_type.name
    return Leaf("__class__", field.type, lambda _class: name)


FieldPlan = tuple[str, Any, Leaf | None]


class LeafExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with direct reads of plain attributes.

    Use as ``Schema(execution_context_class=LeafExecutor)``. It steps aside altogether when an extension wraps
    resolvers, and for each field that has a resolver, arguments, field extensions or a sub-selection.

    Stock graphql-core 3.3.2 shares its memo of collected sub-fields among all events of a subscription and
    adds to it with each: a subscription that lives for a day grows by every event. Each event starts with
    its own memo here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, tuple[Any, list[FieldPlan]]] = {}
        middleware = self.middleware_manager
        self._reads_directly = self.abort_signal is None and not (middleware and middleware.middlewares)

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Return an executor, with the rows of bulk inputs among its variables; or a list of errors."""
        taken = take_rows(schema, document, operation_name, raw_variable_values or {})
        built = super().build(
            schema,
            document,
            root_value,
            context_value,
            taken.variables,
            operation_name,
            *arguments,
            **options,
        )
        if not isinstance(built, list):
            taken.put_back(built.variable_values.coerced)
        return built

    def build_per_event_executor(self, payload: Any) -> "LeafExecutor":
        """Return the executor of one subscription event, with memos of its own."""
        executor = cast(LeafExecutor, super().build_per_event_executor(payload))
        executor._plans = {}
        executor._relevant_sub_fields = {}
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Execute the fields of one object: like the stock method, but for the leaves."""
        if not self._reads_directly:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        results: dict[str, Any] = {}
        pending: list[str] = []
        is_awaitable = self.is_awaitable
        try:
            for name, details, leaf in self._plan(parent_type, grouped_field_set):
                if leaf is not None:
                    try:
                        value = getattr(source_value, leaf.attribute)
                    except Exception as error:
                        self._fail(error, leaf, details, parent_type, path, name)
                        results[name] = None
                        continue
                    completed = leaf.complete(value)
                    if completed is not _FALLBACK:
                        results[name] = completed
                        continue
                    result = self._complete_leaf(leaf, details, parent_type, path, name, value)
                else:
                    field_path = Path(path, name, parent_type.name)
                    result = self.execute_field(
                        parent_type, source_value, details, field_path, position_context
                    )
                if result is not Undefined:
                    results[name] = result
                    if is_awaitable(result):
                        pending.append(name)
        except Exception:
            if pending:
                self.settle_in_background([results[name] for name in pending])
            raise
        return _when_done(results, pending) if pending else results

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> list[FieldPlan]:
        known = self._plans.get(id(grouped_field_set))
        if known is not None:
            return known[1]
        plan: list[FieldPlan] = []
        for name, details in grouped_field_set.items():
            node = details[0].node
            field = self.schema.get_field(parent_type, node.name.value)
            leaf: Leaf | None = None
            if field is not None and not node.arguments and not node.directives:
                is_typename = node.name.value == "__typename"
                leaf = _typename(parent_type, field) if is_typename else _leaf_of(field)
            plan.append((name, details, leaf))
        # The field set is kept with its plan, so that its id cannot be given to another one.
        self._plans[id(grouped_field_set)] = (grouped_field_set, plan)
        return plan

    def _complete_leaf(
        self,
        leaf: Leaf,
        details: Any,
        parent_type: GraphQLObjectType,
        path: Path | None,
        name: str,
        value: Any,
    ) -> Any:
        """Complete a value that is not passed through: the second half of the stock ``execute_field``."""
        if value is not None and not isinstance(value, Exception) and not self.is_awaitable(value):
            named_type = leaf.return_type
            if isinstance(named_type, GraphQLNonNull):
                named_type = named_type.of_type
            if isinstance(named_type, (GraphQLScalarType, GraphQLEnumType)):
                try:
                    return self.complete_leaf_value(named_type, value)
                except Exception as error:
                    self._fail(error, leaf, details, parent_type, path, name)
                    return None
        return self._complete_by_stock(leaf, details, parent_type, path, name, value)

    def _complete_by_stock(
        self,
        leaf: Leaf,
        details: Any,
        parent_type: GraphQLObjectType,
        path: Path | None,
        name: str,
        value: Any,
    ) -> Any:
        node = details[0].node
        field = self.schema.get_field(parent_type, node.name.value)
        field_path = Path(path, name, parent_type.name)
        nodes = [detail.node for detail in details]
        info = self.build_resolve_info(cast(GraphQLField, field), nodes, parent_type, field_path)
        if self.is_awaitable(value):
            return self.complete_awaitable_value(leaf.return_type, details, info, field_path, value, None)
        try:
            completed = self.complete_value(leaf.return_type, details, info, field_path, value, None)
        except Exception as error:
            self.handle_field_error(error, leaf.return_type, details, field_path)
            return None
        if not self.is_awaitable(completed):
            return completed
        return self._await_completed(completed, leaf, details, field_path)

    async def _await_completed(
        self, completed: Awaitable[Any], leaf: Leaf, details: Any, field_path: Path
    ) -> Any:
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, leaf.return_type, details, field_path)
            return None

    def _fail(
        self,
        error: Exception,
        leaf: Leaf,
        details: Any,
        parent_type: GraphQLObjectType,
        path: Path | None,
        name: str,
    ) -> None:
        self.handle_field_error(error, leaf.return_type, details, Path(path, name, parent_type.name))


async def _when_done(results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
    """Await what is pending and put it in its place."""
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
        return results
    values = await gather_with_cancel(*(results[name] for name in pending))
    results.update(zip(pending, values, strict=True))
    return results
