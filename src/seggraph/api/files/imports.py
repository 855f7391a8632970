"""Imports in the schema: the type and its connection, queries, mutations, and the subscription."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.file_uploads import Upload
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.uploads import sent_file
from seggraph.api.files.import_columns import ColumnReading, ImportColumn
from seggraph.api.files.import_templates import MappedColumn
from seggraph.api.reach.reach import RunError
from seggraph.api.segments.segments import Segment
from seggraph.events import Fact, ImportProgressed
from seggraph.services.catalogue.columns import FieldSuggestion
from seggraph.services.imports import event_fields, imports
from seggraph.services.imports import rejects as import_rejects
from seggraph.services.imports.imports import ImportDraft, ImportView, StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.services.segments import views as segment_views
from seggraph.vocabulary import Channel, ImportContent, ImportStatus, MemberKind, SuppressionReason


@strawberry.type(description="A suggestion for the field that a column of the file is stored in.")
class ColumnMappingSuggestion:
    """A suggestion."""

    column: str = strawberry.field(description="The name of the column.")
    field: str = strawberry.field(description="A field of MemberInput, or the name of a custom attribute.")
    confidence: float = strawberry.field(
        description="How sure the suggestion is, from 0 to 1: 1 if the names are equal, 0.3 if the column"
        " may be a custom attribute."
    )


@strawberry.type(
    description="An import of a file of members, events, orders, relations or suppressions. `read` is always added +"
    " updated + alreadyIn + duplicate + ignored + failed + merged + removed + pending."
)
class Import(Node):
    """An import."""

    status: ImportStatus = strawberry.field(description="The status of the import.")
    kind: MemberKind = strawberry.field(
        description="The kind of the members in the file; PERSON for suppressions, which have none."
    )
    content: ImportContent = strawberry.field(description="What the rows of the file are.")
    event_name: str | None = strawberry.field(
        description="The name of all events in the file; null if a column has the names, and for other contents."
        " Before the import is started, it is that of the mapping template."
    )
    relation: str | None = strawberry.field(
        description="The relation of all rows of a file of relations; null if a column has it, and for other contents."
        " Before the import is started, it is that of the mapping template."
    )
    channel: Channel | None = strawberry.field(
        description="The channel of suppressions where no column has it; null if each address is suppressed for the"
        " channels that use it, and for other contents."
        " Before the import is started, it is that of the mapping template."
    )
    reason: SuppressionReason | None = strawberry.field(
        description="The reason of suppressions where no column has it; null means MANUAL, and for other contents none."
        " Before the import is started, it is that of the mapping template."
    )
    file_name: str = strawberry.field(description="The name of the file, as the client sent it.")
    encoding: str = strawberry.field(description="The detected encoding of the file.")
    delimiter: str = strawberry.field(description="The detected delimiter between the columns.")
    has_header: bool = strawberry.field(
        description="Whether the first row contains the names of the columns."
    )
    skip_lines: int = strawberry.field(
        description="How many lines before the table were left out: a line such as sep=; or the title of a"
        " report."
    )
    columns: list[ImportColumn] = strawberry.field(description="The columns of the file, in order.")
    suggested_mapping: list[ColumnMappingSuggestion] = strawberry.field(
        description="Suggestions for the fields of the columns: from the template of such files, if there is one, else"
        " from their names and contents."
    )
    suggested_relations: list[ColumnMappingSuggestion] = strawberry.field(
        description="Columns of members that may name a member to relate, such as the company of a person, with fields"
        " such as relations.account.name. Add them to the mapping to make the relations; such a column may go to"
        " another field as well. Empty for other contents."
    )
    mapping: list[MappedColumn] | None = strawberry.field(
        description="The mapping that the import uses; null before startImport."
    )
    replace: bool = strawberry.field(
        description="Whether the members replace those that earlier imports added to the segment."
    )
    remove: bool = strawberry.field(
        description="Whether the members of the file are removed from the segment."
    )
    create_missing: bool = strawberry.field(
        description="Whether a row creates its member if it does not exist."
    )
    only_targets: bool = strawberry.field(
        description="Whether rows of members that are not targets are skipped."
    )
    activate: bool = strawberry.field(
        description="Whether a segment that is a draft becomes active at the end of the import."
    )
    whole_rows: bool = strawberry.field(
        description="Whether a row with one bad value is rejected as a whole."
    )
    dry_run: bool = strawberry.field(
        description="Whether the import only reports what would happen, and stores nothing."
    )
    read: int = strawberry.field(description="How many rows have been processed.")
    added: int = strawberry.field(
        description="With a segment: how many members were added to it. Without: how many members were"
        " created."
    )
    updated: int = strawberry.field(
        description="Without a segment: how many members changed. With a segment: 0."
    )
    already_in: int = strawberry.field(
        description="With a segment: how many members were already in it. Without: how many members did not"
        " change."
    )
    duplicate: int = strawberry.field(
        description="How many rows were skipped because an earlier row of the file has the same member."
    )
    ignored: int = strawberry.field(
        description="How many rows were skipped: the member does not exist and createMissing is false, the member is"
        " not a target and onlyTargets is true, a member to remove is not in the segment, or the row sums others."
    )
    failed: int = strawberry.field(description="How many rows have errors; rejectedUrl lists them.")
    partial: int = strawberry.field(
        description="How many of the stored rows were stored without values that are not acceptable;"
        " rejectedUrl lists them, too."
    )
    merged: int = strawberry.field(
        description="How many rows are further lines of an order, and are counted with its first line; 0 for other"
        " contents."
    )
    removed: int = strawberry.field(
        description="How many members were removed from the segment, or how many relations ended; 0 unless `remove` is"
        " true."
    )
    pending: int = strawberry.field(
        description="How many rows of a file of relations wait for a member that does not exist yet; 0 for other"
        " contents."
    )
    related: int = strawberry.field(
        description="How many relations the rows of members made by columns such as relations.account.name; 0 without"
        " such a column. They are no part of `read`."
    )
    related_not_found: int = strawberry.field(
        description="How many rows of members name a member to relate that does not exist. They are stored without the"
        " relation, and counted in `partial`."
    )
    related_ambiguous: int = strawberry.field(
        description="How many rows of members name a member to relate by a text that several have. They are stored"
        " without the relation, and counted in `partial`."
    )
    progress: float | None = strawberry.field(
        description="The progress, from 0 to 1; null before startImport."
    )
    error: RunError | None = strawberry.field(
        description="Why the import failed; null unless the status is FAILED."
    )
    created_at: datetime = strawberry.field(description="When the file was uploaded.")
    started_at: datetime | None = strawberry.field(description="When the import was started; null before.")
    finished_at: datetime | None = strawberry.field(description="When the import ended; null before.")
    number: strawberry.Private[int]
    segment_number: strawberry.Private[int | None]

    @strawberry.field(
        description="The segment that the members are added to; null if there is none, or if you may not see"
        " it."
    )
    async def segment(self, info: Info) -> Segment | None:
        """Load the segment."""
        if self.segment_number is None:
            return None
        segments = await segment_views.get_many(caller_of(info).viewer, [self.segment_number])
        return Segment.of(segments[self.segment_number]) if self.segment_number in segments else None

    @strawberry.field(
        description="The URL to download the rejected rows as CSV with line number and reason, valid for one"
        " hour without signing in, as long as you may read it; null if there are none, and for credentials that"
        " may not read personal data."
    )
    def rejected_url(self, info: Info) -> str | None:
        """Sign a path."""
        caller = caller_of(info)
        if not caller.viewer.sees_personal_data or not import_rejects.is_there(
            self.status, self.duplicate + self.ignored + self.failed + self.partial
        ):
            return None
        path = import_rejects.signed_path(caller.services.settings, caller.viewer, self.number)
        return f"{caller.base_url}{path}"

    @staticmethod
    def of(view: ImportView) -> "Import":
        """The import as the service reads it."""
        return Import(
            id=ids.encode("Import", view.id),
            status=view.status,
            kind=view.kind,
            content=view.content,
            event_name=view.event_name,
            relation=view.relation,
            channel=view.channel,
            reason=view.reason,
            file_name=view.file_name,
            encoding=view.file_encoding,
            delimiter=view.delimiter,
            has_header=view.has_header,
            skip_lines=view.skip_lines,
            columns=[ImportColumn.of(column) for column in view.columns],
            suggested_mapping=[_suggestion(guess) for guess in view.suggestions],
            suggested_relations=[_suggestion(guess) for guess in view.suggested_relations],
            mapping=None
            if view.mapping is None
            else [
                MappedColumn(column=pair.column, field=event_fields.shown(pair.field))
                for pair in view.mapping
            ],
            replace=view.replace,
            remove=view.removes,
            create_missing=view.create_missing,
            only_targets=view.only_targets,
            activate=view.activate,
            whole_rows=view.whole_rows,
            dry_run=view.dry_run,
            read=view.read,
            added=view.added,
            updated=view.updated,
            already_in=view.already_in,
            duplicate=view.duplicate,
            ignored=view.ignored,
            failed=view.failed,
            partial=view.partial,
            merged=view.merged,
            removed=view.removed,
            pending=view.pending,
            related=view.related,
            related_not_found=view.related_not_found,
            related_ambiguous=view.related_ambiguous,
            progress=view.progress,
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            created_at=view.created_at,
            started_at=view.started_at,
            finished_at=view.finished_at,
            number=view.id,
            segment_number=view.segment_id,
        )


def _suggestion(guess: FieldSuggestion) -> ColumnMappingSuggestion:
    return ColumnMappingSuggestion(
        column=guess.column, field=event_fields.shown(guess.field), confidence=guess.confidence
    )


@strawberry.type(description="A page of a list of imports.")
class ImportConnection(CountedConnection[Import, Edge[Import]]):
    """A page of the list."""


@strawberry.type(description="The import as the mutation left it, or the errors.")
class ImportPayload:
    """Payload of createImport, startImport and cancelImport."""

    import_: Import | None = strawberry.field(
        default=None, name="import", description="The import; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The file of members, events, orders, relations or suppressions to upload.")
class CreateImportInput:
    """Input of createImport."""

    file: Upload = strawberry.field(
        description="The CSV file in UTF-8, UTF-16 or Windows-1252, sent by the GraphQL multipart request"
        " specification."
    )
    kind: MemberKind = strawberry.field(
        description="The kind of the members in the file, of those that the events and orders belong to, or of the"
        " first members of relations. Suppressions have no kind: give PERSON.",
    )
    content: ImportContent | None = strawberry.field(
        default=ImportContent.MEMBERS, description="What the rows of the file are; default MEMBERS."
    )
    segment_id: strawberry.ID | None = strawberry.field(
        default=None, description="A STATIC segment of this kind that the members are added to."
    )
    replace: bool | None = strawberry.field(
        default=False,
        description="Whether the members replace those that earlier imports added to the segment; default"
        " false.",
    )
    remove: bool | None = strawberry.field(
        default=False,
        description="Whether the members are removed from the segment instead, as removeSegmentMembers does; for"
        " relations, whether they end. Default false. No members are created.",
    )
    has_header: bool | None = strawberry.field(
        default=None,
        description="Whether the first row contains the names of the columns; default: it is detected.",
    )
    encoding: str | None = strawberry.field(
        default=None,
        description="The encoding of the file, such as windows-1250 or koi8-r; default: it is detected"
        " among UTF-8, UTF-16 and Windows-1252.",
    )


@strawberry.input(description="The field that a column of the file is stored in.")
class ColumnMapping:
    """One column of a mapping."""

    column: str = strawberry.field(description="The name of the column.")
    field: str = strawberry.field(
        description="The field: one of MemberInput, a consent such as consentEmail, a relation such as"
        " relations.account.name, or the name of a custom attribute. A new attribute is created. Other contents than"
        " members have fields of their own, see StartImportInput.mapping."
    )


@strawberry.input(description="The import to start, and how to read its file.")
class StartImportInput:
    """Input of startImport."""

    id: strawberry.ID = strawberry.field(description="The global id of the import.")
    mapping: list[ColumnMapping] = strawberry.field(
        description="The fields that columns are stored in; columns that are absent are skipped. Accounts"
        " need domain or externalId, persons email or externalId, other kinds externalId. For events and"
        " orders: memberExternalId, memberEmail of persons or memberDomain of accounts, externalId, occurredAt, name,"
        " value, properties, properties.<name>, and for lines of orders items.<name>. For relations: the same fields"
        " of the member, relation, relatedExternalId, relatedEmail, relatedDomain or relatedName. For suppressions:"
        " email, phone, address, channel, reason, suppressedAt. For members also relations.<relation>.<field>, such as"
        " relations.account.name, which relates the member of the row to the one member with this name."
    )
    create_missing: bool | None = strawberry.field(
        default=True,
        description="Whether a row creates its member if it does not exist, or, of relations, waits for it; default"
        " true.",
    )
    only_targets: bool | None = strawberry.field(
        default=None,
        description="Whether rows of members that are not targets are skipped; default: true for accounts that"
        " go into a segment, else false. An account that does not exist is a target only if the row says so.",
    )
    activate: bool | None = strawberry.field(
        default=False,
        description="Whether a segment that is a draft becomes active at the end of the import; default"
        " false.",
    )
    whole_rows: bool | None = strawberry.field(
        default=False,
        description="Whether a row with one bad value is rejected as a whole; default false: the row is stored"
        " without that value, which is reported.",
    )
    event_name: str | None = strawberry.field(
        default=None, description="The name of all events of the file, if no column has the names of events."
    )
    relation: str | None = strawberry.field(
        default=None,
        description="The relation of all rows of a file of relations, as the first member calls it, such as account;"
        " if no column has it.",
    )
    channel: Channel | None = strawberry.field(
        default=None,
        description="The channel of suppressions where no column has it; default: each channel that uses the address.",
    )
    reason: SuppressionReason | None = strawberry.field(
        default=None, description="The reason of suppressions where no column has it; default MANUAL."
    )
    columns: list[ColumnReading] | None = strawberry.field(
        default=None, description="How columns are read, where it should not be as createImport found it."
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="Whether to only report what would happen; default false. The import can be started"
        " again afterwards.",
    )


@strawberry.input(description="The import to cancel.")
class ImportIdInput:
    """Input of cancelImport."""

    id: strawberry.ID = strawberry.field(description="The global id of the import.")


@strawberry.type
class ImportQueries:
    """The queries of imports."""

    @strawberry.field(
        name="import", description="An import by its global id; null if there is none that you may see."
    )
    async def import_(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the import.")],
    ) -> Import | None:
        """Find an import."""
        number = ids.find("Import", id)
        if number is None:
            return None
        views = await imports.get_many(caller_of(info).viewer, [number])
        return Import.of(views[number]) if number in views else None

    @strawberry.field(description="The imports that you may see, newest first.")
    async def imports(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ImportConnection:
        """A page of imports."""
        viewer = caller_of(info).viewer
        page = await imports.list_page(viewer, request_of(first, after, last, before))
        return ImportConnection.of(page, Import.of, lambda: imports.count(viewer))


@strawberry.type
class ImportMutations:
    """The mutations of imports."""

    @strawberry.mutation(
        description="Upload a file of members, events, orders, relations or suppressions. Nothing is imported yet:"
        " the payload describes the columns for startImport.",
        extensions=[ReportErrors(ImportPayload)],
    )
    async def create_import(self, info: Info, input: CreateImportInput) -> ImportPayload:
        """Take a file in."""
        caller = caller_of(info)
        content = input.content or ImportContent.MEMBERS
        file = await sent_file(input.file)
        segment_id = input.segment_id
        draft = ImportDraft(
            file_name=file.name,
            # the addresses of suppressions are those of people
            kind=MemberKind.PERSON if content is ImportContent.SUPPRESSIONS else input.kind,
            content=content,
            segment_id=None if segment_id is None else ids.decode("Segment", segment_id, path=("segmentId",)),
            replace=bool(input.replace),
            removes=bool(input.remove),
            has_header=input.has_header,
            encoding=input.encoding,
        )
        view = await imports.create(caller.services, caller.viewer, file.read, draft)
        return ImportPayload(import_=Import.of(view))

    @strawberry.mutation(
        description="Start to import an uploaded file with a mapping. An import that was already started"
        " does not change.",
        extensions=[ReportErrors(ImportPayload)],
    )
    async def start_import(self, info: Info, input: StartImportInput) -> ImportPayload:
        """Start."""
        caller = caller_of(info)
        view = await imports.start(
            caller.services,
            caller.viewer,
            ids.decode("Import", input.id),
            [Pair(entry.column, entry.field) for entry in input.mapping],
            StartSettings(
                create_missing=input.create_missing is not False,
                only_targets=input.only_targets,
                activate=bool(input.activate),
                whole_rows=bool(input.whole_rows),
                dry_run=bool(input.dry_run),
                event_name=input.event_name,
                relation=input.relation,
                channel=input.channel,
                reason=input.reason,
                choices=[(one.column, one.settings()) for one in input.columns or []],
            ),
        )
        return ImportPayload(import_=Import.of(view))

    @strawberry.mutation(
        description="Stop an import. The rows that it has stored stay, and are counted.",
        extensions=[ReportErrors(ImportPayload)],
    )
    async def cancel_import(self, info: Info, input: ImportIdInput) -> ImportPayload:
        """Cancel."""
        caller = caller_of(info)
        view = await imports.cancel(caller.services, caller.viewer, ids.decode("Import", input.id))
        return ImportPayload(import_=Import.of(view))


@strawberry.type
class ImportSubscriptions:
    """The subscription of imports."""

    @strawberry.subscription(
        description="An import as it is now, and again after each progress. The subscription ends when the"
        " import does."
    )
    async def import_events(
        self,
        info: Info,
        import_id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the import.")],
    ) -> AsyncGenerator[Import, None]:
        """Snapshot, then progress. The place in the stream is taken first, so that nothing falls between."""
        caller = caller_of(info)
        number = ids.decode("Import", import_id, path=("importId",))
        view = await _current(caller, number)
        async with caller.hub.subscribe(
            caller.viewer.workspace_id, None, lambda fact: _is_about(fact, number)
        ) as subscription:
            view = await _current(caller, number)
            yield Import.of(view)
            if view.is_over:
                return
            async for _ in subscription:
                view = await _current(caller, number)
                yield Import.of(view)
                if view.is_over:
                    return


def _is_about(fact: Fact, import_id: int) -> bool:
    return isinstance(fact, ImportProgressed) and fact.import_id == import_id


async def _current(caller: Caller, import_id: int) -> ImportView:
    return await imports.get(caller.viewer, import_id)
