"""The audit log in the schema."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.criteria import shown
from seggraph.api.segments.lists import InstantRange
from seggraph.api.users.viewer import User, load_user
from seggraph.errors import NotFound
from seggraph.services.audit import views as audit_views
from seggraph.services.audit.views import AuditList, EntryView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import AuditAction, AuditSubject

TYPE_NAMES: Final[Mapping[AuditSubject, str]] = {
    AuditSubject.SEGMENT: "Segment",
    AuditSubject.CAMPAIGN: "Campaign",
    AuditSubject.PLAYBOOK: "Playbook",
    AuditSubject.IMPORT: "Import",
    AuditSubject.IMPORT_TEMPLATE: "ImportTemplate",
    AuditSubject.EXPORT: "Export",
    AuditSubject.REPORT_NAME: "ReportName",
    AuditSubject.BULK_EDIT: "BulkEdit",
    AuditSubject.API_KEY: "ApiKey",
    AuditSubject.USER: "User",
    AuditSubject.WORKSPACE: "Workspace",
    AuditSubject.DESTINATION: "Destination",
    AuditSubject.DELIVERY: "Delivery",
    AuditSubject.WEBHOOK: "Webhook",
}
"""The types whose ids the objects have; what is not here has no id."""

SUBJECTS: Final = {name: subject for subject, name in TYPE_NAMES.items()}


def _encoded(type_name: str) -> Callable[[Any], Any]:
    """What makes global ids of a number, or of a list of them."""

    def encode(value: Any) -> Any:
        return (
            [ids.encode(type_name, number) for number in value]
            if isinstance(value, list)
            else ids.encode(type_name, value)
        )

    return encode


def _in_api(name: str) -> str:
    """The name of a recorded field in the API."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


SHOWN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "criteria": shown,
    "campaign_id": _encoded("Campaign"),
    "segment_id": _encoded("Segment"),
    "segment_ids": _encoded("Segment"),
    "exclude_segment_ids": _encoded("Segment"),
    "add_to_segment_ids": _encoded("Segment"),
    "cloned_from_id": _encoded("Segment"),
    "hidden_from_ids": _encoded("User"),
    "destination_id": _encoded("Destination"),
    "least_roles": lambda roles: {_in_api(name): role for name, role in roles.items()},
}
"""Values in which there are numbers of objects, which clients see as global ids."""


@strawberry.type(description="The user or program that did something, and where the request came from.")
class AuditActor:
    """A user, an API key, or the operator at the command line."""

    name: str = strawberry.field(description="The name of the user or API key at that time.")
    api_key_id: strawberry.ID | None = strawberry.field(
        description="The global id of the API key; null if a user did it."
    )
    ip: str | None = strawberry.field(description="The IP address that the request came from.")
    user_agent: str | None = strawberry.field(description="The `User-Agent` that the client sent.")
    user_number: strawberry.Private[int | None]

    @strawberry.field(
        description="The user; null for an API key, for the operator of the server, or if the user was"
        " deleted."
    )
    @awaits_loaders
    async def user(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.user_number)


@strawberry.type(description="An entry of the audit log: one action on one object. Entries never change.")
class AuditEntry(Node):
    """An entry of the audit log."""

    at: datetime = strawberry.field(description="When the action happened.")
    actor: AuditActor = strawberry.field(description="Who did it, and where the request came from.")
    action: AuditAction = strawberry.field(description="What was done.")
    subject: AuditSubject = strawberry.field(description="The type of the object.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The global id of the object; null for objects without one, like addresses, attributes"
        " and erased members."
    )
    subject_name: str | None = strawberry.field(description="The name of the object at that time.")
    before: JSON | None = strawberry.field(
        description="The changed fields with their old values; for a deleted object, all its fields."
    )
    after: JSON | None = strawberry.field(
        description="The changed fields with their new values; for a new object all its fields, for bulk"
        " actions the counts."
    )

    @staticmethod
    def of(view: EntryView) -> "AuditEntry":
        """The entry as the service reads it."""
        type_name = TYPE_NAMES.get(view.subject)
        has_id = type_name is not None and view.subject_id is not None
        return AuditEntry(
            id=ids.encode("AuditEntry", view.id),
            at=view.at,
            actor=AuditActor(
                name=view.actor_name,
                api_key_id=None if view.api_key_id is None else ids.encode("ApiKey", view.api_key_id),
                ip=view.ip,
                user_agent=view.user_agent,
                user_number=view.user_id,
            ),
            action=view.action,
            subject=view.subject,
            subject_id=ids.encode(type_name, view.subject_id) if has_id else None,  # type: ignore[arg-type]
            subject_name=view.subject_name,
            before=_values(view.before),
            after=_values(view.after),
        )


@strawberry.type(description="A page of the audit log, newest first.")
class AuditEntryConnection(CountedConnection[AuditEntry, Edge[AuditEntry]]):
    """A page of the list."""


@strawberry.type
class AuditQueries:
    """The query of the audit log."""

    @strawberry.field(
        description="The audit log, newest first: who did what to which object. Administrators only; others"
        " get FORBIDDEN."
    )
    async def audit_log(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        subject_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Return only entries about this object, which may be deleted."),
        ] = None,
        actor_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Return only entries of this user or API key."),
        ] = None,
        actions: Annotated[
            list[AuditAction] | None,
            strawberry.argument(description="Return only entries with these actions."),
        ] = None,
        subjects: Annotated[
            list[AuditSubject] | None,
            strawberry.argument(description="Return only entries about these types of objects."),
        ] = None,
        between: Annotated[
            InstantRange | None, strawberry.argument(description="Return only entries of this period.")
        ] = None,
    ) -> AuditEntryConnection:
        """A page of the log."""
        time = between or InstantRange()
        actor = (None, 0) if actor_id is None else _part(actor_id, ("User", "ApiKey"), "actorId")
        subject = None if subject_id is None else _part(subject_id, tuple(SUBJECTS), "subjectId")
        list_ = AuditList(
            subject=None if subject is None else (SUBJECTS[subject[0]], subject[1]),
            user_id=actor[1] if actor[0] == "User" else None,
            api_key_id=actor[1] if actor[0] == "ApiKey" else None,
            actions=actions,
            subjects=subjects,
            since=time.from_,
            before=time.to,
        )
        viewer = caller_of(info).viewer
        page = await audit_views.list_page(viewer, list_, request_of(first, after, last, before))
        return AuditEntryConnection.of(page, AuditEntry.of, lambda: audit_views.count(viewer, list_))


def _part(global_id: str, type_names: tuple[str, ...], argument: str) -> tuple[str, int]:
    """The type and the number of an id. Raises NotFound for an id of nothing that the log is about."""
    part = ids.split(global_id)
    if part is None or part[0] not in type_names:
        raise NotFound(
            "The audit log has no entries for this id.",
            path=(argument,),
        )
    return part


def _values(values: Mapping[str, Any] | None) -> JSON | None:
    """The recorded fields of an object, under the names that they have in the API."""
    if values is None:
        return None
    shown = {}
    for name, value in values.items():
        show = SHOWN.get(name)
        is_left_out = value is None or (isinstance(value, dict) and "omittedBytes" in value)
        shown[_in_api(name)] = value if show is None or is_left_out else show(value)
    return JSON(shown)
