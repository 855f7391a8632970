"""`seggraph import` and `seggraph export`: members from a CSV file, and to one, with a progress bar."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.cli.application import app, console
from seggraph.cli.operating import ready_settings, workspace_number
from seggraph.context import Context, open_context
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import Invalid, NotFound, Required
from seggraph.services.catalogue import catalogues, declarations
from seggraph.services.catalogue.declarations import DeclarationReport
from seggraph.services.exports import columns as export_columns
from seggraph.services.exports import files as export_files
from seggraph.services.identity import workspaces
from seggraph.services.imports import content_fields, imports
from seggraph.services.imports import rejects as import_rejects
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import ImportDraft, ImportView, StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.services.segments import views as segment_views
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, ExportFormat, ImportContent, ImportStatus, MemberKind, Role

POLL_SECONDS: Final = 0.2
STDOUT: Final = Path("-")
SHOWN_REASONS: Final = 10
CHOOSABLE: Final = ("decimal", "dateOrder", "timeZone", "separator")
"""The settings of columns that the command line chooses."""

Workspace = Annotated[str, typer.Option(help="The workspace: its id, or its bare number.")]
Kind = Annotated[str, typer.Option(help="The kind of the members: account, person, ….")]
Segment = Annotated[str | None, typer.Option(help="The segment: its id, or its bare number.")]


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file.", exists=True, dir_okay=False)],
    workspace: Workspace,
    kind: Kind = "account",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD, repeated. Without it the names of the columns decide."),
    ] = None,
    segment: Segment = None,
    replace: Annotated[
        bool, typer.Option(help="Replace the members that earlier imports added to the segment.")
    ] = False,
    create_missing: Annotated[bool, typer.Option(help="Create members that do not exist yet.")] = True,
    only_targets: Annotated[
        bool | None,
        typer.Option(help="Skip members that are no targets; the default for accounts into a segment."),
    ] = None,
    activate: Annotated[bool, typer.Option(help="Activate the segment if it is a draft.")] = False,
    read: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN:SETTING=VALUE, repeated, as in Since:dateOrder=DMY or Revenue:decimal=,"),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="The encoding of the file, such as windows-1250; else it is detected.")
    ] = None,
    content: Annotated[
        str, typer.Option(help="What the rows are: members, events, orders, relations or suppressions.")
    ] = "members",
    event_name: Annotated[
        str | None, typer.Option(help="The name of all events of the file, if no column has it.")
    ] = None,
    relation: Annotated[
        str | None, typer.Option(help="The relation of all rows, such as account, if no column has it.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="The channel of suppressions, where no column has it: email, sms, ….")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="The reason of suppressions, where no column has it: bounce, ….")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where to write the rows that were not stored, or in part, as CSV.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Report only; store nothing.")] = False,
) -> None:
    """Import members, events, orders, relations or suppressions from a CSV file; print what became of the rows."""
    pairs = [_pair(text) for text in mapping or []]
    what = _content(content)
    draft = ImportDraft(
        file_name=file.name,
        kind=MemberKind.PERSON if what is ImportContent.SUPPRESSIONS else _kind(kind),
        content=what,
        segment_id=_segment_number(segment),
        replace=replace,
        encoding=encoding,
    )
    start = StartSettings(
        create_missing=create_missing,
        only_targets=only_targets,
        activate=activate,
        dry_run=dry_run,
        event_name=event_name,
        relation=relation,
        channel=None if channel is None else content_fields.parse_channel(channel),
        reason=None if reason is None else content_fields.parse_reason(reason),
        choices=_choices(read or []),
    )
    with ready_settings() as settings:
        view, reasons = asyncio.run(
            _import(settings, workspace_number(workspace), file, pairs, start, draft=draft, rejects=rejects)
        )
    _report(view, reasons, rejects)


@app.command()
def export(
    workspace: Workspace,
    kind: Kind = "account",
    segment: Segment = None,
    out: Annotated[Path, typer.Option(help="The file to write; - for standard output.")] = STDOUT,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Write texts as they are, for a program and not for a spreadsheet."),
    ] = False,
) -> None:
    """Export members as a CSV file that imports again unchanged."""
    form = ExportFormat.PLAIN_CSV if plain else ExportFormat.CSV
    kind_ = _kind(kind)
    with ready_settings() as settings:
        asyncio.run(
            _export(settings, workspace_number(workspace), kind_, _segment_number(segment), out, form)
        )


async def _import(
    settings: Settings,
    workspace_id: int,
    file: Path,
    pairs: list[Pair],
    start: StartSettings,
    *,
    draft: ImportDraft,
    rejects: Path | None,
) -> tuple[ImportView, list[tuple[int, str, str]]]:
    async with open_context(settings) as context:
        viewer = await _administrator(workspace_id)
        with file.open("rb") as opened:
            view = await imports.create(context, viewer, _reading(opened.read), draft)
        chosen = pairs or [Pair(suggestion.column, suggestion.field) for suggestion in view.suggestions]
        if not pairs:
            start = replace_fields(start, **_of_template(view, start))
        await imports.start(context, viewer, view.id, chosen, start)
        done = await _carry_out(context, viewer, view.id)
        if rejects is not None:
            with rejects.open("wb") as opened:
                async for part in import_rejects.stream(viewer.workspace_id, view.id):
                    opened.write(part)
        return done, await import_rejects.first(viewer.workspace_id, view.id, SHOWN_REASONS)


def _of_template(view: ImportView, start: StartSettings) -> dict[str, Any]:
    """What the mapping template says of all rows, where the command does not."""
    names = ("event_name", "relation", "channel", "reason")
    return {name: getattr(view, name) for name in names if getattr(start, name) is None}


async def _carry_out(context: Context, viewer: Viewer, import_id: int) -> ImportView:
    """Do the import in this process, unless a worker does it already, and show the progress."""
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("import", total=None)
        running = asyncio.create_task(_run_until_over(context, viewer, import_id))
        while not running.done():
            view = await imports.get(viewer, import_id)
            progress.update(task, total=view.total, completed=view.read)
            await asyncio.wait({running}, timeout=POLL_SECONDS)
        return await running


async def _run_until_over(context: Context, viewer: Viewer, import_id: int) -> ImportView:
    while not (view := await imports.get(viewer, import_id)).is_over:
        await import_runs.run(context, import_id)
        await asyncio.sleep(0 if (await imports.get(viewer, import_id)).is_over else POLL_SECONDS)
    return view


async def _export(
    settings: Settings,
    workspace_id: int,
    kind: MemberKind,
    segment_id: int | None,
    out: Path,
    form: ExportFormat,
) -> None:
    async with open_context(settings), AsyncExitStack() as stack:
        viewer = await _administrator(workspace_id)
        await _require_segment(viewer, segment_id, kind)
        columns = (TextColumn("Exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        progress = stack.enter_context(Progress(*columns, console=console, transient=True))
        file = sys.stdout.buffer if out == STDOUT else stack.enter_context(out.open("wb"))
        connection = await stack.enter_async_context(snapshot())
        audience = await export_files.audience_of(connection, workspace_id, kind, segment_id)
        attributes = await catalogues.read_types(connection, workspace_id, kind)
        chosen = export_columns.of_members(attributes.types, None)
        export_files.begin_file(file, chosen, form)
        task = progress.add_task("export", total=len(audience))
        async for members in export_files.write_members(
            connection, workspace_id, kind, audience, chosen, form, file, is_changing=bool(attributes.changes)
        ):
            progress.advance(task, members)


@app.command(name="declare-attributes")
def declare_attributes(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns kind, name, type, label, description, isPersonal, or JSON.",
            exists=True,
            dir_okay=False,
        ),
    ],
    workspace: Workspace,
) -> None:
    """Create the custom attributes of a file; print how many were created, updated or already there."""
    rows = declarations.rows_of(file.read_bytes())
    with ready_settings() as settings:
        report = asyncio.run(_declare(settings, workspace_number(workspace), rows))
    console.print(
        f"created={report.created} updated={report.updated} unchanged={report.unchanged}"
        f" failed={len(report.row_errors)}"
    )
    for error in report.row_errors[:SHOWN_REASONS]:
        console.print(f"row {error.index + 1}: {error.message}", markup=False)
    if report.row_errors:
        raise typer.Exit(1)


async def _declare(
    settings: Settings, workspace_id: int, rows: list[declarations.Declaration]
) -> DeclarationReport:
    async with open_context(settings) as context:
        return await declarations.declare_all(context, await _administrator(workspace_id), rows)


async def _administrator(workspace_id: int) -> Viewer:
    await workspaces.require(workspace_id)
    return Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)


async def _require_segment(viewer: Viewer, segment_id: int | None, kind: MemberKind) -> None:
    if segment_id is None:
        return
    segments = await segment_views.get_many(viewer, [segment_id])
    if segment_id not in segments:
        raise NotFound("There is no such segment.")
    if segments[segment_id].kind is not kind:
        raise Invalid(f"The segment holds members of the kind {segments[segment_id].kind.name.lower()}.")


def _reading(read: Callable[[int], bytes]) -> Callable[[int], Awaitable[bytes]]:
    async def read_block(size: int) -> bytes:
        return await asyncio.to_thread(read, size)

    return read_block


def _report(view: ImportView, reasons: list[tuple[int, str, str]], rejects: Path | None) -> None:
    """Print the counts and the first reasons; exit with 1 if the import failed."""
    names: tuple[str, ...] = (
        "read",
        "added",
        "updated",
        "already_in",
        "duplicate",
        "ignored",
        "failed",
        "partial",
    )
    more = ("merged", "removed", "pending", "related", "related_not_found", "related_ambiguous")
    names += tuple(name for name in more if getattr(view, name))
    sys.stdout.write(" ".join(f"{name}={getattr(view, name)}" for name in names) + "\n")
    for line, outcome, reason in reasons:
        console.print(f"line {line}: {outcome}: {reason}", highlight=False, markup=False)
    if reasons:
        where = "Write all of them to a file with --rejects FILE." if rejects is None else f"All: {rejects}"
        console.print(where, highlight=False, markup=False)
    if view.status is not ImportStatus.COMPLETED:
        console.print(f"{view.status}: {view.error_message or ''}", highlight=False, markup=False)
        raise typer.Exit(1)


def _choices(texts: list[str]) -> list[tuple[str, dict[str, str]]]:
    """The settings of columns that COLUMN:SETTING=VALUE names. Raises Invalid."""
    choices: dict[str, dict[str, str]] = {}
    for text in texts:
        named, sign, value = text.partition("=")
        column, colon, setting = named.rpartition(":")
        if not sign or not colon or setting not in CHOOSABLE:
            raise Invalid(f"--read {text} is not COLUMN:SETTING=VALUE with one of {', '.join(CHOOSABLE)}.")
        choices.setdefault(column, {})[setting] = value
    return list(choices.items())


def _pair(text: str) -> Pair:
    column, sign, field = text.rpartition("=")
    if not sign or not column or not field:
        raise Invalid(f"--map {text} is not COLUMN=FIELD.")
    return Pair(column, field)


def _kind(text: str) -> MemberKind:
    try:
        return MemberKind[text.upper()]
    except KeyError:
        kinds = ", ".join(kind.name.lower() for kind in MemberKind)
        raise Required(f"--kind is one of {kinds}.") from None


def _content(text: str) -> ImportContent:
    try:
        return ImportContent[text.upper()]
    except KeyError:
        contents = ", ".join(content.name.lower() for content in ImportContent)
        raise Required(f"--content is one of {contents}.") from None


def _segment_number(text: str | None) -> int | None:
    if text is None or (text.isascii() and text.isdigit()):
        return None if text is None else int(text)
    return ids.decode("Segment", text)
