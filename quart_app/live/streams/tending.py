"""The timers of all open streams of a worker, in one ticker: heartbeat, grant, lag.

Timers are kept per worker, not per stream: a stream that has nothing due costs a few comparisons a tick.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from quart_app.errors import AppError, Unavailable
from quart_app.live.streams import frames
from quart_app.live.streams.beats import FIRST_SECONDS, PUSH_SECONDS
from quart_app.live.streams.subscriber import End, Subscriber, Ticket
from quart_app.settings import Settings

TICK_SECONDS = 0.5

GRANT_CHECK_SPAN = (0.80, 0.95)
"""At which part of its life a grant is checked again, spread so that streams do not all ask at once."""

ASK_AGAIN_SECONDS = 1.0

Renew = Callable[[Ticket, str], Awaitable[tuple[str, Ticket]]]
"""What checks a grant against the tournament's visibility and all else that is true now, and gives a fresh
token and grant. Raises an AppError when the grant no longer holds."""


class Tending:
    """Looks after every stream that ``everyone`` names."""

    def __init__(
        self,
        settings: Settings,
        renew: Renew,
        everyone: Callable[[], Iterable[Subscriber]],
    ) -> None:
        self._settings = settings
        self._renew = renew
        self._everyone = everyone
        self._checks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            for number, subscriber in enumerate(self._everyone(), start=1):
                beats = subscriber.beats
                if beats is not None and beats.pushed < subscriber.last_write < now - PUSH_SECONDS:
                    subscriber.push()
                if now >= subscriber.next_look or subscriber.wire.full:
                    self.tend(subscriber, now)
                if number % 1000 == 0:
                    await asyncio.sleep(0)

    def begin(self, subscriber: Subscriber) -> None:
        """Start the timers of a stream that has just been opened."""
        self.schedule_check(subscriber)
        if subscriber.beats is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(FIRST_SECONDS, lambda: self.tend(subscriber, time.monotonic()))

    def schedule_check(self, subscriber: Subscriber) -> None:
        """Check the subscriber's grant towards the end of its life."""
        left = (subscriber.grant.expires_at - datetime.now(UTC)).total_seconds()
        subscriber.check_grant_at(time.monotonic() + left * random.uniform(*GRANT_CHECK_SPAN))  # noqa: S311

    def tend(self, subscriber: Subscriber, now: float) -> None:
        """Do for one stream what is due at ``now`` (monotonic)."""
        if subscriber.wire.full:
            # until everything is out, however little a slow reader takes in between
            subscriber.lagging = True
            subscriber.plain = False
            subscriber.behind_since = subscriber.behind_since or now
        behind_since = subscriber.behind_since
        if behind_since is not None and now - behind_since > self._settings.lag_seconds_max:
            subscriber.cut(End.LAGGED)
        if subscriber.end is not None:
            return
        if now >= self._silent_until(subscriber):
            subscriber.heartbeat(self._settings.heartbeat_seconds)
        if now >= subscriber.check_at:
            subscriber.check_at = float("inf")
            check = asyncio.create_task(self._check(subscriber))
            self._checks.add(check)
            check.add_done_callback(self._checks.discard)
        # what is written meanwhile only puts the heartbeat off
        subscriber.next_look = min(self._silent_until(subscriber), subscriber.check_at)

    def _silent_until(self, subscriber: Subscriber) -> float:
        """When the next heartbeat is due (monotonic): as an event in any case, else only in a silence."""
        if subscriber.beats is not None:
            return subscriber.beats.due
        return subscriber.last_write + self._settings.heartbeat_seconds - TICK_SECONDS / 2

    async def _check(self, subscriber: Subscriber) -> None:
        """Let the stream go on under a fresh token, if its grant still holds."""
        try:
            visibility = subscriber.room.tournament.visibility
            token, subscriber.grant = await self._renew(subscriber.grant, visibility)
        except Unavailable:
            if datetime.now(UTC) < subscriber.grant.expires_at:
                subscriber.check_grant_at(time.monotonic() + ASK_AGAIN_SECONDS)
            else:
                subscriber.say_goodbye(End.TOKEN_EXPIRED)
            return
        except AppError:
            subscriber.say_goodbye(End.REVOKED)
            return
        data = {"token": token, "expires_at": frames.rfc3339_seconds(subscriber.grant.expires_at)}
        subscriber.note(frames.notice("token", data))
        self.schedule_check(subscriber)
