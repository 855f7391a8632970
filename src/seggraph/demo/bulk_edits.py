"""The demo's bulk edit: something to look at, in the background as an edit of many members is."""

from typing import Any, Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.members import bulk_edits, edits
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

TAG: Final = "north america"

WHERE: Final[dict[str, Any]] = {"attribute": {"field": "country", "op": "IN", "values": ["US", "CA"]}}


async def ensure(context: Context, workspace_id: int) -> None:
    """Tag the people of some countries, unless the workspace has a bulk edit already."""
    viewer = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
    if not await bulk_edits.count(viewer):
        people = Selection(kind=MemberKind.PERSON, where=WHERE)
        await edits.tag(context, viewer, people, add=[TAG], remove=[], in_background=True)
