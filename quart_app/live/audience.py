"""An audience: a room, and everyone in it.

``fan_out`` brings what is new to all of them in passes that give way to other work, and may start anew at any
time: as each subscriber is a cursor, nobody gets anything twice or misses anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from quart_app.live.frames import Block
from quart_app.live.room import Room
from quart_app.live.subscriber import Subscriber

SLICE_SECONDS = 0.004
"""How long one slice of a pass may keep the loop from a form post."""

SLICE_CHECK = 64
"""After how many subscribers the clock is read."""


class Audience:
    """The subscribers of a room on this worker."""

    def __init__(self, room: Room, on_pass: Callable[[Audience], None]) -> None:
        self.room = room
        self.subscribers: dict[Subscriber, None] = {}  # a set that keeps its order
        self.ready = False
        self.reading: asyncio.Task[None] | None = None
        self.read_again = False
        self.suspected = False
        self.empty_since = time.monotonic()
        self.undelivered: list[str] = []
        self.presence: Block | None = None  # the last total told, for those who come after
        self._on_pass = on_pass
        self._pass: Iterator[Subscriber] | None = None
        self._anew = False

    def add(self, subscriber: Subscriber) -> None:
        """Let somebody in."""
        self.subscribers[subscriber] = None

    def discard(self, subscriber: Subscriber) -> None:
        """Let somebody go; from now on nothing is written to them."""
        self.subscribers.pop(subscriber, None)
        self.empty_since = time.monotonic()

    def fan_out(self) -> None:
        """Bring everyone what is new, beginning with the next turn of the loop."""
        if self._pass is None:
            self._pass = iter(list(self.subscribers))
            asyncio.get_running_loop().call_soon(self._slice)
        else:
            self._anew = True

    def _slice(self) -> None:
        deadline = time.monotonic() + SLICE_SECONDS
        for number, subscriber in enumerate(self._pass or (), start=1):
            if subscriber in self.subscribers:
                subscriber.pump()
            if number % SLICE_CHECK == 0 and time.monotonic() > deadline:
                asyncio.get_running_loop().call_soon(self._slice)
                return
        self._pass = None
        if self._anew:
            self._anew = False
            self.fan_out()
        else:
            self._on_pass(self)
