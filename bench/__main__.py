"""Runs every measurement beside its comparison, and writes docs/benchmarks.md.

    python -m bench [--quick] [--only reads fanout] [--output docs/benchmarks.md]

Each measurement is a program of this folder that starts servers of its own and prints ratios. They run one after the
other. One that fails is named in the page, and the exit code is 1.
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.results import Ratio

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = (
    "strawberry-graphql",
    "starlette",
    "uvicorn",
    "asyncpg",
    "tortoise-orm",
    "pyroaring",
    "orjson",
)
LIMIT_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class Program:
    """A measurement: its module, and the arguments of a whole and of a quick run."""

    module: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()


PROGRAMS: Final = (
    Program("reads", quick=("--rounds", "1", "--seconds", "2", "--connections", "16")),
    Program("fanout", quick=("--rounds", "1", "--events", "5")),
    Program("fairness", ("--each",), ("--seconds", "2", "--rounds", "1", "--members", "20000")),
    Program("execution"),
    Program("lists", quick=("--segments", "500")),
    Program("members", quick=("--members", "20000")),
    Program("suggestions", ("--members", "200000"), ("--members", "20000")),
    Program("criteria", ("--members", "200000"), ("--members", "20000")),
    Program("compare", ("--members", "200000"), ("--members", "20000", "--rounds", "2")),
    Program("recompute", quick=("--members", "20000", "--rounds", "3")),
    Program("refresh", quick=("--rounds", "3")),
    Program("latency", quick=("--seconds", "1", "--rates", "75")),
    Program("ingest"),
    Program("export", quick=("--members", "20000")),
    Program(
        "upkeep", ("--members", "200000", "--segments", "1000"), ("--refreshes", "20", "--seconds", "30")
    ),
    Program(
        "growth",
        ("--sizes", "100000:12", "1000000:1000"),
        ("--sizes", "20000:20", "80000:80", "--events", "3", "--rounds", "2"),
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one program."""

    program: Program
    command: str
    output: str
    is_done: bool

    @property
    def ratios(self) -> list[Ratio]:
        """The ratios that it printed."""
        return [ratio for line in self.output.splitlines() if (ratio := Ratio.parse(line)) is not None]


def run(program: Program, folder: Path | None, *, quick: bool) -> Run:
    """Run a program, and show what it prints."""
    arguments = [*(program.quick if quick else program.arguments)]
    if folder is not None and program.module in ("reads", "fanout"):
        arguments += ["--folder", str(folder)]
    command = [sys.executable, "-m", f"bench.{program.module}", *arguments]
    shown = " ".join(["python", *command[1:]])
    print(f"\n{shown}", flush=True)
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode() if isinstance(error.stdout, bytes) else ""
        return Run(program, shown, f"{output}\nstopped after {LIMIT_SECONDS} seconds", False)
    print(done.stdout, flush=True)
    return Run(program, shown, done.stdout, done.returncode == 0)


def page(runs: list[Run]) -> str:
    """The page of documentation: the machine, a table of all ratios, and what each program printed."""
    lines = [
        "# Benchmarks",
        "",
        "`make bench` wrote this page. It runs every measurement of `bench/` beside its comparison, on one machine."
        " Absolute times say something about that machine; the ratios are what carries over to another.",
        "",
        *_circumstances(),
        "",
        "| what | ratio | aim | |",
        "| --- | --- | --- | --- |",
    ]
    for ratio in (ratio for run_ in runs for ratio in run_.ratios):
        met = ("met" if ratio.is_met else "**missed**") if ratio.aim else ""
        lines.append(f"| {ratio.what} | {ratio.value:.2f} | {ratio.aim} | {met} |")
    for run_ in runs:
        about = (importlib.import_module(f"bench.{run_.program.module}").__doc__ or "").split("\n\n")[0]
        lines += ["", f"## {run_.program.module}", "", " ".join(about.split()), "", f"`{run_.command}`", ""]
        if not run_.is_done:
            lines += ["**It failed.**", ""]
        printed = [line.rstrip() for line in run_.output.splitlines() if Ratio.parse(line) is None]
        lines += ["```text", *printed, "```"]
    return "\n".join(lines) + "\n"


def _circumstances() -> list[str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"- Date: {datetime.now(UTC):%Y-%m-%d}; commit {commit.stdout.strip()}",
        f"- Machine: {os.cpu_count()} cores ({platform.machine()}), {_memory_gib()} GiB, {platform.system()}",
        f"- Python {platform.python_version()}; {packages}",
        f"- Load average at the end: {os.getloadavg()[0]:.1f}",
    ]


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def main() -> int:
    """Run what is asked for, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="small data and few rounds: does it all still run?"
    )
    parser.add_argument("--only", nargs="+", choices=[program.module for program in PROGRAMS])
    parser.add_argument("--folder", type=Path, help="keeps the rows of reads and fanout between runs")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    programs = [one for one in PROGRAMS if options.only is None or one.module in options.only]
    runs = [run(program, options.folder, quick=options.quick) for program in programs]
    options.output.write_text(page(runs), encoding="utf-8")
    return 0 if all(one.is_done for one in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
