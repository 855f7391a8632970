"""Uploaded files go when they are not needed any more, and no upload at work loses its file."""

import asyncio
import os
import time
from contextlib import closing
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database.connections import database
from seggraph.errors import BadTransition
from seggraph.files import uploads
from seggraph.services.imports import files as import_files
from seggraph.services.imports import imports
from seggraph.services.imports.mappings import Pair
from seggraph.settings import Settings
from seggraph.vocabulary import ImportStatus
from tests.conftest import new_viewer
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


@pytest.mark.parametrize("is_committed", [True, False], ids=["after its commit", "before"])
async def test_an_upload_that_is_cancelled_leaves_row_and_file_or_neither(
    settings: Settings, is_committed: bool
) -> None:
    # given a server whose answers to a statement do not come through
    async with Wire(settings, b"COMMIT" if is_committed else b'INSERT INTO "imports"') as wire:
        async with open_context(wire.settings) as context:
            viewer = await new_viewer("Acme")
            wire.is_armed = True
            uploading = asyncio.create_task(uploaded(context, viewer, CSV))
            async with asyncio.timeout(120):
                await wire.held.wait()

            # when whoever uploads is cancelled meanwhile
            uploading.cancel()
            await asyncio.sleep(0)
            wire.let_go()
            with pytest.raises(asyncio.CancelledError):
                await uploading

            # then an import that is there has its file and can be started, and one that is not there has none
            async with database() as connection:
                rows = await connection.fetch("SELECT id, file FROM imports")
            assert len(rows) == is_committed
            left = {path.name for path in uploads.folder(settings).glob("*.*")}
            assert left == {row["file"] for row in rows}
            for row in rows:
                started = await imports.start(context, viewer, row["id"], [Pair("id", "externalId")])
                assert started.status is ImportStatus.RUNNING


class Wire:
    """Between a process and PostgreSQL: once it is armed, it holds back the answers to a statement."""

    def __init__(self, settings: Settings, statement: bytes) -> None:
        self._url = urlsplit(str(settings.database_url))
        self._given = settings
        self._statement = statement
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_armed = False
        self.held = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        host = self._url.netloc.rpartition(":")[0]
        url = urlunsplit(self._url._replace(netloc=f"{host}:{port}"))
        self.settings = self._given.model_copy(update={"database_url": url})
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    def let_go(self) -> None:
        self.is_armed = False
        self._may_answer.set()

    async def _connect(self, asking: asyncio.StreamReader, answering: asyncio.StreamWriter) -> None:
        asked, told = await asyncio.open_connection(self._url.hostname, self._url.port)
        for reader, writer, is_asking in ((asking, told, True), (asked, answering, False)):
            self._tasks.add(asyncio.create_task(self._carry(reader, writer, is_asking=is_asking)))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_asking: bool
    ) -> None:
        with closing(writer):
            while data := await reader.read(65_536):
                if is_asking and self.is_armed and self._statement in data:
                    self._may_answer.clear()
                elif not is_asking and not self._may_answer.is_set():
                    self.held.set()
                    await self._may_answer.wait()
                writer.write(data)
                await writer.drain()
