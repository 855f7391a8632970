"""The subscription to everything that happens in a workspace, for dashboards and integrations."""

from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.scalars import JSON
from seggraph.api.campaigns.campaigns import Campaign
from seggraph.api.destinations.deliveries import Delivery
from seggraph.api.files.exports import Export
from seggraph.api.files.imports import Import
from seggraph.api.labels.folders import Folder
from seggraph.api.labels.labels import Label
from seggraph.api.playbooks.playbooks import Playbook
from seggraph.api.segments.segments import Segment
from seggraph.api.users.viewer import User
from seggraph.errors import Required
from seggraph.events import Fact, Resync, ResyncReason
from seggraph.events.cursors import encode
from seggraph.events.topics import topics_of
from seggraph.services.webhooks.topics import FactSubject, FactSubjects, data_of
from seggraph.vocabulary import Topic


@strawberry.interface(description="An event of the workspace.")
class WorkspaceEvent:
    """The interface of all events of a workspace."""

    cursor: str = strawberry.field(
        description="The cursor of the event. Subscribe again with it as `after` to continue without missing"
        " an event."
    )
    at: datetime = strawberry.field(description="When the event happened.")
    topic: Topic | None = strawberry.field(
        default=None, description="The topic of the event; null if events were missed."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="The global id of the object that the event is about, which may be deleted."
    )
    subject: Node | None = strawberry.field(
        default=None,
        description="The object that the event is about, as it is when the event is sent: a segment, an"
        " import, an export, a campaign, a playbook, a delivery or a user. Null if it was deleted, except for a"
        " segment, which is shown with its last state.",
    )
    data: JSON | None = strawberry.field(
        default=None,
        description="The JSON document that webhooks receive for the event, without the members that entered"
        " and exited.",
    )


@strawberry.type(description="An event of one topic.")
class WorkspaceChanged(WorkspaceEvent):
    """An ordinary event."""


@strawberry.type(description="Events were missed: load your data again.")
class WorkspaceResyncRequired(WorkspaceEvent):
    """What comes instead of the events that cannot be had any more."""

    reason: ResyncReason = strawberry.field(default=ResyncReason.LOST, description="Why events were missed.")


WORKSPACE_EVENT_TYPES = (WorkspaceChanged, WorkspaceResyncRequired)
"""The implementations of WorkspaceEvent, which the schema would not find by itself."""


@strawberry.type
class WorkspaceEventQueries:
    """The query that belongs to the subscription."""

    @strawberry.field(
        description="The current end of the workspace's events. Query it before you load your data, and pass"
        " it to workspaceEvents or segmentEvents as `after`, so that you miss no event and need no snapshot."
    )
    async def workspace_event_cursor(self, info: Info) -> str:
        """The end of the workspace's stream."""
        caller = caller_of(info)
        return encode(await caller.services.stream.position(caller.viewer.workspace_id))


@strawberry.type
class WorkspaceSubscriptions:
    """The subscription of a workspace."""

    @strawberry.subscription(description="All events of the workspace that you may see, as they happen.")
    async def workspace_events(
        self,
        info: Info,
        topics: Annotated[
            list[Topic] | None,
            strawberry.argument(description="Send only events of these topics; default: all."),
        ] = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="The cursor of the last event that you received: send the events after it first."
            ),
        ] = None,
    ) -> AsyncGenerator[WorkspaceEvent, None]:
        """Each fact under its topics; an event never has a cursor behind which a part of its fact is missed."""
        caller = caller_of(info)
        if topics is not None and not topics:
            raise Required("Give at least one topic, or leave topics out for all.", path=("topics",))
        wanted = frozenset(Topic if topics is None else topics)
        position = caller.position(after)
        async with caller.subscribe(position, _interest(wanted)) as subscription:
            previous = subscription.cursor
            async for item in subscription:
                await caller.refresh()
                if isinstance(item, Resync):
                    yield WorkspaceResyncRequired(
                        cursor=item.cursor, at=datetime.now(UTC), reason=item.reason
                    )
                else:
                    subject = (await FactSubjects.load(caller.viewer, [item.fact])).of(item.fact)
                    if subject is not None:
                        for event in _events(item.fact, subject, wanted, previous, item.cursor):
                            yield event
                previous = item.cursor


def _interest(wanted: frozenset[Topic]) -> Callable[[Fact], bool]:
    return lambda fact: not wanted.isdisjoint(topics_of(fact))


def _events(
    fact: Fact, subject: FactSubject, wanted: frozenset[Topic], previous: str, cursor: str
) -> Iterator[WorkspaceEvent]:
    """The events of a fact: only the last of them has its cursor."""
    topics = [topic for topic in topics_of(fact) if topic in wanted]
    data = data_of(fact, subject)
    for topic in topics:
        yield WorkspaceChanged(
            cursor=cursor if topic is topics[-1] else previous,
            at=fact.at,
            topic=topic,
            subject_id=strawberry.ID(subject.id),
            subject=_node(subject),
            data=JSON(data),
        )


_OF: dict[str, Callable[[Any], Node]] = {
    "Segment": Segment.of,
    "Import": Import.of,
    "Export": Export.of,
    "Campaign": Campaign.of,
    "Playbook": Playbook.of,
    "Delivery": Delivery.of,
    "User": User.of,
    "Label": Label.of,
    "Folder": Folder.of,
}


def _node(subject: FactSubject) -> Node | None:
    return None if subject.view is None else _OF[subject.type_name](subject.view)
