"""Which rules a change concerns: what each rule reads is kept under the names that dirty batches give to changes.

It is written in the transaction that asks for the segment to be computed, and so is there before any run takes its
snapshot: a change that the run does not see finds the rule. A condition on related members is passed on from
relation to relation: what is read of a deal is kept for the deals, with the relation that leads to the account, and
for the account as `deals>` and the deal's own name of the change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import asyncpg
import structlog

from seggraph.criteria import Reads, fields_read
from seggraph.criteria.catalogue import WELL_KNOWN
from seggraph.criteria.relations import Direction, of_type
from seggraph.database.locks import LockSpace, lock_exclusive, lock_shared
from seggraph.errors import SeggraphError
from seggraph.services.catalogue import catalogues
from seggraph.services.changes import changes
from seggraph.services.rules import rules
from seggraph.services.rules.rules import Rule
from seggraph.vocabulary import Channel, MemberKind, RelationType

log = structlog.get_logger()

ANYTHING: Final = "*"
"""What a rule reads of which it is not known what it reads."""
UPDATED: Final = "updated_at"
"""The column that any change of a member's row changes."""

TIMED: Final = ("time", ANYTHING)
"""What a rule reads whose answer may be another although nothing changed, or of which that is not known."""

_CHANGES: Final[Mapping[str, str]] = {field.name: field.change for field in WELL_KNOWN}

KIND = "SELECT kind FROM segments WHERE workspace_id = $1 AND id = $2"

FORGET = """
    DELETE FROM dependencies d USING sources o
    WHERE o.workspace_id = $1 AND o.segment_id = $2 AND d.source_id = o.id
"""

STORE = """
    INSERT INTO dependencies (workspace_id, source_id, kind, name, relation, forward)
    SELECT $1, * FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::smallint[], $6::boolean[])
"""

# First a row for each source, then one for each change that is passed on.
FIND: Final = f"""
    WITH RECURSIVE found AS MATERIALIZED (
      SELECT d.name, d.relation, d.forward, d.source_id, o.segment_id
      FROM dependencies d JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id
      WHERE d.workspace_id = $1 AND d.kind = $2 AND d.name = ANY($3) AND s.status = 'ACTIVE'
      UNION ALL
      SELECT 'time:' || o.id, NULL, NULL, o.id, o.segment_id
      FROM sources o JOIN segments s ON s.id = o.segment_id
      WHERE o.workspace_id = $1 AND o.id = ANY($4) AND s.kind = $2 AND s.status = 'ACTIVE'
    ), readers AS (
      SELECT source_id, segment_id, name, NULL::bigint AS referred_to FROM found WHERE relation IS NULL
      UNION
      SELECT o.id, o.segment_id, NULL, r.segment_id
      FROM readers r
      JOIN dependencies d ON d.workspace_id = $1 AND d.kind = $2 AND d.name = 'segment:' || r.segment_id
        AND d.relation IS NULL
      JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id AND s.status = 'ACTIVE'
    ), sourced AS (
      SELECT source_id AS id, array_agg(name) FILTER (WHERE name IS NOT NULL) AS names,
        array_agg(DISTINCT referred_to) FILTER (WHERE referred_to IS NOT NULL) AS referred_to
      FROM readers GROUP BY source_id
    )
    SELECT {rules.COLUMNS}, {rules.HOLDS} AS has_rule, {rules.EDITION} AS edition,
      s.requested_revision AS revision,
      s.reach_status = 'READY' AND s.requested_revision = s.computed_revision AS ready,
      r.names, r.referred_to, NULL::smallint AS relation, NULL::boolean AS forward
    FROM sourced r JOIN sources o ON o.id = r.id JOIN segments s ON s.id = o.segment_id
    LEFT JOIN playbooks p ON p.id = o.playbook_id
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[name], NULL, relation, forward
    FROM found WHERE relation IS NOT NULL GROUP BY name, relation, forward
"""  # noqa: S608 - constants only

FIND_PASSED_ON = """
    SELECT DISTINCT d.name, d.relation, d.forward
    FROM dependencies d JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id
    WHERE d.workspace_id = $1 AND d.kind = $2 AND d.name = ANY($3) AND d.relation IS NOT NULL
      AND s.status = 'ACTIVE'
"""

FIND_TIMED = """
    SELECT DISTINCT d.source_id, o.segment_id
    FROM dependencies d JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id
    WHERE d.workspace_id = $1 AND d.kind = $2 AND d.name = ANY($3) AND d.relation IS NULL AND s.status = 'ACTIVE'
"""

READ_BY_ANYONE = """
    SELECT DISTINCT d.name
    FROM dependencies d JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id
    WHERE d.workspace_id = $1 AND d.kind = $2 AND d.name = ANY($3) AND s.status = 'ACTIVE'
"""

RELATED: Final = """
    SELECT DISTINCT {mine} FROM relations WHERE workspace_id = $1 AND relation = $2 AND {theirs} = ANY($3)
"""

FROM_THERE: Final = {
    True: RELATED.format(mine="from_ordinal", theirs="to_ordinal"),
    False: RELATED.format(mine="to_ordinal", theirs="from_ordinal"),
}
"""The related members that a change is passed on to, by whether the stored relations start at them."""


class Entry(NamedTuple):
    """Something that a rule reads; with `passed_on` it is read of those at the other end of that relation."""

    kind: MemberKind
    name: str
    passed_on: Direction | None = None


class Passing(NamedTuple):
    """A change that is passed on to related members, and what they call it."""

    direction: Direction
    name: str

    @property
    def there(self) -> str:
        """The name of the change for those it is passed on to."""
        return f"{self.direction.name}>{self.name}"


@dataclass(frozen=True, slots=True)
class Reader:
    """A source whose rule reads something that changed, or refers to segments that do or do so in turn.

    `names` are those of the changes, `referred_to` the segments. `rule` is None if it has none now; `edition`,
    `revision` and `ready` are as when it was read.
    """

    source_id: int
    segment_id: int
    names: Sequence[str]
    referred_to: Sequence[int]
    rule: Rule | None
    edition: int | None
    revision: int
    ready: bool


PassedOn = dict[str, set[Passing]]
"""The related members that changes are passed on to, by the name of the change."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What changes concern: the sources of ACTIVE segments, and those related to the members that changed."""

    readers: list[Reader] = field(default_factory=list)
    passed_on: PassedOn = field(default_factory=dict)


def entries(reads: Reads, kind: MemberKind) -> set[Entry]:
    """What has to be kept for criteria of a kind that read this: their own members, and those they are related to."""
    found = {Entry(kind, changes.CREATED), *_entries(reads, kind)}
    return found | {Entry(kind, TIMED[0])} if reads.time else found


def _entries(reads: Reads, kind: MemberKind) -> Iterator[Entry]:
    for name in names(reads):
        yield Entry(kind, name)
    for direction, inner in reads.related:
        yield Entry(kind, direction.change)
        for entry in _entries(inner, direction.other_kind):
            if entry.passed_on is not None:
                yield entry
            else:
                yield Entry(entry.kind, entry.name, direction)
                yield Entry(kind, Passing(direction, entry.name).there)


def names(reads: Reads) -> Iterator[str]:
    """The names of the changes of a member that matter, its relations aside."""
    yield from (_CHANGES[name] for name in reads.fields)
    yield from (f"attributes.{name}" for name in reads.attributes)
    yield from ("tags" for _ in reads.tags)
    yield from (consent(channel) for channel in reads.channels)
    yield from map(changes.of_event, reads.events)
    yield from map(changes.of_segment, reads.segments)


def consent(channel: Channel) -> str:
    """The name of the change that the consent for a channel is another."""
    return f"consent_{channel.name.lower()}"


async def store(connection: asyncpg.Connection, workspace_id: int, segment_id: int) -> None:
    """Keep what the rules of a segment read, as they are now. Call it in the transaction that changed one.

    A rule that does not hold any more reads anything.
    """
    kind = MemberKind(await connection.fetchval(KIND, workspace_id, segment_id))
    [found] = (await rules.of_segments(connection, workspace_id, [segment_id])).values()
    rows = []
    catalogue = await catalogues.load(connection, workspace_id, kind) if found else None
    for rule in found:
        try:
            read = entries(fields_read(rule.checked(catalogue)), kind) if catalogue else set()
        except SeggraphError as error:
            log.info("dependencies_not_known", source_id=rule.source_id, reason=error.message)
            read = {Entry(kind, ANYTHING)}
        rows += [(rule.source_id, entry.kind, entry.name, *_stored(entry.passed_on)) for entry in read]
    if any(changes.SEGMENT in name for _, _, name, *_ in rows):
        await lock_references_exclusive(connection, workspace_id)
    await connection.execute(FORGET, workspace_id, segment_id)
    if rows:
        await connection.execute(STORE, workspace_id, *zip(*rows, strict=True))


def _stored(direction: Direction | None) -> tuple[int | None, bool | None]:
    return (None, None) if direction is None else (int(direction.type), direction.forward)


async def find(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, changed: Iterable[str]
) -> Concerned:
    """The sources of ACTIVE segments that read any of what changed or refer to such segments, and what is passed on.

    The names are those that `with_implied` gives. The cost follows the number of sources that are found.
    """
    wanted = set(changed)
    timed = [int(name.removeprefix(changes.TIME)) for name in wanted if name.startswith(changes.TIME)]
    rows = await connection.fetch(FIND, workspace_id, kind, sorted(wanted), timed)
    found = Concerned([_reader(row) for row in rows if row["relation"] is None])
    for row in rows:
        if row["relation"] is not None:
            [name] = row["names"]
            _note(found.passed_on, name, row)
    return found


def _reader(row: asyncpg.Record) -> Reader:
    return Reader(
        row["source_id"],
        row["segment_id"],
        row["names"] or (),
        row["referred_to"] or (),
        rules.of_row(row) if row["has_rule"] else None,
        row["edition"],
        row["revision"],
        row["ready"],
    )


async def find_passed_on(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, changed: Iterable[str]
) -> PassedOn:
    """What is passed on to related members because a rule of an ACTIVE segment about them reads it."""
    found: PassedOn = {}
    for row in await connection.fetch(FIND_PASSED_ON, workspace_id, kind, sorted(changed)):
        _note(found, row["name"], row)
    return found


def _note(found: PassedOn, name: str, row: asyncpg.Record) -> None:
    found.setdefault(name, set()).add(Passing(_direction(row["relation"], row["forward"]), name))


def _direction(relation: int, forward: bool) -> Direction:
    there, back = of_type(RelationType(relation))
    return there if forward else back


def with_implied(changed: Iterable[str]) -> set[str]:
    """The names of changes with those that they imply: any of the row changes its `updated_at`."""
    given = set(changed)
    implied = {ANYTHING, UPDATED} if any(map(_is_of_row, given)) else {ANYTHING}
    return given | implied


def _is_of_row(name: str) -> bool:
    return name.startswith("attributes.") or not (":" in name or ">" in name or name == changes.CREATED)


async def timed(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> dict[int, int]:
    """The sources of ACTIVE segments whose rules time alone may make answer otherwise, with their segments."""
    rows = await connection.fetch(FIND_TIMED, workspace_id, kind, TIMED)
    return {row["source_id"]: row["segment_id"] for row in rows}


async def lock_references_shared(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Wait until references that are being saved are committed, and keep others from saving any meanwhile.

    It lasts until the transaction ends. The caller holds the rows of segments that it needs already.
    """
    await lock_shared(connection, LockSpace.SEGMENT_REFERENCES, workspace_id)


async def lock_references_exclusive(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Wait until no other transaction saves references to segments, archives a segment, or changes memberships.

    It lasts until the transaction ends. The caller holds the rows of segments that it needs already: otherwise
    two callers could wait for each other.
    """
    await lock_exclusive(connection, LockSpace.SEGMENT_REFERENCES, workspace_id)


async def read_by_anyone(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, changed: Sequence[str]
) -> set[str]:
    """Those of the changes, by name, that an ACTIVE segment depends on, be it of this kind or another."""
    await lock_references_shared(connection, workspace_id)
    rows = await connection.fetch(READ_BY_ANYONE, workspace_id, kind, list(changed))
    return {row["name"] for row in rows}


async def related(
    connection: asyncpg.Connection, workspace_id: int, direction: Direction, ordinals: Sequence[int]
) -> list[int]:
    """The members that given members are related to in a direction: ordinals of `direction.kind`."""
    rows = await connection.fetch(
        FROM_THERE[direction.forward], workspace_id, int(direction.type), list(ordinals)
    )
    return [row[0] for row in rows]
