"""Hypothesis strategies: events, relations, segments, and trees with every kind of node over them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from seggraph.criteria.naive import NaiveEvent
from tests.engines import random_criteria

NAMES = ["order", "visit", "call"]
SEGMENTS = [7, 8]
_KEYS = ["plan", "n", "at", "tags", "é\"'"]
_TICK = timedelta(microseconds=1)


def _near(as_of: datetime) -> list[datetime]:
    """Instants at, just before and just after every boundary that the trees of these strategies have."""
    moments = [as_of, as_of - timedelta(days=1), as_of - timedelta(days=7), as_of - timedelta(hours=36)]
    moments += [as_of + timedelta(hours=5), as_of - timedelta(days=31), as_of - timedelta(days=365)]
    return [moment + tick for moment in moments for tick in (-_TICK, timedelta(0), _TICK)]


_texts = st.sampled_from(
    [
        "pro", "Pro", "10", "true", "2026-02-28", "2026-02-30", "0000-01-01", "2024-02-29", "2023-02-29",
        "2026-02-28T23:30:00Z", "2026-02-28t23:30:00.123456+02:00", "2026-02-28T24:00:00Z", "2026-02-28T23:30:00",
    ]
)  # fmt: skip
_values: st.SearchStrategy[Any] = st.one_of(
    _texts,
    st.sampled_from([0, 1, 10, 10.5, -1, True, False, None]),
    st.lists(st.sampled_from(["pro", "x", 1, None]), max_size=2),
    st.just({"pro": 1}),
)


def events(as_of: datetime) -> st.SearchStrategy[list[NaiveEvent]]:
    """A few events near the boundaries."""
    one = st.builds(
        NaiveEvent,
        st.sampled_from(NAMES),
        st.sampled_from(_near(as_of)),
        st.none() | st.sampled_from([Decimal(0), Decimal(1), Decimal("10.5"), Decimal(-3), Decimal("0.1")]),
        st.dictionaries(st.sampled_from(_KEYS), _values, max_size=2),
    )
    return st.lists(one, max_size=5)


_number_ops = st.sampled_from(["EQ", "NE", "GT", "GTE", "LT", "LTE"])
_numbers = st.sampled_from([0, 1, 2, 3, -3, 10.5, "0.1", 1])
_counts = st.sampled_from([0, 1, 1, 2, 3])


@st.composite
def _wheres(draw: st.DrawFn) -> dict[str, Any]:
    test: dict[str, Any] = {"field": draw(st.sampled_from(_KEYS))}
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return test | {
            "op": draw(st.sampled_from(["EQ", "NE"])),
            "value": draw(_texts | st.sampled_from([1, 10.5, True])),
        }
    if kind == 1:
        return test | {
            "op": draw(st.sampled_from(["CONTAINS", "NOT_CONTAINS", "STARTS_WITH"])),
            "value": "pRo",
        }
    if kind == 2:
        return test | {"op": draw(st.sampled_from(["IS_SET", "IS_NOT_SET"]))}
    if kind == 3:
        ops = st.sampled_from(["HAS_ANY", "HAS_ALL", "HAS_NONE", "IN", "NOT_IN"])
        return test | {
            "op": draw(ops),
            "values": draw(st.lists(st.sampled_from(["pro", "x"]), min_size=1, max_size=2)),
        }
    if kind == 4:
        days = ["2026-02-28", "2024-02-29", "2026-02-28T21:30:00.123456Z"]
        return test | {
            "op": draw(st.sampled_from(["GT", "GTE", "LT", "LTE", "BEFORE"])),
            "value": draw(st.sampled_from(days)),
        }
    ops = st.sampled_from(["WITHIN_LAST", "NOT_WITHIN_LAST", "WITHIN_NEXT", "ANNIVERSARY_WITHIN"])
    return test | {"op": draw(ops), "value": draw(st.sampled_from(["P7D", "P1Y", "P1M"]))}


@st.composite
def _windows(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"last": draw(st.sampled_from(["P1D", "P7D", "PT36H", "P1M", "P1Y"]))}
    edges = sorted(draw(st.lists(st.sampled_from(_EDGES), min_size=2, max_size=2, unique=True)))
    window = dict(zip(("from", "to"), (edge.isoformat() for edge in edges), strict=True))
    if draw(st.booleans()):
        window.pop(draw(st.sampled_from(["from", "to"])))
    return window


_EDGES = [moment for at in random_criteria.INSTANTS for moment in _near(at)]


@st.composite
def _filters(draw: st.DrawFn) -> dict[str, Any]:
    test: dict[str, Any] = {"name": draw(st.sampled_from(NAMES))}
    if draw(st.booleans()):
        test["within"] = draw(_windows())
    if not draw(st.integers(0, 2)):
        test["where"] = draw(st.lists(_wheres(), min_size=1, max_size=2))
    return test


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    test = draw(_filters())
    aggregate = draw(
        st.sampled_from(
            ["COUNT", "COUNT", "SUM", "AVG", "MIN", "MAX", "DISTINCT_DAYS", "FIRST_AT", "LAST_AT"]
        )
    )
    test["aggregate"] = aggregate
    if aggregate in ("FIRST_AT", "LAST_AT"):
        return {"event": test | draw(_instant_tests())}
    values = _counts if aggregate in ("COUNT", "DISTINCT_DAYS") else _numbers
    if aggregate not in ("COUNT", "DISTINCT_DAYS") and not draw(st.integers(0, 2)):
        test["of"] = draw(st.sampled_from(_KEYS))
    if not draw(st.integers(0, 4)):
        pair = sorted(draw(st.lists(values, min_size=2, max_size=2)), key=lambda one: Decimal(str(one)))
        return {"event": test | {"op": "BETWEEN", "value": pair}}
    return {"event": test | {"op": draw(_number_ops), "value": draw(values)}}


@st.composite
def _lately(draw: st.DrawFn) -> dict[str, Any]:
    """Events of a name at all, and how many of them were of late."""
    name = draw(st.sampled_from(NAMES))
    last = draw(st.sampled_from(["P1D", "P7D", "PT36H", "P1M", "P1Y"]))
    recent: dict[str, Any] = {"name": name, "op": draw(_number_ops), "value": draw(_counts)}
    return {"all": [{"event": {"name": name}}, {"event": recent | {"within": {"last": last}}}]}


@st.composite
def _instant_tests(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        at = draw(st.sampled_from(_EDGES)).astimezone(UTC).isoformat()
        return {"op": draw(st.sampled_from(["EQ", "NE", "GT", "GTE", "LT", "LTE"])), "value": at}
    if kind == 1:
        day = draw(st.sampled_from(_EDGES)).date().isoformat()
        return {"op": draw(st.sampled_from(["ON", "BEFORE", "AFTER", "NE", "LTE"])), "value": day}
    ops = ["WITHIN_LAST", "NOT_WITHIN_LAST", "ANNIVERSARY_WITHIN"]
    return {"op": draw(st.sampled_from(ops)), "value": draw(st.sampled_from(["P1D", "P7D", "P1M", "P1Y"]))}


@st.composite
def _sequences(draw: st.DrawFn) -> dict[str, Any]:
    test: dict[str, Any] = {"steps": draw(st.lists(_filters(), min_size=2, max_size=3))}
    if draw(st.booleans()):
        test["within"] = draw(st.sampled_from(["PT1S", "P1D", "P6D", "PT36H", "P1M", "P1Y"]))
    return {"sequence": test}


event_leaves: st.SearchStrategy[Any] = st.one_of(_events(), _events(), _sequences())
"""Conditions on events alone."""

_segments = st.builds(
    lambda op, id_: {"segment": {"op": op, "id": id_}},
    st.sampled_from(["IN", "NOT_IN"]),
    st.sampled_from(SEGMENTS),
)
_samples = st.builds(
    lambda percent, seed: {"sample": {"percent": percent} | ({} if seed is None else {"seed": seed})},
    st.sampled_from([0, 1, 12.5, 50, 99.9, 100]),
    st.sampled_from([None, "a", "é"]),
)


def _related(name: str, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda where, op, count: {
            "related": {"relation": name, "op": op, "count": count}
            | ({} if where is None else {"where": where})
        },
        st.none() | inner,
        _number_ops,
        st.sampled_from([0, 1, 2]),
    )


def _grown(leaf: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda items: {"all": items}),
            st.lists(inner, max_size=3).map(lambda items: {"any": items}),
            inner.map(lambda item: {"not": item}),
        ),
        max_leaves=most,
    )


_common = st.one_of(
    random_criteria.leaves, _events(), _events(), _events(), _sequences(), _sequences(), _samples
)
_of_accounts = _grown(st.one_of(_common, _related("people", _grown(_common, 2))), 3)
trees: st.SearchStrategy[Any] = _grown(
    st.one_of(
        _common, _common, _events(), _lately(), _segments, _segments, _related("account", _of_accounts)
    ),
    7,
)
"""Criteria over people: what is asked of related accounts may lead back to people."""
