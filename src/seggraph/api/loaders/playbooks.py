"""Playbooks by id, and the segments that they add to."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.playbooks import views as playbook_views
from seggraph.services.playbooks.views import PlaybookView
from seggraph.transport.compiled.loading import DataLoader


class PlaybookLoaders(NounLoaders):
    """Playbooks by id, and the segments that they add to."""

    @cached_property
    def by_id(self) -> DataLoader[int, PlaybookView | None]:
        """Playbooks that the viewer sees, by id."""
        return by_key(lambda ids: playbook_views.get_many(self._viewer, ids), None)

    @cached_property
    def segment_ids(self) -> DataLoader[int, list[int]]:
        """The ids of the segments that a playbook adds to, by its id."""
        return by_key(lambda ids: playbook_views.fed_segments(self._viewer, ids), [])
