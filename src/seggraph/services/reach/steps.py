"""The waterfall: how many members fall out at each step on the way to being reached; and how many addresses there are.

The steps are kept with a segment's numbers and change together with them, so they always end at its reach.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, in_block, to_sql_blocks
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.services.reach import reach
from seggraph.services.reach.reach import Step
from seggraph.vocabulary import Channel, MemberKind, ReachStepReason

MAX_COUNTED: Final = 5_000_000
"""Most members, of all segments together, whose different addresses one operation counts."""

_KEYS: Final = {
    Channel.EMAIL: "seggraph_email_key(m.email)",
    Channel.DIRECT_MAIL: "a.postal_digest",
    Channel.SMS: "seggraph_phone_key(m.phone)",
    Channel.PHONE: "seggraph_phone_key(m.phone)",
}

DISTINCT: Final = """
    (SELECT count(DISTINCT {key}) FROM (
       SELECT m.id, m.email, m.phone FROM unnest(${firsts}::int[], ${bits}::bytea[]) AS b(first, bits)
       JOIN members m ON m.workspace_id = $1 AND m.kind = {kind} AND {in_block}
       UNION ALL
       SELECT m.id, m.email, m.phone FROM members m
       WHERE m.workspace_id = $1 AND m.kind = {kind} AND m.ordinal = ANY(${singles}::int[])
     ) m {addresses})
"""

ADDRESSES: Final = "JOIN member_addresses a ON a.member_id = m.id"


@dataclass(frozen=True, slots=True)
class ReachStepView:
    """A step: how many members are left after it, and how many it took away."""

    reason: ReachStepReason
    remaining: int
    dropped: int


def waterfall(numbers: Mapping[str, int | None], channel: Channel) -> list[ReachStepView]:
    """The steps of a channel from the columns of reach.COLUMNS; none while they are not known."""
    name = channel.name.lower()
    sizes = [
        numbers["reach_members"],
        numbers[f"addressed_{name}"],
        numbers[f"allowed_{name}"],
        numbers[f"reach_{name}"],
    ]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return []
    return [
        ReachStepView(reason, size, before - size)
        for reason, before, size in zip(ReachStepReason, [known[0], *known], known, strict=False)
    ]


Asked = tuple[int, MemberKind, Channel]
"""A segment, which the caller has found visible, its kind, and a channel."""


async def distinct_addresses(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, int]:
    """How many different addresses the members have that the channel reaches now. Raises TooMany.

    Push messages have no addresses: they are absent.
    """
    wanted = [key for key in dict.fromkeys(asked) if key[2] in _KEYS]
    if not wanted:
        return {}
    async with snapshot() as connection:
        populations = {
            MemberKind(row["kind"]): row["id"]
            for row in await connection.fetch(
                "SELECT id, kind FROM populations WHERE workspace_id = $1", viewer.workspace_id
            )
        }
        audiences = await _reached(ChunkStore(connection, viewer.workspace_id), wanted, populations)
        forms = await asyncio.to_thread(lambda: list(map(to_sql_blocks, audiences)))
        values = (value for form in forms for value in (form.firsts, form.bits, form.singles))
        row = await connection.fetchrow(_statement(wanted), viewer.workspace_id, *values)
    return dict(zip(wanted, row, strict=True))


async def _reached(
    store: ChunkStore, wanted: Sequence[Asked], populations: Mapping[MemberKind, int]
) -> list[BitMap]:
    """The members of each segment that the channel reaches."""
    members = {key: ChunkOwner(ChunkRole.MEMBERS, key[0]) for key in wanted}
    owners = {kind: reach.owners(population_id) for kind, population_id in populations.items()}
    reached = {key: owners[key[1]][Step.REACHED, key[2]] for key in wanted if key[1] in owners}
    found = await store.read_many(list({*members.values(), *reached.values()}))
    audiences = [found[members[key]] & found[reached[key]] if key in reached else BitMap() for key in wanted]
    if sum(map(len, audiences)) > MAX_COUNTED:
        message = (
            f"Different addresses are counted among {MAX_COUNTED:,} members at most; ask for fewer segments."
        )
        raise TooMany(message)
    return audiences


def _statement(wanted: Sequence[Asked]) -> str:
    """One row with a column for each audience; kinds and channels are ours, audiences are bound from $2 on."""
    columns: list[Any] = []
    for number, (_, kind, channel) in enumerate(wanted):
        first = 2 + 3 * number
        columns.append(
            DISTINCT.format(
                key=_KEYS[channel],
                addresses=ADDRESSES if channel is Channel.DIRECT_MAIL else "",
                kind=int(kind),
                in_block=in_block("m.ordinal", "b"),
                firsts=first,
                bits=first + 1,
                singles=first + 2,
            )
        )
    return f"SELECT {', '.join(columns)}"
