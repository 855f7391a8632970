"""Operators that compare by value: equal to, one of, more, less, between. A day stands for the whole of it."""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from seggraph.criteria.operators.names import AttributeOp
from seggraph.criteria.operators.operator import Arity, InSql, Operator
from seggraph.criteria.sentences.phrases import value as said
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.dates import whole_day, within_day
from seggraph.criteria.sql.sides import Side, negated
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

_LISTED: Final = (AttributeType.STRING, AttributeType.NUMBER, AttributeType.DATE)
"""Types that have lists of values. Instants do not: a list of exact microseconds is of no use."""

_EQUAL: Final = (*_LISTED, AttributeType.BOOLEAN, AttributeType.DATETIME)
_ORDERED: Final = (AttributeType.NUMBER, AttributeType.DATE, AttributeType.DATETIME)


def equals_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    """That the field is the value, or lies within the day."""
    day = whole_day(side, values[0])
    return side.operand.compared(exp.EQ, values[0]) if day is None else within_day(side, *day)


def _differs_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    day = whole_day(side, values[0])
    return side.operand.compared(exp.NEQ, values[0]) if day is None else negated(within_day(side, *day))


def after_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    """That the field is more than the value, or from the end of the day on."""
    day = whole_day(side, values[0])
    if day is None:
        return side.operand.compared(exp.GT, values[0])
    return side.operand.compared(exp.GTE, day[1])


def before_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    """That the field is less than the value, or before the start of the day."""
    day = whole_day(side, values[0])
    return side.operand.compared(exp.LT, values[0] if day is None else day[0])


def _at_least_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    day = whole_day(side, values[0])
    return side.operand.compared(exp.GTE, values[0] if day is None else day[0])


def _at_most_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    day = whole_day(side, values[0])
    return side.operand.compared(exp.LTE, values[0]) if day is None else side.operand.compared(exp.LT, day[1])


def _between_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    low, high = values
    if side.type is AttributeType.DATETIME:
        return exp.and_(_at_least_in_sql(side, (low,)), _at_most_in_sql(side, (high,)), copy=False)
    operand = side.operand
    return exp.Between(this=operand.expression(), low=operand.bind(low), high=operand.bind(high))


def _listed_in_sql(comparison: type[exp.Binary], quantifier: Callable[..., exp.Expr]) -> InSql:
    """A comparison with any or all of the values, bound as one array."""

    def sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
        listed = quantifier(this=exp.Paren(this=side.operand.bind_list(values)))
        return comparison(this=side.operand.expression(), expression=listed)

    return sql


def _between_in_words(values: tuple[Value, ...], is_time: bool) -> str:
    low, high = map(said, values)
    return f"is between {low} and {high}"


LISTED: Final = (
    Operator(
        op=AttributeOp.EQ,
        types=_EQUAL,
        arity=Arity.ONE,
        description="Is exactly the value. A day compared with an instant stands for the whole day.",
        hint="Is exactly.",
        wording=verb("is"),
        keyword="=",
        holds=lambda case: case.equals(case.given[0]),
        sql=equals_in_sql,
    ),
    Operator(
        op=AttributeOp.NE,
        types=_EQUAL,
        arity=Arity.ONE,
        description="Is set and is not the value. It is false for an unset field.",
        hint="Is set and is not.",
        wording=verb("is set and is not"),
        keyword="!=",
        holds=lambda case: not case.equals(case.given[0]),
        sql=_differs_in_sql,
    ),
    Operator(
        op=AttributeOp.IN,
        types=_LISTED,
        arity=Arity.MANY,
        description="Is one of the values.",
        hint="Is one of.",
        wording=verb("is"),
        keyword="IN",
        holds=lambda case: any(map(case.equals, case.given)),
        sql=_listed_in_sql(exp.EQ, exp.Any),
    ),
    Operator(
        op=AttributeOp.NOT_IN,
        types=_LISTED,
        arity=Arity.MANY,
        description="Is set and is none of the values. It is false for an unset field.",
        hint="Is set and is none of.",
        wording=verb("is set and is not"),
        keyword="NOT IN",
        holds=lambda case: not any(map(case.equals, case.given)),
        sql=_listed_in_sql(exp.NEQ, exp.All),
    ),
)
"""Operators for whether the field is a value."""

ORDERED: Final = (
    Operator(
        op=AttributeOp.GT,
        types=_ORDERED,
        arity=Arity.ONE,
        description="Is more than the value; of dates and times, later than it.",
        hint="Is more than, or later.",
        wording=verb("is more than", of_time="is after"),
        keyword=">",
        holds=lambda case: case.is_after(case.given[0]),
        sql=after_in_sql,
    ),
    Operator(
        op=AttributeOp.GTE,
        types=_ORDERED,
        arity=Arity.ONE,
        description="Is the value or more; of dates and times, not earlier than it.",
        hint="Is at least, or not earlier.",
        wording=verb("is at least", of_time="is on or after"),
        keyword=">=",
        holds=lambda case: not case.is_before(case.given[0]),
        sql=_at_least_in_sql,
    ),
    Operator(
        op=AttributeOp.LT,
        types=_ORDERED,
        arity=Arity.ONE,
        description="Is less than the value; of dates and times, earlier than it.",
        hint="Is less than, or earlier.",
        wording=verb("is less than", of_time="is before"),
        keyword="<",
        holds=lambda case: case.is_before(case.given[0]),
        sql=before_in_sql,
    ),
    Operator(
        op=AttributeOp.LTE,
        types=_ORDERED,
        arity=Arity.ONE,
        description="Is the value or less; of dates and times, not later than it.",
        hint="Is at most, or not later.",
        wording=verb("is at most", of_time="is on or before"),
        keyword="<=",
        holds=lambda case: not case.is_after(case.given[0]),
        sql=_at_most_in_sql,
    ),
    Operator(
        op=AttributeOp.BETWEEN,
        types=_ORDERED,
        arity=Arity.TWO,
        description="Lies between two values, the lower one first. Both ends are included.",
        hint="Lies between two values, both included.",
        wording=_between_in_words,
        keyword="BETWEEN",
        holds=lambda case: not case.is_before(case.given[0]) and not case.is_after(case.given[1]),
        sql=_between_in_sql,
    ),
)
"""Operators of everything that has an order."""
