"""How many people watch a tournament, over all workers and machines.

Every worker tells its own count and gets the total. With Redis, a count that is not told again expires, so
that the viewers of a killed worker fade. ``Crowd`` tells each audience its total: when it has changed, at
most once a second, and more rarely the larger the crowd.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from itertools import chain
from typing import Any, Protocol
from zlib import crc32

import msgspec
from redis.asyncio import Redis

from quart_app.live.bus.outage import Outage
from quart_app.live.bus.servers import FAILURES, RedisServers, answers
from quart_app.live.crowd.seats import Seats, tournament_seat
from quart_app.live.streams import frames
from quart_app.live.streams.tending import AT_ONCE
from quart_app.live.wires.port import Block

EVERY_SECONDS = 1.0
"""How often counts are told and totals asked for."""

FADE_SECONDS = 5
"""After which the count of a worker that has fallen silent is dropped."""

RARER = ((100, 1.0), (1_000, 2.0), (10_000, 5.0))
LARGEST_SECONDS = 10.0
"""At least how long between two totals told to one audience: up to so many watching, so many seconds."""

REDIS_SECONDS_MAX = 1.0
"""How long Redis may take to add up; the next time comes soon."""

SHELVES = 16
"""Over so many keys the names are spread, so that on a cluster each shard has its part of them."""

# Each worker's counts, as JSON, stand in a field of its own and are told anew as a whole: a tournament costs
# some bytes, and no command. Redis' own clock says what is fresh, so machines need not agree on the time.
_TELL = """
local now = tonumber(redis.call('TIME')[1])
if ARGV[2] ~= '{}' then
  redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
redis.call('EXPIRE', KEYS[1], 3600)
local others = {}
local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
  local at, counts = string.match(told[i + 1], '(%d+) (.*)')
  if now - tonumber(at) > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], told[i])
  elseif told[i] ~= ARGV[1] then
    others[#others + 1] = counts
  end
end
return others
"""


class Presence(Protocol):
    """Adds up the counts of all workers."""

    async def totals(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Tell how many streams each name has here; gives how many it has anywhere. Never raises."""
        ...

    async def close(self) -> None:
        """Let go of any connection."""
        ...


class LocalPresence:
    """A single worker: all who watch, watch here."""

    async def totals(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """The counts themselves."""
        return counts

    async def close(self) -> None:
        """There is nothing to let go of."""


class RedisPresence:
    """Any number of workers, each with a field in the hash of every shelf that it has streams on."""

    def __init__(self, url: str) -> None:
        self._worker = secrets.token_hex(8)
        self._servers = RedisServers(url)
        self._outage = Outage("presence_unshared", "presence_shared")

    async def totals(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """The counts and those of the other workers; without these for what is on a server that is away."""
        totals, failed = dict(counts), None
        shelves: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for name, count in counts.items():
            shelves[shelf(name)][name] = count
        try:
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                layout = await self._servers.layout()
            parts: defaultdict[Redis, dict[str, dict[str, int]]] = defaultdict(dict)
            for key, shelved in shelves.items():
                parts[layout.owner(key)][key] = shelved
            for told in await asyncio.gather(*map(self._tell, parts, parts.values()), return_exceptions=True):
                if isinstance(told, BaseException):
                    failed = told
                    continue
                for name, count in chain.from_iterable(each.items() for each in told):
                    if name in totals:
                        totals[name] += count
            if failed is not None:
                raise failed
        except FAILURES as error:
            self._servers.forget()
            self._outage.failed(error)
        else:
            self._outage.over()
        return totals

    async def _tell(self, server: Redis, shelves: Mapping[str, Mapping[str, int]]) -> list[dict[str, int]]:
        """Tell a server its shelves; gives what the others have told it."""
        async with asyncio.timeout(REDIS_SECONDS_MAX), server.pipeline(transaction=False) as pipe:
            for key, counts in shelves.items():
                taken = {name: count for name, count in counts.items() if count}
                pipe.eval(_TELL, 1, key, self._worker, msgspec.json.encode(taken), FADE_SECONDS)
            return [_counts.decode(told) for told in chain.from_iterable(await answers(pipe))]

    async def close(self) -> None:
        """Close the connections; our counts fade by themselves."""
        await self._servers.aclose()


_counts = msgspec.json.Decoder(dict[str, int])


def shelf(name: str) -> str:
    """The key under which the counts of a name stand, among others."""
    return f"grandstand:shelf:{crc32(name.encode()) % SHELVES}"


class Watched(Protocol):
    """Those who watch one tournament here; ``presence`` is the last total they were told."""

    presence: Block | None

    @property
    def subscribers(self) -> Collection[object]:
        """Everyone."""
        ...

    def whisper(self, block: Block) -> None:
        """Tell everyone what may as well get lost."""
        ...


class Crowd:
    """Tells every audience of this worker how many watch its tournament, and the seats who sits elsewhere."""

    def __init__(
        self, presence: Presence, audiences: Callable[[], Mapping[int, Watched]], seats: Seats
    ) -> None:
        self._presence = presence
        self._audiences = audiences
        self._seats = seats
        self._told: dict[int, tuple[int, float]] = {}

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            audiences = dict(self._audiences())
            names = {number: tournament_seat(number) for number in audiences}
            counts = self._seats.shared() | {
                names[number]: len(audience.subscribers) for number, audience in audiences.items()
            }
            totals = await self._presence.totals(counts) if counts else {}
            self._seats.learn({name: total - counts[name] for name, total in totals.items()})
            telling = 0
            for number, audience in audiences.items():
                if self._tell(audience, number, totals[names[number]]):
                    telling += len(audience.subscribers)
                if telling >= AT_ONCE:
                    await asyncio.sleep(0)  # in the loop's next turn it is handed out: not to all in one
                    telling = 0
            self._told = {number: told for number, told in self._told.items() if number in audiences}

    def _tell(self, audience: Watched, tournament_id: int, total: int) -> bool:
        """Tell an audience how many watch, where that is due; gives whether it was."""
        now = time.monotonic()
        last, at = self._told.get(tournament_id, (0, 0.0))
        if total == last or now - at < rest_seconds(total):
            return False
        self._told[tournament_id] = (total, now)
        audience.presence = told(tournament_id, total)
        audience.whisper(audience.presence)
        return True


def told(tournament_id: int, watching: int) -> Block:
    """The ``presence`` frame, without an id: it is not of the log."""
    data: dict[str, Any] = {"tournament_id": tournament_id, "watching": watching}
    return Block(frames.notice("presence", data))


def rest_seconds(watching: int) -> float:
    """How long to leave an audience alone after telling it that so many watch."""
    return next((seconds for most, seconds in RARER if watching <= most), LARGEST_SECONDS)
