"""Labels, folders and favourites of segments."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.labels import favourites, folders, labels
from seggraph.services.labels.folders import FolderView
from seggraph.services.labels.labels import LabelView
from seggraph.transport.compiled.loading import DataLoader


class LabelLoaders(NounLoaders):
    """Labels, folders and favourites of segments."""

    @cached_property
    def of_segments(self) -> DataLoader[int, list[LabelView]]:
        """The labels of segments, by the segment's id."""
        return by_key(lambda ids: labels.of_segments(self._viewer, ids), [])

    @cached_property
    def segment_counts(self) -> DataLoader[int, int]:
        """How many segments have a label, by its id."""
        return by_key(lambda ids: labels.segment_counts(self._viewer, ids), 0)

    @cached_property
    def folders(self) -> DataLoader[int, FolderView | None]:
        """Folders by id."""
        return by_key(lambda ids: folders.get_many(self._viewer, ids), None)

    @cached_property
    def folder_counts(self) -> DataLoader[int, int]:
        """How many segments are in a folder, by its id."""
        return by_key(lambda ids: folders.segment_counts(self._viewer, ids), 0)

    @cached_property
    def favourites(self) -> DataLoader[int, bool]:
        """Whether segments are favourites of the viewer, by the segment's id."""
        return by_key(lambda ids: favourites.of_viewer(self._viewer, ids), False)
