"""Users by id."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.identity import users
from seggraph.services.identity.users import UserView
from seggraph.transport.compiled.loading import DataLoader


class UserLoaders(NounLoaders):
    """Users by id."""

    @cached_property
    def by_id(self) -> DataLoader[int, UserView | None]:
        """Users of the workspace by id."""
        return by_key(lambda ids: users.get_many(self._viewer, ids), None)
