"""Lists of members: a kind, narrowed by a search and to an audience; what they have, and how many that is.

A search that finds few members, or that looks among few, becomes an audience. Any other stays a pattern, which the
pages of the list test row by row: so many match that a page is soon full. How many it finds is estimated from a sample.
A smaller sample says beforehand that it finds many, so that they are not looked for: no index helps with short words.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer, require_personal_data
from seggraph.database.connections import database
from seggraph.member_fields import FIELDS
from seggraph.values.names import require_searchable
from seggraph.vocabulary import MemberKind

FEW: Final = 5_000
"""So many members are read and sorted by themselves, and not found by walking a sorted index."""
FEW_FOUND: Final = 5_000
"""A search that finds no more than these is an audience."""
LOOKED_AT: Final = 400
"""How many members are looked at to know whether a search finds many."""
LEAST_FOUND: Final = 10
"""How many of these it has to find at least: fewer may be chance."""
MANY: Final = 3
"""It finds many if it seems to find so many times FEW_FOUND: then it certainly finds more than these."""
SAMPLE_SIZE: Final = 1_000
"""How many members an estimate is made from."""
SMALLEST_SAMPLE: Final = 200
"""How many at least, where a request has many lists."""

Search: TypeAlias = tuple[str, ...]
"""What is looked for: the external id of a member, and LIKE patterns that it has to match, the longest first."""

SEARCHED: Final = "seggraph_folded({})".format(
    " || ' ' || ".join(f"coalesce(m.{field.column}, '')" for field in FIELDS if field.is_searched)
)
"""What a search looks in: the expression of the index members_search."""


def found_by(search: str) -> str:
    """The condition that a search, which the statement binds as `search`, finds a member `m`.

    The first pattern may use the index: it is the longest.
    """
    patterns = f"({search}::text[])[2:]"
    return (
        f"(m.external_id = ({search}::text[])[1]"
        f" OR {SEARCHED} LIKE ({search}::text[])[2] AND {SEARCHED} LIKE ALL ({patterns}))"
    )


OF_KIND: Final = "FROM members m WHERE m.workspace_id = $1 AND m.kind = $2"

# The multiples of the golden ratio are as spread as can be, however few they are.
FIND_FEW: Final = f"""
    WITH looked_at AS MATERIALIZED (
      SELECT p.next_ordinal, (SELECT count(*) {OF_KIND} AND {found_by("$3")} AND m.ordinal = ANY(ARRAY(
          SELECT (p.next_ordinal * (n * 0.618033988749895 % 1))::int FROM generate_series(1, {LOOKED_AT}) AS n))
        ) AS found
      FROM populations p WHERE p.workspace_id = $1 AND p.kind = $2
        AND p.next_ordinal > {MANY * FEW_FOUND}
    ), many AS (
      SELECT found >= {LEAST_FOUND} AND found * next_ordinal >= {MANY * FEW_FOUND * LOOKED_AT} AS is_true
      FROM looked_at
    )
    SELECT CASE WHEN (SELECT is_true FROM many) THEN NULL ELSE coalesce((
        SELECT array_agg(ordinal)
        FROM (SELECT m.ordinal {OF_KIND} AND {found_by("$3")} LIMIT {FEW_FOUND + 1}) AS found
      ), '{{}}') END
"""  # noqa: S608 - constants only
"""The members that a search finds, a few too many if there are more; null if it finds many."""

FIND_WITHIN: Final = f"""
    SELECT array_agg(m.ordinal) {OF_KIND} AND {found_by("$3")} AND m.ordinal = ANY($4::int[])
"""

# Counted by the trigger on members in each transaction; every member has an external id.
SIZE: Final = """
    SELECT p.next_ordinal, (SELECT coalesce(sum(count), 0)::bigint FROM (
        SELECT count FROM field_counts WHERE workspace_id = $1 AND kind = $2 AND field = 'external_id'
        UNION ALL
        SELECT delta FROM value_deltas
        WHERE workspace_id = $1 AND kind = $2 AND field = 'external_id' AND value IS NULL) t) AS size
    FROM populations p WHERE p.workspace_id = $1 AND p.kind = $2
"""

SHARE: Final = f"""
    SELECT count(*) AS looked_at, count(*) FILTER (WHERE {found_by("$3")}) AS found
    {OF_KIND} AND m.ordinal = ANY($4::int[])
"""


@dataclass(frozen=True, slots=True)
class MemberList:
    """Which members a list is of: a kind, narrowed by a search and to an audience."""

    kind: MemberKind
    search: str | None = None
    audience: BitMap | None = None

    @property
    def sought(self) -> Search | None:
        """What the search looks for; None for everyone. Raises Invalid when it is too long."""
        wanted = (self.search or "").strip()
        require_searchable(wanted)
        words = sorted(dict.fromkeys(folded(wanted).split()), key=len, reverse=True)
        return (wanted, *map(_pattern, words)) if words else None


def folded(text: str) -> str:
    """A text as the function seggraph_folded of the database makes it: in composed form and without case."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(map(str.lower, composed)).translate(_FOLDED)


_FOLDED: Final = str.maketrans({"ς": "σ", "\u0307": None})
"""PostgreSQL lowers the capital I with a dot to one letter."""


def _pattern(word: str) -> str:
    """The LIKE pattern of a word in which every character is plain."""
    for character in "\\%_":
        word = word.replace(character, "\\" + character)
    return f"%{word}%"


@dataclass(frozen=True, slots=True)
class Total:
    """How many members a list has, exactly or by an estimate."""

    count: int
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The members of an audience, or of a whole kind, that a search finds if there is one."""

    audience: BitMap | None
    search: Search | None = None

    @property
    def is_small(self) -> bool:
        """Whether its members are best read and sorted by themselves."""
        return self.audience is not None and len(self.audience) <= FEW

    @property
    def total(self) -> Total | None:
        """How many members they are, if that can be said without reading any."""
        return Total(len(self.audience)) if self.audience is not None and self.search is None else None


async def narrowed(
    viewer: Viewer, kind: MemberKind, search: Search | None, audiences: Sequence[BitMap | None]
) -> list[Narrowed]:
    """Each audience, or the whole kind where there is None, with the same search. It costs what the search finds.

    Raises Forbidden for a viewer without the right to personal data: a search looks in names and addresses.
    """
    if search is None:
        return [Narrowed(audience) for audience in audiences]
    require_personal_data(viewer, path=("search",))
    small = [audience for audience in audiences if audience is not None and len(audience) <= FEW]
    within_ordinals = BitMap.union(BitMap(), *small)
    arguments = viewer.workspace_id, kind, search
    async with database() as connection:
        if len(small) < len(audiences) or len(within_ordinals) > FEW:
            found = await connection.fetchval(FIND_FEW, *arguments)
            if found is not None and len(found) <= FEW_FOUND:
                few = BitMap(found)
                return [Narrowed(few if audience is None else audience & few) for audience in audiences]
        within = (
            await connection.fetchval(FIND_WITHIN, *arguments, list(within_ordinals))
            if within_ordinals
            else ()
        )
    found_within = BitMap(within or ())
    return [
        Narrowed(audience, search)
        if audience is None or len(audience) > FEW
        else Narrowed(audience & found_within)
        for audience in audiences
    ]


async def total(viewer: Viewer, members: MemberList) -> Total:
    """How many members a list has. Raises Invalid."""
    [list_] = await narrowed(viewer, members.kind, members.sought, [members.audience])
    return list_.total or await _estimate(viewer, members.kind, list_, SAMPLE_SIZE)


async def totals(viewer: Viewer, kind: MemberKind, narrowed: Sequence[Narrowed]) -> list[Total]:
    """How many members each of several lists has; the more lists, the rougher the estimates."""
    size = max(SAMPLE_SIZE // max(len(narrowed), 1), SMALLEST_SAMPLE)
    return [list_.total or await _estimate(viewer, kind, list_, size) for list_ in narrowed]


async def _estimate(viewer: Viewer, kind: MemberKind, list_: Narrowed, sample_size: int) -> Total:
    """How many members a narrowed list has: all of a kind, or those of a sample that a search finds."""
    async with database() as connection:
        size, ordinals = await _size_and_sample(connection, viewer, kind, list_, sample_size)
        if list_.search is None:
            return Total(size)
        row = await connection.fetchrow(SHARE, viewer.workspace_id, kind, list_.search, ordinals)
    share = row["found"] / row["looked_at"] if row["looked_at"] else 0.0
    estimate = round(size * share)
    # A search of the whole kind has found more than a few already.
    return Total(max(estimate, FEW_FOUND + 1) if list_.audience is None else estimate, is_estimate=True)


async def _size_and_sample(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, list_: Narrowed, sample_size: int
) -> tuple[int, list[int]]:
    """How many members there are without the search, and the ordinals of some: always the same ones."""
    chance = Random(sample_size)  # noqa: S311 - a sample, no secret
    if list_.audience is not None:
        size = len(list_.audience)
        return size, [list_.audience[chance.randrange(size)] for _ in range(min(size, sample_size))]
    row = await connection.fetchrow(SIZE, viewer.workspace_id, kind)
    if row is None:
        return 0, []
    return row["size"], [chance.randrange(row["next_ordinal"] or 1) for _ in range(sample_size)]
