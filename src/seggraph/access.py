"""Who may see and do what: the one place that every read and write passes.

A service checks here before it acts, and takes the visibility conditions of its queries from here. An object that
the viewer may not see is treated as if it did not exist.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias

from seggraph.errors import Forbidden, Path
from seggraph.vocabulary import ApiKeyScope, Permission, Role, Visibility

Network: TypeAlias = IPv4Network | IPv6Network


class Right(Enum):
    """What credentials may allow."""

    READ = auto()
    PERSONAL_DATA = auto()
    """To read what concerns single persons: names, addresses, and what the workspace marked so."""
    INGEST = auto()
    """To send data of members, events, suppressions and metrics."""
    WRITE = auto()
    PROVISION = auto()
    """To manage users and groups as an identity provider does (SCIM)."""
    ADMINISTER = auto()


RIGHTS: Final[Mapping[ApiKeyScope, frozenset[Right]]] = {
    ApiKeyScope.INGEST: frozenset({Right.INGEST}),
    ApiKeyScope.READ_WITHOUT_PERSONAL_DATA: frozenset({Right.READ}),
    ApiKeyScope.READ: frozenset({Right.READ, Right.PERSONAL_DATA}),
    ApiKeyScope.WRITE: frozenset(set(Right) - {Right.PROVISION, Right.ADMINISTER}),
    ApiKeyScope.PROVISIONING: frozenset({Right.PROVISION}),
    ApiKeyScope.ADMIN: frozenset(Right),
}
"""What each scope allows. What is not here is not allowed."""

ROLE_ORDER: Final = (Role.TEAM_MEMBER, Role.LEADER, Role.ADMIN)
"""The roles, from the one with the fewest rights on. An ADMIN manages the workspace, a LEADER all that is in it."""


@dataclass(frozen=True, slots=True)
class LeastRoles:
    """The least role that each of these takes in a workspace. Administrators choose them; these are the defaults.

    What cannot be undone, and files that others uploaded, are for those who manage all. The role of an API key is
    LEADER, or ADMIN for the scope ADMIN.
    """

    erase_members: Role = Role.LEADER
    suppress_addresses: Role = Role.TEAM_MEMBER
    see_imports_of_others: Role = Role.LEADER
    see_personal_data: Role = Role.TEAM_MEMBER


ROLE_NAMES: Final[Mapping[Role, str]] = {
    Role.TEAM_MEMBER: "users",
    Role.LEADER: "administrators and leaders",
    Role.ADMIN: "administrators",
}
"""Who has a role or one with more rights."""

NEEDED: Final[Mapping[Right, str]] = {
    Right.READ: "a scope that reads",
    Right.PERSONAL_DATA: "a scope that reads personal data, like READ",
    Right.INGEST: "the scope INGEST or WRITE",
    Right.WRITE: "the scope WRITE",
    Right.PROVISION: "the scope PROVISIONING",
    Right.ADMINISTER: "the scope ADMIN",
}
"""What a refusal asks for."""


@dataclass(slots=True)
class ReadTally:
    """How many members somebody has read in lists in the last while, and whether the audit log says so."""

    member_count: int = 0
    is_audited: bool = False


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
    least_roles: LeastRoles = LeastRoles()
    """What the workspace has chosen about roles."""
    valid_until: datetime | None = field(default=None, compare=False)
    """When the credentials expire, if they do."""
    tally: ReadTally | None = field(default=None, compare=False)
    """Counts what is read; None for what acts by itself."""

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

    def is_at_least(self, role: Role) -> bool:
        """Whether this viewer has a role or one with more rights."""
        return ROLE_ORDER.index(self.role) >= ROLE_ORDER.index(role)

    @property
    def sees_personal_data(self) -> bool:
        """Whether this viewer may read what concerns single persons: by the scope, and by the role."""
        return Right.PERSONAL_DATA in RIGHTS[self.scope] and self.is_at_least(
            self.least_roles.see_personal_data
        )

    @property
    def sees_imports_of_others(self) -> bool:
        """Whether this viewer sees the imports that somebody else made."""
        return self.is_at_least(self.least_roles.see_imports_of_others)


def require_right(viewer: Viewer, right: Right, *, path: Path = ()) -> None:
    """Raise Forbidden unless the viewer's credentials have a right."""
    if right not in RIGHTS[viewer.scope]:
        if viewer.user_id is not None and right is Right.ADMINISTER:
            raise Forbidden(f"Only administrators may do this; you have the role {viewer.role}.", path=path)
        raise Forbidden(
            f"This needs credentials with {NEEDED[right]}; yours have the scope {viewer.scope}.", path=path
        )


def require_role(viewer: Viewer, role: Role, what: str, *, path: Path = ()) -> None:
    """Raise Forbidden unless the viewer has a role, or one with more rights; `what` says what for."""
    if not viewer.is_at_least(role):
        raise Forbidden(f"In this workspace only {ROLE_NAMES[role]} may {what}.", path=path)


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
    require_role(viewer, viewer.least_roles.see_personal_data, "see personal data", path=path)


def require_ingest(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may send data."""
    require_right(viewer, Right.INGEST)


def may_write(viewer: Viewer) -> bool:
    """Whether the viewer may change anything at all, besides sending data."""
    return Right.WRITE in RIGHTS[viewer.scope]


def require_write(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may change anything at all, besides sending data."""
    require_right(viewer, Right.WRITE)


def require_admin(viewer: Viewer, *, path: Path = ()) -> None:
    """Raise Forbidden unless the viewer administers the workspace."""
    require_right(viewer, Right.ADMINISTER, path=path)
    if viewer.role is not Role.ADMIN:
        raise Forbidden("Only an administrator of the workspace may do this.", path=path)


def require_provisioning(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may manage users and groups as an identity provider does."""
    require_right(viewer, Right.PROVISION)


def require_playbook_management(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may change a playbook that they can see, by the rule for segments."""
    require_write(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the playbooks that they created.")


def require_erasure(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may erase members."""
    require_write(viewer)
    require_role(viewer, viewer.least_roles.erase_members, "erase members")


def require_suppression(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may suppress addresses."""
    require_ingest(viewer)
    require_role(viewer, viewer.least_roles.suppress_addresses, "suppress addresses")


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


def require_attribute_change(viewer: Viewer, of_others: Sequence[str]) -> None:
    """Raise Forbidden unless the viewer may change an attribute that `of_others`, which is not theirs, uses."""
    require_write(viewer)
    if of_others and not viewer.manages_all:
        raise Forbidden(
            f"Only administrators and leaders may change an attribute that others use: {', '.join(of_others[:10])}."
        )


def require_label_management(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may edit and delete labels and folders, which everybody's segments have."""
    require_write(viewer)
    if not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may change or delete labels and folders.")


def require_saved_view_change(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may change or delete a saved view that they can see."""
    require_write(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the views that they saved.")


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
    AND ($3 OR ((s.visibility = 'WORKSPACE' OR s.created_by_id = $2)
      AND NOT EXISTS (SELECT FROM segment_hidings h
                      WHERE h.workspace_id = $1 AND h.segment_id = s.id AND h.user_id = $2)))
"""
"""The condition on `segments s` for the segments that a viewer sees; $1 to $3 are `visibility_arguments`.

Nothing is private to or hidden from those who manage all, also who has come to do so since."""


VISIBLE_SAVED_VIEW: Final = "v.workspace_id = $1 AND (v.is_shared OR v.created_by_id = $2)"
"""The condition on `saved_views v` for the saved views that a viewer sees: their own, and what others share."""


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
"""The condition on `imports i` for the imports that a viewer may see: all but those into segments hidden from them.

What `narrowed_imports` says comes behind it."""

OWN_IMPORTS: Final = " AND i.created_by_id IS NOT DISTINCT FROM $2"


def narrowed_imports(viewer: Viewer) -> str:
    """What comes behind VISIBLE_IMPORT: only their own imports, if the viewer's role does not see those of others.

    All API keys see what one of them created.
    """
    return "" if viewer.sees_imports_of_others else OWN_IMPORTS


VISIBLE_TEMPLATE: Final = f"""
    t.workspace_id = $1 AND (t.segment_id IS NULL
      OR EXISTS (SELECT FROM segments s WHERE s.id = t.segment_id AND {VISIBLE_SEGMENT}))
"""
"""The condition on `import_templates t` for the templates that a viewer sees, as for the imports that left them."""

VISIBLE_REPORT_NAME: Final = f"""
    k.workspace_id = $1 AND (k.segment_id IS NULL
      OR EXISTS (SELECT FROM segments s WHERE s.id = k.segment_id AND {VISIBLE_SEGMENT}))
"""
"""The condition on `report_campaigns k` for the names of ad reports that a viewer sees: not those kept for segments
that are hidden from them."""

VISIBLE_PLAYBOOK: Final = "p.workspace_id = $1 AND (p.visibility = 'WORKSPACE' OR $3 OR p.created_by_id = $2)"
"""The condition on `playbooks p` for the playbooks that a viewer sees; $1 to $3 are `visibility_arguments`."""


def sees_segment(
    viewer: Viewer, *, visibility: Visibility, created_by_id: int | None, hidden_from: Collection[int]
) -> bool:
    """What VISIBLE_SEGMENT says, for a deleted segment of the viewer's workspace."""
    is_own = created_by_id is not None and created_by_id == viewer.user_id
    is_open = visibility is Visibility.WORKSPACE or is_own
    return viewer.manages_all or (is_open and viewer.user_id not in hidden_from)


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
    return may_write(viewer) and viewer.manages_all and viewer.sees_personal_data


def require_metric_recording(viewer: Viewer, *, created_by_id: int | None) -> None:
    """Raise Forbidden unless the viewer may record metrics of a campaign: of those that they would manage."""
    require_ingest(viewer)
    if not viewer.manages_all and (created_by_id is None or created_by_id != viewer.user_id):
        raise Forbidden("Team members may change only the campaigns that they created.")


def require_report_name_change(
    viewer: Viewer, *, is_left_out: bool = False, created_by_id: int | None = None
) -> None:
    """Raise Forbidden unless the viewer may say what a name in ad reports stands for.

    `created_by_id` is who created its campaign. A name that is left out concerns everybody's reports.
    """
    require_write(viewer)
    if is_left_out and not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may say which names are left out.")
    if not is_left_out:
        require_metric_recording(viewer, created_by_id=created_by_id)


def require_destination_management(viewer: Viewer) -> None:
    """Raise Forbidden unless the viewer may create and change destinations."""
    require_write(viewer)
    if not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may manage destinations.")
    require_personal_data(viewer)  # members are sent to them


def is_admin(viewer: Viewer) -> bool:
    """Whether the viewer administers the workspace."""
    return viewer.role is Role.ADMIN and viewer.scope is ApiKeyScope.ADMIN


def _require_managing(viewer: Viewer) -> None:
    require_write(viewer)
    if not viewer.manages_all:
        raise Forbidden("Only administrators and leaders may change what others created.")


def _require_imports_of_others(viewer: Viewer) -> None:
    require_right(viewer, Right.READ)
    if not viewer.sees_imports_of_others:
        raise Forbidden("In this workspace you see only the imports that you created.")


PERMISSIONS: Final[Mapping[Permission, Callable[[Viewer], None]]] = {
    Permission.READ: lambda viewer: require_right(viewer, Right.READ),
    Permission.SEE_PERSONAL_DATA: require_personal_data,
    Permission.SEND_DATA: require_ingest,
    Permission.WRITE: require_write,
    Permission.MANAGE_ALL: _require_managing,
    Permission.MANAGE_LABELS: require_label_management,
    Permission.MANAGE_DESTINATIONS: require_destination_management,
    Permission.SEE_IMPORTS_OF_OTHERS: _require_imports_of_others,
    Permission.ERASE_MEMBERS: require_erasure,
    Permission.SUPPRESS_ADDRESSES: require_suppression,
    Permission.RELEASE_ADDRESSES: require_suppression_removal,
    Permission.ADMINISTER: require_admin,
    Permission.PROVISION: require_provisioning,
}
"""What is asked of a viewer for each permission: the same that the services ask."""


def permissions_of(viewer: Viewer) -> list[Permission]:
    """What the viewer may do, whatever object it is about."""
    found = []
    for permission, require in PERMISSIONS.items():
        try:
            require(viewer)
        except Forbidden:
            continue
        found.append(permission)
    return found
