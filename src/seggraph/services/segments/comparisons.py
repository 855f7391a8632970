"""Comparing segments, and making new ones from their algebra: all of it bitmap operations on one snapshot."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Final, TypeAlias

from pyroaring import BitMap

from seggraph.access import Viewer, require_write
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import begin, snapshot
from seggraph.errors import Invalid, NotFound, Path, Required, TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.services.criteria import matching
from seggraph.services.segments import manual_membership, rows, segments
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import MemberKind, SegmentType

MAX_SEGMENTS: Final = 50
"""Most segments of one comparison or expression."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many members two segments share; their Jaccard index is that part of their union, None if both are empty."""

    first: int
    second: int
    shared: int
    jaccard: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Segments in the order given; sizes, and members in no other of them, by segment id; each pair once."""

    segments: list[SegmentView]
    sizes: Mapping[int, int]
    only_in: Mapping[int, int]
    union: int
    intersection: int
    overlaps: list[Overlap]


class SetOperation(Enum):
    """What is made of the members of several parts."""

    UNION = "union"
    INTERSECT = "intersect"
    SUBTRACT = "subtract"
    """The first part without all the others."""


@dataclass(frozen=True, slots=True)
class Given:
    """The members of a segment; `path` is where in the input it is named."""

    segment_id: int
    path: Path


@dataclass(frozen=True, slots=True)
class Combined:
    """The members that an operation makes of its parts, of which it has one at least."""

    operation: SetOperation
    parts: "tuple[SetExpression, ...]"


SetExpression: TypeAlias = Given | Combined


async def compare(context: Context, viewer: Viewer, given: Sequence[Given]) -> Comparison:
    """Compare two segments or more, each counted once, that the viewer sees and that hold the same kind.

    So many at once as there may be previews. Raises Required, TooMany, NotFound, Invalid, RateLimited.
    """
    if len({operand.segment_id for operand in given}) < 2:
        raise Required("Name two different segments or more.", path=("ids",))
    found, _ = await _visible(viewer, given, path=("ids",))
    with await matching.take_place(context, viewer):
        async with snapshot() as connection:
            members = await _members(ChunkStore(connection, viewer.workspace_id), list(found))
        return await asyncio.to_thread(compared, list(found.values()), members)


def compared(views: list[SegmentView], members: Mapping[int, BitMap]) -> Comparison:
    """The comparison of these members, by segment id."""
    once, twice = BitMap(), BitMap()
    for bitmap in members.values():
        twice |= once & bitmap
        once |= bitmap
    alone = once - twice
    sizes = {segment_id: len(bitmap) for segment_id, bitmap in members.items()}
    return Comparison(
        segments=views,
        sizes=sizes,
        only_in={
            segment_id: bitmap.intersection_cardinality(alone) for segment_id, bitmap in members.items()
        },
        union=len(once),
        intersection=len(BitMap.intersection(*members.values())),
        overlaps=[_overlap(first, second, members, sizes) for first, second in combinations(members, 2)],
    )


def _overlap(first: int, second: int, members: Mapping[int, BitMap], sizes: Mapping[int, int]) -> Overlap:
    shared = members[first].intersection_cardinality(members[second])
    union = sizes[first] + sizes[second] - shared
    return Overlap(first, second, shared, shared / union if union else None)


async def combine(
    context: Context, viewer: Viewer, draft: SegmentDraft, expression: SetExpression
) -> SegmentView:
    """Make a STATIC segment, and add manually the members that an expression has now.

    The draft's kind is that of the segments in the expression. Raises Forbidden, NotFound, Invalid, TooMany, and
    what creating a segment raises.
    """
    require_write(viewer)
    found, kind = await _visible(viewer, leaves(expression), path=("expression",))
    async with begin() as unit:
        # So that members that are erased meanwhile are erased from the new segment too.
        await lock_shared(unit.connection, LockSpace.MEMBERS, viewer.workspace_id)
        members = await _members(ChunkStore(unit.connection, viewer.workspace_id), list(found))
        wanted = replace(draft, kind=kind, type=SegmentType.STATIC, criteria=None, activate=True)
        made = await segments.create_within(context, unit, viewer, wanted)
        ordinals = await asyncio.to_thread(evaluated, expression, members)
        await manual_membership.fill(context, unit, viewer, made, ordinals)
        return await rows.read_back(unit, viewer, made.id)


def leaves(expression: SetExpression) -> list[Given]:
    """The segments that an expression names, from left to right."""
    if isinstance(expression, Given):
        return [expression]
    return [leaf for part in expression.parts for leaf in leaves(part)]


def evaluated(expression: SetExpression, members: Mapping[int, BitMap]) -> BitMap:
    """The members that an expression has, given those of its segments."""
    if isinstance(expression, Given):
        return members[expression.segment_id]
    first, *others = (evaluated(part, members) for part in expression.parts)
    match expression.operation:
        case SetOperation.UNION:
            return first.union(*others)
        case SetOperation.INTERSECT:
            return first.intersection(*others)
        case SetOperation.SUBTRACT:
            return first.difference(*others)


async def _visible(
    viewer: Viewer, given: Sequence[Given], *, path: Path
) -> tuple[dict[int, SegmentView], MemberKind]:
    """The segments, each once, and their kind. Raises TooMany, NotFound, Invalid with the path of the one."""
    wanted = list(dict.fromkeys(operand.segment_id for operand in given))
    if len(wanted) > MAX_SEGMENTS:
        raise TooMany(f"Name at most {MAX_SEGMENTS} segments at once.", path=path)
    found = await segment_views.get_many(viewer, wanted)
    for operand in given:
        if operand.segment_id not in found:
            raise NotFound("There is no such segment.", path=operand.path)
    kind = found[wanted[0]].kind
    for operand in given:
        other = found[operand.segment_id].kind
        if other is not kind:
            message = (
                f"All the segments must be of one kind: the first holds {kind.name}, this one {other.name}."
            )
            raise Invalid(message, path=operand.path)
    return {segment_id: found[segment_id] for segment_id in wanted}, kind


async def _members(store: ChunkStore, segment_ids: Sequence[int]) -> dict[int, BitMap]:
    owners = {segment_id: ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids}
    found = await store.read_many(list(owners.values()))
    return {segment_id: found[owner] for segment_id, owner in owners.items()}
