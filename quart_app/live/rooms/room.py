"""A room: one tournament as this worker's subscribers see it.

It follows the tournament's timeline. A subscriber is a cursor into the timeline's tail. ``chunk`` gives the
bytes from a cursor on, and gives the very same bytes object to everyone who asks from the same place: live
events, a resume, ten thousand resumes at once are one code path.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import structlog

from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament
from quart_app.live.streams import frames
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import Chunk, View
from quart_app.live.wires.port import Block
from quart_app.timeline.timeline import Entry, Timeline

CHUNK_BYTES_MAX = 256 * 1024

CHUNKS_KEPT_BYTES_MAX = 8 * 1024 * 1024
"""How much is kept of what was built, until the next event: anybody may ask from every position in turn."""

_BOOKKEEPING_BYTES = 256

log = structlog.stdlib.get_logger(__name__)


class Unrenderable(Exception):
    """A fault of ours, in a template, say; it has been logged."""


class Room:
    """A timeline, and the chunks built from it."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.delivered_events = self.delivered_bytes = 0  # since they were last put into the metrics
        self._frames: dict[int, bytes] = {}
        self._chunks: dict[tuple[View, int, bool], Chunk] = {}
        self._chunks_bytes = 0
        self._wholes: dict[object, bytes] = {}
        self._unrenderable: set[object] = set()

    @property
    def tournament_id(self) -> int:
        """Whose room it is."""
        return self.timeline.id

    @property
    def tournament(self) -> Tournament:
        """The state at the head."""
        return self.timeline.state

    @property
    def epoch(self) -> str:
        """The log's incarnation."""
        return self.timeline.epoch

    @property
    def head(self) -> int:
        """The seq of the newest event."""
        return self.timeline.head

    @property
    def oldest(self) -> int:
        """The least cursor that can still be served."""
        return self.timeline.oldest

    @property
    def position(self) -> Position:
        """The head as a client is told it."""
        return Position(self.epoch, self.head)

    def lacks(self, position: Position) -> bool:
        """Whether somebody there has seen what is not here, as far as we know."""
        return position.epoch != self.epoch or position.seq > self.head

    def grown(self, *, anew: bool = False) -> None:
        """Forget what was built: the timeline has moved on, or with ``anew`` is of another log."""
        self._chunks.clear()
        self._wholes.clear()
        self._unrenderable.clear()
        self._chunks_bytes = 0
        if anew:
            self._frames.clear()

    def chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        """What a subscriber at ``cursor`` (from ``oldest`` to ``head``) gets next.

        ``conflate`` leaves out scores that were overtaken, for somebody who has fallen behind. Fragments are
        always one frame up to the head; JSON comes in pieces of about CHUNK_BYTES_MAX. Raises Unrenderable.
        """
        key = (view, cursor, conflate)
        chunk = self._chunks.get(key)
        if chunk is None:
            with self._rendering(key, view, after=cursor):
                chunk = self._build(view, cursor, conflate)
            if self._chunks_bytes > CHUNKS_KEPT_BYTES_MAX:
                self.grown()
            self._chunks[key] = chunk
            size = len(chunk.block.raw) if chunk.block is not None else 0
            self._chunks_bytes += 2 * size + _BOOKKEEPING_BYTES  # a block holds its bytes twice
        return chunk

    def whole(self, view: View) -> bytes:
        """All that a view's projection shows of the present state, made once until the next event. Raises
        Unrenderable."""
        made = self._wholes.get(view.projection)
        if made is None:
            with self._rendering(view.projection, view):
                made = self._wholes[view.projection] = view.projection.whole(self.epoch, self.tournament)
        return made

    def count(self, view: View, cursor: int) -> int:
        """How many events after ``cursor`` the view shows."""
        entries = self.timeline.after(cursor)
        return sum(map(view.filter.passes, entries)) if view.filter else len(entries)

    @contextlib.contextmanager
    def _rendering(self, what: object, view: View, after: int | None = None) -> Iterator[None]:
        """A fault of ours is logged once, and what it hits not tried again until the next event."""
        if what in self._unrenderable:
            raise Unrenderable
        try:
            yield
        except Exception as error:
            self._unrenderable.add(what)
            log.exception(
                "chunk_failed", tournament_id=self.tournament_id, feed=view.projection.name, after=after
            )
            raise Unrenderable from error

    def _build(self, view: View, cursor: int, conflate: bool) -> Chunk:
        changes = view.projection.changes
        if changes is None:
            return self._log_chunk(view, cursor, conflate)
        return self._fragments_chunk(view, cursor, changes)

    def _fragments_chunk(
        self, view: View, cursor: int, changes: Callable[[Tournament, frozenset[Part]], str]
    ) -> Chunk:
        state = self.tournament
        if view.filter:
            entries = [entry for entry in self.timeline.after(cursor) if view.filter.passes(entry)]
            parts = frozenset[Part]().union(*(entry.parts for entry in entries))
            shown = len(entries)
        else:
            parts = frozenset(part for part, seq in state.revisions.items() if seq > cursor)
            shown = self.head - cursor
        html = changes(state, parts) if parts else ""
        if not html:
            return Chunk(None, self.head, owed=True)
        return Chunk(Block(frames.frame(html, id=str(self.position))), self.head, shown)

    def _log_chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        entries = self.timeline.after(cursor)
        if len(entries) == 1 and not view.filter:  # as nearly always: the frame itself, not a copy of it
            return Chunk(Block(self._frame(entries[0])), self.head, 1)
        shown = [entry for entry in entries if view.filter.passes(entry)] if view.filter else entries
        if conflate:
            shown = frames.conflate(shown)
        pieces: list[bytes] = []
        size = 0
        for entry in shown:
            pieces.append(self._frame(entry))
            size += len(pieces[-1])
            if size >= CHUNK_BYTES_MAX:
                return Chunk(Block(b"".join(pieces)), entry.envelope.seq, len(pieces))
        if not shown:
            return Chunk(None, self.head, owed=True)
        owed = shown[-1].envelope.seq < self.head
        return Chunk(Block(b"".join(pieces)), self.head, len(pieces), owed)

    def _frame(self, entry: Entry) -> bytes:
        """The entry's frame, built when it is first asked for."""
        seq = entry.envelope.seq
        frame = self._frames.get(seq)
        if frame is None:
            frame = self._frames[seq] = frames.encode(entry.envelope)
            if len(self._frames) > 2 * len(self.timeline.tail):
                oldest = self.oldest
                self._frames = {key: kept for key, kept in self._frames.items() if key > oldest}
        return frame
