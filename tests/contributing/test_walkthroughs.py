"""What docs/contributing.md says is enough: a member field and a destination that are added as it says work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seggraph.settings import Settings
from tests.contributing.walkthroughs import ROOT, carry_out, copy_of_the_sources, edits


@pytest.mark.timeout(600)  # a process of its own imports, migrates and serves
def test_a_field_and_a_destination_that_are_added_as_documented_work(
    settings: Settings, tmp_path: Path
) -> None:
    copy = copy_of_the_sources(tmp_path / "copy")
    for section in ("Add a member field", "Add a destination"):
        steps = list(edits(section))
        assert len(steps) >= 3, section
        for edit in steps:
            carry_out(edit, copy)

    used = subprocess.run(
        [sys.executable, "-m", "tests.contributing.acceptance"],
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(ROOT)]),
            "SEGGRAPH_DATABASE_URL": str(settings.database_url),
            "SEGGRAPH_REDIS_URL": str(settings.redis_url),
            "SEGGRAPH_JWT_SECRET": "a secret that only the tests know, of 32 and more",
            "SEGGRAPH_FILES_DIR": str(tmp_path / "files"),
            "SEGGRAPH_LEASE_SECONDS": "2",
            "SEGGRAPH_SWEEP_SECONDS": "0.3",
            "SEGGRAPH_TICK_SECONDS": "0.3",
        },
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )

    assert used.returncode == 0, used.stdout[-5_000:] + used.stderr[-5_000:]
