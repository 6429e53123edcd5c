"""A room: one tournament as this worker's subscribers see it.

It holds the newest end of the log, the *tail*, and the fold at its head. A subscriber is a cursor into
the tail. ``chunk`` gives the bytes from a cursor on, and gives the very same bytes object to everyone who
asks from the same place: live events, a resume, ten thousand resumes at once are one code path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quart_app.domain.events import Envelope
from quart_app.domain.tournament import Tournament
from quart_app.live.streams import frames
from quart_app.live.streams.filters import players_of
from quart_app.live.streams.frames import Render
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import Chunk, View
from quart_app.live.wires.port import Block

CHUNK_BYTES_MAX = 256 * 1024

CHUNKS_KEPT_BYTES_MAX = 8 * 1024 * 1024
"""How much is kept of what was built, until the next event: anybody may ask from every position in turn."""

_BOOKKEEPING_BYTES = 256


class Gap(Exception):
    """What was announced does not follow the tail: the log has to be read."""


class Room:
    """A tournament's tail and fold at ``head``, and the chunks built from them."""

    def __init__(self, tournament_id: int, render: Render, events_max: int) -> None:
        self.tournament = Tournament(tournament_id)
        self.head = 0  # the seq of the newest event
        self.epoch = ""
        self.delivered_events = self.delivered_bytes = 0  # since they were last put into the metrics
        self._render = render
        self._events_max = events_max
        self._tail: list[Envelope] = []
        self._frames: list[bytes] = []
        self._players: list[tuple[int, ...]] = []
        self._chunks: dict[tuple[View, int, bool], Chunk] = {}
        self._chunks_bytes = 0
        self._wholes: dict[str, bytes] = {}

    @property
    def position(self) -> Position:
        """The head as a client is told it."""
        return Position(self.epoch, self.head)

    @property
    def oldest(self) -> int:
        """The least cursor that can still be served: the tail begins right after it."""
        return self.head - len(self._tail)

    def reset(self, epoch: str) -> None:
        """Forget everything: the log begins anew under another epoch."""
        self.epoch = epoch
        self.tournament = Tournament(self.tournament.id)
        self.head = 0
        self._tail.clear()
        self._frames.clear()
        self._players.clear()
        self._forget_built()

    def extend(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Take in what follows the head and give what was new; repetitions are passed over.

        Raises Gap where something is missing in between, or where the epoch is another; what came before the
        gap is taken in.
        """
        new = []
        for envelope in envelopes:
            if envelope.epoch != self.epoch:
                raise Gap
            if envelope.seq <= self.head:
                continue
            if envelope.seq != self.head + 1:
                raise Gap
            self.tournament = self.tournament.apply(envelope.event)
            self.head = envelope.seq
            self._tail.append(envelope)
            self._frames.append(frames.encode(envelope))
            self._players.append(players_of(envelope.event, self.tournament))
            new.append(envelope)
            self._forget_built()
        # trimmed in strides, so that a long log does not shift its whole tail at every event
        if len(self._tail) > self._events_max + self._events_max // 4:
            surplus = len(self._tail) - self._events_max
            del self._tail[:surplus], self._frames[:surplus], self._players[:surplus]
        return new

    def chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        """What a subscriber at ``cursor`` (from ``oldest`` to ``head``) gets next.

        ``conflate`` leaves out scores that were overtaken, for somebody who has fallen behind. HTML is always
        one frame up to the head; JSON comes in pieces of about CHUNK_BYTES_MAX.
        """
        key = (view, cursor, conflate)
        chunk = self._chunks.get(key)
        if chunk is None:
            chunk = self._html_chunk(view, cursor) if view.html else self._json_chunk(view, cursor, conflate)
            if self._chunks_bytes > CHUNKS_KEPT_BYTES_MAX:
                self._forget_built()
            self._chunks[key] = chunk
            size = len(chunk.block.raw) if chunk.block is not None else 0
            self._chunks_bytes += 2 * size + _BOOKKEEPING_BYTES  # a block holds its bytes twice
        return chunk

    def whole(self, name: str, build: Callable[[], bytes]) -> bytes:
        """What ``build`` makes of the present state, made once until the next event."""
        if name not in self._wholes:
            self._wholes[name] = build()
        return self._wholes[name]

    def _forget_built(self) -> None:
        self._chunks.clear()
        self._wholes.clear()
        self._chunks_bytes = 0

    def _html_chunk(self, view: View, cursor: int) -> Chunk:
        events = [envelope.event for envelope in self._after(cursor) if self._shows(view, envelope)]
        html = self._render(self.tournament, events) if events else ""
        if not html:
            return Chunk(None, self.head, owed=True)
        return Chunk(Block(frames.frame(html, id=str(self.position))), self.head, len(events))

    def _json_chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        start = cursor - self.oldest
        if not view.filter and not conflate:
            end, size = start, 0
            while end < len(self._frames) and size < CHUNK_BYTES_MAX:
                size += len(self._frames[end])
                end += 1
            data = self._frames[start] if end == start + 1 else b"".join(self._frames[start:end])
            return Chunk(Block(data), self.oldest + end, end - start)
        shown = [envelope for envelope in self._after(cursor) if self._shows(view, envelope)]
        if conflate:
            shown = frames.conflate(shown)
        pieces: list[bytes] = []
        size = 0
        for envelope in shown:
            pieces.append(self._frames[envelope.seq - self.oldest - 1])
            size += len(pieces[-1])
            if size >= CHUNK_BYTES_MAX:
                return Chunk(Block(b"".join(pieces)), envelope.seq, len(pieces))
        if not shown:
            return Chunk(None, self.head, owed=True)
        owed = shown[-1].seq < self.head
        return Chunk(Block(b"".join(pieces)), self.head, len(pieces), owed)

    def count(self, view: View, cursor: int) -> int:
        """How many events after ``cursor`` the view shows."""
        return sum(self._shows(view, envelope) for envelope in self._after(cursor))

    def _after(self, cursor: int) -> Sequence[Envelope]:
        return self._tail[cursor - self.oldest :]

    def _shows(self, view: View, envelope: Envelope) -> bool:
        return not view.filter or view.filter.passes(
            envelope.event, self._players[envelope.seq - self.oldest - 1]
        )
