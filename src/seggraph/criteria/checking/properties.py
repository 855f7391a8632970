"""Properties of events as fields: nobody declares them, so their type is that of the value they are compared with.

A property that is stored as another type is as if it were not set.
"""

from typing import Final

from seggraph.criteria.catalogue import Field, Group, Storage
from seggraph.criteria.nodes import Attribute, Scalar
from seggraph.criteria.operators import OPERATORS, WINDOWS, AttributeOp
from seggraph.criteria.values import Unfit, instant_or_day
from seggraph.vocabulary import AttributeType

_TIMES: Final = frozenset(
    {AttributeOp.BEFORE, AttributeOp.AFTER, AttributeOp.ON, AttributeOp.ANNIVERSARY_WITHIN, *WINDOWS}
)
_LISTS: Final = frozenset(OPERATORS[AttributeType.STRING_LIST]) - {AttributeOp.IS_SET, AttributeOp.IS_NOT_SET}
_ORDER: Final = frozenset(
    {AttributeOp.GT, AttributeOp.GTE, AttributeOp.LT, AttributeOp.LTE, AttributeOp.BETWEEN}
)


def property_field(test: Attribute) -> Field:
    """The property that a condition asks about, with the type its operator and value give it."""
    return Field(
        name=test.field,
        type=_type(test.op, test.values[0] if test.values else ""),
        storage=Storage.PROPERTY,
        key=test.field,
        label=test.field,
        description="A property of the events.",
        group=Group.CUSTOM,
        example="",
    )


def _type(op: AttributeOp, value: Scalar) -> AttributeType:
    if op in _TIMES:
        return AttributeType.DATETIME
    if op in _LISTS:
        return AttributeType.STRING_LIST
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if not isinstance(value, str) or (op in _ORDER and not _is_time(value)):
        return AttributeType.NUMBER
    return AttributeType.DATETIME if op in _ORDER else AttributeType.STRING


def _is_time(text: str) -> bool:
    try:
        instant_or_day(text)
    except Unfit:
        return text[4:5] == "-"
    return True
