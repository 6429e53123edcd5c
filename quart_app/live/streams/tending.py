"""The timers of all open streams of a worker, in one ticker: heartbeat, grant, lag.

Timers are kept per worker, not per stream: who stands in a cohort and has nothing due costs nothing at all.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

from quart_app.errors import AppError, Unavailable
from quart_app.live.streams import frames
from quart_app.live.streams.beats import FIRST_SECONDS, PUSH_SECONDS
from quart_app.live.streams.join import End, Ticket
from quart_app.live.streams.subscriber import Subscriber
from quart_app.settings import Settings

TICK_SECONDS = 0.5

GRANT_CHECK_SPAN = (0.80, 0.95)
"""At which part of its life a grant is checked again, spread so that streams do not all ask at once."""

ASK_AGAIN_SECONDS = 1.0

AT_ONCE = 200
"""How many streams are looked at, or told something, before anything else has its turn: some milliseconds."""

Renew = Callable[[Ticket, str], Awaitable[tuple[str, Ticket]]]
"""What checks a grant against the tournament's visibility and all else that is true now, and gives a fresh
token and grant. Raises an AppError when the grant no longer holds."""


class Tended(Protocol):
    """Those who watch one tournament here."""

    @property
    def loose(self) -> Collection[Subscriber]:
        """Those of them who stand for themselves."""
        ...

    def break_silence(self, since: float) -> int:
        """Let all others have a heartbeat who have been written nothing since then (monotonic), in the loop's
        next turn; gives how many."""
        ...


class Diary:
    """Which streams are to be looked at in which tick: those that have nothing due cost nothing."""

    def __init__(self) -> None:
        self._due: defaultdict[int, dict[Subscriber, None]] = defaultdict(dict)

    def put(self, subscriber: Subscriber, moment: float) -> None:
        """Have the stream looked at in the tick of this moment (monotonic)."""
        self._due[_tick(moment)][subscriber] = None

    def drop(self, subscriber: Subscriber, moment: float) -> None:
        """Forget what was put down for this moment, if anything was."""
        tick = _tick(moment)
        if tick in self._due and subscriber in self._due[tick]:
            del self._due[tick][subscriber]
            if not self._due[tick]:
                del self._due[tick]

    def take(self, now: float) -> list[Subscriber]:
        """Those who are due by now; they stand here no more."""
        ticks = [tick for tick in self._due if tick <= _tick(now)]
        return [subscriber for tick in ticks for subscriber in self._due.pop(tick)]


class Tending:
    """Looks after every stream of ``audiences``."""

    def __init__(
        self,
        settings: Settings,
        renew: Renew,
        audiences: Callable[[], Sequence[Tended]],
    ) -> None:
        self._settings = settings
        self._renew = renew
        self._audiences = audiences
        self._to_check = Diary()
        self._to_beat = Diary()  # of those that are proved and have heartbeats of their own
        self._checks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now, told = time.monotonic(), 0
            for number, audience in enumerate(self._audiences(), start=1):
                for some in self.tend(audience, now):
                    told += some
                    if told >= AT_ONCE:
                        await asyncio.sleep(0)
                        told = 0
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
            for number, subscriber in enumerate(self._to_beat.take(now), start=1):
                self._beat(subscriber)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
            for subscriber in self._to_check.take(now):
                check = asyncio.create_task(self._check(subscriber))
                self._checks.add(check)
                check.add_done_callback(self._checks.discard)

    def begin(self, subscriber: Subscriber) -> None:
        """Start the timers of a stream that has just been let in."""
        self._schedule_check(subscriber)
        if subscriber.beats is not None:
            asyncio.get_running_loop().call_later(FIRST_SECONDS, self._beat, subscriber)

    def forget(self, subscriber: Subscriber) -> None:
        """Stop the timers of a stream that has ended."""
        self._to_check.drop(subscriber, subscriber.check_at)
        if subscriber.beats is not None:
            self._to_beat.drop(subscriber, subscriber.beats.look)

    def check_now(self, subscriber: Subscriber) -> None:
        """Check the subscriber's grant with the next tick."""
        self._check_at(subscriber, 0.0)

    def _schedule_check(self, subscriber: Subscriber) -> None:
        """Check the subscriber's grant towards the end of its life."""
        left = (subscriber.grant.expires_at - datetime.now(UTC)).total_seconds()
        self._check_at(subscriber, time.monotonic() + left * random.uniform(*GRANT_CHECK_SPAN))  # noqa: S311

    def _check_at(self, subscriber: Subscriber, moment: float) -> None:
        self._to_check.drop(subscriber, subscriber.check_at)
        if subscriber.home is not None:  # it has not left meanwhile
            subscriber.check_at = moment
            self._to_check.put(subscriber, moment)

    def tend(self, audience: Tended, now: float) -> Iterator[int]:
        """Do for the streams of an audience what is due at ``now`` (monotonic), grants and the heartbeats of
        the proved aside. Gives to how many something was done since it gave the last, or will be in the
        loop's next turn, so that others can have theirs before it is too much. Where all stand with others
        and have been told something, that is next to nothing."""
        since = now - self._settings.heartbeat_seconds + TICK_SECONDS / 2
        silent = audience.break_silence(since)
        if silent:
            yield silent
        for number, subscriber in enumerate(list(audience.loose), start=1):
            self._tend(subscriber, now, since)
            if number % AT_ONCE == 0:
                yield AT_ONCE

    def _tend(self, subscriber: Subscriber, now: float, since: float) -> None:
        if subscriber.wire.full:
            # until everything is out, however little a slow reader takes in between
            subscriber.lagging = True
            subscriber.behind_since = subscriber.behind_since or now
        behind_since, beats = subscriber.behind_since, subscriber.beats
        if behind_since is not None and now - behind_since > self._settings.lag_seconds_max:
            subscriber.cut(End.LAGGED)
        elif beats is None:
            if subscriber.last_write <= since:
                subscriber.heartbeat()
        elif beats.young:
            if now >= beats.due:
                self._beat(subscriber)
            elif beats.pushed < subscriber.last_write < now - PUSH_SECONDS:
                subscriber.push()

    def _beat(self, subscriber: Subscriber) -> None:
        """Send a stream the next of its own heartbeats."""
        beats = subscriber.beats
        if beats is None or subscriber.home is None:
            return  # it has left meanwhile
        subscriber.heartbeat(self._settings.heartbeat_seconds)
        if not beats.young and subscriber.home is not None:
            beats.look = max(beats.due, time.monotonic() + TICK_SECONDS)  # its wire may be full
            self._to_beat.put(subscriber, beats.look)

    async def _check(self, subscriber: Subscriber) -> None:
        """Let the stream go on under a fresh token, if its grant still holds."""
        try:
            visibility = subscriber.room.tournament.visibility
            token, subscriber.grant = await self._renew(subscriber.grant, visibility)
        except Unavailable:
            if datetime.now(UTC) < subscriber.grant.expires_at:
                self._check_at(subscriber, time.monotonic() + ASK_AGAIN_SECONDS)
            else:
                subscriber.say_goodbye(End.TOKEN_EXPIRED)
            return
        except AppError:
            subscriber.say_goodbye(End.REVOKED)
            return
        data = {"token": token, "expires_at": frames.rfc3339_seconds(subscriber.grant.expires_at)}
        subscriber.note(frames.notice("token", data))
        self._schedule_check(subscriber)


def _tick(moment: float) -> int:
    return int(moment / TICK_SECONDS)
