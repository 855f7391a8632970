"""The closed sets of the language, and the table that says everything about each operator.

`OPERATORS` is the table. docs/contributing.md shows how an operator is added.
"""

from typing import Final

from seggraph.criteria.operators.aggregates import AGGREGATES, Aggregate
from seggraph.criteria.operators.comparing import LISTED, ORDERED
from seggraph.criteria.operators.dates import DATES
from seggraph.criteria.operators.lists import LISTS, TAGS
from seggraph.criteria.operators.names import AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.criteria.operators.operator import Arity, Operator, Operators
from seggraph.criteria.operators.presence import PRESENCE
from seggraph.criteria.operators.texts import TEXTS

OPERATORS: Final = Operators((*LISTED, *ORDERED, *TEXTS, *DATES, *LISTS, *PRESENCE))
"""All operators of fields, in the order in which a field offers them."""

SEGMENT_OPERATORS: Final[dict[InOp, str]] = {
    InOp.IN: "The member is in the segment.",
    InOp.NOT_IN: "The member is not in the segment.",
}
"""What each operator of segments means."""

__all__ = [
    "AGGREGATES",
    "OPERATORS",
    "SEGMENT_OPERATORS",
    "TAGS",
    "Aggregate",
    "Arity",
    "AttributeOp",
    "CompareOp",
    "EventAggregate",
    "InOp",
    "Operator",
    "Operators",
    "SetOp",
]
