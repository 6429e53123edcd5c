"""What staff do with a match. Each gives the tournament after its events."""

from __future__ import annotations

from quart_app.actions.perform import carry_out
from quart_app.actions.services import Services
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.tournament import Tournament


async def start_match(
    services: Services, tournament_id: int, command: StartMatch, actor_id: int | None
) -> Tournament:
    """Begin a match that is ready. Raises MatchLocked, MatchNotReady or MatchAlreadyCompleted."""
    return await carry_out(services, tournament_id, command, actor_id)


async def update_score(
    services: Services, tournament_id: int, command: UpdateScore, actor_id: int | None
) -> Tournament:
    """Set the score of a live match; the score it has already changes nothing.

    Raises MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or InvalidInput.
    """
    return await carry_out(services, tournament_id, command, actor_id)


async def confirm_result(
    services: Services, tournament_id: int, command: ConfirmResult, actor_id: int | None
) -> Tournament:
    """Settle a match and move the bracket, in one transaction.

    Raises MatchDrawn, WinnerDisagrees, MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or
    InvalidInput.
    """
    return await carry_out(services, tournament_id, command, actor_id)
