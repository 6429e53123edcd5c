"""What staff take back or set right. Each gives what it has recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.perform import perform
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import CASCADE, ChangeOfMind
from quart_app.domain.decisions import decide
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament
from quart_app.timeline.vantage import Vantage


@dataclass(frozen=True, slots=True)
class Outlook:
    """A change of mind that nobody has carried out: what it was decided on, and what would come of it."""

    now: Vantage
    after: Tournament


async def change_result(
    services: Services,
    tournament_id: int,
    command: ChangeOfMind,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Take a result back or a start, or replace a result, in one transaction with all that this takes back.

    Raises MatchUnconfirmed, ResultsAffected, VersionConflict, UndoRefused, ParticipantConflict, InvalidInput,
    and what ``confirm_result`` raises.
    """
    return await perform(services, tournament_id, command, actor_id, once=once)


async def preview(
    services: Services, tournament_id: int, command: ChangeOfMind, actor_id: int | None
) -> Outlook:
    """What the command would do with all its consequences: the very events of the deed, not appended.

    Raises what the deed would raise, but for ResultsAffected.
    """
    now = await services.ledger.load(tournament_id)
    told = decide(now.tournament, replace(command, policy=CASCADE), services.clock(), actor_id)
    return Outlook(now, reduce(apply, told, now.tournament))
