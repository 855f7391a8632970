"""An operator that seggraph does not have, added as docs/contributing.md says: a name and an entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlglot import exp

from seggraph.criteria.operators import OPERATORS, Arity, AttributeOp, Operator
from seggraph.criteria.operators.cases import Case
from seggraph.criteria.operators.operator import ValueForm
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.sides import Side
from seggraph.criteria.values import Scalar, Unfit, Value, number
from seggraph.vocabulary import AttributeType

NAME = "MULTIPLE_OF"


def _divisor(_: AttributeType, value: Scalar) -> Decimal:
    given = number(value)
    if given == 0:
        raise Unfit("nothing is a multiple of 0")
    return given


def _holds(case: Case) -> bool:
    return Decimal(str(case.stored)) % Decimal(str(case.given[0])) == 0


def _in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    numeric = exp.Cast(this=side.operand.expression(), to=exp.DataType.build("numeric"))
    rest = exp.Mod(this=numeric, expression=side.parameters.bind(values[0], "numeric"))
    return exp.EQ(this=exp.Paren(this=rest), expression=exp.Literal.number(0))


def _named() -> AttributeOp:
    """The name, as one more line of the enum would make it."""
    op = str.__new__(AttributeOp, NAME)
    op._name_ = op._value_ = NAME
    return op


@contextmanager
def multiple_of() -> Iterator[AttributeOp]:
    """Have the operator while the block runs."""
    op = _named()
    AttributeOp._member_map_[NAME] = AttributeOp._value2member_map_[NAME] = op
    OPERATORS.register(
        Operator(
            op=op,
            types=(AttributeType.NUMBER,),
            arity=Arity.ONE,
            description="Is a whole number of times the value.",
            hint="Is a multiple of.",
            wording=verb("is a multiple of"),
            keyword="MULTIPLE OF",
            holds=_holds,
            sql=_in_sql,
            takes=ValueForm(_divisor),
        )
    )
    try:
        yield op
    finally:
        OPERATORS.remove(op)
        del AttributeOp._member_map_[NAME], AttributeOp._value2member_map_[NAME]
