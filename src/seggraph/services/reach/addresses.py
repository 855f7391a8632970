"""How many different addresses an audience has, kept like the reach: by what each change adds and takes away.

A member whose address nobody shares counts as one, so audiences of the reached members are counted for them. For each
sort of address an audience is kept of the members that do not count so simply: those who share one, and those whose
address nothing can be compared with (`SHARED`). Only for these the table `reach_addresses` is looked at. It has what
the addresses of all members are compared by, as of the refresh that last looked at each: so it always fits to the
audiences of reached members. Nobody is taken out of `SHARED` but by an erasure; to be in it costs time and no more.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, in_block, to_sql_blocks
from seggraph.models.audiences import ChunkRole
from seggraph.services.reach.reach import COUNTS, NO_REACH, Reachable, ReachCounts, Step
from seggraph.vocabulary import Channel, MemberKind


class AddressSort(StrEnum):
    """What sort of address it is: the name of its column in `reach_addresses`."""

    EMAIL = "email"
    PHONE = "phone"
    POSTAL = "postal"


SORTS: Final[Mapping[Channel, AddressSort]] = {
    Channel.EMAIL: AddressSort.EMAIL,
    Channel.DIRECT_MAIL: AddressSort.POSTAL,
    Channel.SMS: AddressSort.PHONE,
    Channel.PHONE: AddressSort.PHONE,
}
"""The sort of address of each channel that has any."""

DISTINCT: Final = tuple(f"distinct_{channel.name.lower()}" for channel in SORTS)
"""What the counts call the numbers of different addresses, in their order."""

addresses_reached: Final = itemgetter(*(COUNTS.index(channel.name.lower()) for channel in SORTS))
"""Of the values of the counts, those that the numbers of DISTINCT are as long as nobody shares an address."""

SHARED: Final[Mapping[AddressSort, ChunkRole]] = {
    AddressSort.EMAIL: ChunkRole.SHARED_EMAIL,
    AddressSort.PHONE: ChunkRole.SHARED_PHONE,
    AddressSort.POSTAL: ChunkRole.SHARED_POSTAL,
}

Keys = Mapping[AddressSort, int | None]
"""What the addresses of a member are compared by."""

KEYS: Final = """
    SELECT m.ordinal, r.email AS old_email, r.phone AS old_phone, r.postal AS old_postal,
      hashtextextended(seggraph_email_key(m.email), 0) AS email,
      hashtextextended(seggraph_phone_key(m.phone), 0) AS phone,
      hashtextextended(encode(a.postal_digest, 'hex'), 0) AS postal,
      m.has_address AND a.postal_digest IS NULL AS is_incomparable
    FROM members m
    LEFT JOIN member_addresses a ON a.workspace_id = $1 AND a.member_id = m.id
    LEFT JOIN reach_addresses r ON r.workspace_id = $1 AND r.kind = $2 AND r.ordinal = m.ordinal
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::int[])
"""

STORE: Final = """
    INSERT INTO reach_addresses (workspace_id, kind, ordinal, email, phone, postal)
    SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
    ON CONFLICT (workspace_id, kind, ordinal)
    DO UPDATE SET email = EXCLUDED.email, phone = EXCLUDED.phone, postal = EXCLUDED.postal
"""

HELD: Final = """
    SELECT ordinal, email, phone, postal FROM reach_addresses
    WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])
"""

OF_KEYS: Final = """
    SELECT {sort} AS key, array_agg(ordinal) AS ordinals FROM reach_addresses
    WHERE workspace_id = $1 AND kind = $2 AND {sort} = ANY($3::bigint[]) GROUP BY {sort}
"""

COUNT: Final = """
    SELECT count(DISTINCT key) FROM (
      SELECT r.{sort} AS key FROM unnest($3::int[], $4::bytea[]) AS b(first, bits)
      JOIN reach_addresses r ON r.workspace_id = $1 AND r.kind = $2 AND {in_block}
      UNION ALL
      SELECT r.{sort} FROM reach_addresses r
      WHERE r.workspace_id = $1 AND r.kind = $2 AND r.ordinal = ANY($5::int[])
    ) t
"""

FORGET_ALL: Final = "DELETE FROM reach_addresses WHERE workspace_id = $1 AND kind = $2"

STORE_ALL: Final = """
    INSERT INTO reach_addresses (workspace_id, kind, ordinal, email, phone, postal)
    SELECT $1, $2, m.ordinal, hashtextextended(seggraph_email_key(m.email), 0),
      hashtextextended(seggraph_phone_key(m.phone), 0), hashtextextended(encode(a.postal_digest, 'hex'), 0)
    FROM members m LEFT JOIN member_addresses a ON a.workspace_id = $1 AND a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2
      AND (m.email IS NOT NULL OR m.phone IS NOT NULL OR a.postal_digest IS NOT NULL)
"""

_HAVE_THE_SAME: Final = """
    SELECT array_agg(r.ordinal) FROM reach_addresses r JOIN (
      SELECT {sort} AS key FROM reach_addresses WHERE workspace_id = $1 AND kind = $2
      GROUP BY {sort} HAVING count(*) > 1) AS shared ON r.{sort} = shared.key
    WHERE r.workspace_id = $1 AND r.kind = $2
"""

_ARE_INCOMPARABLE: Final = """
    SELECT m.ordinal FROM members m LEFT JOIN member_addresses a ON a.workspace_id = $1 AND a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.has_address AND a.postal_digest IS NULL
"""

FIND_SHARED: Final = {sort: _HAVE_THE_SAME.format(sort=sort) for sort in AddressSort} | {
    AddressSort.POSTAL: f"SELECT ({_HAVE_THE_SAME.format(sort='postal')}) || ARRAY({_ARE_INCOMPARABLE})"
}
"""The members who are not counted one by one."""

FORGET: Final = (
    "DELETE FROM reach_addresses WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])"
)


@dataclass(frozen=True, slots=True)
class Sharers:
    """The members who have one address, before a change and after it."""

    before: BitMap
    after: BitMap


@dataclass(frozen=True, slots=True)
class Sharing:
    """With whom some members share their addresses, before a change and after it.

    `shared` are members that are not counted one by one. `sharers` has for those of them who were asked about each
    address that they had or have. `moved` are the members whose other address may make a difference.
    """

    shared: Mapping[AddressSort, BitMap]
    sharers: Mapping[AddressSort, Mapping[int, Sequence[Sharers]]]
    moved: Mapping[AddressSort, BitMap]

    @property
    def is_one_each(self) -> bool:
        """Whether every member that a channel reaches counts as one address of it, before and after."""
        return not any(self.shared.values())

    @property
    def ordinals(self) -> BitMap:
        """Everybody who has one of the addresses: who of them is in an audience must be known to count a change."""
        found = (one for by_ordinal in self.sharers.values() for all_ in by_ordinal.values() for one in all_)
        return BitMap.union(BitMap(), *(bitmap for one in found for bitmap in (one.before, one.after)))

    def change(self, members: "AudienceChange", before: Reachable, after: Reachable) -> ReachCounts:
        """By how much the numbers of different addresses of an audience change. Bitmaps may be cut to `ordinals` and
        those who enter or exit.
        """
        numbers = zip(DISTINCT, self.numbers(members, before, after), strict=True)
        return replace(NO_REACH, **dict(numbers))

    def numbers(self, members: "AudienceChange", before: Reachable, after: Reachable) -> list[int]:
        """The same as numbers, in the order of DISTINCT, which is that of the counts."""
        return [
            self._change(sort, members, before[Step.REACHED, channel], after[Step.REACHED, channel])
            for channel, sort in SORTS.items()
        ]

    def _change(
        self, sort: AddressSort, members: "AudienceChange", reached_before: BitMap, reached_after: BitMap
    ) -> int:
        if not self.shared[sort]:
            return members.after.intersection_cardinality(
                reached_after
            ) - members.before.intersection_cardinality(reached_before)
        before, after = members.before & reached_before, members.after & reached_after
        differing = (before ^ after) | (self.moved[sort] & (before | after))
        shared = self.shared[sort] & differing
        alone = differing - shared
        change = after.intersection_cardinality(alone) - before.intersection_cardinality(alone)
        for one in self._of(sort, shared):
            change += one.after.intersect(after) - one.before.intersect(before)
        return change

    def _of(self, sort: AddressSort, ordinals: BitMap) -> Iterator[Sharers]:
        """The addresses of members, each once."""
        sharers, seen = self.sharers[sort], set[int]()
        for ordinal in ordinals:
            for one in sharers.get(ordinal, ()):
                if id(one) not in seen:
                    seen.add(id(one))
                    yield one


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """The members of an audience before and after a change."""

    before: BitMap
    after: BitMap


@dataclass(slots=True)
class Readdressed:
    """The members who have other addresses since the last refresh: by sort, key and member who had or has each."""

    sharers: dict[AddressSort, dict[int, Sharers]] = field(
        default_factory=lambda: {s: {} for s in AddressSort}
    )
    keys: dict[AddressSort, dict[int, set[int]]] = field(default_factory=lambda: {s: {} for s in AddressSort})
    moved: dict[AddressSort, BitMap] = field(default_factory=lambda: {s: BitMap() for s in AddressSort})

    @property
    def differing(self) -> BitMap:
        """Those whose other address may change a number."""
        return BitMap.union(BitMap(), *self.moved.values())


class Addresses:
    """The addresses of a population. The caller holds what keeps refreshes and other changes from coming between."""

    def __init__(
        self, connection: asyncpg.Connection, store: ChunkStore, workspace_id: int, kind: MemberKind
    ) -> None:
        self._connection = connection
        self._store = store
        self._of = (workspace_id, kind)

    async def correct(self, population_id: int, ordinals: BitMap) -> Readdressed:
        """Store what the addresses of members are compared by now. The caller holds the lock of the population."""
        rows = await self._connection.fetch(KEYS, *self._of, list(ordinals))
        changed = [row for row in rows if any(row[f"old_{sort}"] != row[sort] for sort in AddressSort)]
        found = Readdressed()
        marks = {sort: BitMap() for sort in AddressSort}
        marks[AddressSort.POSTAL] |= BitMap(row["ordinal"] for row in rows if row["is_incomparable"])
        if changed:
            for sort in AddressSort:
                await self._regroup(sort, changed, found, marks[sort])
            columns = ([row[name] for row in changed] for name in ("ordinal", *AddressSort))
            await self._connection.execute(STORE, *self._of, *columns)
        await self._mark(population_id, marks)
        return found

    async def build(self, population_id: int) -> None:
        """Store what the addresses of all members are compared by. The caller holds the lock of the population."""
        await self._connection.execute(FORGET_ALL, *self._of)
        await self._connection.execute(STORE_ALL, *self._of)
        owners = shared_owners(population_id)
        before = await self._store.read_many(list(owners.values()))
        for sort, owner in owners.items():
            found = await self._connection.fetchval(FIND_SHARED[sort], *self._of)
            await self._store.write({owner: (before[owner], BitMap(found or ()))})

    async def _regroup(
        self, sort: AddressSort, rows: Iterable[asyncpg.Record], found: Readdressed, marks: BitMap
    ) -> None:
        """Note who had and who has each of the addresses; mark those who share one."""
        changes = [
            (row["ordinal"], row[f"old_{sort}"], row[sort]) for row in rows if row[f"old_{sort}"] != row[sort]
        ]
        wanted = {key for _, *keys in changes for key in keys if key is not None}
        before = await self._holders(sort, wanted)
        after = {key: BitMap(holders) for key, holders in before.items()}
        for ordinal, old, new in changes:
            if old is not None:
                after[old].discard(ordinal)
            if new is not None:
                after.setdefault(new, BitMap()).add(ordinal)
            found.keys[sort][ordinal] = {key for key in (old, new) if key is not None}
        nobody = BitMap()
        found.sharers[sort] = {key: Sharers(before.get(key, nobody), after[key]) for key in wanted}
        for one in found.sharers[sort].values():
            if len(one.after) > 1:
                marks |= one.after
        for ordinal, old, new in changes:
            holders = [len(before[old])] if old is not None else [2]
            holders += [len(after[new])] if new is not None else [2]
            if max(holders) > 1:
                found.moved[sort].add(ordinal)

    async def _mark(self, population_id: int, marks: Mapping[AddressSort, BitMap]) -> None:
        """Add members to those who are not counted one by one."""
        wanted = BitMap.union(BitMap(), *marks.values())
        if not wanted:
            return
        owners = shared_owners(population_id)
        stored = await self._store.read_held(list(owners.values()), wanted)
        changes = {
            owner: (stored[owner] & marks[sort], marks[sort]) for sort, owner in owners.items() if marks[sort]
        }
        await self._store.write(changes)

    async def sharing(self, population_id: int, ordinals: BitMap) -> Sharing:
        """With whom these members share addresses."""
        owners = shared_owners(population_id)
        stored = await self._store.read_held(list(owners.values()), ordinals)
        return await self.sharing_of({sort: stored[owner] for sort, owner in owners.items()}, Readdressed())

    async def sharing_of(self, shared: Mapping[AddressSort, BitMap], moved: Readdressed) -> Sharing:
        """With whom members share addresses, and shared them before some were readdressed.

        `shared` are those of the members who are not counted one by one.
        """
        asked = BitMap.union(BitMap(), *shared.values())
        held = await self._connection.fetch(HELD, *self._of, list(asked)) if asked else []
        sharers = {sort: await self._sharers(sort, shared[sort], held, moved) for sort in AddressSort}
        return Sharing(shared, sharers, moved.moved)

    async def _sharers(
        self, sort: AddressSort, shared: BitMap, held: Iterable[asyncpg.Record], moved: Readdressed
    ) -> dict[int, list[Sharers]]:
        keys = {ordinal: set(keys) for ordinal, keys in moved.keys[sort].items() if ordinal in shared}
        for row in held:
            if row["ordinal"] in shared and row[sort] is not None:
                keys.setdefault(row["ordinal"], set()).add(row[sort])
        known = dict(moved.sharers[sort])
        holders = await self._holders(sort, {key for some in keys.values() for key in some} - known.keys())
        known |= {key: Sharers(holder, holder) for key, holder in holders.items()}
        return {ordinal: [known[key] for key in some] for ordinal, some in keys.items()}

    async def _holders(self, sort: AddressSort, keys: Iterable[int]) -> dict[int, BitMap]:
        """Who has each of the addresses."""
        wanted = list(keys)
        if not wanted:
            return {}
        rows = await self._connection.fetch(OF_KEYS.format(sort=sort), *self._of, wanted)
        return {row["key"]: BitMap(row["ordinals"]) for row in rows}

    async def count(self, population_id: int, members: BitMap, reachable: Reachable) -> ReachCounts:
        """How many different addresses an audience has by channel. It costs the members who share theirs."""
        owners = shared_owners(population_id)
        stored = await self._store.read_many(list(owners.values()))
        counts: dict[str, int] = {}
        for channel, sort in SORTS.items():
            reached = members & reachable[Step.REACHED, channel]
            shared = reached & stored[owners[sort]]
            different = await self._count_shared(sort, shared) if shared else 0
            counts[f"distinct_{channel.name.lower()}"] = len(reached) - len(shared) + different
        return replace(NO_REACH, **counts)

    async def _count_shared(self, sort: AddressSort, ordinals: BitMap) -> int:
        blocks = await asyncio.to_thread(to_sql_blocks, ordinals)
        text = COUNT.format(sort=sort, in_block=in_block("r.ordinal", "b"))
        values: Sequence[Any] = (blocks.firsts, blocks.bits, blocks.singles)
        return int(await self._connection.fetchval(text, *self._of, *values))

    async def forget(self, population_id: int, ordinals: BitMap) -> None:
        """Forget the addresses of members who are erased and in no audience any more."""
        await self._connection.execute(FORGET, *self._of, list(ordinals))
        await self._store.erase(list(shared_owners(population_id).values()), ordinals)


def shared_owners(population_id: int) -> dict[AddressSort, ChunkOwner]:
    """The owners of the audiences of members who are not counted one by one."""
    return {sort: ChunkOwner(role, population_id) for sort, role in SHARED.items()}
