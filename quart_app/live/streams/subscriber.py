"""A subscriber: a cursor into a room's tail, and the wire to one client.

There is no queue. ``pump`` writes what comes after the cursor as long as the wire takes it; a wire that is
full leaves the subscriber where it stands, and it goes on from there once the wire has drained. So replay,
live and catching up are one code path, and a silent reader costs no more memory than a quick one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

import structlog

from quart_app.domain.state.tournament import Tournament
from quart_app.live.streams import frames
from quart_app.live.streams.beats import PUSH, Beats
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import Chunk, View
from quart_app.live.wires.port import Block, Wire
from quart_app.live.wires.socket import nobody

log = structlog.stdlib.get_logger(__name__)


class Ticket(Protocol):
    """What lets somebody watch: until when, and whose it is (None for a spectator)."""

    @property
    def expires_at(self) -> datetime:
        """When the grant ends, aware."""
        ...

    @property
    def role(self) -> str:
        """In what role they watch."""
        ...

    @property
    def staff_id(self) -> int | None:
        """The member of staff whose grant it is."""
        ...


class Tail(Protocol):
    """What a subscriber reads: the newest end of a log, of which ``chunk`` gives the next piece."""

    delivered_events: int
    delivered_bytes: int

    @property
    def tournament_id(self) -> int:
        """Whose log it is."""
        ...

    @property
    def tournament(self) -> Tournament:
        """The state at the head."""
        ...

    @property
    def epoch(self) -> str:
        """The log's incarnation."""
        ...

    @property
    def head(self) -> int:
        """The seq of the newest event."""
        ...

    @property
    def oldest(self) -> int:
        """The least cursor that can be served."""
        ...

    @property
    def position(self) -> Position:
        """The head as a client is told it."""
        ...

    def chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        """What a subscriber at ``cursor`` gets next."""
        ...

    def count(self, view: View, cursor: int) -> int:
        """How many events after ``cursor`` the view shows."""
        ...

    def whole(self, view: View) -> bytes:
        """All that the view's projection shows of the present state."""
        ...


class End(Enum):
    """Why a stream ended: the goodbye's code, reason, and whether the client may come back."""

    TOKEN_EXPIRED = (4001, "token_expired", True)
    REVOKED = (4003, "revoked", False)
    DRAINING = (1012, "draining", True)
    UNREADABLE = (1012, "newer_version", True)
    LAGGED = (0, "lagged", True)
    FAULT = (0, "fault", True)
    CLIENT = (0, "client", True)

    @property
    def reason(self) -> str:
        """The word for logs, metrics and the goodbye."""
        return self.value[1]

    def goodbye(self, retry_ms: int | None = None) -> bytes:
        """The last frame, for those that get one."""
        code, reason, reconnect = self.value
        data = {"code": code, "reason": reason, "reconnect": reconnect}
        return frames.notice("goodbye", data, retry_ms=retry_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """What a client asked for when it connected. ``asked`` is None for somebody who joins afresh.

    ``beats`` says that it wants heartbeats as events. ``also`` gives the frames that it is told besides, once
    it is welcome. ``on_end`` is called when the stream has ended; a join that is dropped lets go of it.
    """

    tournament_id: int
    view: View
    grant: Ticket
    address: str = ""
    asked: Position | None = None
    conflate: bool = True
    beats: bool = False
    also: Callable[[Tournament], bytes] | None = None
    on_end: Callable[[], None] = nobody


class Subscriber:
    """One open stream."""

    __slots__ = (
        "beats",
        "behind_since",
        "bytes",
        "check_at",
        "cursor",
        "end",
        "epoch",
        "events",
        "grant",
        "join",
        "lagging",
        "last_write",
        "next_look",
        "notes",
        "opened",
        "owed",
        "plain",
        "resync",
        "room",
        "view",
        "wire",
    )

    def __init__(
        self, join: Join, room: Tail, wire: Wire, cursor: int, resync: Callable[[Subscriber, str], bytes]
    ) -> None:
        self.join = join
        self.view = join.view
        self.grant = join.grant
        self.room = room
        self.wire = wire
        self.epoch = room.epoch  # of the log that the cursor is in
        self.cursor = cursor
        self.owed = False  # whether the cursor has moved on without the client being told
        self.plain = False  # whether there is nothing to think of: caught up, on time, nothing waiting
        self.resync = resync
        self.notes = b""  # frames outside the log that wait for the wire; a few, never many
        self.end: End | None = None
        self.lagging = False
        self.behind_since: float | None = None
        self.check_at = float("inf")
        self.next_look = 0.0  # no timer of the stream can be due before
        self.opened = self.last_write = time.monotonic()
        self.beats = Beats(self.opened) if join.beats else None
        self.bytes = self.events = 0

    def pump(self) -> None:
        """Write what comes next, as long as the wire takes it.

        Never raises: whoever cannot be served, through a fault of ours, is cut and may come back. It must not
        keep the others from what is new, nor any timer.
        """
        try:
            self._pump()
        except Exception as error:
            self._fail(error)

    def begin_anew(self, reason: str) -> None:
        """Put the client at the head, whatever it has. Never raises, as ``pump``."""
        try:
            frames_of_it = self.resync(self, reason)
        except Exception as error:
            self._fail(error)
        else:
            self.note(frames_of_it)

    def _fail(self, error: Exception) -> None:
        if self.end is not End.FAULT:
            log.warning("stream_failed", tournament_id=self.room.tournament_id, reason=repr(error))
        self.cut(End.FAULT)

    def _pump(self) -> None:
        while not self.wire.full:
            if self.notes:
                block, self.notes = Block(self.notes), b""
            elif self.end is not None:
                self.wire.close()
                return
            elif self.cursor >= self.room.head:
                self.behind_since = None
                self.lagging = False
                self.plain = not self.owed
                return
            elif self.cursor < self.room.oldest:
                block = Block(self.resync(self, "too_far_behind"))
            else:
                chunk = self.room.chunk(self.view, self.cursor, self.lagging and self.join.conflate)
                self.events += chunk.events
                self.room.delivered_events += chunk.events
                self.cursor = chunk.cursor
                self.owed = chunk.owed
                if chunk.block is None:
                    continue
                block = chunk.block
            self._write(block)
        self.plain = False

    def _write(self, block: Block) -> None:
        size = len(block.raw)
        self.bytes += size
        self.room.delivered_bytes += size
        self.last_write = time.monotonic()
        self.wire.write(block)

    def note(self, frame: bytes) -> None:
        """Send a frame that is not of the log as soon as the wire is free."""
        self.notes += frame
        self.plain = False
        self.pump()

    def check_grant_at(self, moment: float) -> None:
        """Have the grant checked at this time (monotonic)."""
        self.check_at = moment
        self.next_look = 0.0

    def whisper(self, block: Block) -> None:
        """Send what may as well get lost: only if the wire is free, and to those who see every type."""
        if self.wire.full or self.end is not None or self.view.filter.types:
            return
        if self.beats is not None and self.beats.alone:
            self.beats.waiting = block
        else:
            self._write(block)

    def heartbeat(self, heartbeat_seconds: float = 0.0) -> None:
        """Tell how far the cursor has come: with an event to who wants that, else with an id or a comment."""
        self.pump()  # so that nothing comes behind it in one go
        if self.wire.full or self.end is not None:
            return
        position = str(Position(self.room.epoch, self.cursor)) if self.owed else None
        self.owed = False
        if self.beats is not None:
            self.note(self.beats.next(time.monotonic(), heartbeat_seconds, position))
            self.beats.pushed = self.last_write
        else:
            self.note(frames.COMMENT if position is None else frames.frame(id=position))

    def push(self) -> None:
        """Send a comment behind what was sent last."""
        if self.beats is not None and not self.wire.full and self.end is None:
            self._write(PUSH)
            self.beats.pushed = self.last_write

    def say_goodbye(self, end: End, retry_ms: int | None = None) -> None:
        """End the stream with a last frame; what is unsent of the log the client resumes with."""
        if self.end is None:
            self.end = end
            self.plain = False
            self.notes = end.goodbye(retry_ms)
            self.pump()

    def cut(self, end: End) -> None:
        """End the stream now, without a word."""
        if self.end is None:
            self.end = end
        self.plain = False
        self.wire.abort()
