"""Rules: the criteria by which sources fill segments by themselves.

A segment has one for its own criteria, if it is DYNAMIC, and one for each playbook that adds to it. A full run
and a refresh evaluate rules and nothing else; imported and manual links stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import orjson

from seggraph.criteria import Catalogue, Checked, check, parse
from seggraph.errors import SeggraphError

COLUMNS: Final = """o.id AS source_id, o.segment_id, coalesce(p.criteria, s.criteria)::text AS document,
  CASE WHEN p.visibility = 'WORKSPACE' THEN p.name END AS playbook, p.id IS NOT NULL AS is_playbook"""
"""What `of_row` reads of a source `o` of a segment `s`, and of its playbook `p` if it has one."""

HOLDS: Final = "(o.kind = 'CRITERIA' AND s.criteria IS NOT NULL OR p.status = 'ACTIVE')"
"""The condition that a source has a rule."""

EDITION: Final = "CASE WHEN p.status = 'ACTIVE' THEN p.version END"
"""As long as it is the same, and the revision of the segment too, the source has the rule that it had, or none."""

RULES: Final = f"""
    SELECT {COLUMNS}
    FROM sources o JOIN segments s ON s.id = o.segment_id LEFT JOIN playbooks p ON p.id = o.playbook_id
    WHERE o.workspace_id = $1 AND o.segment_id = ANY($2) AND {HOLDS} ORDER BY o.segment_id, o.id
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Rule:
    """What links members to a segment through one of its sources: the criteria, as they are stored.

    A playbook that is PAUSED has no rule: the links of its source stay as they are. `origin` says in words whose
    criteria these are, and is empty for the segment's own.
    """

    source_id: int
    segment_id: int
    document: str
    origin: str = field(default="", compare=False)

    def checked(self, catalogue: Catalogue) -> Checked:
        """The criteria as they are evaluated. Raises a CriteriaError, or Problems, if they hold no more."""
        try:
            return check(parse(orjson.loads(self.document)), catalogue)
        except SeggraphError as error:
            if self.origin:
                error.message = f"{self.origin}: {error.message}"
            raise


async def of_segments(
    connection: asyncpg.Connection, workspace_id: int, segment_ids: Sequence[int]
) -> dict[int, list[Rule]]:
    """The rules of each of the segments, in the order in which their sources were made."""
    found: dict[int, list[Rule]] = {segment_id: [] for segment_id in segment_ids}
    for row in await connection.fetch(RULES, workspace_id, list(segment_ids)):
        found[row["segment_id"]].append(of_row(row))
    return found


def of_row(row: Mapping[str, Any]) -> Rule:
    """The rule in a row that has the COLUMNS."""
    return Rule(row["source_id"], row["segment_id"], row["document"], _origin(row))


def _origin(row: Mapping[str, Any]) -> str:
    """The segment or playbook whose criteria these are. A private playbook shows no name to viewers of the segment."""
    if not row["is_playbook"]:
        return ""
    return "A private playbook" if row["playbook"] is None else f'The playbook "{row["playbook"]}"'
