"""The operations of a PATCH that change the members of a group: sets of numbers, however large the group is.

A patch of the whole resource takes a second with 10,000 members, and identity providers send one for each member.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from scim2_models import InvalidPathException, InvalidValueException

from seggraph.scim.resources import Group, number_of

MEMBERS: Final = "members"
URN_PREFIX: Final = f"{Group.__schema__}:".lower()
ONE_MEMBER: Final = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]*)"\s*\]', re.IGNORECASE)
"""The path of one member."""

Edit = tuple[str, list[int]]
"""What to do with which users: `add`, `remove`, or `replace` all members."""


def split(operations: Sequence[Any]) -> tuple[list[Any], list[Edit]]:
    """The operations that are about something else than members, and the edits of members, in their order.

    Raises InvalidPathException and InvalidValueException.
    """
    others: list[Any] = []
    edits: list[Edit] = []
    for operation in operations:
        what, path, value = _parts(operation)
        if path is None and isinstance(value, dict):
            rest = {key: one for key, one in value.items() if key.lower() != MEMBERS}
            edits += [(what, _numbers(one)) for key, one in value.items() if key.lower() == MEMBERS]
            if rest or not value:
                others.append(operation | {"value": rest})
        elif path is not None and path.startswith(MEMBERS):
            edits.append(_edit(what, path, operation, value))
        else:
            others.append(operation)
    return others, edits


def edited(member_ids: Sequence[int], edits: Sequence[Edit]) -> list[int]:
    """The members after the edits; a text that is no id is the number 0, which nobody has."""
    found = dict.fromkeys(member_ids)
    for what, numbers in edits:
        if what == "replace":
            found = dict.fromkeys(numbers)
        elif what == "add":
            found |= dict.fromkeys(numbers)
        else:
            for number in numbers:
                found.pop(number, None)
    return list(found)


def _parts(operation: Any) -> tuple[str, str | None, Any]:
    """What an operation does, where, and with which value."""
    given = {key.lower(): one for key, one in operation.items()} if isinstance(operation, dict) else {}
    what, path = given.get("op"), given.get("path")
    lowered = path.lower().removeprefix(URN_PREFIX) if isinstance(path, str) else None
    return what.lower() if isinstance(what, str) else "", lowered, given.get("value")


def _edit(what: str, path: str, operation: dict[str, Any], value: Any) -> Edit:
    if what not in ("add", "remove", "replace"):
        raise InvalidValueException(detail="An operation adds, removes or replaces.")
    one = ONE_MEMBER.search(next(text for key, text in operation.items() if key.lower() == "path"))
    if path == MEMBERS:
        if what == "remove" and value is None:
            return "replace", []
        return what, _numbers(value)
    if what != "remove" or one is None:
        raise InvalidPathException(detail='Name a member so: members[value eq "id"], to remove it.')
    return what, [number_of("User", one[1]) or 0]


def _numbers(value: Any) -> list[int]:
    """The numbers of users in a value: a member, or a list of them."""
    given = value if isinstance(value, list) else [value]
    texts = [one.get("value") if isinstance(one, dict) else one for one in given]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidValueException(detail="A member has a value: the id of a user.")
    return [number_of("User", str(text)) or 0 for text in texts]
