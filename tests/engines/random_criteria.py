"""Hypothesis strategies: members and trees that meet often, for their values come from the same few."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from seggraph.criteria.catalogue import Field
from seggraph.criteria.naive import NaiveMember
from seggraph.criteria.operators import OPERATORS, Arity, AttributeOp, SetOp
from seggraph.criteria.operators.cases import Stored
from seggraph.vocabulary import AttributeType, Channel, ConsentState
from tests.engines.stored_members import CATALOGUE, REQUIRED

ZONES = [
    ZoneInfo(key)
    for key in (
        "UTC",
        "Europe/Berlin",
        "America/Santiago",
        "Asia/Beirut",
        "Pacific/Auckland",
        "America/Havana",
    )
]
INSTANTS = [
    datetime(2024, 2, 29, 12, 0, 0, tzinfo=UTC),
    datetime(2025, 3, 30, 1, 0, 0, tzinfo=UTC),
    datetime(2025, 9, 7, 4, 0, 0, tzinfo=UTC),
    datetime(2026, 2, 28, 23, 30, 0, 123456, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 30, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]
DURATIONS = ["PT1S", "PT36H", "P1D", "P7D", "P2W", "P30D", "P1M", "P11M30D", "P1Y", "P4Y", "P1Y2M3DT4H5M6S"]
_SHIFTS = [timedelta(0), timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta(days=365)]
_TICKS = [timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(hours=5)]
WORDS = [
    "Germany", "DE", "12 A St, Flat 3", "+49 30 123456", "+4930123456",
    "", "a", "A", "pro", "Pro", "PRO", "50%", "100%", "a_b", "aXb", "a\\b", "\\", "%", "_", "O'Reilly", '"', "$1",
    "İstanbul", "istanbul", "ISTANBUL", "ıstanbul", "straße", "STRASSE", "ΟΔΟΣ", "οδος", "οδοσ", "É", "é", "e\u0301",
    "\u212a", "k", "Ǆ", "ǆ", "😀", "null", "true", "{}", "2026-01-01", "x" * 1000,
]  # fmt: skip
_NUMBERS: list[int | float] = [0, 1, -1, 10, 10.5, 0.1, -0.25, 1e20, 2**63 - 1, 2**63, -(2**63), 10**29]


# Of characters that are newer than Python's Unicode it does not know the lower case.
_characters = st.characters(exclude_categories=("Cn", "Cs"), exclude_characters="\0")
words = st.sampled_from(WORDS) | st.text(_characters, max_size=4)
filled_words = st.sampled_from([word for word in WORDS if word]) | st.text(
    _characters, min_size=1, max_size=4
)
instants = st.builds(
    lambda at, shift, sign, tick: at + sign * shift + tick,
    st.sampled_from(INSTANTS),
    st.sampled_from(_SHIFTS),
    st.sampled_from([-1, 1]),
    st.sampled_from(_TICKS),
)
days = st.one_of(
    instants.map(lambda at: at.date()),
    st.dates(date(2023, 1, 1), date(2028, 12, 31)),
    st.sampled_from(
        [date(1, 1, 1), date(1904, 2, 29), date(2000, 2, 28), date(2000, 3, 1), date(9999, 12, 31)]
    ),
)
numbers = st.sampled_from(_NUMBERS)


def _stored(field: Field) -> st.SearchStrategy[Stored]:
    match field.type:
        case AttributeType.STRING if field.part is not None:
            return filled_words  # an empty text is no part of an address
        case AttributeType.STRING:
            return words
        case AttributeType.NUMBER if field.name == "employees":
            return numbers.filter(lambda n: isinstance(n, int) and -(2**63) <= n < 2**63)
        case AttributeType.NUMBER if field.name == "score":
            return numbers.map(float)
        case AttributeType.NUMBER:
            return numbers.map(lambda n: Decimal(str(n)))
        case AttributeType.BOOLEAN:
            return st.booleans()
        case AttributeType.DATE:
            return days.filter(lambda day: 1 < day.year < 9999)
        case AttributeType.DATETIME:
            return instants
        case AttributeType.STRING_LIST:
            return st.lists(words, max_size=3).map(tuple)


@st.composite
def members(draw: st.DrawFn) -> NaiveMember:
    """A member in which every value may be unset."""
    fields = dict(REQUIRED)
    attributes: dict[str, Stored] = {}
    for field in CATALOGUE.fields:
        if field.required or draw(st.integers(0, 3)):
            (attributes if field.is_custom else fields)[field.name] = draw(_stored(field))
    tags = draw(st.frozensets(words, max_size=3))
    consents = draw(st.dictionaries(st.sampled_from(Channel), st.sampled_from(ConsentState), max_size=3))
    return NaiveMember(fields, attributes, tags, consents)


def _value(field: Field, op: AttributeOp) -> st.SearchStrategy[Any]:
    if op is AttributeOp.ANNIVERSARY_WITHIN:
        return st.sampled_from(["P0D", *(text for text in DURATIONS if "T" not in text)])
    if OPERATORS[op].takes.is_duration:
        return st.sampled_from(DURATIONS)
    if op is AttributeOp.ON or field.type is AttributeType.DATE:
        return days.map(lambda day: day.isoformat()) if field.type is AttributeType.DATE else _recent_days
    match field.type:
        case AttributeType.NUMBER:
            return numbers | numbers.map(lambda n: f"{Decimal(str(n)):f}")
        case AttributeType.BOOLEAN:
            return st.booleans()
        case AttributeType.DATETIME:
            return instants.map(lambda at: at.isoformat()) | _recent_days
        case _:
            return words


_recent_days = days.filter(lambda day: 1 < day.year < 9999).map(lambda day: day.isoformat())


@st.composite
def _attributes(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(CATALOGUE.fields))
    op = draw(st.sampled_from(field.operators))
    value = _value(field, op)
    test: dict[str, Any] = {"field": field.name, "op": op.value}
    match OPERATORS[op].arity:
        case Arity.ONE:
            test["value"] = draw(value)
        case Arity.MANY:
            test["values"] = draw(st.lists(value, min_size=1, max_size=3))
        case Arity.TWO:
            test["values"] = sorted(draw(st.lists(value, min_size=2, max_size=2)), key=_order)
        case Arity.NONE:
            pass
    return {"attribute": test}


def _order(value: Any) -> Any:
    if isinstance(value, str) and value[4:5] != "-":
        return Decimal(value)
    return value if isinstance(value, str) else Decimal(str(value))


_tags = st.builds(
    lambda op, values: {"tags": {"op": op.value, "values": values}},
    st.sampled_from(SetOp),
    st.lists(words, min_size=1, max_size=3),
)
_consents = st.builds(
    lambda channel, state: {"consent": {"channel": channel.name, "state": state.name}},
    st.sampled_from(Channel),
    st.sampled_from(ConsentState),
)
leaves = st.one_of(_attributes(), _attributes(), _attributes(), _tags, _consents)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: {"all": items}),
        st.lists(inner, max_size=4).map(lambda items: {"any": items}),
        inner.map(lambda item: {"not": item}),
    ),
    max_leaves=8,
)
