"""Reach in the schema: the numbers, the steps to them, and how many different addresses are behind them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import strawberry

from seggraph.services.previews.previews import Preview
from seggraph.services.reach import reach
from seggraph.services.reach import steps as reach_steps
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.records import column
from seggraph.vocabulary import Channel, ReachStatus, ReachStepReason

STEP_NAMES: Final = {
    ReachStepReason.MEMBERS: "Members",
    ReachStepReason.NO_ADDRESS: "With an address",
    ReachStepReason.NO_CONSENT: "Consent allows it",
    ReachStepReason.SUPPRESSED: "Not suppressed",
}

OfChannel = Annotated[Channel, strawberry.argument(description="The channel to look at.")]


@strawberry.type(description="Why a calculation, a delivery, an import or an export failed.")
class RunError:
    """A failure that a person can act on."""

    code: str = strawberry.field(description="A code for programs, one of ErrorCode.")
    message: str = strawberry.field(
        description="A message for people, which says what failed and what would help."
    )
    at: datetime = strawberry.field(description="When the error happened.")

    @staticmethod
    def of(code: str | None, message: str | None, at: datetime | None) -> "RunError | None":
        """The failure in the columns of an object; None if there is none."""
        return None if code is None or at is None else RunError(code=code, message=message or "", at=at)


@strawberry.type(description="A step from the members of a segment to those that a channel reaches.")
class ReachStep:
    """A step of the waterfall."""

    name: str = strawberry.field(description="The name of the step, for people.")
    remaining: int = strawberry.field(description="How many members remain after the step.")
    dropped: int = strawberry.field(description="How many members drop out in the step.")
    reason: ReachStepReason = strawberry.field(description="Why they drop out.")


@strawberry.type(
    description="How many members of a segment can be contacted. The numbers are those of the last"
    " successful calculation."
)
class Reach:
    """Counts of members: in all and per channel."""

    status: ReachStatus = strawberry.field(
        description="Whether the numbers are calculated.", metadata=column("reach_status")
    )
    total: int | None = strawberry.field(
        description="The total reach: members reached by direct mail if the purpose is ACQUISITION,"
        " otherwise by email or direct mail. Null before the first calculation.",
        metadata=column("reach_total"),
    )
    email: int | None = strawberry.field(
        description="How many members email reaches; null before the first calculation.",
        metadata=column("reach_email"),
    )
    direct_mail: int | None = strawberry.field(
        description="How many members direct mail reaches; null before the first calculation.",
        metadata=column("reach_direct_mail"),
    )
    sms: int | None = strawberry.field(
        description="How many members text messages reach; null before the first calculation.",
        metadata=column("reach_sms"),
    )
    phone: int | None = strawberry.field(
        description="How many members phone calls reach; null before the first calculation.",
        metadata=column("reach_phone"),
    )
    push: int | None = strawberry.field(
        description="How many members push notifications reach; null before the first calculation.",
        metadata=column("reach_push"),
    )
    as_of: datetime | None = strawberry.field(
        description="The time of the data from which the numbers were calculated; null before the first"
        " calculation."
    )
    progress: float | None = strawberry.field(
        description="The progress of the calculation, from 0 to 1; null unless the status is CALCULATING."
    )
    error: RunError | None = strawberry.field(
        description="Why the last calculation failed; null unless the status is FAILED."
    )
    numbers: strawberry.Private[Mapping[str, int | None]]

    @strawberry.field(
        description="How many members drop out step by step: those without an address, without consent, or"
        " with a suppressed address. The last step is the reach of the channel. Empty before the"
        " first calculation."
    )
    def waterfall(self, channel: OfChannel) -> list[ReachStep]:
        """The steps."""
        return [
            ReachStep(
                name=STEP_NAMES[step.reason],
                remaining=step.remaining,
                dropped=step.dropped,
                reason=step.reason,
            )
            for step in reach_steps.waterfall(self.numbers, channel)
        ]

    @strawberry.field(
        description="How many different addresses the reached members have; members of one household"
        " share an address. Null for PUSH, for previews, and before the first calculation."
    )
    def distinct_addresses(self, channel: OfChannel) -> int | None:
        """The number that is kept with the reach."""
        return reach_steps.distinct_addresses(self.numbers, channel)

    @staticmethod
    def of(view: SegmentView) -> "Reach":
        """The reach of a segment."""
        return _reach(
            view.reach_status,
            {column: getattr(view, column) for column in reach.COLUMNS},
            as_of=view.as_of,
            progress=view.progress,
            error=RunError.of(view.error_code, view.error_message, view.error_at),
        )

    @staticmethod
    def of_preview(preview: Preview) -> "Reach":
        """The reach that unsaved criteria would have."""
        numbers = dict(zip(reach.COLUMNS, preview.reach.values(), strict=True))
        counted = {name: None if name.startswith("distinct_") else number for name, number in numbers.items()}
        return _reach(ReachStatus.READY, counted, as_of=preview.as_of)


def _reach(
    status: ReachStatus,
    numbers: Mapping[str, int | None],
    *,
    as_of: datetime | None = None,
    progress: float | None = None,
    error: RunError | None = None,
) -> Reach:
    return Reach(
        status=status,
        total=numbers["reach_total"],
        email=numbers["reach_email"],
        direct_mail=numbers["reach_direct_mail"],
        sms=numbers["reach_sms"],
        phone=numbers["reach_phone"],
        push=numbers["reach_push"],
        as_of=as_of,
        progress=progress,
        error=error,
        numbers=numbers,
    )
