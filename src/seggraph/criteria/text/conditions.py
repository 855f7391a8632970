"""The parser of single conditions: everything between the keywords AND, OR and NOT."""

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
    Expectation,
    ExpectedOperator,
    FieldName,
    NameScope,
    Opening,
    Something,
    Sort,
    ValueOf,
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
from seggraph.criteria.text.token_stream import TokenStream
from seggraph.criteria.text.tokens import Token, TokenKind
from seggraph.criteria.values import Scalar
from seggraph.errors import BadValue

_N = TypeVar("_N", bound=object)
_MAX_INTEGER: Final = 2**63
"""Whole numbers of this size or more become the nearest double, as in JSON."""
_MAX_DIGITS: Final = 60
"""Longer numbers exceed every limit, and converting them would cost time."""


class ConditionParser:
    """Parses one condition after another from a token stream, and notes the offset of each."""

    def __init__(self, stream: TokenStream, names: SegmentNames) -> None:
        self._stream = stream
        self._names = names
        self._scope = NameScope()
        self.offsets: dict[int, tuple[int, int]] = {}

    def located(self, node: _N, start: int) -> _N:
        """The node, after noting where it begins and ends for messages."""
        self.offsets[id(node)] = start, self._stream.last_end
        return node

    def field_condition(self) -> Attribute | None:
        """Parse `field operator values`, if a field is next."""
        stream, start = self._stream, self._stream.next.start
        name = self._field()
        if name is None:
            return None
        scope = self._scope
        op = stream.need_keyword(OPERATORS.keywords, lambda op, rest: ExpectedOperator(scope, name, op, rest))
        values, arity = (
            self._values(op, ValueOf(scope, name), ExpectedOperator(scope, name, op, "(")),
            OPERATORS[op].arity,
        )
        return self.located(Attribute(name, op, values, single=arity is Arity.ONE), start)

    def _field(self) -> str | None:
        stream = self._stream
        stream.expect(FieldName(self._scope))
        token = stream.next
        if token.kind is TokenKind.NAME or (token.kind is TokenKind.WORD and token.keyword not in RESERVED):
            return stream.advance().content
        return None

    def _values(
        self, op: AttributeOp | CompareOp, expectation: Expectation, opening: Expectation | None = None
    ) -> tuple[Scalar, ...]:
        """Parse the values of an operator."""
        if OPERATORS[op].takes.is_duration:
            return (self.length(),)
        match OPERATORS[op].arity:
            case Arity.NONE:
                return ()
            case Arity.ONE:
                return (self._value(expectation),)
            case Arity.TWO:
                low = self._value(expectation)
                self._stream.need_word("AND")
                return (low, self._value(expectation))
            case Arity.MANY:
                return self._list(lambda: self._value(expectation), opening)

    def _value(self, expectation: Expectation) -> Scalar:
        stream = self._stream
        stream.expect(expectation)
        token = stream.next
        if token.kind in (TokenKind.STRING, TokenKind.MOMENT):
            return stream.advance().content
        if token.kind is TokenKind.NUMBER:
            return self._number(stream.advance())
        if token.keyword in ("TRUE", "FALSE"):
            return stream.advance().keyword == "TRUE"
        stream.fail()

    def _number(self, token: Token) -> int | float:
        if len(token.text) > _MAX_DIGITS:
            self._stream.refuse(BadValue, f"a number has at most {_MAX_DIGITS} characters", token.start)
        is_whole = token.text.lstrip("+-").isdigit() and abs(int(token.text)) < _MAX_INTEGER
        return int(token.text) if is_whole else float(token.text)

    def _list(self, read: Callable[[], _N], opening: Expectation | None = None) -> tuple[_N, ...]:
        """Parse one or more items in parentheses."""
        stream = self._stream
        stream.need_word("(", opening)
        found = [read()]
        while stream.word(","):
            found.append(read())
        stream.need_word(")")
        return tuple(found)

    def text(self, sort: Sort) -> str:
        """Parse a text in single quotes."""
        return self._stream.need(TokenKind.STRING, Something(sort, self._scope)).content

    def length(self) -> str:
        """Parse `1 YEAR 6 MONTHS` or `P1Y6M` into ISO 8601."""
        stream = self._stream
        stream.expect(Something(Sort.LENGTH))
        if is_iso_length(stream.next.keyword):
            return stream.advance().keyword
        counts: dict[str, int] = {}
        later: tuple[str, ...] = UNITS
        while not counts or (later and stream.next.kind is TokenKind.NUMBER):
            count = self._whole_number(Sort.LENGTH)
            unit, _ = stream.need_keyword(_units(later), lambda unit, _: Words(f"{unit[0]}S"))
            counts[unit] = count
            later = later[later.index(unit) + 1 :]
        return iso_length(counts)

    def _whole_number(self, sort: Sort) -> int:
        stream = self._stream
        stream.expect(Something(sort))
        token = stream.next
        if token.kind is not TokenKind.NUMBER or not token.text.isdigit() or len(token.text) > 18:
            stream.fail()
        return int(stream.advance().text)

    def tags(self) -> Tags:
        """Parse what follows TAGS."""
        op = self._stream.need_keyword(SETS)
        return Tags(op, self._list(lambda: self.text(Sort.TAG)))

    def consent(self) -> Consent:
        """Parse what follows CONSENT."""
        self._stream.need_word("(")
        channel = self._stream.need_keyword(CHANNELS)
        self._stream.need_word(")")
        return Consent(channel, self._stream.need_keyword(STATES))

    def segment(self, op: InOp) -> InSegment:
        """Parse what follows IN SEGMENT: a name in quotes, or a number."""
        stream = self._stream
        if stream.next.kind is TokenKind.NUMBER:
            return InSegment(op, self._whole_number(Sort.SEGMENT))
        start = stream.next.start
        name = self.text(Sort.SEGMENT)
        found = self._names(name, self._scope.relations)
        if len(found) != 1:
            what = "several segments have" if found else "no segment of this kind has"
            stream.refuse(BadValue, f"{what} the name {shown(name)}", start)
        return InSegment(op, found[0])

    def sample(self) -> Sample:
        """Parse what follows SAMPLE: `10%`, and perhaps a seed."""
        stream = self._stream
        percent = self._number(stream.need(TokenKind.NUMBER, Something(Sort.NUMBER)))
        stream.need_word("%")
        return Sample(float(percent), self.text(Sort.TEXT) if stream.word("SEED") else None)

    def sequence(self) -> Sequence:
        """Parse what follows SEQUENCE: the steps in parentheses, and perhaps a duration."""
        steps = self._list(self._step)
        return Sequence(steps, self.length() if self._stream.word("WITHIN") else None)

    def _step(self) -> Event:
        start = self._stream.next.start
        self._stream.need_word("EVENT")
        name, within, where = self._events()
        return self.located(Event(name, within=within, where=where), start)

    def aggregated(self, aggregate: EventAggregate) -> Event:
        """Parse what follows `COUNT(` or another aggregate, with the comparison."""
        stream = self._stream
        of = None
        if not stream.word("EVENT"):
            of = self._property()
            stream.need_word("OF")
            stream.need_word("EVENT")
        name, within, where = self._events()
        stream.need_word(")")
        op = stream.need_keyword(compared(AGGREGATES[aggregate].type))
        return Event(name, aggregate, of, op, self._values(op, Something(Sort.VALUE)), within, where)

    def _property(self) -> str:
        outer, self._scope = self._scope, NameScope(event="")
        name = self._field()
        self._scope = outer
        return self._stream.fail() if name is None else name

    def _events(self) -> tuple[str, Window | None, tuple[Attribute, ...]]:
        """Parse what follows EVENT: the name, a window, and conditions on properties."""
        name = self.text(Sort.EVENT)
        return name, self._window(), self._where(name)

    def _window(self) -> Window | None:
        stream = self._stream
        if stream.keyword({"last": "IN LAST"}):
            return Window(last=self.length())
        start = self._moment() if stream.word("FROM") else None
        end = self._moment() if stream.word("TO") else None
        return Window(start=start, end=end) if start or end else None

    def _moment(self) -> str:
        return self._stream.need(TokenKind.MOMENT, Something(Sort.MOMENT)).content

    def _where(self, event: str) -> tuple[Attribute, ...]:
        if not self._stream.word("WHERE"):
            return ()
        outer, self._scope = self._scope, NameScope(event=event)
        found = [self._property_condition()]
        while self._stream.word("AND"):
            found.append(self._property_condition())
        self._scope = outer
        return tuple(found)

    def _property_condition(self) -> Attribute:
        return self.field_condition() or self._stream.fail()

    def opening(self) -> Leaf | None:
        """Parse a condition that begins with a keyword of its own, if one is next."""
        stream, start = self._stream, self._stream.next.start
        read = stream.keyword(_CALLED, lambda _, rest: Opening(f"{rest}("))
        read = read or stream.keyword(_PLAIN, lambda _, rest: Opening(rest))
        return None if read is None else self.located(read(self), start)


def _units(units: tuple[str, ...]) -> dict[tuple[str, bool], str]:
    """Each unit, in the plural and in the singular."""
    return {(unit, plural): unit + "S" * plural for plural in (True, False) for unit in units}


_Read = Callable[[ConditionParser], Leaf]
_CALLED: Final[dict[_Read, str]] = {ConditionParser.consent: "CONSENT", ConditionParser.sequence: "SEQUENCE"}
_PLAIN: Final[dict[_Read, str]] = {
    ConditionParser.tags: "TAGS",
    lambda conditions: conditions.segment(InOp.IN): "IN SEGMENT",
    ConditionParser.sample: "SAMPLE",
}
