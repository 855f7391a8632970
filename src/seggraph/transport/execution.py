"""An executor that resolves ordinary fields directly; everything else goes the ordinary way.

graphql-core and Strawberry spend about 14 µs on a field, whatever the field does: a path, a resolve info, an
argument dictionary, a resolver, a completion; and on a field that waits, a task of the event loop besides. Most
fields of a response are an attribute holding a value that is already what the wire needs, an object of the very
class that is expected, or something that a loader brings for the whole page. `LeafExecutor` deals with these
itself. Data, errors and their order are those of the stock executor (tests/transport compare the two).
"""

from collections.abc import Awaitable
from typing import Any, cast

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import Info

from seggraph.transport.leaves import FALLBACK
from seggraph.transport.loading import advance
from seggraph.transport.plans import FieldPlan, Leaf, Shape, Way, plan_of
from seggraph.transport.rows import take_rows
from seggraph.transport.waiting import Scope, Slot, Waiting, when_done


class LeafExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with direct ways for ordinary fields.

    Use as ``Schema(execution_context_class=LeafExecutor)``. It steps aside altogether when an extension wraps
    resolvers, and for each value that is not exactly what its field's type leads one to expect.

    Stock graphql-core 3.3.2 shares its memo of collected sub-fields among all events of a subscription and
    adds to it with each: a subscription that lives for a day grows by every event. Each event starts with
    its own memo here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, tuple[Any, list[FieldPlan]]] = {}
        middleware = self.middleware_manager
        served = getattr(self.schema, "_strawberry_schema", None)
        self._is_direct = (
            self.abort_signal is None
            and not (middleware and middleware.middlewares)
            and not getattr(served, "exception_handlers", ())
        )
        self._info_class = Info if served is None else served.config.info_class

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
        """Execute the fields of one object: like the stock method, but directly where that is possible."""
        if not self._is_direct or position_context is not None:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        results: dict[str, Any] = {}
        pending: list[str] = []
        slots: list[Slot] = []
        scope = Scope(results)
        try:
            for name, details, way in self._plan(parent_type, grouped_field_set):
                if type(way) is Leaf:
                    try:
                        value = getattr(source_value, way.attribute)
                    except Exception as error:
                        field_path = Path(path, name, parent_type.name)
                        self.handle_field_error(error, way.return_type, details, field_path)
                        results[name] = None
                        continue
                    completed = way.complete(value)
                    if completed is not FALLBACK:
                        results[name] = completed
                        continue
                    result = self._complete_leaf(way, details, parent_type, path, name, value)
                elif type(way) is Way:
                    field_path = Path(path, name, parent_type.name)
                    result = self._resolve(way, source_value, field_path)
                    if type(result) is Slot:
                        result.stand(scope, name)
                        slots.append(result)
                        continue
                    if type(result) is Waiting:
                        slots += result.stand(scope, name, way.shape.return_type, details, field_path)
                        continue
                else:
                    field_path = Path(path, name, parent_type.name)
                    result = self.execute_field(
                        parent_type, source_value, details, field_path, position_context
                    )
                if result is not Undefined:
                    results[name] = result
                    if self.is_awaitable(result):
                        pending.append(name)
        except Exception:
            if pending:
                self.settle_in_background([results[name] for name in pending])
            raise
        if pending:
            return when_done(scope, pending, Waiting(self, scope, slots) if slots else None)
        return Waiting(self, scope, slots) if slots else results

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> list[FieldPlan]:
        known = self._plans.get(id(grouped_field_set))
        if known is not None:
            return known[1]
        plan = [plan_of(self.schema, parent_type, *field) for field in grouped_field_set.items()]
        # The field set is kept with its plan, so that its id cannot be given to another one.
        self._plans[id(grouped_field_set)] = (grouped_field_set, plan)
        return plan

    def _resolve(self, way: Way, source: Any, path: Path) -> Any:
        """Resolve a field: its completed value, or an awaitable of it, or the slot in which a loader puts it."""
        try:
            if way.attribute is not None:
                value = getattr(source, way.attribute)
            else:
                value = self._call(way, source, path)
                if way.awaits_loaders:
                    try:
                        return Slot(way, path, value, advance(value))
                    except StopIteration as done:
                        value = done.value
            completed = self._complete_any(way, way.shape, path, path, value)
        except Exception as error:
            self.handle_field_error(error, way.shape.return_type, way.details, path)
            return None
        if type(completed) is not Waiting and self.is_awaitable(completed):
            return self._guarded(completed, way.shape.return_type, way.details, path)
        return completed

    def _call(self, way: Way, source: Any, path: Path) -> Any:
        if way.function is None:
            info = self.build_resolve_info(way.field, way.nodes, way.parent_type, path)
            arguments = {}
            if way.field.args or way.nodes[0].arguments:
                detail = way.details[0]
                arguments = get_argument_values(
                    way.field,
                    detail.node,
                    self.variable_values,
                    detail.fragment_variable_values,
                    self.hide_suggestions,
                )
            return cast(Any, way.field.resolve)(source, info, **arguments)
        if way.info_name is None:
            return way.function(source)
        info = self.build_resolve_info(way.field, way.nodes, way.parent_type, path)
        return way.function(
            source, **{way.info_name: self._info_class(_raw_info=info, _field=way.definition)}
        )

    def complete(self, way: Way, shape: Shape, field_path: Path, path: Path, value: Any) -> Any:
        """Complete a value of a field that was awaited, or of an item of its list: the value, or an awaitable of it.

        Raises what is wrong with it.
        """
        completed = self._complete_directly(way, shape, field_path, path, value)
        if completed is not FALLBACK:
            return completed
        info = self.build_resolve_info(way.field, way.nodes, way.parent_type, field_path)
        return self.complete_value(shape.return_type, way.details, info, path, value, None)

    def _complete_any(self, way: Way, shape: Shape, field_path: Path, path: Path, value: Any) -> Any:
        """The same of a value that may have to be awaited first."""
        completed = self._complete_directly(way, shape, field_path, path, value)
        if completed is not FALLBACK:
            return completed
        if self.is_awaitable(value):
            return self._complete_later(way, shape, field_path, path, value)
        return self.complete(way, shape, field_path, path, value)

    def _complete_directly(self, way: Way, shape: Shape, field_path: Path, path: Path, value: Any) -> Any:
        """The same of a value that is just what is expected; for any other FALLBACK."""
        if value is None and shape.is_nullable:
            return None
        if shape.complete is not None:
            completed = shape.complete(value)
            if completed is not FALLBACK:
                return completed
        elif shape.object_type is not None:
            if type(value) is shape.source:
                fields, defer_usages, _ = self.collect_subfields(shape.object_type, way.details)
                if not defer_usages:
                    return self.execute_fields(shape.object_type, value, path, fields, None)
        elif shape.item is not None and type(value) is list:
            return self._complete_list(way, shape.item, field_path, path, value)
        return FALLBACK

    async def _complete_later(
        self, way: Way, shape: Shape, field_path: Path, path: Path, value: Awaitable[Any]
    ) -> Any:
        completed = self.complete(way, shape, field_path, path, await value)
        return await completed if self.is_awaitable(completed) else completed

    def _complete_list(self, way: Way, item: Shape, field_path: Path, path: Path, values: list[Any]) -> Any:
        results: list[Any] = []
        pending: list[int] = []
        slots: list[Slot] = []
        scope = Scope(results)
        try:
            for index, value in enumerate(values):
                item_path = Path(path, index, None)
                try:
                    completed = self._complete_any(way, item, field_path, item_path, value)
                except Exception as error:
                    self.handle_field_error(error, item.return_type, way.details, item_path)
                    completed = None
                results.append(completed)
                if type(completed) is Waiting:
                    slots += completed.stand(scope, index, item.return_type, way.details, item_path)
                elif self.is_awaitable(completed):
                    results[index] = self._guarded(completed, item.return_type, way.details, item_path)
                    pending.append(index)
        except Exception:
            rest = [one for one in values[len(results) + 1 :] if self.is_awaitable(one)]
            if pending or rest:
                self.settle_in_background([*(results[index] for index in pending), *rest])
            raise
        if pending:
            return when_done(scope, pending, Waiting(self, scope, slots) if slots else None)
        return Waiting(self, scope, slots) if slots else results

    async def _guarded(
        self, completed: Awaitable[Any], return_type: GraphQLOutputType, details: Any, path: Path
    ) -> Any:
        """Await what becomes a field's or an item's value; what is wrong with it is an error at its place."""
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, return_type, details, path)
            return None

    def _complete_leaf(
        self,
        leaf: Leaf,
        details: Any,
        parent_type: GraphQLObjectType,
        path: Path | None,
        name: str,
        value: Any,
    ) -> Any:
        """Complete a leaf's value that is not passed through: the second half of the stock ``execute_field``."""
        field_path = Path(path, name, parent_type.name)
        if value is not None and not isinstance(value, Exception) and not self.is_awaitable(value):
            named_type = leaf.return_type
            if isinstance(named_type, GraphQLNonNull):
                named_type = named_type.of_type
            if isinstance(named_type, (GraphQLScalarType, GraphQLEnumType)):
                try:
                    return self.complete_leaf_value(named_type, value)
                except Exception as error:
                    self.handle_field_error(error, leaf.return_type, details, field_path)
                    return None
        node = details[0].node
        field = self.schema.get_field(parent_type, node.name.value)
        nodes = [detail.node for detail in details]
        info = self.build_resolve_info(cast(Any, field), nodes, parent_type, field_path)
        if self.is_awaitable(value):
            return self.complete_awaitable_value(leaf.return_type, details, info, field_path, value, None)
        try:
            completed = self.complete_value(leaf.return_type, details, info, field_path, value, None)
        except Exception as error:
            self.handle_field_error(error, leaf.return_type, details, field_path)
            return None
        if not self.is_awaitable(completed):
            return completed
        return self._guarded(completed, leaf.return_type, details, field_path)
