"""Answers by idempotency key: kept in the transaction of the change, and given again for a day.

A row is written at the beginning of the transaction, so that of two requests with one key one is carried out, and gets
its answer at the end. A process that is lost in between leaves nothing: neither the change nor the row.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import as_a_whole, begin, commit_whole
from seggraph.errors import IdempotencyConflict, RetryLater, TooMany
from seggraph.files import secrets

log = structlog.get_logger()

MAX_ANSWER_BYTES: Final = 256 * 1024
KEPT: Final = "interval '1 day'"

FIND: Final = f"""
    SELECT digest, answer FROM idempotency_keys
    WHERE workspace_id = $1 AND actor = $2 AND key = $3 AND answer IS NOT NULL
      AND created_at > clock_timestamp() - {KEPT}
"""  # noqa: S608 - constants only, here and below

SHORT_WAIT: Final = """
    SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', '200ms', true)
"""
"""Another request with this key holds its row until it ends."""
USUAL_WAIT: Final = "SELECT set_config('lock_timeout', $1, true)"

CLAIM: Final = f"""
    INSERT INTO idempotency_keys AS i (workspace_id, actor, key, digest, created_at)
    VALUES ($1, $2, $3, $4, clock_timestamp())
    ON CONFLICT (workspace_id, actor, key) DO UPDATE SET digest = EXCLUDED.digest, created_at = EXCLUDED.created_at,
      answer = NULL WHERE i.created_at <= clock_timestamp() - {KEPT}
    RETURNING id
"""  # noqa: S608

KEEP: Final = """
    UPDATE idempotency_keys SET answer = $4 WHERE workspace_id = $1 AND actor = $2 AND key = $3
"""

# any workspace: what is a day old is of no use in any of them
EXPIRE: Final = f"""
    WITH removed AS (
      DELETE FROM idempotency_keys WHERE id = ANY(ARRAY(
        SELECT id FROM idempotency_keys WHERE created_at <= clock_timestamp() - {KEPT}
        ORDER BY created_at LIMIT $1))
      RETURNING id)
    SELECT count(*) FROM removed
"""  # noqa: S608
BATCH: Final = 5_000
ASKED: Final = "seggraph:idempotency:asked"
"""The key in Redis that keeps one process a minute removing what is a day old."""
INTERVAL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Request:
    """A request with a key: `digest` is that of all that decides its answer."""

    viewer: Viewer
    key: str
    digest: str

    @property
    def place(self) -> tuple[int, str, str]:
        """The values of $1 to $3: keys of one user or API key are not those of another."""
        return self.viewer.workspace_id, self.viewer.who, self.key

    @property
    def purpose(self) -> str:
        """What the encrypted answer is for."""
        return "idempotency:" + ":".join(map(str, self.place))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What executing a request led to: its answer as text, and whether it is to be kept."""

    answer: str
    is_final: bool


class _Answered(RetryLater):
    """Somebody else has carried the request out since it was looked for."""


async def once(
    context: Context, request: Request, execute: Callable[[], Awaitable[Outcome]]
) -> tuple[str, bool]:
    """The answer to a request that is carried out once, and whether it is the one of before.

    It is executed in one transaction, in which the answer is kept. If it changes nothing, or fails, nothing is kept,
    and the key may be used again. Raises IdempotencyConflict for a key of another request, RetryLater while the request
    is being carried out, TooMany for an answer that is too large to be kept.
    """
    kept = await _find(context, request)
    if kept is not None:
        return kept, True
    already = False

    async def claim(connection: asyncpg.Connection) -> None:
        nonlocal already
        before = await connection.fetchval(SHORT_WAIT)
        try:
            claimed = await connection.fetchval(CLAIM, *request.place, request.digest)
        except asyncpg.LockNotAvailableError as error:
            raise RetryLater("A request with this Idempotency-Key is being carried out.") from error
        await connection.execute(USUAL_WAIT, before)
        if claimed is None:
            already = True
            raise _Answered("The request was carried out already.")

    async with as_a_whole(claim) as whole:
        outcome = await execute()
        if not already:
            if not (outcome.is_final and whole.parts):
                return outcome.answer, False
            sealed = _sealed(context, request, outcome.answer)

            async def keep(connection: asyncpg.Connection) -> None:
                await connection.execute(KEEP, *request.place, sealed)

            await commit_whole(whole, keep)
            return outcome.answer, False
    kept = await _find(context, request)
    if kept is None:
        raise RetryLater("Send the request again.")
    return kept, True


async def ask_for_due(context: Context) -> None:
    """Remove the answers that are a day old, once a minute."""
    if not await context.redis.set(ASKED, "1", nx=True, ex=INTERVAL_SECONDS):
        return
    while await _expire_some() == BATCH:
        continue


async def _expire_some() -> int:
    async with begin() as unit:
        removed: int = await unit.connection.fetchval(EXPIRE, BATCH)
        return removed


async def _find(context: Context, request: Request) -> str | None:
    """The answer that was given to this request. Raises IdempotencyConflict for a key of another request."""
    async with database() as connection:
        row = await connection.fetchrow(FIND, *request.place)
    if row is None:
        return None
    if row["digest"] != request.digest:
        raise IdempotencyConflict(
            "This Idempotency-Key was used for another request in the last day. Repeat a request unchanged, and"
            " give each other one a key of its own."
        )
    return secrets.decrypt(context.settings, bytes(row["answer"]), purpose=request.purpose)


def _sealed(context: Context, request: Request, answer: str) -> bytes:
    """The answer as it is kept: it may hold secrets and addresses."""
    if len(answer.encode()) > MAX_ANSWER_BYTES:
        raise TooMany(
            f"With an Idempotency-Key an answer has at most {MAX_ANSWER_BYTES:,} bytes: ask for less of what the"
            " mutation answers with. Nothing was done."
        )
    return secrets.encrypt(context.settings, answer, purpose=request.purpose)
