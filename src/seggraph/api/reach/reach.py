"""Reach in the schema: the numbers, the steps to them, and how many different addresses are behind them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.services.previews.previews import Preview
from seggraph.services.reach import reach
from seggraph.services.reach import steps as reach_steps
from seggraph.services.segments.views import SegmentView
from seggraph.transport.loading import awaits_loaders
from seggraph.transport.records import column
from seggraph.vocabulary import Channel, MemberKind, ReachStatus, ReachStepReason

STEP_NAMES: Final = {
    ReachStepReason.MEMBERS: "Members",
    ReachStepReason.NO_ADDRESS: "With an address",
    ReachStepReason.NO_CONSENT: "Consent allows it",
    ReachStepReason.SUPPRESSED: "Not suppressed",
}

OfChannel = Annotated[Channel, strawberry.argument(description="The channel.")]


@strawberry.type(description="Why a computation failed.")
class RunError:
    """A failure that a person can act on."""

    code: str = strawberry.field(description="What failed, for programs: an ErrorCode.")
    message: str = strawberry.field(description="What failed and what would help, for people.")
    at: datetime = strawberry.field(description="When it failed.")

    @staticmethod
    def of(code: str | None, message: str | None, at: datetime | None) -> "RunError | None":
        """The failure that the columns of an object tell of, if they tell of one."""
        return None if code is None or at is None else RunError(code=code, message=message or "", at=at)


@strawberry.type(description="A step on the way from the members to those whom a channel reaches.")
class ReachStep:
    """A step of the waterfall."""

    name: str = strawberry.field(description="The step in words.")
    remaining: int = strawberry.field(description="Members who are left after it.")
    dropped: int = strawberry.field(description="Members whom it took away.")
    reason: ReachStepReason = strawberry.field(description="Why it took them away, for programs.")


@strawberry.type(
    description="How many members can be contacted. The numbers are the last good ones, as of asOf."
)
class Reach:
    """Counts of members: in all and per channel."""

    status: ReachStatus = strawberry.field(
        description="Whether the numbers are known, or being calculated.",
        metadata=column("reach_status"),
    )
    total: int | None = strawberry.field(
        description="Members reached by direct mail (ACQUISITION), or else by email or direct mail.",
        metadata=column("reach_total"),
    )
    email: int | None = strawberry.field(
        description="Members that email reaches.",
        metadata=column("reach_email"),
    )
    direct_mail: int | None = strawberry.field(
        description="Members that direct mail reaches.",
        metadata=column("reach_direct_mail"),
    )
    sms: int | None = strawberry.field(
        description="Members that text messages reach.",
        metadata=column("reach_sms"),
    )
    phone: int | None = strawberry.field(
        description="Members that phone calls reach.",
        metadata=column("reach_phone"),
    )
    push: int | None = strawberry.field(
        description="Members that push messages reach.",
        metadata=column("reach_push"),
    )
    as_of: datetime | None = strawberry.field(
        description="The time of the data from which the numbers were calculated; null before the first"
        " calculation."
    )
    progress: float | None = strawberry.field(description="From 0 to 1 while CALCULATING.")
    error: RunError | None = strawberry.field(description="Why the last calculation failed, when FAILED.")
    numbers: strawberry.Private[Mapping[str, int | None]]
    segment: strawberry.Private[tuple[int, MemberKind] | None] = None

    @strawberry.field(
        description="Where members fall out on the way to a channel: those with an address, whose consent allows it,"
        " whose address is not suppressed. The last step is the channel's reach. Empty while nothing is known."
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
        description="How many different addresses the members have whom a channel reaches now: members of one"
        " household share one. Counted when asked for; null for push messages and for unsaved criteria."
    )
    @awaits_loaders
    async def distinct_addresses(self, info: Info, channel: OfChannel) -> int | None:
        """Count them for all segments of the operation at once."""
        if self.segment is None:
            return None
        return await caller_of(info).loaders.reach.distinct_addresses.load((*self.segment, channel))

    @staticmethod
    def of(view: SegmentView) -> "Reach":
        """The reach of a segment."""
        return _reach(
            view.reach_status,
            {column: getattr(view, column) for column in reach.COLUMNS},
            as_of=view.as_of,
            progress=view.progress,
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            segment=(view.id, view.kind),
        )

    @staticmethod
    def of_preview(preview: Preview) -> "Reach":
        """The reach that unsaved criteria would have."""
        numbers = dict(zip(reach.COLUMNS, preview.reach.values(), strict=True))
        return _reach(ReachStatus.READY, numbers, as_of=preview.as_of)

    @staticmethod
    def unknown() -> "Reach":
        """The reach of nothing."""
        return _reach(ReachStatus.NONE, dict.fromkeys(reach.COLUMNS))


def _reach(
    status: ReachStatus,
    numbers: Mapping[str, int | None],
    *,
    as_of: datetime | None = None,
    progress: float | None = None,
    error: RunError | None = None,
    segment: tuple[int, MemberKind] | None = None,
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
        segment=segment,
    )
