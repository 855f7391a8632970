"""Uploaded files go when they are not needed any more, and no upload at work loses its file."""

import os
import time

import asyncpg
import pytest

from seggraph.errors import BadTransition
from seggraph.services import import_files, imports, uploads
from seggraph.services.context import Context
from seggraph.services.import_mappings import Pair
from seggraph.services.policy import Viewer
from seggraph.vocabulary import ImportStatus
from tests.services.importing import imported, uploaded

CSV = "id\na\nb\n"
MAPPING = {"id": "externalId"}
HOUR = 3_600


async def test_files_go_in_their_time(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given files of every age, with and without a row
    folder = uploads.folder(context.settings)
    old, new, dry, failed = [await uploaded(context, viewer, CSV) for _ in range(4)]
    pairs = [Pair("id", "externalId")]
    await imports.start(context, viewer, failed.id, pairs)
    done = await imported(context, viewer, CSV, MAPPING)
    await connection.execute("UPDATE imports SET status = 'FAILED' WHERE id = $1", failed.id)
    await connection.execute(
        "UPDATE imports SET status = 'COMPLETED', dry_run = true, finished_at = now() - interval '8 days'"
        " WHERE id = $1",
        dry.id,
    )
    await connection.execute(
        "UPDATE imports SET created_at = now() - interval '8 days' WHERE id = $1", old.id
    )
    names = {
        row["id"]: row["file"]
        for row in await connection.fetch("SELECT id, file FROM imports WHERE file <> ''")
    }
    orphans = {f"{n}" * 32 + suffix: age for n, suffix, age in (
        (1, ".csv", 25), (2, ".part", 25), (3, ".csv", 23), (4, ".part", 0), (5, ".export", 99)
    )}  # fmt: skip
    for name, hours in orphans.items():
        (folder / name).write_text("x")
        os.utime(folder / name, (0, time.time() - hours * HOUR))
    os.utime(folder / names[new.id], (0, 0))

    await import_files.sweep(context, 100)
    await import_files.sweep(context, 100)

    # then only what is waiting, or may still be written to, is left
    left = {path.name for path in folder.iterdir()} - {"signing-key"}
    assert left == {names[new.id], "3" * 32 + ".csv", "4" * 32 + ".part", "5" * 32 + ".export"}
    statuses = {number: (await imports.get(viewer, number)).status for number in (old.id, new.id, done.id)}
    assert statuses == {
        old.id: ImportStatus.CANCELLED,
        new.id: ImportStatus.UPLOADED,
        done.id: ImportStatus.COMPLETED,
    }

    # and a dry run whose file is gone says so instead of failing later
    with pytest.raises(BadTransition, match="upload it again"):
        await imports.start(context, viewer, dry.id, pairs)
    assert (await imports.get(viewer, dry.id)).status is ImportStatus.COMPLETED
