"""A worker that is killed in the middle of an import loses nothing and repeats nothing."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.imports import imports
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.claims import ImportClaim
from seggraph.services.imports.imports import StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.vocabulary import ImportStatus
from tests.product import working
from tests.services.importing import counts, uploaded

ROWS = 12_000


def file_of(rows: int) -> str:
    """Every tenth row repeats the one before, and every hundredth has something wrong."""
    lines = []
    for number in range(rows):
        key = number - 1 if number % 10 == 9 else number
        lines.append(f"a{key},{'many' if number % 100 == 50 else number}")
    return "id,employees\n" + "\n".join(lines) + "\n"


# No import gets beyond the row up to which it may come: a worker that is to be killed cannot be through before.
HELD = """
    CREATE TABLE allowed (read int);
    INSERT INTO allowed VALUES (0);
    CREATE FUNCTION wait_until_allowed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      WHILE NEW.read > (SELECT read FROM allowed) LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NEW;
    END $$;
    CREATE TRIGGER held BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION wait_until_allowed();
"""

EXPECTED = {"read": ROWS, "added": ROWS * 9 // 10, "duplicate": ROWS // 10}


async def progress(connection: asyncpg.Connection, import_id: int) -> int:
    read: int = await connection.fetchval("SELECT read FROM imports WHERE id = $1", import_id)
    return read


@pytest.mark.parametrize("dry_run", [False, True])
async def test_killed_workers_leave_exact_counts(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, dry_run: bool
) -> None:
    view = await uploaded(context, viewer, file_of(ROWS))
    pairs = [Pair("id", "externalId"), Pair("employees", "employees")]
    await imports.start(context, viewer, view.id, pairs, StartSettings(dry_run=dry_run))
    await connection.execute(HELD)

    # when a worker is killed as soon as it has stored something, and then a second one
    for _ in range(2):
        before = await progress(connection, view.id)
        await connection.execute("UPDATE allowed SET read = $1", before + import_runs.BATCH_ROWS)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "seggraph", "worker", env=_environment(context), start_new_session=True
        )
        try:
            async with asyncio.timeout(120):
                while await progress(connection, view.id) == before:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
    assert await progress(connection, view.id) == 2 * import_runs.BATCH_ROWS < ROWS
    await connection.execute("UPDATE allowed SET read = $1", ROWS)

    # then another one continues by itself, and every row is accounted for once
    async with working(context), asyncio.timeout(120):
        while not (await imports.get(viewer, view.id)).is_over:  # noqa: ASYNC110 - the worker's doing
            await asyncio.sleep(0.1)
    done = await imports.get(viewer, view.id)
    assert done.status is ImportStatus.COMPLETED
    assert counts(done) == EXPECTED
    assert done.partial == ROWS // 100
    stored = await connection.fetchval("SELECT count(*) FROM members")
    assert stored == (0 if dry_run else EXPECTED["added"])
    rejected = await connection.fetchval("SELECT count(DISTINCT line) FROM import_rejects")
    assert rejected == EXPECTED["duplicate"] + done.partial
    assert await connection.fetchval("SELECT count(*) FROM import_keys") == 0


def _environment(context: Context) -> dict[str, str]:
    settings = context.settings
    return os.environ | {
        "SEGGRAPH_DATABASE_URL": settings.database_url or "",
        "SEGGRAPH_REDIS_URL": settings.redis_url or "",
        "SEGGRAPH_FILES_DIR": str(settings.files_dir),
        "SEGGRAPH_LEASE_SECONDS": str(settings.lease_seconds),
        "SEGGRAPH_SWEEP_SECONDS": str(settings.sweep_seconds),
        "SEGGRAPH_LOG_LEVEL": "error",
    }


async def test_an_import_hands_itself_on_and_continues(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_runs, "SLICE_SECONDS", 0.0)
    view = await uploaded(context, viewer, file_of(3_000))
    pairs = [Pair("id", "externalId"), Pair("employees", "employees")]
    await imports.start(context, viewer, view.id, pairs)

    statuses: list[Any] = []
    while (status := await import_runs.run(context, view.id)) is not None:
        statuses.append(status.value)

    assert statuses == ["RUNNING", "RUNNING", "RUNNING", "COMPLETED"]
    done = await imports.get(viewer, view.id)
    assert counts(done) == {"read": 3_000, "added": 2_700, "duplicate": 300}
    assert done.partial == 30
    assert json.loads(await connection.fetchval("SELECT mapping FROM imports")) is not None


async def test_a_run_that_lost_its_lease_stores_nothing_more(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await uploaded(context, viewer, "id\na\nb\n")
    await imports.start(context, viewer, view.id, [Pair("id", "externalId")])
    begin = import_runs._begin

    async def begin_and_lose(claim: ImportClaim) -> Any:
        batch = await begin(claim)
        await connection.execute("UPDATE imports SET lease_holder = 'another'")
        return batch

    monkeypatch.setattr(import_runs, "_begin", begin_and_lose)

    assert await import_runs.run(context, view.id) is None
    assert await connection.fetchval("SELECT count(*) FROM members") == 0
    assert await progress(connection, view.id) == 0
