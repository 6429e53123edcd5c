"""The watch: what a hint that got lost would have told is noticed by looking, a little later.

A look at the heads of the logs shows which has gone on, or has become another one; a look at the accounts of
the staff who watch shows whose rights have changed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from quart_app.errors import AppError
from quart_app.live.bus.port import Bus, Notice, StaffChanged
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.lobby import Read
from quart_app.live.rooms.reading import Reading
from quart_app.live.streams.tending import Renew
from quart_app.settings import Settings

log = structlog.stdlib.get_logger(__name__)

CONNECTED_POLL_FACTOR = 10
"""How much rarer the log's heads are read while Redis is there: a hint can get lost all the same."""

Standing = tuple[str, bool]
"""What a member of staff may do: the role, and whether the account is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the hub needs of the rest of the house, given by ``app.create_app``.

    ``read_heads(ids)`` gives each log's epoch, head seq and the moment of its last event;
    ``read_standings(ids)`` the role of each member of staff and whether the account is active;
    ``read_front()`` what the lobby shows.
    """

    read_heads: Callable[[Collection[int]], Awaitable[Mapping[int, tuple[str, int, str]]]]
    read_standings: Callable[[Collection[int]], Awaitable[Mapping[int, Standing]]]
    read_front: Read
    renew: Renew


class Watch:
    """Looks after the logs of ``audiences``, and the staff among them; ``noticed`` is told of theirs."""

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        sources: Sources,
        reading: Reading,
        audiences: Mapping[int, Audience],
        noticed: Callable[[Notice], None],
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._sources = sources
        self._reading = reading
        self._audiences = audiences
        self._noticed = noticed
        self._look_now = asyncio.Event()
        self._standings: dict[int, Standing] = {}

    def look(self) -> None:
        """Do not wait for the next look: something may have been missed."""
        self._look_now.set()

    async def run(self) -> None:
        """Read the heads of all watched logs until cancelled: now and then while Redis is there, often
        otherwise.

        Without Redis nobody tells us what a command of another process writes.
        """
        while True:
            told = self._settings.redis_url is not None and self._bus.connected
            factor = CONNECTED_POLL_FACTOR if told else 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.degraded_poll_seconds * factor):
                    await self._look_now.wait()
            self._look_now.clear()
            watched = [audience for audience in self._audiences.values() if audience.ready]
            try:
                # as they were before the question: its answer may be older than what is heard meanwhile
                known = {audience: (audience.room.head, _last_at(audience)) for audience in watched}
                ids = tuple(audience.room.tournament_id for audience in watched)
                heads = await self._sources.read_heads(ids) if ids else {}
                await self._watch_staff()
            except AppError as error:
                log.warning("log_unwatched", code=error.code)
                continue
            for audience in watched:
                # none where a restore has removed the tournament; then one reading says so
                found = heads.get(audience.room.tournament_id)
                if found is None and audience.gone:
                    continue
                if audience.suspected or found is None or self._strays(audience, *found, known[audience]):
                    self._reading.suspect(audience)

    @staticmethod
    def _strays(audience: Audience, epoch: str, head: int, at: str, known: tuple[int, str | None]) -> bool:
        """Whether a log has gone on, back, or another way than its room ``known``, its head and last
        moment."""
        known_head, known_at = known
        other = head == known_head and known_at not in (None, at)
        return epoch != audience.room.epoch or head > audience.room.head or head < known_head or other

    async def _watch_staff(self) -> None:
        """Notice by ourselves whose rights have changed: the notice of it can get lost like any other."""
        watching: dict[int, Standing] = {
            subscriber.grant.staff_id: (subscriber.grant.role, True)
            for subscriber in (each for audience in self._audiences.values() for each in audience.subscribers)
            if subscriber.grant.staff_id is not None
        }
        standings = dict(await self._sources.read_standings(tuple(watching))) if watching else {}
        for staff_id, granted in watching.items():
            if standings.get(staff_id) != self._standings.get(staff_id, granted):
                self._noticed(StaffChanged(staff_id=staff_id))
        self._standings = standings


def _last_at(audience: Audience) -> str | None:
    last = audience.room.timeline.last
    return last.at if last is not None else None
