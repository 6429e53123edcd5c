"""A match over the API: start it, set its score, confirm its result."""

from __future__ import annotations

from typing import Protocol, TypeVar

from quart import Blueprint, Response

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.show.snapshot import match_state
from quart_app.store.idempotency import KeptAnswer
from quart_app.web.answers.bodies import kept_json, read_body
from quart_app.web.api.addresses import MATCH
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes import schema as api_schema
from quart_app.web.doors.access import actor_id, require_staff
from quart_app.web.doors.context import context

_Wish = TypeVar("_Wish", StartMatch, UpdateScore, ConfirmResult, contravariant=True)


class _Action(Protocol[_Wish]):
    async def __call__(
        self,
        services: Services,
        tournament_id: int,
        command: _Wish,
        actor_id: int | None,
        *,
        once: Once | None = None,
    ) -> Recorded: ...


blueprint = Blueprint("api_matches", __name__)


@blueprint.post(f"{MATCH}start/", strict_slashes=False)
@require_staff()
@idempotent
async def post_start(tournament_id: int, match_id: int) -> Response:
    """Start a match."""
    wish = (await read_body(api_schema.NewMatchStart)).command(match_id)
    return await _change_match(start_match, tournament_id, wish)


@blueprint.post(f"{MATCH}score/", strict_slashes=False)
@require_staff()
@idempotent
async def post_score(tournament_id: int, match_id: int) -> Response:
    """Set the score of a live match."""
    wish = (await read_body(api_schema.NewScore)).command(match_id)
    return await _change_match(update_score, tournament_id, wish)


@blueprint.post(f"{MATCH}confirm/", strict_slashes=False)
@require_staff()
@idempotent
async def post_confirm(tournament_id: int, match_id: int) -> Response:
    """Confirm the result of a match."""
    wish = (await read_body(api_schema.NewResult)).command(match_id)
    return await _change_match(confirm_result, tournament_id, wish)


async def _change_match(action: _Action[_Wish], tournament_id: int, wish: _Wish) -> Response:
    def answer(recorded: Recorded) -> KeptAnswer:
        after = recorded.tournament
        match = match_state(after, after.matches[wish.match_id])
        return kept_json(api_schema.MatchAnswer(match=match, position=recorded.position))

    staff_id = await actor_id()
    recorded = await action(context().services, tournament_id, wish, staff_id, once=once(answer))
    return answered(answer(recorded))
