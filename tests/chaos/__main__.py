"""The long form: `python -m tests.chaos --runs 250 --faults 150 --seeds 1 2`. It ends with 1 if anything was found."""

import argparse
import asyncio
import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path

from seggraph import observability
from tests.chaos.loop import Report, play


def main() -> None:
    """Play loops and print their reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=250, help="segment computations, at least")
    parser.add_argument("--faults", type=int, default=150, help="faults, at least")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--pause", type=float, default=0.35, help="mean seconds between two faults")
    parser.add_argument("--crashes", type=int, default=3, help="crashes of PostgreSQL, at most")
    parser.add_argument("--log", type=Path, help="where to keep what the workers logged")
    options = parser.parse_args()
    observability.configure(level="error")
    reports = []
    for seed in options.seeds:
        reports.append(
            asyncio.run(
                play(
                    seed,
                    least_faults=options.faults,
                    least_runs=options.runs,
                    postgres_crashes=options.crashes,
                    pause_seconds=options.pause,
                    keep_log=options.log.write_text if options.log else None,
                )
            )
        )
        _print(reports[-1])
    sys.exit(any(report.defects for report in reports))


def _print(report: Report) -> None:
    for one in fields(report):
        value = getattr(report, one.name)
        if isinstance(value, Counter | dict):
            value = ", ".join(f"{name} {number}" for name, number in sorted(value.items()))
        if isinstance(value, float):
            value = f"{value:.2f}"
        if isinstance(value, list):
            value = "".join(f"\n  - {item}" for item in value) or "none"
        sys.stdout.write(f"{one.name.replace('_', ' ')}: {value}\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
