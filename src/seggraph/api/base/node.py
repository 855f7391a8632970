"""The interface of everything that has a global id."""

import strawberry


@strawberry.interface(description="An object with a global id, which the queries node and nodes find.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(
        description="The global id of the object. It is opaque and never changes."
    )
