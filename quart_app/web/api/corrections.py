"""Changes of mind over the API: a result taken back, or replaced."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response

from quart_app.actions import corrections
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import ChangeOfMind
from quart_app.domain.decisions.consequences import Consequence, consequences, outlined, version_of
from quart_app.domain.state.tournament import Tournament
from quart_app.show.snapshot import match_state
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.staff import ORGANISER
from quart_app.web.answers.bodies import json_answer, kept_json, read_body
from quart_app.web.api.addresses import MATCH
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes.correction_schema import (
    AffectedMatch,
    Changed,
    NewCorrection,
    NewReopening,
    NewVoiding,
)
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
    return await _change(tournament_id, wish, preview=asked.preview)


@blueprint.post(f"{MATCH}correct/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_correct(tournament_id: int, match_id: int) -> Response:
    """Replace a confirmed result."""
    asked = await read_body(NewCorrection)
    return await _change(tournament_id, asked.command(match_id), preview=asked.preview)


@blueprint.post(f"{MATCH}void/", strict_slashes=False)
@require_staff(ORGANISER)
@idempotent
async def post_void(tournament_id: int, match_id: int) -> Response:
    """Let a match count for nothing."""
    asked = await read_body(NewVoiding)
    return await _change(tournament_id, asked.command(match_id), preview=asked.preview)


async def _change(tournament_id: int, wish: ChangeOfMind, *, preview: bool) -> Response:
    def answer(recorded: Recorded) -> KeptAnswer:
        after = recorded.tournament
        affected = consequences(recorded.before or after, after, wish.match_id)
        version = after.matches[wish.match_id].version
        return kept_json(_changed(affected, version, after, wish.match_id, recorded.position))

    services, staff_id = context().services, await actor_id()
    if not preview:
        recorded = await corrections.change_result(services, tournament_id, wish, staff_id, once=once(answer))
        return answered(answer(recorded))
    outlook = await corrections.preview(services, tournament_id, wish, staff_id)
    now = outlook.now.tournament
    affected = consequences(now, outlook.after, wish.match_id)
    version = version_of(now, outlook.after, wish.match_id)
    return json_answer(_changed(affected, version, outlook.after, wish.match_id, outlook.now.position))


def _changed(
    affected: tuple[Consequence, ...], version: int, after: Tournament, match_id: int, position: str
) -> Changed:
    return Changed(
        affected=[msgspec.convert(outlined(each), AffectedMatch) for each in affected],
        version=version,
        match=match_state(after, after.matches[match_id]),
        position=position,
    )
