"""The logical plan: a tree of criteria becomes a term of set algebra over what single tables answer.

The largest parts of a tree that the row of a member answers alone become predicates of one scan. A condition on events
or related members becomes a look-up in another table, made only for members whose membership it can still change.
Segments are bitmaps already. Unions, intersections and differences of bitmaps do the rest. `statements` makes the
physical plan: SQL for the leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from pyroaring import BitMap

from seggraph.criteria.checking.events import aggregate_field
from seggraph.criteria.nodes import All, AnyOf, InSegment, Not
from seggraph.criteria.operators import AttributeOp, EventAggregate, InOp
from seggraph.criteria.relations import Direction
from seggraph.criteria.sql.events import IN_TOTALS
from seggraph.criteria.sql.predicates import is_of_one_row
from seggraph.criteria.typed import (
    Checked,
    Comparison,
    EventFilter,
    EventTest,
    RelatedTest,
    SequenceTest,
    number_holds,
)
from seggraph.engines.caches import BoundedCache

Question: TypeAlias = EventTest | SequenceTest | RelatedTest
"""A condition that a table other than members answers."""

TableKey: TypeAlias = tuple[str, EventFilter | SequenceTest | tuple[Direction, Checked | None]]
"""The table and the rows that answer a question. Questions with equal keys share their rows."""


def key_of(question: Question) -> TableKey:
    """The key of the table that answers a question."""
    match question:
        case EventTest(events, aggregate, of):
            in_totals = events.is_plain and of is None and aggregate in IN_TOTALS
            return ("totals" if in_totals else "events"), events
        case RelatedTest(direction, where):
            return "related", (direction, where)
        case SequenceTest() as sequence:
            return ("sequence of totals" if sequence.is_of_totals else "sequence"), sequence


MAX_SINGLE_LOOKUPS: Final = 20_000
"""A leaf is answered for single members, not by a scan, if they are no more than this ..."""

SINGLE_LOOKUP_SHARE: Final = 16
"""... or no more than one in so many of all. Each costs more than in a scan, but the scan of the others is saved."""

EVERYONE: Final[Checked] = All(())
"""The criteria that every member satisfies."""


@dataclass(frozen=True, slots=True)
class RowPredicate:
    """The members whose own row satisfies the criteria. The hash is computed once, because it walks all criteria."""

    criteria: Checked
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the hash."""
        object.__setattr__(self, "_hash", hash(self.criteria))

    def __hash__(self) -> int:
        """The hash of the criteria."""
        return self._hash


@dataclass(frozen=True, slots=True)
class TableLookup:
    """The members whose rows in another table satisfy a question, or with `negated` do not satisfy it.

    A member without a row in that table is in neither. With `also` the member must satisfy these questions as well,
    which the same rows answer, so that the server sends only members that satisfy all of them.
    """

    question: Question
    negated: bool = False
    also: tuple[EventTest, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentReference:
    """The members of a segment."""

    segment_id: int


@dataclass(frozen=True, slots=True)
class Intersection:
    """The members in every part, without the members in any of `minus`."""

    parts: "tuple[Term, ...]"
    minus: "tuple[Term, ...]" = ()


@dataclass(frozen=True, slots=True)
class Union:
    """The members in at least one part."""

    parts: "tuple[Term, ...]"


Leaf: TypeAlias = RowPredicate | TableLookup
"""A term that a table has to answer."""

Term: TypeAlias = Leaf | SegmentReference | Intersection | Union
"""A set of members."""

PlanCache: TypeAlias = BoundedCache[Term]
"""The terms of trees, by the tree and whether its conditions stay apart."""


@dataclass(slots=True)
class Plan:
    """The logical plan of several trees: one term for each."""

    terms: list[Term] = field(default_factory=list)

    @property
    def rows(self) -> list[Checked]:
        """The predicates over members, each once."""
        return list(dict.fromkeys(leaf.criteria for leaf in self._leaves() if isinstance(leaf, RowPredicate)))

    @property
    def segment_ids(self) -> set[int]:
        """The segments whose members are needed."""
        return {leaf.segment_id for leaf in self._leaves() if isinstance(leaf, SegmentReference)}

    def _leaves(self) -> Iterable[Leaf | SegmentReference]:
        for term in self.terms:
            yield from _leaves(term)


def _leaves(term: Term) -> Iterable[Leaf | SegmentReference]:
    match term:
        case Intersection(parts, minus):
            for part in (*parts, *minus):
                yield from _leaves(part)
        case Union(parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield term


def plan(trees: Iterable[Checked], *, apart: bool = False, cache: PlanCache | None = None) -> Plan:
    """The logical plan of the trees. Each term yields only members that exist, even if other tables still have rows.

    With `apart` each predicate is one condition, so that its answer can be cached by itself. `cache` has the terms of
    trees that were planned before.
    """

    def planned(tree: Checked) -> Term:
        return _existing(_term(tree, apart=apart))

    if cache is None:
        return Plan(list(map(planned, trees)))
    return Plan([cache.get_or_make(_PlanKey(tree, apart), partial(planned, tree)) for tree in trees])


@dataclass(frozen=True, slots=True)
class _PlanKey:
    """The key of a cached term. A cache asks for the hash some times, which walks all criteria each time."""

    tree: Checked
    apart: bool
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the hash."""
        object.__setattr__(self, "_hash", hash((self.tree, self.apart)))

    def __hash__(self) -> int:
        """The hash of the tree."""
        return self._hash


def _existing(term: Term) -> Term:
    return term if _is_of_members(term) else _intersection([term, RowPredicate(EVERYONE)])


def _is_of_members(term: Term) -> bool:
    """Whether the term yields only members that exist."""
    match term:
        case RowPredicate() | TableLookup(RelatedTest()):  # relations are deleted with their members
            return True
        case Intersection(parts):
            return any(map(_is_of_members, parts))
        case Union(parts):
            return all(map(_is_of_members, parts))
    return False


def _term(tree: Checked, *, apart: bool) -> Term:
    if is_of_one_row(tree) and not (apart and _is_group(tree)):
        return RowPredicate(tree)
    match tree:
        case All(items):
            rows, others = _sorted(items, apart=apart)
            lookup, others = _lookups_by_table(others) if not apart else ((), others)
            found = [*lookup, *(_term(item, apart=apart) for item in others)]
            return _intersection([RowPredicate(_single(All(rows))), *found] if rows else found)
        case AnyOf(items):
            rows, others = _sorted(items, apart=apart)
            found = [_term(item, apart=apart) for item in others]
            return Union((RowPredicate(_single(AnyOf(rows))), *found) if rows else tuple(found))
        case Not(item):
            return _complement(_term(item, apart=apart))
        case InSegment(op, segment_id):
            return (
                SegmentReference(segment_id) if op is InOp.IN else _complement(SegmentReference(segment_id))
            )
        case EventTest() if tree.holds_without_events:
            return _complement(TableLookup(tree, negated=True))
        case RelatedTest() if tree.holds_without_members:
            return _complement(TableLookup(tree, negated=True))
        case EventTest() | SequenceTest() | RelatedTest():
            return TableLookup(tree)
    raise TypeError(tree)


def _is_group(tree: Checked) -> bool:
    """Whether a tree holds more than one condition."""
    match tree:
        case Not(item):
            return _is_group(item)
        case All(items) | AnyOf(items):
            return bool(items)
    return False


def _sorted(items: tuple[Checked, ...], *, apart: bool) -> tuple[tuple[Checked, ...], tuple[Checked, ...]]:
    """The items that one row answers together, and the others."""
    if apart:
        return (), items
    rows = tuple(item for item in items if is_of_one_row(item))
    return rows, tuple(item for item in items if not is_of_one_row(item))


def _lookups_by_table(items: tuple[Checked, ...]) -> tuple[tuple[TableLookup, ...], tuple[Checked, ...]]:
    """The conditions on events, joined into one look-up where the same rows answer them; and all other items."""
    in_totals = {
        item.events.name
        for item in items
        if isinstance(item, EventTest) and not item.holds_without_events and key_of(item)[0] == "totals"
    }
    by_key: dict[TableKey, list[EventTest]] = {}
    others: list[Checked] = []
    for item in items:
        test = item
        if isinstance(item, EventTest) and item.events.name in in_totals:
            test = _test_of_last_event(item) or item
        if isinstance(test, EventTest) and not test.holds_without_events:
            by_key.setdefault(key_of(test), []).append(test)
        else:
            others.append(item)
    return tuple(TableLookup(first, also=tuple(rest)) for first, *rest in by_key.values()), tuple(others)


def lookup_of_last_event(lookup: TableLookup) -> TableLookup | None:
    """The same look-up in the totals, if it asks whether there was an event within a window up to now."""
    if lookup.also or not isinstance(lookup.question, EventTest):
        return None
    last = _test_of_last_event(lookup.question)
    if last is None or (last.test.op is AttributeOp.WITHIN_LAST) is lookup.negated:
        return None
    return TableLookup(last, lookup.negated)


def _test_of_last_event(test: EventTest) -> EventTest | None:
    """The same test of the last event, if it asks whether there was one within a window; for members with events."""
    length = test.events.within.last
    if length is None or test.events.where or test.aggregate is not EventAggregate.COUNT:
        return None
    match number_holds(test.test, Decimal(0)), number_holds(test.test, Decimal(1)), test.test.op:
        case False, True, AttributeOp.GT | AttributeOp.GTE | AttributeOp.NE:
            op = AttributeOp.WITHIN_LAST
        case True, False, AttributeOp.EQ | AttributeOp.LT | AttributeOp.LTE | AttributeOp.BETWEEN:
            op = AttributeOp.NOT_WITHIN_LAST
        case _:
            return None
    last = EventAggregate.LAST_AT
    return EventTest(
        EventFilter(test.events.name), last, None, Comparison(aggregate_field(last), op, (length,))
    )


def _single(group: Checked) -> Checked:
    match group:
        case All((item,)) | AnyOf((item,)):
            return item
    return group


def _complement(term: Term) -> Term:
    match term:
        case Intersection(parts=(RowPredicate(criteria),), minus=(inner,)) if criteria == EVERYONE:
            return _existing(inner)
    return Intersection((RowPredicate(EVERYONE),), (term,))


def _intersection(terms: Iterable[Term]) -> Term:
    """The intersection. Complements in it become differences, so that no complement is computed."""
    parts: list[Term] = []
    minus: list[Term] = []
    for term in terms:
        if isinstance(term, Intersection):
            parts += term.parts
            minus += term.minus
        else:
            parts.append(term)
    needed = [part for part in parts if part != RowPredicate(EVERYONE)]
    if not any(map(_is_of_members, needed)) and len(needed) < len(parts):
        needed.append(RowPredicate(EVERYONE))
    return needed[0] if len(needed) == 1 and not minus else Intersection(tuple(needed), tuple(minus))


@dataclass(frozen=True, slots=True)
class Known:
    """The answers found so far to leaves, and the members of segments."""

    found: Mapping[Leaf, BitMap]
    segments: Mapping[int, BitMap]

    def with_found(self, found: Mapping[Leaf, BitMap]) -> "Known":
        """The same with more answers."""
        return Known({**self.found, **found}, self.segments)

    def members(self, term: Term) -> BitMap:
        """The members of a term all of whose leaves are answered."""
        match term:
            case RowPredicate() | TableLookup():
                return self.found[term]
            case SegmentReference(segment_id):
                return self.segments[segment_id]
            case Union(parts):
                return BitMap.union(BitMap(), *map(self.members, parts))
            case Intersection(parts, minus):
                found = BitMap.intersection(*map(self.members, parts))
                return found.difference(*map(self.members, minus)) if minus else found

    def _within(self, term: Term) -> BitMap | None:
        """A superset of the term's members, from the answers found so far. None stands for all members."""
        match term:
            case RowPredicate() | TableLookup():
                return self.found.get(term) if term != RowPredicate(EVERYONE) else None
            case SegmentReference(segment_id):
                return self.segments[segment_id]
            case Union(parts):
                return union(self._within(part) for part in parts)
            case Intersection(parts):
                return _intersection_of_known(self._within(part) for part in parts)

    def missing(self, terms: Iterable[Term]) -> dict[Leaf, BitMap | None]:
        """The leaves that are not answered, each with the members it has to be answered for. None stands for all."""
        missing: dict[Leaf, BitMap | None] = {}
        for term in terms:
            self._miss(term, None, missing)
        return missing

    def _miss(self, term: Term, within_ordinals: BitMap | None, missing: dict[Leaf, BitMap | None]) -> None:
        match term:
            case RowPredicate() | TableLookup():
                if term not in self.found:
                    before = missing.get(term, BitMap())
                    missing[term] = (
                        None if before is None or within_ordinals is None else before | within_ordinals
                    )
            case Union(parts):
                for part in parts:
                    self._miss(part, within_ordinals, missing)
            case Intersection(parts, minus):
                within_ordinals = _intersection_of_known([within_ordinals, self._within(term)])
                for part in (*parts, *minus):
                    self._miss(part, within_ordinals, missing)


def _intersection_of_known(bitmaps: Iterable[BitMap | None]) -> BitMap | None:
    known = [one for one in bitmaps if one is not None]
    return BitMap.intersection(*known) if known else None


def union(bitmaps: Iterable[BitMap | None]) -> BitMap | None:
    """The union of bitmaps. None, which stands for all members, if one of them is None."""
    found = list(bitmaps)
    known = [one for one in found if one is not None]
    return BitMap.union(BitMap(), *known) if len(known) == len(found) else None


def are_few(members: BitMap | None) -> bool:
    """Whether look-ups of single members pay. Ordinals are dense: the largest is about the number of members."""
    return members is not None and (
        len(members) <= MAX_SINGLE_LOOKUPS or len(members) * SINGLE_LOOKUP_SHARE <= members.max()
    )
