"""Campaign metrics: totals, parts and series."""

from collections.abc import Mapping
from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.campaigns import metric_series
from seggraph.services.campaigns.metric_series import NOTHING, Asked, Series, Stepped, Totals
from seggraph.transport.compiled.loading import DataLoader


class MetricLoaders(NounLoaders):
    """Campaign metrics: totals, parts and series."""

    @cached_property
    def totals(self) -> DataLoader[Asked, Totals]:
        """Totals of metrics."""
        return by_key(lambda asked: metric_series.totals(self._viewer, asked), NOTHING)

    @cached_property
    def parts(self) -> DataLoader[Asked, Mapping[int, Totals]]:
        """Totals of metrics by campaign, or by segment."""
        return by_key(lambda asked: metric_series.parts(self._viewer, asked), {})

    @cached_property
    def series(self) -> DataLoader[Stepped, Series]:
        """Series of metrics."""
        return by_key(lambda asked: metric_series.series(self._viewer, asked), [])
