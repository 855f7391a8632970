"""Members by key, with their addresses, relations and customer value."""

from datetime import UTC, datetime
from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.customer_value import customer_values
from seggraph.services.customer_value.customer_values import CustomerValue
from seggraph.services.members import members, related
from seggraph.services.members.members import Addresses, MemberView
from seggraph.services.members.related import RelatedKey
from seggraph.services.memberships.memberships import MemberKey
from seggraph.transport.compiled.loading import DataLoader


class MemberLoaders(NounLoaders):
    """Members by key, with their addresses, relations and customer value."""

    @cached_property
    def by_key(self) -> DataLoader[MemberKey, MemberView | None]:
        """Members by kind and ordinal."""
        return by_key(lambda keys: members.by_keys(self._viewer, keys), None)

    @cached_property
    def addresses(self) -> DataLoader[int, Addresses]:
        """Addresses by member id."""
        return by_key(lambda ids: members.addresses(self._viewer, ids), Addresses())

    @cached_property
    def related(self) -> DataLoader[RelatedKey, list[MemberView]]:
        """Related members by member and relation."""
        return by_key(lambda asked: related.get_many(self._viewer, asked), [])

    @cached_property
    def values(self) -> DataLoader[MemberKey, CustomerValue]:
        """The customer value of members."""
        return by_key(
            lambda keys: customer_values.of_members(self._viewer, keys),
            customer_values.value_of([], datetime.now(UTC)),
        )
