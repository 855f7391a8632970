"""Sending to webhooks: a sender for each that has something to send, apart from the jobs, so that none delays another.

A sender holds a lease on its webhook and sends what is due, in order. A sender that dies leaves the message PENDING,
so it is sent again under the same id: at least once. After a failure the webhook rests for a while, and the
message is tried again on a schedule of about a day; then it is a dead letter.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from uuid import UUID

import structlog

from seggraph import webhook_signatures
from seggraph.context import Context
from seggraph.database.claimable_work import ClaimableWork
from seggraph.database.connections import database
from seggraph.database.leases import Lease
from seggraph.database.unit_of_work import begin
from seggraph.errors import RetryLater
from seggraph.files import secrets
from seggraph.files.secrets import SecretUnreadable
from seggraph.http_client import AddressRefused, ConnectionFailed
from seggraph.services.webhooks import messages
from seggraph.services.webhooks.webhooks import purpose_of

log = structlog.get_logger()

SCHEDULE_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 28_800, 28_800)
"""How long a message waits after each failed attempt: eight attempts in about a day."""
JITTER: Final = 0.1
RESTS_SECONDS: Final = (5, 10, 20, 40, 80, 160, 300)
"""How long a webhook rests after so many failures one after the other; after more, the last of them."""
MAX_RETRY_AFTER_SECONDS: Final = 43_200.0
MAX_REST_SECONDS: Final = 3_600.0
POLL_SECONDS: Final = 1.0
TURN_SECONDS: Final = 10.0
"""How long a sender goes on before it lets others have its place."""
MAX_SENDERS: Final = 32
KEPT_BODY_BYTES: Final = 4_096
"""The largest body that is kept after its delivery, to look at."""
MAX_ANSWER_BYTES: Final = 4_096
GONE: Final = 410

WORK: Final = ClaimableWork(
    name="webhook",
    table="webhooks",
    is_open="w.status = 'ACTIVE'",
    is_due=(
        "EXISTS (SELECT FROM webhook_messages m WHERE m.webhook_id = w.id AND m.status = 'PENDING'"
        " AND m.next_attempt_at <= clock_timestamp())"
    ),
    columns="w.id",
    order="w.lease_until NULLS FIRST",
    # The end of the lease stays: the webhook that was served longest ago is served first.
    giving_back="lease_holder = NULL, lease_until = clock_timestamp()",
)
"""Webhooks that have something to send. Attempts are counted by message."""

# any workspace: the webhook is the one whose lease this sender holds
NEXT: Final = """
    SELECT id, key, body, attempts FROM webhook_messages
    WHERE webhook_id = $1 AND status = 'PENDING' AND next_attempt_at <= clock_timestamp() ORDER BY id LIMIT 1
"""

# any workspace: the webhook is the one whose lease this sender holds
ADDRESS: Final = """
    SELECT url, secret, CASE WHEN previous_until > clock_timestamp() THEN previous_secret END AS previous_secret
    FROM webhooks WHERE id = $1
"""

LOG: Final = """
    INSERT INTO webhook_attempts
      (workspace_id, webhook_id, message_id, at, duration_seconds, status_code, error, next_attempt_at)
    SELECT workspace_id, webhook_id, id, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6)
    FROM webhook_messages WHERE id = $1
"""

# any workspace: NEXT read the message of the webhook whose lease this sender holds
DELIVERED: Final = """
    UPDATE webhook_messages SET status = 'DELIVERED', attempts = attempts + 1, next_attempt_at = NULL,
      finished_at = clock_timestamp(), body = CASE WHEN octet_length(body) <= $2 THEN body END
    WHERE id = $1
"""

# any workspace: NEXT read the message of the webhook whose lease this sender holds
FAILED: Final = """
    UPDATE webhook_messages SET attempts = attempts + 1,
      status = CASE WHEN $2::float8 IS NULL THEN 'FAILED' ELSE 'PENDING' END,
      next_attempt_at = clock_timestamp() + make_interval(secs => $2),
      finished_at = CASE WHEN $2 IS NULL THEN clock_timestamp() END
    WHERE id = $1 AND status = 'PENDING'
"""

# any workspace: the webhook is the one whose lease this sender holds
HEALTHY: Final = """
    UPDATE webhooks SET failures = 0, failing_since = NULL, retry_at = NULL WHERE id = $1 AND failures > 0
"""

# any workspace: the webhook is the one whose lease this sender holds
FAILING: Final = """
    UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
      retry_at = clock_timestamp() + make_interval(secs =>
        greatest($2, ($3::float8[])[least(failures + 1, cardinality($3))]))
    WHERE id = $1 RETURNING failing_since < clock_timestamp() - make_interval(secs => $4)
"""

# any workspace: the webhook is the one whose lease this sender holds
DISABLE: Final = """
    UPDATE webhooks SET status = 'DISABLED', status_reason = $2, last_modified_at = now()
    WHERE id = $1 AND status = 'ACTIVE'
"""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How one call went. `retry_after` is what the receiver asked for, in seconds."""

    at: datetime
    seconds: float
    status_code: int | None = None
    error: str | None = None
    retry_after: float = 0.0


async def serve(context: Context) -> None:
    """Make messages and send them, until cancelled; what is being sent then is sent again by others."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_forever("webhook_messages", lambda: messages.prepare_due(context)))
        sending: set[asyncio.Task[None]] = set()

        async def hand_out() -> None:
            for lease in await _claim(context, MAX_SENDERS - len(sending)):
                task = group.create_task(_send_due(context, lease))
                sending.add(task)
                task.add_done_callback(sending.discard)

        await _forever("webhook_senders", hand_out)


async def _forever(name: str, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except RetryLater as error:
            log.warning(f"{name}_wait", reason=error.message)
        except Exception:  # the outermost loop: the next step may succeed
            log.warning(f"{name}_failed", exc_info=True)
        await asyncio.sleep(POLL_SECONDS)


async def _claim(context: Context, room: int) -> list[Lease]:
    """Leases on webhooks that have something to send and no sender."""
    if room <= 0:
        return []
    async with database() as connection:
        claimed = await WORK.claim_some(connection, _lease_seconds(context), room)
    return [one.lease for one in claimed]


async def _send_due(context: Context, lease: Lease) -> None:
    """Send what is due, in order, until nothing is, something fails, or the turn is over."""
    ends = time.monotonic() + TURN_SECONDS
    try:
        with structlog.contextvars.bound_contextvars(webhook_id=lease.row_id):
            while time.monotonic() < ends and await _send_next(context, lease):
                pass
    except RetryLater as error:
        log.warning("webhook_sender_waits", reason=error.message)
    except Exception:  # one webhook must not end the sending to the others
        log.warning("webhook_sender_failed", exc_info=True)
    finally:
        with suppress(RetryLater):
            await asyncio.shield(lease.give_back())


async def _send_next(context: Context, lease: Lease) -> bool:
    """Send the next message; False when there is none, the webhook has to rest, or the lease was lost."""
    webhook_id = lease.row_id
    async with database() as connection:
        if not await WORK.renew(connection, lease):
            return False
        message = await connection.fetchrow(NEXT, webhook_id)
    if message is None:
        return False
    outcome = await _call(context, webhook_id, message["key"], message["body"])
    if outcome.error is None:
        await _store_success(webhook_id, message["id"], outcome)
        return True
    await _store_failure(context, webhook_id, message["id"], message["attempts"], outcome)
    return False


async def send_once(context: Context, webhook_id: int, message_id: int, key: UUID, body: bytes) -> None:
    """Send a message now, whatever the webhook's status, and not again when that fails."""
    outcome = await _call(context, webhook_id, key, body)
    if outcome.error is None:
        await _store_success(webhook_id, message_id, outcome)
        return
    async with begin() as unit:
        await unit.connection.execute(LOG, message_id, *_logged(outcome), None)
        await unit.connection.execute(FAILED, message_id, None)


async def _call(context: Context, webhook_id: int, key: UUID, body: bytes) -> CallOutcome:
    """Sign a message and send it."""
    at, begun = datetime.now(UTC), time.monotonic()
    async with database() as connection:
        row = await connection.fetchrow(ADDRESS, webhook_id)
    if row is None:
        return CallOutcome(at, 0.0, error="The webhook was deleted.")
    try:
        sealed = [secret for secret in (row["secret"], row["previous_secret"]) if secret is not None]
        keys = [
            secrets.decrypt(context.settings, secret, purpose=purpose_of(webhook_id)) for secret in sealed
        ]
        signed = webhook_signatures.headers(keys, f"msg_{key.hex}", body, at=at)
        answer = await context.outgoing.send(
            "POST",
            row["url"],
            headers={"Content-Type": "application/json", **signed},
            content=body,
            timeout_seconds=context.settings.outgoing_seconds,
            max_body_bytes=MAX_ANSWER_BYTES,
        )
    except (AddressRefused, ConnectionFailed, SecretUnreadable) as error:
        return CallOutcome(at, time.monotonic() - begun, error=error.message)
    seconds = time.monotonic() - begun
    if 200 <= answer.status < 300:
        return CallOutcome(at, seconds, answer.status)
    return CallOutcome(
        at,
        seconds,
        answer.status,
        f"It answered {answer.status}; 200 to 299 means that the message was taken.",
        _retry_after(answer.headers.get("retry-after", ""), at),
    )


async def _store_success(webhook_id: int, message_id: int, outcome: CallOutcome) -> None:
    async with begin() as unit:
        await unit.connection.execute(LOG, message_id, *_logged(outcome), None)
        await unit.connection.execute(DELIVERED, message_id, KEPT_BODY_BYTES)
        await unit.connection.execute(HEALTHY, webhook_id)


async def _store_failure(
    context: Context, webhook_id: int, message_id: int, attempts: int, outcome: CallOutcome
) -> None:
    """Note a failure: when the message is tried again, if ever; the webhook rests, or is disabled."""
    gone = outcome.status_code == GONE
    wait = None if gone else _wait(attempts, outcome.retry_after)
    days = context.settings.webhook_disable_days
    rests = [float(seconds) for seconds in RESTS_SECONDS]
    async with begin() as unit:
        await unit.connection.execute(LOG, message_id, *_logged(outcome), wait)
        await unit.connection.execute(FAILED, message_id, wait)
        rest = min(outcome.retry_after, MAX_REST_SECONDS)
        too_long = await unit.connection.fetchval(FAILING, webhook_id, rest, rests, days * 86_400)
        if gone:
            reason = "It answered 410 Gone. Resume it when it is there again."
        elif too_long:
            reason = f"Every attempt failed for more than {days:g} days. Put it right, then resume it."
        else:
            return
        await unit.connection.execute(DISABLE, webhook_id, reason)
    log.warning("webhook_disabled", webhook_id=webhook_id, gone=gone)


def _wait(attempts: int, retry_after: float) -> float | None:
    """How long a message waits that was tried `attempts` times before this failure; None: it was tried enough."""
    if attempts >= len(SCHEDULE_SECONDS):
        return None
    jitter = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - it only spreads the load
    return max(SCHEDULE_SECONDS[attempts] * jitter, retry_after)


def _retry_after(text: str, now: datetime) -> float:
    """What a Retry-After header asks for, in seconds, between 0 and half a day; 0 for what is none."""
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return max(0.0, min(seconds, MAX_RETRY_AFTER_SECONDS))


def _logged(outcome: CallOutcome) -> tuple[Any, ...]:
    return outcome.at, outcome.seconds, outcome.status_code, outcome.error


def _lease_seconds(context: Context) -> float:
    """Long enough for one call and for storing how it went."""
    return context.settings.outgoing_seconds + context.settings.lease_seconds
