"""Cutting criteria into what each table answers, and joining the answers as bitmaps.

The largest parts of a tree that the row of a member alone answers are predicates of one scan. A condition on events
or related members is a question to a table of its own, asked only about those members for whom it can still matter.
Segments are bitmaps already. The rest is algebra.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
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

Question: TypeAlias = EventTest | SequenceTest | RelatedTest
"""A condition that tables other than members answer."""

TableKey: TypeAlias = tuple[str, EventFilter | SequenceTest | tuple[Direction, Checked | None]]
"""Questions with the same key are answered by the same rows."""


def key_of(question: Question) -> TableKey:
    """Which table answers a question."""
    match question:
        case EventTest(events, aggregate, of):
            in_totals = events.is_plain and of is None and aggregate in IN_TOTALS
            return ("totals" if in_totals else "events"), events
        case RelatedTest(direction, where):
            return "related", (direction, where)
        case SequenceTest() as sequence:
            return "sequence", sequence


EVERYONE: Final[Checked] = All(())

MAX_KEPT: Final = 1_000
"""Most trees of which the terms are kept: every refresh asks about the same ones."""


@dataclass(frozen=True, slots=True)
class Row:
    """Those for whom the row of members itself says so. Its hash is made once: it goes through all of the criteria."""

    criteria: Checked
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the hash."""
        object.__setattr__(self, "_hash", hash(self.criteria))

    def __hash__(self) -> int:
        """The hash of the criteria."""
        return self._hash


@dataclass(frozen=True, slots=True)
class Asked:
    """Those for whom another table says so, or with `negated` for whom it says the opposite.

    Neither ever holds for members who have no row there. With `also` it must say so to these questions as well, which
    the same rows answer: whoever satisfies but one of them is never fetched.
    """

    question: Question
    negated: bool = False
    also: tuple[EventTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """The members of a segment."""

    segment_id: int


@dataclass(frozen=True, slots=True)
class Both:
    """Those in every part, without those in any of `minus`."""

    parts: "tuple[Term, ...]"
    minus: "tuple[Term, ...]" = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Those in any part."""

    parts: "tuple[Term, ...]"


Leaf: TypeAlias = Row | Asked
"""What has to be found out."""

Term: TypeAlias = Leaf | Given | Both | Either


@dataclass(slots=True)
class Plan:
    """One term for each tree, and what has to be found out for them."""

    terms: list[Term] = field(default_factory=list)

    @property
    def rows(self) -> list[Checked]:
        """The predicates over members, each once."""
        return list(dict.fromkeys(leaf.criteria for leaf in self._leaves() if isinstance(leaf, Row)))

    @property
    def segment_ids(self) -> set[int]:
        """The segments whose members are needed."""
        return {leaf.segment_id for leaf in self._leaves() if isinstance(leaf, Given)}

    def _leaves(self) -> Iterable[Leaf | Given]:
        for term in self.terms:
            yield from _leaves(term)


def _leaves(term: Term) -> Iterable[Leaf | Given]:
    match term:
        case Both(parts, minus):
            for part in (*parts, *minus):
                yield from _leaves(part)
        case Either(parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield term


def plan(trees: Iterable[Checked], *, apart: bool = False) -> Plan:
    """The terms of the trees. Each yields only members that exist, whatever other tables still know.

    With `apart` no predicate is more than one condition, so that each has an answer of its own.
    """
    return Plan([_planned(tree, apart) for tree in trees])


@lru_cache(maxsize=MAX_KEPT)
def _planned(tree: Checked, apart: bool) -> Term:
    return _existing(_term(tree, apart=apart))


def _existing(term: Term) -> Term:
    return term if _is_of_members(term) else _both([term, Row(EVERYONE)])


def _is_of_members(term: Term) -> bool:
    """Whether the term yields only members that exist."""
    match term:
        case Row():
            return True
        case Both(parts):
            return any(map(_is_of_members, parts))
        case Either(parts):
            return all(map(_is_of_members, parts))
    return False


def _term(tree: Checked, *, apart: bool) -> Term:
    if is_of_one_row(tree) and not (apart and _is_group(tree)):
        return Row(tree)
    match tree:
        case All(items):
            rows, others = _sorted(items, apart=apart)
            asked, others = _asked_together(others) if not apart else ((), others)
            found = [*asked, *(_term(item, apart=apart) for item in others)]
            return _both([Row(_single(All(rows))), *found] if rows else found)
        case AnyOf(items):
            rows, others = _sorted(items, apart=apart)
            found = [_term(item, apart=apart) for item in others]
            return Either((Row(_single(AnyOf(rows))), *found) if rows else tuple(found))
        case Not(item):
            return _complement(_term(item, apart=apart))
        case InSegment(op, segment_id):
            return Given(segment_id) if op is InOp.IN else _complement(Given(segment_id))
        case EventTest() if tree.holds_without_events:
            return _complement(Asked(tree, negated=True))
        case RelatedTest() if tree.holds_without_members:
            return _complement(Asked(tree, negated=True))
        case EventTest() | SequenceTest() | RelatedTest():
            return Asked(tree)
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


def _asked_together(items: tuple[Checked, ...]) -> tuple[tuple[Asked, ...], tuple[Checked, ...]]:
    """The conditions on events that the same rows answer, as one question; and all other items."""
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
            test = _of_last(item) or item
        if isinstance(test, EventTest) and not test.holds_without_events:
            by_key.setdefault(key_of(test), []).append(test)
        else:
            others.append(item)
    return tuple(Asked(first, also=tuple(rest)) for first, *rest in by_key.values()), tuple(others)


def asked_of_last(asked: Asked) -> Asked | None:
    """The same question put to the totals, if it is whether there was any event of late."""
    if asked.also or not isinstance(asked.question, EventTest):
        return None
    last = _of_last(asked.question)
    if last is None or (last.test.op is AttributeOp.WITHIN_LAST) is asked.negated:
        return None
    return Asked(last, asked.negated)


def _of_last(test: EventTest) -> EventTest | None:
    """The same asked of the last event of all, if it is whether there was any of late; for members with events."""
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
        case Both(parts=(Row(criteria),), minus=(inner,)) if criteria == EVERYONE:
            return _existing(inner)
    return Both((Row(EVERYONE),), (term,))


def _both(terms: Iterable[Term]) -> Term:
    """The intersection, in which complements are subtracted and not made."""
    parts: list[Term] = []
    minus: list[Term] = []
    for term in terms:
        if isinstance(term, Both):
            parts += term.parts
            minus += term.minus
        else:
            parts.append(term)
    needed = [part for part in parts if part != Row(EVERYONE)]
    if not any(map(_is_of_members, needed)) and len(needed) < len(parts):
        needed.append(Row(EVERYONE))
    return needed[0] if len(needed) == 1 and not minus else Both(tuple(needed), tuple(minus))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known so far: who satisfies predicates and to whom questions are answered with yes, and segments."""

    found: Mapping[Leaf, BitMap]
    segments: Mapping[int, BitMap]

    def with_found(self, found: Mapping[Leaf, BitMap]) -> "Known":
        """The same and more."""
        return Known({**self.found, **found}, self.segments)

    def members(self, term: Term) -> BitMap:
        """The members that a term yields, of which everything is known."""
        match term:
            case Row() | Asked():
                return self.found[term]
            case Given(segment_id):
                return self.segments[segment_id]
            case Either(parts):
                return BitMap.union(BitMap(), *map(self.members, parts))
            case Both(parts, minus):
                found = BitMap.intersection(*map(self.members, parts))
                return found.difference(*map(self.members, minus)) if minus else found

    def _within(self, term: Term) -> BitMap | None:
        """Members outside of whom the term yields nobody, as far as it is known by now; None stands for everybody."""
        match term:
            case Row() | Asked():
                return self.found.get(term) if term != Row(EVERYONE) else None
            case Given(segment_id):
                return self.segments[segment_id]
            case Either(parts):
                return union(self._within(part) for part in parts)
            case Both(parts):
                return _intersection(self._within(part) for part in parts)

    def missing(self, terms: Iterable[Term]) -> dict[Leaf, BitMap | None]:
        """What is not known of the terms, and about whom each of it has to be found out; None stands for everybody."""
        missing: dict[Leaf, BitMap | None] = {}
        for term in terms:
            self._miss(term, None, missing)
        return missing

    def _miss(self, term: Term, among: BitMap | None, missing: dict[Leaf, BitMap | None]) -> None:
        match term:
            case Row() | Asked():
                if term not in self.found:
                    before = missing.get(term, BitMap())
                    missing[term] = None if before is None or among is None else before | among
            case Either(parts):
                for part in parts:
                    self._miss(part, among, missing)
            case Both(parts, minus):
                among = _intersection([among, self._within(term)])
                for part in (*parts, *minus):
                    self._miss(part, among, missing)


def _intersection(bitmaps: Iterable[BitMap | None]) -> BitMap | None:
    known = [one for one in bitmaps if one is not None]
    return BitMap.intersection(*known) if known else None


def union(bitmaps: Iterable[BitMap | None]) -> BitMap | None:
    """All of them together; None, which stands for everybody, if it is among them."""
    found = list(bitmaps)
    known = [one for one in found if one is not None]
    return BitMap.union(BitMap(), *known) if len(known) == len(found) else None
