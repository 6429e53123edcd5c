"""The delivery canary: an event of our own, followed from the log to the end of a stream.

A server whose database answers may still deliver nothing. So each worker has a canary sing: its event is
appended, committed and announced as any other, and a subscriber in its room waits for the frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from quart_app.actions.services import Services
from quart_app.actions.upkeep import canary
from quart_app.errors import NotFound
from quart_app.live.rooms.hub import Hub
from quart_app.live.streams.join import End, Join
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import Filter, view_of
from quart_app.live.wires.port import NO_DESCRIPTOR, ONE_BY_ONE, Block
from quart_app.show.projections import JSON

DELIVERY_SECONDS_MAX = 2.0
"""After this long an event is not late but lost."""

SONGS_MAX = 1000
"""After so many events it gets a new log, so that none grows for ever."""


FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Free:
    """The canary's grant: nobody's, and without an end."""

    role: str = "canary"
    staff_id: None = None
    expires_at: datetime = FOR_EVER


class Perch:
    """The canary's wire: it leads nowhere, and tells when a frame came."""

    full = False
    fleet = ONE_BY_ONE
    descriptor = NO_DESCRIPTOR

    def __init__(self) -> None:
        self.frames = asyncio.Semaphore(0)
        self._on_closed: Callable[[], None] = lambda: None

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """It never fills, so nothing has to drain."""
        self._on_closed = on_closed

    def write(self, block: Block) -> None:
        """A frame came."""
        self.frames.release()

    def close(self) -> None:
        """The canary has to leave; whoever waits for a frame is let go."""
        self._on_closed()
        self.frames.release()

    abort = close


class Canary:
    """The canary of one worker, hatched when it first sings, and again when its log is gone."""

    def __init__(self, services: Services, hub: Hub) -> None:
        self._services = services
        self._hub = hub
        self._perched: tuple[Subscriber, Perch] | None = None

    async def delivers(self) -> bool:
        """Whether an event that is written now arrives. Raises Unavailable when none can be written."""
        try:
            return await self._sing()
        except NotFound:  # a restore has replaced all logs, its own as well
            return await self._sing()

    async def _sing(self) -> bool:
        perched = self._perched
        if perched is not None and perched[0].cursor > SONGS_MAX:
            perched[0].cut(End.CLIENT)
        if perched is None or perched[0].end is not None:
            perched = await self._settle()
        self._perched = None  # until it has been heard: what went wrong is begun anew
        subscriber, perch = perched
        try:
            seq = await canary.sing(self._services, subscriber.join.tournament_id)
            async with asyncio.timeout(DELIVERY_SECONDS_MAX):
                while subscriber.cursor < seq and subscriber.end is None:
                    await perch.frames.acquire()
            if subscriber.cursor < seq:
                return False
            self._perched = perched
        except TimeoutError:
            return False
        finally:
            if self._perched is None:
                subscriber.cut(End.CLIENT)
        return True

    async def _settle(self) -> tuple[Subscriber, Perch]:
        canary_id = await canary.hatch(self._services)
        audience = await self._hub.open(canary_id)
        join = Join(tournament_id=canary_id, view=view_of(JSON, Filter()), grant=Free())
        perch = Perch()
        subscriber = Subscriber(join, audience.room, perch, audience.room.head, lambda *_: b"")
        perch.attach(subscriber.pump, lambda: audience.discard(subscriber))
        audience.add(subscriber)
        subscriber.pump()
        return subscriber, perch
