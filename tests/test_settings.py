"""Variables of the environment that are no settings: they are named, with the setting that was perhaps meant."""

import os
import subprocess
import sys
from pathlib import Path

from seggraph.settings import unknown_settings


def test_a_misspelt_setting_is_found_with_the_one_that_was_meant() -> None:
    given = ["SEGGRAPH_JWT_SEKRET", "seggraph_log_level", "SEGGRAPH_LOG_LEVEL", "PATH", "SEGGRAPH_ZZZZ"]

    assert unknown_settings(given) == {
        "SEGGRAPH_JWT_SEKRET": "SEGGRAPH_JWT_SECRET",
        "SEGGRAPH_ZZZZ": None,
    }


def test_a_command_names_it_in_its_log(tmp_path: Path) -> None:
    settings = {
        "SEGGRAPH_JWT_SEKRET": "x" * 40,
        "SEGGRAPH_DATA_DIR": str(tmp_path),
        "SEGGRAPH_DATABASE_URL": "postgresql://localhost:1/nowhere",
        "SEGGRAPH_REDIS_URL": "redis://localhost:1",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEGGRAPH_")}

    ended = subprocess.run(
        [sys.executable, "-m", "seggraph", "doctor"],
        env=clean | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "SEGGRAPH_JWT_SEKRET is no setting" in ended.stderr + ended.stdout
    assert "did you mean SEGGRAPH_JWT_SECRET?" in ended.stderr + ended.stdout
