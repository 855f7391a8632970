"""A place in a row of tokens, and all that was looked for there: what the grammar reads with."""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TypeVar

from seggraph.criteria.text.expectations import (
    IN_QUOTES,
    FieldName,
    Something,
    ValueOf,
    Want,
    Words,
    closest,
    expected,
    listed,
)
from seggraph.criteria.text.tokens import DOUBLE, Kind, Token, line_and_column, quoted
from seggraph.errors import CriteriaError, CriteriaSyntaxError, Path

_SHOWN = 40
_CURLY: Final = "‘’‚‛“”„‟`´«»"
K = TypeVar("K")


class Cursor:
    """Reads tokens one by one and remembers what would have fitted at the present one."""

    def __init__(self, text: str, tokens: list[Token], path: Path = ()) -> None:
        """`path` is the path of every error."""
        self._text = text
        self._path = path
        self._tokens = tokens
        self._at = 0
        self._wants: dict[Want, None] = {}

    @property
    def next(self) -> Token:
        """The token that is to be read."""
        return self._tokens[self._at]

    @property
    def wants(self) -> tuple[Want, ...]:
        """What would have fitted here."""
        return tuple(self._wants)

    def want(self, want: Want) -> None:
        """Note what would fit here."""
        self._wants[want] = None

    def advance(self) -> Token:
        """Read the token."""
        token = self.next
        self._at += 1
        self._wants.clear()
        return token

    def take(self, kind: Kind, want: Want) -> Token | None:
        """Read a token of a kind, if it is one."""
        self.want(want)
        return self.advance() if self.next.kind is kind else None

    def need(self, kind: Kind, want: Want) -> Token:
        """Read a token of a kind, or fail."""
        return self.take(kind, want) or self.fail()

    def word(self, word: str, want: Want | None = None) -> bool:
        """Read a word of the language or a sign, if it is the next."""
        self.want(want or Words(word))
        found = self.next.keyword == word
        if found:
            self.advance()
        return found

    def need_word(self, word: str, want: Want | None = None) -> None:
        """Read a word of the language or a sign, or fail."""
        if not self.word(word, want):
            self.fail()

    def phrase(
        self, phrases: Mapping[K, str], want: Callable[[K, str], Want] = lambda _, rest: Words(rest)
    ) -> K | None:
        """Read the longest of some phrases. None if not even the first word is there; fails in mid-phrase."""
        live = [(key, phrase.split()) for key, phrase in phrases.items()]
        taken = 0
        while True:
            unsaid = [(key, words) for key, words in live if len(words) > taken]
            for key, words in unsaid:
                self.want(want(key, " ".join(words[taken:])))
            said = [(key, words) for key, words in unsaid if words[taken] == self.next.keyword]
            if not said:
                break
            live, taken = said, taken + 1
            self.advance()
        whole = next((key for key, words in live if len(words) == taken), None)
        return self.fail() if whole is None and taken else whole

    def need_phrase(
        self, phrases: Mapping[K, str], want: Callable[[K, str], Want] = lambda _, rest: Words(rest)
    ) -> K:
        """Read the longest of some phrases, or fail."""
        found = self.phrase(phrases, want)
        return self.fail() if found is None else found

    def fail(self) -> NoReturn:
        """Raise the syntax error of what was found and what would have fitted."""
        token = self.next
        words = expected(self._wants)
        line, column = line_and_column(self._text, token.start)
        raise CriteriaSyntaxError(
            f"{at(line, column)}: expected {listed(words)}, found {_shown(token)}{self._hint(token)}",
            path=self._path,
            line=line,
            column=column,
            found=_shown(token),
            expected=words,
        )

    def refuse(self, error: type[CriteriaError], message: str, offset: int) -> NoReturn:
        """Raise an error about something that could be read."""
        raise error(f"{at(*line_and_column(self._text, offset))}: {message}", path=self._path)

    def _hint(self, token: Token) -> str:
        if token.kind is Kind.OPEN:
            return "; the quote that opens here is never closed"
        if token.kind is Kind.STRAY and token.text in _CURLY:
            return "; write straight quotes: 'text' or \"field\""
        if token.kind in (Kind.WORD, Kind.NAME) and any(map(_is_quoted, self._wants)):
            return f"; texts stand in single quotes: {quoted(token.content[:_SHOWN])}"
        if token.kind in (Kind.STRING, Kind.NUMBER, Kind.MOMENT) and any(
            want.text == "(" for want in self._wants
        ):
            return f"; lists stand in parentheses: ({token.text[:_SHOWN]})"
        if token.kind is not Kind.WORD:
            return ""
        close = closest(token.text, self._wants)
        if close is not None:
            return f"; did you mean {close}?"
        if any(isinstance(want, FieldName) for want in self._wants):
            return f"; a field of that name stands in double quotes: {quoted(token.text, DOUBLE)}"
        return ""


def at(line: int, column: int) -> str:
    """How messages begin."""
    return f"Line {line}, column {column}"


def _is_quoted(want: Want) -> bool:
    return isinstance(want, ValueOf) or (isinstance(want, Something) and want.sort in IN_QUOTES)


def _shown(token: Token) -> str:
    if token.kind is Kind.END:
        return "the end"
    short = token.text if len(token.text) <= _SHOWN else token.text[:_SHOWN] + "…"
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in short)
