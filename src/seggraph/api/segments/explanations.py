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


@strawberry.type(description="What one source does for a member.")
class ExplainedSource:
    """A source, as it is for the member."""

    kind: SourceKind = strawberry.field(description="What it is.")
    playbook_id: strawberry.Private[int | None]
    linked: bool = strawberry.field(description="Whether it holds the member in the segment.")
    blocked: bool = strawberry.field(
        description="Whether it may not add the member, because a hand removed it."
    )
    since: datetime | None = strawberry.field(description="Since when the member is in, if it holds it.")

    @strawberry.field(description="Which playbook, if it is one that you may see.")
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


@strawberry.type(description="A part of the criteria, as it is for a member.")
class ExplainedNode:
    """A condition or a group."""

    sentence: str = strawberry.field(description="The part in words.")
    matches: bool = strawberry.field(description="Whether it holds for the member.")
    actual: JSON | None = strawberry.field(
        description="What a condition saw: a value, the sum, count or instant of events, how many members are"
        " related, how many steps of a sequence were reached, whether it is in the segment. Null when unset, and"
        " for groups."
    )
    children: list["ExplainedNode"] = strawberry.field(description="The parts of a group.")

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
    description="Whether a member is in a segment, by which sources, and what the criteria see of it."
)
class MembershipExplanation:
    """An explanation."""

    is_member: bool = strawberry.field(description="Whether the member is in the segment.")
    sources: list[ExplainedSource] = strawberry.field(description="What each source does for it.")
    criteria: ExplainedNode | None = strawberry.field(
        description="The criteria, part by part: what does not match is what is missing. Null without criteria."
    )
    missing: list[str] = strawberry.field(
        description="What would have to be so for the criteria to hold, in words; each of it. Empty if they do."
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
