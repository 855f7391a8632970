"""One comparison in plain English."""

from seggraph.criteria.operators import OPERATORS
from seggraph.criteria.typed import Comparison
from seggraph.vocabulary import AttributeType


def comparison(test: Comparison, label: str) -> str:
    """The condition with the label as its subject, such as `Country is "US"`."""
    is_time = test.field.type in (AttributeType.DATE, AttributeType.DATETIME)
    return f"{label} {OPERATORS[test.op].wording(test.values, is_time)}"
