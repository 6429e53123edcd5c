"""The one way to write: load, decide, append, commit, announce."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from functools import reduce

from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once, claim, fulfil
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import Command
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.errors import LostRace
from quart_app.store import event_log
from quart_app.store.tournaments import ARCHIVED, DELETED, Summary
from quart_app.timeline.ledger import Diverged
from quart_app.timeline.timeline import Gap

ATTEMPTS = 100
"""Each lost race means that somebody else's write won, so this many losses need this many rivals."""


def summary_of(tournament: Tournament) -> Summary:
    """What the lists of tournaments show of one, kept in step in the transaction of every append."""
    draft = tournament.progress is TournamentStatus.DRAFT  # whatever is said of it, it is on no public list
    status = tournament.progress if draft else tournament.status
    standing = DELETED if tournament.deleted else ARCHIVED if tournament.archived else status.value
    return Summary(tournament.name, standing, tournament.visibility)


async def perform(
    services: Services,
    tournament_id: int,
    command: Command,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Do what ``command`` wishes, as ``record`` does. Raises what ``decisions.decide`` raises too."""
    now = services.clock()

    def answer(tournament: Tournament) -> Sequence[Event]:
        return decide(tournament, command, now, actor_id)

    return await record(services, tournament_id, answer, actor_id, once=once)


async def record(
    services: Services,
    tournament_id: int,
    answer: Callable[[Tournament], Sequence[Event]],
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Append what ``answer`` gives for the newest state, in one transaction, and announce it.

    A lost race is answered anew on fresh state. Raises what ``answer`` raises, NotFound, and Unavailable when
    the database is away; then nothing is written. With ``once`` it is done once however often it is asked:
    raises Repeated, and IdempotencyKeyReused, as ``idempotency.claim`` does.
    """
    for attempt in range(ATTEMPTS):
        # shielded: a caller who hangs up must not cut what is committed off from being announced
        trial = services.begin(_try(services, tournament_id, answer, actor_id, once))
        try:
            return await asyncio.shield(trial)
        except Diverged:
            await services.ledger.load(tournament_id)
        except LostRace:
            await asyncio.sleep(random.uniform(0, min(0.1, 0.002 * (attempt + 1))))  # noqa: S311 - not a secret
    raise LostRace("Too many people are changing this tournament at once; please try again.")


async def _try(
    services: Services,
    tournament_id: int,
    answer: Callable[[Tournament], Sequence[Event]],
    actor_id: int | None,
    once: Once | None,
) -> Recorded:
    async with services.database.writing() as connection:
        if once is not None:
            await claim(connection, once, services.clock())
        before = await services.ledger.load_on(connection, tournament_id)
        events = answer(before.tournament)
        after = reduce(apply, events, before.tournament)
        envelopes = await event_log.append_events(
            connection,
            tournament_id,
            before.tournament.seq,
            events,
            at=services.clock(),
            actor_id=actor_id,
            summary=summary_of(after),
            epoch=before.epoch,
        )
        recorded = Recorded(before.epoch, after, envelopes, before.tournament)
        if once is not None:
            await fulfil(connection, once, recorded)
    await tell(services, recorded)
    return recorded


async def tell(services: Services, recorded: Recorded) -> None:
    """Let everyone know of what has been committed, this worker's own timeline first. Never raises."""
    with contextlib.suppress(Gap):  # somebody else's event in between is read soon
        services.ledger.take_in(recorded.envelopes)
    await services.announce(recorded.envelopes)
