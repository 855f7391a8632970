"""Relating members by their external ids, also before they exist.

A relation with a side that is not there yet waits as a pending one; the upsert that creates the last missing
side settles it in the same transaction. A call that relates while a side is missing holds that kind's population, as
a call that creates members does: so one of the two sees the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import asyncpg

from seggraph.access import Viewer, require_ingest
from seggraph.context import Context
from seggraph.criteria import relations as catalogue
from seggraph.criteria.relations import Direction
from seggraph.database.locks import LockSpace, lock_exclusive, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Duplicate, Invalid, Problems, Required, SeggraphError, TooMany
from seggraph.member_fields.cleaning import MAX_EXTERNAL_ID
from seggraph.row_errors import RowError, refusals
from seggraph.services.changes import changes
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import MemberKind, RelationType

MAX_ROWS: Final = 1_000

FIND: Final = """
    SELECT m.kind, m.external_id, m.ordinal
    FROM unnest($2::smallint[], $3::text[]) AS k(kind, external_id)
    JOIN members m ON m.workspace_id = $1 AND m.kind = k.kind AND m.external_id = k.external_id
"""

MAKE_POPULATIONS: Final = """
    INSERT INTO populations (workspace_id, kind) SELECT $1, unnest($2::smallint[])
    ON CONFLICT (workspace_id, kind) DO NOTHING
"""

HOLD_POPULATIONS: Final = """
    SELECT FROM populations WHERE workspace_id = $1 AND kind = ANY($2) ORDER BY kind FOR SHARE
"""

RELATE: Final = """
    INSERT INTO relations (workspace_id, relation, from_kind, to_kind, from_ordinal, to_ordinal)
    SELECT $1, * FROM unnest($2::smallint[], $3::smallint[], $4::smallint[], $5::int[], $6::int[])
    ON CONFLICT (workspace_id, relation, from_ordinal, to_ordinal) DO NOTHING
    RETURNING relation, from_ordinal, to_ordinal
"""

UNRELATE: Final = """
    DELETE FROM relations r
    USING unnest($2::smallint[], $3::int[], $4::int[]) AS k(relation, from_ordinal, to_ordinal)
    WHERE r.workspace_id = $1 AND r.relation = k.relation AND r.from_ordinal = k.from_ordinal
      AND r.to_ordinal = k.to_ordinal
    RETURNING r.relation, r.from_ordinal, r.to_ordinal
"""

WAIT: Final = """
    INSERT INTO pending_relations (workspace_id, relation, from_kind, to_kind, from_external_id, to_external_id)
    SELECT $1, * FROM unnest($2::smallint[], $3::smallint[], $4::smallint[], $5::text[], $6::text[])
    ON CONFLICT (workspace_id, relation, from_external_id, to_external_id) DO NOTHING RETURNING id
"""

STOP_WAITING: Final = """
    DELETE FROM pending_relations p
    USING unnest($2::smallint[], $3::text[], $4::text[]) AS k(relation, from_external_id, to_external_id)
    WHERE p.workspace_id = $1 AND p.relation = k.relation AND p.from_external_id = k.from_external_id
      AND p.to_external_id = k.to_external_id
    RETURNING p.id
"""

# Most often nothing waits for anyone of the kind, and then no external id is looked up.
HOLD_WAITING: Final = """
    SELECT id FROM pending_relations WHERE id IN (
      SELECT id FROM pending_relations
      WHERE workspace_id = $1 AND from_kind = $2 AND from_external_id = ANY($3)
        AND EXISTS (SELECT FROM pending_relations WHERE workspace_id = $1 AND from_kind = $2)
      UNION ALL
      SELECT id FROM pending_relations
      WHERE workspace_id = $1 AND to_kind = $2 AND to_external_id = ANY($3)
        AND EXISTS (SELECT FROM pending_relations WHERE workspace_id = $1 AND to_kind = $2)
    ) ORDER BY id FOR UPDATE
"""

# A statement of its own after HOLD_WAITING: it sees what the holders before us committed.
SETTLE: Final = """
    WITH ready AS (
      DELETE FROM pending_relations p USING members f, members t
      WHERE p.id = ANY($2)
        AND f.workspace_id = $1 AND f.kind = p.from_kind AND f.external_id = p.from_external_id
        AND t.workspace_id = $1 AND t.kind = p.to_kind AND t.external_id = p.to_external_id
      RETURNING p.relation, p.from_kind, p.to_kind, f.ordinal AS from_ordinal, t.ordinal AS to_ordinal
    )
    INSERT INTO relations (workspace_id, relation, from_kind, to_kind, from_ordinal, to_ordinal)
    SELECT $1, * FROM ready ORDER BY relation, from_ordinal, to_ordinal
    ON CONFLICT (workspace_id, relation, from_ordinal, to_ordinal) DO NOTHING
    RETURNING relation, from_ordinal, to_ordinal
"""

ERASE: Final = """
    DELETE FROM relations WHERE workspace_id = $1 AND (
      (relation = ANY($2::smallint[]) AND from_ordinal = ANY($4))
      OR (relation = ANY($3::smallint[]) AND to_ordinal = ANY($4)))
    RETURNING relation, from_ordinal, to_ordinal
"""

ERASE_WAITING: Final = """
    DELETE FROM pending_relations WHERE workspace_id = $1 AND (
      (from_kind = $2 AND from_external_id = ANY($3)) OR (to_kind = $2 AND to_external_id = ANY($3)))
    RETURNING id
"""


class Pair(NamedTuple):
    """A relation as it is stored: its type, and the members at both ends, by external id."""

    type: RelationType
    from_external_id: str
    to_external_id: str


@dataclass(slots=True)
class RelateReport:
    """What became of every row: the four counts + the rows with errors = the rows given."""

    related: int = 0
    removed: int = 0
    unchanged: int = 0
    pending: int = 0
    row_errors: list[RowError] = field(default_factory=list)


async def relate(context: Context, viewer: Viewer, rows: Sequence[Mapping[str, Any]]) -> RelateReport:
    """Relate members, and end relations, up to MAX_ROWS at once in one transaction.

    Rows have the keys of the GraphQL `RelationInput`. A relation of which a side does not exist waits for it.
    Ending a relation that there is not changes nothing. Bad rows are reported with their index, the others are
    carried out. Raises Forbidden, or TooMany beyond MAX_ROWS.
    """
    require_ingest(viewer)
    if len(rows) > MAX_ROWS:
        raise TooMany(f"Relate at most {MAX_ROWS} pairs at once; these are {len(rows)}.", path=("rows",))
    report = RelateReport()
    wanted = _clean_all(rows, report)
    if wanted:
        async with begin() as unit:
            await lock(unit.connection, viewer.workspace_id)
            done = await relate_in(context, unit, viewer.workspace_id, wanted)
        return replace(done, row_errors=report.row_errors)
    return report


async def lock(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Have other calls that relate members of the workspace wait for this transaction, which keeps its members."""
    await lock_shared(connection, LockSpace.MEMBERS, workspace_id)
    await lock_exclusive(connection, LockSpace.RELATIONS, workspace_id)


async def relate_in(
    context: Context, unit: UnitOfWork, workspace_id: int, wanted: Mapping[Pair, bool]
) -> RelateReport:
    """Make (True) and end (False) relations in a unit that holds `lock`; each is counted once in the report."""
    report = RelateReport()
    change = _Change(unit.connection, workspace_id, report)
    await change.carry_out(wanted)
    await _mark(context, unit, workspace_id, change.touched)
    return report


async def settle(
    context: Context, unit: UnitOfWork, workspace_id: int, kind: MemberKind, external_ids: Sequence[str]
) -> int:
    """Make the pending relations of members that were just created real where both sides exist now.

    Call it in the transaction that created them, while it holds the kind's population; returns how many
    relations became real. Both sides are marked as changed.
    """
    connection = unit.connection
    waiting = await connection.fetch(HOLD_WAITING, workspace_id, kind, list(external_ids))
    if not waiting:
        return 0
    settled = await connection.fetch(SETTLE, workspace_id, [row["id"] for row in waiting])
    await _mark(context, unit, workspace_id, settled)
    return len(settled)


async def erase(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    kind: MemberKind,
    *,
    ordinals: Sequence[int],
    external_ids: Sequence[str],
) -> tuple[int, int]:
    """Remove every relation of members that are erased, and mark the members at the other ends as changed.

    The caller holds `member_locks` alone. Returns how many relations there were, and how many pending ones.
    """
    forward = [direction.type for direction in catalogue.of_kind(kind) if direction.forward]
    backward = [direction.type for direction in catalogue.of_kind(kind) if not direction.forward]
    rows = await unit.connection.fetch(ERASE, workspace_id, forward, backward, list(ordinals))
    waiting = await unit.connection.fetch(ERASE_WAITING, workspace_id, kind, list(external_ids))
    await _mark(context, unit, workspace_id, rows, but=kind)
    return len(rows), len(waiting)


def _clean_all(rows: Sequence[Mapping[str, Any]], report: RelateReport) -> dict[Pair, bool]:
    """The relations to make (True) and to end (False), in the order of the rows."""
    wanted: dict[Pair, bool] = {}
    seen: dict[Pair, int] = {}
    for index, row in enumerate(rows):
        try:
            pair = _clean(row)
            first = seen.setdefault(pair, index)
            if first != index:
                raise Duplicate(f"Row {first} is about the same two members and the same relation.")
            wanted[pair] = not row.get("remove")
        except SeggraphError as error:
            for problem in error.problems if isinstance(error, Problems) else (error,):
                report.row_errors.append(RowError(index, problem.code, problem.message, problem.path))
    return wanted


def _clean(row: Mapping[str, Any]) -> Pair:
    if problems := refusals(row.items()):
        raise Problems(problems)
    for name in ("fromKind", "toKind", "relation", "fromExternalId", "toExternalId"):
        if row.get(name) is None:
            raise Required("A relation needs this.", path=(name,))
    direction = _direction(row)
    ends = [_external_id(row, name) for name in ("fromExternalId", "toExternalId")]
    if not direction.forward:
        ends.reverse()
    return Pair(direction.type, *ends)


def _direction(row: Mapping[str, Any]) -> Direction:
    """The relation that a row means. Raises Invalid, saying which relations there are."""
    from_kind, to_kind, name = MemberKind(row["fromKind"]), MemberKind(row["toKind"]), row["relation"]
    direction = catalogue.find(from_kind, name)
    if direction is None:
        raise unknown(from_kind, name)
    if direction.other_kind is not to_kind:
        message = f"The relation {name} of {from_kind.name} leads to {direction.other_kind.name}, not {to_kind.name}."
        raise Invalid(message, path=("toKind",))
    return direction


def unknown(kind: MemberKind, name: str) -> Invalid:
    """The error for a relation that a kind does not have."""
    known = ", ".join(
        f"{direction.name} ({direction.other_kind.name})" for direction in catalogue.of_kind(kind)
    )
    return Invalid(f"{kind.name} has no relation {name[:40]!r}; it has {known}.", path=("relation",))


def _external_id(row: Mapping[str, Any], name: str) -> str:
    value = row[name].strip()
    if not value:
        raise Required("Give an external id: it may not be empty.", path=(name,))
    if not is_external_id(value):
        message = f"An external id has at most {MAX_EXTERNAL_ID} characters, and no NUL or lone surrogate."
        raise Invalid(message, path=(name,))
    return str(value)


def is_external_id(text: str) -> bool:
    """Whether a member could have this external id."""
    return bool(text) and storable_text(text, MAX_EXTERNAL_ID)


class _Change:
    """One call's transaction. `touched` are the relations that it made and ended."""

    def __init__(self, connection: asyncpg.Connection, workspace_id: int, report: RelateReport) -> None:
        self._connection = connection
        self._workspace_id = workspace_id
        self._report = report
        self._ordinals: dict[tuple[int, str], int] = {}
        self.touched: list[asyncpg.Record] = []

    async def carry_out(self, wanted: Mapping[Pair, bool]) -> None:
        """Make and end relations, real ones where both sides exist, pending ones elsewhere."""
        await self._look_up(wanted)
        await self._make([pair for pair, made in wanted.items() if made])
        await self._end([pair for pair, made in wanted.items() if not made])

    async def _look_up(self, pairs: Iterable[Pair]) -> None:
        """Find everybody's ordinals; while someone is missing, with their kinds' populations held."""
        named = {end for pair in pairs for end in _ends(pair)}
        await self._find(named)
        if missing := sorted({kind for kind, external_id in named - self._ordinals.keys()}):
            await self._connection.execute(MAKE_POPULATIONS, self._workspace_id, missing)
            await self._connection.execute(HOLD_POPULATIONS, self._workspace_id, missing)
            await self._find(named - self._ordinals.keys())

    async def _find(self, named: Iterable[tuple[int, str]]) -> None:
        kinds, external_ids = [list(column) for column in zip(*named, strict=True)]
        for row in await self._connection.fetch(FIND, self._workspace_id, kinds, external_ids):
            self._ordinals[row["kind"], row["external_id"]] = row["ordinal"]

    async def _make(self, pairs: Sequence[Pair]) -> None:
        real, waiting = self._split(pairs)
        if real:
            rows = [(type_, *_kinds(type_), one, other) for type_, one, other in real]
            made = await self._connection.fetch(RELATE, self._workspace_id, *zip(*rows, strict=True))
            self.touched += made
            self._report.related += len(made)
            self._report.unchanged += len(real) - len(made)
        if waiting:
            texts = [(pair.type, *_kinds(pair.type), *pair[1:]) for pair in waiting]
            stored = await self._connection.fetch(WAIT, self._workspace_id, *zip(*texts, strict=True))
            self._report.pending += len(stored)
            self._report.unchanged += len(waiting) - len(stored)

    async def _end(self, pairs: Sequence[Pair]) -> None:
        real, waiting = self._split(pairs)
        gone = 0
        if real:
            ended = await self._connection.fetch(UNRELATE, self._workspace_id, *zip(*real, strict=True))
            self.touched += ended
            gone += len(ended)
        if waiting:
            gone += len(
                await self._connection.fetch(STOP_WAITING, self._workspace_id, *zip(*waiting, strict=True))
            )
        self._report.removed += gone
        self._report.unchanged += len(pairs) - gone

    def _split(self, pairs: Sequence[Pair]) -> tuple[list[tuple[RelationType, int, int]], list[Pair]]:
        """Those with both sides there, as they are stored, and the others."""
        real, waiting = [], []
        for pair in pairs:
            one, other = (self._ordinals.get(end) for end in _ends(pair))
            if one is None or other is None:
                waiting.append(pair)
            else:
                real.append((pair.type, one, other))
        return real, waiting


def _kinds(type_: RelationType) -> tuple[MemberKind, MemberKind]:
    forward, backward = catalogue.of_type(type_)
    return forward.kind, backward.kind


def _ends(pair: Pair) -> tuple[tuple[int, str], tuple[int, str]]:
    from_kind, to_kind = _kinds(pair.type)
    return (from_kind, pair.from_external_id), (to_kind, pair.to_external_id)


async def _mark(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    touched: Sequence[asyncpg.Record],
    *,
    but: MemberKind | None = None,
) -> None:
    """Mark the members at both ends of relations as changed; `but` a kind whose members are gone."""
    ordinals: dict[MemberKind, set[int]] = defaultdict(set)
    names: dict[MemberKind, set[str]] = defaultdict(set)
    for type_, *ends in touched:
        for direction, ordinal in zip(catalogue.of_type(RelationType(type_)), ends, strict=True):
            ordinals[direction.kind].add(ordinal)
            names[direction.kind].add(direction.change)
    for kind in sorted(ordinals.keys() - {but}):
        await changes.mark(context, unit, workspace_id, kind, ordinals[kind], names[kind])
