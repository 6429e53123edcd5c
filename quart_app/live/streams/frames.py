"""Frames: the bytes of Server-Sent Events, built once and shared by every socket.

Format: WHATWG HTML, section 9.2.6 "Interpreting an event stream". UTF-8, LF only, one ``data:`` line for each
line of data, a blank line at the end.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from quart_app.domain.events import Envelope
from quart_app.timeline.timeline import Entry

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


def breaking_silence(untold: str | None) -> bytes:
    """What tells a client that the stream lives: the id that it is still to be told, or a comment."""
    return COMMENT if untold is None else frame(id=untold)


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


def conflate(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries less every ``score_updated`` that a later one of its match has overtaken."""
    newest = {entry.envelope.event.about: entry for entry in entries if _conflated(entry)}
    return [
        entry for entry in entries if not _conflated(entry) or newest[entry.envelope.event.about] is entry
    ]


def _conflated(entry: Entry) -> bool:
    return entry.envelope.event.type == CONFLATED
