"""Every GraphQL example of the documents, and every first query of GraphiQL, runs on the demo."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import graphql
import httpx
import pytest

from tests.cli.test_demo import PATIENCE_SECONDS, Demo, demo

pytestmark = pytest.mark.servers

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FIRST_QUERIES: Final = ROOT / "scripts" / "graphiql" / "src" / "queries"

IDS: Final = """{
    accounts: segments(first: 3, filter: {kinds: [ACCOUNT], origins: [CUSTOM]}) { nodes { id } }
    member: members(kind: ACCOUNT, first: 1) { nodes { id } }
    webhooks { id } destinations { id } bulkEdits(first: 1) { nodes { id } }
    campaigns(first: 1, search: "") { nodes { id segments { id } } }
    users(first: 1) { nodes { id } }
}"""

EXPECTED: Final[Mapping[tuple[str, int], str]] = {
    ("docs/segments.md", 0): "CONFLICT",  # the version of the example is the reader's
    ("docs/segments.md", 1): "CONFLICT",
    ("docs/bulk-edits.md", 2): "BAD_TRANSITION",  # the demo's bulk edit is over
    ("docs/criteria-text.md", 0): "CRITERIA_INVALID",  # it shows what mistakes look like
    ("docs/destinations.md", 0): "INVALID",  # example.com has no such service
    ("docs/webhooks.md", 0): "INVALID",  # where names cannot be looked up
    ("docs/imports.md", 0): "NOT_FOUND",  # the file has to be uploaded first
    ("docs/exports.md", 0): "NOT_FOUND",  # the example's attribute is the reader's
    ("docs/metrics.md", 1): "BAD_USER_INPUT",  # a file travels in a multipart request
    ("docs/permissions.md", 1): "INVALID",  # the demo's one user is an administrator
}
"""Examples that say what is not there, by document and number, and the code of the one error that they may have."""


def examples() -> Iterator[tuple[str, int, str]]:
    for path in DOCUMENTS:
        blocks = re.findall(r"```graphql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        for number, text in enumerate(blocks):
            yield str(path.relative_to(ROOT)), number, text
    for path in sorted(FIRST_QUERIES.glob("*.graphql")):
        yield path.name, 0, path.read_text(encoding="utf-8")


def known_ids(running: Demo) -> dict[str, Any]:
    found = running.query(IDS)
    campaign = found["campaigns"]["nodes"][0]
    segment, second, third = (one["id"] for one in found["accounts"]["nodes"])
    return {
        "U2VnbWVudDox": segment,  # Segment:1
        "U2VnbWVudDoy": second,
        "TWVtYmVyOjE": found["member"]["nodes"][0]["id"],
        "VXNlcjoy": found["users"]["nodes"][0]["id"],
        "Q2FtcGFpZ246MQ": campaign["id"],
        "id": segment,
        "ids": [segment, second],
        "segment": segment,
        "member": found["member"]["nodes"][0]["id"],
        "customers": segment,
        "newsletter": second,
        "lapsed": third,
        "destination": found["destinations"][0]["id"],
        "webhook": found["webhooks"][0]["id"],
        "bulk edit": found["bulkEdits"]["nodes"][0]["id"],
        "segment of campaign": campaign["segments"][0]["id"],
        "criteria": {"attribute": {"field": "country", "op": "EQ", "value": "DE"}},
    }


def asked(document: str, text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The request: ids of the example are those of like objects of the demo."""
    segment = known["segment of campaign"] if document == "docs/metrics.md" else known["segment"]

    def here(found: re.Match[str]) -> str:
        given = found[1]
        replaced = segment if given == "U2VnbWVudDox" else known.get(given.rstrip("="), given)
        return f'"{replaced}"'

    text = re.sub(r'"([\w=]{10,})"', here, text)  # at once: an id may begin like another
    definition: Any = graphql.parse(text).definitions[0]
    names = [one.variable.name.value for one in definition.variable_definitions or ()]
    variables = {name: known[name] for name in names if name in known}
    if document == "docs/bulk-edits.md" and names:
        variables["id"] = known["bulk edit"]
    return {"query": text, "variables": variables}


def shows_data(answer: Any) -> bool:
    """Whether the lists of an answer's connections and samples have something in them."""
    if isinstance(answer, dict):
        lists = [one for name, one in answer.items() if name in ("nodes", "sample")]
        return all(lists) and all(map(shows_data, answer.values()))
    return all(map(shows_data, answer)) if isinstance(answer, list) else True


def codes_of(answer: Mapping[str, Any]) -> set[str]:
    found = {error["extensions"]["code"] for error in answer.get("errors", ())}
    for payload in (answer.get("data") or {}).values():
        if isinstance(payload, dict):
            for key in ("errors", "rowErrors"):
                found |= {error["code"] for error in payload.get(key) or ()}
    return found


def test_every_example_runs_on_the_demo(tmp_path: Path) -> None:
    wrong = {}
    with demo(tmp_path, "--members", "300") as running:
        known = known_ids(running)
        headers = {"Authorization": f"Bearer {running.address['token']}"}
        for document, number, text in examples():
            body = asked(document, text, known)
            if text.lstrip("# \n").startswith("subscription") or "\nsubscription" in text:
                codes = _codes_of_stream(running, headers, body)
            else:
                reply = httpx.post(
                    running.address["url"], json=body, headers=headers, timeout=PATIENCE_SECONDS
                )
                answer = reply.json()
                codes = codes_of(answer)
                if document.endswith(".graphql"):
                    assert shows_data(answer["data"]), document
            if codes - {EXPECTED.get((document, number), "")}:
                wrong[document, number] = codes

    assert wrong == {}


def _codes_of_stream(running: Demo, headers: Mapping[str, str], body: Mapping[str, Any]) -> set[str]:
    """The codes of an error with which a stream begins, before any event."""
    accept = {**headers, "Accept": "text/event-stream"}
    with httpx.stream(
        "POST", running.address["url"], json=body, headers=accept, timeout=PATIENCE_SECONDS
    ) as stream:
        if stream.status_code != 200:
            return {str(stream.status_code)}
        first = next(stream.iter_text(), "")
    return set(re.findall(r'"code":"(\w+)"', first)) if '"errors"' in first else set()
