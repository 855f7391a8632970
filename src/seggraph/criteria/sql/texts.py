"""CONTAINS and its like in SQL: case ignored by simple Unicode lower-casing, `%`, `_` and `\\` plain.

Simple lower-casing maps each character by itself (Unicode's UnicodeData.txt). Two characters would still come
out differently by provider: `İ` (one or two characters) and `Σ` at the end of a word; both are mapped first, and
so are all three sigmas to one, whose difference no one who ignores case would see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.sql.operands import operand
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.typed import Comparison


@dataclass(frozen=True, slots=True)
class Folding:
    """With which collation of the server text is lower-cased.

    `maps_each_character` says that it is known to lower-case by simple mapping, as PostgreSQL's builtin
    `pg_c_utf8` does; otherwise the characters that differ are mapped first.
    """

    collation: str
    maps_each_character: bool = False


_SIGMAS = frozenset("Σσς")
_LETTERS_I = frozenset("İiI")


def matching(test: Comparison, parameters: Parameters, folding: Folding) -> exp.Expr:
    """A field of text that contains, starts with or ends with a text; NULL when it is unset."""
    side = operand(test.field, test.values, parameters)
    needle = str(test.values[0])
    differing = _SIGMAS if folding.maps_each_character else _SIGMAS | _LETTERS_I
    maps = not differing.isdisjoint(needle)

    def fold(text: exp.Expr) -> exp.Expr:
        if maps:
            parts = (text, exp.Literal.string("İΣς"), exp.Literal.string("iσσ"))
            text = exp.Anonymous(this="TRANSLATE", expressions=list(parts))
        collation = exp.to_identifier(folding.collation, quoted=True)
        return exp.Lower(this=exp.Collate(this=text, expression=collation))

    return MATCHING[test.op](fold(side.expression()), lambda: fold(side.bind(needle)))


_Needle = Callable[[], exp.Expr]


def _contains(text: exp.Expr, needle: _Needle) -> exp.Expr:
    return exp.GT(this=exp.StrPosition(this=text, substr=needle()), expression=exp.Literal.number(0))


def _not_contains(text: exp.Expr, needle: _Needle) -> exp.Expr:
    return exp.EQ(this=exp.StrPosition(this=text, substr=needle()), expression=exp.Literal.number(0))


def _starts_with(text: exp.Expr, needle: _Needle) -> exp.Expr:
    return exp.StartsWith(this=text, expression=needle())


def _ends_with(text: exp.Expr, needle: _Needle) -> exp.Expr:
    end = exp.Right(this=text, expression=exp.Length(this=needle()))
    return exp.EQ(this=end, expression=needle())


MATCHING: Final[dict[AttributeOp, Callable[[exp.Expr, _Needle], exp.Expr]]] = {
    AttributeOp.CONTAINS: _contains,
    AttributeOp.NOT_CONTAINS: _not_contains,
    AttributeOp.STARTS_WITH: _starts_with,
    AttributeOp.ENDS_WITH: _ends_with,
}
"""The operators that ignore case."""
