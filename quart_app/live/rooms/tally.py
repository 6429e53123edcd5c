"""What the metrics and the log are told of streams: who came, what they were brought, and why they went."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import structlog

from quart_app.live.rooms.audience import Audience
from quart_app.live.streams.join import End
from quart_app.live.streams.subscriber import Subscriber
from quart_app.telemetry import Metrics

log = structlog.stdlib.get_logger(__name__)


class Tally:
    """Counts the streams of a worker."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def opened(self, outcome: str) -> None:
        """A stream has begun; ``outcome`` is what became of its position."""
        self._metrics.subscribers.inc()
        self._metrics.resumes.labels(outcome).inc()

    def closed(self, audience: Audience, subscriber: Subscriber) -> None:
        """A stream has ended."""
        reason = (subscriber.end or End.CLIENT).reason
        events, size = subscriber.counted
        self._metrics.subscribers.dec()
        self._metrics.closes.labels(reason).inc()
        self._delivered(audience)
        log.info(
            "feed_closed",
            reason=reason,
            tournament_id=subscriber.join.tournament_id,
            feed=subscriber.view.projection.name,
            events=events,
            bytes=size,
            seconds=round(time.monotonic() - subscriber.opened, 3),
        )

    def passed(self, audience: Audience) -> None:
        """Everyone who could be was brought what was new."""
        self._delivered(audience)
        now = datetime.now(UTC)
        for at in audience.undelivered:
            self._metrics.commit_to_socket.observe(
                max(0.0, (now - datetime.fromisoformat(at)).total_seconds())
            )
        audience.undelivered.clear()

    def _delivered(self, audience: Audience) -> None:
        room = audience.room
        self._metrics.deliveries.inc(room.delivered_events)
        self._metrics.delivered_bytes.inc(room.delivered_bytes)
        room.delivered_events = room.delivered_bytes = 0
