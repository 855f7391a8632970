"""The text form, example by example: text to tree, tree to text."""

from typing import Any

import pytest

from seggraph.criteria import parse, to_json
from seggraph.criteria.text import read_text, write_text
from seggraph.errors import BadValue
from tests.criteria.text.corpus import CANONICAL, LOOSE, NAMES, field, ids_of


@pytest.mark.parametrize(("text", "document"), CANONICAL)
def test_means_the_tree_and_is_its_spelling(text: str, document: dict[str, Any]) -> None:
    assert to_json(read_text(text, ids_of)) == document
    assert write_text(parse(document), NAMES.get) == text


@pytest.mark.parametrize(("typed", "written"), LOOSE)
def test_is_written_in_one_spelling(typed: str, written: str) -> None:
    assert write_text(read_text(typed, ids_of), NAMES.get) == written


def test_a_segment_without_a_name_is_written_by_its_number() -> None:
    assert write_text(read_text("IN SEGMENT 'Customers'", ids_of)) == "IN SEGMENT 7"


@pytest.mark.parametrize(
    "document",
    [
        field("a", "EQ"),
        field("a", "EQ", values=[1]),
        field("a", "IN", value=1),
        field("a", "BETWEEN", values=[1]),
        field("a", "IS_SET", values=[1]),
        field("a", "IN", values=[]),
        field("a", "WITHIN_LAST", value="a month"),
        field("a", "WITHIN_LAST", value=30),
        {"event": {"name": "e", "value": [1, 2]}},
        {"event": {"name": "e", "op": "BEFORE", "value": "2026-01-01"}},
        {"event": {"name": "e", "within": {"from": "yesterday"}}},
    ],
)
def test_what_no_catalogue_accepts_has_no_text(document: dict[str, Any]) -> None:
    with pytest.raises(BadValue):
        write_text(parse(document))
