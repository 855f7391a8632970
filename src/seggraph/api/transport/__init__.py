"""GraphQL on the wire: HTTP, WebSocket, server-sent events, limits, masking, GraphiQL.

This package knows nothing of our schema. It serves any `ServedSchema` through a `GraphQLEndpoint`.
"""

from seggraph.api.transport.endpoint import GraphQLEndpoint
from seggraph.api.transport.execution import CompiledExecutor
from seggraph.api.transport.limits import Limits
from seggraph.api.transport.measuring import Measured, Observe
from seggraph.api.transport.request_ids import current_request_id
from seggraph.api.transport.rows import Row, row, with_rows
from seggraph.api.transport.schema import ServedSchema

__all__ = [
    "GraphQLEndpoint",
    "CompiledExecutor",
    "Limits",
    "Measured",
    "Observe",
    "Row",
    "ServedSchema",
    "current_request_id",
    "row",
    "with_rows",
]
