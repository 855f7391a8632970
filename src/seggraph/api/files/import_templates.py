"""Mapping templates in the schema: the type and its connection, the query, and the mutation that forgets one."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload
from seggraph.api.base.scalars import JSON
from seggraph.services.imports import event_fields, templates
from seggraph.services.imports.templates import ImportTemplate as TemplateView
from seggraph.vocabulary import Channel, MemberKind, SuppressionReason


@strawberry.type(description="A column of the file and the field that it is stored in.")
class MappedColumn:
    """One column of a mapping."""

    column: str = strawberry.field(description="The name of the column.")
    field: str = strawberry.field(description="A field of MemberInput, or the name of a custom attribute.")


@strawberry.type(
    description="The mapping that the last import of a file with these columns was started with. createImport"
    " suggests it for the next file with the same columns."
)
class ImportTemplate(Node):
    """A template."""

    kind: MemberKind = strawberry.field(description="The kind of the members in such files.")
    file_name: str = strawberry.field(description="The name of the last file with these columns.")
    columns: list[str] = strawberry.field(description="The names of the columns.")
    mapping: list[MappedColumn] = strawberry.field(description="The fields that the columns are stored in.")
    choices: JSON = strawberry.field(
        description="The settings that were chosen, as an object: by the name of the column an object with"
        " fields of ColumnReading."
    )
    event_name: str | None = strawberry.field(description="The name of all events that was chosen, if any.")
    relation: str | None = strawberry.field(description="The relation of all rows that was chosen, if any.")
    channel: Channel | None = strawberry.field(
        description="The channel of all suppressions that was chosen, if any."
    )
    reason: SuppressionReason | None = strawberry.field(
        description="The reason of all suppressions that was chosen, if any."
    )
    uses: int = strawberry.field(description="How many imports were started with such files.")
    created_at: datetime = strawberry.field(description="When the first of them was started.")
    used_at: datetime = strawberry.field(description="When the last of them was started.")

    @staticmethod
    def of(view: TemplateView) -> "ImportTemplate":
        """The template as the service reads it."""
        return ImportTemplate(
            id=ids.encode("ImportTemplate", view.id),
            kind=view.kind,
            file_name=view.file_name,
            columns=view.columns,
            mapping=[
                MappedColumn(column=pair.column, field=event_fields.shown(pair.field))
                for pair in view.mapping
            ],
            choices=JSON(view.choices),
            event_name=view.of_all_rows.event_name,
            relation=view.of_all_rows.relation,
            channel=view.of_all_rows.channel,
            reason=view.of_all_rows.reason,
            uses=view.uses,
            created_at=view.created_at,
            used_at=view.used_at,
        )


@strawberry.type(description="A page of the mapping templates of the workspace.")
class ImportTemplateConnection(CountedConnection[ImportTemplate, Edge[ImportTemplate]]):
    """A page of the list."""


@strawberry.input(description="The mapping template to delete.")
class ImportTemplateIdInput:
    """Input of deleteImportTemplate."""

    id: strawberry.ID = strawberry.field(description="The global id of the template.")


@strawberry.type
class ImportTemplateQueries:
    """The query of templates."""

    @strawberry.field(description="The mapping templates of the workspace, the last used first.")
    async def import_templates(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ImportTemplateConnection:
        """A page of templates."""
        viewer = caller_of(info).viewer
        page = await templates.list_page(viewer, request_of(first, after, last, before))
        return ImportTemplateConnection.of(page, ImportTemplate.of, lambda: templates.count(viewer))


@strawberry.type
class ImportTemplateMutations:
    """The mutation of templates."""

    @strawberry.mutation(
        description="Delete a mapping template; files with its columns get the usual suggestions again.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_import_template(self, info: Info, input: ImportTemplateIdInput) -> DeletePayload:
        """Forget a template."""
        caller = caller_of(info)
        await templates.delete(caller.services, caller.viewer, ids.decode("ImportTemplate", input.id))
        return DeletePayload(deleted_id=input.id)
