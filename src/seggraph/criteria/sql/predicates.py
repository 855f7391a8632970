"""Typed tree to one SQL predicate over a member's row, as a sqlglot tree with bound parameters.

The predicate is true for the members that match, and false or NULL for the others: WHERE and FILTER treat these
alike. Negation is pushed down to the conditions, where `IS NOT TRUE` makes it the complement.
"""

from fractions import Fraction
from math import ceil
from typing import Final

from sqlglot import exp

from seggraph.criteria.catalogue import Storage
from seggraph.criteria.nodes import All, AnyOf, Consent, Not, Sample, Tags
from seggraph.criteria.operators import OPERATORS, TAGS
from seggraph.criteria.sql.fields import MEMBERS, side_of
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.sql.sides import Context
from seggraph.criteria.typed import Checked, Comparison
from seggraph.vocabulary import Channel


def is_of_one_row(tree: Checked) -> bool:
    """Whether the row of a member answers the criteria alone, so that `predicate` accepts them."""
    match tree:
        case All(items) | AnyOf(items):
            return all(map(is_of_one_row, items))
        case Not(item):
            return is_of_one_row(item)
    return isinstance(tree, Comparison | Tags | Consent | Sample)


def predicate(tree: Checked, context: Context) -> exp.Expr:
    """The condition on `m`, true for the members that match, false or NULL for all others.

    Several predicates may share one `Parameters`, and so one statement.
    """
    return _tree(tree, context, negated=False)


def _tree(tree: Checked, context: Context, *, negated: bool) -> exp.Expr:
    match tree:
        case Not(item):
            return _tree(item, context, negated=not negated)
        case All(items):
            return _group(items, context, negated=negated, conjunction=not negated)
        case AnyOf(items):
            return _group(items, context, negated=negated, conjunction=negated)
        case Tags(op, values):
            given = context.parameters.bind(values, "text[]")
            found = TAGS[op].sql(exp.column("tags", MEMBERS), given)
            return exp.Not(this=exp.Paren(this=found)) if negated else found
        case Consent(channel, state):
            column = exp.column(_CONSENT_COLUMNS[channel], MEMBERS)
            wanted = context.parameters.bind(int(state), "smallint")
            return (exp.NEQ if negated else exp.EQ)(this=column, expression=wanted)
        case Comparison():
            condition = comparison(tree, context)
            return _is_not_true(condition) if negated else condition
        case Sample():
            found = _sample(tree, context.parameters)
            return exp.Not(this=exp.Paren(this=found)) if negated else found
    raise TypeError(f"{type(tree).__name__} is not a condition on one row of members")


def _group(items: tuple[Checked, ...], context: Context, *, negated: bool, conjunction: bool) -> exp.Expr:
    """Join the items with AND or OR, cheap ones first, for the server evaluates them in this order."""
    if not items:
        return exp.Boolean(this=conjunction)
    ordered = sorted(items, key=_cost)
    parts = [_tree(item, context, negated=negated) for item in ordered]
    return exp.and_(*parts, copy=False) if conjunction else exp.or_(*parts, copy=False)


def _is_not_true(condition: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=exp.Paren(this=condition), expression=exp.true()))


_CONSENT_COLUMNS: Final = {channel: f"consent_{channel.name.lower()}" for channel in Channel}
_COSTS: Final = {Storage.JSON: 2, Storage.ADDRESS: 8, Storage.ADDRESS_PART: 8}


def _cost(tree: Checked) -> int:
    """The cost of a condition for one member, in reads of a column."""
    match tree:
        case Comparison(field, op):
            return _COSTS.get(field.storage, 0) + OPERATORS[op].cost
        case Tags():
            return 1
        case All(items) | AnyOf(items):
            return max(map(_cost, items), default=0)
        case Not(item):
            return _cost(item)
        case Sample():
            return 6
    return 0


def comparison(test: Comparison, context: Context) -> exp.Expr:
    """A condition on a field: true, false, or NULL when the field is unset."""
    return OPERATORS[test.op].sql(side_of(test, context), test.values)


_BUCKETS: Final = 2**32


def _sample(sample: Sample, parameters: Parameters) -> exp.Expr:
    """The first 32 bits of the MD5 of `seed:externalId` are a number below percent / 100 of all there are.

    They are compared as hexadecimal text, byte by byte: what is longer sorts after what it begins with.
    """
    limit = ceil(Fraction(sample.percent) / 100 * _BUCKETS)
    if limit in (0, _BUCKETS):
        return exp.Boolean(this=limit > 0)
    seed = parameters.bind(f"{sample.seed or ''}:", "text")
    name = exp.DPipe(this=seed, expression=exp.column("external_id", MEMBERS))
    bucket = exp.Collate(
        this=exp.Anonymous(this="MD5", expressions=[name]), expression=exp.to_identifier("C", quoted=True)
    )
    return exp.LT(this=bucket, expression=parameters.bind(f"{limit:08x}", "text"))
