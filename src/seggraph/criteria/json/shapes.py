"""Shapes of JSON: objects with known keys, words out of a choice, values and texts, each mistake noted with its path.

The input may be hostile: nothing here looks at more than `MAX_VALUES` values or `MAX_TEXT` characters.
"""

import math
from collections.abc import Mapping
from typing import Final, TypeVar

from seggraph.criteria.nodes import MAX_TEXT, MAX_VALUES
from seggraph.criteria.problems import Mistakes, listed, shown
from seggraph.criteria.values import Scalar
from seggraph.errors import BadValue, CriteriaError, CriteriaTooLarge, Path

MAX_MAGNITUDE: Final = 10**30
"""Numbers are below this, on either side of zero."""

_C = TypeVar("_C")


class Shapes:
    """What all readers of JSON share: the mistakes so far, and how simple shapes are read."""

    def __init__(self) -> None:
        self.mistakes = Mistakes()

    def parts(
        self, content: object, path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, object] | None:
        """The object with its keys known and the required ones there, or None after noting what is wrong."""
        known = (*required, *optional)
        if not isinstance(content, Mapping):
            message = f"an object with {listed(known)} is needed, not {shown(content)}"
            self.mistakes.add(CriteriaError, message, path)
            return None
        unknown = next((key for key in content if key not in known), None)
        if unknown is not None:
            message = f"there is no {shown(unknown)} here; use {listed(known)}"
            self.mistakes.add(CriteriaError, message, path)
            return None
        missing = [key for key in required if content.get(key) is None]
        for key in missing:
            self.mistakes.add(CriteriaError, f"`{key}` is missing", (*path, key))
        return None if missing else content

    def choice(
        self, choices: Mapping[str, _C], word: object, path: Path, error: type[CriteriaError], what: str
    ) -> _C | None:
        """The value of a word, or None after noting the choices."""
        if isinstance(word, str) and word in choices:
            return choices[word]
        self.mistakes.add(error, f"there is no {what} {shown(word)}; use one of {listed(choices)}", path)
        return None

    def scalars(self, values: object, path: Path) -> tuple[Scalar, ...] | None:
        """A list of values, or None after noting what is wrong."""
        if not isinstance(values, list | tuple):
            self.mistakes.add(BadValue, f"a list of values is needed, not {shown(values)}", path)
            return None
        if len(values) > MAX_VALUES:
            raise CriteriaTooLarge(f"more than {MAX_VALUES} values; use a tag or an attribute", path=path)
        read = [self.scalar(value, (*path, index)) for index, value in enumerate(values)]
        return None if None in read else tuple(one[0] for one in read if one is not None)

    def scalar(self, value: object, path: Path) -> tuple[Scalar] | None:
        """One value in a tuple, or None after noting what is wrong."""
        problem = _scalar_problem(value)
        if problem is None and isinstance(value, str | int | float):
            return (value,)
        self.mistakes.add(BadValue, problem or "a text, a number, true or false is needed", path)
        return None

    def name(self, value: object, path: Path, what: str) -> str | None:
        """A text that names something, not empty, or None after noting what is wrong."""
        if not isinstance(value, str) or not value:
            problem: str | None = f"{what} is needed, not {shown(value)}"
        else:
            problem = _scalar_problem(value)
        if problem is None and isinstance(value, str):
            return value
        self.mistakes.add(BadValue, str(problem), path)
        return None

    def is_name(self, text: str, path: Path) -> bool:
        """Whether a text may name something that is stored; what is wrong is noted."""
        problem = _scalar_problem(text)
        if problem is not None:
            self.mistakes.add(BadValue, problem, path)
        return problem is None

    def optional_name(self, value: object, path: Path, what: str) -> str | None:
        """A text, or None when there is none or after noting what is wrong."""
        return None if value is None else self.name(value, path, what)


def _scalar_problem(value: object) -> str | None:
    match value:
        case bool():
            return None
        case str() if len(value) > MAX_TEXT:
            return f"a text may have at most {MAX_TEXT:,} characters, this one has {len(value):,}"
        case str() if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            return "the text has a NUL or half a surrogate pair in it, which no stored text can have"
        case str():
            return None
        case float() if not math.isfinite(value):
            return "a number must be finite"
        case int() | float() if abs(value) >= MAX_MAGNITUDE:
            return "a number must be below 10^30, on either side of zero"
        case int() | float():
            return None
        case None:
            return "null is no value; to find what is not set use IS_NOT_SET"
        case _:
            return f"a text, a number, true or false is needed, not {shown(value)}"
