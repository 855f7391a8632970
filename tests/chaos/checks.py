"""What must hold: meanwhile no segment waits long without a worker, and in the end everything is as it should be."""

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.files import uploads
from seggraph.models.audiences import ChunkRole
from seggraph.services.catalogue import value_counts
from seggraph.vocabulary import ConsentState, MemberKind, SegmentPurpose, SourceKind
from tests.chaos.faults import Faults
from tests.chaos.meanings import CHOICES, Row
from tests.chaos.world import DELETED, World

LOOK_SECONDS: Final = 0.1

UNLEASED: Final = """
    SELECT id, requested_revision AS revision, attempts, retry_at, error_code FROM segments
    WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING'
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""

UNSETTLED: Final = """
    SELECT 'dirty' AS what, count(*) AS number FROM dirty_batches
    UNION ALL SELECT 'outbox', count(*) FROM outbox
    UNION ALL SELECT 'running runs', count(*) FROM runs WHERE status = 'RUNNING'
    UNION ALL SELECT 'running imports', count(*) FROM imports WHERE status = 'RUNNING'
    UNION ALL SELECT 'running exports', count(*) FROM exports WHERE status = 'RUNNING'
    UNION ALL SELECT 'time', count(*) FROM ticks WHERE ticked_at < $1
    UNION ALL SELECT 'segments', count(*) FROM segments WHERE status = 'ACTIVE'
      AND (reach_status NOT IN ('READY', 'FAILED')
        OR (reach_status = 'READY' AND computed_revision < requested_revision))
"""

MOVES: Final = """
    SELECT r.id, c.move, c.roaring FROM runs r JOIN run_chunks c ON c.run_id = r.id
    WHERE r.segment_id = $1 AND r.status = 'SUCCEEDED' ORDER BY r.applied, c.move
"""

TOTALS: Final = """
    SELECT count(*) FROM (
      SELECT kind, name, ordinal, count(*) AS count, count(value) AS valued, coalesce(sum(value), 0) AS sum,
        min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM events GROUP BY 1, 2, 3) e
    FULL JOIN event_totals t USING (kind, name, ordinal)
    WHERE e.count IS DISTINCT FROM t.count OR e.valued IS DISTINCT FROM t.valued_count
      OR e.sum IS DISTINCT FROM t.sum OR e.first_at IS DISTINCT FROM t.first_at OR e.last_at IS DISTINCT FROM t.last_at
"""


@dataclass
class Monitor:
    """Looks all the time at which segments are CALCULATING without a live lease, and for how long."""

    database_url: str
    faults: Faults
    longest_seconds: float = 0.0
    longest: str = ""
    since: dict[Any, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look until cancelled; a lost connection is opened anew."""
        while True:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                connection = await asyncpg.connect(
                    self.database_url, timeout=10, server_settings={"application_name": "chaos"}
                )
                try:
                    while True:
                        self._note(await connection.fetch(UNLEASED))
                        await asyncio.sleep(LOOK_SECONDS)
                finally:
                    connection.terminate()
            await asyncio.sleep(LOOK_SECONDS)

    def _note(self, rows: list[asyncpg.Record]) -> None:
        """While a server is away the time does not count; a new attempt means that there was a lease in between."""
        now = time.monotonic()
        found = {(row["id"], row["revision"], row["attempts"]): row for row in rows}
        self.since = {key: self.since.get(key, now) for key in found}
        for key, since in self.since.items():
            waited = 0.0 if self.faults.is_away else now - max(since, self.faults.restored_at)
            if waited > self.longest_seconds:
                self.longest_seconds, self.longest = waited, str(dict(found[key]))


async def settle(connection: asyncpg.Connection, seconds: float, passed: datetime) -> float:
    """Wait until nothing is left to do, and time has passed up to an instant; how long that took."""
    began = time.monotonic()
    while left := {
        row["what"]: row["number"] for row in await connection.fetch(UNSETTLED, passed) if row["number"]
    }:
        assert time.monotonic() - began < seconds, f"not settled after {seconds} s: {left}"
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - began


class FinalState:
    """The state in the end, compared with the naive evaluation of the rows. Differences are collected, not raised."""

    def __init__(self, connection: asyncpg.Connection, world: World) -> None:
        self._connection = connection
        self._world = world
        self._store = ChunkStore(connection, world.viewer.workspace_id)
        self.differences: list[str] = []

    def _same(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.differences.append(f"{what}: {_short(found)} instead of {_short(expected)}")

    async def check(self) -> list[str]:
        """Everything; the differences found."""
        rows = await self._rows()
        await self._check_changes(rows)
        await self._check_segments(rows)
        await self._check_files()
        await self._check_values(rows)
        self._same("event totals that differ", await self._connection.fetchval(TOTALS), 0)
        return self.differences

    async def _rows(self) -> dict[int, Row]:
        members = await self._connection.fetch(
            "SELECT * FROM members WHERE workspace_id = $1", self._world.viewer.workspace_id
        )
        events: dict[int, list[Any]] = {}
        for row in await self._connection.fetch("SELECT ordinal, name, occurred_at, value FROM events"):
            events.setdefault(row["ordinal"], []).append((row["name"], row["occurred_at"], row["value"]))
        return {member["ordinal"]: Row(member, events.get(member["ordinal"], [])) for member in members}

    async def _check_changes(self, rows: dict[int, Row]) -> None:
        """What was acknowledged is there, once."""
        countries = {row.member["external_id"]: row.member["country"] for row in rows.values()}
        for name, known in self._world.countries.items():
            if known is not None:
                self._same(f"country of {name}", countries.get(name, DELETED), known)
        stored = Counter(row[0] for row in await self._connection.fetch("SELECT external_id FROM events"))
        self._same("repeated events", [one for one, count in stored.items() if count > 1], [])
        self._same("lost events", [one for one in self._world.recorded if one not in stored], [])

    async def _check_segments(self, rows: dict[int, Row]) -> None:
        segments = {
            row["id"]: row for row in await self._connection.fetch("SELECT * FROM segments ORDER BY id")
        }
        for name in ("slow", "broken"):
            row = segments[self._world.fixed[name]]
            self._same(
                f"{name} has a reason", (row["reach_status"], bool(row["error_message"])), ("FAILED", True)
            )
        reachable = {ordinal: _channels(row) for ordinal, row in rows.items()}
        members: dict[int, BitMap] = {}
        for segment_id in self._world.good:
            members[segment_id] = await self._check_segment(segments[segment_id], rows, members, reachable)

    async def _check_segment(
        self,
        segment: asyncpg.Record,
        rows: dict[int, Row],
        members: dict[int, BitMap],
        reachable: dict[int, set[str]],
    ) -> BitMap:
        """One segment: its criteria, the links of each source, its members, numbers and history."""
        name, found = segment["name"], await self._store.read(ChunkOwner(ChunkRole.MEMBERS, segment["id"]))
        self._same(f"{name} is READY", segment["reach_status"], "READY")
        self._same(f"{name} is computed", segment["computed_revision"], segment["requested_revision"])
        wanted = self._world.wanted.get(segment["id"])
        if wanted is not None:
            self._same(f"criteria of {name}", json.loads(segment["criteria"]), self._world.canonical[wanted])
        links = await self._check_links(segment, rows, members)
        self._same(f"members of {name}", found, links)
        self._same(f"count of {name}", segment["member_count"], len(found))
        replayed = await self._replayed(segment["id"])
        self._same(f"history of {name}", replayed, found)
        counts = Counter(channel for ordinal in found for channel in reachable.get(ordinal, ()))
        for channel in ("email", "direct_mail", "push"):
            self._same(f"{channel} of {name}", segment[f"reach_{channel}"], counts[channel])
        mail_only = segment["purpose"] == SegmentPurpose.ACQUISITION
        total = sum(
            "direct_mail" in reachable[one] or (not mail_only and "email" in reachable[one]) for one in found
        )
        self._same(f"reach of {name}", segment["reach_total"], total)
        return found

    async def _check_links(
        self, segment: asyncpg.Record, rows: dict[int, Row], members: dict[int, BitMap]
    ) -> BitMap:
        """The union of the links of a segment's sources, each compared with what it should have."""
        union = BitMap()
        for source in await self._connection.fetch(
            "SELECT o.id, o.kind, p.status, p.criteria FROM sources o LEFT JOIN playbooks p ON p.id = o.playbook_id"
            " WHERE o.segment_id = $1",
            segment["id"],
        ):
            links = await self._store.read(ChunkOwner(ChunkRole.LINKS, source["id"]))
            blocks = await self._store.read(ChunkOwner(ChunkRole.BLOCKS, source["id"]))
            what = f"{source['kind']} links of {segment['name']}"
            match SourceKind(source["kind"]):
                case SourceKind.CRITERIA:
                    self._same(what, links, self._matching(segment["criteria"], rows, members) - blocks)
                case SourceKind.PLAYBOOK if source["status"] == "ACTIVE":
                    self._same(what, links, self._matching(source["criteria"], rows, members) - blocks)
                case SourceKind.MANUAL:
                    self._same(f"blocks against {what}", blocks, BitMap())
                    self._check_hands(segment["id"], what, {rows[one].member["external_id"] for one in links})
                case SourceKind.IMPORT:
                    self._same(f"blocks against {what}", blocks, BitMap())
                    names = {rows[one].member["external_id"] for one in links}
                    completed = await self._completed()
                    self._same(what, names, {name for one in completed for name in self._world.imports[one]})
            union |= links
        return union

    def _matching(self, criteria: str, rows: dict[int, Row], members: dict[int, BitMap]) -> BitMap:
        document = json.loads(criteria)
        if document in self._world.canonical:
            meaning = CHOICES[self._world.canonical.index(document)][1]
            return BitMap(ordinal for ordinal, row in rows.items() if meaning(row))
        referred = members[self._world.fixed["referred"]]
        return BitMap(one for one in referred if "y" not in rows[one].member["tags"])

    def _check_hands(self, segment_id: int, what: str, names: set[str]) -> None:
        for (of, name), known in self._world.manual.items():
            if of == segment_id and (name in names) != known:
                self.differences.append(f"{what}: {name} should {'' if known else 'not '}be there")

    async def _completed(self) -> list[int]:
        rows = await self._connection.fetch("SELECT id FROM imports WHERE status = 'COMPLETED'")
        return [row["id"] for row in rows if row["id"] in self._world.imports]

    async def _replayed(self, segment_id: int) -> BitMap:
        members = BitMap()
        for row in await self._connection.fetch(MOVES, segment_id):
            moved = from_bytes(row["roaring"])
            wrong = members & moved if row["move"] == 1 else moved - members
            self._same(f"who moves twice in run {row['id']}", wrong, BitMap())
            members = members | moved if row["move"] == 1 else members - moved
        return members

    async def _check_files(self) -> None:
        """Imports are over with counts that add up, and exports have their files unless an erasure expired them."""
        for row in await self._connection.fetch("SELECT * FROM imports WHERE status <> 'UPLOADED'"):
            rows = len(self._world.imports[row["id"]])
            counts = (row["status"], row["read"], row["added"])
            self._same(f"import {row['id']} ({row['error_message']})", counts, ("COMPLETED", rows, rows))
        settings = self._world.context.settings
        for row in await self._connection.fetch("SELECT * FROM exports"):
            has_file = row["file"] is not None and uploads.path_of(settings, row["file"]).exists()
            expected = "READY" if has_file else "EXPIRED"
            self._same(f"export {row['id']} ({row['error_message']})", row["status"], expected)
            self._same(f"rows of export {row['id']}", row["written"], row["total"])

    async def _check_values(self, rows: dict[int, Row]) -> None:
        """The catalogue counts each country and tag as often as members have it."""
        for name in ("country", "tags"):
            found = await value_counts.suggest(self._world.viewer, MemberKind.ACCOUNT, name, first=50)
            values = Counter(
                value
                for row in rows.values()
                for value in (row.member["tags"] if name == "tags" else [row.member["country"]])
            )
            del values[None]
            self._same(f"counts of {name}", {str(one.value): one.count for one in found}, dict(values))


def _channels(row: Row) -> set[str]:
    member = row.member
    found = set()
    if member["email"] and member["consent_email"] != ConsentState.DENIED:
        found.add("email")
    if member["has_address"] and member["consent_direct_mail"] != ConsentState.DENIED:
        found.add("direct_mail")
    if member["consent_push"] == ConsentState.GRANTED:
        found.add("push")
    return found


def _short(value: object) -> str:
    text = str(sorted(value)) if isinstance(value, set | BitMap) else str(value)
    return text if len(text) < 300 else f"{text[:300]}…"
