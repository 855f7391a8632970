"""Mapping templates: JSON in which texts such as `$email` and `$attributes.plan` stand for fields of a member.

A template can read the fields that it is allowed to and nothing else: there are no expressions, and no paths but
into attributes. A text that begins with `$$` is a text that begins with one `$`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from seggraph import member_fields
from seggraph.errors import Invalid, NotFound, Path, TooLong, TooMany

ATTRIBUTES: Final = "attributes."
FIELDS: Final = (
    *(field.name for field in member_fields.FIELDS if field.is_mappable),
    *member_fields.PARTS,
)
"""The fields of members, and parts of addresses, that a template may read besides attributes. Consents are not among
them: they decide who is sent, and change without anything that was sent being another."""

DEFAULT: Final[Mapping[str, Any]] = {"email": "$email", "name": "$name"}

MAX_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 5
MAX_VALUES: Final = 200
MAX_KEY: Final = 100

Values = Callable[[str], Any]
"""The value of a field or attribute by its name in a template."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was found good; `reads` are the names that it reads."""

    document: Mapping[str, Any]
    reads: frozenset[str]

    def fill(self, values: Values) -> dict[str, Any]:
        """The document with the values of one member; a field that it has not is null."""
        filled: dict[str, Any] = _filled(self.document, values)
        return filled


def compile(document: object, attributes: Collection[str], *, path: Path = ("mapping",)) -> Template:
    """A template of a JSON object, given the names of the attributes that there are.

    Raises Invalid, NotFound (a field or attribute), TooMany and TooLong, with the path into the document.
    """
    if not isinstance(document, Mapping):
        raise Invalid('A mapping is a JSON object such as {"email": "$email"}.', path=path)
    reads: set[str] = set()
    _check(document, attributes, reads, path, [0], 1)
    try:
        size = len(orjson.dumps(document))
    except TypeError as error:
        raise Invalid("A mapping holds what JSON can hold.", path=path) from error
    if size > MAX_BYTES:
        raise TooLong(f"A mapping has at most {MAX_BYTES:,} bytes.", path=path)
    return Template(dict(document), frozenset(reads))


def _check(
    value: object, attributes: Collection[str], reads: set[str], path: Path, seen: list[int], depth: int
) -> None:
    seen[0] += 1
    if depth > MAX_DEPTH or seen[0] > MAX_VALUES:
        raise TooMany(f"A mapping is {MAX_DEPTH} levels deep and has {MAX_VALUES} values at most.", path=path)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable():
                raise Invalid(f"A key is a text of 1 to {MAX_KEY} characters.", path=path)
            _check(inner, attributes, reads, (*path, key), seen, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, attributes, reads, (*path, index), seen, depth + 1)
    elif isinstance(value, str):
        if (name := _name(value)) is not None:
            _require_readable(name, attributes, path)
            reads.add(name)
        elif "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Invalid("A mapping may not hold NUL or broken characters.", path=path)


def _name(text: str) -> str | None:
    """What a text stands for, if it stands for anything."""
    return text[1:] if text.startswith("$") and not text.startswith("$$") else None


def _require_readable(name: str, attributes: Collection[str], path: Path) -> None:
    if name in FIELDS or (name.startswith(ATTRIBUTES) and name.removeprefix(ATTRIBUTES) in attributes):
        return
    shown = name[:MAX_KEY]
    if name.startswith(ATTRIBUTES):
        raise NotFound(f"Members have no attribute {shown.removeprefix(ATTRIBUTES)!r}.", path=path)
    fields = ", ".join(FIELDS)
    raise NotFound(
        f"A mapping cannot read {shown!r}. It can read {fields}, and attributes.<name>. A text that begins with a"
        " dollar sign is written with two.",
        path=path,
    )


def _filled(value: Any, values: Values) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if isinstance(value, str):
        name = _name(value)
        return value.removeprefix("$") if name is None else values(name)
    return value
