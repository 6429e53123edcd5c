"""What an organiser does with a tournament. Each gives the tournament after its events."""

from __future__ import annotations

import secrets
from functools import reduce

from quart_app.actions.perform import carry_out, summary_of
from quart_app.actions.services import Services
from quart_app.domain.commands import (
    ChangeVisibility,
    Command,
    CreateTournament,
    GenerateBracket,
    RegisterParticipants,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event
from quart_app.domain.tournament import Tournament
from quart_app.store import event_log, tournaments


def new_epoch() -> str:
    """A random name for one incarnation of a log: an id of another one can never be mistaken for ours."""
    return secrets.token_hex(4)


async def create_tournament(
    services: Services,
    command: CreateTournament,
    actor_id: int | None,
    *,
    generate: bool = False,
    epoch: str | None = None,
) -> Tournament:
    """Open a tournament with its entrants, and with ``generate`` build its bracket at once.

    ``epoch`` names its log, for a caller who has to know it; without one a name is made. Raises InvalidInput
    with every problem; then nothing is created.
    """
    now = services.clock()
    steps: tuple[Command, ...] = (command, GenerateBracket()) if generate else (command,)
    epoch = epoch or new_epoch()
    async with services.database.writing() as connection:
        tournament_id = await tournaments.insert_tournament(connection, epoch=epoch, at=now)
        tournament = Tournament(tournament_id)
        log: list[Event] = []
        for step in steps:
            events = decide(tournament, step, now, actor_id)
            tournament = reduce(Tournament.apply, events, tournament)
            log += events
        envelopes = await event_log.append_events(
            connection, tournament_id, 0, log, at=now, actor_id=actor_id, summary=summary_of(tournament)
        )
    services.ledger.keep(epoch, tournament)
    await services.announce(envelopes)
    return tournament


async def register_participants(
    services: Services, tournament_id: int, command: RegisterParticipants, actor_id: int | None
) -> Tournament:
    """Replace the list of entrants. Raises InvalidInput, or BracketExists once the bracket is generated."""
    return await carry_out(services, tournament_id, command, actor_id)


async def generate_bracket(
    services: Services, tournament_id: int, command: GenerateBracket, actor_id: int | None
) -> Tournament:
    """Fix the draw and build the bracket. Raises BracketExists the second time."""
    return await carry_out(services, tournament_id, command, actor_id)


async def change_visibility(
    services: Services, tournament_id: int, command: ChangeVisibility, actor_id: int | None
) -> Tournament:
    """Make it public or private; going private ends the spectators' streams. Raises InvalidInput."""
    return await carry_out(services, tournament_id, command, actor_id)
