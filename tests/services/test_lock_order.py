"""The operations take their locks in the order of LockSpace: recorded from what each transaction sends."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from asyncpg.transaction import Transaction

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.locks import EXCLUSIVE, SHARED, TRY_EXCLUSIVE, LockSpace, shared_lock_column
from seggraph.services.erasure import erasure
from seggraph.services.events import events
from seggraph.services.members import relations, upserts
from seggraph.services.members.selections import Selection
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits, lifecycle, manual_membership
from seggraph.services.suppressions import suppressions
from seggraph.vocabulary import Channel, MemberKind, SuppressionReason
from tests.services.computing import ACCOUNT, country, new_segment, put, ready_segment

ORDER = list(LockSpace)

SEGMENT_ROWS = "SEGMENT_ROWS"
"""The rows of segments, which come before SEGMENT_REFERENCES."""

KINDS = 16
"""More than there are kinds of members, and fewer than lie between two spaces of kinds."""

BY_PARAMETER = re.compile(r"pg_advisory_xact_lock(?:_shared)?\(\$1")
BY_LITERAL = re.compile(r"pg_advisory_xact_lock(?:_shared)?\((\d+)")
HELD_SEGMENTS = re.compile(r"\bFROM segments\b.*\bFOR NO KEY UPDATE", re.DOTALL)

Lock = LockSpace | str
Operation = Callable[[], Awaitable[object]]


def space_of(key: int) -> LockSpace:
    """The space of a lock's first key, to which the kind of member may have been added."""
    space = max(space for space in ORDER if space <= key)
    assert key - space < KINDS
    return space


@dataclass
class Recorder:
    """The locks that each transaction waited for, in order, and the transaction that each connection is in."""

    transactions: list[list[Lock]] = field(default_factory=list)
    current: dict[int, list[Lock]] = field(default_factory=dict)

    def begin(self, connection: object) -> None:
        self.current[id(connection)] = []
        self.transactions.append(self.current[id(connection)])

    def note(self, connection: object, query: str, arguments: tuple[Any, ...]) -> None:
        locks = self.current.get(id(connection), [])
        if BY_PARAMETER.search(query):
            locks.append(space_of(arguments[0]))
        if HELD_SEGMENTS.search(query):
            locks.append(SEGMENT_ROWS)
        locks.extend(space_of(int(key)) for key in BY_LITERAL.findall(query))

    @property
    def locked(self) -> set[Lock]:
        return {lock for locks in self.transactions for lock in locks}


def misplaced(locks: list[Lock]) -> list[tuple[Lock, Lock]]:
    """Pairs of locks of one transaction that are taken the wrong way round. What is held already waits for nobody."""
    first = list(dict.fromkeys(locks))
    spaces = [lock for lock in first if isinstance(lock, LockSpace)]
    wrong: list[tuple[Lock, Lock]] = [
        (one, other)
        for place, one in enumerate(spaces)
        for other in spaces[place + 1 :]
        if ORDER.index(one) > ORDER.index(other)
    ]
    if SEGMENT_ROWS in first and LockSpace.SEGMENT_REFERENCES in first:
        rows, references = first.index(SEGMENT_ROWS), first.index(LockSpace.SEGMENT_REFERENCES)
        wrong += [(LockSpace.SEGMENT_REFERENCES, SEGMENT_ROWS)] if references < rows else []
    return wrong


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Records what the connections of the process send from here on."""
    made = Recorder()
    execute, start = asyncpg.Connection._execute, Transaction.start

    async def recording_execute(connection: Any, query: str, args: Any, *rest: Any, **options: Any) -> Any:
        made.note(connection, query, tuple(args))
        return await execute(connection, query, args, *rest, **options)

    async def recording_start(transaction: Any) -> None:
        await start(transaction)
        if not transaction._nested:
            made.begin(transaction._connection)

    monkeypatch.setattr(asyncpg.Connection, "_execute", recording_execute)
    monkeypatch.setattr(Transaction, "start", recording_start)
    return made


@pytest.fixture
async def operations(context: Context, viewer: Viewer) -> dict[str, Operation]:
    """Everything that takes locks, by name, in an order in which each has something to do."""
    await put(
        context, viewer, *({"externalId": f"a{n}", "country": "DE", "email": f"a{n}@x.de"} for n in range(3))
    )
    await upserts.upsert(context, viewer, MemberKind.PERSON, [{"externalId": "p"}])
    referred = await ready_segment(context, viewer, country("DE"))
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    def event(value: int, name: str = "order") -> dict[str, Any]:
        occurred_at = datetime.now(UTC) - timedelta(days=1)
        row = {"kind": ACCOUNT, "memberExternalId": "a0", "name": name, "externalId": f"e-{name}"}
        return {**row, "occurredAt": occurred_at, "value": Decimal(value)}

    async def record(*rows: dict[str, Any]) -> None:
        assert (await events.record(context, viewer, rows)).row_errors == []

    relation = {"relation": "people", "fromKind": ACCOUNT, "fromExternalId": "a0"}
    person = {"toKind": MemberKind.PERSON, "toExternalId": "p"}
    refers = {"segment": {"op": "IN", "id": str(referred.id)}}
    chosen = Selection(kind=ACCOUNT, external_ids=("a1",))

    async def follow() -> None:
        follower = await new_segment(context, viewer, country("FR"), name="Follower")
        await edits.update(context, viewer, follower.id, {"criteria": refers})
        await lifecycle.archive(context, viewer, follower.id)
        await lifecycle.delete(context, viewer, follower.id)

    return {
        "upsert": lambda: put(
            context, viewer, externalId="a3", country="US", attributes={"new": "attribute"}
        ),
        "relate": lambda: relations.relate(context, viewer, [relation | person]),
        "record": lambda: record(event(1)),
        "record again, corrected, with a new name": lambda: record(event(2), event(3, "visit")),
        "remove events": lambda: events.delete(context, viewer, ["e-visit"]),
        "suppress": lambda: suppressions.suppress(
            context, viewer, Channel.EMAIL, ["a0@x.de"], SuppressionReason.BOUNCE
        ),
        "save a segment with a reference": lambda: new_segment(context, viewer, refers, name="Refers"),
        "edit, archive and delete": follow,
        "change manually": lambda: manual_membership.remove(context, viewer, [referred.id], chosen),
        "upsert what a segment reads": lambda: put(context, viewer, externalId="a0", country="US"),
        "refresh": lambda: refresh.drain(context, viewer.workspace_id, ACCOUNT),
        "erase": lambda: erasure.delete(context, viewer, Selection(kind=ACCOUNT, external_ids=("a0",))),
    }


async def test_locks_are_taken_in_their_order(operations: dict[str, Operation], recorder: Recorder) -> None:
    wrong: dict[str, list[tuple[Lock, Lock]]] = {}
    for name, operate in operations.items():
        begun = len(recorder.transactions)
        await operate()
        pairs = [pair for locks in recorder.transactions[begun:] for pair in misplaced(locks)]
        if pairs:
            wrong[name] = pairs

    assert wrong == {}
    # and the recorder has seen what it is to see
    assert recorder.locked >= {
        SEGMENT_ROWS,
        LockSpace.MEMBERS,
        LockSpace.RELATIONS,
        LockSpace.ATTRIBUTES,
        LockSpace.EVENTS,
        LockSpace.EVENT_NAMES,
        LockSpace.POPULATION,
        LockSpace.SEGMENT_REFERENCES,
    }
    assert any(len(set(locks)) > 2 for locks in recorder.transactions)


def test_what_is_taken_the_wrong_way_round_is_found() -> None:
    members, events_, population = LockSpace.MEMBERS, LockSpace.EVENTS, LockSpace.POPULATION
    references = LockSpace.SEGMENT_REFERENCES

    assert misplaced([population, members, events_, SEGMENT_ROWS, references]) == []
    assert misplaced([members, events_, members]) == []  # it is held already
    assert misplaced([events_, members]) == [(events_, members)]
    assert misplaced([events_, members, population]) == [
        (events_, members),
        (events_, population),
        (members, population),
    ]
    assert misplaced([references, SEGMENT_ROWS]) == [(references, SEGMENT_ROWS)]


def test_a_lock_is_known_by_its_key() -> None:
    assert space_of(LockSpace.POPULATION + MemberKind.TICKET) is LockSpace.POPULATION
    assert space_of(LockSpace.RELATIONS) is LockSpace.RELATIONS
    assert space_of(LockSpace.PARTITIONS) is LockSpace.PARTITIONS
    recorder = Recorder()
    recorder.begin(recorder)
    column = shared_lock_column(LockSpace.SEGMENT_REFERENCES, "$1")
    recorder.note(recorder, f"SELECT {column} FROM sources", ())
    recorder.note(recorder, EXCLUSIVE, (LockSpace.MEMBERS, 1))
    recorder.note(recorder, TRY_EXCLUSIVE, (LockSpace.VALUE_COUNTS, 1))
    recorder.note(recorder, SHARED, (LockSpace.EVENTS, 1))

    assert recorder.transactions == [[LockSpace.SEGMENT_REFERENCES, LockSpace.MEMBERS, LockSpace.EVENTS]]
