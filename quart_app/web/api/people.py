"""Those who take part, over the API: names, substitutes, withdrawals."""

from __future__ import annotations

from quart import Blueprint, Response

from quart_app.actions.people import PeopleCommand, change_participant
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import (
    ReinstateParticipant,
    RenameParticipant,
    ReplaceParticipant,
    WithdrawParticipant,
)
from quart_app.show.snapshot import participant_state
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.staff import ORGANISER
from quart_app.web.answers.bodies import kept_json, read_body
from quart_app.web.api.addresses import PARTICIPANT
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes.people_schema import (
    NewName,
    NewReinstatement,
    NewWithdrawal,
    ParticipantAnswer,
)
from quart_app.web.doors.access import actor_id, require_staff
from quart_app.web.doors.context import context

blueprint = Blueprint("api_people", __name__)


@blueprint.post(f"{PARTICIPANT}rename/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_rename(tournament_id: int, participant_id: int) -> Response:
    """Mend a name."""
    asked = await read_body(NewName)
    return await _change(tournament_id, RenameParticipant(participant_id=participant_id, name=asked.name))


@blueprint.post(f"{PARTICIPANT}replace/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_replace(tournament_id: int, participant_id: int) -> Response:
    """Let somebody else play in a participant's place."""
    asked = await read_body(NewName)
    return await _change(tournament_id, ReplaceParticipant(participant_id=participant_id, name=asked.name))


@blueprint.post(f"{PARTICIPANT}withdraw/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_withdraw(tournament_id: int, participant_id: int) -> Response:
    """Take somebody out."""
    asked = await read_body(NewWithdrawal)
    command = WithdrawParticipant(
        participant_id=participant_id,
        policy=asked.policy,
        reason=asked.reason,
        disqualified=asked.disqualified,
    )
    return await _change(tournament_id, command)


@blueprint.post(f"{PARTICIPANT}reinstate/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_reinstate(tournament_id: int, participant_id: int) -> Response:
    """Let somebody play on."""
    await read_body(NewReinstatement)
    return await _change(tournament_id, ReinstateParticipant(participant_id=participant_id))


async def _change(tournament_id: int, command: PeopleCommand) -> Response:
    def answer(recorded: Recorded) -> KeptAnswer:
        participant = participant_state(recorded.tournament, command.participant_id)
        return kept_json(ParticipantAnswer(participant=participant, position=recorded.position))

    recorded = await change_participant(
        context().services, tournament_id, command, await actor_id(), once=once(answer)
    )
    return answered(answer(recorded))
