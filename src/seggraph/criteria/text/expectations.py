"""What could stand at a place: noted by the grammar as it looks, shown in errors, offered as completions."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final, TypeAlias

from seggraph.criteria.operators import AttributeOp

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose fields are meant: those of the kind, or, by `relations` from one to the next, of the members that these
    lead to; or the properties of an `event`."""

    relations: tuple[str, ...] = ()
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A word of the language, a sign, or the rest of a phrase of several words."""

    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A word that begins a condition."""

    text: str


@dataclass(frozen=True, slots=True)
class FieldName:
    """The name of a field, or of a property of an event."""

    scope: Scope
    text: str = "a field"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of a field, or what is left to say of it."""

    scope: Scope
    field: str
    op: AttributeOp
    text: str


@dataclass(frozen=True, slots=True)
class ValueOf:
    """A value that a field is compared with."""

    scope: Scope
    field: str
    text: str = "a value"


class Sort(Enum):
    """Things that are no word of the language and no field."""

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
    """A thing of a sort."""

    sort: Sort
    scope: Scope = Scope()

    @property
    def text(self) -> str:
        """The sort in words."""
        return self.sort.value


Want: TypeAlias = Words | Opening | FieldName | Operator | ValueOf | Something
IN_QUOTES: Final = (Sort.VALUE, Sort.TEXT, Sort.TAG, Sort.EVENT, Sort.RELATION, Sort.SEGMENT)
"""The sorts that stand in single quotes."""

ANY_OPERATOR: Final = "an operator like =, IN, CONTAINS or IS SET"
ANY_CONDITION: Final = "a condition like TAGS HAS ANY, CONSENT(EMAIL) or COUNT(EVENT)"


def expected(wants: Iterable[Want]) -> tuple[str, ...]:
    """What could have stood there, for people: each once, the many operators and conditions as one."""
    texts: list[str] = []
    wants = tuple(wants)
    many_operators = sum(isinstance(want, Operator) for want in wants) > _SHOWN
    for want in wants:
        match want:
            case Opening():
                texts.append(ANY_CONDITION)
            case Operator() if many_operators:
                texts.append(ANY_OPERATOR)
            case _:
                texts.append(want.text)
    return tuple(dict.fromkeys(texts))


def listed(words: tuple[str, ...]) -> str:
    """`a, b or c`, cut short where there are many."""
    if len(words) > _SHOWN:
        return ", ".join(words[:_SHOWN]) + " …"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def closest(word: str, wants: Iterable[Want]) -> str | None:
    """The expected word that is most like a wrong one, if any is."""
    words = {want.text.split()[0] for want in wants if isinstance(want, Words | Opening | Operator)}
    found = get_close_matches(word[:64].upper(), sorted(words), n=1)
    return found[0] if found else None
