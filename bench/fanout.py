"""One event to many WebSocket subscribers of one process, beside GraphQL Yoga and one frame serialised beforehand.

    python -m bench.fanout [--folder FOLDER] [--subscribers 1000] [--events 20] [--rounds 3]

Real sockets, opened by one process of Node.js. Measured is the time from just before the mutation is sent until each
subscriber has the event: p50 and p99 of all. The frame says what a Python process can reach at best. Needs npm.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.peers.servers import Site, running
from bench.results import Ratio

EVENTS: Final = (
    "subscription { workspaceEvents(topics: [SEGMENT_UPDATED]) { __typename cursor at topic"
    " subject { __typename ... on Segment { id name memberCount reach { total } } } } }"
)
UPDATE: Final = (
    "mutation ($input: UpdateSegmentInput!) { updateSegment(input: $input) { errors { code message } } }"
)
PEERS: Final = ("yoga", "frame")


def requests_of(site: Site, name: str) -> dict[str, Any]:
    """What subscribers and the publisher send to a server."""
    if name == "ours":
        given = {"id": site.seggraph.segment_ids[0], "description": "Edit $SEQUENCE"}
        return {
            "http": site.seggraph.url,
            "authorization": site.seggraph.authorization,
            "subscription": {"query": EVENTS},
            "mutation": {"query": UPDATE, "variables": {"input": given}},
        }
    url = site.peers[name]
    if name == "frame":
        return {"http": url.replace("/graphql", "/publish"), "ws": url, "subscription": {"query": ""}}
    topic = {"topic": "edits"}
    return {
        "http": url,
        "subscription": {
            "query": "subscription ($topic: String!) { events(topic: $topic) { topic payload } }",
            "variables": topic,
        },
        "mutation": {
            "query": "mutation ($topic: String!, $payload: String!) { publish(topic: $topic, payload: $payload) }",
            "variables": topic | {"payload": "Edit $SEQUENCE"},
        },
    }


def measure(site: Site, name: str, subscribers: int, events: int) -> Mapping[str, float]:
    """One round at one server: p50 and p99 in milliseconds, and how many events were lost."""
    given = requests_of(site, name)
    options = {"ws": given["http"], "subscribers": subscribers, "events": events, "pauseMs": 250} | given
    options["ws"] = options["ws"].replace("http", "ws", 1)
    command = [str(site.node), "subscribers.mjs", json.dumps(options)]
    output = subprocess.run(command, cwd=site.folder, capture_output=True, text=True, check=True).stdout
    found: Mapping[str, float] = json.loads(output)
    return found


def main() -> None:
    """Start all, measure in turns, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="keeps the rows between runs")
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with running(options.folder or Path(tempfile.mkdtemp(prefix="fanout-")), PEERS) as site:
        names = (*PEERS, "ours")
        found: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                found[name].append(measure(site, name, options.subscribers, options.events))
    p99 = {name: statistics.median(round_["p99"] for round_ in some) for name, some in found.items()}
    for name, some in found.items():
        p50 = statistics.median(round_["p50"] for round_ in some)
        lost, errors = (sum(round_[key] for round_ in some) for key in ("lost", "errors"))
        print(f"{name:6} p50 {p50:6.1f} ms  p99 {p99[name]:6.1f} ms  lost {lost:.0f}  errors {errors:.0f}")
    what = f"One event to {options.subscribers:,} subscribers, p99 to"
    Ratio(f"{what} yoga's", p99["ours"] / p99["yoga"], at_most=0.6).print()
    Ratio(f"{what} that of one frame serialised beforehand", p99["ours"] / p99["frame"], at_most=2.0).print()


if __name__ == "__main__":
    main()
