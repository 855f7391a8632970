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
from seggraph.api.reach.reach import RunError
from seggraph.api.segments.segments import Segment
from seggraph.errors import Required
from seggraph.events import Fact, ImportProgressed
from seggraph.services.imports import imports
from seggraph.services.imports import rejects as import_rejects
from seggraph.services.imports.imports import ImportView
from seggraph.services.imports.mappings import Pair
from seggraph.services.segments import views as segment_views
from seggraph.vocabulary import ImportStatus, MemberKind


@strawberry.type(description="A column of an uploaded file.")
class ImportColumn:
    """A column."""

    name: str = strawberry.field(
        description="Its name in the header, made unique; Column 1, Column 2, … without a header."
    )
    samples: list[str] = strawberry.field(description="Some of its cells, each once.")
    detected_type: str = strawberry.field(
        description="The type of attribute that its first cells fit: STRING, NUMBER, BOOLEAN, DATE or DATETIME."
    )


@strawberry.type(description="Where a column seems to belong.")
class ColumnMappingSuggestion:
    """A suggestion."""

    column: str = strawberry.field(description="The column.")
    field: str = strawberry.field(description="A field of members, or the name of a custom attribute.")
    confidence: float = strawberry.field(
        description="From 0 to 1: 1 for the field's own name, 0.3 for what may be a custom attribute."
    )


@strawberry.type(name="MappedColumn", description="Where a column goes.")
class MappedColumn:
    """One column of the mapping that an import was started with."""

    column: str = strawberry.field(description="The column.")
    field: str = strawberry.field(description="A field of members, or the name of a custom attribute.")


@strawberry.type(
    description="A file of members, and what became of its rows:"
    " read = added + updated + alreadyIn + duplicate + ignored + failed, always."
)
class Import(Node):
    """An import."""

    status: ImportStatus = strawberry.field(description="Where it is.")
    kind: MemberKind = strawberry.field(description="What its rows are.")
    file_name: str = strawberry.field(description="What the client called the file.")
    encoding: str = strawberry.field(description="The encoding that the file was found to have.")
    delimiter: str = strawberry.field(description="What was found to stand between its cells.")
    has_header: bool = strawberry.field(description="Whether its first row names the columns.")
    columns: list[ImportColumn] = strawberry.field(description="Its columns, in their order.")
    suggested_mapping: list[ColumnMappingSuggestion] = strawberry.field(
        description="Where its columns seem to belong, by their names and contents."
    )
    mapping: list[MappedColumn] | None = strawberry.field(
        description="Where they go; null until it was started."
    )
    replace: bool = strawberry.field(
        description="Whether its members replace those that imports gave the segment before."
    )
    create_missing: bool = strawberry.field(description="Whether rows without a member make one.")
    dry_run: bool = strawberry.field(description="Whether it only reports, and stores nothing.")
    read: int = strawberry.field(description="Rows that are accounted for: the sum of the next six.")
    added: int = strawberry.field(description="With a segment: new in it. Without: members created.")
    updated: int = strawberry.field(description="Without a segment: members changed. With one: 0.")
    already_in: int = strawberry.field(description="With a segment: were in it. Without: members unchanged.")
    duplicate: int = strawberry.field(description="Rows whose member stood in an earlier row of the file.")
    ignored: int = strawberry.field(
        description="Rows passed over because createMissing is false: no such member, or one that is no target."
    )
    failed: int = strawberry.field(description="Rows with something wrong; rejectedUrl tells each.")
    progress: float | None = strawberry.field(description="From 0 to 1; null before it was started.")
    error: RunError | None = strawberry.field(description="Why it failed, when FAILED.")
    created_at: datetime = strawberry.field(description="When the file was uploaded.")
    started_at: datetime | None = strawberry.field(description="When it was started.")
    finished_at: datetime | None = strawberry.field(description="When it was over.")
    number: strawberry.Private[int]
    segment_number: strawberry.Private[int | None]

    @strawberry.field(description="The segment that it fills, if it fills one that you may see.")
    async def segment(self, info: Info) -> Segment | None:
        """Load the segment."""
        if self.segment_number is None:
            return None
        found = await segment_views.get_many(caller_of(info).viewer, [self.segment_number])
        return Segment.of(found[self.segment_number]) if self.segment_number in found else None

    @strawberry.field(
        description="Where to fetch the rows that were not taken, as CSV with line number and reason, for an hour"
        " and without signing in; null if there are none."
    )
    def rejected_url(self, info: Info) -> str | None:
        """Sign a path."""
        if not import_rejects.is_there(self.status, self.duplicate + self.ignored + self.failed):
            return None
        caller = caller_of(info)
        path = import_rejects.signed_path(caller.services.settings, caller.viewer, self.number)
        return f"{caller.base_url}{path}"

    @staticmethod
    def of(view: ImportView) -> "Import":
        """The import as the service reads it."""
        return Import(
            id=ids.encode("Import", view.id),
            status=view.status,
            kind=view.kind,
            file_name=view.file_name,
            encoding=view.file_encoding,
            delimiter=view.delimiter,
            has_header=view.has_header,
            columns=[
                ImportColumn(name=one.name, samples=one.samples, detected_type=one.detected_type.value)
                for one in view.columns
            ],
            suggested_mapping=[
                ColumnMappingSuggestion(column=one.column, field=one.field, confidence=one.confidence)
                for one in view.suggestions
            ],
            mapping=None
            if view.mapping is None
            else [MappedColumn(column=one.column, field=one.field) for one in view.mapping],
            replace=view.replace,
            create_missing=view.create_missing,
            dry_run=view.dry_run,
            read=view.read,
            added=view.added,
            updated=view.updated,
            already_in=view.already_in,
            duplicate=view.duplicate,
            ignored=view.ignored,
            failed=view.failed,
            progress=view.progress,
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            created_at=view.created_at,
            started_at=view.started_at,
            finished_at=view.finished_at,
            number=view.id,
            segment_number=view.segment_id,
        )


@strawberry.type(description="A page of a list of imports.")
class ImportConnection(CountedConnection[Import, Edge[Import]]):
    """A page of the list."""


@strawberry.type(description="What became of an import.")
class ImportPayload:
    """Payload of createImport, startImport and cancelImport."""

    import_: Import | None = strawberry.field(default=None, name="import", description="The import.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What went wrong, if anything."
    )


@strawberry.input(description="A file of members to import.")
class CreateImportInput:
    """Input of createImport."""

    file: Upload = strawberry.field(
        description="A CSV file in UTF-8, UTF-16 or Windows-1252, by the GraphQL multipart request specification."
    )
    kind: MemberKind = strawberry.field(description="What its rows are.")
    segment_id: strawberry.ID | None = strawberry.field(
        default=None, description="A STATIC segment of the kind to put the members into."
    )
    replace: bool | None = strawberry.field(
        default=False,
        description="Whether they replace the members that imports gave the segment before, or are added to them.",
    )
    has_header: bool | None = strawberry.field(
        default=None, description="Whether the first row names the columns; found out unless given."
    )


@strawberry.input(description="Where a column of the file goes.")
class ColumnMapping:
    """One column of a mapping."""

    column: str = strawberry.field(description="The column's name.")
    field: str = strawberry.field(
        description="A field of MemberInput by its name, consentEmail and its like for consents, or the name of a"
        " custom attribute, which is made if it is new."
    )


@strawberry.input(description="How to import an uploaded file.")
class StartImportInput:
    """Input of startImport."""

    id: strawberry.ID = strawberry.field(description="The import.")
    mapping: list[ColumnMapping] = strawberry.field(
        description="Where columns go; the others are left out. Accounts need domain or externalId, people email"
        " or externalId, other kinds externalId."
    )
    create_missing: bool | None = strawberry.field(
        default=True,
        description="Whether rows without a member make one. If not, only members that are targets are taken.",
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="Only report what would become of the rows; it may be started for good after.",
    )


@strawberry.input(description="Which import.")
class ImportIdInput:
    """Input of cancelImport."""

    id: strawberry.ID = strawberry.field(description="The import.")


@strawberry.type
class ImportQueries:
    """The queries of imports."""

    @strawberry.field(name="import", description="An import; null if there is none in your workspace.")
    async def import_(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")],
    ) -> Import | None:
        """Find an import."""
        number = ids.find("Import", id)
        if number is None:
            return None
        found = await imports.get_many(caller_of(info).viewer, [number])
        return Import.of(found[number]) if number in found else None

    @strawberry.field(description="The imports of the workspace, the newest first.")
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
        description="Upload a file of members. Nothing is imported yet: the answer says what its columns are.",
        extensions=[ReportErrors(ImportPayload)],
    )
    async def create_import(self, info: Info, input: CreateImportInput) -> ImportPayload:
        """Take a file in."""
        caller = caller_of(info)
        read = getattr(input.file, "read", None)
        if read is None:
            raise Required("Send the file as a part of a multipart request.", path=("file",))
        view = await imports.create(
            caller.services,
            caller.viewer,
            read,
            file_name=getattr(input.file, "filename", None) or "",
            kind=input.kind,
            segment_id=None
            if input.segment_id is None
            else ids.decode("Segment", input.segment_id, path=("segmentId",)),
            replace=bool(input.replace),
            has_header=input.has_header,
        )
        return ImportPayload(import_=Import.of(view))

    @strawberry.mutation(
        description="Import an uploaded file by a mapping. One that was started already stays as it is.",
        extensions=[ReportErrors(ImportPayload)],
    )
    async def start_import(self, info: Info, input: StartImportInput) -> ImportPayload:
        """Start."""
        caller = caller_of(info)
        view = await imports.start(
            caller.services,
            caller.viewer,
            ids.decode("Import", input.id),
            [Pair(one.column, one.field) for one in input.mapping],
            create_missing=input.create_missing is not False,
            dry_run=bool(input.dry_run),
        )
        return ImportPayload(import_=Import.of(view))

    @strawberry.mutation(
        description="Stop an import. What it stored so far stays, and is counted.",
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
        description="An import as it is now, and again whenever it came further; ends when it is over."
    )
    async def import_events(
        self,
        info: Info,
        import_id: Annotated[strawberry.ID, strawberry.argument(description="The import.")],
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
