"""Comparing segments in the schema, and making new ones from their algebra."""

from typing import Annotated, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.segments.payloads import SegmentPayload
from seggraph.api.segments.segments import Segment
from seggraph.errors import Path, Required, TooMany
from seggraph.services.segments import comparisons
from seggraph.services.segments.comparisons import Combined, Given, SetExpression, SetOperation
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, SegmentPurpose, SegmentType, Visibility

MAX_DEPTH: Final = 10
MAX_PARTS: Final = 200


@strawberry.type(description="One segment of a comparison.")
class ComparedSegment:
    """One of them."""

    segment: Segment = strawberry.field(description="The segment that is compared.")
    member_count: int = strawberry.field(description="How many members the segment has.")
    only_in: int = strawberry.field(
        description="How many of its members are in no other segment of the comparison."
    )


@strawberry.type(description="How many members two segments share.")
class SegmentOverlap:
    """A pair."""

    first: Segment = strawberry.field(description="The segment that comes first in the given order.")
    second: Segment = strawberry.field(description="The other segment of the pair.")
    overlap: int = strawberry.field(description="How many members are in both segments.")
    jaccard: float | None = strawberry.field(
        description="The Jaccard index: overlap / members in at least one of the two, from 0 to 1; null if"
        " both are empty."
    )


@strawberry.type(description="How segments overlap at one time. It is empty if there are errors.")
class SegmentComparison:
    """A comparison."""

    segments: list[ComparedSegment] = strawberry.field(
        default_factory=list, description="The segments in the given order, each once."
    )
    union: int = strawberry.field(
        default=0, description="How many members are in at least one of the segments."
    )
    intersection: int = strawberry.field(
        default=0, description="How many members are in all of the segments."
    )
    overlaps: list[SegmentOverlap] = strawberry.field(
        default_factory=list, description="The overlap of every pair of segments, each pair once."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the ids; empty on success."
    )


@strawberry.input(
    one_of=True, description="A set expression over segments. Give exactly one key in each node."
)
class SegmentExpressionInput:
    """A node: a segment, or an operation on up to 50 segments in all."""

    segment: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="The members of the segment with this global id."
    )
    union: strawberry.Maybe[list["SegmentExpressionInput"]] = strawberry.field(
        description="The members of at least one of these."
    )
    intersect: strawberry.Maybe[list["SegmentExpressionInput"]] = strawberry.field(
        description="The members of all of these."
    )
    subtract: strawberry.Maybe[list["SegmentExpressionInput"]] = strawberry.field(
        description="The members of the first of these that are in none of the others."
    )


@strawberry.input(description="A STATIC segment to create from the members of other segments.")
class CombineSegmentsInput:
    """Input of combineSegments."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    expression: SegmentExpressionInput = strawberry.field(
        description="The set expression that selects the members."
    )
    purpose: SegmentPurpose | None = strawberry.field(default=None, description="The purpose of the segment.")
    description: str | None = strawberry.field(
        default=None, description="A description of up to 2,000 characters."
    )
    visibility: Visibility | None = strawberry.field(
        default=None,
        description="Who may see the segment; default WORKSPACE. Segments of team members are always PRIVATE.",
    )


@strawberry.type
class ComparisonQueries:
    """The query of comparisons."""

    @strawberry.field(
        description="Compare 2 to 50 segments of one kind: their sizes, overlaps, union and intersection.",
        extensions=[ReportErrors(SegmentComparison)],
    )
    async def compare_segments(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="The global ids of the segments.")
        ],
    ) -> SegmentComparison:
        """Compare."""
        given = [Given(_number(id_, ("ids", index)), ("ids", index)) for index, id_ in enumerate(ids)]
        caller = caller_of(info)
        comparison = await comparisons.compare(caller.services, caller.viewer, given)
        shown = {view.id: Segment.of(view) for view in comparison.segments}
        return SegmentComparison(
            segments=[
                ComparedSegment(
                    segment=segment, member_count=comparison.sizes[number], only_in=comparison.only_in[number]
                )
                for number, segment in shown.items()
            ],
            union=comparison.union,
            intersection=comparison.intersection,
            overlaps=[
                SegmentOverlap(
                    first=shown[pair.first],
                    second=shown[pair.second],
                    overlap=pair.shared,
                    jaccard=pair.jaccard,
                )
                for pair in comparison.overlaps
            ],
        )


@strawberry.type
class ComparisonMutations:
    """The mutation that combines segments."""

    @strawberry.mutation(
        description="Create a STATIC segment from a set expression over other segments. It does not follow"
        " later changes of them.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def combine_segments(self, info: Info, input: CombineSegmentsInput) -> SegmentPayload:
        """Combine."""
        caller = caller_of(info)
        draft = SegmentDraft(
            name=input.name,
            kind=MemberKind.PERSON,  # combine() takes that of the segments
            type=SegmentType.STATIC,
            purpose=input.purpose,
            description=input.description,
            visibility=input.visibility or Visibility.WORKSPACE,
        )
        expression = _Reader().read(input.expression, ("expression",))
        view = await comparisons.combine(caller.services, caller.viewer, draft, expression)
        return SegmentPayload(segment=Segment.of(view))


class _Reader:
    """Reads an expression, and counts its nodes."""

    def __init__(self) -> None:
        self._nodes = 0

    def read(self, node: SegmentExpressionInput, path: Path, depth: int = 0) -> SetExpression:
        """The expression of a node. Raises Required, NotFound, TooMany with its path."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_PARTS:
            message = f"An expression has at most {MAX_PARTS} nodes, {MAX_DEPTH} inside one another."
            raise TooMany(message, path=path)
        if node.segment is not None:
            path = (*path, "segment")
            return Given(_number(node.segment.value, path), path)
        for operation in SetOperation:
            parts = getattr(node, operation.value)
            if parts is not None:
                path = (*path, operation.value)
                if not parts.value:
                    raise Required("Give at least one part.", path=path)
                read = (self.read(part, (*path, index), depth + 1) for index, part in enumerate(parts.value))
                return Combined(operation, tuple(read))
        raise Required("Give a segment or an operation.", path=path)


def _number(global_id: str, path: Path) -> int:
    return ids.decode("Segment", global_id, path=path)
