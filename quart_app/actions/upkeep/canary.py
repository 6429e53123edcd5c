"""The canary's log: a tournament of the server's own, written to for no other reason than to see it arrive.

Its id is below 0, so no list, page or feed of anybody's ever shows it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from quart_app.actions.services import Services
from quart_app.actions.writing.perform import record, summary_of
from quart_app.domain.commands import PRIVATE
from quart_app.domain.events import TournamentCreated, VisibilityChanged, rfc3339
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament
from quart_app.store import event_log, tournaments
from quart_app.timeline.ledger import new_epoch

STALE_AFTER = timedelta(hours=1)


async def hatch(services: Services) -> int:
    """Begin a canary's log and give its id; those of workers that are long gone are deleted."""
    now = services.clock()
    canary_id = -1 - secrets.randbelow(2**31 - 1)
    created = TournamentCreated(
        tournament_id=canary_id,
        name="canary",
        format="single_elimination",
        seeding="standard",
        third_place=False,
        visibility=PRIVATE,
        created_at=rfc3339(now),
    )
    async with services.database.writing() as connection:
        await tournaments.delete_own_tournaments(connection, before=now - STALE_AFTER)
        await tournaments.insert_tournament(connection, epoch=new_epoch(), at=now, tournament_id=canary_id)
        summary = summary_of(apply(Tournament(canary_id), created))
        await event_log.append_events(
            connection, canary_id, 0, (created,), at=now, actor_id=None, summary=summary
        )
    return canary_id


async def sing(services: Services, canary_id: int) -> int:
    """Append one more event, commit and announce it; gives its seq."""
    note = VisibilityChanged(
        tournament_id=canary_id, visibility=PRIVATE, changed_at=rfc3339(services.clock())
    )
    return (await record(services, canary_id, lambda _: (note,), None)).tournament.seq
