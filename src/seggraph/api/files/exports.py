"""Exports in the schema: the type and its connection, queries, mutations, and the subscription."""

from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.scalars import MAX_INT, as_int
from seggraph.api.criteria.criteria import CriteriaInput, document_of
from seggraph.api.reach.reach import RunError
from seggraph.api.segments.lists import SegmentFilter, filter_of
from seggraph.api.segments.segments import Segment
from seggraph.events import ExportProgressed, Fact
from seggraph.services.exports import exports
from seggraph.services.exports.exports import ExportDraft, ExportView, NarrowedTo
from seggraph.services.segments import views as segment_views
from seggraph.vocabulary import Channel, ExportContent, ExportFormat, ExportStatus, MemberKind


@strawberry.type(
    description="An export: a file of members or segments that can be downloaded until it expires."
)
class Export(Node):
    """An export."""

    status: ExportStatus = strawberry.field(description="The status of the export.")
    content: ExportContent = strawberry.field(description="What the rows of the file are.")
    format: ExportFormat = strawberry.field(description="The format of the file.")
    gzip: bool = strawberry.field(description="Whether the file is compressed with gzip.")
    columns: list[str] | None = strawberry.field(description="The columns that were chosen; null means all.")
    total: int | None = strawberry.field(
        description="How many rows the file will have; null until that is known."
    )
    written: int = strawberry.field(description="How many rows have been written so far.")
    progress: float = strawberry.field(description="The progress, from 0 to 1.")
    as_of: datetime | None = strawberry.field(
        description="The time of the data; all rows show the same time."
    )
    file_size: int | None = strawberry.field(
        description=f"The size of the file in bytes, at most {MAX_INT:,}, which also stands for more;"
        " null unless the status is READY."
    )
    file_size_exact: Decimal | None = strawberry.field(
        description="The size of the file in bytes, without the limit of fileSize; null unless the status is"
        " READY."
    )
    error: RunError | None = strawberry.field(
        description="Why the export failed; null unless the status is FAILED."
    )
    created_at: datetime = strawberry.field(description="When the export was requested.")
    finished_at: datetime | None = strawberry.field(
        description="When the file was finished, or when the export failed; null before."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the file is deleted; null until it is finished."
    )
    view: strawberry.Private[ExportView]

    @strawberry.field(
        description="The segment whose members are exported; null for SEGMENTS, or if you may not see it."
    )
    async def segment(self, info: Info) -> Segment | None:
        """Load the segment."""
        number = self.view.segment_id
        if number is None:
            return None
        segments = await segment_views.get_many(caller_of(info).viewer, [number])
        return Segment.of(segments[number]) if number in segments else None

    @strawberry.field(
        description="The URL to download the file, valid for one hour without signing in, as long as you may"
        " see the export; query it again for a new one. Null unless the status is READY, and for credentials"
        " that may not read personal data."
    )
    def url(self, info: Info) -> str | None:
        """Sign a path."""
        caller = caller_of(info)
        if self.view.status is not ExportStatus.READY or not caller.viewer.sees_personal_data:
            return None
        path = exports.signed_path(caller.services.settings, caller.viewer, self.view.id)
        return f"{caller.base_url}{path}"

    @staticmethod
    def of(view: ExportView) -> "Export":
        """The export as the service reads it."""
        return Export(
            id=ids.encode("Export", view.id),
            status=view.status,
            content=view.content,
            format=view.format,
            gzip=view.gzip,
            columns=view.columns,
            total=view.total,
            written=view.written,
            progress=view.progress,
            as_of=view.as_of,
            file_size=None if view.file_size is None else as_int(view.file_size),
            file_size_exact=None if view.file_size is None else Decimal(view.file_size),
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            created_at=view.created_at,
            finished_at=view.finished_at,
            expires_at=view.expires_at,
            view=view,
        )


@strawberry.type(description="A page of exports: your own, or all if you manage all segments.")
class ExportConnection(CountedConnection[Export, Edge[Export]]):
    """A page of the list."""


@strawberry.type(description="The export as the mutation left it, or the errors.")
class ExportPayload:
    """Payload of createExport and discardExport."""

    export: Export | None = strawberry.field(
        default=None, description="The export; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The file to export.")
class CreateExportInput:
    """Input of createExport."""

    content: ExportContent = strawberry.field(
        default=ExportContent.MEMBERS,
        description="What the rows are: MEMBERS of a segment or of a kind, or the SEGMENTS that you may see.",
    )
    segment_id: strawberry.ID | None = strawberry.field(
        default=None, description="The segment whose members are exported. MEMBERS need it, or `kind`."
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="For MEMBERS without a segment: the kind of the members."
    )
    where: CriteriaInput | None = strawberry.field(
        default=None,
        description="With `kind`: criteria that the members have to match. They have the limits of a preview.",
    )
    channel: Channel | None = strawberry.field(
        default=None,
        description="For MEMBERS: only members that the channel reaches, who have an address that is not suppressed and"
        " whose consent allows it.",
    )
    distinct_addresses: bool = strawberry.field(
        default=False,
        description="With `channel`: whether only one of the members who share an address is exported, the oldest one.",
    )
    columns: list[str] | None = strawberry.field(
        default=None,
        description="The columns and their order, up to 600: fields like externalId or shippingAddress, custom"
        " attributes by name, and the customer value of each member as value.orders and value.revenue. Default for"
        " MEMBERS: all columns that an import accepts, so that the file can be imported again; for SEGMENTS: all.",
    )
    format: ExportFormat = strawberry.field(
        default=ExportFormat.CSV,
        description="CSV for people (UTF-8, texts that a spreadsheet would run are protected), PLAIN_CSV for"
        " programs, or JSON_LINES (an object a line).",
    )
    gzip: bool = strawberry.field(default=False, description="Whether to compress the file with gzip.")
    filter: SegmentFilter | None = strawberry.field(
        default=None, description="For SEGMENTS: conditions that the segments have to satisfy."
    )
    search: str | None = strawberry.field(
        default=None,
        description="For SEGMENTS: only segments whose name contains this text; case is ignored.",
    )


@strawberry.input(description="The export to discard.")
class ExportIdInput:
    """Input of discardExport."""

    id: strawberry.ID = strawberry.field(description="The global id of the export.")


@strawberry.type
class ExportQueries:
    """The queries of exports."""

    @strawberry.field(description="An export by its global id; null if there is none that you may see.")
    async def export(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the export.")],
    ) -> Export | None:
        """Find an export."""
        number = ids.find("Export", id)
        if number is None:
            return None
        views = await exports.get_many(caller_of(info).viewer, [number])
        return Export.of(views[number]) if number in views else None

    @strawberry.field(description="The exports that you may see, newest first.")
    async def exports(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ExportConnection:
        """A page of exports."""
        request = request_of(first, after, last, before)
        viewer = caller_of(info).viewer
        page = await exports.list_page(viewer, request)
        return ExportConnection.of(page, Export.of, lambda: exports.count(viewer))


@strawberry.type
class ExportMutations:
    """The mutations of exports."""

    @strawberry.mutation(
        description="Start an export of members or of a list of segments. Query Export.url when it is READY.",
        extensions=[ReportErrors(ExportPayload)],
    )
    async def create_export(self, info: Info, input: CreateExportInput) -> ExportPayload:
        """Create."""
        caller = caller_of(info)
        segment_id = input.segment_id
        draft = ExportDraft(
            content=input.content,
            segment_id=None if segment_id is None else ids.decode("Segment", segment_id, path=("segmentId",)),
            columns=input.columns,
            format=input.format,
            gzip=input.gzip,
            narrowed_to=NarrowedTo(
                filter_of(input.filter),
                input.search,
                kind=input.kind,
                where=document_of(input.where) if input.where else None,
                channel=input.channel,
                distinct_addresses=input.distinct_addresses,
            ),
        )
        return ExportPayload(export=Export.of(await exports.create(caller.services, caller.viewer, draft)))

    @strawberry.mutation(
        description="Stop an export, or delete its file before it expires.",
        extensions=[ReportErrors(ExportPayload)],
    )
    async def discard_export(self, info: Info, input: ExportIdInput) -> ExportPayload:
        """Discard."""
        caller = caller_of(info)
        view = await exports.discard(caller.services, caller.viewer, ids.decode("Export", input.id))
        return ExportPayload(export=Export.of(view))


@strawberry.type
class ExportSubscriptions:
    """The subscription of exports."""

    @strawberry.subscription(
        description="An export as it is now, and again after each progress. The subscription ends when the"
        " export does."
    )
    async def export_events(
        self,
        info: Info,
        export_id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the export.")],
    ) -> AsyncGenerator[Export, None]:
        """Snapshot, then progress. The place in the stream is taken first, so that nothing falls between."""
        caller = caller_of(info)
        number = ids.decode("Export", export_id, path=("exportId",))
        await _current(caller, number)
        async with caller.hub.subscribe(
            caller.viewer.workspace_id, None, lambda fact: _is_about(fact, number)
        ) as subscription:
            view = await _current(caller, number)
            yield Export.of(view)
            if view.is_over:
                return
            async for _ in subscription:
                view = await _current(caller, number)
                yield Export.of(view)
                if view.is_over:
                    return


def _is_about(fact: Fact, export_id: int) -> bool:
    return isinstance(fact, ExportProgressed) and fact.export_id == export_id


async def _current(caller: Caller, export_id: int) -> ExportView:
    return await exports.get(caller.viewer, export_id)
