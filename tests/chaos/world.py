"""What goes on meanwhile: changes of every sort through the services, and what was acknowledged of them.

An answer of RetryLater leaves open whether the change was made; anything else acknowledged must be there in the end,
and anything refused must not. Every member has one writer, so that what is known of it has an order.
"""

import asyncio
import json
import random
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.errors import RetryLater, SeggraphError
from seggraph.services.erasure import erasure
from seggraph.services.events import events
from seggraph.services.exports import exports
from seggraph.services.exports.exports import ExportDraft
from seggraph.services.imports import imports
from seggraph.services.imports.imports import ImportDraft, StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import edits as member_edits
from seggraph.services.members import upserts
from seggraph.services.members.selections import Selection
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import (
    Channel,
    ConsentState,
    ExportContent,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
)
from tests.chaos.meanings import CHOICES
from tests.chaos.workers import SLOW_COUNTRY
from tests.services.computing import ACCOUNT, country
from tests.services.importing import reading

MEMBERS: Final = 90
WRITERS: Final = 3
OPERATION_SECONDS: Final = 60.0
DELETED: Final = "deleted"
"""What is known of the country of a member that was erased."""


Step = Callable[[Context, Viewer, int], Awaitable[Any]]


@dataclass
class World:
    """A workspace, what goes on in it, and what is known of it."""

    context: Context
    viewer: Viewer
    seed: int
    wanted: dict[int, int | None] = field(default_factory=dict)
    """By segment, the choice that its criteria were last set to; None if that is not known."""
    canonical: list[Any] = field(default_factory=list)
    countries: dict[str, str | None] = field(default_factory=dict)
    """By member, what is known of its country; DELETED once it is erased."""
    manual: dict[tuple[int, str], bool] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
    """By event that was acknowledged, the member who did it."""
    imports: dict[int, list[str]] = field(default_factory=dict)
    exports: list[int] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0
    numbers: int = 0
    fixed: dict[str, int] = field(default_factory=dict)
    playbook_id: int = 0

    async def build(self) -> None:
        """Members; a segment of each criteria; a STATIC one; one that refers to another; a playbook; two bad ones."""
        chance = random.Random(self.seed)
        await self._put(chance, range(MEMBERS))
        purposes = [None, SegmentPurpose.ACQUISITION, SegmentPurpose.RETENTION]
        for number, (criteria, _) in enumerate(CHOICES):
            segment_id = await self._make(f"Choice {number}", criteria, purposes[number % 3])
            self.wanted[segment_id] = number
            self.canonical.append(await self._criteria_of(segment_id))
        self.fixed["listed"] = await self._make("Listed", None, None)
        first = next(iter(self.wanted))
        refers = {
            "all": [
                {"segment": {"op": "IN", "id": str(first)}},
                {"tags": {"op": "HAS_NONE", "values": ["y"]}},
            ]
        }
        self.fixed["referring"] = await self._make("Referring", refers, None)
        self.fixed["referred"] = first
        fed = [self.fixed["listed"], list(self.wanted)[4]]
        draft = PlaybookDraft("Feeding", ACCOUNT, country("FR"), fed)
        self.playbook_id = (await playbooks.create(self.context, self.viewer, draft)).id
        self.fixed["slow"] = await self._make("Slow", country(SLOW_COUNTRY), None)
        self.fixed["broken"] = await self._make("Broken", country("DE"), None)
        async with database() as connection:
            await connection.execute(
                "UPDATE segments SET criteria = $2 WHERE id = $1",
                self.fixed["broken"],
                json.dumps({"attribute": {"field": "no such field", "op": "EQ", "value": 1}}),
            )
        await segments.recalculate(self.context, self.viewer, self.fixed["broken"])

    @property
    def good(self) -> list[int]:
        """The segments that can be computed."""
        return [*self.wanted, self.fixed["listed"], self.fixed["referring"]]

    async def _make(
        self, name: str, criteria: Mapping[str, Any] | None, purpose: SegmentPurpose | None
    ) -> int:
        type_ = SegmentType.STATIC if criteria is None else SegmentType.DYNAMIC
        draft = SegmentDraft(name, ACCOUNT, type_, purpose=purpose, criteria=criteria, activate=True)
        return (await segments.create(self.context, self.viewer, draft)).id

    async def _criteria_of(self, segment_id: int) -> Any:
        async with database() as connection:
            return json.loads(
                await connection.fetchval("SELECT criteria FROM segments WHERE id = $1", segment_id)
            )

    async def ask(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do it; the answer, or None when it was refused. Raises RetryLater when nobody knows."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                answer = await work()
            self.done[name] += 1
            return answer
        except RetryLater:
            self.done["unknown"] += 1
            raise
        except SeggraphError:
            self.done["refused"] += 1
        except Exception:  # whatever it is, it should have been one of those
            self.defects.append(f"{name}: {traceback.format_exc(limit=-8)}")
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        return None

    async def write(self, number: int, going: Callable[[], bool]) -> None:
        """One writer of members, as long as it goes on."""
        chance = random.Random(self.seed * 10 + number)
        mine = range(number, MEMBERS, WRITERS)
        kinds = [
            self._put,
            self._put,
            self._tag,
            self._consent,
            self._record,
            self._record,
            self._hand,
            self._erase,
        ]
        while going():
            work = chance.choices(kinds, [4, 4, 3, 2, 4, 4, 3, 1])[0]
            try:
                await work(chance, chance.sample(mine, 3))
            except RetryLater:
                await asyncio.sleep(0.1)
            await asyncio.sleep(chance.random() * 0.1)

    async def _put(self, chance: random.Random, numbers: Sequence[int]) -> None:
        rows = [_row(chance, number) for number in numbers]
        before = {row["externalId"]: self.countries.get(row["externalId"], DELETED) for row in rows}
        self.countries |= dict.fromkeys(before)
        if await self._asked("upsert", lambda: upserts.upsert(self.context, self.viewer, ACCOUNT, rows)):
            self.countries |= {row["externalId"]: row["country"] for row in rows}
        else:
            self.countries |= before

    async def _asked(self, name: str, work: Callable[[], Awaitable[Any]]) -> bool:
        return await self.ask(name, work) is not None

    async def _tag(self, chance: random.Random, numbers: Sequence[int]) -> None:
        add, remove = chance.sample(["x", "y", "z"], 2)
        await self.ask(
            "tag",
            lambda: member_edits.tag(self.context, self.viewer, _named(numbers), add=[add], remove=[remove]),
        )

    async def _consent(self, chance: random.Random, numbers: Sequence[int]) -> None:
        given = {chance.choice(list(Channel)): chance.choice(list(ConsentState))}
        await self.ask(
            "consent", lambda: member_edits.set_consents(self.context, self.viewer, _named(numbers), given)
        )

    async def _record(self, chance: random.Random, numbers: Sequence[int]) -> None:
        rows: dict[str, dict[str, Any]] = {}
        for number in numbers:
            self.numbers += 1
            visits = chance.random() < 0.5
            rows[f"e{self.numbers}"] = {
                "externalId": f"e{self.numbers}",
                "kind": ACCOUNT,
                "memberExternalId": f"a{number}",
                "name": "visit" if visits else "order",
                "occurredAt": datetime.now(UTC)
                - (timedelta() if visits else timedelta(days=chance.randrange(9))),
                "value": None if visits else Decimal(chance.randrange(1, 100)),
            }
        report = await self.ask(
            "record", lambda: events.record(self.context, self.viewer, list(rows.values()))
        )
        if report is not None:
            refused = {error.index for error in report.row_errors}
            taken = [row for place, row in enumerate(rows.values()) if place not in refused]
            self.recorded |= {row["externalId"]: row["memberExternalId"] for row in taken}

    async def _hand(self, chance: random.Random, numbers: Sequence[int]) -> None:
        segment_id, adds = chance.choice(self.good), chance.random() < 0.6
        keys = [(segment_id, f"a{number}") for number in numbers]
        before = {key: self.manual[key] for key in keys if key in self.manual}
        for key in keys:
            self.manual.pop(key, None)
        step = manual_membership.add if adds else manual_membership.remove
        known = await self._asked(
            "hand", lambda: step(self.context, self.viewer, [segment_id], _named(numbers))
        )
        there = {key: self.countries.get(key[1]) for key in keys}
        now = {key: adds and there[key] != DELETED for key in keys if there[key] is not None}
        self.manual |= now if known else before

    async def _erase(self, chance: random.Random, numbers: Sequence[int]) -> None:
        names = [f"a{number}" for number in numbers[:1]]
        before, manual = dict.fromkeys(names, self.countries.get(names[0], DELETED)), dict(self.manual)
        self.countries |= dict.fromkeys(names)
        self.manual = {key: known for key, known in self.manual.items() if key[1] not in names}
        self.recorded = {one: member for one, member in self.recorded.items() if member not in names}
        if await self._asked("erase", lambda: erasure.delete(self.context, self.viewer, _named(numbers[:1]))):
            self.countries |= dict.fromkeys(names, DELETED)
            self.manual |= {(segment_id, name): False for segment_id in self.good for name in names}
        else:
            self.countries |= before
            self.manual |= {key: known for key, known in manual.items() if key[1] in names}

    async def operate(self, going: Callable[[], bool]) -> None:
        """One who works with segments, playbooks, imports and exports, as long as it goes on."""
        chance = random.Random(self.seed * 10 + 9)
        kinds = [
            self._recalculate,
            self._edit,
            self._life,
            self._playbook,
            self._import,
            self._export,
            self._sync,
        ]
        while going():
            work = chance.choices(kinds, [12, 5, 3, 2, 1, 1, 2])[0]
            try:
                await work(chance)
            except RetryLater:
                await asyncio.sleep(0.1)
            await asyncio.sleep(chance.random() * 0.15)

    async def _recalculate(self, chance: random.Random) -> None:
        segment_id = chance.choice([*self.good, *self.fixed.values()])
        await self.ask("recalculate", lambda: segments.recalculate(self.context, self.viewer, segment_id))

    async def _edit(self, chance: random.Random) -> None:
        segment_id, choice = chance.choice(list(self.wanted)), chance.randrange(len(CHOICES))
        before, self.wanted[segment_id] = self.wanted[segment_id], None
        given = {"criteria": CHOICES[choice][0]}
        known = await self._asked(
            "edit", lambda: segment_edits.update(self.context, self.viewer, segment_id, given)
        )
        self.wanted[segment_id] = choice if known else before

    async def _life(self, chance: random.Random) -> None:
        segment_id = chance.choice([*self.wanted, self.fixed["referring"]])  # the other one takes imports
        for step in chance.choice(
            [(segment_life.pause, segment_life.resume), (segment_life.archive, segment_life.unarchive)]
        ):
            await self._lead(segment_id, step)
            await asyncio.sleep(chance.random() * 0.3)

    async def _lead(self, segment_id: int, step: Step) -> None:
        """Have a segment go to another status."""
        await self.ask(step.__name__, lambda: step(self.context, self.viewer, segment_id))

    async def _playbook(self, chance: random.Random) -> None:
        match chance.randrange(3):
            case 0:
                await self.ask("pause", lambda: playbooks.pause(self.context, self.viewer, self.playbook_id))
            case 1:
                await self.ask(
                    "resume", lambda: playbooks.resume(self.context, self.viewer, self.playbook_id)
                )
            case _:
                given = {"criteria": chance.choice(CHOICES)[0]}
                await self.ask(
                    "playbook", lambda: playbooks.update(self.context, self.viewer, self.playbook_id, given)
                )

    async def _import(self, chance: random.Random) -> None:
        self.numbers += 1
        names = [f"i{self.numbers}-{one}" for one in range(chance.choice([5, 400, 1500]))]
        data = "id,country\n" + "".join(f"{name},{chance.choice(['DE', 'FR', 'US'])}\n" for name in names)
        view = await self.ask(
            "upload",
            lambda: imports.create(
                self.context,
                self.viewer,
                reading(data.encode()),
                ImportDraft("some.csv", ACCOUNT, segment_id=self.fixed["listed"]),
            ),
        )
        if view is not None:
            pairs = [Pair("id", "externalId"), Pair("country", "country")]
            everybody = StartSettings(only_targets=False)
            self.imports[view.id] = names
            await self.ask(
                "import", lambda: imports.start(self.context, self.viewer, view.id, pairs, everybody)
            )

    async def _export(self, chance: random.Random) -> None:
        draft = ExportDraft(ExportContent.MEMBERS, segment_id=chance.choice(self.good))
        view = await self.ask("export", lambda: exports.create(self.context, self.viewer, draft))
        if view is not None:
            self.exports.append(view.id)

    async def _sync(self, chance: random.Random) -> None:
        """Let a segment's sync interval be over: its run tells whether refreshes had missed anything."""
        async with database() as connection:
            await connection.execute(
                "UPDATE segments SET next_sync_at = now() WHERE id = $1", chance.choice(self.good)
            )
        self.done["sync"] += 1

    async def wake(self) -> None:
        """Have every segment ACTIVE again, and the playbook."""
        for segment_id in self.good:
            await self._insist(partial(self._wake_one, segment_id))
        await self._insist(
            lambda: self.ask("resume", lambda: playbooks.resume(self.context, self.viewer, self.playbook_id))
        )

    async def _insist(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do it until nobody asks to try again."""
        async with asyncio.timeout(OPERATION_SECONDS):
            while True:
                try:
                    await work()
                    return
                except RetryLater:
                    await asyncio.sleep(0.1)

    async def _wake_one(self, segment_id: int) -> None:
        while (status := await self._status(segment_id)) is not SegmentStatus.ACTIVE:
            is_paused = status is SegmentStatus.PAUSED
            await self._lead(segment_id, segment_life.resume if is_paused else segment_life.unarchive)

    async def _status(self, segment_id: int) -> SegmentStatus:
        async with database() as connection:
            return SegmentStatus(
                await connection.fetchval("SELECT status FROM segments WHERE id = $1", segment_id)
            )


def _row(chance: random.Random, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {"externalId": f"a{number}", "country": chance.choice(["DE", "US", "FR"])}
    if chance.random() < 0.5:
        row["employees"] = chance.choice([None, 10, 51, 90])
    if chance.random() < 0.5:
        row["email"] = chance.choice([None, f"a{number}@example.com"])
    if chance.random() < 0.5:
        row["address"] = chance.choice([None, "Street 1"])
    return row


def _named(numbers: Sequence[int]) -> Selection:
    return Selection(kind=ACCOUNT, external_ids=[f"a{number}" for number in numbers])
