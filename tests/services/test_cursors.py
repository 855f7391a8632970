"""Cursors: one by one or a page at once they are the same, and they lead back to the keys."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seggraph.database.paging import Cursors, Key, Order, decode_cursor, encode_cursor

NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@given(st.lists(NUMBERS, max_size=30), TEXTS, st.booleans())
def test_cursors_of_numbers(numbers: list[int], name: str, descending: bool) -> None:
    order = Order(name, (Key("m.ordinal", "bigint"),), descending)

    check(order, [[number] for number in numbers])


@given(st.lists(st.tuples(TEXTS, st.decimals(-1000, 1000, places=2), NUMBERS), max_size=10), TEXTS)
def test_cursors_of_several_keys(rows: list[tuple[str, Decimal, int]], name: str) -> None:
    order = Order(name, (Key("a", "text"), Key("b", "numeric"), Key("m.id", "bigint")))

    check(order, [list(row) for row in rows])


def check(order: Order, rows: list[list[Any]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in order.keys]
    cursors = Cursors(order, columns)

    assert len(cursors) == len(rows)
    assert cursors[:] == [encode_cursor(order, row) for row in rows]
    assert [cursors[index] for index in range(len(rows))] == cursors[:]
    assert [decode_cursor(order, cursor, path="after") for cursor in cursors[:]] == rows
