"""The grammar of conditions: everything between the words AND, OR and NOT."""

from collections.abc import Callable
from typing import Final, TypeVar

from seggraph.criteria.nodes import (
    Attribute,
    Consent,
    Event,
    InSegment,
    Leaf,
    Sample,
    Sequence,
    Tags,
    Window,
)
from seggraph.criteria.operators import (
    AGGREGATES,
    OPERATORS,
    Arity,
    AttributeOp,
    CompareOp,
    EventAggregate,
    InOp,
)
from seggraph.criteria.problems import shown
from seggraph.criteria.text.expectations import (
    FieldName,
    Opening,
    Operator,
    Scope,
    Something,
    Sort,
    ValueOf,
    Want,
    Words,
)
from seggraph.criteria.text.keywords import (
    CHANNELS,
    RESERVED,
    SETS,
    STATES,
    UNITS,
    compared,
    is_iso_length,
    iso_length,
)
from seggraph.criteria.text.names import SegmentNames
from seggraph.criteria.text.token_stream import Cursor
from seggraph.criteria.text.tokens import Kind, Token
from seggraph.criteria.values import Scalar
from seggraph.errors import BadValue

_N = TypeVar("_N", bound=object)
_MAX_INTEGER: Final = 2**63
"""Whole numbers from here on are the nearest double, as in JSON."""
_MAX_DIGITS: Final = 60
"""Longer numbers are beyond every limit, and would cost time."""


class Conditions:
    """Reads one condition after another from a cursor, and notes where each began."""

    def __init__(self, cursor: Cursor, names: SegmentNames) -> None:
        self._cursor = cursor
        self._names = names
        self._scope = Scope()
        self.places: dict[int, int] = {}

    def placed(self, node: _N, start: int) -> _N:
        """The node, whose place in the text is kept for messages."""
        self.places[id(node)] = start
        return node

    def field_condition(self) -> Attribute | None:
        """`field operator values`, if a field is next."""
        cursor, start = self._cursor, self._cursor.next.start
        name = self._field()
        if name is None:
            return None
        scope = self._scope
        op = cursor.need_phrase(OPERATORS.keywords, lambda op, rest: Operator(scope, name, op, rest))
        values, arity = (
            self._values(op, ValueOf(scope, name), Operator(scope, name, op, "(")),
            OPERATORS[op].arity,
        )
        return self.placed(Attribute(name, op, values, single=arity is Arity.ONE), start)

    def _field(self) -> str | None:
        cursor = self._cursor
        cursor.want(FieldName(self._scope))
        token = cursor.next
        if token.kind is Kind.NAME or (token.kind is Kind.WORD and token.keyword not in RESERVED):
            return cursor.advance().content
        return None

    def _values(
        self, op: AttributeOp | CompareOp, want: Want, opening: Want | None = None
    ) -> tuple[Scalar, ...]:
        """What an operator is compared with."""
        if OPERATORS[op].takes.is_duration:
            return (self.length(),)
        match OPERATORS[op].arity:
            case Arity.NONE:
                return ()
            case Arity.ONE:
                return (self._value(want),)
            case Arity.TWO:
                low = self._value(want)
                self._cursor.need_word("AND")
                return (low, self._value(want))
            case Arity.MANY:
                return self._list(lambda: self._value(want), opening)

    def _value(self, want: Want) -> Scalar:
        cursor = self._cursor
        cursor.want(want)
        token = cursor.next
        if token.kind in (Kind.STRING, Kind.MOMENT):
            return cursor.advance().content
        if token.kind is Kind.NUMBER:
            return self._number(cursor.advance())
        if token.keyword in ("TRUE", "FALSE"):
            return cursor.advance().keyword == "TRUE"
        cursor.fail()

    def _number(self, token: Token) -> int | float:
        if len(token.text) > _MAX_DIGITS:
            self._cursor.refuse(BadValue, f"a number has at most {_MAX_DIGITS} characters", token.start)
        is_whole = token.text.lstrip("+-").isdigit() and abs(int(token.text)) < _MAX_INTEGER
        return int(token.text) if is_whole else float(token.text)

    def _list(self, read: Callable[[], _N], opening: Want | None = None) -> tuple[_N, ...]:
        """One or more in parentheses."""
        cursor = self._cursor
        cursor.need_word("(", opening)
        found = [read()]
        while cursor.word(","):
            found.append(read())
        cursor.need_word(")")
        return tuple(found)

    def text(self, sort: Sort) -> str:
        """A text in single quotes."""
        return self._cursor.need(Kind.STRING, Something(sort, self._scope)).content

    def length(self) -> str:
        """`1 YEAR 6 MONTHS` or `P1Y6M`, as ISO 8601."""
        cursor = self._cursor
        cursor.want(Something(Sort.LENGTH))
        if is_iso_length(cursor.next.keyword):
            return cursor.advance().keyword
        counts: dict[str, int] = {}
        later: tuple[str, ...] = UNITS
        while not counts or (later and cursor.next.kind is Kind.NUMBER):
            count = self._whole_number(Sort.LENGTH)
            unit, _ = cursor.need_phrase(_units(later), lambda unit, _: Words(f"{unit[0]}S"))
            counts[unit] = count
            later = later[later.index(unit) + 1 :]
        return iso_length(counts)

    def _whole_number(self, sort: Sort) -> int:
        cursor = self._cursor
        cursor.want(Something(sort))
        token = cursor.next
        if token.kind is not Kind.NUMBER or not token.text.isdigit() or len(token.text) > 18:
            cursor.fail()
        return int(cursor.advance().text)

    def tags(self) -> Tags:
        """After TAGS."""
        op = self._cursor.need_phrase(SETS)
        return Tags(op, self._list(lambda: self.text(Sort.TAG)))

    def consent(self) -> Consent:
        """After CONSENT."""
        self._cursor.need_word("(")
        channel = self._cursor.need_phrase(CHANNELS)
        self._cursor.need_word(")")
        return Consent(channel, self._cursor.need_phrase(STATES))

    def segment(self, op: InOp) -> InSegment:
        """After IN SEGMENT: its name in quotes, or its number."""
        cursor = self._cursor
        if cursor.next.kind is Kind.NUMBER:
            return InSegment(op, self._whole_number(Sort.SEGMENT))
        start = cursor.next.start
        name = self.text(Sort.SEGMENT)
        found = self._names(name, self._scope.relations)
        if len(found) != 1:
            what = "several segments have" if found else "no segment of this kind has"
            cursor.refuse(BadValue, f"{what} the name {shown(name)}", start)
        return InSegment(op, found[0])

    def sample(self) -> Sample:
        """After SAMPLE: `10%`, and perhaps a seed."""
        cursor = self._cursor
        percent = self._number(cursor.need(Kind.NUMBER, Something(Sort.NUMBER)))
        cursor.need_word("%")
        return Sample(float(percent), self.text(Sort.TEXT) if cursor.word("SEED") else None)

    def sequence(self) -> Sequence:
        """After SEQUENCE: the steps in parentheses, and perhaps within what time."""
        steps = self._list(self._step)
        return Sequence(steps, self.length() if self._cursor.word("WITHIN") else None)

    def _step(self) -> Event:
        start = self._cursor.next.start
        self._cursor.need_word("EVENT")
        name, within, where = self._events()
        return self.placed(Event(name, within=within, where=where), start)

    def aggregated(self, aggregate: EventAggregate) -> Event:
        """After `COUNT(` or its like, up to the comparison."""
        cursor = self._cursor
        of = None
        if not cursor.word("EVENT"):
            of = self._property()
            cursor.need_word("OF")
            cursor.need_word("EVENT")
        name, within, where = self._events()
        cursor.need_word(")")
        op = cursor.need_phrase(compared(AGGREGATES[aggregate].type))
        return Event(name, aggregate, of, op, self._values(op, Something(Sort.VALUE)), within, where)

    def _property(self) -> str:
        outer, self._scope = self._scope, Scope(event="")
        name = self._field()
        self._scope = outer
        return self._cursor.fail() if name is None else name

    def _events(self) -> tuple[str, Window | None, tuple[Attribute, ...]]:
        """After EVENT: the name, when it happened, and with which properties."""
        name = self.text(Sort.EVENT)
        return name, self._window(), self._where(name)

    def _window(self) -> Window | None:
        cursor = self._cursor
        if cursor.phrase({"last": "IN LAST"}):
            return Window(last=self.length())
        start = self._moment() if cursor.word("FROM") else None
        end = self._moment() if cursor.word("TO") else None
        return Window(start=start, end=end) if start or end else None

    def _moment(self) -> str:
        return self._cursor.need(Kind.MOMENT, Something(Sort.MOMENT)).content

    def _where(self, event: str) -> tuple[Attribute, ...]:
        if not self._cursor.word("WHERE"):
            return ()
        outer, self._scope = self._scope, Scope(event=event)
        found = [self._property_condition()]
        while self._cursor.word("AND"):
            found.append(self._property_condition())
        self._scope = outer
        return tuple(found)

    def _property_condition(self) -> Attribute:
        return self.field_condition() or self._cursor.fail()

    def opening(self) -> Leaf | None:
        """A condition that begins with a word of its own, if one is next."""
        cursor, start = self._cursor, self._cursor.next.start
        read = cursor.phrase(_CALLED, lambda _, rest: Opening(f"{rest}("))
        read = read or cursor.phrase(_PLAIN, lambda _, rest: Opening(rest))
        return None if read is None else self.placed(read(self), start)


def _units(units: tuple[str, ...]) -> dict[tuple[str, bool], str]:
    """Each unit, in the plural and in the singular."""
    return {(unit, plural): unit + "S" * plural for plural in (True, False) for unit in units}


_Read = Callable[[Conditions], Leaf]
_CALLED: Final[dict[_Read, str]] = {Conditions.consent: "CONSENT", Conditions.sequence: "SEQUENCE"}
_PLAIN: Final[dict[_Read, str]] = {
    Conditions.tags: "TAGS",
    lambda conditions: conditions.segment(InOp.IN): "IN SEGMENT",
    Conditions.sample: "SAMPLE",
}
