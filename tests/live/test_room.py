"""A room's memory: what is built for one position is shared, and never piles up."""

from __future__ import annotations

from quart_app.domain.events import Envelope, decode_event
from quart_app.live.rooms import room as rooms
from quart_app.live.rooms.room import Room
from quart_app.live.streams.views import Filter, view_of
from quart_app.show.projections import JSON
from quart_app.timeline.timeline import Timeline


def log_of(events: int) -> list[Envelope]:
    """A log that is one tournament and then many a change of who may watch."""
    created = (
        b'{"tournament_id":1,"name":"Cup","format":"single_elimination","seeding":"standard",'
        b'"third_place":false,"visibility":"public","created_at":"2026-07-01T12:00:00.000Z"}'
    )
    changed = b'{"tournament_id":1,"visibility":"public","changed_at":"2026-07-01T12:00:00.000Z"}'
    written = [("tournament_created", created), *[("visibility_changed", changed)] * (events - 1)]
    return [
        Envelope(
            tournament_id=1,
            epoch="e",
            seq=seq,
            event=decode_event(kind, 1, data),
            data=data,
            at="2026-07-01T12:00:00.000Z",
            actor_id=None,
        )
        for seq, (kind, data) in enumerate(written, 1)
    ]


def room_of(log: list[Envelope]) -> Room:
    """The room of a timeline that holds this log."""
    timeline = Timeline(1, 10_000)
    timeline.begin("e", log)
    return Room(timeline)


def test_asking_from_every_position_costs_no_more_than_is_kept() -> None:
    """A finished tournament gets no further event that would clear what was built."""
    most = rooms.CHUNKS_KEPT_BYTES_MAX + 2 * rooms.CHUNK_BYTES_MAX + 4096  # one over, frames not cut
    room = room_of(log_of(3000))
    view = view_of(JSON, Filter())
    for cursor in range(3000):
        room.chunk(view, cursor, conflate=False)
    kept = [chunk.block for chunk in room._chunks.values() if chunk.block is not None]
    assert sum(len(block.raw) + len(block.chunk) for block in kept) <= most


def test_the_same_place_gives_the_same_bytes() -> None:
    """Ten thousand who come back to one place share one block, and one whole state."""
    room = room_of(log_of(10))
    view = view_of(JSON, Filter())
    assert room.chunk(view, 3, conflate=False).block is room.chunk(view, 3, conflate=False).block
    assert room.whole(view) is room.whole(view)
