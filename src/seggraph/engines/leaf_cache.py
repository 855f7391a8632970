"""Cached answers to single conditions, for as long as the data stays the same.

A person who edits criteria changes one condition at a time; the others are answered from this cache. The key of an
answer is everything that it depends on, so that no answer is out of date: the version of the data, which the reading
snapshot knows exactly, and the instant for conditions that depend on time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.criteria.dependencies import Reads, fields_read
from seggraph.criteria.typed import Checked
from seggraph.engines.caches import BoundedCache
from seggraph.engines.population import Population
from seggraph.vocabulary import MemberKind

SAME_INSTANT: Final = timedelta(seconds=30)
"""How long evaluations of unchanged data share one instant, so that answers about windows are found too."""

_INSTANTS: Final = 1_000
_ENTRY_BYTES: Final = 500

VERSIONS = """
    SELECT k AS kind, coalesce(v.version, 0) AS version,
      (SELECT count(*) FROM dirty_batches d WHERE d.workspace_id = $1 AND d.kind = k) AS pending
    FROM unnest($2::smallint[]) AS k
    LEFT JOIN data_versions v ON v.workspace_id = $1 AND v.kind = k
"""
"""Each change adds a dirty batch in its transaction. Each refresh removes batches and raises the version in its own.

So two snapshots with equal versions and equally many batches see the same members, events and relations.
"""

Version: TypeAlias = tuple[int, int]
Versions: TypeAlias = tuple[tuple[MemberKind, Version], ...]


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """The members that satisfy a condition, of all members or of `within_ordinals`."""

    members: BitMap
    within_ordinals: BitMap | None = None

    def lacks(self, wanted: BitMap | None) -> BitMap | None:
        """The wanted members that the answer says nothing about. None stands for all members."""
        if self.within_ordinals is None:
            return BitMap()
        return None if wanted is None else wanted - self.within_ordinals

    def extended(self, members: BitMap, within_ordinals: BitMap | None) -> "ConditionAnswer":
        """The answer with another answer about other members added."""
        if within_ordinals is None or self.within_ordinals is None:
            return ConditionAnswer(members) if within_ordinals is None else self
        return ConditionAnswer(self.members | members, self.within_ordinals | within_ordinals)

    @property
    def size(self) -> int:
        """Its size in bytes, roughly."""
        return _ENTRY_BYTES + sum(
            _size(one) for one in (self.members, self.within_ordinals) if one is not None
        )


def _size(bitmap: BitMap) -> int:
    found = bitmap.get_statistics()
    return int(
        found["n_bytes_array_containers"]
        + found["n_bytes_run_containers"]
        + found["n_bytes_bitset_containers"]
    )


Key: TypeAlias = tuple[Population, Checked, bool, Versions, ZoneInfo, datetime | None]


class LeafCache:
    """The answers of one engine. The ones used least recently are dropped first."""

    def __init__(self, max_bytes: int) -> None:
        self._answers: BoundedCache[ConditionAnswer] = BoundedCache(max_bytes, lambda answer: answer.size)
        self._instants: BoundedCache[tuple[Versions, datetime]] = BoundedCache(_INSTANTS)

    async def recall(
        self, connection: asyncpg.Connection, population: Population, zone: ZoneInfo, now: datetime
    ) -> "Recall":
        """The answers about the data that the snapshot of `connection` sees, and the instant to evaluate it as of."""
        rows = await connection.fetch(VERSIONS, population.workspace_id, list(MemberKind))
        versions = tuple((MemberKind(row["kind"]), (row["version"], row["pending"])) for row in rows)
        key = (population.workspace_id, zone)
        known, as_of = self._instants.find(key) or (None, now)
        if known != versions or not now - SAME_INSTANT <= as_of <= now:
            as_of = now
            self._instants.add(key, (versions, now))
        return Recall(self, population, dict(versions), zone, as_of)

    def find(self, key: Key) -> ConditionAnswer | None:
        """The answer with a key, or None."""
        return self._answers.find(key)

    def add(self, key: Key, answer: ConditionAnswer) -> None:
        """Cache an answer and drop others for it. An answer larger than the cache is not cached."""
        self._answers.add(key, answer)


@dataclass(frozen=True, slots=True)
class Recall:
    """The cached answers about the data of one snapshot. `as_of` is the instant to evaluate it as of."""

    cache: LeafCache
    population: Population
    versions: Mapping[MemberKind, Version]
    zone: ZoneInfo
    as_of: datetime

    def about(self, population: Population) -> "Recall":
        """The answers about another population of the workspace."""
        return replace(self, population=population)

    def find(self, leaf: Checked, *, negated: bool) -> ConditionAnswer | None:
        """The answer to a condition, or None."""
        key = self._key(leaf, negated)
        return None if key is None else self.cache.find(key)

    def add(self, leaf: Checked, answer: ConditionAnswer, *, negated: bool) -> None:
        """Cache the answer to a condition."""
        key = self._key(leaf, negated)
        if key is not None:
            self.cache.add(key, answer)

    def _key(self, leaf: Checked, negated: bool) -> Key | None:
        """The key of a condition. None if it reads segments, whose members are no part of the version of the data."""
        reads = fields_read(leaf)
        kinds, segments = _read(reads, self.population.kind)
        if segments:
            return None
        versions = tuple((kind, self.versions[kind]) for kind in sorted(kinds))
        return self.population, leaf, negated, versions, self.zone, self.as_of if reads.time else None


def _read(reads: Reads, kind: MemberKind) -> tuple[set[MemberKind], bool]:
    """The kinds whose data is read, and whether segments are."""
    kinds, segments = {kind}, bool(reads.segments)
    for direction, inner in reads.related:
        inner_kinds, inner_segments = _read(inner, direction.other_kind)
        kinds |= inner_kinds
        segments = segments or inner_segments
    return kinds, segments
