"""What a parser expects at a token. Errors list the expectations, and completion offers them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final, TypeAlias

from seggraph.criteria.operators import AttributeOp

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class NameScope:
    """What a name is looked up in: the fields of the kind, or those of the kind that `relations` lead to, one after
    the other; or the properties of an `event`."""

    relations: tuple[str, ...] = ()
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A keyword, a sign, or the rest of a phrase of keywords."""

    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A keyword that begins a condition."""

    text: str


@dataclass(frozen=True, slots=True)
class FieldName:
    """The name of a field, or of a property of an event."""

    scope: NameScope
    text: str = "a field"


@dataclass(frozen=True, slots=True)
class ExpectedOperator:
    """An operator of a field, or the keywords of it that are still missing."""

    scope: NameScope
    field: str
    op: AttributeOp
    text: str


@dataclass(frozen=True, slots=True)
class ValueOf:
    """A value that a field is compared with."""

    scope: NameScope
    field: str
    text: str = "a value"


class Sort(Enum):
    """What is neither a keyword nor a field."""

    VALUE = "a value"
    TEXT = "a text in single quotes"
    TAG = "a tag in single quotes"
    EVENT = "the name of an event in single quotes"
    RELATION = "the name of a relation in single quotes"
    SEGMENT = "the name of a segment in single quotes"
    NUMBER = "a number"
    WHOLE_NUMBER = "a whole number"
    LENGTH = "a length of time like 30 DAYS"
    MOMENT = "a date like 2026-01-31"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Something:
    """Something of a sort, such as the name of a segment."""

    sort: Sort
    scope: NameScope = NameScope()

    @property
    def text(self) -> str:
        """The sort in words."""
        return self.sort.value


Expectation: TypeAlias = Words | Opening | FieldName | ExpectedOperator | ValueOf | Something
IN_QUOTES: Final = (Sort.VALUE, Sort.TEXT, Sort.TAG, Sort.EVENT, Sort.RELATION, Sort.SEGMENT)
"""The sorts that stand in single quotes."""

ANY_OPERATOR: Final = "an operator like =, IN, CONTAINS or IS SET"
ANY_CONDITION: Final = "a condition like TAGS HAS ANY, CONSENT(EMAIL) or COUNT(EVENT)"


def expected(expectations: Iterable[Expectation]) -> tuple[str, ...]:
    """The expectations in words, each once. More than ten operators, and all conditions, are summed up."""
    texts: list[str] = []
    expectations = tuple(expectations)
    many_operators = sum(isinstance(expectation, ExpectedOperator) for expectation in expectations) > _SHOWN
    for expectation in expectations:
        match expectation:
            case Opening():
                texts.append(ANY_CONDITION)
            case ExpectedOperator() if many_operators:
                texts.append(ANY_OPERATOR)
            case _:
                texts.append(expectation.text)
    return tuple(dict.fromkeys(texts))


def listed(words: tuple[str, ...]) -> str:
    """The words as `a, b or c`, cut short after ten."""
    if len(words) > _SHOWN:
        return ", ".join(words[:_SHOWN]) + " …"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def closest(word: str, expectations: Iterable[Expectation]) -> str | None:
    """The expected keyword that is most similar to a wrong word, or None."""
    words = {
        expectation.text.split()[0]
        for expectation in expectations
        if isinstance(expectation, Words | Opening | ExpectedOperator)
    }
    found = get_close_matches(word[:64].upper(), sorted(words), n=1)
    return found[0] if found else None
