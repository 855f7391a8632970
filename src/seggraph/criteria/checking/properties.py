"""Properties of events as fields. They are not declared: the operator and the value of a condition give the type.

A property that is stored as another type counts as unset.
"""

from typing import Final

from seggraph.criteria.catalogue import Field, Group, Storage
from seggraph.criteria.nodes import Attribute
from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.criteria.values import Scalar, Unfit, instant_or_day
from seggraph.vocabulary import AttributeType

_TIMES: Final = {AttributeType.DATE, AttributeType.DATETIME}


def property_field(test: Attribute) -> Field:
    """The property of a condition as a field, with the type that the operator and the value give."""
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
    types = set(OPERATORS[op].types)
    if types <= _TIMES:
        return AttributeType.DATETIME
    if types == {AttributeType.STRING_LIST}:
        return AttributeType.STRING_LIST
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if not isinstance(value, str):
        return AttributeType.NUMBER
    if AttributeType.STRING in types:
        return AttributeType.STRING
    return AttributeType.DATETIME if types & _TIMES and _is_time(value) else AttributeType.NUMBER


def _is_time(text: str) -> bool:
    try:
        instant_or_day(text)
    except Unfit:
        return text[4:5] == "-"
    return True
