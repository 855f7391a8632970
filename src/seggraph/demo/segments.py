"""The segments that a seeded workspace starts with: examples of criteria over the members of `demo_data`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seggraph.vocabulary import MemberKind, SegmentPurpose

Criteria = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ExampleSegment:
    """A dynamic segment to create; `criteria` is its tree in JSON form."""

    name: str
    kind: MemberKind
    purpose: SegmentPurpose | None
    description: str
    criteria: Criteria


def _is(field: str, op: str, *values: object) -> Criteria:
    """An attribute condition: one value stands under `value`, several under `values`."""
    if not values:
        return {"attribute": {"field": field, "op": op}}
    if len(values) == 1 and op not in ("IN", "NOT_IN", "HAS_ANY", "HAS_ALL", "HAS_NONE"):
        return {"attribute": {"field": field, "op": op, "value": values[0]}}
    return {"attribute": {"field": field, "op": op, "values": list(values)}}


def _tags(op: str, *values: str) -> Criteria:
    return {"tags": {"op": op, "values": list(values)}}


def _consent(channel: str, state: str) -> Criteria:
    return {"consent": {"channel": channel, "state": state}}


EXAMPLE_SEGMENTS: Final = (
    ExampleSegment(
        "Mid-market in DACH",
        MemberKind.ACCOUNT,
        SegmentPurpose.ACQUISITION,
        "Companies of 50 to 1,000 people in Germany, Austria and Switzerland that are not customers yet.",
        {
            "all": [
                _is("country", "IN", "DE", "AT", "CH"),
                _is("employees", "BETWEEN", 50, 1000),
                _is("plan", "EQ", "free"),
            ]
        },
    ),
    ExampleSegment(
        "Up for renewal in 60 days",
        MemberKind.ACCOUNT,
        SegmentPurpose.RETENTION,
        "Paying customers whose contract ends within 60 days.",
        {"all": [_is("renewalDate", "WITHIN_NEXT", "P60D"), _is("plan", "NE", "free")]},
    ),
    ExampleSegment(
        "Renewal at risk",
        MemberKind.ACCOUNT,
        SegmentPurpose.RETENTION,
        "Customers up for renewal in 90 days who were tagged as at risk, or whom we have not seen for two weeks.",
        {
            "all": [
                _is("renewalDate", "WITHIN_NEXT", "P90D"),
                {"any": [_tags("HAS_ANY", "at-risk"), _is("lastSeenAt", "NOT_WITHIN_LAST", "P14D")]},
            ]
        },
    ),
    ExampleSegment(
        "Reachable enterprise technology",
        MemberKind.ACCOUNT,
        SegmentPurpose.ACQUISITION,
        "Large software and technology companies with an e-mail address, which did not refuse e-mail.",
        {
            "all": [
                _is("industry", "IN", "Software", "Technology"),
                _is("employees", "GTE", 1000),
                _is("revenue", "GTE", 50_000_000),
                _is("email", "IS_SET"),
                {"not": _consent("EMAIL", "DENIED")},
            ]
        },
    ),
    ExampleSegment(
        "Trials that are warming up",
        MemberKind.ACCOUNT,
        SegmentPurpose.ACQUISITION,
        "Trial accounts seen within a week that use analytics or journeys and are no partners.",
        {
            "all": [
                _is("trial", "EQ", True),
                _is("lastSeenAt", "WITHIN_LAST", "P7D"),
                _is("products", "HAS_ANY", "analytics", "journeys"),
                {"not": _tags("HAS_ANY", "partner")},
            ]
        },
    ),
    ExampleSegment(
        "Key accounts without a warehouse",
        MemberKind.ACCOUNT,
        None,
        "Key accounts and references that do not use the warehouse sync: candidates for expansion.",
        {
            "all": [
                _tags("HAS_ANY", "key-account", "reference"),
                _is("products", "HAS_NONE", "warehouse-sync"),
                _is("plan", "IN", "business", "enterprise"),
            ]
        },
    ),
    ExampleSegment(
        "Marketing leaders who read the newsletter",
        MemberKind.PERSON,
        SegmentPurpose.ACQUISITION,
        "Directors and above in marketing who take the newsletter and said yes to e-mail.",
        {
            "all": [
                _is("department", "EQ", "Marketing"),
                _is("seniority", "IN", "Director", "VP", "Chief"),
                _is("newsletter", "EQ", True),
                _consent("EMAIL", "GRANTED"),
            ]
        },
    ),
    ExampleSegment(
        "Birthday in the coming week",
        MemberKind.PERSON,
        SegmentPurpose.RETENTION,
        "People whose birthday is within seven days.",
        {"all": [_is("birthday", "ANNIVERSARY_WITHIN", "P7D"), {"not": _consent("EMAIL", "DENIED")}]},
    ),
    ExampleSegment(
        "Champions gone quiet",
        MemberKind.PERSON,
        SegmentPurpose.RETENTION,
        "Champions and V.I.P.s with over 100 points whom we have not seen for 30 days.",
        {
            "all": [
                _tags("HAS_ANY", "champion", "vip"),
                _is("loyaltyPoints", "GT", 100),
                _is("lastSeenAt", "NOT_WITHIN_LAST", "P30D"),
            ]
        },
    ),
)
"""In the order in which they are created. Names are unique; each has members among the first 2,000 of a kind."""

RECORD_SEGMENTS: Final = (
    ExampleSegment(
        "Family-owned groups",
        MemberKind.ORGANIZATION,
        None,
        "Organizations that a family owns.",
        _is("ownership", "EQ", "family"),
    ),
    ExampleSegment(
        "Accounts of family-owned groups",
        MemberKind.ACCOUNT,
        SegmentPurpose.RETENTION,
        "Paying accounts that belong to a family-owned organization.",
        {
            "all": [
                _is("plan", "NE", "free"),
                {"related": {"relation": "organization", "where": _is("ownership", "EQ", "family")}},
            ]
        },
    ),
    ExampleSegment(
        "Products in open deals",
        MemberKind.PRODUCT,
        None,
        "Products in at least one deal that is neither won nor lost.",
        {"related": {"relation": "deals", "where": _is("stage", "NOT_IN", "won", "lost")}},
    ),
    ExampleSegment(
        "Deals that close within 30 days",
        MemberKind.DEAL,
        None,
        "Open deals of 10,000 or more that are to close within 30 days.",
        {
            "all": [
                _is("stage", "NOT_IN", "won", "lost"),
                _is("amount", "GTE", 10_000),
                _is("closeDate", "WITHIN_NEXT", "P30D"),
            ]
        },
    ),
    ExampleSegment(
        "Calls to follow up",
        MemberKind.ACTIVITY,
        None,
        "Calls of the last 30 days after which somebody wanted to hear more.",
        {
            "all": [
                _is("activityType", "EQ", "call"),
                _is("outcome", "IN", "follow up", "interested"),
                _is("day", "WITHIN_LAST", "P30D"),
            ]
        },
    ),
    ExampleSegment(
        "Urgent tickets",
        MemberKind.TICKET,
        None,
        "Tickets of high priority that are not solved.",
        {"all": [_is("status", "NE", "solved"), _is("priority", "IN", "high", "urgent")]},
    ),
    ExampleSegment(
        "People with an urgent ticket",
        MemberKind.PERSON,
        SegmentPurpose.RETENTION,
        "People who opened a ticket of high priority that is not solved: leave them alone.",
        {
            "related": {
                "relation": "tickets",
                "where": {"all": [_is("status", "NE", "solved"), _is("priority", "IN", "high", "urgent")]},
            }
        },
    ),
)
"""Segments of the records around accounts and people, and by their relations."""


EXAMPLE_LABELS: Final = {
    "Renewals": ("#2f80ed", ("Up for renewal in 60 days", "Renewal at risk")),
    "At risk": ("#c0392b", ("Renewal at risk", "Champions gone quiet", "People with an urgent ticket")),
    "Newsletter": ("#1e7d4f", ("Marketing leaders who read the newsletter", "Birthday in the coming week")),
}
"""Labels with their colors, and the names of the example segments that have them."""

EXAMPLE_FOLDERS: Final = {
    "Sales": ("Mid-market in DACH", "Trials that are warming up", "Deals that close within 30 days"),
    "Service": ("Urgent tickets", "People with an urgent ticket", "Calls to follow up"),
}
"""Folders, and the names of the example segments in them."""
