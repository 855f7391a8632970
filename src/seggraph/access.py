"""Who may see and do what: the one place that every read and write passes.

A service checks here before it acts, and takes the visibility conditions of its queries from here. An object that
the viewer may not see is treated as if it did not exist.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias

from seggraph.errors import Forbidden, Path
from seggraph.vocabulary import ApiKeyScope, Role, Visibility

Network: TypeAlias = IPv4Network | IPv6Network


class Right(Enum):
    """What credentials may allow."""

    READ = auto()
    PERSONAL_DATA = auto()
    """To read what concerns single persons: names, addresses, and what the workspace marked so."""
    INGEST = auto()
    """To send data of members, events, suppressions and metrics."""
    WRITE = auto()
    ADMINISTER = auto()


RIGHTS: Final[Mapping[ApiKeyScope, frozenset[Right]]] = {
    ApiKeyScope.INGEST: frozenset({Right.INGEST}),
    ApiKeyScope.READ_WITHOUT_PERSONAL_DATA: frozenset({Right.READ}),
    ApiKeyScope.READ: frozenset({Right.READ, Right.PERSONAL_DATA}),
    ApiKeyScope.WRITE: frozenset(set(Right) - {Right.ADMINISTER}),
    ApiKeyScope.ADMIN: frozenset(Right),
}
"""What each scope allows. What is not here is not allowed."""

NEEDED: Final[Mapping[Right, str]] = {
    Right.READ: "a scope that reads",
    Right.PERSONAL_DATA: "a scope that reads personal data, like READ",
    Right.INGEST: "the scope INGEST or WRITE",
    Right.WRITE: "the scope WRITE",
    Right.ADMINISTER: "the scope ADMIN",
}
"""What a refusal asks for."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user or API key that acts, in exactly one workspace."""

    workspace_id: int
    role: Role
    scope: ApiKeyScope
    user_id: int | None = None
    api_key_id: int | None = None
    ip: str | None = field(default=None, compare=False)
    """The address that the request came from; only for the audit log."""
    user_agent: str | None = field(default=None, compare=False)
    """The `User-Agent` of the client; only for the audit log."""
    networks: tuple[Network, ...] | None = field(default=None, compare=False)
    """The networks that the credentials may be used from; None: from everywhere."""

    @property
    def manages_all(self) -> bool:
        """Whether this viewer sees and manages every segment of the workspace."""
        return self.role in (Role.ADMIN, Role.LEADER)

    @property
    def who(self) -> str:
        """The user or API key, as a text: what a link that they made remembers of them."""
        if self.api_key_id is not None:
            return f"key-{self.api_key_id}"
        return f"user-{self.user_id}"

    @property
    def sees_personal_data(self) -> bool:
        """Whether this viewer may read what concerns single persons."""
        return Right.PERSONAL_DATA in RIGHTS[self.scope]


def require_right(viewer: Viewer, right: Right, *, path: Path = ()) -> None:
    """Raise Forbidden unless the viewer's credentials have a right."""
    if right not in RIGHTS[viewer.scope]:
        raise Forbidden(
            f"This needs credentials with {NEEDED[right]}; yours have the scope {viewer.scope}.", path=path
        )


def require_address(viewer: Viewer, address: str | None) -> None:
    """Raise Forbidden unless the viewer's credentials may be used from an address."""
    if viewer.networks is None:
        return
    try:
        given = ip_address(address or "")
    except ValueError:  # a Unix socket, or what a proxy made up
        given = None
    given = getattr(given, "ipv4_mapped", None) or given
    if given is None or not any(given in network for network in viewer.networks):
        raise Forbidden("This API key may not be used from the address that the request came from.")


OPEN_TO_ALL: Final = frozenset({"viewer", "__typename", "__schema", "__type"})
"""The fields of Query that credentials need no right for."""


def require_operation(viewer: Viewer, *, is_mutation: bool, fields: Collection[str]) -> None:
    """Raise Forbidden unless the viewer may ask for these fields of Query or Subscription at all.

    A mutation checks by itself. Those that an INGEST key may call answer with counts only.
    """
    if not is_mutation and not OPEN_TO_ALL.issuperset(fields):
        require_right(viewer, Right.READ)


def require_personal_data(viewer: Viewer, *, path: Path = ()) -> None:
    """Raise Forbidden unless the viewer may use personal data: to find, sort or select members by it."""
    require_right(viewer, Right.PERSONAL_DATA, path=path)


def require_ingest(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may send data."""
    require_right(viewer, Right.INGEST)


def may_write(viewer: Viewer) -> bool:
    """Whether the viewer may change anything at all, besides sending data."""
    return Right.WRITE in RIGHTS[viewer.scope]


def require_write(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may change anything at all, besides sending data."""
    require_right(viewer, Right.WRITE)


def require_admin(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer administers the workspace."""
    require_right(viewer, Right.ADMINISTER)
    if viewer.role is not Role.ADMIN:
        raise Forbidden("Only an administrator of the workspace may do this.")


def require_playbook_management(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may change a playbook that they can see, by the rule for segments."""
    require_write(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the playbooks that they created.")


def require_suppression_removal(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may release suppressed addresses."""
    require_write(viewer)
    if not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may release suppressed addresses.")


def require_bulk_edit_cancellation(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may stop a bulk edit of members."""
    require_write(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may cancel only the bulk edits that they started.")


def is_segment_manager(viewer: Viewer, *, created_by_id: int | None) -> bool:
    """Whether a segment is among those that the viewer manages.

    Admins and leaders manage all segments, team members those that they created.
    """
    return viewer.manages_all or (created_by_id is not None and created_by_id == viewer.user_id)


def require_segment_management(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may change a segment that they can see, by `is_segment_manager`."""
    require_write(viewer)
    if not is_segment_manager(viewer, created_by_id=created_by_id):
        raise Forbidden("Team members may change only the segments that they created.")


VISIBLE_SEGMENT: Final = """
    s.workspace_id = $1
    AND (s.visibility = 'WORKSPACE' OR $3 OR s.created_by_id = $2)
    AND NOT EXISTS (SELECT FROM segment_hidings h
                    WHERE h.workspace_id = $1 AND h.segment_id = s.id AND h.user_id = $2
                      AND NOT EXISTS (SELECT FROM workspace_users w
                                      WHERE w.workspace_id = $1 AND w.user_id = $2 AND w.role = 'ADMIN'))
"""
"""The condition on `segments s` for the segments that a viewer sees; $1 to $3 are `visibility_arguments`.

Nothing is hidden from an administrator, also from one who has become it since."""


VISIBLE_EXPORT: Final = f"""
    e.workspace_id = $1 AND CASE WHEN e.segment_id IS NULL THEN e.created_by_id IS NOT DISTINCT FROM $2
      ELSE ($3 OR e.created_by_id = $2)
        AND EXISTS (SELECT FROM segments s WHERE s.id = e.segment_id AND {VISIBLE_SEGMENT}) END
"""
"""The condition on `exports e` for the exports that a viewer sees. Of a segment's members: their own, if they see the
segment; all, if they manage all segments. A list of segments, or an export of a deleted segment: only its creator,
since it contains what the creator saw. All API keys see what one of them created."""

VISIBLE_IMPORT: Final = f"""
    i.workspace_id = $1 AND (i.segment_id IS NULL
      OR EXISTS (SELECT FROM segments s WHERE s.id = i.segment_id AND {VISIBLE_SEGMENT}))
"""
"""The condition on `imports i` for the imports that a viewer sees: all but those into segments hidden from them."""

VISIBLE_TEMPLATE: Final = f"""
    t.workspace_id = $1 AND (t.segment_id IS NULL
      OR EXISTS (SELECT FROM segments s WHERE s.id = t.segment_id AND {VISIBLE_SEGMENT}))
"""
"""The condition on `import_templates t` for the templates that a viewer sees, as for the imports that left them."""

VISIBLE_PLAYBOOK: Final = "p.workspace_id = $1 AND (p.visibility = 'WORKSPACE' OR $3 OR p.created_by_id = $2)"
"""The condition on `playbooks p` for the playbooks that a viewer sees; $1 to $3 are `visibility_arguments`."""


def sees_segment(
    viewer: Viewer, *, visibility: Visibility, created_by_id: int | None, hidden_from: Collection[int]
) -> bool:
    """What VISIBLE_SEGMENT says, for a deleted segment of the viewer's workspace."""
    is_own = created_by_id is not None and created_by_id == viewer.user_id
    is_open = visibility is Visibility.WORKSPACE or viewer.manages_all or is_own
    return is_open and (viewer.role is Role.ADMIN or viewer.user_id not in hidden_from)


def sees_playbook(viewer: Viewer, *, visibility: Visibility, created_by_id: int | None) -> bool:
    """What VISIBLE_PLAYBOOK says, for a deleted playbook of the viewer's workspace."""
    is_own = created_by_id is not None and created_by_id == viewer.user_id
    return visibility is Visibility.WORKSPACE or viewer.manages_all or is_own


def visibility_arguments(viewer: Viewer) -> tuple[int, int | None, bool]:
    """The values of $1 to $3 in VISIBLE_SEGMENT and VISIBLE_PLAYBOOK."""
    return viewer.workspace_id, viewer.user_id, viewer.manages_all


VISIBLE_CAMPAIGN: Final = "c.workspace_id = $1"
"""The condition on `campaigns c` for the campaigns that a viewer sees: all of the workspace. Of a campaign's segments
they see those that satisfy VISIBLE_SEGMENT."""


def require_campaign_management(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may change a campaign, and record its metrics.

    Admins and leaders manage all campaigns, team members those that they created.
    """
    require_write(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the campaigns that they created.")


def manages_destinations(viewer: Viewer) -> bool:
    """Whether the viewer may create and change destinations, and see their whole URLs."""
    return may_write(viewer) and viewer.manages_all


def require_metric_recording(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may record metrics of a campaign: of those that they would manage."""
    require_ingest(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the campaigns that they created.")


def require_destination_management(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may create and change destinations."""
    require_write(viewer)
    if not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may manage destinations.")


def is_admin(viewer: Viewer) -> bool:
    """Whether the viewer administers the workspace."""
    return viewer.role is Role.ADMIN and viewer.scope is ApiKeyScope.ADMIN
