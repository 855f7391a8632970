"""Users, and the names of API keys, by id."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.identity import api_keys, users
from seggraph.services.identity.api_keys import ApiKeyName
from seggraph.services.identity.users import UserView
from seggraph.transport.compiled.loading import DataLoader


class UserLoaders(NounLoaders):
    """Users by id."""

    @cached_property
    def by_id(self) -> DataLoader[int, UserView | None]:
        """Users of the workspace by id."""
        return by_key(lambda ids: users.get_many(self._viewer, ids), None)

    @cached_property
    def key_names(self) -> DataLoader[int, ApiKeyName | None]:
        """The names of API keys of the workspace by id."""
        return by_key(lambda ids: api_keys.names(self._viewer, ids), None)
