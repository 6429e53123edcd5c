"""What an organiser does about those who take part. Each gives what it has recorded."""

from __future__ import annotations

from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.perform import perform
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import (
    ReinstateParticipant,
    RenameParticipant,
    ReplaceParticipant,
    WithdrawParticipant,
)

PeopleCommand = RenameParticipant | ReplaceParticipant | WithdrawParticipant | ReinstateParticipant
"""A wish about somebody who takes part."""


async def change_participant(
    services: Services,
    tournament_id: int,
    command: PeopleCommand,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Rename, replace, withdraw or reinstate somebody, with all that follows for their matches.

    Raises NotFound, ParticipantConflict or InvalidInput.
    """
    return await perform(services, tournament_id, command, actor_id, once=once)
