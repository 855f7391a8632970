"""Explanations in the schema: why a member is in a segment, or is not."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.api.base.scalars import JSON
from seggraph.api.links.playbook_links import LinkedPlaybook, playbook_of
from seggraph.services.segments.explanations import ExplainedNode as NodeView
from seggraph.services.segments.explanations import ExplainedSource as SourceView
from seggraph.services.segments.explanations import Explanation
from seggraph.vocabulary import SourceKind


@strawberry.type(description="Whether one source adds a member to the segment.")
class ExplainedSource:
    """A source, as it is for the member."""

    kind: SourceKind = strawberry.field(description="The kind of the source.")
    playbook_id: strawberry.Private[int | None]
    linked: bool = strawberry.field(
        description="Whether the member is in the segment because of this source."
    )
    blocked: bool = strawberry.field(
        description="Whether this source may not add the member because it was removed manually."
    )
    since: datetime | None = strawberry.field(
        description="Since when the member is in the segment; null if not because of this source."
    )

    @strawberry.field(description="The playbook; null for other sources, or if you may not see it.")
    async def playbook(self, info: Info) -> LinkedPlaybook | None:
        """Look it up for all sources at once."""
        return await playbook_of(info, self.playbook_id)

    @staticmethod
    def of(view: SourceView) -> "ExplainedSource":
        """The source as the service explains it."""
        return ExplainedSource(
            kind=view.kind,
            playbook_id=view.playbook_id,
            linked=view.linked,
            blocked=view.blocked,
            since=view.since,
        )


@strawberry.type(description="A part of the criteria, evaluated for one member.")
class ExplainedNode:
    """A condition or a group."""

    sentence: str = strawberry.field(description="The part in words.")
    matches: bool = strawberry.field(description="Whether the part matches the member.")
    actual: JSON | None = strawberry.field(
        description="The actual value that a condition compared: a value, an aggregate of events, the number"
        " of related members, the steps of a sequence reached, or whether the member is in the"
        " segment. Null if there is none, and for groups."
    )
    children: list["ExplainedNode"] = strawberry.field(
        description="The parts of a group; empty for a condition."
    )

    @staticmethod
    def of(view: NodeView) -> "ExplainedNode":
        """The node as the service explains it."""
        return ExplainedNode(
            sentence=view.sentence,
            matches=view.matches,
            actual=None if view.actual is None else JSON(view.actual),
            children=[ExplainedNode.of(child) for child in view.children],
        )


@strawberry.type(
    description="Why a member is in a segment or not: its sources, and the criteria evaluated for the member."
)
class MembershipExplanation:
    """An explanation."""

    is_member: bool = strawberry.field(description="Whether the member is in the segment.")
    sources: list[ExplainedSource] = strawberry.field(
        description="For each source, whether it adds the member."
    )
    criteria: ExplainedNode | None = strawberry.field(
        description="The criteria part by part, each with its result for the member; null without criteria."
    )
    missing: list[str] = strawberry.field(
        description="What would have to change for the criteria to match, in words; empty if they match."
    )

    @staticmethod
    def of(explanation: Explanation) -> "MembershipExplanation":
        """The explanation as the service gives it."""
        criteria = explanation.criteria
        return MembershipExplanation(
            is_member=explanation.is_member,
            sources=[ExplainedSource.of(source) for source in explanation.sources],
            criteria=None if criteria is None else ExplainedNode.of(criteria),
            missing=[] if criteria is None else list(criteria.missing),
        )
