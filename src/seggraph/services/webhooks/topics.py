"""What is published of a fact: its topics, its subject, and a small JSON document, as far as a viewer sees it.

The same document goes to subscribers of a workspace and to webhooks. It shows the object as it is when the fact is
published; what the fact itself says comes from the fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from seggraph.access import Viewer, sees_playbook, sees_segment
from seggraph.events import (
    CampaignChanged,
    DeliveryChanged,
    ExportFinished,
    Fact,
    FolderChanged,
    ImportFinished,
    LabelChanged,
    MembershipChanged,
    MetricsChanged,
    PlaybookChanged,
    ReachChanged,
    SegmentDeleted,
    SegmentStatusChanged,
    SegmentUpdated,
    UserChanged,
)
from seggraph.services.campaigns import views as campaign_views
from seggraph.services.campaigns.views import CampaignView
from seggraph.services.destinations import deliveries
from seggraph.services.destinations.deliveries import DeliveryView
from seggraph.services.exports import exports
from seggraph.services.exports.exports import ExportView
from seggraph.services.identity import users
from seggraph.services.identity.users import UserView
from seggraph.services.imports import imports
from seggraph.services.imports.imports import ImportView
from seggraph.services.labels import folders, labels
from seggraph.services.labels.folders import FolderView
from seggraph.services.labels.labels import LabelView
from seggraph.services.playbooks import views as playbook_views
from seggraph.services.playbooks.views import PlaybookView
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.views import SegmentView
from seggraph.values.global_ids import global_id
from seggraph.vocabulary import ApiKeyScope, Role

Data = dict[str, Any]
"""A JSON object."""

SUBJECT: Final[dict[type[Fact], str]] = {
    SegmentStatusChanged: "Segment",
    SegmentUpdated: "Segment",
    SegmentDeleted: "Segment",
    ReachChanged: "Segment",
    MembershipChanged: "Segment",
    MetricsChanged: "Segment",
    ImportFinished: "Import",
    ExportFinished: "Export",
    CampaignChanged: "Campaign",
    DeliveryChanged: "Delivery",
    PlaybookChanged: "Playbook",
    LabelChanged: "Label",
    FolderChanged: "Folder",
    UserChanged: "User",
}
"""The type of what a fact is about."""


@dataclass(frozen=True, slots=True)
class FactSubject:
    """What a fact is about: `view` is None when it is gone."""

    type_name: str
    number: int
    view: (
        SegmentView
        | ImportView
        | ExportView
        | CampaignView
        | PlaybookView
        | DeliveryView
        | UserView
        | LabelView
        | FolderView
        | None
    )

    @property
    def id(self) -> str:
        """Its global id."""
        return global_id(self.type_name, self.number)


def anyone(workspace_id: int) -> Viewer:
    """A viewer for everyone in a workspace: sees what all users of it may see, and no private objects."""
    return Viewer(workspace_id, Role.TEAM_MEMBER, ApiKeyScope.READ)


class FactSubjects:
    """What some facts are about, as far as a viewer sees it."""

    def __init__(self, viewer: Viewer, views: Mapping[tuple[str, int], Any]) -> None:
        self._viewer = viewer
        self._views = views

    @staticmethod
    async def load(viewer: Viewer, facts: Sequence[Fact]) -> "FactSubjects":
        """Read what the facts are about: a statement for each type."""
        wanted: dict[str, set[int]] = {}
        for fact in facts:
            if type(fact) in SUBJECT and not isinstance(fact, SegmentDeleted):
                wanted.setdefault(SUBJECT[type(fact)], set()).add(fact.subject_id)
        views: dict[tuple[str, int], Any] = {}
        for type_name, numbers in wanted.items():
            found = await _READ[type_name](viewer, sorted(numbers))
            views |= {(type_name, number): view for number, view in found.items()}
        return FactSubjects(viewer, views)

    def of(self, fact: Fact) -> FactSubject | None:
        """What a fact is about; None if the viewer does not see it, or such facts are not published."""
        type_name = SUBJECT.get(type(fact))
        if type_name is None:
            return None
        if isinstance(fact, SegmentDeleted):
            last = segment_views.restored(fact.last)
            visible = sees_segment(
                self._viewer,
                visibility=last.visibility,
                created_by_id=last.created_by_id,
                hidden_from=fact.hidden_from,
            )
            return FactSubject(type_name, fact.subject_id, last) if visible else None
        view = self._views.get((type_name, fact.subject_id))
        if view is None and not self._outlives(fact):
            return None
        return FactSubject(type_name, fact.subject_id, view)

    def _outlives(self, fact: Fact) -> bool:
        """Whether a fact about an object that is gone is still published to the viewer."""
        if isinstance(fact, PlaybookChanged):
            return fact.is_deleted and sees_playbook(
                self._viewer, visibility=fact.visibility, created_by_id=fact.created_by_id
            )
        return isinstance(fact, CampaignChanged | LabelChanged | FolderChanged)


def _of_all(viewer: Viewer) -> Viewer:
    """The viewer; for everyone one who sees what each of them made."""
    everyone = Viewer(viewer.workspace_id, Role.LEADER, ApiKeyScope.READ)
    return everyone if viewer == anyone(viewer.workspace_id) else viewer


async def _exports(viewer: Viewer, numbers: Sequence[int]) -> dict[int, Any]:
    """Exports that the viewer sees; the viewer for everyone sees all but those of private segments."""
    return await _into_visible(viewer, await exports.get_many(_of_all(viewer), numbers))


async def _imports(viewer: Viewer, numbers: Sequence[int]) -> dict[int, Any]:
    """Imports that the viewer sees; the viewer for everyone sees all but those into private segments."""
    return await _into_visible(viewer, await imports.get_many(_of_all(viewer), numbers))


async def _into_visible(
    viewer: Viewer, found: Mapping[int, ExportView] | Mapping[int, ImportView]
) -> dict[int, Any]:
    wanted = {view.segment_id for view in found.values() if view.segment_id is not None}
    visible = await segment_views.get_many(viewer, sorted(wanted))
    return {
        number: view
        for number, view in found.items()
        if view.segment_id is None or view.segment_id in visible
    }


_READ: Final[dict[str, Any]] = {
    "Segment": segment_views.get_many,
    "Import": _imports,
    "Export": _exports,
    "Campaign": campaign_views.get_many,
    "Delivery": deliveries.get_many,
    "Playbook": playbook_views.get_many,
    "User": users.get_many,
    "Label": labels.get_many,
    "Folder": folders.get_many,
}


def data_of(fact: Fact, subject: FactSubject) -> Data:
    """The document of a fact about a subject; of members it has counts, and no ids."""
    said: Data = {}
    match fact:
        case SegmentStatusChanged(status=status, previous_status=previous):
            said = {"status": status, "previousStatus": previous}
        case MembershipChanged(entered=entered, exited=exited):
            said = {"entered": entered, "exited": exited}
        case SegmentDeleted() | PlaybookChanged(is_deleted=True):
            said = {"deleted": True}
        case DeliveryChanged(status=status):
            said = {"status": status}
        case CampaignChanged() | LabelChanged() | FolderChanged():
            said = {"deleted": subject.view is None}
    return {f"{subject.type_name.lower()}Id": subject.id} | _described(subject.view) | said


def _described(view: Any) -> Data:
    match view:
        case SegmentView():
            return _segment(view)
        case ImportView():
            return _import(view)
        case ExportView():
            return {
                "segmentId": _segment_id(view.segment_id),
                "status": view.status,
                "content": view.content,
                "format": view.format,
                "rows": view.written,
                "error": _error(view),
            }
        case DeliveryView():
            return {
                "segmentId": _segment_id(view.segment_id),
                "destinationId": global_id("Destination", view.destination_id),
                "status": view.status,
                "error": _error(view),
            }
        case CampaignView():
            return {"name": view.name, "status": view.status, "version": view.version}
        case PlaybookView():
            return {
                "name": view.name,
                "kind": view.kind.name,
                "status": view.status,
                "version": view.version,
            }
        case LabelView() | FolderView():
            return {"name": view.name}
        case UserView():
            return {"name": view.name, "role": view.role, "active": view.active}
    return {}


def _segment(view: SegmentView) -> Data:
    return {
        "name": view.name,
        "kind": view.kind.name,
        "type": view.type,
        "status": view.status,
        "purpose": view.purpose,
        "version": view.version,
        "memberCount": view.member_count,
        "asOf": None if view.as_of is None else view.as_of.isoformat().replace("+00:00", "Z"),
        "reach": {
            "status": view.reach_status,
            "total": view.reach_total,
            "email": view.reach_email,
            "directMail": view.reach_direct_mail,
            "sms": view.reach_sms,
            "phone": view.reach_phone,
            "push": view.reach_push,
            "error": _error(view),
        },
    }


def _import(view: ImportView) -> Data:
    return {
        "segmentId": _segment_id(view.segment_id),
        "status": view.status,
        "kind": view.kind.name,
        "fileName": view.file_name,
        "read": view.read,
        "added": view.added,
        "updated": view.updated,
        "alreadyIn": view.already_in,
        "duplicate": view.duplicate,
        "ignored": view.ignored,
        "failed": view.failed,
        "error": _error(view),
    }


def _segment_id(number: int | None) -> str | None:
    return None if number is None else global_id("Segment", number)


def _error(view: SegmentView | ImportView | ExportView | DeliveryView) -> Data | None:
    if view.error_code is None:
        return None
    return {"code": view.error_code, "message": view.error_message}
