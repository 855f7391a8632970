"""Suppressions in the schema: addresses that a channel may not use any more."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.file_uploads import Upload
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.uploads import sent_file
from seggraph.services.suppressions import files as suppression_files
from seggraph.services.suppressions import suppressions
from seggraph.services.suppressions.suppressions import SuppressionList, SuppressionView
from seggraph.vocabulary import Channel, SuppressionReason


@strawberry.type(
    description="A suppressed address: it must not be contacted by a channel, whichever member uses it."
)
class Suppression(Node):
    """An entry of the list."""

    channel: Channel = strawberry.field(description="The channel that must not use the address.")
    address: str | None = strawberry.field(
        description="The address; null if a member with this address was erased. It stays suppressed."
    )
    reason: SuppressionReason = strawberry.field(description="Why the address is suppressed.")
    suppressed_at: datetime = strawberry.field(description="Since when the address is suppressed.")

    @staticmethod
    def of(view: SuppressionView) -> "Suppression":
        """The suppression as the service reads it."""
        return Suppression(
            id=ids.encode("Suppression", view.id),
            channel=view.channel,
            address=view.address,
            reason=view.reason,
            suppressed_at=view.suppressed_at,
        )


@strawberry.type(description="A page of suppressed addresses, newest first.")
class SuppressionConnection(CountedConnection[Suppression, Edge[Suppression]]):
    """A page of the list."""


@strawberry.input(description="The addresses to suppress for a channel.")
class SuppressAddressesInput:
    """Input of suppressAddresses."""

    channel: Channel = strawberry.field(
        description="The channel. PUSH is not possible, as it has no addresses."
    )
    addresses: list[str] = strawberry.field(
        description="The addresses: up to 1,000 email addresses, phone numbers, or postal addresses on one"
        " line."
    )
    reason: SuppressionReason = strawberry.field(
        default=SuppressionReason.MANUAL, description="Why the addresses are suppressed; default MANUAL."
    )
    suppressed_at: datetime | None = strawberry.field(
        default=None, description="Since when the addresses are suppressed; default: now."
    )


@strawberry.input(description="The suppressed addresses to release.")
class UnsuppressAddressesInput:
    """Input of unsuppressAddresses."""

    channel: Channel = strawberry.field(description="The channel that may use the addresses again.")
    addresses: list[str] = strawberry.field(description="The addresses to release, up to 1,000.")


@strawberry.input(description="The CSV file of addresses to suppress for a channel.")
class ImportSuppressionsInput:
    """Input of importSuppressions."""

    file: Upload = strawberry.field(description="The CSV file, with or without a header: up to 100,000 rows.")
    channel: Channel = strawberry.field(
        description="The channel. PUSH is not possible, as it has no addresses."
    )
    reason: SuppressionReason = strawberry.field(
        default=SuppressionReason.MANUAL, description="Why the addresses are suppressed; default MANUAL."
    )
    column: str | None = strawberry.field(
        default=None, description="The column with the addresses; default: it is detected."
    )


@strawberry.type(description="The number of addresses by result: changed + alreadyDone + rows with errors.")
class SuppressionsPayload:
    """Payload of suppressAddresses and unsuppressAddresses."""

    changed: int = strawberry.field(default=0, description="How many addresses were suppressed or released.")
    already_done: int = strawberry.field(
        default=0,
        description="How many addresses were already as requested; they keep their reason and date.",
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The texts that are no addresses, by their position."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type(
    description="The number of rows of the file by result: read = changed + alreadyDone + failed."
)
class ImportSuppressionsPayload:
    """Payload of importSuppressions."""

    read: int = strawberry.field(default=0, description="How many rows the file has, without its header.")
    changed: int = strawberry.field(
        default=0, description="How many addresses were added to the suppressions."
    )
    already_done: int = strawberry.field(default=0, description="How many addresses were already suppressed.")
    failed: int = strawberry.field(default=0, description="How many rows have no usable address.")
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The first 100 failed rows; index is the line in the file, from 1."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class SuppressionQueries:
    """The query of suppressions."""

    @strawberry.field(description="The suppressed addresses, newest first.")
    async def suppressions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        channels: Annotated[
            list[Channel] | None,
            strawberry.argument(description="Return only suppressions for these channels."),
        ] = None,
        reasons: Annotated[
            list[SuppressionReason] | None,
            strawberry.argument(description="Return only suppressions with these reasons."),
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Return only addresses that contain this text; case is ignored."),
        ] = None,
    ) -> SuppressionConnection:
        """A page of suppressions."""
        list_ = SuppressionList(channels, reasons, search)
        request = request_of(first, after, last, before)
        viewer = caller_of(info).viewer
        page = await suppressions.list_page(viewer, list_, request)
        return SuppressionConnection.of(page, Suppression.of, lambda: suppressions.count(viewer, list_))


@strawberry.type
class SuppressionMutations:
    """The mutations of suppressions."""

    @strawberry.mutation(
        description="Suppress addresses for a channel, for example because messages bounced or recipients"
        " complained.",
        extensions=[ReportErrors(SuppressionsPayload)],
    )
    async def suppress_addresses(self, info: Info, input: SuppressAddressesInput) -> SuppressionsPayload:
        """Suppress."""
        caller = caller_of(info)
        report = await suppressions.suppress(
            caller.services,
            caller.viewer,
            input.channel,
            input.addresses,
            input.reason,
            suppressed_at=input.suppressed_at,
        )
        return _payload(report)

    @strawberry.mutation(
        description="Allow a channel to use suppressed addresses again. Administrators and leaders only.",
        extensions=[ReportErrors(SuppressionsPayload)],
    )
    async def unsuppress_addresses(self, info: Info, input: UnsuppressAddressesInput) -> SuppressionsPayload:
        """Take back."""
        caller = caller_of(info)
        report = await suppressions.unsuppress(caller.services, caller.viewer, input.channel, input.addresses)
        return _payload(report)

    @strawberry.mutation(
        description="Suppress the addresses of a CSV file for a channel. The mutation returns when all are"
        " stored.",
        deprecation_reason="Use createImport with the content SUPPRESSIONS, which has dry runs, rejected rows, and"
        " columns for channel and reason.",
        extensions=[ReportErrors(ImportSuppressionsPayload)],
    )
    async def import_suppressions(
        self, info: Info, input: ImportSuppressionsInput
    ) -> ImportSuppressionsPayload:
        """Take a file in."""
        caller = caller_of(info)
        file = await sent_file(input.file)
        report = await suppression_files.suppress(
            caller.services, caller.viewer, file.read, input.channel, input.reason, column=input.column
        )
        return ImportSuppressionsPayload(
            read=report.read,
            changed=report.changed,
            already_done=report.already_done,
            failed=report.failed,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )


def _payload(report: suppressions.SuppressionReport) -> SuppressionsPayload:
    return SuppressionsPayload(
        changed=report.changed,
        already_done=report.already_done,
        row_errors=[RowError.of(error) for error in report.row_errors],
    )
