"""A stream of tokens that remembers what the parser expected at the current token."""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TypeVar

from seggraph.criteria.text.expectations import (
    IN_QUOTES,
    Expectation,
    FieldName,
    Something,
    ValueOf,
    Words,
    closest,
    expected,
    listed,
)
from seggraph.criteria.text.tokens import DOUBLE, Token, TokenKind, line_and_column, quoted
from seggraph.errors import CriteriaError, CriteriaSyntaxError, Path, TextSpan

_SHOWN = 40
_CURLY: Final = "‘’‚‛“”„‟`´«»"
K = TypeVar("K")


class TokenStream:
    """The tokens of a text, read one by one, and what was expected at the current one."""

    def __init__(self, text: str, tokens: list[Token], path: Path = ()) -> None:
        """`path` is the path of every error."""
        self._text = text
        self._path = path
        self._tokens = tokens
        self._at = 0
        self._expectations: dict[Expectation, None] = {}

    @property
    def end(self) -> int:
        """The offset of the end of the text."""
        return self._tokens[-1].start

    @property
    def next(self) -> Token:
        """The current token, which is read next."""
        return self._tokens[self._at]

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What was expected at the current token."""
        return tuple(self._expectations)

    def expect(self, expectation: Expectation) -> None:
        """Note something that the current token could be."""
        self._expectations[expectation] = None

    def advance(self) -> Token:
        """Read the current token."""
        token = self.next
        self._at += 1
        self._expectations.clear()
        return token

    def take(self, kind: TokenKind, expectation: Expectation) -> Token | None:
        """Read the current token if it is of a kind."""
        self.expect(expectation)
        return self.advance() if self.next.kind is kind else None

    def need(self, kind: TokenKind, expectation: Expectation) -> Token:
        """Read a token of a kind. Raises CriteriaSyntaxError."""
        return self.take(kind, expectation) or self.fail()

    def word(self, word: str, expectation: Expectation | None = None) -> bool:
        """Read a keyword or a sign, if it is next."""
        self.expect(expectation or Words(word))
        found = self.next.keyword == word
        if found:
            self.advance()
        return found

    def need_word(self, word: str, expectation: Expectation | None = None) -> None:
        """Read a keyword or a sign. Raises CriteriaSyntaxError."""
        if not self.word(word, expectation):
            self.fail()

    def keyword(
        self,
        keywords: Mapping[K, str],
        expectation: Callable[[K, str], Expectation] = lambda _, rest: Words(rest),
    ) -> K | None:
        """Read the longest of some phrases of keywords. None if not even a first word is there.

        Raises CriteriaSyntaxError for a phrase that begins and does not end.
        """
        live = [(key, keyword.split()) for key, keyword in keywords.items()]
        taken = 0
        while True:
            unsaid = [(key, words) for key, words in live if len(words) > taken]
            for key, words in unsaid:
                self.expect(expectation(key, " ".join(words[taken:])))
            said = [(key, words) for key, words in unsaid if words[taken] == self.next.keyword]
            if not said:
                break
            live, taken = said, taken + 1
            self.advance()
        whole = next((key for key, words in live if len(words) == taken), None)
        return self.fail() if whole is None and taken else whole

    def need_keyword(
        self,
        keywords: Mapping[K, str],
        expectation: Callable[[K, str], Expectation] = lambda _, rest: Words(rest),
    ) -> K:
        """Read the longest of some phrases of keywords. Raises CriteriaSyntaxError."""
        found = self.keyword(keywords, expectation)
        return self.fail() if found is None else found

    def fail(self) -> NoReturn:
        """Raise a CriteriaSyntaxError with the token that was found and what was expected."""
        token = self.next
        words = expected(self._expectations)
        span = span_of(self._text, token.start, token.end)
        close = closest(token.text, self._expectations) if token.kind is TokenKind.WORD else None
        raise CriteriaSyntaxError(
            f"{at(span.line, span.column)}: expected {listed(words)}, found {_shown(token)}{self._hint(token)}",
            path=self._path,
            span=span,
            suggestions=[close] if close else [],
            found=_shown(token),
            expected=words,
        )

    def refuse(self, error: type[CriteriaError], message: str, offset: int) -> NoReturn:
        """Raise another error about the text at an offset."""
        end = next((token.end for token in self._tokens if token.start >= offset), offset)
        span = span_of(self._text, offset, end)
        raise error(f"{at(span.line, span.column)}: {message}", path=self._path, span=span)

    @property
    def position(self) -> int:
        """How many tokens were read."""
        return self._at

    def skip_from(self, begin: int) -> None:
        """Go on from the current token to the end of the condition that begins after `begin` tokens.

        That is the next AND, OR, comma or closing parenthesis that is not inside the condition, and not itself what was
        wrong.
        """
        depth, has_between, index = 0, False, begin
        first = self._at + (self.next.keyword in ("AND", "OR"))
        while self._tokens[index].kind is not TokenKind.END:
            word = self._tokens[index].keyword
            ends = word in (")", ",", "OR") or (word == "AND" and not has_between)
            if ends and depth == 0 and index >= first:
                break
            depth += (word == "(") - (word == ")" and depth > 0)
            if depth == 0 and word in ("AND", "BETWEEN"):
                has_between = word == "BETWEEN"
            index += 1
        self._at = max(index, self._at)
        self._expectations.clear()

    @property
    def last_end(self) -> int:
        """The offset after the token that was read last."""
        return self._tokens[self._at - 1].end if self._at else 0

    def _hint(self, token: Token) -> str:
        if token.kind is TokenKind.OPEN:
            return "; the quote that opens here is never closed"
        if token.kind is TokenKind.STRAY and token.text in _CURLY:
            return "; write straight quotes: 'text' or \"field\""
        if token.kind in (TokenKind.WORD, TokenKind.NAME) and any(map(_is_quoted, self._expectations)):
            return f"; texts stand in single quotes: {quoted(token.content[:_SHOWN])}"
        if token.kind in (TokenKind.STRING, TokenKind.NUMBER, TokenKind.MOMENT) and any(
            expectation.text == "(" for expectation in self._expectations
        ):
            return f"; lists stand in parentheses: ({token.text[:_SHOWN]})"
        if token.kind is not TokenKind.WORD:
            return ""
        close = closest(token.text, self._expectations)
        if close is not None:
            return f"; did you mean {close}?"
        if any(isinstance(expectation, FieldName) for expectation in self._expectations):
            return f"; a field of that name stands in double quotes: {quoted(token.text, DOUBLE)}"
        return ""


def span_of(text: str, start: int, end: int) -> TextSpan:
    """A part of a text, with the line and column where it begins."""
    return TextSpan(*line_and_column(text, start), start, end)


def at(line: int, column: int) -> str:
    """The beginning of a message: `Line 1, column 5`."""
    return f"Line {line}, column {column}"


def _is_quoted(expectation: Expectation) -> bool:
    return isinstance(expectation, ValueOf) or (
        isinstance(expectation, Something) and expectation.sort in IN_QUOTES
    )


def _shown(token: Token) -> str:
    if token.kind is TokenKind.END:
        return "the end"
    short = token.text if len(token.text) <= _SHOWN else token.text[:_SHOWN] + "…"
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in short)
