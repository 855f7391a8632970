"""The registry of node types: how the objects behind global ids are found, one line for each type.

Everything here answers for the viewer: what they may not see is absent.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import strawberry

from seggraph.access import Viewer
from seggraph.api.audit.audit import AuditEntry
from seggraph.api.base import ids
from seggraph.api.base.context import Caller
from seggraph.api.base.node import Node
from seggraph.api.campaigns.campaigns import Campaign
from seggraph.api.campaigns.report_names import ReportName
from seggraph.api.destinations.deliveries import Delivery, Destination
from seggraph.api.events.events import Event
from seggraph.api.files.exports import Export
from seggraph.api.files.import_templates import ImportTemplate
from seggraph.api.files.imports import Import
from seggraph.api.labels.folders import Folder
from seggraph.api.labels.labels import Label
from seggraph.api.members.bulk_edits import BulkEdit
from seggraph.api.members.members import Member
from seggraph.api.playbooks.playbooks import Playbook
from seggraph.api.saved_views.saved_views import SavedView
from seggraph.api.segments.history import SegmentRun
from seggraph.api.segments.segments import Segment
from seggraph.api.suppressions.suppressions import Suppression
from seggraph.api.users.api_keys import ApiKey
from seggraph.api.users.viewer import User, Workspace
from seggraph.api.webhooks.deliveries import WebhookAttempt, WebhookDelivery
from seggraph.api.webhooks.webhooks import Webhook
from seggraph.services.audit import views as audit_views
from seggraph.services.campaigns import kept_report_names
from seggraph.services.destinations import deliveries
from seggraph.services.events import member_events
from seggraph.services.exports import exports
from seggraph.services.history import runs
from seggraph.services.identity import api_keys, workspaces
from seggraph.services.identity.workspaces import WorkspaceView
from seggraph.services.imports import imports
from seggraph.services.imports import templates as import_templates
from seggraph.services.labels import labels
from seggraph.services.members import bulk_edits, members
from seggraph.services.saved_views import saved_views
from seggraph.services.segments import views as segment_views
from seggraph.services.suppressions import suppressions
from seggraph.services.webhooks import attempts as webhook_attempts
from seggraph.services.webhooks import webhooks
from seggraph.transport.compiled.loading import DataLoader

V = TypeVar("V")

Keys = list[Any]
"""What global ids say beside the type: numbers; of events whole keys."""

Find = Callable[[Caller, Keys], Awaitable[Mapping[Any, Node]]]
"""The objects of one type that there are for a caller, by their keys."""


async def find_many(caller: Caller, global_ids: Sequence[strawberry.ID]) -> list[Node | None]:
    """The objects that the viewer may see, in the order of the ids, with one statement per type."""
    parts = [ids.split_node(global_id) for global_id in global_ids]
    keys: dict[str, Keys] = {}
    for part in parts:
        if part is not None:
            keys.setdefault(part[0], []).append(part[1])
    nodes: dict[tuple[str, ids.NodeKey], Node] = {}
    for type_name, keys_of_type in keys.items():
        if type_name in NODES:
            by_key = await NODES[type_name](caller, keys_of_type)
            nodes |= {(type_name, key): node for key, node in by_key.items()}
    return [None if part is None else nodes.get(part) for part in parts]


def _by_service(load: Callable[..., Awaitable[Mapping[Any, V]]], node: Callable[[V], Node]) -> Find:
    """Objects from a service that takes the viewer and keys."""

    async def find(caller: Caller, keys: Keys) -> Mapping[Any, Node]:
        return {key: node(view) for key, view in (await load(caller.viewer, keys)).items()}

    return find


def _by_loader(loader: Callable[[Caller], DataLoader[int, V | None]], node: Callable[[V], Node]) -> Find:
    """Objects from a loader, which other fields of the operation use too."""

    async def find(caller: Caller, keys: Keys) -> Mapping[Any, Node]:
        views = await loader(caller).load_many(keys)
        return {key: node(view) for key, view in zip(keys, views, strict=True) if view is not None}

    return find


async def _workspaces(viewer: Viewer, numbers: Keys) -> Mapping[int, WorkspaceView]:
    """The viewer's own workspace, if it is asked for."""
    return {viewer.workspace_id: await workspaces.get(viewer)} if viewer.workspace_id in numbers else {}


NODES: Final[Mapping[str, Find]] = {
    "AuditEntry": _by_service(audit_views.get_many, AuditEntry.of),
    "ApiKey": _by_service(api_keys.get_many, ApiKey.of),
    "BulkEdit": _by_service(bulk_edits.get_many, BulkEdit.of),
    "Campaign": _by_loader(lambda caller: caller.loaders.campaigns.by_id, Campaign.of),
    "Delivery": _by_service(deliveries.get_many, Delivery.of),
    "Destination": _by_loader(lambda caller: caller.loaders.destinations.by_id, Destination.of),
    "Event": _by_service(member_events.get_many, Event.of),
    "Export": _by_service(exports.get_many, Export.of),
    "Folder": _by_loader(lambda caller: caller.loaders.labels.folders, Folder.of),
    "Import": _by_service(imports.get_many, Import.of),
    "ImportTemplate": _by_service(import_templates.get_many, ImportTemplate.of),
    "Label": _by_service(labels.get_many, Label.of),
    "Member": _by_service(members.get_many, Member.of),
    "Playbook": _by_loader(lambda caller: caller.loaders.playbooks.by_id, Playbook.of),
    "ReportName": _by_service(kept_report_names.get_many, ReportName.of),
    "SavedView": _by_service(saved_views.get_many, SavedView.of),
    "Segment": _by_service(segment_views.get_many, Segment.of),
    "SegmentRun": _by_service(runs.get_many, SegmentRun.of),
    "Suppression": _by_service(suppressions.get_many, Suppression.of),
    "User": _by_loader(lambda caller: caller.loaders.users.by_id, User.of),
    "Webhook": _by_service(webhooks.get_many, Webhook.of),
    "WebhookAttempt": _by_service(webhook_attempts.get_many, WebhookAttempt.of),
    "WebhookDelivery": _by_service(webhook_attempts.get_deliveries, WebhookDelivery.of),
    "Workspace": _by_service(_workspaces, Workspace.of),
}
"""How the objects of each type are found. A type that implements Node has its line here."""
