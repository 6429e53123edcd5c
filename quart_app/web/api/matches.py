"""A match over the API: start it, set its score, confirm its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from quart import Blueprint, Response

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.services import Services
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.tournament import Tournament
from quart_app.show.snapshot import match_state
from quart_app.web.answers.bodies import json_answer, read_body
from quart_app.web.api import schema as api_schema
from quart_app.web.api.addresses import MATCH
from quart_app.web.doors.access import authorise, require_staff
from quart_app.web.doors.context import context
from quart_app.web.doors.idempotency import idempotent

_Wish = TypeVar("_Wish", StartMatch, UpdateScore, ConfirmResult)


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


async def _change_match(
    action: Callable[[Services, int, _Wish, int | None], Awaitable[Tournament]],
    tournament_id: int,
    wish: _Wish,
) -> Response:
    services, staff = context().services, await authorise()
    loaded = await services.ledger.load(tournament_id)
    after = await action(services, tournament_id, wish, staff.id)
    answer = api_schema.MatchAnswer(
        match=match_state(after, after.matches[wish.match_id]), position=f"{loaded.row.epoch}-{after.seq}"
    )
    return json_answer(answer)
