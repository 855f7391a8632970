"""What a viewer may spend and have open, by the settings."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Final

from redis.asyncio import Redis

from seggraph import tasks
from seggraph.access import Viewer
from seggraph.errors import RateLimited
from seggraph.settings import Settings
from seggraph.throttling.lanes import MOST_WAITING, Lane, Lanes
from seggraph.throttling.places import Bound, Place, Places
from seggraph.throttling.points import Account, Points, Rate, Standing
from seggraph.throttling.redis_calls import RedisCalls

MINUTE: Final = 60
REFUSALS: Final = Rate(per_second=5, burst=20)
"""How many refusals a process answers at once."""
HELD_BACK_SECONDS: Final = 1.0
SLOWED_SECONDS: Final = 2.0
"""How long a failed sign-in waits for its answer, when there were many."""
MOST_SLOWED: Final = 500
"""How many of them wait in one process."""
IPV4: Final = 4
LOOK_SECONDS: Final = 0.1
"""How often it is tried again to take a place, while there is none."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that is counted: what it is called, and the names of the settings that bound it.

    `retry_after_seconds` is when there may be a place again.
    """

    words: str
    setting: str
    workspace_setting: str
    retry_after_seconds: int = 1


class Bounded(Enum):
    """What a user, an API key and a workspace may have only so many of at the same time."""

    PREVIEWS = Counted(
        "previews, comparisons and lists of members by criteria are evaluated",
        "max_previews",
        "max_workspace_previews",
    )
    UPLOADS = Counted("uploads run", "max_uploads", "max_workspace_uploads", 5)
    SOCKETS = Counted("WebSockets and event streams are open", "max_sockets", "max_workspace_sockets", 5)
    SUBSCRIPTIONS = Counted("subscriptions are open", "max_subscriptions", "max_workspace_subscriptions", 5)


class Throttle:
    """The bounds of one process, shared with the others through Redis."""

    def __init__(self, settings: Settings, redis: Redis | None = None) -> None:
        self._settings = settings
        calls = RedisCalls(redis)
        self._points = Points(calls)
        self._places = Places(calls)
        self._slowed = 0
        self._refusals = Points(RedisCalls(None))
        # Most connections are left to the others.
        self._lanes = Lanes(max(2, settings.database_pool_size // 3))
        saved = settings.points_saved_seconds
        self._rate = Rate(settings.points_per_second, settings.points_per_second * saved)
        workspace = settings.workspace_points_per_second
        self._workspace_rate = Rate(workspace, workspace * saved)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Throttle"]:
        """Hold what is taken until the end of the block."""
        beating = asyncio.create_task(self._places.beat_forever())
        try:
            yield self
        finally:
            await tasks.end([beating])
            await self._points.close()
            await self._refusals.close()
            await self._places.close()

    def _accounts(self, viewer: Viewer) -> tuple[Account, Account]:
        workspace = viewer.workspace_id
        return (
            self._points.account(f"{workspace}:{viewer.who}", self._rate),
            self._points.account(f"{workspace}", self._workspace_rate),
        )

    def spend(self, viewer: Viewer, points: int) -> None:
        """Spend points of the viewer's and of the workspace's. Raises RateLimited when either has none left."""
        empty = self._points.spend(self._accounts(viewer), points)
        if empty is not None:
            whose = "this workspace" if empty.rate is self._workspace_rate else "this user or API key"
            raise RateLimited(
                f"The points of {whose} are used up: {empty.rate.per_second:,.0f} points a second may be spent,"
                f" and {empty.rate.burst:,.0f} at once. Try again in {empty.wait_seconds} s, or ask for less.",
                limit=int(empty.rate.burst),
                retry_after_seconds=empty.wait_seconds,
            )

    def standing(self, viewer: Viewer) -> Standing:
        """What is left to the viewer: of the user's or key's points and the workspace's, that which ends first."""
        own, all_ = self._accounts(viewer)
        now = monotonic()
        return (own if own.remaining(now) <= all_.remaining(now) else all_).standing

    def lane(self, viewer: Viewer) -> Lane:
        """The lane of the viewer's workspace. Raises RateLimited when too many operations wait in it."""
        lane = self._lanes.of(viewer.workspace_id)
        if lane.is_too_long:
            raise RateLimited(
                f"This workspace has more operations waiting than the {MOST_WAITING} that may wait:"
                " send fewer requests at once.",
                limit=MOST_WAITING,
            )
        return lane

    async def take(self, viewer: Viewer, kind: Bounded, *, patience_seconds: float = 0.0) -> Place:
        """A place for something of a kind. Raises RateLimited when there is none, or none becomes free in time."""
        counted = kind.value
        limit, workspace_limit = (
            getattr(self._settings, name) for name in (counted.setting, counted.workspace_setting)
        )
        name = f"{kind.name.lower()}:{viewer.workspace_id}"
        bounds = [Bound(f"{name}:{viewer.who}", limit), Bound(name, workspace_limit)]
        until = monotonic() + patience_seconds
        while True:
            taken = await self._places.take(bounds)
            if isinstance(taken, Place):
                return taken
            if monotonic() >= until:
                break
            await asyncio.sleep(LOOK_SECONDS)
        whose = "this workspace" if taken.name == name else "this user or API key"
        raise RateLimited(
            f"At most {taken.limit:,} {counted.words} at the same time for {whose}: end one, or try again later.",
            limit=taken.limit,
            retry_after_seconds=counted.retry_after_seconds,
        )

    async def hold_back(self, viewer: Viewer) -> None:
        """Wait a second with a refusal, if there were many for this viewer: who does not heed them is slowed down."""
        account = self._refusals.account(f"{viewer.workspace_id}:{viewer.who}", REFUSALS)
        if self._refusals.spend([account], 1) is not None:
            await asyncio.sleep(HELD_BACK_SECONDS)

    def recalculate(self, viewer: Viewer) -> None:
        """Count a computation that the viewer asks for. Raises RateLimited when there were too many."""
        most = self._settings.max_recalculations
        account = self._points.account(
            f"recalculations:{viewer.workspace_id}:{viewer.who}", Rate(most / MINUTE, most)
        )
        if self._points.spend([account], 1) is not None:
            raise RateLimited(
                f"At most {most:,} segments a minute are recalculated for one user or API key.",
                limit=most,
                retry_after_seconds=account.wait_seconds,
            )

    async def slow_down(self, address: str | None, names: list[str]) -> None:
        """Wait before a failed sign-in is answered, if there were many: from an address, or for a key or a user.

        It is called after the credentials were checked, so valid ones never wait, also after many failures of others.
        Raises RateLimited when too many wait already.
        """
        if not self._count_failure([f"address {network_of(address)}", *names]):
            return
        if self._slowed >= MOST_SLOWED:
            raise RateLimited(
                "Too many sign-ins from this address, or with this key or user, have failed, and so did this one.",
                limit=self._settings.max_failed_sign_ins,
                retry_after_seconds=math.ceil(SLOWED_SECONDS),
            )
        self._slowed += 1
        try:
            await asyncio.sleep(SLOWED_SECONDS)
        finally:
            self._slowed -= 1

    def _count_failure(self, names: list[str]) -> bool:
        """Count a failed sign-in; returns whether one of the names had too many."""
        most = self._settings.max_failed_sign_ins
        rate = Rate(most / MINUTE, most)
        accounts = [self._points.account(f"sign-ins:{name}", rate) for name in names]
        spent = [
            self._points.spend([account], 1) for account in accounts
        ]  # each counts, also after the first
        return any(account is not None for account in spent)


def network_of(address: str | None) -> str:
    """What stands for one client: an address of IPv4, or a network of IPv6, of which one client has a whole one."""
    try:
        given = ip_address(address or "")
    except ValueError:  # a Unix socket, or what a proxy made up
        return ""
    given = getattr(given, "ipv4_mapped", None) or given
    return str(given) if given.version == IPV4 else str(ip_network((given, 64), strict=False))
