"""The state of the whole installation, in figures that any process can read: they are in PostgreSQL and Redis.

For operators, and so about all workspaces together: no figure names a workspace, a segment or a person. What it
costs is bounded: counts end at a limit, and a statement at a time.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import RetryLater
from seggraph.vocabulary import DeliveryStatus, MemberKind, WebhookStatus

TIME_LIMIT_SECONDS: Final = 5.0
STATEMENT_TIMEOUT: Final = "SET LOCAL statement_timeout = '2s'"
MOST: Final = 100_000
"""Where counts end of what may be many."""
MOST_CHANGES: Final = 5_000
MOST_BYTES: Final = 4 * 1024**2
"""Of how many changes, and bytes of bitmaps, the members are counted: the oldest ones."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is measured: its name, and what its label says if it has one; `values` are labels that are always reported.

    A total only grows; everything else is as it is now. Ages and durations are in seconds.
    """

    name: str
    description: str
    label: str | None = None
    values: tuple[str, ...] = ("",)
    is_total: bool = False


Reading = Mapping[Figure, Mapping[str, float]]
"""Each figure by the values of its label; by the empty text if it has none."""

KINDS: Final = tuple(kind.name for kind in MemberKind)

DRIFT_MEMBERS: Final = Figure(
    "drift_members", "Memberships that a sync corrected: traces of a defect.", "kind", KINDS, is_total=True
)
DRIFT_SEGMENTS: Final = Figure(
    "drift_segments", "Corrections of segments by a sync: traces of a defect.", "kind", KINDS, is_total=True
)
PENDING_MEMBERS: Final = Figure(
    "pending_members",
    f"Members that changed and were not looked at, of the oldest {MOST_CHANGES:,} changes.",
    "kind",
    KINDS,
)
PENDING_AGE: Final = Figure("pending_age_seconds", "Age of the oldest change that was not looked at.")
COMPUTATIONS: Final = Figure(
    "computations",
    "Computations of ACTIVE segments: calculating (with a live lease), waiting (without one), failed.",
    "state",
    ("calculating", "waiting", "failed"),
)
FILES: Final = Figure("files_running", "Imports and exports at work.", "direction", ("import", "export"))
DELIVERIES: Final = Figure(
    "deliveries", "Deliveries to destinations, by status.", "status", tuple(DeliveryStatus)
)
DELIVERY_CHANGES: Final = Figure("delivery_changes", f"Changes that wait to be delivered, up to {MOST:,}.")
WEBHOOKS: Final = Figure("webhooks", "Webhooks, by status.", "status", tuple(WebhookStatus))
WEBHOOK_MESSAGES: Final = Figure(
    "webhook_messages",
    f"Messages to webhooks that wait (PENDING), and dead letters (FAILED), up to {MOST:,} each.",
    "status",
    ("PENDING", "FAILED"),
)
WEBHOOK_AGE: Final = Figure(
    "webhook_age_seconds", "Age of the oldest message that waits for an ACTIVE webhook."
)
OUTBOX: Final = Figure("outbox_facts", f"Facts on their way to subscribers, up to {MOST:,}.")
OUTBOX_AGE: Final = Figure("outbox_age_seconds", "Age of the oldest fact on its way to subscribers.")
QUEUE_JOBS: Final = Figure("queue_jobs", "Jobs in the queue, those at work included.")
QUEUE_AGE: Final = Figure("queue_age_seconds", "How long the oldest of these jobs has been due.")
DATABASE_UP: Final = Figure("database_up", "Whether PostgreSQL answered all of this in time: 1 or 0.")
REDIS_UP: Final = Figure("redis_up", "Whether Redis answered in time: 1 or 0.")

IN_DATABASE: Final = (
    DRIFT_MEMBERS,
    DRIFT_SEGMENTS,
    PENDING_MEMBERS,
    PENDING_AGE,
    COMPUTATIONS,
    FILES,
    DELIVERIES,
    DELIVERY_CHANGES,
    WEBHOOKS,
    WEBHOOK_MESSAGES,
    WEBHOOK_AGE,
    OUTBOX,
    OUTBOX_AGE,
)

# The oldest by number are the oldest in time, but for transactions that ran side by side.
# any workspace: operators watch the sums over all of them
READ: Final = """
    SELECT 'drift_members' AS figure, kind::text AS value, sum(members)::float8 AS number FROM drift GROUP BY kind
    UNION ALL SELECT 'drift_segments', kind::text, sum(segments) FROM drift GROUP BY kind
    UNION ALL SELECT 'pending_age_seconds', '', extract(epoch FROM clock_timestamp() - min(created_at))
      FROM (SELECT created_at FROM dirty_batches ORDER BY id LIMIT 100) AS oldest
    UNION ALL SELECT 'computations', CASE WHEN reach_status = 'FAILED' THEN 'failed'
        WHEN lease_until > clock_timestamp() THEN 'calculating' ELSE 'waiting' END AS state, count(*)
      FROM segments WHERE status = 'ACTIVE' AND reach_status IN ('CALCULATING', 'FAILED') GROUP BY state
    UNION ALL SELECT 'files_running', 'import', count(*) FROM imports WHERE status = 'RUNNING'
    UNION ALL SELECT 'files_running', 'export', count(*) FROM exports WHERE status = 'RUNNING'
    UNION ALL SELECT 'deliveries', status, count(*) FROM deliveries GROUP BY status
    UNION ALL SELECT 'delivery_changes', '', count(*) FROM (SELECT FROM delivery_changes LIMIT $1) AS taken
    UNION ALL SELECT 'webhooks', status, count(*) FROM webhooks GROUP BY status
    UNION ALL SELECT 'webhook_messages', 'PENDING', count(*)
      FROM (SELECT FROM webhook_messages WHERE status = 'PENDING' LIMIT $1) AS taken
    UNION ALL SELECT 'webhook_messages', 'FAILED', count(*)
      FROM (SELECT FROM webhook_messages WHERE status = 'FAILED' LIMIT $1) AS taken
    UNION ALL SELECT 'webhook_age_seconds', '', extract(epoch FROM clock_timestamp() - min(m.created_at))
      FROM webhooks w CROSS JOIN LATERAL (SELECT created_at FROM webhook_messages
        WHERE webhook_id = w.id AND status = 'PENDING' ORDER BY id LIMIT 1) AS m WHERE w.status = 'ACTIVE'
    UNION ALL SELECT 'outbox_facts', '', count(*) FROM (SELECT FROM outbox LIMIT $1) AS taken
    UNION ALL SELECT 'outbox_age_seconds', '', extract(epoch FROM clock_timestamp() - min(created_at))
      FROM (SELECT created_at FROM outbox ORDER BY id LIMIT 100) AS oldest
"""

# any workspace: operators watch the age of changes in all of them
PENDING: Final = """
    SELECT workspace_id, kind, ordinals FROM (
      SELECT *, sum(octet_length(ordinals)) OVER (ORDER BY id) AS bytes
      FROM (SELECT * FROM dirty_batches ORDER BY id LIMIT $1) AS oldest) AS sized
    WHERE bytes <= $2
"""


async def read(context: Context) -> Reading:
    """The figures that can be had now: those of a server that is away, or too slow, are absent."""
    in_database, in_redis = await asyncio.gather(_read_database(), _read_redis(context))
    return {
        **(in_database or {}),
        **(in_redis or {}),
        DATABASE_UP: {"": float(in_database is not None)},
        REDIS_UP: {"": float(in_redis is not None)},
    }


async def _read_database() -> Reading | None:
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS), snapshot() as connection:
            await connection.execute(STATEMENT_TIMEOUT)
            rows = await connection.fetch(READ, MOST)
            members = await _pending_members(connection)
    except (RetryLater, TimeoutError):
        return None
    found = {figure: dict.fromkeys(figure.values, 0.0) for figure in IN_DATABASE}
    by_name = {figure.name: figure for figure in IN_DATABASE}
    for row in rows:
        figure = by_name[row["figure"]]
        value = MemberKind(int(row["value"])).name if figure.label == "kind" else row["value"]
        found[figure][value] = max(row["number"] or 0.0, 0.0)
    found[PENDING_MEMBERS] |= members
    return found


async def _pending_members(connection: asyncpg.Connection) -> dict[str, float]:
    """How many members the oldest changes touched, by kind; a member that changed several times counts once."""
    changed: dict[tuple[int, int], BitMap] = {}
    for row in await connection.fetch(PENDING, MOST_CHANGES, MOST_BYTES):
        changed.setdefault((row["workspace_id"], row["kind"]), BitMap()).update(from_bytes(row["ordinals"]))
    found: dict[str, float] = {}
    for (_, kind), ordinals in changed.items():
        name = MemberKind(kind).name
        found[name] = found.get(name, 0.0) + len(ordinals)
    return found


async def _read_redis(context: Context) -> Reading | None:
    try:
        backlog = await context.jobs.backlog()
    except RetryLater:
        return None
    return {QUEUE_JOBS: {"": float(backlog.jobs)}, QUEUE_AGE: {"": backlog.oldest_seconds}}
