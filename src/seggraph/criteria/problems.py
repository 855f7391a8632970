"""Mistakes collected while reading criteria, so that a person sees all of them at once."""

from collections.abc import Iterable, Sequence
from typing import Final

from seggraph.errors import CriteriaError, Path, Problems

MAX_PROBLEMS: Final = 50
"""Reading stops after so many mistakes."""

_SHOWN = 40


class Mistakes:
    """The mistakes found so far in one tree."""

    def __init__(self) -> None:
        self._found: list[CriteriaError] = []

    def add(
        self, error: type[CriteriaError], message: str, path: Path, suggestions: Sequence[str] = ()
    ) -> None:
        """Note a mistake, and what could stand there; raises when there are `MAX_PROBLEMS` of them."""
        self._found.append(error(message, path=path, suggestions=suggestions))
        if len(self._found) >= MAX_PROBLEMS:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise the one mistake itself, or `Problems` with all of them."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise Problems(self._found)


def shown(value: object) -> str:
    """A value quoted for a message: short, on one line, and always encodable."""
    match value:
        case str():
            short = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
            return '"' + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short) + '"'
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if abs(value) < 10**_SHOWN else "a very large number"
        case float():
            return repr(value)
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return type(value).__name__


def listed(words: Iterable[object]) -> str:
    """The words as an enumeration for a message."""
    return ", ".join(str(word) for word in words)
