"""What clients read of criteria can be written back as it is."""

from typing import Any

import pytest
from graphql.utilities import coerce_input_value
from hypothesis import given, settings
from strawberry.types.arguments import convert_argument

from seggraph.api.criteria.criteria import CriteriaInput, document_of, shown
from seggraph.api.schema import build_schema
from seggraph.criteria import parse, to_json
from tests.criteria.text.corpus import CANONICAL
from tests.criteria.text.test_round_trips import windows
from tests.effort import tries

SCHEMA = build_schema()
INPUT: Any = SCHEMA._schema.type_map["CriteriaInput"]


def written_back(document: dict[str, Any]) -> dict[str, Any]:
    """The document that services get when a client sends criteria as it has read them."""
    read = shown(document)
    given: Any = convert_argument(
        coerce_input_value(read, INPUT), CriteriaInput, SCHEMA.schema_converter.scalar_registry, SCHEMA.config
    )
    return document_of(given)


@pytest.mark.parametrize(("text", "document"), CANONICAL, ids=[text for text, _ in CANONICAL])
def test_criteria_are_written_back(text: str, document: dict[str, Any]) -> None:
    assert parse(written_back(to_json(parse(document)))) == parse(document), text


@pytest.mark.slow
@given(windows().filter(lambda window: "last" not in window))
@settings(max_examples=tries(100, 1_000), deadline=None)
def test_days_and_instants_are_written_back(window: dict[str, Any]) -> None:
    tree = parse({"event": {"name": "order", "within": window}})
    assert parse(written_back(to_json(tree))) == tree
