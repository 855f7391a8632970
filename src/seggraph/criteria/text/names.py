"""Names in a text that the caller resolves: segments by name, and the kind whose fields a scope has."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from seggraph.criteria import relations
from seggraph.criteria.catalogue import Catalogue
from seggraph.criteria.nodes import All, AnyOf, InSegment, Node, Not, Related
from seggraph.criteria.text.expectations import NameScope
from seggraph.criteria.text.tokens import MAX_CHARACTERS, TokenKind, tokens
from seggraph.vocabulary import MemberKind


class SegmentNames(Protocol):
    """Looks up segments by name."""

    def __call__(self, name: str, relations: Sequence[str], /) -> Sequence[int]:
        """The ids of the segments with that name that the viewer may use.

        `relations` lead, one after the other, from the kind of the criteria to that of the segment.
        """
        ...


def no_segments(name: str, relations: Sequence[str]) -> tuple[int, ...]:
    """Finds no segment of any name."""
    return ()


def segments_named(text: str) -> frozenset[str]:
    """The names of segments in a text, to look up before it is read. The text may have mistakes."""
    row = tokens(text[:MAX_CHARACTERS])
    return frozenset(
        after.content
        for before, after in pairwise(row)
        if before.keyword == "SEGMENT" and after.kind is TokenKind.STRING
    )


def segments_in(node: Node) -> frozenset[int]:
    """The ids of the segments in a tree, to look up before it is written as text."""
    match node:
        case All(items) | AnyOf(items):
            return frozenset[int]().union(*map(segments_in, items))
        case Not(item):
            return segments_in(item)
        case Related(where=where) if where is not None:
            return segments_in(where)
        case InSegment(segment_id=segment_id):
            return frozenset({segment_id})
    return frozenset()


def kind_at(kind: MemberKind, path: Sequence[str]) -> MemberKind | None:
    """The kind that relations lead to, one after the other, from a kind. None if there is no such relation."""
    for name in path:
        direction = relations.find(kind, name)
        if direction is None:
            return None
        kind = direction.other_kind
    return kind


def catalogue_at(catalogue: Catalogue, scope: NameScope) -> Catalogue | None:
    """The fields of a scope. None for properties of events, and for relations that do not exist."""
    kind = kind_at(catalogue.kind, scope.relations)
    if kind is None or scope.event is not None:
        return None
    return catalogue.of_related(kind) if scope.relations else catalogue
