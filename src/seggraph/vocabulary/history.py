"""Computations of segments and the series that their history is shown as."""

from seggraph.vocabulary.described import DescribedStrEnum


class RunStatus(DescribedStrEnum):
    """The status of a run, that is, of one calculation of a segment."""

    RUNNING = "RUNNING", "The calculation is running."
    SUCCEEDED = "SUCCEEDED", "The calculation ended and its result is in effect."
    FAILED = "FAILED", "The calculation failed; its field error says why."
    VOID = "VOID", "The segment was edited during the calculation, so the result was discarded."


class RunTrigger(DescribedStrEnum):
    """What caused a run, that is, a calculation of a segment."""

    FULL = "FULL", "The whole segment was calculated, on request or by its sync interval."
    REFRESH = "REFRESH", "Members changed, and only they were evaluated."
    MANUAL = "MANUAL", "Members were added or removed manually or by an import."
    MERGED = "MERGED", "All runs of an hour, a day or a month, merged into one in old history."


class HistoryInterval(DescribedStrEnum):
    """The length of one step in a series. Days, weeks and months begin in the time zone of the workspace."""

    HOUR = "HOUR", "One point for each hour."
    DAY = "DAY", "One point for each calendar day."
    WEEK = "WEEK", "One point for each week, from Monday to Sunday."
    MONTH = "MONTH", "One point for each calendar month."
