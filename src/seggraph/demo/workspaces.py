"""The workspaces of the demo: which one a start uses, and its user."""

import asyncio
import time
from typing import Final

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.services.identity import api_keys, workspaces
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.services.segments import default_segments
from seggraph.vocabulary import ApiKeyScope, Role

NAME: Final = "Demo"
EMPTY_NAME: Final = "Demo, empty"
SUBJECT: Final = "admin@example.com"
POLL_SECONDS: Final = 0.1

COLLEAGUES: Final = (
    ("leo@example.com", "Leo Leader", Role.LEADER),
    ("tess@example.com", "Tess Teammate", Role.TEAM_MEMBER),
)
"""The other users: their subjects, names and roles."""

KEYS: Final = (
    ("Shop sync", ApiKeyScope.INGEST),
    ("Dashboards", ApiKeyScope.READ_WITHOUT_PERSONAL_DATA),
)
"""API keys, as a shop and a tool for reports would have them."""

FIND: Final = """
    SELECT w.id FROM workspaces w JOIN workspace_users wu ON wu.workspace_id = w.id
    JOIN users u ON u.id = wu.user_id WHERE w.name = $1 AND u.subject = $2 ORDER BY w.id LIMIT 1
"""

CALCULATING: Final = """
    SELECT count(*) FROM segments WHERE workspace_id = $1 AND reach_status = 'CALCULATING'
"""


async def ensure(*, is_empty: bool) -> int:
    """The id of the demo's workspace, made on the first start; an empty one is made anew each time."""
    async with database() as connection:
        workspace_id = None if is_empty else await connection.fetchval(FIND, NAME, SUBJECT)
    if workspace_id is not None:
        return int(workspace_id)
    workspace = await workspaces.create(EMPTY_NAME if is_empty else NAME)
    await default_segments.ensure(workspace.id)
    await workspaces.ensure_user(
        workspace.id, subject=SUBJECT, name="Ada Admin", email=SUBJECT, role=Role.ADMIN
    )
    for subject, name, role in COLLEAGUES:
        await workspaces.ensure_user(workspace.id, subject=subject, name=name, email=subject, role=role)
    operator = Viewer(workspace.id, Role.ADMIN, ApiKeyScope.ADMIN)
    for (
        key_name,
        scope,
    ) in KEYS:  # their secrets are shown to nobody: they are there to be looked at and rotated
        await api_keys.create(operator, ApiKeyDraft(key_name, scope))
    return workspace.id


async def wait_until_calculated(workspace_id: int, *, seconds: float) -> None:
    """Wait until no segment is being calculated, but not longer than so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with database() as connection:
            if not await connection.fetchval(CALCULATING, workspace_id):
                return
        await asyncio.sleep(POLL_SECONDS)
