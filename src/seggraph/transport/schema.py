"""A Strawberry schema as it is served: compiled, with limits, cached documents, published errors."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from graphql import OperationType as GraphQLOperationType
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult
from strawberry.types.execution import ExecutionContext, PreExecutionError
from strawberry.types.graphql import OperationType

from seggraph.errors import RateLimited
from seggraph.throttling import Lane
from seggraph.transport.alike import AlikeQueries, alike_of
from seggraph.transport.compiled.execution import OPERATION_SECONDS, CompiledExecutor, answer, programs_of
from seggraph.transport.cost import CostLimits, Costs, FieldCost
from seggraph.transport.documents.large import LARGE_CHARACTERS, LargeDocuments
from seggraph.transport.documents.prepared import DocumentCache, KnownOperation, PreparedDocuments, admit
from seggraph.transport.encoding import encode
from seggraph.transport.limits import Limits
from seggraph.transport.masking import failure_extensions, published
from seggraph.transport.measuring import Measured, Observe
from seggraph.transport.pacing import STEP_OF_JSON, TimedOut, as_json, within
from seggraph.transport.throttled import lane_of, spend

_DEFAULT_LIMITS = Limits()
_DEFAULT_COST_LIMITS = CostLimits()


class ServedSchema(strawberry.Schema):
    """`strawberry.Schema` with the executor, the limits, the caches and the masking of the transport.

    `costs` says what fields cost besides what the schema tells, by `Type.field`, and `cost_limits` what an operation
    may cost. A query, or an event of a subscription, may take `operation_seconds`. `observe` is called after each
    operation. Further keyword arguments are those of `strawberry.Schema`. An extension with a `resolve` method costs
    every field dear and leaves nothing to compiled documents: do without.

    Errors are published in `execute` and `stream`, through which every transport goes. The stock `MaskErrors`
    runs in a hook and misses what is raised by hooks themselves.
    """

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        limits: Limits = _DEFAULT_LIMITS,
        costs: Mapping[str, FieldCost] = MappingProxyType({}),
        cost_limits: CostLimits = _DEFAULT_COST_LIMITS,
        operation_seconds: float = OPERATION_SECONDS,
        observe: Observe | None = None,
        extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
        **options: Any,
    ) -> None:
        self._observe = observe
        self._alike = AlikeQueries()
        self.operation_seconds = operation_seconds
        self._is_extended = bool(extensions)
        measured = [] if observe is None else [lambda: Measured(observe)]
        super().__init__(
            query,
            mutation,
            subscription,
            extensions=[*extensions, *measured, lambda: PreparedDocuments(self._documents)],
            execution_context_class=CompiledExecutor,
            **options,
        )
        self.costs = Costs(self._schema, costs, cost_limits)
        self._documents = DocumentCache(limits, self.costs, programs_of(self._schema))
        self._large = LargeDocuments(
            partial(self._documents.read, self._schema), lambda query: self._documents.find(query) is not None
        )

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: stock logs each mistake of a client with a traceback; `published` logs our own."""

    async def answer(
        self, query: str, variables: dict[str, Any], operation_name: str | None, context: Any
    ) -> dict[str, Any] | None:
        """The answer to a query whose document is known, executed as it was compiled.

        None when there is anything to say but data and cost: `execute` it then.
        """
        known = None if self._is_extended else self._documents.known(query, operation_name)
        if known is None or known.node.operation is not GraphQLOperationType.QUERY:
            return None
        begun = perf_counter()
        cost = known.cost
        try:
            admit(context, known.node, known.fragments)
            estimate = cost.admit(variables)
            spend(context, estimate.cost)
            data = await self._data(known, (query, operation_name), variables, context)
        except asyncio.CancelledError:
            self._report("left", begun)
            raise
        except TimedOut as error:
            self._report("refused", begun)
            return {"errors": [error.formatted]}
        except RateLimited as error:
            self._report("refused", begun)
            return {"errors": [{"message": error.message, "extensions": failure_extensions(error)}]}
        except Exception:  # whatever is wrong, `execute` meets it again and says where
            return None
        self._report("ok", begun)
        if estimate.cost > STEP_OF_JSON and type(data) is dict:
            data = await as_json(data)
        return {"data": data, "extensions": {"cost": cost.extensions(estimate)}}

    async def _data(
        self, known: KnownOperation, named: tuple[str, str | None], variables: dict[str, Any], context: Any
    ) -> Any:
        """The data of a query, which is executed once for all who ask alike before it begins."""

        async def execute() -> dict[str, Any]:
            lane = lane_of(context)
            if lane is None:
                return await answer(self._schema, known.compiled, variables, context)
            return await self._in_lane(lane, known, variables, context)

        async def execute_for_many() -> orjson.Fragment:
            return await as_json(await execute())

        whose = alike_of(context)
        if whose is None:
            return await execute()
        return await self._alike.execute((named, encode(variables), whose), execute, execute_for_many)

    async def _in_lane(
        self, lane: Lane, known: KnownOperation, variables: dict[str, Any], context: Any
    ) -> dict[str, Any]:
        if lane.is_free:
            lane.begin()
        else:
            await within(self.operation_seconds, lane.wait())
        try:
            return await answer(self._schema, known.compiled, variables, context)
        finally:
            lane.end()

    async def prepare(self, query: str | None, context: Any) -> GraphQLError | None:
        """Parse and validate a large document that is not known, in another thread; see `LargeDocuments`.

        Returns what is wrong with its syntax, or that too many of the caller's wait.
        """
        if query is None or len(query) < LARGE_CHARACTERS or self._documents.find(query) is not None:
            return None
        try:
            await self._large.read(query, context)
        except RateLimited as error:
            return GraphQLError(error.message, extensions=failure_extensions(error))
        return self._documents.syntax_error(query)

    async def prepare_any(self, query: str, context: Any) -> None:
        """Parse and validate a document that is not known; what is wrong with it shows when it is run."""
        await self.prepare(query, context)
        if len(query) < LARGE_CHARACTERS and self._documents.find(query) is None:
            self._documents.read(self._schema, query)

    def is_subscription(self, query: str, operation_name: str | None) -> bool:
        """Whether a document is known and its operation a subscription."""
        known = self._documents.known(query, operation_name)
        return known is not None and known.node.operation is GraphQLOperationType.SUBSCRIPTION

    def _report(self, outcome: str, begun: float, type_: str = "query") -> None:
        if self._observe is not None:
            self._observe(type_, outcome, perf_counter() - begun)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute a query or mutation; see `strawberry.Schema.execute`."""
        wrong = await self.prepare(query, context_value)
        if wrong is not None:
            self._report("refused", perf_counter(), "unknown")
            return ExecutionResult(data=None, errors=published([wrong]))
        result = await super().execute(
            query,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            allowed_operation_types=allowed_operation_types,
            operation_extensions=operation_extensions,
        )
        result.errors = published(result.errors)
        return result

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[Any, None]:
        """Execute any operation as a stream of results; see `strawberry.Schema.stream`."""
        wrong = await self.prepare(query, context_value)
        if wrong is not None:
            self._report("refused", perf_counter(), "unknown")
            return _only(PreExecutionError(data=None, errors=published([wrong])))
        source = await super().stream(
            query,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
            allowed_operation_types=allowed_operation_types,
        )
        return _publishing(source)


async def _only(result: ExecutionResult) -> AsyncGenerator[Any, None]:
    yield result


async def _publishing(source: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(source):
        async for result in source:
            if isinstance(result, ExecutionResult):
                result.errors = published(result.errors)
                if is_request_error(result.data, result.errors):
                    # Stock says so of all but refused variables; a WebSocket answers with `error`, not `next`.
                    result = PreExecutionError(None, result.errors, result.extensions)
            yield result


def is_request_error(data: Mapping[str, Any] | None, errors: list[GraphQLError] | None) -> bool:
    """Return whether nothing was executed: parsing, validation or the variables failed.

    By the specification such a response has no `data` at all, not even null; stock sends null.
    """
    return data is None and bool(errors) and all(error.path is None for error in errors or ())
