"""Text to tokens: words, names and texts in quotes, numbers, dates and signs, each with where it stands.

Nothing is refused here: what is no token becomes a `STRAY` one, so that a mistake further left is reported first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

MAX_CHARACTERS: Final = 20_000
"""The longest text that is read. Larger criteria are given as JSON."""


class TokenKind(Enum):
    """What a token is."""

    WORD = auto()
    """A bare word: of the language, or the name of a field."""
    NAME = auto()
    """A name in double quotes."""
    STRING = auto()
    """A text in single quotes."""
    NUMBER = auto()
    MOMENT = auto()
    """A date, or a date and a time."""
    SIGN = auto()
    OPEN = auto()
    """A quote that is never closed, up to the end of the text."""
    STRAY = auto()
    """A character that has no place in criteria."""
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as written; `start` and `end` are offsets in characters, the end not included."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)

    @property
    def keyword(self) -> str:
        """The word of the language or the sign that it may be, in its one spelling; otherwise nothing."""
        if self.kind is TokenKind.WORD and self.text.isascii():
            return self.text.upper()
        return _SPELLINGS.get(self.text, self.text) if self.kind is TokenKind.SIGN else ""

    @property
    def content(self) -> str:
        """What stands within the quotes, with doubled quotes made single; otherwise the text itself."""
        if self.kind is TokenKind.OPEN:
            quote = self.text[0]
            return self.text[1:].replace(quote * 2, quote)
        if self.kind in (TokenKind.NAME, TokenKind.STRING):
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text


DOUBLE: Final = '"'
_SPELLINGS: Final = {"<>": "!=", "==": "="}
_TOKEN = re.compile(
    r"""
      (?P<SPACE>\s+)
    | (?P<MOMENT>[0-9]{4}-[0-9]{2}-[0-9]{2}
        (?:[Tt][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?)?)
    | (?P<NUMBER>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<WORD>[^\W\d]\w*)
    | (?P<STRING>'(?:[^']|'')*+')
    | (?P<NAME>"(?:[^"]|"")*+")
    | (?P<OPEN>['"].*)
    | (?P<SIGN><=|>=|!=|<>|==|[=<>(),%])
    | (?P<STRAY>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_NAME = re.compile(r"[^\W\d]\w*")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2}))?"
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text in order, an END at last."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup is not None and match.lastgroup != "SPACE":
            yield Token(TokenKind[match.lastgroup], match.group(), match.start())
    yield Token(TokenKind.END, "", len(text))


def quoted(text: str, quote: str = "'") -> str:
    """The text in quotes, as one token."""
    return quote + text.replace(quote, quote * 2) + quote


def is_bare_name(text: str) -> bool:
    """Whether the text is one word token."""
    return _BARE_NAME.fullmatch(text) is not None


def is_moment(text: str) -> bool:
    """Whether the text is a date, or an instant with its offset, and so needs no quotes."""
    return _MOMENT.fullmatch(text) is not None


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where an offset is, both from 1. Lines end with a line feed; columns count characters."""
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - line_start + 1
