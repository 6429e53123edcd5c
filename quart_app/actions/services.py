"""What every use case works with; ``app.create_app`` puts it together, tests do as they like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quart_app.actions.ledger import Ledger
from quart_app.domain.events import Envelope
from quart_app.live.bus import Bus
from quart_app.store.engine import Database


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def _count_nothing(appended: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Services:
    """The database, the bus, the folded tournaments, and the clock.

    ``count`` hears how much was appended; ``underway`` are the writes that have begun, to be waited for
    before the database is closed.
    """

    database: Database
    bus: Bus
    ledger: Ledger
    clock: Callable[[], datetime] = utc_now
    count: Callable[[int], None] = _count_nothing
    underway: set[asyncio.Future[Any]] = field(default_factory=set)

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Tell everyone of what is committed. Never raises: the bus is a hint."""
        self.count(len(envelopes))
        await self.bus.announce(envelopes)
