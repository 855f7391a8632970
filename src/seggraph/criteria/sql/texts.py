"""Text compared without regard to case in SQL: simple Unicode lower-casing, with `%`, `_` and `\\` plain.

Simple lower-casing maps each character by itself (Unicode's UnicodeData.txt). Two characters would still come
out differently by provider: `İ` (one or two characters) and `Σ` at the end of a word. Both are mapped first. All three
sigmas are mapped to one, because nobody who ignores case sees a difference between them.
"""

from collections.abc import Callable

from sqlglot import exp

from seggraph.criteria.sql.sides import Folding, Side
from seggraph.criteria.values import Value

_SIGMAS = frozenset("Σσς")
_LETTERS_I = frozenset("İiI")


def folded(side: Side, values: tuple[Value, ...]) -> tuple[exp.Expr, Callable[[], exp.Expr]]:
    """The field in lower case, and a maker of the needle in lower case."""
    needle = str(values[0])
    folding = side.context.folding
    differing = _SIGMAS if folding.maps_each_character else _SIGMAS | _LETTERS_I
    maps = not differing.isdisjoint(needle)
    text = _folded(side.operand.expression(), folding, maps)
    return text, lambda: _folded(side.operand.bind(needle), folding, maps)


def _folded(text: exp.Expr, folding: Folding, maps: bool) -> exp.Expr:
    if maps:
        parts = (text, exp.Literal.string("İΣς"), exp.Literal.string("iσσ"))
        text = exp.Anonymous(this="TRANSLATE", expressions=list(parts))
    collation = exp.to_identifier(folding.collation, quoted=True)
    return exp.Lower(this=exp.Collate(this=text, expression=collation))
