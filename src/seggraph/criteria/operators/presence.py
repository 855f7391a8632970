"""Operators for whether a field of any type has a value. Unset, null and absent are alike."""

from typing import Final

from sqlglot import exp

from seggraph.criteria.operators.names import AttributeOp
from seggraph.criteria.operators.operator import Arity, Operator
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.sides import Side
from seggraph.vocabulary import AttributeType


def _is_null(side: Side) -> exp.Expr:
    return exp.Is(this=side.stored(), expression=exp.null())


PRESENCE: Final = (
    Operator(
        op=AttributeOp.IS_SET,
        types=tuple(AttributeType),
        arity=Arity.NONE,
        description="Has a value. An empty text or list is a value.",
        hint="Has a value.",
        wording=verb("is set"),
        keyword="IS SET",
        holds=lambda case: True,
        sql=lambda side, values: exp.Not(this=_is_null(side)),
        any_type=True,
    ),
    Operator(
        op=AttributeOp.IS_NOT_SET,
        types=tuple(AttributeType),
        arity=Arity.NONE,
        description="Has no value.",
        hint="Has no value.",
        wording=verb("is not set"),
        keyword="IS NOT SET",
        holds=lambda case: False,
        sql=lambda side, values: _is_null(side),
        when_unset=True,
        any_type=True,
    ),
)
