"""Global ids: the type of an object and its number, in a form that clients do not take apart."""

import base64
import re
from collections.abc import Sequence
from typing import Final

import strawberry

from seggraph.errors import NotFound, Path, Required, TooMany
from seggraph.values.global_ids import find, global_id, said, split

__all__ = [
    "decode",
    "decode_all",
    "encode",
    "encode_event",
    "find",
    "known",
    "split",
    "split_event",
    "split_node",
]

MAX_IDS: Final = 1_000
"""Most ids in one list."""

_EVENT = re.compile(r"Event:([0-9]{1,2})-([0-9]{1,10})-([0-9]{1,18})", re.ASCII)


def encode(type_name: str, number: int) -> strawberry.ID:
    """The id of an object: URL-safe base64 of its type and number."""
    return strawberry.ID(global_id(type_name, number))


def encode_event(kind: int, ordinal: int, number: int) -> strawberry.ID:
    """The id of an event, which says whose it is: events are found by their members."""
    return strawberry.ID(
        base64.urlsafe_b64encode(f"Event:{kind}-{ordinal}-{number}".encode()).rstrip(b"=").decode()
    )


def split_event(global_id: str) -> tuple[int, int, int] | None:
    """The kind, the ordinal and the number in the id of an event, or None for what is no such id."""
    parts = _EVENT.fullmatch(said(global_id))
    return (int(parts[1]), int(parts[2]), int(parts[3])) if parts else None


NodeKey = int | tuple[int, int, int]
"""What the id of a node says beside its type."""


def split_node(global_id: str) -> tuple[str, NodeKey] | None:
    """The type and the key in an id: a number, or of an event its kind, ordinal and number. None for no id."""
    event = split_event(global_id)
    return split(global_id) if event is None else ("Event", event)


def decode(type_name: str, global_id: str, *, path: Path = ("id",)) -> int:
    """The number of an object of a type. Raises NotFound: what is no id of it cannot exist either."""
    number = find(type_name, global_id)
    if number is None:
        raise NotFound(f"There is no {type_name.lower()} with this id.", path=path)
    return number


def decode_all(type_name: str, global_ids: Sequence[str], *, path: Path) -> list[int]:
    """The numbers of several objects of a type. Raises NotFound with the index, and TooMany."""
    if len(global_ids) > MAX_IDS:
        raise TooMany(f"Give at most {MAX_IDS} ids at once.", path=path)
    return [decode(type_name, global_id, path=(*path, index)) for index, global_id in enumerate(global_ids)]


def known(
    type_name: str, global_ids: Sequence[str] | None, *, path: Path
) -> tuple[list[int] | None, list[str]]:
    """The numbers of those that are ids of a type, and the others as they were given; None stays None.

    Raises Required for an empty list.
    """
    if global_ids is None:
        return None, []
    if not global_ids:
        raise Required("Give at least one id.", path=path)
    parts = {given: split(given) for given in global_ids}
    numbers = [part[1] for part in parts.values() if part is not None and part[0] == type_name]
    return numbers, [given for given, part in parts.items() if part is None or part[0] != type_name]
