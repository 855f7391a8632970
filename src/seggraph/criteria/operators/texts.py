"""Operators that search a text for another text. They ignore case."""

from typing import Final

from sqlglot import exp

from seggraph.criteria.operators.cases import Case
from seggraph.criteria.operators.names import AttributeOp
from seggraph.criteria.operators.operator import Arity, Operator
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.sides import Side
from seggraph.criteria.sql.texts import folded
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

_TEXTS: Final = (AttributeType.STRING,)
_COST: Final = 1
"""Searching a text costs about as much as reading one more column."""


def fold(text: str) -> str:
    """Lower case, character by character; one sigma for all three."""
    return "".join("σ" if c in "Σσς" else c.lower()[0] for c in text)


def _folded(case: Case) -> tuple[str, str]:
    """The stored text and the needle, in lower case."""
    return fold(str(case.stored)), fold(str(case.given[0]))


def _contains(case: Case) -> bool:
    text, needle = _folded(case)
    return needle in text


def _starts_with(case: Case) -> bool:
    text, needle = _folded(case)
    return text.startswith(needle)


def _ends_with(case: Case) -> bool:
    text, needle = _folded(case)
    return text.endswith(needle)


def _position(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    text, needle = folded(side, values)
    return exp.StrPosition(this=text, substr=needle())


def _contains_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    return exp.GT(this=_position(side, values), expression=exp.Literal.number(0))


def _not_contains_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    return exp.EQ(this=_position(side, values), expression=exp.Literal.number(0))


def _starts_with_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    text, needle = folded(side, values)
    return exp.StartsWith(this=text, expression=needle())


def _ends_with_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    text, needle = folded(side, values)
    end = exp.Right(this=text, expression=exp.Length(this=needle()))
    return exp.EQ(this=end, expression=needle())


TEXTS: Final = (
    Operator(
        op=AttributeOp.CONTAINS,
        types=_TEXTS,
        arity=Arity.ONE,
        description="Contains the text, in upper or lower case.",
        hint="Contains a text, whatever the case.",
        wording=verb("contains"),
        keyword="CONTAINS",
        holds=_contains,
        sql=_contains_in_sql,
        cost=_COST,
    ),
    Operator(
        op=AttributeOp.NOT_CONTAINS,
        types=_TEXTS,
        arity=Arity.ONE,
        description="Is set and does not contain the text, in upper or lower case.",
        hint="Is set and does not contain a text, whatever the case.",
        wording=verb("is set and does not contain"),
        keyword="NOT CONTAINS",
        holds=lambda case: not _contains(case),
        sql=_not_contains_in_sql,
        cost=_COST,
    ),
    Operator(
        op=AttributeOp.STARTS_WITH,
        types=_TEXTS,
        arity=Arity.ONE,
        description="Starts with the text, in upper or lower case.",
        hint="Starts with a text, whatever the case.",
        wording=verb("starts with"),
        keyword="STARTS WITH",
        holds=_starts_with,
        sql=_starts_with_in_sql,
        cost=_COST,
    ),
    Operator(
        op=AttributeOp.ENDS_WITH,
        types=_TEXTS,
        arity=Arity.ONE,
        description="Ends with the text, in upper or lower case.",
        hint="Ends with a text, whatever the case.",
        wording=verb("ends with"),
        keyword="ENDS WITH",
        holds=_ends_with,
        sql=_ends_with_in_sql,
        cost=_COST,
    ),
)
