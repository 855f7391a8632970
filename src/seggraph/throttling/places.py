"""Places for what is open or running at the same time: bounded over all processes, each of which holds some.

A process asks Redis for places in portions, so a thousand sockets do not ask a thousand times. What it holds is kept
while it says so every few seconds: the places of a process that died are free again soon. While Redis is away, each
process has all places to itself.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from seggraph import tasks
from seggraph.throttling.redis_calls import RedisCalls

HELD_SECONDS: Final = 15.0
"""For how long the places of a process that says nothing more are held."""
BEAT_SECONDS: Final = 5.0
SPARED_SECONDS: Final = 0.5
"""For how long a process keeps places that are free, for what may come next."""
PORTIONS: Final = 20
"""How many portions all places of an account are given out in."""

# A field for each process: how many places it holds, and until when. ARGV: process, wanted, used, limit, milliseconds.
HOLD: Final = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local fields, others = redis.call('HGETALL', KEYS[1]), 0
for index = 1, #fields, 2 do
  local count, ends = string.match(fields[index + 1], '^(%d+):(%d+)$')
  if tonumber(ends) <= now then
    redis.call('HDEL', KEYS[1], fields[index])
  elseif fields[index] ~= ARGV[1] then
    others = others + tonumber(count)
  end
end
local held = math.min(tonumber(ARGV[2]), math.max(0, tonumber(ARGV[4]) - others))
held = math.max(held, tonumber(ARGV[3]))
if held > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], held .. ':' .. string.format('%d', now + tonumber(ARGV[5])))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return held
"""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many places an account has. `name` is of the kind and of the account, like `previews:7:key-12`."""

    name: str
    limit: int


class _Held:
    """The places of one account in this process."""

    __slots__ = ("asking", "bound", "held", "is_giving_back", "used")

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.held = 0
        self.used = 0
        self.is_giving_back = False
        self.asking = asyncio.Lock()

    @property
    def portion(self) -> int:
        return max(1, self.bound.limit // PORTIONS)


class Place:
    """Places that are taken: one of each of several bounds. Leave it, once or more often."""

    __slots__ = ("_places", "_taken")

    def __init__(self, places: "Places", taken: list[_Held]) -> None:
        self._places = places
        self._taken = taken

    def leave(self) -> None:
        """Let another have it."""
        taken, self._taken = self._taken, []
        self._places._leave(taken)

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


class Places:
    """The places that one process holds."""

    def __init__(self, calls: RedisCalls) -> None:
        self._calls = calls
        self._process = secrets.token_hex(8)
        self._held: dict[str, _Held] = {}
        self._giving_back: set[asyncio.Task[None]] = set()

    async def take(self, bounds: list[Bound]) -> Place | Bound:
        """A place of each bound, or the first bound that has none."""
        taken: list[_Held] = []
        for bound in bounds:
            held = self._held.get(bound.name)
            if held is None:
                held = self._held[bound.name] = _Held(bound)
            try:
                has_place = held.used < held.held or await self._ask(held)
            except asyncio.CancelledError:
                self._leave(taken)
                raise
            if not has_place:
                self._leave(taken)
                return bound
            held.used += 1
            taken.append(held)
        return Place(self, taken)

    async def _ask(self, held: _Held) -> bool:
        """Ask for a portion of places; returns whether there is one."""
        if held.used >= held.bound.limit:
            return False
        async with held.asking:
            if held.used < held.held:
                return True
            await self._hold(held, held.used + held.portion)
        return held.used < held.held

    async def _hold(self, held: _Held, wanted: int) -> None:
        bound = held.bound
        arguments = (self._process, wanted, held.used, bound.limit, int(HELD_SECONDS * 1_000))
        answer = await self._calls.run(HOLD, f"seggraph:places:{bound.name}", arguments)
        held.held = max(min(wanted, bound.limit) if answer is None else int(answer), held.used)

    def _leave(self, taken: list[_Held]) -> None:
        for held in taken:
            held.used -= 1
            is_spare = held.held - held.used > held.portion or not held.used
            if is_spare and not held.is_giving_back:
                held.is_giving_back = True
                task = asyncio.create_task(self._give_back(held))
                self._giving_back.add(task)
                task.add_done_callback(self._giving_back.discard)

    async def _give_back(self, held: _Held) -> None:
        """Give places back that are not used for a moment: one after the other, requests of a client need few calls."""
        try:
            await asyncio.sleep(SPARED_SECONDS)
        finally:
            held.is_giving_back = False
        async with held.asking:
            spare = held.held - held.used
            if spare > held.portion or (spare and not held.used):
                await self._hold(held, held.used)
            if not held.used and not held.held:
                self._forget(held)

    def _forget(self, held: _Held) -> None:
        if self._held.get(held.bound.name) is held:
            del self._held[held.bound.name]

    async def beat_forever(self) -> None:
        """Say every few seconds which places are held."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.beat()

    async def beat(self) -> None:
        """Say which places are held, and give back the others."""
        for held in tuple(self._held.values()):
            async with held.asking:
                await self._hold(held, held.used)
                if not held.used and not held.held:
                    self._forget(held)

    async def close(self) -> None:
        """Give everything back."""
        await tasks.end(self._giving_back)
        for held in tuple(self._held.values()):
            held.used = 0
        await self.beat()
