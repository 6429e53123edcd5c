"""Reading: keeps a worker's rooms even with their logs, and lets nobody stay who may not see what is new.

What is announced is only a hint. Whatever does not follow a timeline, or may have been missed, is read from
the log. Of many who want it read at once each waits for one reading that began after its wish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from quart_app.domain.commands import PUBLIC
from quart_app.domain.events import DamagedEvent, UnknownEvent
from quart_app.errors import AppError, NotFound
from quart_app.live.rooms.audience import Audience
from quart_app.live.streams.join import End, Ticket
from quart_app.live.streams.tending import Tending
from quart_app.live.streams.views import Tail
from quart_app.timeline.ledger import Ledger
from quart_app.timeline.timeline import Growth

log = structlog.stdlib.get_logger(__name__)


class Reading:
    """Brings what is new in the timelines to their audiences, and the timelines to the heads of their
    logs."""

    def __init__(self, ledger: Ledger, tending: Tending) -> None:
        self._ledger = ledger
        self._tending = tending

    def follower(self, audience: Audience) -> Callable[[Growth], None]:
        """What a timeline is to tell of its growth, so that the audience has it."""

        def grown(growth: Growth) -> None:
            room, visibility = audience.room, audience.visibility
            room.grown(anew=growth.anew)
            audience.visibility = room.tournament.visibility
            audience.undelivered += [entry.envelope.at for entry in growth.entries]
            audience.fan_out()
            if growth.anew or audience.visibility != visibility:
                self._look_who_may_stay(audience)
            if room.tournament.deleted:
                audience.gone = True
                self._end_what_cannot_go_on(audience)
            # If the log is another one now, restored or cut, nobody's position means anything any more.
            for subscriber in list(audience.subscribers) if growth.anew else ():
                if subscriber.end is None:
                    subscriber.begin_anew("unknown_epoch")

        return grown

    def suspect(self, audience: Audience) -> None:
        """Something may be missing: until the log has been read, the room is not sure to be up to date."""
        audience.suspected = audience.read_again = True
        if audience.ready:
            self._begin(audience)

    async def reread(self, audience: Audience) -> None:
        """Read the log, in a reading that begins no earlier than now. Raises what ``read`` raises, be it in
        the reading before: one that fails is the last."""
        read = asyncio.get_running_loop().create_future()
        audience.awaiting.append(read)
        self._begin(audience)
        await read

    async def read(self, audience: Audience) -> None:
        """Bring the room to the head of its log.

        Raises NotFound where there is none any more, Unavailable where it cannot be read, UnknownEvent where
        a newer program wrote it, DamagedEvent where nothing can read it.
        """
        try:
            await self._ledger.timeline(audience.room.tournament_id)
        except NotFound:
            audience.gone = True
            raise
        except UnknownEvent as error:
            audience.unreadable = type(error)
            raise
        audience.gone, audience.unreadable = False, None

    def _begin(self, audience: Audience) -> None:
        if audience.reading is None or audience.reading.done():
            audience.reading = asyncio.create_task(self._read_until_settled(audience))

    async def _read_until_settled(self, audience: Audience) -> None:
        try:
            while audience.read_again or audience.awaiting:
                audience.read_again = False
                came_before = len(audience.awaiting)
                await self.read(audience)
                _settle(audience.awaiting[:came_before])
                del audience.awaiting[:came_before]
                if not audience.read_again:
                    audience.suspected = False
        except Exception as error:
            _settle(audience.awaiting, error)
            if not isinstance(error, AppError):
                raise
            # stays suspected: the watch over the log tries again
            reason = error.cause or error.detail
            log.warning("log_unread", tournament_id=audience.room.tournament_id, reason=reason)
            self._end_what_cannot_go_on(audience)
        finally:
            for left in audience.awaiting:
                left.cancel()  # with this reading, at a stop
            audience.awaiting.clear()

    @staticmethod
    def _end_what_cannot_go_on(audience: Audience) -> None:
        """Let nobody watch a page that says Live and stands still, because its log cannot be read here."""
        if not audience.gone and audience.unreadable is None:
            return
        unread = End.DAMAGED if audience.unreadable is DamagedEvent else End.UNREADABLE
        for subscriber in list(audience.subscribers):
            subscriber.say_goodbye(End.REVOKED if audience.gone else unread)

    def _look_who_may_stay(self, audience: Audience) -> None:
        """End the streams of spectators at once if the tournament is private; check the grants of staff."""
        for subscriber in list(audience.subscribers):
            if shut_out(subscriber.room, subscriber.grant):
                subscriber.say_goodbye(End.REVOKED)
            elif subscriber.grant.staff_id is not None:
                self._tending.check_now(subscriber)


def shut_out(room: Tail, grant: Ticket) -> bool:
    """Whether this is a spectator of a tournament that is private by now."""
    return room.tournament.visibility != PUBLIC and grant.staff_id is None


def _settle(awaiting: Iterable[asyncio.Future[None]], error: Exception | None = None) -> None:
    for read in awaiting:
        if read.done():
            continue
        if error is None:
            read.set_result(None)
        else:
            read.set_exception(error)
            read.exception()  # is no loss where whoever waited leaves in this very moment
