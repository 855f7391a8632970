"""Erasing members: the right to be forgotten. Nothing of a member stays, and its ordinal is never given again.

It has two halves. First the rows are deleted (`erased_rows`), some members at a time: from then on nobody finds the
members. Then their ordinals are taken out of the audiences (`erased_audiences`), some segments at a time. The row of
`erasures` connects the halves: a worker completes what a lost process began. So nobody waits for the whole of an
erasure, and its memory has a bound. What stays are numbers: how many entered and left a segment, and when.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import asyncpg
import structlog

from seggraph.access import Viewer, require_erasure
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import RetryLater
from seggraph.files import uploads
from seggraph.services.catalogue import value_counts
from seggraph.services.erasure import erased_audiences, erased_rows, erasures, import_erasure
from seggraph.services.erasure.erasures import Erased
from seggraph.services.erasure.import_erasure import Traces
from seggraph.services.erasure.portions import patiently
from seggraph.services.members import selections
from seggraph.services.members.selections import Named, Selection
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

MEMBERS_AT_ONCE: Final = 250
"""Most members that one transaction deletes, while others that write members or events wait."""

READ_MEMBERS: Final = """
    SELECT external_id, email, domain FROM members WHERE workspace_id = $1 AND id = ANY($2)
"""

NOW: Final = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """How many members were erased, what was asked for but does not exist, and what went with them."""

    deleted: int
    not_found: list[str]
    erased: Erased


async def delete(context: Context, viewer: Viewer, selection: Selection) -> ErasureReport:
    """Erase members that are named by id or by external id.

    If the call is lost in between, a worker completes it for the members that are deleted by then, and the others
    are as they were. Raises Forbidden, Required, Invalid, TooMany.
    """
    require_erasure(viewer)
    selection.validate()
    waiting = await _waiting_files(context, viewer, selection)
    async with begin() as unit:
        since = await unit.connection.fetchval(NOW)
        named = await selections.find_named(unit.connection, viewer, selection)
        by_kind = _by_kind(named)
        rejected: dict[MemberKind, int] = {}
        for kind, ids in by_kind.items():  # before anybody is kept waiting, for there may be millions of rows
            traces = await _traces(unit.connection, viewer.workspace_id, kind, ids)
            rows = await import_erasure.forget(unit.connection, viewer.workspace_id, kind, traces)
            rejected[kind] = rows
    deleted, erased = 0, Erased()
    for kind, ids in by_kind.items():
        request = erased_rows.Request(context, viewer, kind, since)
        member_count, of_kind = await _erase_kind(request, ids, Erased(import_rows=rejected[kind]))
        deleted, erased = deleted + member_count, erased + of_kind
    async with begin() as unit:
        files = await import_erasure.withdraw(unit.connection, viewer.workspace_id, waiting)
    for file in files:
        await asyncio.to_thread(uploads.remove, context.settings, file)
    return ErasureReport(deleted, named.not_found, erased + Erased(import_files=len(files)))


async def complete(context: Context, erasure_id: int) -> None:
    """Carry an erasure on whose members are deleted. If it is completed already, nothing happens."""
    erasure = await erasures.find(erasure_id)
    if erasure is not None:
        await erased_audiences.erase(context, erasure)


async def _erase_kind(request: erased_rows.Request, ids: Sequence[int], before: Erased) -> tuple[int, Erased]:
    """Erase members of one kind; returns how many they were, and what went with them, and before them."""
    await value_counts.fold(request.viewer.workspace_id, request.kind)
    erasure_id: int | None = None
    for portion in _portions(ids):
        so_far = before if erasure_id is None else Erased()
        erasure_id = await patiently(partial(erased_rows.delete, request, portion, erasure_id, so_far))
    erasure = None if erasure_id is None else await erasures.find(erasure_id)
    if erasure is None:
        return 0, before
    try:
        return erasure.member_count, await erased_audiences.erase(request.context, erasure)
    except RetryLater:
        log.warning("erasure_left_to_worker", erasure_id=erasure.id)
        return erasure.member_count, erasure.erased


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), MEMBERS_AT_ONCE):
        yield ids[start : start + MEMBERS_AT_ONCE]


async def _waiting_files(context: Context, viewer: Viewer, selection: Selection) -> list[int]:
    """The imports whose files wait and name one of the members: they are read before anything is held."""
    found: list[int] = []
    async with database() as connection:
        named = await selections.find_named(connection, viewer, selection)
        for kind, ids in _by_kind(named).items():
            traces = await _traces(connection, viewer.workspace_id, kind, ids)
            found += await import_erasure.waiting_with(
                context.settings, connection, viewer.workspace_id, kind, traces
            )
    return found


def _by_kind(named: Named) -> dict[MemberKind, list[int]]:
    """The ids of the members that were found, by kind."""
    kinds = sorted({kind for _, kind, _ in named.rows})
    return {kind: [number for number, of_kind, _ in named.rows if of_kind is kind] for kind in kinds}


async def _traces(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ids: Sequence[int]
) -> Traces:
    return import_erasure.traces_of(kind, await connection.fetch(READ_MEMBERS, workspace_id, list(ids)))
