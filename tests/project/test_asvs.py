"""The table of ASVS says of each section what its status is, and whatever is met is shown by something."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ROW: Final = re.compile(r"^\| (\d[^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
STATUSES: Final = {"met", "not met", "not ours"}


def test_what_is_met_is_shown_by_tests_or_code() -> None:
    rows = ROW.findall((ROOT / "docs" / "asvs.md").read_text(encoding="utf-8"))

    assert {section.split(".")[0].split()[0] for section, _, _ in rows} == {str(n) for n in range(1, 18)}
    for section, status, shown_by in rows:
        assert status in STATUSES, section
        files = re.findall(r"`((?:tests|src)/[\w./]+)`", shown_by)
        assert all((ROOT / one).is_file() for one in files), (section, files)
        assert files or status != "met", section
