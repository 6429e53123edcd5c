"""Reading: keeps a worker's rooms even with their logs, and lets nobody stay who may not see what is new.

What is announced is only a hint. Whatever does not follow a room's tail, or may have been missed, is read
from the log. Of many who want it read at once each waits for one reading that began after its wish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from quart_app.domain.commands import PUBLIC
from quart_app.domain.events import Envelope, UnknownEvent
from quart_app.errors import AppError, NotFound
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.room import Gap
from quart_app.live.streams.greetings import Greetings
from quart_app.live.streams.subscriber import End, Subscriber

ReadLog = Callable[[int, int], Awaitable[tuple[str, tuple[Envelope, ...]] | None]]
"""What gives a log's epoch and its events after a seq; None where there is no such log."""

log = structlog.stdlib.get_logger(__name__)


class Reading:
    """Takes in what is new in the logs, by what is announced and by reading."""

    def __init__(self, read_log: ReadLog, greetings: Greetings) -> None:
        self._read_log = read_log
        self._greetings = greetings

    def take_in(self, audience: Audience, envelopes: Iterable[Envelope]) -> None:
        """Let the audience have what follows the tail. Raises Gap where something is missing in between."""
        visibility = audience.room.tournament.visibility
        new = audience.room.extend(tuple(envelopes))
        if not new:
            return
        audience.undelivered += [envelope.at for envelope in new]
        audience.fan_out()
        if audience.room.tournament.visibility != visibility:
            self._look_who_may_stay(audience)

    def suspect(self, audience: Audience) -> None:
        """Something may be missing: until the log has been read, the room is not sure to be up to date."""
        audience.suspected = audience.read_again = True
        if audience.ready:
            self._begin(audience)

    async def reread(self, audience: Audience) -> None:
        """Read the log, in a reading that begins no earlier than now."""
        read = asyncio.get_running_loop().create_future()
        audience.awaiting.append(read)
        self._begin(audience)
        await read

    async def read(self, audience: Audience) -> None:
        """Bring the room to the head of its log.

        Raises NotFound where there is none any more, Unavailable where it cannot be read, Gap where it began
        anew meanwhile, UnknownEvent where a newer program wrote it.
        """
        room = audience.room
        found = await self._read_log(room.tournament.id, room.head)
        if found is not None and room.head and found[0] != room.epoch:
            found = await self._read_log(room.tournament.id, 0)
        audience.gone = found is None
        if found is None:
            raise NotFound(f"There is no tournament {room.tournament.id}.")
        epoch, envelopes = found
        if epoch == room.epoch:
            self.take_in(audience, envelopes)
            return
        room.reset(epoch)
        room.extend(envelopes)
        # The log is another one now, restored or cut: nobody's position means anything any more.
        self._look_who_may_stay(audience)
        for subscriber in list(audience.subscribers):
            if subscriber.end is None:
                subscriber.note(self._greetings.resync(subscriber, "unknown_epoch"))

    def _begin(self, audience: Audience) -> None:
        if audience.reading is None or audience.reading.done():
            audience.reading = asyncio.create_task(self._read_until_settled(audience))

    async def _read_until_settled(self, audience: Audience) -> None:
        try:
            while audience.read_again or audience.awaiting:
                audience.read_again = False
                came_before = len(audience.awaiting)
                try:
                    await self.read(audience)
                except Gap:
                    audience.read_again = True
                    continue
                _release(audience.awaiting[:came_before])
                del audience.awaiting[:came_before]
                if not audience.read_again:
                    audience.suspected = False
        except (AppError, UnknownEvent) as error:
            # stays suspected: the watch over the log tries again
            log.warning("log_unread", tournament_id=audience.room.tournament.id, reason=str(error))
            for subscriber in list(audience.subscribers) if audience.gone else ():
                subscriber.say_goodbye(End.REVOKED)
        finally:
            _release(audience.awaiting)
            audience.awaiting.clear()

    @staticmethod
    def _look_who_may_stay(audience: Audience) -> None:
        """End the streams of spectators at once if the tournament is private; check the grants of staff."""
        for subscriber in list(audience.subscribers):
            if shut_out(subscriber):
                subscriber.say_goodbye(End.REVOKED)
            elif subscriber.grant.staff_id is not None:
                subscriber.check_grant_at(0.0)


def shut_out(subscriber: Subscriber) -> bool:
    """Whether this is a spectator of a tournament that is private by now."""
    return subscriber.room.tournament.visibility != PUBLIC and subscriber.grant.staff_id is None


def _release(awaiting: Iterable[asyncio.Future[None]]) -> None:
    for read in awaiting:
        if not read.done():
            read.set_result(None)
