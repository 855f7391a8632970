"""An executor that runs operations as they were compiled, and leaves to graphql-core what was not.

graphql-core and Strawberry spend about 14 µs on a field of an object, whatever the field does. A compiled
operation spends less than 1, for it is executed level by level by code that was made for the document. Wherever
something is not as it should be (a refused value, a null that may not be, a resolver that raises) graphql-core
executes the operation, and so data, errors, paths and their order are its own. Queries only read, so reading
once more is all that it costs; of a mutation only what is below its payload is compiled.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from seggraph.transport.compiled.compiler import CompiledOperation, Program, Programs
from seggraph.transport.compiled.running import WAITING, Run, settled
from seggraph.transport.inputs.rows import take_rows
from seggraph.transport.pacing import STEP_OF_LIST, TimedOut, in_turns, within
from seggraph.transport.throttled import in_lane

OPERATION_SECONDS: Final = 60.0
"""How long a query may take, unless the schema says otherwise."""
MUTATION_FACTOR: Final = 5
"""How much longer than a query a mutation may take."""
_PROGRAMS = "seggraph_programs"


def programs_of(schema: GraphQLSchema) -> Programs:
    """The compiled operations of a schema."""
    found: Programs | None = schema.extensions.get(_PROGRAMS)
    if found is None:
        found = schema.extensions[_PROGRAMS] = Programs(schema)
    return found


async def answer(
    schema: GraphQLSchema, operation: CompiledOperation, variables: dict[str, Any], context: Any
) -> dict[str, Any]:
    """The data of a query. Raises whatever is in the way of it."""
    values = operation.variables.read(variables)
    program = operation.program(values.coerced)
    run = Run(schema, context, values)
    made: Any = run.objects(program.root(cast(GraphQLObjectType, schema.query_type)), [None])
    if type(made) in WAITING:
        made = await within(operation_seconds(schema), made)
    data: dict[str, Any] = made[0]
    return data


def operation_seconds(schema: GraphQLSchema, *, is_mutation: bool = False) -> float:
    """How long an operation may take. To end a change is worse than to wait for it, so it has longer."""
    served = getattr(schema, "_strawberry_schema", None)
    seconds: float = getattr(served, "operation_seconds", OPERATION_SECONDS)
    return seconds * MUTATION_FACTOR if is_mutation else seconds


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, for which operations are compiled.

    Use as ``Schema(execution_context_class=CompiledExecutor)``. It steps aside altogether when an extension
    wraps resolvers.

    Stock graphql-core 3.3.2 shares its memo of collected sub-fields among all events of a subscription and
    adds to it with each: a subscription that lives for a day grows by every event. Each event starts with
    its own memo here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        middleware = self.middleware_manager
        served = getattr(self.schema, "_strawberry_schema", None)
        self._is_compiled = (
            self.abort_signal is None
            and served is not None
            and not (middleware and middleware.middlewares)
            and not getattr(served, "exception_handlers", ())
        )

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

    def build_per_event_executor(self, payload: Any) -> "CompiledExecutor":
        """Return the executor of one subscription event, with memos of its own."""
        executor = cast(CompiledExecutor, super().build_per_event_executor(payload))
        executor._relevant_sub_fields = {}
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute the operation: as it was compiled, or else as graphql-core does."""
        if self._is_compiled and self.operation.operation is not OperationType.MUTATION:
            return self._timed(lambda: self._execute_compiled(serially))
        return self._timed(lambda: self._execute_stock(serially))

    async def _execute_stock(self, serially: bool | None) -> Any:
        executed = super().execute_operation(serially)
        return await executed if self.is_awaitable(executed) else executed

    async def _timed(self, execute: Callable[[], Any]) -> Any:
        is_mutation = self.operation.operation is OperationType.MUTATION
        is_event = self.operation.operation is OperationType.SUBSCRIPTION
        work = execute() if is_event else in_lane(self.context_value, execute)
        try:
            return await within(operation_seconds(self.schema, is_mutation=is_mutation), work)
        except TimedOut as error:
            return ExecutionResult(data=None, errors=[error])

    def complete_list_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Path, result: Any, *arguments: Any
    ) -> Any:
        """Complete a list; a long one in turns."""
        if type(result) is list and len(result) > STEP_OF_LIST:
            result = in_turns(result)
        return super().complete_list_value(return_type, field_details_list, info, path, result, *arguments)

    async def _execute_compiled(self, serially: bool | None) -> ExecutionResult:
        try:
            data = await self._data()
        except Exception:  # whatever is wrong, graphql-core meets it again and says where
            self._is_compiled = False
            result = super().execute_operation(serially)
            return cast(ExecutionResult, await result if self.is_awaitable(result) else result)
        return cast(ExecutionResult, self.build_response(data))

    async def _data(self) -> dict[str, Any]:
        run, program = self._run(), self._program()
        root = cast(GraphQLObjectType, self.schema.get_root_type(self.operation.operation))
        if self.operation.operation is OperationType.QUERY:
            data: dict[str, Any] = (await settled(run.objects(program.root(root), [self.root_value])))[0]
            return data
        field = program.event(root)
        [value] = await settled(run.complete(field.shape, [self.root_value]))
        return {field.key: value}

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete what a field of the operation has led to."""
        if self._is_compiled and path.prev is None and position_context is None:
            nodes = [detail.node for detail in field_details_list]
            return self._complete_compiled(return_type, nodes, field_details_list, info, path, result)
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    async def _complete_compiled(
        self,
        return_type: GraphQLObjectType,
        nodes: list[FieldNode],
        details: Any,
        info: Any,
        path: Path,
        result: Any,
    ) -> Any:
        try:
            plan = self._program().object_plan(return_type, nodes)
            [data] = await settled(self._run().objects(plan, [result]))
        except Exception:  # see _execute_compiled
            completed = super().complete_object_value(return_type, details, info, path, result, None)
            return await completed if self.is_awaitable(completed) else completed
        return data

    def _run(self) -> Run:
        return Run(self.schema, self.context_value, self.variable_values)

    def _program(self) -> Program:
        variables: Mapping[str, Any] = self.variable_values.coerced
        operation = programs_of(self.schema).operation(self.operation, self.fragment_definitions)
        return operation.program(variables)
