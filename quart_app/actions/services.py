"""What every use case works with; ``app.create_app`` puts it together, tests do as they like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from quart_app.domain.events import Envelope
from quart_app.live.bus.port import Bus
from quart_app.store.database.engine import Database
from quart_app.timeline.ledger import Ledger

_T = TypeVar("_T")


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

    def begin(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """A task that goes on when its caller hangs up, that the app waits for when it stops, and whose error
        nobody has to be there to see."""
        task = asyncio.create_task(work)

        def finish(done: asyncio.Task[_T]) -> None:
            self.underway.discard(done)
            if not done.cancelled():
                done.exception()

        self.underway.add(task)
        task.add_done_callback(finish)
        return task

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Tell everyone of what is committed. Never raises: the bus is a hint.

        With it goes the event before, which shows that nothing in between was lost, by a listener or by the
        log: who has missed a single event needs not read, and who knows another event has to.
        """
        self.count(len(envelopes))
        await self.bus.announce((*self.ledger.before(envelopes), *envelopes))
