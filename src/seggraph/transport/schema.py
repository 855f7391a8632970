"""A Strawberry schema as it is served: compiled, with limits, cached documents, published errors."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from time import perf_counter
from types import MappingProxyType
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql import OperationType as GraphQLOperationType
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult
from strawberry.types.execution import ExecutionContext, PreExecutionError
from strawberry.types.graphql import OperationType

from seggraph.transport.compiled.execution import OPERATION_SECONDS, CompiledExecutor, answer, programs_of
from seggraph.transport.cost import CostLimits, Costs, FieldCost
from seggraph.transport.documents.prepared import DocumentCache, PreparedDocuments, admit
from seggraph.transport.limits import Limits
from seggraph.transport.masking import published
from seggraph.transport.measuring import Measured, Observe
from seggraph.transport.pacing import STEP_OF_JSON, TimedOut, as_json

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
            data: Any = await answer(self._schema, known.compiled, variables, context)
        except asyncio.CancelledError:
            self._report("left", begun)
            raise
        except TimedOut as error:
            self._report("refused", begun)
            return {"errors": [error.formatted]}
        except Exception:  # whatever is wrong, `execute` meets it again and says where
            return None
        self._report("ok", begun)
        if estimate.cost > STEP_OF_JSON:
            data = await as_json(data)
        return {"data": data, "extensions": {"cost": cost.extensions(estimate)}}

    def is_subscription(self, query: str, operation_name: str | None) -> bool:
        """Whether a document is known and its operation a subscription."""
        known = self._documents.known(query, operation_name)
        return known is not None and known.node.operation is GraphQLOperationType.SUBSCRIPTION

    def _report(self, outcome: str, begun: float) -> None:
        if self._observe is not None:
            self._observe("query", outcome, perf_counter() - begun)

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
