"""Operators of lists of texts, and the same ones of a member's tags, which are a set that is never unset."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from seggraph.criteria.operators.names import AttributeOp, SetOp
from seggraph.criteria.operators.operator import Arity, InSql, Operator
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.sides import Side, negated
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

_LISTS: Final = (AttributeType.STRING_LIST,)


def _keys_in_sql(comparison: type[exp.Binary]) -> InSql:
    """A comparison of a JSON array with an array of texts."""

    def sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
        given = side.parameters.bind(values, "text[]")
        return comparison(this=side.as_json(), expression=given)

    return sql


_any_in_sql = _keys_in_sql(exp.JSONBContainsAnyTopKeys)

LISTS: Final = (
    Operator(
        op=AttributeOp.HAS_ANY,
        types=_LISTS,
        arity=Arity.MANY,
        description="Holds at least one of the given texts.",
        hint="Has at least one of.",
        wording=verb("has any of"),
        keyword="HAS ANY",
        holds=lambda case: bool(case.given_texts & case.texts),
        sql=_any_in_sql,
    ),
    Operator(
        op=AttributeOp.HAS_ALL,
        types=_LISTS,
        arity=Arity.MANY,
        description="Holds every one of the given texts.",
        hint="Has all of.",
        wording=verb("has all of", link="and"),
        keyword="HAS ALL",
        holds=lambda case: case.given_texts <= case.texts,
        sql=_keys_in_sql(exp.JSONBContainsAllTopKeys),
    ),
    Operator(
        op=AttributeOp.HAS_NONE,
        types=_LISTS,
        arity=Arity.MANY,
        description="Is set and holds none of the given texts.",
        hint="Has none of.",
        wording=verb("is set and has none of"),
        keyword="HAS NONE",
        holds=lambda case: not case.given_texts & case.texts,
        sql=lambda side, values: negated(_any_in_sql(side, values)),
    ),
)


@dataclass(frozen=True, slots=True)
class TagsOperator:
    """An operator of a member's tags; its text form is that of the operator of lists with the same name.

    `wording` stands in sentences after "the member", `link` before the last tag. `holds` takes the tags of a member
    and the given tags, `sql` the column of tags and an array.
    """

    description: str
    wording: str
    link: str
    holds: Callable[[frozenset[str], frozenset[str]], bool]
    sql: Callable[[exp.Expr, exp.Expr], exp.Expr]


TAGS: Final[dict[SetOp, TagsOperator]] = {
    SetOp.HAS_ANY: TagsOperator(
        description="The member has at least one of the given tags.",
        wording="has any of the tags",
        link="or",
        holds=lambda stored, given: bool(given & stored),
        sql=lambda stored, given: exp.ArrayOverlaps(this=stored, expression=given),
    ),
    SetOp.HAS_ALL: TagsOperator(
        description="The member has every one of the given tags.",
        wording="has all of the tags",
        link="and",
        holds=lambda stored, given: given <= stored,
        sql=lambda stored, given: exp.ArrayContainsAll(this=stored, expression=given),
    ),
    SetOp.HAS_NONE: TagsOperator(
        description="The member has none of the given tags. A member without tags satisfies it.",
        wording="has none of the tags",
        link="or",
        holds=lambda stored, given: not given & stored,
        sql=lambda stored, given: negated(exp.ArrayOverlaps(this=stored, expression=given)),
    ),
}
"""The operators of tags."""
