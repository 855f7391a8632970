"""What clients read of criteria can be written back as it is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql.utilities import coerce_input_value
from hypothesis import example, given, settings
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


def meaning(document: Any) -> Any:
    """A document in which equal instants are equal: GraphQL has them in UTC."""
    if isinstance(document, list):
        return [meaning(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: datetime.fromisoformat(value) if key in ("from", "to") else meaning(value)
        for key, value in document.items()
    }


@pytest.mark.parametrize(("text", "document"), CANONICAL, ids=[text for text, _ in CANONICAL])
def test_criteria_are_written_back(text: str, document: dict[str, Any]) -> None:
    read = to_json(parse(document))

    assert meaning(to_json(parse(written_back(read)))) == meaning(read), text


def in_range(window: dict[str, Any]) -> bool:
    """Whether the times of a window are in the years 1 to 9999 in UTC too; others are refused."""
    try:
        return all(datetime.fromisoformat(text).astimezone(UTC) for text in window.values() if ":" in text)
    except OverflowError:
        return False


@pytest.mark.slow
@given(windows().filter(lambda window: "last" not in window and in_range(window)))
@example({"from": "0001-01-01T00:00:00+00:00"})
@settings(max_examples=tries(100, 1_000), deadline=None)
def test_days_and_instants_are_written_back(window: dict[str, Any]) -> None:
    read = to_json(parse({"event": {"name": "order", "within": window}}))

    assert meaning(to_json(parse(written_back(read)))) == meaning(read)
