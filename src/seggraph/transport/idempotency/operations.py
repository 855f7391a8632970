"""Mutations with an idempotency key on a WebSocket: the same as by HTTP, with the same answers under the same keys."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any, Protocol

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from seggraph.errors import SeggraphError
from seggraph.transport.codes import TransportCode
from seggraph.transport.idempotency.requests import Once, result_of
from seggraph.transport.masking import published


class Asked(Protocol):
    """An operation, as a client asks for it."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None


class Executing(Protocol):
    """A schema that executes operations."""

    async def execute(self, query: str | None, **arguments: Any) -> ExecutionResult:
        """Execute a query or mutation. Raises InvalidOperationTypeError for a type that is not allowed."""


class OnceOnly:
    """Stands for the schema of one operation with a key: what it streams is the one answer of a mutation.

    A query is executed as ever, for it changes nothing. A subscription is refused.
    """

    def __init__(self, schema: Executing, once: Once, key: str, asked: Asked) -> None:
        self._schema, self._once, self._key, self._asked = schema, once, key, asked

    async def stream(self, query: str | None, **arguments: Any) -> AsyncGenerator[Any, None]:
        """The results of the operation."""
        return self._results(query, arguments)

    async def _results(self, query: str | None, arguments: dict[str, Any]) -> AsyncGenerator[Any, None]:
        try:
            result = await self._result(query, arguments)
        except SeggraphError as error:
            result = _refusal(GraphQLError(error.message, original_error=error))
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            result = PreExecutionError(None, result.errors, result.extensions)
        yield result

    async def _result(self, query: str | None, arguments: dict[str, Any]) -> ExecutionResult:
        try:
            return await self._schema.execute(
                query, allowed_operation_types={OperationType.QUERY}, **arguments
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is not OperationType.MUTATION:
                return _bad_request("A subscription changes nothing: leave the idempotencyKey out.")
        except CannotGetOperationTypeError as error:
            return _bad_request(error.as_http_error_reason())
        types = {OperationType.MUTATION}
        execute = partial(self._schema.execute, query, allowed_operation_types=types, **arguments)
        return await result_of(self._once, arguments["context_value"], self._key, self._asked, execute)


def _bad_request(message: str) -> PreExecutionError:
    return PreExecutionError(
        None, [GraphQLError(message, extensions={"code": TransportCode.BAD_REQUEST.value})]
    )


def _refusal(error: GraphQLError) -> PreExecutionError:
    return PreExecutionError(None, published([error]))
