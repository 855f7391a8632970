"""What criteria read: a change to anything else cannot change their answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from seggraph.criteria.nodes import All, AnyOf, Consent, InSegment, Not, Sample, Tags
from seggraph.criteria.operators import OPERATORS
from seggraph.criteria.relations import Direction
from seggraph.criteria.typed import Checked, Comparison, EventTest, RelatedTest, SequenceTest
from seggraph.errors import Path
from seggraph.vocabulary import Channel, MemberKind


@dataclass(frozen=True, slots=True)
class Reads:
    """What criteria read: fields, attributes, tags and consents of the member, events, related members, segments.

    `related` has, for each relation, what is read of the members at its other end. `time` says that the answer
    may change although nothing else does: a window passes, or an event that lies ahead comes to count.
    """

    fields: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    events: frozenset[str] = frozenset()
    segments: frozenset[int] = frozenset()
    related: frozenset[tuple[Direction, "Reads"]] = frozenset()
    time: bool = False

    def __or__(self, other: "Reads") -> "Reads":
        """What either of the two reads."""
        return Reads(
            self.fields | other.fields,
            self.attributes | other.attributes,
            self.tags | other.tags,
            self.channels | other.channels,
            self.events | other.events,
            self.segments | other.segments,
            self.related | other.related,
            self.time or other.time,
        )


def fields_read(tree: Checked) -> Reads:
    """Everything that the tree's answer for a member depends on."""
    match tree:
        case All(items) | AnyOf(items):
            return reduce(or_, map(fields_read, items), Reads())
        case Not(item):
            return fields_read(item)
        case Comparison(field, op):
            name, timed = frozenset({field.name}), OPERATORS[op].passed_over is not None
            if field.is_custom:
                return Reads(attributes=name, time=timed)
            return Reads(fields=name, time=timed)
        case Tags(values=tags):
            return Reads(tags=frozenset(tags))
        case Consent(channel):
            return Reads(channels=frozenset({channel}))
        case EventTest(events):
            return Reads(events=frozenset({events.name}), time=True)
        case SequenceTest(steps):
            return Reads(events=frozenset(step.name for step in steps), time=True)
        case InSegment(segment_id=segment_id):
            return Reads(segments=frozenset({segment_id}))
        case RelatedTest(direction, where):
            inner = Reads() if where is None else fields_read(where)
            return Reads(related=frozenset({(direction, inner)}), time=inner.time)
        case Sample():
            return Reads(fields=frozenset({"externalId"}))


def segments_read(tree: Checked) -> set[int]:
    """The segments that the tree refers to, also those of related members."""
    return _segments(fields_read(tree))


def _segments(reads: Reads) -> set[int]:
    inner: Iterable[set[int]] = (_segments(one) for _, one in reads.related)
    return set(reads.segments).union(*inner)


@dataclass(frozen=True, slots=True)
class Reference:
    """A segment that criteria refer to, the kind of its members, and the path of the reference in the criteria."""

    segment_id: int
    kind: MemberKind
    path: Path


def references(tree: Checked, kind: MemberKind, *, path: Path = ()) -> list[Reference]:
    """Every reference to a segment in the criteria of members of a kind, in their order."""
    match tree:
        case All(items) | AnyOf(items):
            key = "all" if isinstance(tree, All) else "any"
            inner = [references(item, kind, path=(*path, key, n)) for n, item in enumerate(items)]
            return [one for found in inner for one in found]
        case Not(item):
            return references(item, kind, path=(*path, "not"))
        case InSegment(segment_id=segment_id):
            return [Reference(segment_id, kind, (*path, "segment", "id"))]
        case RelatedTest(direction, where) if where is not None:
            return references(where, direction.other_kind, path=(*path, "related", "where"))
    return []
