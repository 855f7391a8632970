"""Tree to a plain English sentence, for people who did not build it."""

from collections.abc import Mapping
from typing import Final

from seggraph.criteria.nodes import All, AnyOf, Consent, InSegment, Not, Sample, Tags
from seggraph.criteria.operators import AGGREGATES, TAGS, AttributeOp, EventAggregate, InOp
from seggraph.criteria.sentences.phrases import listed, value
from seggraph.criteria.sentences.wording import comparison
from seggraph.criteria.typed import (
    Checked,
    Comparison,
    EventFilter,
    EventTest,
    RelatedTest,
    SequenceTest,
    Span,
)
from seggraph.vocabulary import Channel, ConsentState

_CONSENTS: Final[dict[ConsentState, str]] = {
    ConsentState.GRANTED: "has granted",
    ConsentState.DENIED: "has denied",
    ConsentState.UNKNOWN: "has neither granted nor denied",
}
_CHANNELS: Final[dict[Channel, str]] = {
    Channel.EMAIL: "email",
    Channel.DIRECT_MAIL: "direct mail",
    Channel.SMS: "SMS",
    Channel.PHONE: "phone",
    Channel.PUSH: "push messages",
}


def describe(
    tree: Checked, *, subject: str = "Members", segment_names: Mapping[int, str] | None = None
) -> str:
    """The criteria as one sentence, such as `Members where Country is "US" and Employees is at least 50.`

    A segment that is not among `segment_names` is "a segment".
    """
    match tree:
        case All(()):
            return f"{subject}, all of them."
        case AnyOf(()):
            return f"{subject}, none of them."
    return f"{subject} where {_Sentence(segment_names or {}).phrase(tree)}."


class _Sentence:
    """Writes one sentence with the names of its segments."""

    def __init__(self, segment_names: Mapping[int, str]) -> None:
        self._segment_names = segment_names

    def phrase(self, tree: Checked) -> str:
        match tree:
            case All(items):
                return self._joined(items, " and ", empty="anything holds")
            case AnyOf(items):
                return self._joined(items, " or ", empty="nothing holds")
            case Not(item):
                return f"it is not so that {self._nested(item)}"
            case Tags(op, values):
                return f"the member {TAGS[op].wording} {listed(values, TAGS[op].link)}"
            case Consent(channel, state):
                return f"the member {_CONSENTS[state]} consent for {_CHANNELS[channel]}"
            case Comparison():
                return comparison(tree, tree.field.label)
            case EventTest():
                return _event(tree)
            case SequenceTest(steps, within):
                names = " and later ".join(_one(step) for step in steps)
                return f"the member had {names}" + ("" if within is None else f", all within {within}")
            case InSegment(op, segment_id):
                name = self._segment_names.get(segment_id)
                called = "a segment" if name is None else f'the segment "{name}"'
                return f"the member is {'in' if op is InOp.IN else 'not in'} {called}"
            case RelatedTest():
                return self._related(tree)
            case Sample(percent, seed):
                named = "" if seed is None else f' "{seed}"'
                return f"the member is in the sample{named} of {percent:g} %"

    def _related(self, test: RelatedTest) -> str:
        which = "" if test.where is None else f" (where {self.phrase(test.where)})"
        return comparison(test.test, f"the number of related members, {test.direction.name}{which},")

    def _joined(self, items: tuple[Checked, ...], word: str, *, empty: str) -> str:
        if len(items) == 1:
            return self.phrase(items[0])
        return word.join(map(self._nested, items)) or empty

    def _nested(self, tree: Checked) -> str:
        """The phrase, in parentheses where it would be ambiguous inside another."""
        match tree:
            case All(items) | AnyOf(items) if len(items) > 1:
                return f"({self.phrase(tree)})"
            case Not():
                return f"({self.phrase(tree)})"
        return self.phrase(tree)


def _event(test: EventTest) -> str:
    values = test.test.values
    if test.aggregate is EventAggregate.COUNT and values[0] in (0, 1):
        if (test.test.op, values[0]) == (AttributeOp.GTE, 1):
            return f"the member had {_one(test.events)}"
        if (test.test.op, values[0]) == (AttributeOp.EQ, 0):
            return f"the member had no event {_which(test.events)}"
    aggregate = AGGREGATES[test.aggregate]
    of = "" if test.of is None else f'"{test.of}" of '
    values_of = "the values of " if test.of is None and aggregate.of_values else ""
    return comparison(test.test, f"{aggregate.wording} {of or values_of}events {_which(test.events)}")


def _one(events: EventFilter) -> str:
    return f"the event {_which(events)}"


def _which(events: EventFilter) -> str:
    span = _span(events.within)
    where = " and ".join(comparison(one, one.field.label) for one in events.where)
    return f'"{events.name}"' + (f" {span}" if span else "") + (f" (where {where})" if where else "")


def _span(span: Span) -> str:
    if span.last is not None:
        return f"within the last {span.last}"
    start = "" if span.start is None else f"from {value(span.start)}"
    end = "" if span.end is None else f"until before {value(span.end)}"
    return f"{start} {end}".strip()
