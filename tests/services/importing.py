"""Imports as tests make them: a file of bytes in, a mapping, and the import as it is in the end."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.files.uploads import Read
from seggraph.services.imports import imports
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import ImportDraft, ImportView, StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.vocabulary import MemberKind


def reading(data: bytes) -> Read:
    """An upload of these bytes."""
    file = io.BytesIO(data)

    async def read(size: int) -> bytes:
        return file.read(size)

    return read


async def uploaded(
    context: Context, viewer: Viewer, data: bytes | str, kind: MemberKind = MemberKind.ACCOUNT, **more: Any
) -> ImportView:
    """A file that was taken in."""
    raw = data.encode() if isinstance(data, str) else data
    draft = ImportDraft(file_name="some.csv", kind=kind, **more)
    return await imports.create(context, viewer, reading(raw), draft)


async def imported(
    context: Context,
    viewer: Viewer,
    data: bytes | str,
    mapping: Mapping[str, str],
    kind: MemberKind = MemberKind.ACCOUNT,
    *,
    columns: Mapping[str, Mapping[str, Any]] | None = None,
    dry_run: bool = False,
    create_missing: bool = True,
    only_targets: bool | None = None,
    activate: bool = False,
    whole_rows: bool = False,
    **more: Any,
) -> ImportView:
    """A file that was imported; `columns` are the settings that somebody chose."""
    settings = StartSettings(
        create_missing=create_missing,
        only_targets=only_targets,
        activate=activate,
        whole_rows=whole_rows,
        dry_run=dry_run,
        choices=list((columns or {}).items()),
    )
    upload = await uploaded(context, viewer, data, kind, **more)
    pairs = [Pair(column, field) for column, field in mapping.items()]
    await imports.start(context, viewer, upload.id, pairs, settings)
    while not (view := await imports.get(viewer, upload.id)).is_over:
        await import_runs.run(context, upload.id)  # a worker of the test's may be at it
        await asyncio.sleep(0.01)
    return view


def counts(view: ImportView) -> dict[str, int]:
    """The counts that are not zero, and how they add up."""
    names = ("added", "updated", "already_in", "duplicate", "ignored", "failed", "merged", "removed")
    found = {name: getattr(view, name) for name in names}
    assert sum(found.values()) == view.read
    return {"read": view.read} | {name: number for name, number in found.items() if number}
