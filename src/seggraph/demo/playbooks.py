"""The playbooks that a seeded workspace starts with, and the STATIC segments that they fill. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class ExamplePlaybook:
    """A playbook to create; `criteria` is its tree in JSON form, `segment` the name of the segment that it fills."""

    name: str
    kind: MemberKind
    segment: str
    description: str
    criteria: Mapping[str, object]


EXAMPLE_PLAYBOOKS: Final = (
    ExamplePlaybook(
        "Add accounts with an urgent ticket",
        MemberKind.ACCOUNT,
        "Call this week",
        "Accounts that the customer team calls this week.",
        {
            "related": {
                "relation": "tickets",
                "where": {
                    "all": [
                        {"attribute": {"field": "status", "op": "IN", "values": ["open", "pending"]}},
                        {"attribute": {"field": "priority", "op": "IN", "values": ["high", "urgent"]}},
                    ]
                },
            }
        },
    ),
    ExamplePlaybook(
        "Add people who opened the newsletter",
        MemberKind.PERSON,
        "Warm contacts",
        "People whom sales may contact: they opened a newsletter in the last 90 days.",
        {
            "event": {"name": "newsletter_opened", "within": {"last": "P90D"}},
        },
    ),
)
"""In the order in which they are created. One member may be added by a playbook and manually as well."""
