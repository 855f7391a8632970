"""What answers mean, and when to come back."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from seggraph.destinations.calls import after_seconds
from seggraph.destinations.templates import compile
from seggraph.errors import SeggraphError


def test_retry_after_is_honoured_and_bounded() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)

    assert after_seconds({"retry-after": "7"}) == 7
    assert after_seconds({"retry-after": "999999999"}) == 3_600
    assert after_seconds({"retry-after": "-5"}) == 0
    assert 90 < (after_seconds({"retry-after": format_datetime(later, usegmt=True)}) or 0) <= 100
    assert [after_seconds({"retry-after": text}) for text in ("", "soon", "nan", "Mon, 99 Foo")] == [None] * 4
    assert after_seconds({}) is None


def test_a_template_is_filled_with_the_fields_that_it_names() -> None:
    template = compile(
        {"to": "$email", "list": ["$attributes.plan", 1], "price": "$$5", "text": "a $email"}, {"plan"}
    )
    values = {"email": "a@example.com", "attributes.plan": None}

    assert template.reads == {"email", "attributes.plan"}
    assert template.fill(values.__getitem__) == {
        "to": "a@example.com",
        "list": [None, 1],
        "price": "$5",
        "text": "a $email",
    }


@pytest.mark.parametrize(
    "text", ["$", "$ email", "$email.__class__", "$attributes", "$attributes.", "$id", "$ordinal"]
)
def test_a_template_reads_nothing_else(text: str) -> None:
    with pytest.raises(SeggraphError) as error:
        compile({"a": [{"b": text}]}, {"plan"})
    assert error.value.path == ("mapping", "a", 0, "b")
