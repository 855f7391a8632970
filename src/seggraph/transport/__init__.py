"""GraphQL on the wire: HTTP, WebSocket, server-sent events, limits, masking, GraphiQL.

This package knows nothing of our schema. It serves any `ServedSchema` through a `GraphQLEndpoint`.
"""

from seggraph.transport.compiled.execution import CompiledExecutor
from seggraph.transport.documents.persisted import PersistedDocuments, read_trusted
from seggraph.transport.documents.store import RedisDocumentStore
from seggraph.transport.endpoint import GraphQLEndpoint
from seggraph.transport.inputs.rows import Row, row, with_rows
from seggraph.transport.limits import Limits
from seggraph.transport.measuring import Measured, Observe
from seggraph.transport.request_ids import current_request_id
from seggraph.transport.schema import ServedSchema

__all__ = [
    "CompiledExecutor",
    "GraphQLEndpoint",
    "Limits",
    "Measured",
    "Observe",
    "PersistedDocuments",
    "RedisDocumentStore",
    "Row",
    "ServedSchema",
    "current_request_id",
    "read_trusted",
    "row",
    "with_rows",
]
