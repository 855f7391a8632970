"""Chaos in short: what `make chaos` does for long, with fewer faults. Nothing is stuck, nothing is lost."""

import pytest

from tests.chaos.loop import play

FAULTS = 25
RUNS = 30
SLACK = 6
"""Times as long as a quiet machine needs at most: `make chaos` measures seconds, this test does not."""


# Connections that a fault cut off are not closed, but gone.
@pytest.mark.servers
@pytest.mark.filterwarnings(
    "ignore:unclosed connection:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
async def test_nothing_is_stuck_and_nothing_is_lost() -> None:
    report = await play(
        4, least_faults=FAULTS, least_runs=RUNS, postgres_crashes=1, pause_seconds=0.25, slack=SLACK
    )

    assert report.defects == []
    assert report.deadlocks == 0
    assert report.faults.total() >= FAULTS
    assert report.faults["kill_worker"] > 0
    assert report.faults["cut_connections"] > 0
    assert sum(report.runs.values()) >= RUNS
    assert report.events["ReachChanged"] > 0
