"""Points that may be spent: a leaky bucket for each account in Redis, of which each process takes portions.

Nobody waits for Redis: a process spends what it has taken, and takes the next portion in the background before that is
used up. The first portion of an account is spent before it is taken, two more may be while one is on its way, and the
last operation may cost more than is left. So in all, processes can spend more than the bucket has by three portions and
one operation each; they owe it, and spend nothing until it has been paid back.

While Redis is away, each process has a bucket of the same size to itself.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple

from cachetools import LRUCache

from seggraph import tasks
from seggraph.throttling.redis_calls import RedisCalls

PORTIONS: Final = 10
"""How many portions a full bucket has."""
CREDIT_PORTIONS: Final = 2
"""How many portions may be spent while the next one is on its way."""
MOST_ACCOUNTS: Final = 20_000
PAUSE_SECONDS: Final = (0.05, 5.0)
"""The shortest and the longest time between two tries of a process to take from an empty bucket."""

# What is in a bucket is what was left at an instant and what has come since. Numbers are sent as text: as numbers they
# would lose their fractions.
TAKE: Final = """
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
level = math.min(burst, level + math.max(0, now - at) * rate)
local taken = math.max(0, math.min(want, level))
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level - taken), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return {string.format('%.6f', taken), string.format('%.6f', level - taken)}
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many points come in a second, and how many can be saved up."""

    per_second: float
    burst: float


class Standing(NamedTuple):
    """What is left of an account of `limit` points, and in how many seconds it is full again."""

    limit: int
    remaining: int
    reset_seconds: int
    restore_rate: int
    """How many points come back in a second."""


class Account:
    """What one process may spend of one bucket."""

    __slots__ = ("at", "is_empty", "is_filling", "left", "name", "owed", "portion", "rate", "to_spend")

    def __init__(self, name: str, rate: Rate) -> None:
        self.name = name
        self.rate = rate
        self.portion = max(rate.burst / PORTIONS, 1.0)
        self.to_spend = self.owed = self.portion
        self.left = rate.burst
        """What was left in the bucket when it was last looked at."""
        self.at = monotonic()
        self.is_filling = False
        self.is_empty = False

    @property
    def in_bucket(self) -> float:
        """What is in the bucket by now, unless other processes took it."""
        return min(self.rate.burst, self.left + (monotonic() - self.at) * self.rate.per_second)

    @property
    def credit(self) -> float:
        """What may be spent while the next portion is on its way: nothing once the bucket was found empty."""
        return 0.0 if self.is_empty else min(self.in_bucket, CREDIT_PORTIONS * self.portion)

    def remaining(self, now: float) -> float:
        """What may be spent still, as far as this process can see."""
        limit = self.rate.burst
        left = self.left + (now - self.at) * self.rate.per_second
        remaining = self.to_spend - self.owed + (limit if left > limit else left)
        return limit if remaining > limit else max(remaining, 0.0)

    @property
    def standing(self) -> Standing:
        """What a client sees of the account."""
        limit, rate = self.rate.burst, self.rate.per_second
        remaining = self.remaining(monotonic())
        return Standing(int(limit), int(remaining), math.ceil((limit - remaining) / rate), int(rate))

    @property
    def wait_seconds(self) -> int:
        """In how many seconds there is something to spend again, as far as this process can tell; at least one."""
        missing = self.portion / 2 - self.to_spend - max(0.0, self.in_bucket)
        return max(1, math.ceil(missing / self.rate.per_second))


class Points:
    """The accounts of one process."""

    def __init__(self, calls: RedisCalls) -> None:
        self._calls = calls
        self._accounts: LRUCache[str, Account] = LRUCache(MOST_ACCOUNTS)
        self._filling: set[asyncio.Task[None]] = set()

    def account(self, name: str, rate: Rate) -> Account:
        """The account with a name. Those that were not asked for for the longest are forgotten first."""
        found = self._accounts.get(name)
        if found is None:
            found = self._accounts[name] = Account(name, rate)
        return found

    def spend(self, accounts: Sequence[Account], points: float) -> Account | None:
        """Spend points of all accounts, or of none: the account that has nothing left is returned."""
        for account in accounts:
            if account.to_spend <= 0 and account.to_spend + account.credit <= 0:
                self._fill(account)
                return account
        for account in accounts:
            account.to_spend -= points
            if account.to_spend < account.portion / 2 or account.owed:
                self._fill(account)
        return None

    def _fill(self, account: Account) -> None:
        if not account.is_filling:
            account.is_filling = True
            task = asyncio.create_task(self._fill_up(account))
            self._filling.add(task)
            task.add_done_callback(self._filling.discard)

    async def _fill_up(self, account: Account) -> None:
        """Take a portion; from an empty bucket again and again, until there is something to spend."""
        try:
            while True:
                owed = account.owed
                want = max(0.0, account.portion - account.to_spend) + owed
                taken = await self._take(account, want)
                account.is_empty = taken < want
                account.to_spend += taken - owed
                account.owed -= owed
                if account.to_spend > 0:
                    return
                seconds = (account.portion / 2 - account.to_spend) / account.rate.per_second
                await asyncio.sleep(min(max(seconds, PAUSE_SECONDS[0]), PAUSE_SECONDS[1]))
        finally:
            account.is_filling = False

    async def _take(self, account: Account, want: float) -> float:
        """Take points out of the bucket; returns how many there were."""
        rate = account.rate
        arguments = (rate.per_second, rate.burst, want)
        answer = await self._calls.run(TAKE, f"seggraph:points:{account.name}", arguments)
        if answer is None:
            in_bucket = account.in_bucket
            taken = max(0.0, min(want, in_bucket))
            left = in_bucket - taken
        else:
            taken, left = float(answer[0]), float(answer[1])
        account.left, account.at = left, monotonic()
        return taken

    async def close(self) -> None:
        """Take nothing more."""
        await tasks.end(self._filling)
