"""Favourites: the segments that a user wants at hand. They are the user's own, and nobody else sees them."""

from collections.abc import Sequence
from typing import Final

from seggraph.access import Viewer, require_write
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import Forbidden

OF_SEGMENTS: Final = """
    SELECT segment_id FROM favourites WHERE workspace_id = $1 AND user_id = $2 AND segment_id = ANY($3)
"""

ADD: Final = """
    INSERT INTO favourites (workspace_id, user_id, segment_id)
    SELECT $1, $2, id FROM segments WHERE workspace_id = $1 AND id = ANY($3) ON CONFLICT DO NOTHING
"""

REMOVE: Final = "DELETE FROM favourites WHERE workspace_id = $1 AND user_id = $2 AND segment_id = ANY($3)"


async def of_viewer(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, bool]:
    """Which of the segments are favourites of the viewer; an API key has none."""
    if viewer.user_id is None:
        return {}
    async with database() as connection:
        rows = await connection.fetch(OF_SEGMENTS, viewer.workspace_id, viewer.user_id, list(segment_ids))
    return {row["segment_id"]: True for row in rows}


async def put(viewer: Viewer, segment_ids: Sequence[int], *, favourite: bool) -> None:
    """Make segments, which the caller has found visible, favourites of the viewer, or no more. Raises Forbidden."""
    require_write(viewer)
    if viewer.user_id is None:
        raise Forbidden("Favourites belong to users, and an API key is none.")
    async with begin() as unit:
        statement = ADD if favourite else REMOVE
        await unit.connection.execute(statement, viewer.workspace_id, viewer.user_id, list(segment_ids))
