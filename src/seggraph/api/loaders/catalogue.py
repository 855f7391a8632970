"""The catalogue of fields by kind, with examples and counts."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.criteria import Catalogue
from seggraph.services.catalogue import catalogues, field_examples, value_counts
from seggraph.transport.compiled.loading import DataLoader
from seggraph.vocabulary import MemberKind


class CatalogueLoaders(NounLoaders):
    """The catalogue of fields by kind, with examples and counts."""

    @cached_property
    def by_kind(self) -> DataLoader[MemberKind, Catalogue | None]:
        """Catalogues by kind."""
        return by_key(lambda kinds: catalogues.load_many(self._viewer, kinds), None)

    @cached_property
    def examples(self) -> DataLoader[MemberKind, Mapping[str, Any]]:
        """Values that members have, by kind and field."""
        return by_key(lambda kinds: field_examples.get_many(self._viewer, kinds), {})

    @cached_property
    def counts(self) -> DataLoader[MemberKind, Mapping[str, int]]:
        """How many members have a field, by kind."""
        return by_key(lambda kinds: value_counts.member_counts(self._viewer, kinds), {})
