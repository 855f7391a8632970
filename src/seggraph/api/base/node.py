"""The interface of everything that has a global id."""

from typing import Any, Final

import strawberry

from seggraph.api.base import ids
from seggraph.transport.compiled.leaves import Quoted
from seggraph.transport.compiled.records import column
from seggraph.values.global_ids import sql_of_id

DESCRIPTION: Final = "The global id of the object. It is opaque and never changes."


@strawberry.interface(description="An object with a global id, which the queries node and nodes find.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(description=DESCRIPTION)


def row_id(type_name: str) -> Any:
    """The field `id` of a type whose objects may be rows."""
    return strawberry.field(
        description=DESCRIPTION,
        metadata=column(
            "id", make=lambda number: ids.encode(type_name, number), sql=Quoted(sql_of_id(type_name))
        ),
    )
