"""The interface of everything that has a global id."""

import strawberry


@strawberry.interface(description="An object with a global id, which node and nodes find again.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(description="The global id: opaque, and stable for ever.")
