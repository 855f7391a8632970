"""The demo's destination: a folder in which one segment's list is kept as files, something to look at."""

from contextlib import suppress
from typing import Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.destinations import file_drop
from seggraph.files.keyring import SecretKeyMissing
from seggraph.services.destinations import deliveries, destinations
from seggraph.services.destinations.destinations import DestinationDraft
from seggraph.vocabulary import ApiKeyScope, Channel, Role

NAME: Final = "The demo's folder"

LARGEST_EXAMPLE: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND status = 'ACTIVE' AND origin <> 'DEFAULT'
    ORDER BY member_count DESC, id LIMIT 1
"""


async def ensure(context: Context, workspace_id: int) -> None:
    """Have the largest example segment delivered to a folder, unless that was done before.

    Where there is no folder for files, or secrets cannot be kept, nothing is delivered.
    """
    viewer = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
    if context.settings.file_drop_dir is None or await destinations.list_all(viewer):
        return
    async with database() as connection:
        segment_id = await connection.fetchval(LARGEST_EXAMPLE, workspace_id)
    if segment_id is None:
        return
    draft = DestinationDraft(NAME, file_drop.DESTINATION.type, channel=Channel.EMAIL)
    with suppress(SecretKeyMissing):
        saved = await destinations.create(context, viewer, draft)
        await deliveries.deliver(context, viewer, segment_id, saved.view.id)
