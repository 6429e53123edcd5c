"""Changes of mind over the API: a result taken back, or replaced."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from quart import Blueprint, Response

from quart_app.actions import corrections
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import CorrectResult, ReopenMatch
from quart_app.domain.decisions.corrections import consequences, outlined, version_of
from quart_app.domain.state.tournament import Tournament
from quart_app.show.snapshot import match_state
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.staff import ORGANISER
from quart_app.web.answers.bodies import json_answer, kept_json, read_body
from quart_app.web.api.addresses import MATCH
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes.correction_schema import AffectedMatch, Changed, NewCorrection, NewReopening
from quart_app.web.doors.access import actor_id, authorise, holds_role, require_staff
from quart_app.web.doors.context import context

blueprint = Blueprint("api_corrections", __name__)


@blueprint.post(f"{MATCH}reopen/", strict_slashes=False)
@require_staff()
@idempotent
async def post_reopen(tournament_id: int, match_id: int) -> Response:
    """Take a result back, or a start: an organiser anybody's, a scorer their own."""
    asked = await read_body(NewReopening)
    wish = asked.command(match_id, own=not holds_role((await authorise()).role, ORGANISER))
    if asked.preview:
        return await _preview(tournament_id, wish)
    recorded = await corrections.reopen_match(
        context().services, tournament_id, wish, await actor_id(), once=once(_answer_to(match_id))
    )
    return answered(_answer_to(match_id)(recorded))


@blueprint.post(f"{MATCH}correct/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_correct(tournament_id: int, match_id: int) -> Response:
    """Replace a confirmed result."""
    asked = await read_body(NewCorrection)
    wish = asked.command(match_id)
    if asked.preview:
        return await _preview(tournament_id, wish)
    recorded = await corrections.correct_result(
        context().services, tournament_id, wish, await actor_id(), once=once(_answer_to(match_id))
    )
    return answered(_answer_to(match_id)(recorded))


async def _preview(tournament_id: int, wish: ReopenMatch | CorrectResult) -> Response:
    outlook = await corrections.preview(context().services, tournament_id, wish, await actor_id())
    now = outlook.now.tournament
    affected = consequences(now, outlook.after, wish.match_id)
    version = version_of(now.matches[wish.match_id], affected)
    return json_answer(_changed(now, outlook.after, wish.match_id, version, outlook.now.position))


def _answer_to(match_id: int) -> Callable[[Recorded], KeptAnswer]:
    def answer(recorded: Recorded) -> KeptAnswer:
        after = recorded.tournament
        before = recorded.before or after
        version = after.matches[match_id].version
        return kept_json(_changed(before, after, match_id, version, recorded.position))

    return answer


def _changed(before: Tournament, after: Tournament, match_id: int, version: int, position: str) -> Changed:
    return Changed(
        affected=[
            msgspec.convert(outlined(each), AffectedMatch) for each in consequences(before, after, match_id)
        ],
        version=version,
        match=match_state(after, after.matches[match_id]),
        position=position,
    )
