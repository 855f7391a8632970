"""The ways in: the GraphQL schema over the services, and its transport.

A resolver unpacks its arguments and calls one service; there is no SQL, no transaction and no try here. Enums are
described before anything that mentions them, because their first mention would define them otherwise.
"""

from seggraph.api.base import enums

__all__ = ["enums"]
