"""Random trees written and read back are the same; so are their texts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seggraph.criteria import parse
from seggraph.criteria.operators import (
    AGGREGATES,
    OPERATORS,
    Arity,
    AttributeOp,
    CompareOp,
    EventAggregate,
    InOp,
    SetOp,
)
from seggraph.criteria.text import read_text, write_text
from seggraph.criteria.text.keywords import COUNTED
from seggraph.errors import CriteriaError, Problems
from seggraph.vocabulary import Channel, ConsentState
from tests.criteria.text.corpus import NAMES, ids_of
from tests.effort import tries

pytestmark = pytest.mark.slow

_odd = ["", "'", "''", '"', "a'b", "in", "NOT", "2026-01-31", "P30D", "TRUE", "5", "a\nb", "\\", "İ", "ſum"]
words = st.sampled_from(_odd) | st.text(max_size=12).filter(
    lambda text: not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
)
names = words.filter(bool)
numbers = st.integers(1 - 2**63, 2**63 - 1) | st.floats(-1e29, 1e29)
moments = st.one_of(
    st.dates().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
)
values: st.SearchStrategy[Any] = st.one_of(words, numbers, st.booleans(), moments)
counts = st.integers(0, 999_999_999)
lengths = st.one_of(
    st.builds("P{}D".format, counts),
    st.builds("P{}Y{}M".format, counts, counts),
    st.builds("P{}W".format, counts),
    st.builds("P1Y2M3W4DT{}H{}M{}S".format, counts, counts, counts),
    st.sampled_from(["PT0S", "P0Y", "P007D", "P1MT1M", "P1M1Y", "PT"]),
)


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    op = draw(st.sampled_from(AttributeOp))
    document: dict[str, Any] = {"field": draw(words), "op": op.value}
    match OPERATORS[op].arity:
        case Arity.ONE:
            document["value"] = draw(lengths if OPERATORS[op].takes.is_duration else values)
        case Arity.TWO:
            document["values"] = [draw(values), draw(values)]
        case Arity.MANY:
            document["values"] = draw(st.lists(values, min_size=1, max_size=3))
        case Arity.NONE:
            pass
    return document


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"last": draw(lengths)}
    keys = draw(st.sampled_from([("from",), ("to",), ("from", "to")]))
    instants = moments.filter(lambda text: ":" not in text or text[-6:-5] in "+-" or text.endswith("Z"))
    return {key: draw(instants.filter(lambda text: len(text) < 33)) for key in keys}


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = {"name": draw(names)}
    if draw(st.booleans()):
        document["within"] = draw(windows())
    if draw(st.booleans()):
        document["where"] = draw(st.lists(comparisons(), min_size=1, max_size=3))
    return document


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    aggregate = draw(st.sampled_from(EventAggregate))
    op = draw(st.sampled_from(OPERATORS.of_aggregate(AGGREGATES[aggregate].type)))
    value = lengths if OPERATORS[op].takes.is_duration else values
    compared = [draw(value), draw(value)] if op is CompareOp.BETWEEN else draw(value)
    of = {"of": draw(names)} if draw(st.booleans()) else {}
    return {"event": draw(steps()) | {"aggregate": aggregate.value, "op": op.value, "value": compared} | of}


leaves = st.one_of(
    comparisons().map(lambda test: {"attribute": test}),
    events(),
    st.lists(steps(), min_size=2, max_size=3).flatmap(
        lambda some: st.sampled_from(
            [{"sequence": {"steps": some}}, {"sequence": {"steps": some, "within": "P7D"}}]
        )
    ),
    st.builds(
        lambda op, tags: {"tags": {"op": op.value, "values": tags}},
        st.sampled_from(SetOp),
        st.lists(words | moments, min_size=1, max_size=3),
    ),
    st.builds(
        lambda channel, state: {"consent": {"channel": channel.name, "state": state.name}},
        st.sampled_from(Channel),
        st.sampled_from(ConsentState),
    ),
    st.builds(
        lambda op, number: {"segment": {"op": op.value, "id": number}},
        st.sampled_from(InOp),
        st.sampled_from([*NAMES, 42, 10**18 - 1]),
    ),
    st.builds(
        lambda percent, seed: {"sample": {"percent": percent, "seed": seed}},
        st.floats(0, 100),
        st.none() | words,
    ),
)


def _related(where: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda relation, inner, op, count: {
            "related": {"relation": relation, "where": inner, "op": op.value, "count": count}
        },
        names,
        st.none() | where,
        st.sampled_from(list(COUNTED)),
        st.integers(0, 2**31 - 1),
    )


trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: {"all": items}),
        st.lists(inner, max_size=4).map(lambda items: {"any": items}),
        inner.map(lambda item: {"not": item}),
        _related(inner),
    ),
    max_leaves=12,
)


@given(trees)
@settings(max_examples=tries(100, 1_000), deadline=None)
def test_tree_to_text_to_tree(document: dict[str, Any]) -> None:
    tree = parse(document)
    text = write_text(tree, NAMES.get)
    assert read_text(text, ids_of) == tree
    assert write_text(read_text(text, ids_of), NAMES.get) == text


_pieces = st.sampled_from(
    [
        *(
            "a",
            "IN",
            "LAST",
            "30",
            "DAYS",
            "(",
            ")",
            ",",
            "'x'",
            '"y"',
            "=",
            "!=",
            "AND",
            "OR",
            "NOT",
            "ALL",
            "ANY",
        ),
        *(
            "TAGS",
            "HAS",
            "COUNT",
            "EVENT",
            "RELATED",
            "WHERE",
            "1",
            "2026-01-01",
            "SAMPLE",
            "%",
            "'",
            "BETWEEN",
        ),
    ]
)


@given(st.text(max_size=40) | st.lists(_pieces, max_size=12).map(" ".join))
@settings(max_examples=tries(100, 1_000), deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        tree = read_text(text, ids_of)
    except Problems as several:
        refusals = [problem.message for problem in several.problems]
        assert len(refusals) > 1
    except CriteriaError as error:
        refusals = [error.message]
    else:
        refusals = []
        assert read_text(write_text(tree, NAMES.get), ids_of) == tree
    assert all(refusal.startswith("Line ") for refusal in refusals)


def test_the_deepest_tree_is_read_back() -> None:
    document: dict[str, Any] = {"segment": {"op": "IN", "id": 7}}
    for depth in range(20):
        deeper: list[dict[str, Any]] = [
            {"not": document},
            {"any": [document, {"all": []}]} if depth < 19 else {"any": [document]},
            {"all": [document]},
        ]
        document = deeper[depth % 3]
    tree = parse(document)
    assert read_text(write_text(tree), ids_of) == tree
