"""What an organiser does with a tournament. Each gives what it has recorded."""

from __future__ import annotations

import asyncio
from functools import reduce

from quart_app.actions.services import Services
from quart_app.actions.stages import shuffled
from quart_app.actions.writing.idempotency import Once, claim, fulfil
from quart_app.actions.writing.perform import perform, summary_of, tell
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import (
    ArchiveTournament,
    CancelTournament,
    ChangeVisibility,
    Command,
    CreateTournament,
    DeleteTournament,
    DrawAgain,
    GenerateBracket,
    PostponeTournament,
    RegisterParticipants,
    ResumeTournament,
    SwapInDraw,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event
from quart_app.domain.fold import apply
from quart_app.domain.rules import PARTICIPANTS_MAX
from quart_app.domain.state.tournament import Tournament
from quart_app.store import event_log, tournaments
from quart_app.timeline.ledger import new_epoch

StandingCommand = (
    PostponeTournament | CancelTournament | ResumeTournament | ArchiveTournament | DeleteTournament
)
"""A wish about the tournament as a whole."""


async def create_tournament(
    services: Services,
    command: CreateTournament,
    actor_id: int | None,
    *,
    generate: bool = False,
    once: Once | None = None,
) -> Recorded:
    """Open a tournament with its entrants, and with ``generate`` build its bracket at once.

    Raises InvalidInput with every problem; then nothing is created. With ``once`` as ``perform.record``.
    """
    # shielded: a caller who hangs up must not cut what is committed off from being announced
    return await asyncio.shield(services.begin(_create(services, command, actor_id, generate, once)))


async def _create(
    services: Services, command: CreateTournament, actor_id: int | None, generate: bool, once: Once | None
) -> Recorded:
    now = services.clock()
    steps: tuple[Command, ...] = (command, GenerateBracket()) if generate else (command,)
    epoch = new_epoch()
    async with services.database.writing() as connection:
        if once is not None:
            await claim(connection, once, now)
        tournament_id = await tournaments.insert_tournament(connection, epoch=epoch, at=now)
        tournament = Tournament(tournament_id)
        log: list[Event] = []
        for step in steps:
            events = decide(tournament, step, now, actor_id)
            tournament = reduce(apply, events, tournament)
            log += events
        envelopes = await event_log.append_events(
            connection, tournament_id, 0, log, at=now, actor_id=actor_id, summary=summary_of(tournament)
        )
        recorded = Recorded(epoch, tournament, envelopes)
        if once is not None:
            await fulfil(connection, once, recorded)
    await tell(services, recorded)
    return recorded


async def register_participants(
    services: Services, tournament_id: int, command: RegisterParticipants, actor_id: int | None
) -> Recorded:
    """Replace the list of entrants. Raises InvalidInput, or BracketExists once the bracket is generated."""
    return await perform(services, tournament_id, command, actor_id)


async def generate_bracket(
    services: Services, tournament_id: int, command: GenerateBracket, actor_id: int | None
) -> Recorded:
    """Draw and build the bracket. Raises BracketExists the second time."""
    return await perform(services, tournament_id, command, actor_id)


async def change_visibility(
    services: Services, tournament_id: int, command: ChangeVisibility, actor_id: int | None
) -> Recorded:
    """Make it public or private; going private ends the spectators' streams. Raises InvalidInput."""
    return await perform(services, tournament_id, command, actor_id)


async def change_draw(
    services: Services,
    tournament_id: int,
    command: SwapInDraw | DrawAgain,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Let two change places in the draw, or draw it anew. Raises DrawFixed, NotFound, Conflict or
    InvalidInput."""
    return await perform(services, tournament_id, command, actor_id, once=once)


async def change_standing(
    services: Services,
    tournament_id: int,
    command: StandingCommand,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Postpone, cancel, resume, archive or delete it. Raises TournamentHeld, BracketExists or
    InvalidInput."""
    return await perform(services, tournament_id, command, actor_id, once=once)


def lots() -> tuple[int, ...]:
    """Lots for as many as a draw can hold, drawn by the server."""
    return shuffled(range(PARTICIPANTS_MAX))
