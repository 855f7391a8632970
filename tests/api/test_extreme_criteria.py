"""Criteria at the limits of what can be written: a typed error or the right answer, through the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from seggraph.access import Viewer
from seggraph.context import Context
from tests.api.test_criteria_conditions import PREVIEW, RECORD, UPSERT
from tests.product import Product, Server

DECLARE = """
    mutation { a: declareAttribute(input: {kind: PERSON, name: "born", type: DATE}) { errors { message } }
      b: declareAttribute(input: {kind: PERSON, name: "seenAt", type: DATETIME}) { errors { message } } }
"""
BOMBS = [
    "(a+)+$",
    "(.*)*=",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "%" * 1000,
    "_%" * 500,
    "\\" * 999,
    "[[:alpha:]]*" * 80,
]

MATCHING = ("CONTAINS", "STARTS_WITH", "ENDS_WITH")


def attribute(field: str, op: str, *values: Any) -> dict[str, Any]:
    """A condition on a field, with one value or several."""
    given = {"value": values[0]} if len(values) == 1 else {"values": list(values)}
    return {"attribute": {"field": field, "op": op, **given}}


def visits(**condition: Any) -> dict[str, Any]:
    return {"event": {"name": "visit", **condition}}


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"all": []}
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


SEQUENCE = {"steps": [{"name": "visit"}, {"name": "visit"}], "within": "P200Y"}

ANSWERED: list[tuple[dict[str, Any], list[str]]] = [
    # the longest durations, in both directions of time
    (visits(within={"last": "P200Y"}), ["a"]),
    ({"sequence": SEQUENCE}, ["a"]),
    (attribute("createdAt", "WITHIN_LAST", "P200Y"), ["a", "b"]),
    (attribute("createdAt", "WITHIN_NEXT", "P200Y"), []),
    (attribute("born", "NOT_WITHIN_LAST", "P200Y"), ["b"]),
    (attribute("born", "WITHIN_LAST", "P199Y11M30D"), ["a"]),
    (attribute("born", "ANNIVERSARY_WITHIN", "P200Y"), ["a", "b"]),
    # the first and the last day there are
    (attribute("born", "EQ", "0001-01-01"), ["b"]),
    (attribute("born", "AFTER", "9999-12-30"), []),
    (attribute("createdAt", "AFTER", "0001-01-01"), ["a", "b"]),
    (attribute("createdAt", "BEFORE", "9999-12-31"), ["a", "b"]),
    (attribute("seenAt", "ON", "9999-12-31"), []),
    (visits(within={"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}), ["a"]),
    (visits(aggregate="LAST_AT", op="BEFORE", value="9999-12-31"), ["a"]),
    (visits(aggregate="FIRST_AT", op="AFTER", value="0001-01-01T00:00:00Z"), ["a"]),
    # an hour that clocks skip in this zone, and one that they show twice
    (attribute("seenAt", "BETWEEN", "2026-03-29", "2026-03-29"), ["a"]),
    (attribute("seenAt", "BETWEEN", "2026-10-25", "2026-10-25"), ["b"]),
    (attribute("seenAt", "EQ", "2026-10-25T02:30:00+01:00"), ["b"]),
    (attribute("seenAt", "EQ", "2026-10-25T02:30:00+02:00"), []),
    # as many conditions, groups and values as there may be
    ({"any": [attribute("name", "EQ", f"n{n}") for n in range(499)] + [visits()]}, ["a"]),
    ({"all": [visits(op="GTE", value=n % 3, within={"last": f"P{n + 1}D"}) for n in range(120)]}, ["a"]),
    ({"any": [{"sequence": {"steps": [{"name": f"e{n}"}, {"name": "visit"}]}} for n in range(100)]}, []),
    ({"not": {"any": [{"related": {"relation": "account", "op": "GT", "count": n}} for n in range(500)]}}, ["a", "b"]),
    (nested(20), []),
    (attribute("externalId", "IN", *(f"x{n}" for n in range(999)), "a"), ["a"]),
    ({"any": [attribute("externalId", "IN", *(f"x{n}-{m}" for m in range(100)), "b") for n in range(400)]}, ["b"]),
    (attribute("name", "CONTAINS", "(a+)+$"), ["a"]),
]  # fmt: skip

REFUSED: list[tuple[dict[str, Any], str]] = [
    (visits(aggregate="LAST_AT", op="WITHIN_LAST", value="P201Y"), "CRITERIA_INVALID"),
    (attribute("born", "WITHIN_NEXT", "P" + "9" * 400 + "D"), "CRITERIA_INVALID"),
    (attribute("born", "WITHIN_LAST", "P-1D"), "CRITERIA_INVALID"),
    (attribute("born", "EQ", "2026-02-29"), "CRITERIA_INVALID"),
    (attribute("born", "EQ", "0000-01-01"), "CRITERIA_INVALID"),
    (attribute("born", "EQ", "10000-01-01"), "CRITERIA_INVALID"),
    (attribute("seenAt", "GT", "9999-12-31T23:59:59-12:00"), "CRITERIA_INVALID"),
    (attribute("seenAt", "GT", "2026-03-29T02:30:00"), "CRITERIA_INVALID"),
    (attribute("seenAt", "GT", "2026-03-29T25:00:00Z"), "CRITERIA_INVALID"),
    ({"any": [attribute("name", "EQ", f"n{n}") for n in range(501)]}, "CRITERIA_INVALID"),
    (nested(22), "CRITERIA_INVALID"),
    (attribute("externalId", "IN", *(f"x{n}" for n in range(1001))), "CRITERIA_INVALID"),
    (attribute("name", "CONTAINS", "a" * 1001), "CRITERIA_INVALID"),
]

UNREADABLE = [
    visits(within={"last": "P1000Y"}),
    visits(within={"from": "2026-02-30T00:00:00Z"}),
    {"sequence": {**SEQUENCE, "within": "P999999999M"}},
]
"""What the types of the schema refuse already."""


async def test_the_extremes_are_answered_or_refused_by_name(
    context: Context, server: Server, viewer: Viewer
) -> None:
    # given two people in a workspace of Berlin's time
    async with server.sign_in(viewer) as client:
        await client.run(
            'mutation { updateWorkspace(input: {timeZone: "Europe/Berlin"}) { errors { message } } }'
        )
        await client.run(DECLARE)
        people = [
            {
                "externalId": "a",
                "name": "x(A+)+$y",
                "attributes": {"born": "2000-02-29", "seenAt": "2026-03-29T01:30:00Z"},
            },
            {"externalId": "b", "attributes": {"born": "0001-01-01", "seenAt": "2026-10-25T01:30:00Z"}},
        ]
        stored = await client.run(UPSERT, kind="PERSON", members=people)
        assert stored["upsertMembers"] == {"rowErrors": [], "errors": []}
        await _record_visits(client)

        async def preview(
            criteria: dict[str, Any],
        ) -> tuple[list[str], int | None, set[tuple[str, str]]]:
            found = (await client.run(PREVIEW, criteria=criteria))["previewSegment"]
            errors = {(one["code"], one["path"][0]) for one in found["errors"]}
            return [one["externalId"] for one in found["sample"] or []], found["memberCount"], errors

        # then what can be asked is answered, and what cannot is refused where it stands
        wrong = []
        for criteria, expected in ANSWERED:
            found = await preview(criteria)
            if found != (expected, len(expected), set()):
                wrong.append((str(criteria)[:90], found))
        for criteria, code in REFUSED:
            found = await preview(criteria)
            if found != ([], None, {(code, "criteria")}):
                wrong.append((str(criteria)[:90], found))

        for criteria in UNREADABLE:
            answer = await client.raw(PREVIEW, criteria=criteria)
            assert [one["extensions"]["code"] for one in answer["errors"]] == ["BAD_USER_INPUT"], criteria

        for criteria in (nested(200), {"any": [attribute("name", "EQ", "n") for _ in range(60_000)]}):
            answer = await client.raw(PREVIEW, criteria=criteria)
            assert [one["extensions"]["code"] for one in answer["errors"]] == ["VARIABLES_TOO_LARGE"]

        # and texts that would be costly patterns are plain characters
        for text in BOMBS:
            found = await preview({"any": [attribute("city", op, text) for op in MATCHING]})
            if found != ([], 0, set()):
                wrong.append((text, found))
        assert not wrong, "\n".join(map(str, wrong))


async def _record_visits(client: Product) -> None:
    events = [
        {
            "kind": "PERSON",
            "memberExternalId": "a",
            "name": "visit",
            "occurredAt": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(),
        }
        for minutes in (5, 10)
    ]
    recorded = await client.run(RECORD, events=events)
    assert recorded["recordEvents"]["accepted"] == 2
