"""Frames: the bytes of Server-Sent Events, built once and shared by every socket.

Format: WHATWG HTML, section 9.2.6 "Interpreting an event stream". UTF-8, LF only, one ``data:`` line for each
line of data, a blank line at the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from quart_app.domain.events import BracketUpdated, Envelope, Event
from quart_app.domain.tournament import Tournament

COMMENT = b":\n\n"
"""What goes out after silence: keeps proxies and clients from taking the stream for dead."""

CONFLATED = "score_updated"
"""The one event of which only the newest a match matters to somebody who is behind."""


def frame(
    data: str | bytes | None = None,
    *,
    event: str | None = None,
    id: str | None = None,
    retry_ms: int | None = None,
) -> bytes:
    """One block of the stream. Without ``data`` it only moves the client's last event id (or retry)."""
    lines = []
    if id is not None:
        lines.append(b"id: " + id.encode())
    if event is not None:
        lines.append(b"event: " + event.encode())
    if retry_ms is not None:
        lines.append(b"retry: %d" % retry_ms)
    if data is not None:
        raw = data.encode() if isinstance(data, str) else data
        # splitlines() would also split at characters that end no line in an event stream
        lines += [b"data: " + line for line in raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")]
    return b"\n".join(lines) + b"\n\n"


def notice(
    event: str, data: Mapping[str, Any], *, id: str | None = None, retry_ms: int | None = None
) -> bytes:
    """A named frame that is not of the log: ``{"type": event, "data": {…}}``."""
    return frame(msgspec.json.encode({"type": event, "data": data}), event=event, id=id, retry_ms=retry_ms)


def encode(envelope: Envelope) -> bytes:
    """The JSON frame of a logged event; its ``data`` is the log's own bytes."""
    kind = envelope.event.type
    return frame(b'{"type":"%s","data":%s}' % (kind.encode(), envelope.data), event=kind, id=envelope.id)


def retry_ms(seconds: float) -> int:
    """What to tell one client to wait before it reconnects, in milliseconds: spread around ``seconds``."""
    return int(seconds * random.uniform(500, 1500))  # noqa: S311 - spreads reconnects, no secret


def rfc3339_seconds(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC with ``Z``, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Render = Callable[[Tournament, Sequence[Event]], str]
"""What turns the newest state and the events since some position into HTML fragments."""


def conflate(envelopes: Sequence[Envelope]) -> list[Envelope]:
    """The same events less every ``score_updated`` that a later one of its match has overtaken."""
    newest: dict[int, int] = {}
    for envelope in envelopes:
        if envelope.event.type == CONFLATED:
            newest[match_of(envelope.event)] = envelope.seq
    return [
        envelope
        for envelope in envelopes
        if envelope.event.type != CONFLATED or newest[match_of(envelope.event)] == envelope.seq
    ]


def match_of(event: Event) -> int:
    """The match an event of play is about, 0 for any other."""
    return getattr(event, "match_id", 0)


def matches_of(event: Event) -> frozenset[int]:
    """Every match that an event is about."""
    if isinstance(event, BracketUpdated):
        return frozenset(event.updated_nodes)
    match_id = match_of(event)
    return frozenset((match_id,)) if match_id else frozenset()
