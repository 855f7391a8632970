"""The SELECT that finds a page of members by walking an index of a field, from the place of the cursor on.

Unset values come last in either direction, though an index has them at one end. So a page has two parts: members with
a value, and those without. The second is only looked at where the first does not fill the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from seggraph.audiences import bits_of
from seggraph.database.paging import Order, PageRequest, decode_cursor, direction_of
from seggraph.services.members.lists import Narrowed, found_by
from seggraph.services.members.orders import EMPTY, MemberOrder, Sort
from seggraph.vocabulary import MemberKind

NOWHERE: Final = "false"


@dataclass(slots=True)
class Bindings:
    """The values that a statement binds."""

    values: list[Any] = field(default_factory=list)

    def bind(self, value: Any, type_: str) -> str:
        """The parameter that stands for a value."""
        self.values.append(value)
        return f"${len(self.values)}::{type_}"


@dataclass(slots=True)
class _Parts:
    """The conditions of the part with values and of the part without."""

    given: list[str]
    unset: list[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a list is: its number in the statement, its workspace and kind, and the conditions of its members.

    The index is of one workspace and kind, and PostgreSQL must see at once that the statement is too.
    """

    number: int
    workspace_id: int
    kind: int
    conditions: list[str]

    def select(self, keys: str, conditions: Sequence[str]) -> str:
        """A SELECT of ordinals with keys."""
        return f"""SELECT m.ordinal, {self.number} AS list_number, {keys} FROM members m
          WHERE m.workspace_id = {self.workspace_id} AND m.kind = {self.kind}
            AND {" AND ".join((*self.conditions, *conditions)) or "true"}"""  # noqa: S608 - ours, or bound


def of_lists(
    workspace_id: int,
    kind: MemberKind,
    narrowed: Sequence[Narrowed],
    order: Order,
    request: PageRequest,
) -> tuple[list[str], list[Any]]:
    """A SELECT for the page of each list, and what they bind; the first two values are the workspace and the kind.

    Raises BadCursor, Invalid, TooMany.
    """
    if not isinstance(order, MemberOrder) or order.sort is None:
        raise ValueError("an order by a field is walked, and no other")
    bindings = Bindings([workspace_id, kind])
    sort = order.sort
    parts = _between_cursors(order, sort, request, bindings)
    selects = []
    for number, list_ in enumerate(narrowed):
        place = _Place(number, int(workspace_id), int(kind), _within(list_, bindings))
        selects.append(_select(place, parts, order, sort, request))
    return selects, bindings.values


def _between_cursors(order: Order, sort: Sort, request: PageRequest, bindings: Bindings) -> _Parts:
    """The conditions that a member is after the one cursor and before the other."""
    parts = _Parts([], [])
    for name, cursor, is_falling in (
        ("after", request.after, order.descending),
        ("before", request.before, not order.descending),
    ):
        if cursor is None:
            continue
        keys = decode_cursor(order, cursor, path=name)
        beyond = "<" if is_falling else ">"
        ordinal = bindings.bind(keys[-1], "bigint")
        if not sort.is_required and keys[0] is not order.descending:
            # The cursor is at a member without a value: all those with one are before it.
            parts.unset.append(f"m.ordinal {beyond} {ordinal}")
            if name == "after":
                parts.given.append(NOWHERE)
        else:
            value = bindings.bind(keys[-2], sort.type)
            parts.given.append(f"({sort.sql}, m.ordinal) {beyond} ({value}, {ordinal})")
            if name == "before":
                parts.unset.append(NOWHERE)
    return parts


def _within(list_: Narrowed, bindings: Bindings) -> list[str]:
    """The conditions of a list, in forms for which no other index is of use."""
    conditions = []
    if list_.audience is not None:
        first = bindings.bind(list_.audience.min(), "int")
        last = bindings.bind(list_.audience.max(), "int")
        bits = bindings.bind(bits_of(list_.audience), "bytea")
        conditions.append(
            f"CASE WHEN m.ordinal BETWEEN {first} AND {last} THEN get_bit({bits}, m.ordinal - {first}) = 1 END"
        )
    if list_.search is not None:
        conditions.append(f"{found_by(bindings.bind(list_.search, 'text[]'))} IS TRUE")
    return conditions


def _select(place: _Place, parts: _Parts, order: Order, sort: Sort, request: PageRequest) -> str:
    limit = request.size + 1
    direction = direction_of(order, request)
    sorting = f"ORDER BY {sort.sql} {direction}, m.ordinal {direction} LIMIT {limit}"

    if sort.is_required:
        keys = f"{sort.sql} AS key_0, m.ordinal AS key_1"
        return f"({place.select(keys, parts.given)} {sorting})"
    is_falling = str(order.descending).lower()
    given = f"{is_falling} AS key_0, {sort.sql} AS key_1, m.ordinal AS key_2"
    unset = f"NOT {is_falling} AS key_0, {EMPTY[sort.type]}::{sort.type} AS key_1, m.ordinal AS key_2"
    ordered = [
        place.select(given, [f"{sort.sql} IS NOT NULL", *parts.given]),
        place.select(unset, [f"{sort.sql} IS NULL", *parts.unset]),
    ]
    if request.backwards:
        ordered.reverse()
    first, second = ordered
    return f"""(
      WITH first AS MATERIALIZED ({first} {sorting}),
        second AS MATERIALIZED ({second} AND (SELECT count(*) FROM first) < {limit} {sorting})
      SELECT * FROM (SELECT * FROM first UNION ALL SELECT * FROM second) parts
      ORDER BY key_0 {direction}, key_1 {direction}, key_2 {direction} LIMIT {limit})
    """  # noqa: S608 - fields of the catalogue, everything else is bound
