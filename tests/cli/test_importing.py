"""`seggraph import`: what it prints says what became of the rows, and why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seggraph.access import Viewer
from seggraph.cli import importing
from seggraph.context import Context
from seggraph.errors import Invalid
from tests.product import PATIENCE_SECONDS


def test_choices_of_columns_are_read() -> None:
    texts = ["Since:dateOrder=DMY", "A:B:decimal=,", "Since:timeZone=Europe/Berlin"]

    assert importing._choices(texts) == [
        ("Since", {"dateOrder": "DMY", "timeZone": "Europe/Berlin"}),
        ("A:B", {"decimal": ","}),
    ]


@pytest.mark.parametrize("text", ["Since", "Since=DMY", "Since:colour=red"])
def test_a_choice_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="COLUMN:SETTING=VALUE"):
        importing._choices([text])


def test_bad_rows_are_explained_and_written_to_a_file(
    context: Context, viewer: Viewer, tmp_path: Path
) -> None:
    file, rejects = tmp_path / "some.csv", tmp_path / "rejects.csv"
    file.write_text("id,employees,since\na,many,03/04/2026\n,5,04/05/2026\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGGRAPH_")}
    environment |= {
        "SEGGRAPH_DATABASE_URL": str(context.settings.database_url),
        "SEGGRAPH_REDIS_URL": str(context.settings.redis_url),
        "SEGGRAPH_FILES_DIR": str(context.settings.files_dir),
    }
    base = ["import", str(file), "--workspace", str(viewer.workspace_id)]

    def seggraph(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "seggraph", *base, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    asked = seggraph()
    done = seggraph("--read", "since:dateOrder=DMY", "--rejects", str(rejects))

    assert asked.returncode != 0
    assert "Choose dateOrder in columns: 'DMY', 'MDY'." in asked.stderr
    assert "read=2 added=1 updated=0 already_in=0 duplicate=0 ignored=0 failed=1 partial=1" in done.stdout
    assert "line 2: PARTIAL: Stored without: employees: 'many'" in done.stderr
    assert "line 3: FAILED: The row has no externalId" in done.stderr
    assert len(rejects.read_text(encoding="utf-8-sig").splitlines()) == 3
