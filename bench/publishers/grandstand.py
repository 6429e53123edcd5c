"""Sends events to this project as another worker would: real actions on the same database and Redis.

    python -m bench.publishers.grandstand DATABASE_URL REDIS_URL MATCH_ID TOURNAMENT_ID… --first …
    (see Order)

The events take turns at the tournaments. An event is stamped when it is given to the bus, after its commit,
as the peers' events are stamped when they are given to Redis: this compares the delivery, not the databases.
(``python -m bench post`` measures the whole way from a form post.) For a burst all events are committed
first, and then announced one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bench.publishing import Order, Stamps
from quart_app.actions.matches import update_score
from quart_app.actions.services import Services
from quart_app.domain.commands import UpdateScore
from quart_app.domain.events import Envelope, ScoreUpdated
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import RedisBus
from quart_app.store.database.engine import Database
from quart_app.timeline.ledger import Ledger

NOBODY = 0
"""No member of staff has this id."""


class StampingBus(RedisBus):
    """The bus of Redis, which stamps what it announces; while ``holding`` it keeps that back."""

    def __init__(self, url: str, stamps: Stamps, *, holding: bool) -> None:
        super().__init__(url)
        self._stamps = stamps
        self._holding = holding
        self._held: list[Envelope] = []

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Stamp and announce, or keep: the last, as what stands before it is known already."""
        if self._holding:
            self._held += envelopes[-1:]
            return
        for envelope in envelopes[-1:]:
            if isinstance(envelope.event, ScoreUpdated):
                self._stamps.stamp(envelope.event.participant1_score)
        await super().announce(envelopes)

    async def announce_next(self) -> None:
        """Announce the first event that was kept."""
        self._holding = False
        await self.announce((self._held.pop(0),))


async def main() -> None:
    """Carry out the order on the command line."""
    order = Order.from_arguments()
    database_url, redis_url, match_id, *tournaments = order.targets
    tournament_ids = [int(each) for each in tournaments]
    burst = order.rate == 0
    database = Database(database_url)
    bus = StampingBus(redis_url, order.stamps, holding=burst)
    services = Services(database, bus, Ledger(database))

    async def score(number: int) -> None:
        tournament_id = tournament_ids[(number - order.first) % len(tournament_ids)]
        command = UpdateScore(match_id=int(match_id), participant1_score=number, participant2_score=0)
        await update_score(services, tournament_id, command, None)

    async def announce(number: int) -> None:
        await bus.announce_next()

    if burst:
        for number in range(order.first, order.first + order.events):
            await score(number)
    else:
        for tournament_id in tournament_ids:
            await services.ledger.load(tournament_id)
    await bus.notify(StaffChanged(staff_id=NOBODY))  # connects, as the first thing that is announced would
    await order.perform(announce if burst else score, stamp=False)
    await bus.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
