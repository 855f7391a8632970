"""Completion: what may stand at a place in a text. The parser itself says it, so that both always agree.

First `spot_at` says what is looked for there; then, with names and values fetched for it by the caller, `complete`
makes the list.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from seggraph.criteria.catalogue import Catalogue, Field
from seggraph.criteria.operators import AGGREGATES, OPERATORS
from seggraph.criteria.text.expectations import (
    Expectation,
    ExpectedOperator,
    FieldName,
    NameScope,
    Opening,
    Something,
    Sort,
    ValueOf,
    Words,
)
from seggraph.criteria.text.keywords import field_name
from seggraph.criteria.text.names import catalogue_at
from seggraph.criteria.text.parser import Parser
from seggraph.criteria.text.token_stream import TokenStream
from seggraph.criteria.text.tokens import DOUBLE, MAX_CHARACTERS, Token, TokenKind, quoted, tokens
from seggraph.errors import SeggraphError
from seggraph.vocabulary import AttributeType
from seggraph.vocabulary.described import DescribedStrEnum

MAX_COMPLETIONS: Final = 100
"""Most completions for one place."""


class CompletionKind(DescribedStrEnum):
    """What a completion of criteria text is."""

    FIELD = "FIELD", "The name of a field."
    OPERATOR = "OPERATOR", "An operator, such as IN."
    KEYWORD = "KEYWORD", "A keyword, such as AND."
    VALUE = "VALUE", "A value of a field."
    SEGMENT = "SEGMENT", "The name of a segment."
    EVENT = "EVENT", "The name of an event."
    RELATION = "RELATION", "The name of a relation to other members."


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that may stand at a place. It replaces the characters from `start` until before `end`."""

    kind: CompletionKind
    text: str
    start: int
    end: int
    description: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a text: what the parser expects there, and what is typed already.

    `typed` has no quotes, `quote` is the quote that is open. A completion replaces `start` until before `end`.
    """

    expectations: tuple[Expectation, ...]
    typed: str
    quote: str
    start: int
    end: int

    def expectation_of(self, sort: Sort) -> Something | None:
        """The expectation of a sort, or None."""
        found = (
            expectation
            for expectation in self.expectations
            if isinstance(expectation, Something) and expectation.sort is sort
        )
        return next(found, None)

    @property
    def value_of(self) -> ValueOf | None:
        """The field whose value is expected here, or None."""
        return next(
            (expectation for expectation in self.expectations if isinstance(expectation, ValueOf)), None
        )


_TYPED: Final = (TokenKind.WORD, TokenKind.NUMBER, TokenKind.OPEN, TokenKind.MOMENT)


def spot_at(text: str, cursor: int) -> Spot | None:
    """What the parser expects at an offset, in characters. None if there is a mistake further left.

    What stands right of the cursor plays no part, but for the rest of the word that the cursor is in.
    """
    if len(text) > MAX_CHARACTERS or not 0 <= cursor <= len(text):
        return None
    read = list(tokens(text[:cursor]))
    end = read.pop()
    last = read[-1] if read else end
    is_typed = last.kind in _TYPED and last.end == cursor
    typed = read.pop() if is_typed else end
    looking = TokenStream(text[:cursor], [*read, Token(TokenKind.END, "", typed.start)])
    try:
        Parser(looking, lambda name, relations: (1,)).whole()
    except SeggraphError:
        if looking.next.kind is not TokenKind.END:
            return None
    return Spot(
        looking.expectations,
        typed.content,
        typed.text[:1] if typed.kind is TokenKind.OPEN else "",
        typed.start,
        _word_end(text, cursor, typed),
    )


def _word_end(text: str, cursor: int, typed: Token) -> int:
    if typed.kind in (TokenKind.WORD, TokenKind.NUMBER, TokenKind.MOMENT):
        while cursor < len(text) and (text[cursor].isalnum() or text[cursor] == "_"):
            cursor += 1
    return cursor


def complete(
    spot: Spot,
    catalogue: Catalogue,
    *,
    values: Iterable[tuple[CompletionKind, str, str]] = (),
) -> list[Completion]:
    """The completions of a place, in the order in which they are offered: values, fields, operators, words.

    `values` are texts that could stand there in single quotes, each with its kind and description.
    """
    offered = [
        *((kind, quoted(text), text, words) for kind, text, words in values),
        *(one for expectation in spot.expectations for one in _offers(expectation, catalogue)),
    ]
    found: dict[str, Completion] = {}
    for kind, text, name, words in offered:
        if _fits(spot, kind, text, name):
            found.setdefault(text, Completion(kind, text, spot.start, spot.end, words))
    ranks = list(_RANKS)
    return sorted(found.values(), key=lambda one: ranks.index(one.kind))[:MAX_COMPLETIONS]


_RANKS: Final = (
    CompletionKind.VALUE,
    CompletionKind.SEGMENT,
    CompletionKind.EVENT,
    CompletionKind.RELATION,
    CompletionKind.FIELD,
    CompletionKind.OPERATOR,
    CompletionKind.KEYWORD,
)
_Offer = tuple[CompletionKind, str, str, str]
"""Kind, text to insert, the text that what was typed has to begin, description."""


def _fits(spot: Spot, kind: CompletionKind, text: str, name: str) -> bool:
    """Whether an offer begins with what was typed. Within double quotes only fields are offered."""
    right = kind is CompletionKind.FIELD if spot.quote == DOUBLE else text.startswith(spot.quote)
    return right and name.casefold().startswith(spot.typed.casefold())


def _offers(expectation: Expectation, catalogue: Catalogue) -> Iterator[_Offer]:
    match expectation:
        case FieldName(scope):
            found = catalogue_at(catalogue, scope)
            for field in found.fields if found else ():
                yield CompletionKind.FIELD, field_name(field.name), field.name, _about(field)
        case ExpectedOperator(scope, name, op, text):
            asked = _field(catalogue, scope, name)
            if asked is None or op in asked.operators:
                yield CompletionKind.OPERATOR, text, text, OPERATORS[op].hint
        case ValueOf(scope, name):
            yield from _values_of(_field(catalogue, scope, name))
        case Words(text) | Opening(text):
            yield CompletionKind.KEYWORD, text, text, _WORDS.get(text, "")
        case Something():
            pass


def _field(catalogue: Catalogue, scope: NameScope, name: str) -> Field | None:
    found = catalogue_at(catalogue, scope)
    return None if found is None else found.find(name)


def _about(field: Field) -> str:
    return f"{field.label}, {field.type}. {field.description}".rstrip()


def _values_of(field: Field | None) -> Iterator[_Offer]:
    if field is None:
        return
    if field.type is AttributeType.BOOLEAN:
        yield CompletionKind.VALUE, "TRUE", "TRUE", "Yes."
        yield CompletionKind.VALUE, "FALSE", "FALSE", "No."
    elif field.type is not AttributeType.STRING and field.type is not AttributeType.STRING_LIST:
        example = str(field.example)
        yield CompletionKind.VALUE, example, example, "An example."


_WORDS: Final = {
    **{f"{name}(": aggregate.hint for name, aggregate in AGGREGATES.items()},
    "AND": "Both hold. Binds closer than OR.",
    "OR": "At least one holds.",
    "NOT": "It does not hold. Binds closer than AND.",
    "(": "Groups conditions.",
    "ALL(": "Every condition of a list holds; an empty list holds for everyone.",
    "ANY(": "At least one condition of a list holds; an empty list holds for no one.",
    "TAGS": "The member's tags.",
    "CONSENT(": "What the member said about a channel.",
    "IN SEGMENT": "Is a member of another segment.",
    "SAMPLE": "A share of all members, always the same ones.",
    "SEQUENCE(": "Events in this order.",
    "EVENT": "Something that members did.",
    "RELATED": "Members that are related to this one.",
    "WHERE": "Only those with these properties.",
    "IN LAST": "Only in that time up to now.",
    "FROM": "Only from a day or an instant on.",
    "TO": "Only before a day or an instant.",
    "WITHIN": "From the first to the last step.",
    "SEED": "Another seed draws other members.",
}
