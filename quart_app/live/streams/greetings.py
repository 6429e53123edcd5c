"""What a client is told when it arrives: where it stands, what it gets, and the whole state if need be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from quart_app.errors import Unavailable
from quart_app.live.streams import frames
from quart_app.live.streams.join import Join
from quart_app.live.streams.position import Level, Position
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import Tail
from quart_app.live.wires.port import NO_DESCRIPTOR, ONE_BY_ONE, Block, Wire
from quart_app.settings import Settings

RETRY_FAULT_SECONDS = 5


class Gathering:
    """A wire that ends in one answer: it keeps what is written."""

    full = False
    fleet = ONE_BY_ONE
    descriptor = NO_DESCRIPTOR

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """It never fills, and nobody waits for its end."""

    def write(self, block: Block) -> None:
        """Keep it."""
        self.pieces.append(block.raw)

    def close(self) -> None:
        """There is nothing to close."""

    abort = close


class Greetings:
    """Welcomes subscribers, and puts those at the head who cannot be brought there event by event."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resync = self.resync  # one for all whom it welcomes

    def seat(self, room: Tail, join: Join, wire: Wire) -> tuple[Subscriber, str]:
        """A subscriber whose welcome waits to be written, and the outcome of its resume.

        That is ``fresh``, ``replayed``, or why its position is lost. Its stream is cut already where what
        puts it at the head cannot be rendered, a fault of ours.
        """
        subscriber, lost = self._placed(room, join, wire)
        subscriber.notes = self._welcome(subscriber, lost)
        self._owe(subscriber, lost)
        return subscriber, lost or ("fresh" if join.asked is None else "replayed")

    def catch_up(self, room: Tail, join: Join) -> bytes:
        """What brings who asks now and then to the head: the frames of their stream, less the welcome.

        b"" where it stands there. Raises Unavailable where they cannot be rendered, a fault of ours.
        """
        if join.asked == room.position and join.also is None:
            return b""
        gathering = Gathering()
        subscriber, lost = self._placed(room, join, gathering)
        self._owe(subscriber, lost)
        subscriber.pump()
        if subscriber.level.owed:
            subscriber.heartbeat()
        if subscriber.end is not None:
            raise Unavailable("What is new cannot be shown right now.", RETRY_FAULT_SECONDS)
        return b"".join(gathering.pieces)

    def _placed(self, room: Tail, join: Join, wire: Wire) -> tuple[Subscriber, str | None]:
        """A subscriber where it asked to go on from, or at the head, and why it could not be, if so."""
        lost = self._lost(room, join.asked)
        cursor = room.head if join.asked is None or lost else join.asked.seq
        return Subscriber(join, room, wire, cursor, self._resync), lost

    def _owe(self, subscriber: Subscriber, lost: str | None) -> None:
        """Let wait to be written what puts it at the head, if it is lost, and what it is told besides."""
        join, tournament = subscriber.join, subscriber.room.tournament

        def made() -> bytes:
            frames_of_it = self.resync(subscriber, lost, join.asked) if lost else b""
            return frames_of_it + (join.also(tournament) if join.also is not None else b"")

        subscriber.owe(made)

    def _lost(self, room: Tail, asked: Position | None) -> str | None:
        """Why the log cannot be read forward from a position, None where it can."""
        if asked is None:
            return None
        if asked.epoch != room.epoch:
            return "unknown_epoch"
        if asked.seq > room.head:
            return "ahead_of_log"
        reach = max(room.oldest, room.head - self._settings.replay_events_max)
        return "too_far_behind" if asked.seq < reach else None

    def _welcome(self, subscriber: Subscriber, lost: str | None) -> bytes:
        room, join = subscriber.room, subscriber.join
        head = str(room.position)
        fresh = join.asked is None
        data = {
            "tournament_id": join.tournament_id,
            "position": head if fresh or lost else str(join.asked),
            "head": head,
            "resume": {
                "asked": None if fresh else str(join.asked),
                "replayed": 0 if fresh or lost else room.count(subscriber.view, subscriber.cursor),
                "lost": lost is not None,
                "reason": lost,
            },
            "heartbeat_seconds": self._settings.heartbeat_seconds,
            "expires_at": frames.rfc3339_seconds(subscriber.grant.expires_at),
        }
        if join.beats:
            data["heartbeat"] = "event"
        # without an id on a resume: a cut before the replay is through must not lose the rest of it
        return frames.notice(
            "connection_established",
            data,
            id=head if fresh else None,
            retry_ms=frames.retry_ms(self._settings.retry_seconds),
        )

    def resync(self, subscriber: Subscriber, reason: str, asked: Position | None = None) -> bytes:
        """The frames that put a client at the head, whatever it has; moves its cursor there.

        ``asked`` is where it wanted to go on from; in an open stream, where it stands.
        """
        room = subscriber.room
        asked = asked or Position(subscriber.level.epoch, subscriber.cursor)
        data: dict[str, Any] = {"reason": reason, "asked": str(asked), "head": str(room.position)}
        subscriber.level = Level(room.epoch, room.head)
        everything = room.whole(subscriber.view)
        if subscriber.view.projection.changes is None:
            data["snapshot"] = msgspec.Raw(everything)
            return frames.notice("resync", data, id=str(room.position))
        return frames.notice("resync", data) + frames.frame(everything, id=str(room.position))
