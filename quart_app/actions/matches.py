"""What staff do with a match. Each gives what it has recorded."""

from __future__ import annotations

from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.perform import perform
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore


async def start_match(
    services: Services,
    tournament_id: int,
    command: StartMatch,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Begin a match that is ready. Raises MatchLocked, MatchNotReady or MatchAlreadyCompleted."""
    return await perform(services, tournament_id, command, actor_id, once=once)


async def update_score(
    services: Services,
    tournament_id: int,
    command: UpdateScore,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Set the score of a live match; the score it has already changes nothing.

    Raises MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or InvalidInput.
    """
    return await perform(services, tournament_id, command, actor_id, once=once)


async def confirm_result(
    services: Services,
    tournament_id: int,
    command: ConfirmResult,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Settle a match and move the bracket, in one transaction.

    Raises MatchDrawn, WinnerDisagrees, MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or
    InvalidInput.
    """
    return await perform(services, tournament_id, command, actor_id, once=once)
