"""What the caller may still spend, in the schema."""

from datetime import UTC, datetime, timedelta

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of

MAX_INT = 2**31 - 1


@strawberry.type(
    description="How many points of cost the user or API key may spend. Points come back every second, up to the"
    " limit. See docs/limits.md."
)
class RateLimit:
    """The points of the caller, or those of the workspace when fewer are left of them."""

    limit: int = strawberry.field(description="The most points that can be saved up.")
    remaining: int = strawberry.field(description="The points that can be spent now.")
    used: int = strawberry.field(
        description="The points that were spent and have not come back: limit less remaining."
    )
    cost: int = strawberry.field(description="The points that this operation costs.")
    restore_rate: int = strawberry.field(description="The points that come back each second.")
    reset_at: datetime = strawberry.field(
        description="When remaining is limit again, if nothing is spent until then."
    )


@strawberry.type
class RateLimitQueries:
    """The query of what is left."""

    @strawberry.field(
        description="The points of cost that you may still spend; of yours and those of the workspace, whichever"
        " are fewer. They include the cost of this operation."
    )
    async def rate_limit(self, info: Info) -> RateLimit:
        """Look at the account."""
        caller = caller_of(info)
        standing = caller.standing()
        limit, remaining = min(standing.limit, MAX_INT), min(standing.remaining, MAX_INT)
        return RateLimit(
            limit=limit,
            remaining=remaining,
            used=limit - remaining,
            cost=min(caller.cost, MAX_INT),
            restore_rate=min(standing.restore_rate, MAX_INT),
            reset_at=datetime.now(UTC) + timedelta(seconds=standing.reset_seconds),
        )
