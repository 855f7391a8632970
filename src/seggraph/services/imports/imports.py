"""Imports as a person deals with them: a file comes in, is started with a mapping, is watched or cancelled.

What a worker does with a started import is `import_runs`. An import of another workspace does not exist.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import (
    VISIBLE_IMPORT,
    VISIBLE_SEGMENT,
    Viewer,
    narrowed_imports,
    require_segment_management,
    require_suppression,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Forbidden, Invalid, NotFound, SeggraphError
from seggraph.events import ImportFinished, ImportProgressed
from seggraph.files import uploads
from seggraph.files.uploads import Read, StoredFile
from seggraph.models.imports import Import
from seggraph.services.audit import audit
from seggraph.services.catalogue import catalogues
from seggraph.services.catalogue.columns import Appearance, FieldSuggestion, look
from seggraph.services.events import drafts
from seggraph.services.imports import event_fields, mappings, readings, templates
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import ImportColumn, PlannedReading
from seggraph.services.imports.relating import related_fields
from seggraph.services.imports.templates import ImportTemplate, KeptMapping, OfAllRows
from seggraph.services.members import related
from seggraph.services.segments import manual_membership
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    Channel,
    ImportContent,
    ImportStatus,
    MemberKind,
    SuppressionReason,
)

MAX_FILE_NAME: Final = 255

SEGMENT: Final = f"""
    SELECT s.kind, s.type, s.status, s.created_by_id FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = $4
"""  # noqa: S608 - a constant

HOLD_SEGMENT: Final = "SELECT FROM segments WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE"
"""Two imports that start at once wait for each other."""

AT_WORK: Final = """
    SELECT id FROM imports
    WHERE workspace_id = $1 AND segment_id = $2 AND status = 'RUNNING' AND NOT dry_run LIMIT 1
"""

WORKSPACE: Final = "SELECT time_zone, phone_region FROM workspaces WHERE id = $1"

START: Final = """
    UPDATE imports SET status = 'RUNNING', mapping = $3, create_missing = $4, dry_run = $5, readings = $6,
      only_targets = $7, activate = $8, whole_rows = $9, event_name = $10, relation = $11, channel = $12, reason = $13,
      partial = 0, merged = 0, removed = 0, pending = 0, related = 0, related_not_found = 0, related_ambiguous = 0,
      total = NULL, new_types = NULL,
      position = 0, line = 0, read = 0, added = 0, updated = 0, already_in = 0, duplicate = 0, ignored = 0,
      failed = 0, taken = NULL, attempts = 0, retry_at = NULL, lease_holder = NULL, lease_until = NULL,
      started_at = now(), finished_at = NULL
    WHERE workspace_id = $1 AND id = $2 AND file <> '' RETURNING id
"""

CANCEL: Final = """
    UPDATE imports i SET status = 'CANCELLED', lease_holder = NULL, lease_until = NULL, finished_at = now(),
      file = ''
    FROM imports before WHERE before.id = i.id AND i.workspace_id = $1 AND i.id = $2
      AND i.status IN ('UPLOADED', 'RUNNING') RETURNING before.file
"""

CLEAR: Final = (
    "DELETE FROM import_keys WHERE workspace_id = $1 AND import_id = $2",
    "DELETE FROM import_rejects WHERE workspace_id = $1 AND import_id = $2",
)


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import as it is read: the columns of models.imports.Import that clients see."""

    id: int
    kind: MemberKind
    content: ImportContent
    event_name: str | None
    relation: str | None
    channel: Channel | None
    reason: SuppressionReason | None
    segment_id: int | None
    replace: bool
    removes: bool
    status: ImportStatus
    file_name: str
    file_size: int
    file_encoding: str
    delimiter: str
    has_header: bool
    skip_lines: int
    columns: list[ImportColumn]
    suggestions: list[FieldSuggestion]
    mapping: list[Pair] | None
    readings: dict[str, PlannedReading]
    create_missing: bool
    only_targets: bool
    activate: bool
    whole_rows: bool
    dry_run: bool
    total: int | None
    read: int
    added: int
    updated: int
    already_in: int
    duplicate: int
    ignored: int
    failed: int
    partial: int
    merged: int
    removed: int
    pending: int
    related: int
    related_not_found: int
    related_ambiguous: int
    error_code: str | None
    error_message: str | None
    error_at: datetime | None
    created_by_id: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def progress(self) -> float | None:
        """How far it is, from 0 to 1; None before it begins."""
        if self.status is ImportStatus.UPLOADED:
            return None
        if self.status is ImportStatus.COMPLETED:
            return 1.0
        return min(self.read / self.total, 1.0) if self.total else 0.0

    @property
    def suggested_relations(self) -> list[FieldSuggestion]:
        """The columns of members that may name other members to relate, besides what they may go to themselves."""
        if self.content is not ImportContent.MEMBERS:
            return []
        return related_fields.suggest([column.name for column in self.columns], self.kind)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in (ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED)


SELECT: Final = f"""
    SELECT {", ".join(f"i.{field.name}" for field in fields(ImportView))} /*keys*/
    FROM imports i WHERE {VISIBLE_IMPORT}
"""  # noqa: S608 - constants only

COUNT: Final = f"SELECT count(*) FROM imports i WHERE {VISIBLE_IMPORT}"  # noqa: S608 - constants only

NEWEST_FIRST: Final = Order("id", (Key("i.id", "bigint"),), descending=True)


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """A file to take in: what it is called, what its rows are, and what they are for.

    Its members go into the STATIC segment `segment_id`: added to those that imports gave it before, or instead of them
    with `replace`; with `removes` they leave it. `has_header` and `encoding` are None where the file decides.
    """

    file_name: str
    kind: MemberKind
    content: ImportContent = ImportContent.MEMBERS
    segment_id: int | None = None
    replace: bool = False
    removes: bool = False
    has_header: bool | None = None
    encoding: str | None = None


async def create(context: Context, viewer: Viewer, read: Read, draft: ImportDraft) -> ImportView:
    """Take a file in, block by block as `read` gives it, and say what its columns seem to be.

    Raises Forbidden, NotFound and BadTransition for the segment, Required, Invalid, TooLong and TooMany for the file;
    a file that is refused leaves nothing behind. Once the commit has begun, nobody knows what becomes of it when this
    ends early: then the file stays, and goes as an orphan if no row has it.
    """
    require_write(viewer)
    _require_content(viewer, draft.content)
    await _require_segment(viewer, draft)
    stored = await uploads.store(context.settings, read, encoding=draft.encoding)
    may_be_committed = False
    try:
        path = uploads.path_of(context.settings, stored.name)
        seen = await asyncio.to_thread(
            look, path, stored.stored_encoding, draft.kind, has_header=draft.has_header
        )
        if draft.content is not ImportContent.MEMBERS:
            names = [column.name for column in seen.columns]
            suggested = event_fields.suggest(names, draft.content, draft.kind)
            seen = Appearance(seen.dialect, seen.columns, suggested)
        async with begin() as unit:
            columns, suggestions, of_all_rows = await _shown_columns(
                unit.connection, viewer, seen, draft.kind, draft.segment_id, draft.content
            )
            row = await _insert(viewer, stored, draft, seen, columns, suggestions, of_all_rows)
            audited = {
                "kind": draft.kind,
                "content": draft.content,
                "segment_id": draft.segment_id,
                "replace": draft.replace,
                "removes": draft.removes,
                "file_size": stored.size,
            }
            subject = audit.Subject(AuditSubject.IMPORT, row.id, row.file_name)
            await audit.record(unit, viewer, AuditAction.CREATED, subject, after=audited)
            may_be_committed = True
    except BaseException:
        if not may_be_committed:
            uploads.remove(context.settings, stored.name)
        raise
    return await get(viewer, row.id)


async def _require_segment(viewer: Viewer, draft: ImportDraft) -> None:
    """Raise NotFound, Invalid or BadTransition if what is asked for the segment is not possible."""
    ends_relations = draft.content is ImportContent.RELATIONS and not draft.replace
    if draft.removes and (draft.replace or draft.segment_id is None) and not ends_relations:
        message = "Members are removed from a segment: give segmentId, and not replace."
        raise Invalid(message, path=("remove",))
    if draft.segment_id is None:
        return
    if draft.content is not ImportContent.MEMBERS:
        raise Invalid("Only members go into a segment.", path=("segmentId",))
    async with database() as connection:
        await _require_fillable(connection, viewer, draft.segment_id, draft.kind)


def _require_content(viewer: Viewer, content: ImportContent) -> None:
    """Raise Forbidden if the viewer may not store what the rows are."""
    if content is ImportContent.SUPPRESSIONS:
        require_suppression(viewer)


@dataclass(frozen=True, slots=True)
class StartSettings:
    """What an import does with its rows.

    - `create_missing`: whether a row creates its member. `only_targets`: whether members that are no targets are
      skipped; None is True for accounts that go into a segment.
    - `activate`: whether a draft segment becomes ACTIVE. `whole_rows`: whether one bad value rejects its row.
    - `event_name`: the name of all events, if no column has it. `relation`: the relation of all rows, likewise.
    - `channel` and `reason`: those of all suppressions, where no column has them.
    - `choices`: settings that a person chose, as pairs of a column and the settings by their names in the API.
    """

    create_missing: bool = True
    only_targets: bool | None = None
    activate: bool = False
    whole_rows: bool = False
    dry_run: bool = False
    event_name: str | None = None
    relation: str | None = None
    channel: Channel | None = None
    reason: SuppressionReason | None = None
    choices: Sequence[tuple[str, Mapping[str, Any]]] = ()


AS_USUAL: Final = StartSettings()
"""What an import does if nothing is chosen."""


async def start(
    context: Context,
    viewer: Viewer,
    import_id: int,
    pairs: Sequence[Pair],
    settings: StartSettings = AS_USUAL,
) -> ImportView:
    """Have an uploaded file imported by a mapping; one that was started already stays as it is.

    After a dry run it may be started for good. Raises NotFound, Forbidden, Required when no column finds the
    members, Ambiguous for a column with several readings, BadTransition when the file is gone, and whatever else is
    wrong with the mapping and the choices.
    """
    require_write(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, import_id)
        _require_content(viewer, before.content)
        is_new = before.status is ImportStatus.UPLOADED
        is_after_dry_run = before.status is ImportStatus.COMPLETED and before.dry_run and not settings.dry_run
        if not (is_new or is_after_dry_run):
            return _shown(viewer, before)
        names = [column.name for column in before.columns]
        pairs = _checked(pairs, names, before, settings)
        types = await catalogues.types(unit.connection, viewer.workspace_id, before.kind)
        planned = readings.plan(pairs, before.columns, settings.choices, types)
        if before.segment_id is not None:
            await _require_fillable(unit.connection, viewer, before.segment_id, before.kind)
            if not settings.dry_run:
                await _require_free(unit.connection, viewer.workspace_id, before.segment_id)
        for statement in CLEAR:
            await unit.connection.execute(statement, viewer.workspace_id, import_id)
        only_targets = settings.only_targets
        create_missing = settings.create_missing and not before.removes
        if only_targets is None:
            enters = before.segment_id is not None and not before.removes
            only_targets = enters and before.kind is MemberKind.ACCOUNT
        mapping = orjson.dumps([asdict(pair) for pair in pairs]).decode()
        given = viewer.workspace_id, import_id, mapping, create_missing, settings.dry_run
        more = readings.to_json(planned), only_targets, settings.activate, settings.whole_rows
        of_content = settings.event_name, settings.relation, settings.channel, settings.reason
        if await unit.connection.fetchval(START, *given, *more, *of_content) is None:
            raise BadTransition("The file waited too long and is gone: upload it again.", path=("id",))
        if not settings.dry_run:
            chosen = readings.choices_of(planned)
            shape = before.kind, before.segment_id, before.file_name, names
            kept = KeptMapping(*shape, pairs, chosen, before.content, OfAllRows(*of_content))
            await templates.keep(unit, viewer.workspace_id, kept)
        shown = [{"column": pair.column, "field": event_fields.shown(pair.field)} for pair in pairs]
        audited: dict[str, Any] = {"kind": before.kind, "content": before.content}
        audited |= {"segment_id": before.segment_id, "mapping": shown}
        audited |= {"replace": before.replace, "create_missing": create_missing}
        audited |= {"only_targets": only_targets, "activate": settings.activate, "dry_run": settings.dry_run}
        chosen_of_all = (
            ("event_name", settings.event_name),
            ("relation", settings.relation),
            ("channel", settings.channel),
            ("reason", settings.reason),
        )
        audited |= {name: value for name, value in chosen_of_all if value is not None}
        subject = audit.Subject(AuditSubject.IMPORT, import_id, before.file_name)
        await audit.record(unit, viewer, AuditAction.STARTED, subject, after=audited)
        context.run_import(unit, import_id, 0, attempt=0)
        context.publish(unit, [progressed(viewer.workspace_id, import_id)])
        return await _read_in(unit.connection, viewer, import_id)


async def _require_free(connection: asyncpg.Connection, workspace_id: int, segment_id: int) -> None:
    """Raise BadTransition while another import is at work on a segment: its account would not be true."""
    await connection.execute(HOLD_SEGMENT, workspace_id, segment_id)
    if await connection.fetchval(AT_WORK, workspace_id, segment_id) is not None:
        message = "Another import is at work on this segment: start this one when that one is over."
        raise BadTransition(message, path=("id",))


def _checked(
    pairs: Sequence[Pair], names: Sequence[str], before: ImportView, settings: StartSettings
) -> Sequence[Pair]:
    """The mapping as it is kept. Raises what is wrong with it for the content of the file."""
    _check_settings(before, settings)
    if before.content is ImportContent.MEMBERS:
        canonical = [Pair(pair.column, mappings.canonical(pair.field)) for pair in pairs]
        mappings.check(canonical, names, before.kind)
        return canonical
    shown = [(pair.column, event_fields.shown(pair.field)) for pair in pairs]
    of_all = settings.event_name, settings.relation
    event_fields.check(shown, names, before.content, before.kind, *of_all)
    return [Pair(column, event_fields.stored(field)) for column, field in shown]


def _check_settings(before: ImportView, settings: StartSettings) -> None:
    """Raise Invalid for a setting that the content does not have, or that cannot be."""
    content, name = before.content, before.content.value.lower()
    is_suppressing = content is ImportContent.SUPPRESSIONS
    if settings.event_name is not None:
        if content not in (ImportContent.EVENTS, ImportContent.ORDERS):
            raise Invalid(f"{name.capitalize()} have no event name.", path=("eventName",))
        _check_event_name(settings.event_name, content)
    if settings.relation is not None:
        if content is not ImportContent.RELATIONS:
            raise Invalid(f"Files of {name} have no relation.", path=("relation",))
        related.require_relation(before.kind, settings.relation)
    if settings.channel is not None and not is_suppressing:
        raise Invalid(f"Files of {name} have no channel.", path=("channel",))
    if settings.reason is not None and not is_suppressing:
        raise Invalid(f"Files of {name} have no reason.", path=("reason",))
    if settings.channel is Channel.PUSH:
        raise Invalid("Push messages have no address.", path=("channel",))


def _check_event_name(name: str, content: ImportContent) -> None:
    try:
        if content is ImportContent.ORDERS:
            raise Invalid("Orders are events with the name order.")
        drafts.clean_name(name)
    except SeggraphError as problem:
        problem.path = ("eventName",)
        raise


async def cancel(context: Context, viewer: Viewer, import_id: int) -> ImportView:
    """Stop an import; what it stored stays. One that is over stays as it is. Raises NotFound, Forbidden."""
    require_write(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, import_id)
        file = await unit.connection.fetchval(CANCEL, viewer.workspace_id, import_id)
        if file is not None:
            subject = audit.Subject(AuditSubject.IMPORT, import_id, before.file_name)
            was, now = ({"status": status} for status in (before.status, ImportStatus.CANCELLED))
            await audit.record(unit, viewer, AuditAction.CANCELLED, subject, was, now)
            await unit.connection.execute(CLEAR[0], viewer.workspace_id, import_id)
            context.publish(
                unit, [progressed(viewer.workspace_id, import_id), finished(viewer.workspace_id, import_id)]
            )
        after = await _read_in(unit.connection, viewer, import_id)
    if file is not None:
        await asyncio.to_thread(uploads.remove, context.settings, file)
    return after


async def get(viewer: Viewer, import_id: int) -> ImportView:
    """One import. Raises NotFound."""
    views = await get_many(viewer, [import_id])
    if import_id not in views:
        raise NotFound("There is no such import.", path=("id",))
    return views[import_id]


async def get_many(viewer: Viewer, import_ids: Sequence[int]) -> dict[int, ImportView]:
    """Those of the imports that the viewer may see, by id."""
    if not import_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT}{narrowed_imports(viewer)} AND i.id = ANY($4)",
            *visibility_arguments(viewer),
            list(import_ids),
        )
    return {row["id"]: _seen(viewer, row) for row in rows}


async def list_page(viewer: Viewer, request: PageRequest) -> Page[ImportView]:
    """A page of the imports that the viewer may see, the newest first."""
    async with database() as connection:
        return await fetch_page(
            connection,
            f"{SELECT}{narrowed_imports(viewer)}",
            visibility_arguments(viewer),
            NEWEST_FIRST,
            request,
            partial(_seen, viewer),
        )


async def count(viewer: Viewer) -> int:
    """How many imports the viewer may see."""
    async with database() as connection:
        total: int = await connection.fetchval(
            f"{COUNT}{narrowed_imports(viewer)}", *visibility_arguments(viewer)
        )
    return total


def progressed(workspace_id: int, import_id: int) -> ImportProgressed:
    """That an import is not as it was."""
    return ImportProgressed(workspace_id=workspace_id, at=datetime.now(UTC), import_id=import_id)


def finished(workspace_id: int, import_id: int) -> ImportFinished:
    """That an import is over."""
    return ImportFinished(workspace_id=workspace_id, at=datetime.now(UTC), import_id=import_id)


def _seen(viewer: Viewer, row: asyncpg.Record) -> ImportView:
    """The view of a row as a viewer sees it."""
    return _shown(viewer, view_of(row))


def _shown(viewer: Viewer, view: ImportView) -> ImportView:
    """An import without cells of the file for who may not read personal data."""
    if viewer.sees_personal_data:
        return view
    columns = [replace(column, samples=[], interpreted=[], ambiguities=[]) for column in view.columns]
    return replace(view, columns=columns)


def view_of(row: asyncpg.Record) -> ImportView:
    """The view of a row of SELECT."""
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(ImportView)}
    values["kind"] = MemberKind(values["kind"])
    values["status"] = ImportStatus(values["status"])
    values["content"] = ImportContent(values["content"])
    if values["channel"] is not None:
        values["channel"] = Channel(values["channel"])
    if values["reason"] is not None:
        values["reason"] = SuppressionReason(values["reason"])
    values["columns"] = [ImportColumn.from_json(one) for one in orjson.loads(values["columns"])]
    values["readings"] = readings.from_json(values["readings"])
    values["suggestions"] = [
        FieldSuggestion(**suggestion) for suggestion in orjson.loads(values["suggestions"])
    ]
    values["mapping"] = None if row["mapping"] is None else pairs_of(row["mapping"])
    return ImportView(**values)


def pairs_of(mapping: str) -> list[Pair]:
    """The stored mapping."""
    return [Pair(**pair) for pair in orjson.loads(mapping)]


async def _shown_columns(
    connection: asyncpg.Connection,
    viewer: Viewer,
    seen: Appearance,
    kind: MemberKind,
    segment_id: int | None,
    content: ImportContent,
) -> tuple[list[ImportColumn], list[FieldSuggestion], OfAllRows]:
    """The columns of a file as they are read, where they may go, and what was chosen for all rows.

    By the template of the shape, if there is one.
    """
    names = [column.name for column in seen.columns]
    suggestions = seen.suggestions
    template = await templates.find(connection, viewer, kind, names, segment_id, content)
    choices: Mapping[str, Mapping[str, Any]] = {}
    if template is not None:
        suggestions, choices = _from_template(names, template)
    types = await catalogues.types(connection, viewer.workspace_id, kind)
    workspace = await connection.fetchrow(WORKSPACE, viewer.workspace_id)
    columns = readings.described(
        seen.columns, suggestions, types, workspace["time_zone"], workspace["phone_region"]
    )
    chosen = [readings.with_choice(column, choices.get(column.name, {})) for column in columns]
    return chosen, suggestions, OfAllRows() if template is None else template.of_all_rows


def _from_template(
    names: Sequence[str], template: ImportTemplate
) -> tuple[list[FieldSuggestion], dict[str, dict[str, Any]]]:
    """The suggestions and choices of a template, by the names of the columns as this file writes them."""
    written = {" ".join(name.casefold().split()): name for name in names}
    own = {column: written.get(" ".join(column.casefold().split()), column) for column in template.columns}
    suggestions = [FieldSuggestion(own[pair.column], pair.field, 1.0) for pair in template.mapping]
    return suggestions, {own[column]: choice for column, choice in template.choices.items() if column in own}


async def _insert(
    viewer: Viewer,
    stored: StoredFile,
    draft: ImportDraft,
    seen: Appearance,
    columns: Sequence[ImportColumn],
    suggestions: Sequence[FieldSuggestion],
    of_all_rows: OfAllRows,
) -> Import:
    return await Import.create(
        workspace_id=viewer.workspace_id,
        kind=draft.kind,
        content=draft.content,
        segment_id=draft.segment_id,
        replace=draft.replace,
        removes=draft.removes,
        file=stored.name,
        file_name=_shown_name(draft.file_name),
        file_size=stored.size,
        file_sha256=stored.sha256,
        file_encoding=stored.encoding,
        encoding=seen.dialect.encoding,
        delimiter=seen.dialect.delimiter,
        has_header=seen.dialect.has_header,
        skip_lines=seen.dialect.skip_lines,
        columns=[column.to_json() for column in columns],
        suggestions=[asdict(suggestion) for suggestion in suggestions],
        event_name=of_all_rows.event_name,
        relation=of_all_rows.relation,
        channel=of_all_rows.channel,
        reason=of_all_rows.reason,
        created_by_id=viewer.user_id,
    )


def _shown_name(file_name: str) -> str:
    """What the client calls the file, without folders: to show, never to open."""
    name = file_name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(
        character for character in name if character.isprintable() and not "\ud800" <= character <= "\udfff"
    )
    return printable[:MAX_FILE_NAME] or "file"


async def _hold(unit: UnitOfWork, viewer: Viewer, import_id: int) -> ImportView:
    row = await unit.connection.fetchrow(
        f"{SELECT}{narrowed_imports(viewer)} AND i.id = $4 FOR NO KEY UPDATE OF i",
        *visibility_arguments(viewer),
        import_id,
    )
    if row is None:
        raise NotFound("There is no such import.", path=("id",))
    view = view_of(row)
    if not viewer.manages_all and view.created_by_id != viewer.user_id:
        raise Forbidden("Team members may deal only with the imports that they created.", path=("id",))
    return view


async def _read_in(connection: asyncpg.Connection, viewer: Viewer, import_id: int) -> ImportView:
    row = await connection.fetchrow(
        f"{SELECT}{narrowed_imports(viewer)} AND i.id = $4", *visibility_arguments(viewer), import_id
    )
    return _seen(viewer, row)


async def _require_fillable(
    connection: asyncpg.Connection, viewer: Viewer, segment_id: int, kind: MemberKind
) -> None:
    """Raise NotFound, Forbidden, Invalid or BadTransition unless an import of the kind may fill the segment."""
    path = ("segmentId",)
    row = await connection.fetchrow(SEGMENT, *visibility_arguments(viewer), segment_id)
    if row is None:
        raise NotFound("There is no such segment.", path=path)
    try:
        require_segment_management(viewer, created_by_id=row["created_by_id"])
        manual_membership.require_takes_files(row["type"], row["status"])
    except SeggraphError as error:
        error.path = path
        raise
    if row["kind"] != kind:
        held = MemberKind(row["kind"]).name
        raise Invalid(f"The segment holds members of the kind {held}, not {kind.name}.", path=path)
