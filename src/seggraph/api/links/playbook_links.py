"""From what playbooks fill to the playbooks: sources of segments, and what holds a member in one.

Playbooks have segments, and segments have playbooks: here the circle is cut.
"""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.vocabulary import SourceKind

if TYPE_CHECKING:
    from seggraph.api.playbooks.playbooks import Playbook

LinkedPlaybook: TypeAlias = Annotated["Playbook", strawberry.lazy("seggraph.api.playbooks.playbooks")]


async def playbook_of(info: Info, playbook_id: int | None) -> "Playbook | None":
    """The playbook of a source, if it has one and the viewer may see it."""
    seen = await playbooks_seen(info, [] if playbook_id is None else [playbook_id])
    return seen[0] if seen else None


async def kinds_holding(info: Info, segment_id: int, ordinal: int) -> list[SourceKind]:
    """The kinds of the sources that hold a member in a segment, each once."""
    holdings = await caller_of(info).loaders.memberships.holdings.load((segment_id, ordinal))
    return list(dict.fromkeys(holding.kind for holding in holdings))


async def playbooks_holding(info: Info, segment_id: int, ordinal: int) -> "list[Playbook]":
    """The playbooks that hold a member in a segment, of those that the viewer may see."""
    holdings = await caller_of(info).loaders.memberships.holdings.load((segment_id, ordinal))
    return await playbooks_seen(info, [h.playbook_id for h in holdings if h.playbook_id is not None])


async def playbooks_seen(info: Info, playbook_ids: list[int]) -> "list[Playbook]":
    """Those of the playbooks that there are and the viewer may see."""
    from seggraph.api.playbooks.playbooks import Playbook

    views = await caller_of(info).loaders.playbooks.by_id.load_many(playbook_ids)
    return [Playbook.of(view) for view in views if view is not None]
