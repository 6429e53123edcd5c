"""What the conformance suite lets happen on a server, and what its clients must then hold."""

from __future__ import annotations

from functools import reduce

from quart_app.actions.services import Services
from quart_app.actions.writing.perform import perform, summary_of
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event as DomainEvent
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.store.event_log import append_events, select_events
from tests.conformance.sessions import Event
from tests.domain.strategies import at_random, in_order


async def act(services: Services, tournament_id: int, times: int = 6) -> None:
    """Let staff do so many things that happen to a tournament, one after the other."""
    for _ in range(times):
        tournament = (await services.ledger.load(tournament_id)).tournament
        await perform(services, tournament_id, at_random(3)(tournament), None)


async def play_out(services: Services, tournament_id: int) -> None:
    """Play a tournament to its end, and write all of it in one transaction, as nobody could by hand."""
    tournament = (await services.ledger.load(tournament_id)).tournament
    start, events = tournament.seq, list[DomainEvent]()
    now = services.clock()
    while tournament.status is not TournamentStatus.COMPLETED:
        new = decide(tournament, in_order(tournament), now, None)
        tournament = reduce(apply, new, tournament)
        events += new
    async with services.database.writing() as connection:
        envelopes = await append_events(
            connection, tournament_id, start, events, at=now, actor_id=None, summary=summary_of(tournament)
        )
    await services.announce(envelopes)


async def position_of(services: Services, tournament_id: int) -> str:
    """The head of a log, as an id."""
    return (await services.ledger.load(tournament_id)).position


async def log_after(services: Services, tournament_id: int, position: str) -> list[Event]:
    """What the JSON feed has to send to a client at this position."""
    async with services.database.reading() as connection:
        seq = int(position.rpartition("-")[2])
        return [Event.of(envelope) for envelope in await select_events(connection, tournament_id, after=seq)]
