"""Rules: the criteria by which sources fill segments by themselves.

A segment has one for its own criteria, if it is DYNAMIC, and one for each playbook that adds to it. A full run
and a refresh evaluate rules and nothing else; what imports and hands gave stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import orjson

from seggraph.criteria import Catalogue, Checked, check, parse
from seggraph.errors import SeggraphError

RULES: Final = """
    SELECT o.id AS source_id, o.segment_id,
      coalesce(p.criteria, s.criteria)::text AS document,
      CASE WHEN p.visibility = 'WORKSPACE' THEN p.name END AS playbook, p.id IS NOT NULL AS is_playbook
    FROM sources o JOIN segments s ON s.id = o.segment_id LEFT JOIN playbooks p ON p.id = o.playbook_id
    WHERE o.workspace_id = $1 AND o.segment_id = ANY($2)
      AND (o.kind = 'CRITERIA' AND s.criteria IS NOT NULL OR p.status = 'ACTIVE')
    ORDER BY o.segment_id, o.id
"""


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
        found[row["segment_id"]].append(
            Rule(row["source_id"], row["segment_id"], row["document"], _origin(row))
        )
    return found


def _origin(row: asyncpg.Record) -> str:
    """Whose criteria they are. A private playbook has no name for those who see the segment."""
    if not row["is_playbook"]:
        return ""
    return "A private playbook" if row["playbook"] is None else f'The playbook "{row["playbook"]}"'
