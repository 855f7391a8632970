"""What a workspace uses beside what it may use, for those who administer it."""

from dataclasses import dataclass
from typing import Final

from seggraph.access import Viewer, require_admin
from seggraph.database.connections import database
from seggraph.services.catalogue.catalogues import MAX_ATTRIBUTES
from seggraph.services.destinations.destinations import MAX_DESTINATIONS
from seggraph.services.identity.api_keys import MAX_KEYS
from seggraph.services.labels.folders import MAX_FOLDERS
from seggraph.services.labels.labels import MAX_LABELS
from seggraph.services.webhooks.webhooks import MAX_WEBHOOKS
from seggraph.services.workspaces.users import MAX_USERS
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind, UsageItem

MEBIBYTE: Final = 1024 * 1024

COUNTED: Final = {
    UsageItem.SEGMENTS: ("FROM segments WHERE workspace_id = $1 AND status <> 'ARCHIVED'", None),
    UsageItem.CAMPAIGNS: ("FROM campaigns WHERE workspace_id = $1 AND status <> 'COMPLETED'", None),
    UsageItem.PLAYBOOKS: ("FROM playbooks WHERE workspace_id = $1", None),
    UsageItem.LABELS: ("FROM labels WHERE workspace_id = $1", MAX_LABELS),
    UsageItem.FOLDERS: ("FROM folders WHERE workspace_id = $1", MAX_FOLDERS),
    UsageItem.DESTINATIONS: ("FROM destinations WHERE workspace_id = $1", MAX_DESTINATIONS),
    UsageItem.WEBHOOKS: ("FROM webhooks WHERE workspace_id = $1", MAX_WEBHOOKS),
    UsageItem.USERS: (
        "FROM workspace_users WHERE workspace_id = $1 AND deactivated_at IS NULL AND removed_at IS NULL",
        MAX_USERS,
    ),
    UsageItem.API_KEYS: (
        "FROM api_keys WHERE workspace_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        MAX_KEYS,
    ),
}
"""How each thing that is there once for the workspace is counted, and its limit."""

COUNT: Final = "SELECT " + ", ".join(
    f'(SELECT count(*) {counted}) AS "{item}"' for item, (counted, _) in COUNTED.items()
)

COUNT_OF_KINDS: Final = """
    SELECT kind, 'MEMBERS' AS item, count(*) AS count FROM members WHERE workspace_id = $1 GROUP BY kind
    UNION ALL
    SELECT kind, 'ATTRIBUTES', count(*) FROM attributes WHERE workspace_id = $1 GROUP BY kind
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of something a workspace has, and how much it may have. None: it is not counted, or has no limit."""

    item: UsageItem
    kind: MemberKind | None
    used: int | None
    limit: int | None


async def of_workspace(viewer: Viewer, settings: Settings) -> list[Usage]:
    """Everything that is counted or bounded, in the order of UsageItem. Raises Forbidden."""
    require_admin(viewer)
    async with database() as connection:
        [counts] = await connection.fetch(COUNT, viewer.workspace_id)
        of_kinds = {
            (UsageItem(row["item"]), MemberKind(row["kind"])): int(row["count"])
            for row in await connection.fetch(COUNT_OF_KINDS, viewer.workspace_id)
        }
    limits = (
        (UsageItem.UPLOAD_MEBIBYTES, settings.max_upload_bytes // MEBIBYTE),
        (UsageItem.PREVIEWS_AT_ONCE, settings.max_workspace_previews),
        (UsageItem.EXPORTS_AT_ONCE, settings.max_workspace_exports),
        (UsageItem.UPLOADS_AT_ONCE, settings.max_workspace_uploads),
        (UsageItem.SUBSCRIPTIONS_AT_ONCE, settings.max_workspace_subscriptions),
        (UsageItem.POINTS_PER_SECOND, int(settings.workspace_points_per_second)),
    )
    return [
        *(
            Usage(item, kind, of_kinds.get((item, kind), 0), limit)
            for item, limit in ((UsageItem.MEMBERS, None), (UsageItem.ATTRIBUTES, MAX_ATTRIBUTES))
            for kind in MemberKind
        ),
        *(Usage(item, None, counts[item], limit) for item, (_, limit) in COUNTED.items()),
        *(Usage(item, None, None, limit) for item, limit in limits),
    ]
