"""Upserting members: whole batches in a few statements, a report per row, and only real changes written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import Viewer, require_ingest
from seggraph.context import Context
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Duplicate, Problems, SeggraphError, TooMany, WrongType
from seggraph.member_fields import ATTRIBUTES, FIELDS, FieldType
from seggraph.member_fields.addresses import reaches
from seggraph.member_fields.field_types import ADDRESS, INSTANT
from seggraph.row_errors import RowError
from seggraph.services.catalogue import catalogues
from seggraph.services.changes import changes
from seggraph.services.members import merging, relations
from seggraph.services.members.drafts import MemberDraft, clean, is_needed
from seggraph.values import attribute_values, phones
from seggraph.vocabulary import AttributeType, MemberKind

MAX_ROWS: Final = 1_000

_MEMBER_FIELDS: Final = [field for field in FIELDS if not field.is_address and field.type is not INSTANT]

COLUMNS: Final = {
    **{field.column: field.type.sql for field in _MEMBER_FIELDS if field.name != "externalId"},
    ATTRIBUTES: "jsonb",
}
"""What an upsert can change in a row of `members`, with the types of PostgreSQL."""

OF_A_NEW_MEMBER: Final = {
    field.column: field.default for field in _MEMBER_FIELDS if field.default is not None
}
"""What a member has that is created without a column, where that is not null, as SQL."""

ADDRESS_COLUMNS: Final = {field.column: field.type for field in FIELDS if field.is_address}
"""The columns of `member_addresses`, with their types."""

_NAMES = ", ".join(COLUMNS)
_TYPED = ", ".join(f"{column} {type_}" for column, type_ in COLUMNS.items())
_OR_DEFAULT = ", ".join(
    f"coalesce({column}, {OF_A_NEW_MEMBER[column]})" if column in OF_A_NEW_MEMBER else column
    for column in COLUMNS
)

MAX_ROW_ERRORS: Final = 20
"""Most errors of one row that are reported one by one."""

PLAN_BY_VALUES: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
"""From the sixth time on PostgreSQL would plan for any list of ids, by statistics that lag behind a growing table.

Measured: without it an upsert of 1,000 took four times as long, while the table had no statistics.
"""

# The planner does not see these two values: by statistics that do not know a new workspace yet, any index that begins
# with one would seem as good as the right one, and a look-up would read all its members.
FIND = """
    SELECT (SELECT next_ordinal FROM populations WHERE workspace_id = $1 AND kind = $2), ARRAY(
      SELECT id FROM members
      WHERE workspace_id = (SELECT $1::bigint) AND kind = (SELECT $2::smallint) AND external_id = ANY($3))
"""

# any workspace: FIND gave the ids of this workspace; a second condition would mislead the planner
READ = f"""
    SELECT id, ordinal, external_id, {_NAMES} FROM members WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - the names are the constants above; the order keeps two upserts from a deadlock

INSERT = f"""
    WITH advanced AS (
      UPDATE populations SET next_ordinal = next_ordinal + $4 WHERE workspace_id = $1 AND kind = $2
    ), created AS (
      INSERT INTO members (workspace_id, kind, ordinal, external_id, {_NAMES})
      SELECT $1, $2, ordinal, external_id, {_OR_DEFAULT}
      FROM jsonb_to_recordset($3::jsonb) AS t(ordinal int, external_id text, {_TYPED})
      RETURNING id, external_id
    )
    SELECT id, external_id FROM created WHERE external_id = ANY($5)
"""  # noqa: S608

# any workspace: READ locked these ids of this workspace; a second condition would mislead the planner
UPDATE = f"""
    UPDATE members m SET {", ".join(f"{column} = t.{column}" for column in COLUMNS)},
      version = m.version + 1, updated_at = now()
    FROM jsonb_to_recordset($1::jsonb) AS t(id bigint, {_TYPED}) WHERE m.id = t.id
"""  # noqa: S608

PHONE_REGION: Final = "SELECT phone_region FROM workspaces WHERE id = $1"

RESERVE = """
    INSERT INTO populations AS p (workspace_id, kind, next_ordinal) VALUES ($1, $2, 0)
    ON CONFLICT (workspace_id, kind) DO UPDATE SET next_ordinal = p.next_ordinal RETURNING next_ordinal
"""

_ADDRESSES = ", ".join(ADDRESS_COLUMNS)

# any workspace: READ locked these ids of this workspace; a second condition would mislead the planner
READ_ADDRESSES = f"SELECT member_id, {_ADDRESSES} FROM member_addresses WHERE member_id = ANY($1)"  # noqa: S608

WRITE_ADDRESSES = f"""
    INSERT INTO member_addresses (workspace_id, member_id, {_ADDRESSES})
    SELECT $1, member_id, {_ADDRESSES} FROM jsonb_to_recordset($2::jsonb)
      AS t(member_id bigint, {", ".join(f"{column} {type_.sql}" for column, type_ in ADDRESS_COLUMNS.items())})
    ON CONFLICT (member_id) DO UPDATE SET {", ".join(f"{column} = EXCLUDED.{column}" for column in ADDRESS_COLUMNS)}
"""  # noqa: S608


@dataclass(slots=True)
class UpsertReport:
    """What became of every row: created + updated + unchanged + the rows that were not stored = the rows given."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    row_errors: list[RowError] = field(default_factory=list)

    @property
    def partial(self) -> int:
        """How many rows were stored without what was not acceptable."""
        return len({error.index for error in self.row_errors if error.is_stored})

    def fail(self, index: int, *problems: SeggraphError, is_stored: bool = False) -> None:
        """Report a row as not stored, or as stored without some of its values."""
        found = [
            problem
            for error in problems
            for problem in (error.problems if isinstance(error, Problems) else (error,))
        ]
        if len(found) > MAX_ROW_ERRORS:
            rest = len(found) - MAX_ROW_ERRORS + 1
            message = f"{rest:,} more values of the row are not acceptable."
            found = [*found[: MAX_ROW_ERRORS - 1], TooMany(message)]
        self.row_errors += (
            RowError(index, problem.code, problem.message, problem.path, is_stored) for problem in found
        )


async def upsert(
    context: Context,
    viewer: Viewer,
    kind: MemberKind,
    rows: Sequence[Mapping[str, Any]],
    *,
    whole_rows: bool = False,
) -> UpsertReport:
    """Create or change members by their external ids, up to MAX_ROWS of them.

    Rows are objects with the fields of the GraphQL `MemberInput`. A field that is absent stays as it is and null
    clears it; attributes merge, and null removes one; tags are replaced; consents merge by channel. Good rows
    are stored in one transaction, bad rows are reported with their index. Of a row with a bad value the rest is
    stored, unless `whole_rows` says that it is all or nothing. An attribute that is new gets the type of its first
    value. Raises Forbidden, or TooMany beyond MAX_ROWS.
    """
    require_ingest(viewer)
    if len(rows) > MAX_ROWS:
        raise TooMany(f"Send at most {MAX_ROWS} members at once; these are {len(rows)}.", path=("members",))
    report = UpsertReport()
    drafts = _clean_all(rows, report, whole_rows=whole_rows)
    if drafts:
        async with begin() as unit:
            batch = UpsertBatch(unit, viewer.workspace_id, kind, report)
            drafts = await batch.with_typed_attributes(drafts, whole_rows=whole_rows)
            await batch.complete_phones(drafts)
            changed = await batch.store(drafts)
            await batch.finish(context, *changed)
    report.row_errors.sort(key=lambda error: error.index)
    return report


Drafts = dict[int, MemberDraft]
"""Cleaned rows by their index in the input."""


def _clean_all(rows: Sequence[Mapping[str, Any]], report: UpsertReport, *, whole_rows: bool) -> Drafts:
    drafts: Drafts = {}
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        draft, problems = clean(row)
        is_stored = not (problems and whole_rows) and not any(map(is_needed, problems))
        first = seen.setdefault(draft.external_id, index) if is_stored else index
        if first != index:
            message = f"The external id stands in row {first} already; one upsert may change a member once."
            problems, is_stored = [Duplicate(message, path=("externalId",))], False
        report.fail(index, *problems, is_stored=is_stored)
        if is_stored:
            drafts[index] = draft
    return drafts


class UpsertBatch:
    """One upsert's transaction. `ordinals` has those of the stored drafts, by external id."""

    def __init__(self, unit: UnitOfWork, workspace_id: int, kind: MemberKind, report: UpsertReport) -> None:
        self._unit = unit
        self._connection: asyncpg.Connection = unit.connection
        self._workspace_id = workspace_id
        self._kind = kind
        self._report = report
        self.ordinals: dict[str, int] = {}
        self._created: list[str] = []

    async def with_typed_attributes(self, drafts: Drafts, *, whole_rows: bool) -> Drafts:
        """The drafts with the attribute values that fit their types, in their normal forms.

        With `whole_rows` a draft with a value that does not fit is left out. Attributes that are new are created first,
        from the first value of each that is not null.
        """
        known = await catalogues.types(self._connection, self._workspace_id, self._kind)
        new = self._new_attributes(drafts, known)
        if new:
            known = await catalogues.create(self._connection, self._workspace_id, self._kind, new)
        fitting: Drafts = {}
        for index, draft in drafts.items():
            draft.attributes, problems = _normalised_attributes(draft.attributes, known)
            self._report.fail(index, *problems, is_stored=not whole_rows)
            if not (problems and whole_rows):
                fitting[index] = draft
        return fitting

    async def complete_phones(self, drafts: Drafts) -> None:
        """Bring local numbers into the form of international ones, by the region of the workspace."""
        local = [
            columns
            for columns in (draft.columns for draft in drafts.values())
            if columns.get("phone") is not None and not phones.is_international(columns["phone"])
        ]
        if local:
            region = await self._connection.fetchval(PHONE_REGION, self._workspace_id)
            for columns in local if region is not None else ():
                columns["phone"] = phones.normal_form(columns["phone"], region)

    def _new_attributes(self, drafts: Drafts, known: Mapping[str, AttributeType]) -> dict[str, AttributeType]:
        new: dict[str, AttributeType] = {}
        room = catalogues.MAX_ATTRIBUTES - len(known)
        for draft in drafts.values():
            for name, value in draft.attributes.items():
                if name in known or name in new or len(new) >= room or attribute_values.is_unset(value):
                    continue
                try:
                    new[name] = attribute_values.type_of(value)
                except WrongType:
                    continue  # reported with its row, for the attribute will not exist
        return new

    async def store(self, drafts: Drafts) -> tuple[set[int], set[str]]:
        """Write the drafts; returns the ordinals of the members that are new or changed, and what changed."""
        await lock_shared(self._connection, LockSpace.MEMBERS, self._workspace_id)
        await self._connection.execute(PLAN_BY_VALUES)
        by_id = {draft.external_id: draft for draft in drafts.values()}
        ids, next_ordinal = await self._find(list(by_id))
        existing = await self._read(ids)
        new = [draft for external_id, draft in by_id.items() if external_id not in existing]
        created = await self._create(new, next_ordinal)
        updated, changed = await self._update(
            [(row, by_id[external_id]) for external_id, row in existing.items()]
        )
        return created | updated, changed | ({changes.CREATED} if created else set())

    async def finish(self, context: Context, ordinals: set[int], names: set[str]) -> None:
        """Mark what `store` answered with, and settle the relations that waited for members it created."""
        new = {self.ordinals[external_id] for external_id in self._created}
        for some, what in ((new, {changes.CREATED}), (ordinals - new, names - {changes.CREATED})):
            await changes.mark(context, self._unit, self._workspace_id, self._kind, some, what)
        if self._created:
            await relations.settle(context, self._unit, self._workspace_id, self._kind, self._created)

    async def _find(self, external_ids: list[str]) -> tuple[list[int], int | None]:
        """Find the members that exist. If one is to be created, lock the population's row, so that no other does it.

        It is taken before any row of a member. A transaction that holds rows of members never waits for it, so
        upserts that overlap cannot deadlock. Returns the ids of the members that exist, and the next ordinal, or
        None if all exist.
        """
        arguments = self._workspace_id, self._kind, external_ids
        seen, ids = await self._connection.fetchrow(FIND, *arguments)
        if len(ids) == len(external_ids):
            return ids, None
        next_ordinal: int = await self._connection.fetchval(RESERVE, self._workspace_id, self._kind)
        if next_ordinal != (seen or 0):  # others created members in between
            _, ids = await self._connection.fetchrow(FIND, *arguments)
        return ids, next_ordinal

    async def _read(self, ids: list[int]) -> dict[str, dict[str, Any]]:
        if not ids:
            return {}
        rows = await self._connection.fetch(READ, ids)
        existing = {row["external_id"]: dict(row) for row in rows}
        for external_id, row in existing.items():
            self.ordinals[external_id] = row["ordinal"]
            row["attributes"] = orjson.loads(row["attributes"])
        return existing

    async def _create(self, drafts: Sequence[MemberDraft], next_ordinal: int | None) -> set[int]:
        if not drafts:
            return set()
        if next_ordinal is None:
            raise RuntimeError("a member was erased during an upsert, though that holds erasures off")
        rows = [merging.new_row(draft, next_ordinal + offset) for offset, draft in enumerate(drafts)]
        addressed = {
            draft.external_id: addresses
            for draft in drafts
            if (draft.addresses or draft.address_parts)
            and any((addresses := merging.addresses_of({}, draft)).values())
        }
        created = await self._connection.fetch(
            INSERT, self._workspace_id, self._kind, _json(rows), len(rows), list(addressed)
        )
        await self._write_addresses({row["id"]: addressed[row["external_id"]] for row in created})
        self._report.created += len(rows)
        ordinals = {row["external_id"]: row["ordinal"] for row in rows}
        self._created += ordinals
        self.ordinals |= ordinals
        return set(ordinals.values())

    async def _update(self, pairs: Sequence[tuple[dict[str, Any], MemberDraft]]) -> tuple[set[int], set[str]]:
        addresses = await self._changed_addresses(pairs)
        changed_rows: list[dict[str, Any]] = []
        ordinals: set[int] = set()
        names: set[str] = set()
        for row, draft in pairs:
            after = (
                row
                | draft.columns
                | {"attributes": merging.merged_attributes(row["attributes"], draft.attributes)}
            )
            if not merging.NAMES_OF_PEOPLE.isdisjoint(draft.columns):
                after["name"] = merging.name_of(row, draft, after)
            if row["id"] in addresses:
                after["has_address"] = any(map(reaches, addresses[row["id"]].values()))
            differing = merging.differing(COLUMNS, row, after) | (
                {"address"} if row["id"] in addresses else set()
            )
            if differing:
                changed_rows.append({key: after[key] for key in ("id", *COLUMNS)})
                ordinals.add(row["ordinal"])
                names |= differing
        if changed_rows:
            await self._connection.execute(UPDATE, _json(changed_rows))
            await self._write_addresses(addresses)
        self._report.updated += len(changed_rows)
        self._report.unchanged += len(pairs) - len(changed_rows)
        return ordinals, names

    async def _changed_addresses(
        self, pairs: Sequence[tuple[dict[str, Any], MemberDraft]]
    ) -> dict[int, dict[str, Any]]:
        """The addresses, whole, of the members whose addresses a draft changes, by member id."""
        given = {row["id"]: draft for row, draft in pairs if draft.addresses or draft.address_parts}
        if not given:
            return {}
        before = {member_id: dict.fromkeys(ADDRESS_COLUMNS) for member_id in given}
        for row in await self._connection.fetch(READ_ADDRESSES, list(given)):
            before[row["member_id"]] = {
                column: _decoded(type_, row[column]) for column, type_ in ADDRESS_COLUMNS.items()
            }
        after = {
            member_id: merging.addresses_of(before[member_id], draft) for member_id, draft in given.items()
        }
        return {member_id: parts for member_id, parts in after.items() if parts != before[member_id]}

    async def _write_addresses(self, addresses: Mapping[int, Mapping[str, Any]]) -> None:
        if addresses:
            rows = [{"member_id": member_id, **parts} for member_id, parts in addresses.items()]
            await self._connection.execute(WRITE_ADDRESSES, self._workspace_id, _json(rows))


def _normalised_attributes(
    attributes: Mapping[str, Any], known: Mapping[str, AttributeType]
) -> tuple[dict[str, Any], list[SeggraphError]]:
    """The values that fit in their normal forms, and what is wrong with the others. None removes an attribute."""
    result: dict[str, Any] = {}
    problems: list[SeggraphError] = []
    for name, value in attributes.items():
        if attribute_values.is_unset(value):
            result[name] = None
            continue
        try:
            if name not in known:
                attribute_values.type_of(value)
                limit = catalogues.MAX_ATTRIBUTES
                raise TooMany(f"There are {limit} attributes already, and {name} would be one more.")
            result[name] = attribute_values.normalised(value, known[name])
        except SeggraphError as error:
            error.path = ("attributes", name)
            problems.append(error)
    return result, problems


def _decoded(type_: FieldType, value: Any) -> Any:
    return orjson.loads(value) if type_ is ADDRESS and value is not None else value


def _json(rows: list[dict[str, Any]]) -> str:
    """Rows as one JSON array; a decimal travels as text, which keeps every digit."""
    return orjson.dumps(rows, default=str).decode()
