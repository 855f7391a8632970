"""The history of segments: runs, sizes, membership changes and past memberships."""

from functools import cached_property

from pyroaring import BitMap

from seggraph.api.loaders.batching import NO_PAGE, NounLoaders, by_key
from seggraph.database.paging import Page
from seggraph.services.history import membership_changes, past_memberships, runs, size_history
from seggraph.services.history.membership_changes import ChangeList, ChangesAsked, ChangeView
from seggraph.services.history.past_memberships import AtAsked, Interval
from seggraph.services.history.runs import Asked as RunsAsked
from seggraph.services.history.runs import RunView
from seggraph.services.history.size_history import Asked as SizesAsked
from seggraph.services.history.size_history import SizePoint
from seggraph.services.members.members import MemberView
from seggraph.services.memberships.memberships import Pair
from seggraph.transport.compiled.loading import DataLoader


class HistoryLoaders(NounLoaders):
    """The history of segments: runs, sizes, membership changes and past memberships."""

    @cached_property
    def run_pages(self) -> DataLoader[RunsAsked, Page[RunView]]:
        """Pages of segments' runs."""
        return by_key(lambda asked: runs.pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def run_counts(self) -> DataLoader[int, int]:
        """How many runs segments have."""
        return by_key(lambda ids: runs.counts(self._viewer, ids), 0)

    @cached_property
    def sizes(self) -> DataLoader[SizesAsked, list[SizePoint]]:
        """Size histories of segments."""
        return by_key(lambda asked: size_history.points(self._viewer, asked), [])

    @cached_property
    def members_at(self) -> DataLoader[AtAsked, tuple[Page[MemberView], BitMap]]:
        """Pages of memberships at given times."""
        nobody: tuple[Page[MemberView], BitMap] = (NO_PAGE, BitMap())
        return by_key(lambda asked: past_memberships.pages_at(self._viewer, asked), nobody)

    @cached_property
    def change_pages(self) -> DataLoader[ChangesAsked, Page[ChangeView]]:
        """Pages of segments' membership changes."""
        return by_key(lambda asked: membership_changes.changes(self._viewer, asked), NO_PAGE)

    @cached_property
    def change_counts(self) -> DataLoader[ChangeList, int]:
        """How many membership changes segments had."""
        return by_key(lambda lists: membership_changes.count_changes(self._viewer, lists), 0)

    @cached_property
    def intervals(self) -> DataLoader[Pair, list[Interval]]:
        """When members were in segments."""
        return by_key(lambda pairs: past_memberships.intervals(self._viewer, pairs), [])
