"""Finding the one member that a text names: nobody is related to one of several that could be meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Ambiguous, ErrorCode, NotFound, SeggraphError
from seggraph.services.imports.relating import related_fields
from seggraph.services.imports.rows import KEY_FORMS, ImportRow, Refusal
from seggraph.services.members import relations
from seggraph.vocabulary import MemberKind

_BY: Final = {"externalId": "external_id", "domain": "domain", "email": "lower(email)", "name": "lower(name)"}

# The planner does not see the first two values, as in `upserts.FIND`.
FIND: Final = {
    key: f"""
    SELECT {expression} AS key, min(external_id) AS external_id, count(*) AS members FROM members
    WHERE workspace_id = (SELECT $1::bigint) AND kind = (SELECT $2::smallint) AND {expression} = ANY($3)
    GROUP BY 1
"""  # noqa: S608 - constants only
    for key, expression in _BY.items()
}

LOWER: Final = "SELECT given, lower(given) AS key FROM unnest($1::text[]) AS t(given)"
"""PostgreSQL says how names are compared, for it compares them."""

MAX_REMEMBERED: Final = 20_000
"""Most names that an import remembers: there is no index by which to find them."""


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member as a file names it: the kind, the field, and the text."""

    kind: MemberKind
    key: str
    text: str


Found = str | SeggraphError
"""The external id of the one member that is meant, or why there is none."""


class MemberFinder:
    """Finds members for an import, and remembers those that were named by their names."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._remembered: dict[NamedMember, Found] = {}

    async def find(
        self, connection: asyncpg.Connection, named: Iterable[NamedMember]
    ) -> dict[NamedMember, Found]:
        """Who is meant by each."""
        wanted = set(named)
        found = {one: self._remembered[one] for one in wanted if one in self._remembered}
        sorts = sorted({(one.kind, one.key) for one in wanted - found.keys()})
        for kind, key in sorts:
            asked = [one for one in wanted - found.keys() if (one.kind, one.key) == (kind, key)]
            found |= await self._find(connection, kind, key, asked)
        return found

    async def _find(
        self, connection: asyncpg.Connection, kind: MemberKind, key: str, asked: Sequence[NamedMember]
    ) -> dict[NamedMember, Found]:
        if key == "name":
            lowered = await connection.fetch(LOWER, [one.text for one in asked])
            forms = {row["given"]: row["key"] for row in lowered}
        else:
            forms = {one.text: KEY_FORMS[key](one.text) for one in asked}
        rows = await connection.fetch(FIND[key], self._workspace_id, kind, sorted(set(forms.values())))
        by_key = {row["key"]: row for row in rows}
        found: dict[NamedMember, Found] = {one: _meant(one, by_key.get(forms[one.text])) for one in asked}
        if key == "name":
            if len(self._remembered) + len(found) > MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered |= dict(list(found.items())[:MAX_REMEMBERED])
        return found


def _meant(named: NamedMember, row: asyncpg.Record | None) -> Found:
    shown = f"{named.kind.name} with the {named.key} {named.text[:100]!r}"
    if row is None:
        return NotFound(f"There is no {shown}.")
    if row["members"] > 1:
        return Ambiguous(f"There are {row['members']} members of the kind {shown}, so none is related.")
    return str(row["external_id"])


@dataclass(slots=True)
class RelatedCounts:
    """What became of the rows of a batch that name a related member."""

    made: int = 0
    not_found: int = 0
    ambiguous: int = 0


class Relating:
    """Relates the members of some rows to those that the rows name."""

    def __init__(self, finder: MemberFinder, kind: MemberKind) -> None:
        self._finder = finder
        self._fields = related_fields.FIELDS[kind]
        self._found: dict[NamedMember, Found] = {}

    async def find(
        self, connection: asyncpg.Connection, rows: Sequence[ImportRow], *, whole_rows: bool
    ) -> tuple[list[ImportRow], list[Refusal]]:
        """Find who is named. A row that names nobody, or several, goes without, or is refused with `whole_rows`."""
        self._found = await self._finder.find(
            connection, {named for row in rows for named in self._named(row).values()}
        )
        good: list[ImportRow] = []
        refused: list[Refusal] = []
        for row in rows:
            problems = [
                type(found)(f"{field}: {found.message}")
                for field, named in self._named(row).items()
                if isinstance(found := self._found[named], SeggraphError)
            ]
            if problems and whole_rows:
                refused.append(Refusal(row.record, problems[0].code, problems[0].message))
            else:
                row.problems += tuple(problems)
                good.append(row)
        return good, refused

    async def relate(
        self, context: Context, unit: UnitOfWork, workspace_id: int, rows: Sequence[ImportRow]
    ) -> RelatedCounts:
        """Relate the members of rows that are stored; the unit holds `relations.lock` if a row names somebody."""
        counts = RelatedCounts()
        wanted: dict[relations.Pair, bool] = {}
        for row in rows:
            for field, named in self._named(row).items():
                found = self._found[named]
                if isinstance(found, str):
                    direction = self._fields[field].direction
                    ends = [row.draft.external_id, found]
                    ends = ends if direction.forward else ends[::-1]
                    wanted[relations.Pair(direction.type, *ends)] = True
                elif found.code is ErrorCode.NOT_FOUND:
                    counts.not_found += 1
                else:
                    counts.ambiguous += 1
        if wanted:
            report = await relations.relate_in(context, unit, workspace_id, wanted)
            counts.made = report.related
        return counts

    def _named(self, row: ImportRow) -> dict[str, NamedMember]:
        named = {}
        for field, text in (row.related or {}).items():
            related = self._fields[field]
            named[field] = NamedMember(related.direction.other_kind, related.key, text)
        return named
