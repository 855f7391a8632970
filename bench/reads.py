"""Reads of one process beside other GraphQL servers over the same rows: requests per second, and how long each takes.

    python -m bench.reads [--folder FOLDER] [--rounds 3] [--seconds 3] [--connections 1 16]

PostGraphile 5 and GraphQL Yoga on Node.js, Strawberry with handwritten resolvers, and a floor without a GraphQL engine.
All take turns within each cell, so that what else the machine does meets all alike. Needs npm and wrk.

All requests of Q1 are alike, and so are those of Q4: seggraph executes those once that are asked at the same time by
one user. A row of its own has requests of which no two that are asked at once are alike.
"""

import argparse
import json
import re
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from bench.peers.servers import HERE, SEGMENTS, Site, running
from bench.results import Ratio

BODIES: Final = 1_000
"""How many requests of a query differ, each about another segment."""

MEMBER: Final = "id name domain revenue country employees score tags attributes"
PAGE_INFO: Final = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"

BY_HAND: Final = {
    "q1": "{ segments(first: 50) { nodes { id name status type memberCount totalReach createdAt createdBy } } }",
    "q2": "query ($id: ID!) { segment(id: $id) { id name members(first: 100) { totalCount "
    f"{PAGE_INFO} edges {{ cursor joinedAt node {{ {MEMBER} }} }} }} }} }}",
    "q3": "query ($id: ID!) { segment(id: $id) { id name totals { spend impressions clicks } } }",
    "q4": "{ segments(first: 20) { nodes { id name members(first: 10)"
    " { edges { node { id name domain score } } } } } }",
}
POSTGRAPHILE: Final = {
    "q1": "{ segments(first: 50) { nodes { rowId name status type memberCount totalReach createdAt createdBy } } }",
    "q2": "query ($id: Int!) { segment(rowId: $id) { rowId name segmentMembers(first: 100) { totalCount "
    f"{PAGE_INFO} edges {{ cursor node {{ joinedAt member {{ {MEMBER.replace('id ', 'rowId ', 1)} }} }} }} }} }} }}",
    "q3": "query ($id: Int!) { segment(rowId: $id) { rowId name totals { spend impressions clicks } } }",
    "q4": "{ segments(first: 20) { nodes { rowId name segmentMembers(first: 10) "
    "{ edges { node { member { rowId name domain score } } } } } } }",
}
OURS: Final = {
    "q1": "{ segments(first: 50) { nodes { id name status type memberCount reach { total } createdAt"
    " createdBy { email } } } }",
    "q2": "query ($id: ID!) { segment(id: $id) { id name members(first: 100) { totalCount "
    f"{PAGE_INFO} edges {{ cursor enteredAt node {{ {MEMBER} }} }} }} }} }}",
    "q3": "query ($id: ID!) { segment(id: $id) { id name metrics { totals { spend impressions clicks } } } }",
    "q4": BY_HAND["q4"],
}
FLOOR: Final = {query: query for query in BY_HAND}

TITLES: Final = {
    "q1": "Q1, 50 segments",
    "q2": "Q2, a segment and 100 members",
    "q3": "Q3, metrics of a segment",
    "q4": "Q4, 20 segments with 10 members",
}
AIMS: Final = {
    "postgraphile": {"q1": 1.5, "q2": 1.5, "q3": 1.0, "q4": 1.5},
    "floor": dict.fromkeys(TITLES, 0.6),
}
"""At 16 connections, ours at least so many times theirs."""
AIMED_AT: Final = 16
UNLIKE: Final = "unlike"
"""Our server, with requests of which no two that are asked at the same time are alike."""
ALIKE: Final = ("q1", "q4")
"""The queries whose requests are all alike."""
TEXTS: Final = 64
"""How many texts of a document there are when none shall be alike."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one program of load measured."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def write_bodies(site: Site) -> dict[str, Path]:
    """The requests of each server, a line each, in a folder for it."""
    ours = site.seggraph.segment_ids
    documents: dict[str, tuple[Mapping[str, str], Any]] = {
        "postgraphile": (POSTGRAPHILE, int),
        "yoga": (BY_HAND, str),
        "strawberry": (BY_HAND, str),
        "floor": (FLOOR, int),
        "ours": (OURS, lambda number: ours[number - 1]),
    }
    folder = site.folder / "queries"
    return {name: _write(folder / name, *of_server) for name, of_server in documents.items()} | {
        UNLIKE: _write_unlike(folder / UNLIKE)
    }


def _write_unlike(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for query in ALIKE:
        bodies = [{"query": f"{OURS[query]} # {number}"} for number in range(TEXTS)]
        (folder / f"{query}.jsonl").write_text("".join(f"{json.dumps(body)}\n" for body in bodies))
    return folder


def _write(folder: Path, documents: Mapping[str, str], id_of: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for query, document in documents.items():
        bodies: list[dict[str, Any]] = [{"query": document}]
        if query in ("q2", "q3"):
            numbers = [1 + place * 37 % SEGMENTS for place in range(BODIES)]
            bodies = [{"query": document, "variables": {"id": id_of(number)}} for number in numbers]
        (folder / f"{query}.jsonl").write_text("".join(f"{json.dumps(body)}\n" for body in bodies))
    return folder


def require_rows(url: str, bodies: Path, authorization: str) -> None:
    """Raise ValueError unless the server answers each query with data and without errors."""
    for query in TITLES:
        body = (bodies / f"{query}.jsonl").read_text().partition("\n")[0]
        headers = {"content-type": "application/json", "authorization": authorization}
        answer = httpx.post(url, content=body, headers=headers, timeout=30).json()
        if answer.get("errors") or None in (answer.get("data") or {"": None}).values():
            raise ValueError(f"{url} {query}: {str(answer)[:400]}")


def load(url: str, bodies: Path, seconds: int, connections: int, authorization: str) -> Timing:
    """Put load on a server for some seconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    command += ["-s", str(HERE / "load.lua"), url, "--", str(bodies), authorization]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (.*)", output)
    if found is None:
        raise ValueError(output)
    values = dict(part.split("=") for part in found[1].split())
    if not float(values["per_second"]):
        raise ValueError(f"{url} answered nothing within {seconds} s: give it more --seconds")
    return Timing(
        float(values["per_second"]), float(values["p50_ms"]), float(values["p99_ms"]), int(values["errors"])
    )


def measure(site: Site, rounds: int, seconds: int, connections: int) -> dict[tuple[str, str], list[Timing]]:
    """The timings of each server and query: in each round all servers take turns at each query."""
    urls = {**site.peers, "ours": site.seggraph.url, UNLIKE: site.seggraph.url}
    bodies = write_bodies(site)
    authorization = site.seggraph.authorization
    for name, url in urls.items():
        if name != UNLIKE:
            require_rows(url, bodies[name], authorization)
    timings: dict[tuple[str, str], list[Timing]] = {}
    for number in range(rounds):
        for query in TITLES:
            for name, url in urls.items():
                if name == UNLIKE and (query not in ALIKE or connections == 1):
                    continue
                given = url, bodies[name] / f"{query}.jsonl"
                if number == 0:
                    load(*given, seconds, connections, authorization)
                timing = load(*given, seconds, connections, authorization)
                timings.setdefault((name, query), []).append(timing)
    return timings


def report(timings: Mapping[tuple[str, str], Sequence[Timing]], connections: int) -> None:
    """Print medians, and how many times the others' we serve."""
    names = list(dict.fromkeys(name for name, _ in timings))
    middle = {
        key: (
            statistics.median(timing.per_second for timing in some),
            statistics.median(timing.p50_ms for timing in some),
            statistics.median(timing.p99_ms for timing in some),
            sum(timing.errors for timing in some),
        )
        for key, some in timings.items()
    }
    for query, title in TITLES.items():
        for name in [name for name in names if (name, query) in middle]:
            per_second, p50, p99, errors = middle[name, query]
            print(
                f"{title:34} {name:13} {per_second:8,.0f}/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {errors} errors"
            )
        for name in [name for name in names if name not in ("ours", UNLIKE)]:
            aim = AIMS.get(name, {}).get(query) if connections == AIMED_AT else None
            value = middle["ours", query][0] / middle[name, query][0]
            Ratio(
                f"{title}, {connections} connections, requests per second to {name}'s", value, at_least=aim
            ).print()
            if (UNLIKE, query) in middle:
                value = middle[UNLIKE, query][0] / middle[name, query][0]
                words = f"{title}, {connections} connections, none alike, requests per second to {name}'s"
                Ratio(words, value).print()
        if connections == 1 and "yoga" in names:
            value = middle["ours", query][1] / middle["yoga", query][1]
            Ratio(f"{title}, one connection, p50 to yoga's", value, at_most=1.0).print()


def main() -> None:
    """Start all, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="keeps the rows between runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    options = parser.parse_args()
    with running(options.folder or Path(tempfile.mkdtemp(prefix="reads-"))) as site:
        for connections in options.connections:
            report(measure(site, options.rounds, options.seconds, connections), connections)


if __name__ == "__main__":
    main()
