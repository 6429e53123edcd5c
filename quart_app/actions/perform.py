"""The one way to write: load, decide, append, commit, announce."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import reduce

from quart_app.actions.services import Services
from quart_app.domain.commands import Command
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event
from quart_app.domain.tournament import Tournament
from quart_app.errors import LostRace
from quart_app.store import event_log
from quart_app.store.tournaments import Summary

ATTEMPTS = 100
"""Each lost race means that somebody else's write won, so this many losses need this many rivals."""


def summary_of(tournament: Tournament) -> Summary:
    """What the lists of tournaments show of one, kept in step in the transaction of every append."""
    return Summary(tournament.name, tournament.status.value, tournament.visibility)


async def carry_out(
    services: Services, tournament_id: int, command: Command, actor_id: int | None
) -> Tournament:
    """Do what ``command`` wishes, as ``record`` does. Raises what ``decisions.decide`` raises too."""
    now = services.clock()
    return await record(
        services, tournament_id, lambda tournament: decide(tournament, command, now, actor_id), actor_id
    )


async def record(
    services: Services,
    tournament_id: int,
    answer: Callable[[Tournament], Sequence[Event]],
    actor_id: int | None,
) -> Tournament:
    """Append what ``answer`` gives for the newest state, in one transaction, and announce it.

    Gives the tournament after its events. A lost race is answered anew on fresh state. Raises what
    ``answer`` raises, NotFound, and Unavailable when the database is away; then nothing is written.
    """
    for attempt in range(ATTEMPTS):
        # shielded: a caller who hangs up must not cut what is committed off from being announced
        once = services.begin(_once(services, tournament_id, answer, actor_id))
        try:
            return await asyncio.shield(once)
        except LostRace:
            await asyncio.sleep(random.uniform(0, min(0.1, 0.002 * (attempt + 1))))  # noqa: S311 - not a secret
    raise LostRace("Too many people are changing this tournament at once; please try again.")


async def _once(
    services: Services,
    tournament_id: int,
    answer: Callable[[Tournament], Sequence[Event]],
    actor_id: int | None,
) -> Tournament:
    async with services.database.writing() as connection:
        loaded = await services.ledger.load_on(connection, tournament_id)
        events = answer(loaded.tournament)
        if not events:
            return loaded.tournament
        after = reduce(Tournament.apply, events, loaded.tournament)
        envelopes = await event_log.append_events(
            connection,
            tournament_id,
            loaded.tournament.seq,
            events,
            at=services.clock(),
            actor_id=actor_id,
            summary=summary_of(after),
            epoch=loaded.row.epoch,
        )
    services.ledger.keep(loaded.row.epoch, after)
    await services.announce(envelopes)
    return after
