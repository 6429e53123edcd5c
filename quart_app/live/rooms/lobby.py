"""The lobby: the list of all tournaments, as those see it who look at the front page of this worker.

It has no log of its own. While somebody looks at it, what it shows is read once a second, however many look;
what has changed goes to all of them as in any room. Its positions are of this worker: whoever comes with one
of another gets the whole list.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from quart_app.domain.commands import PUBLIC
from quart_app.domain.parts import Part
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.room import Room
from quart_app.timeline.timeline import Timeline

LOBBY = 0
"""Stands for a tournament's id where there is none."""

LOOK_SECONDS = 1.0
"""How long after it is committed a change is seen at the latest."""

Read = Callable[[], Awaitable[Mapping[Part, Any]]]
"""What reads all that the lobby shows, by part; what is equal to what it was has not changed."""

log = structlog.stdlib.get_logger(__name__)


NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Anybody: what lets in whoever wants to look at what is public, for as long as they like."""

    expires_at: datetime = NEVER
    role: str = "spectator"
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """What the lobby shows, by part, and the seq at which each part last changed."""

    shown: Mapping[Part, Any]
    revisions: Mapping[Part, int]
    visibility: str = PUBLIC


class Lobby(Room):
    """See the module. ``audience`` are those who follow it."""

    def __init__(self, read: Read, on_pass: Callable[[Audience], None]) -> None:
        super().__init__(Timeline(LOBBY, 0))  # which stays empty
        self._read = read
        self._epoch = secrets.token_hex(4)
        self._head = 0
        self._board = Board({}, {})
        self._reading = asyncio.Lock()
        self._begun = self._ended = 0  # readings
        self._looked_at = 0.0
        self.audience = Audience(self, on_pass)

    @property
    def tournament(self) -> Any:
        """What it shows, as a ``Board``."""
        return self._board

    @property
    def epoch(self) -> str:
        """This worker's lobby, and no other's."""
        return self._epoch

    @property
    def head(self) -> int:
        """How often what it shows has changed."""
        return self._head

    @property
    def oldest(self) -> int:
        """Everyone can be served: what they miss is read off the revisions."""
        return 0

    async def look(self) -> Board:
        """What it shows, read no earlier than now; those who ask at once share a reading. Raises what the
        reading raises."""
        asked = self._begun
        async with self._reading:
            if self._ended <= asked:
                self._begun = begun = self._begun + 1
                self._looked_at = time.monotonic()
                self._take_in(await self._read())
                self._ended = begun
        return self._board

    async def keep_up(self) -> None:
        """Look again, unless that was done so lately that nobody need know more. Raises as ``look``."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            await self.look()

    async def run(self) -> None:
        """Look again and again for as long as somebody follows, until cancelled."""
        failing = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.audience.subscribers:
                continue
            try:
                await self.look()
                failing = False
            except Exception as error:  # told once; what is shown stays as it was
                if not failing:
                    log.warning("front_unread", reason=repr(error))
                failing = True

    def _take_in(self, shown: Mapping[Part, Any]) -> None:
        before = self._board
        changed = {part for part, value in shown.items() if before.shown.get(part) != value}
        if not changed:
            return
        self._head += 1
        revisions = {part: self._head if part in changed else before.revisions[part] for part in shown}
        self._board = Board(shown, revisions)
        self.grown()
        self.audience.fan_out()
