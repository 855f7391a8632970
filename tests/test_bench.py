"""What the measurements print, and that each of them is part of `make bench`. Speeds are not tested here."""

from pathlib import Path

import pytest
from bench.__main__ import PROGRAMS, Run, page
from bench.results import Ratio

NO_PROGRAMS = {"__init__", "__main__", "results", "criteria_cases", "watched_server"}


@pytest.mark.parametrize(
    ("ratio", "is_met"),
    [
        (Ratio("Q1, 16 connections, to yoga's", 1.5), True),
        (Ratio("Q1, to the floor's", 0.61, at_least=0.6), True),
        (Ratio("Q1, to the floor's", 0.59, at_least=0.6), False),
        (Ratio("Fan-out, p99 to yoga's", 0.6, at_most=0.6), True),
        (Ratio("Fan-out, p99 to yoga's", 17.0, at_most=0.6), False),
    ],
)
def test_a_printed_ratio_is_read_again(
    ratio: Ratio, is_met: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    ratio.print()

    assert Ratio.parse(capsys.readouterr().out) == ratio
    assert ratio.is_met is is_met


def test_other_lines_are_no_ratios() -> None:
    assert Ratio.parse("first   12 ms   1.00") is None


def test_every_measurement_is_part_of_make_bench() -> None:
    folder = Path(__file__).parent.parent / "bench"
    programs = {file.stem for file in folder.glob("*.py")} - NO_PROGRAMS

    assert {program.module for program in PROGRAMS} == programs


def test_the_page_names_what_missed_its_aim_and_what_failed() -> None:
    program = next(one for one in PROGRAMS if one.module == "fanout")
    output = "yoga p50 30 ms\nRATIO One event, p99 to yoga's: 17.00 (aim: at most 0.6)\n"

    text = page([Run(program, "python -m bench.fanout", output, is_done=False)])

    assert "| One event, p99 to yoga's | 17.00 | at most 0.6 | **missed** |" in text
    assert "**It failed.**" in text
    assert "yoga p50 30 ms" in text
    assert "One event to many WebSocket subscribers of one process" in text
