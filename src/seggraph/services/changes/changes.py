"""Marking members as changed: the dirty batch that goes with every change, and the nudge to look at it."""

from collections.abc import Iterable

from pyroaring import BitMap

from seggraph.audiences import to_bytes
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.vocabulary import MemberKind

MARK = """
    INSERT INTO dirty_batches (workspace_id, kind, ordinals, changed) VALUES ($1, $2, $3, $4)
"""

CREATED = "created"
"""The name of a change after which anything about the member may be new."""
SUPPRESSIONS = "suppressions"
"""The name of the change that an address of the member came on the list of suppressions, or left it."""
SEGMENT = "segment:"
"""What the names begin with of the changes that a member entered or left a segment; its id follows."""
TIME = "time:"
"""What the names begin with that only time changed: the id of the source whose rule is to look again follows."""


def of_event(name: str) -> str:
    """The name of the change that a member's events of a name are others."""
    return f"event:{name}"


def of_segment(segment_id: int) -> str:
    """The name of the change that a member entered or left a segment."""
    return f"{SEGMENT}{segment_id}"


async def mark(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    kind: MemberKind,
    ordinals: Iterable[int],
    changed: Iterable[str],
) -> None:
    """Mark members as changed in the transaction that changed them. Without members it does nothing.

    `changed` names what changed: columns, `attributes.<name>`, `event:<name>`, `relation:<name>`, `segment:<id>`,
    `time:<source id>`, or one of the constants above; without any, anything may have. Mark members with more
    changed apart from the others: what changed of one is looked at for all of a batch.
    """
    bitmap = BitMap(ordinals)
    if not bitmap:
        return
    await unit.connection.execute(MARK, workspace_id, kind, to_bytes(bitmap), sorted(changed))
    context.refresh(unit, workspace_id, kind)
