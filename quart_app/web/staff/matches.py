"""The scoring pad: start a match, score it, confirm its result.

The pad's forms are also sent by htmx, which gets the pad back and swaps it in place.
"""

from __future__ import annotations

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions import corrections, matches
from quart_app.domain.bracket.match import Match
from quart_app.errors import NotFound
from quart_app.show.paths import for_staff, match_path, staff_path
from quart_app.show.views.cards import match_view
from quart_app.show.views.staff import pad as staff_views
from quart_app.show.views.staff.pad import Touch
from quart_app.show.views.tournament import header_view
from quart_app.store.event_log import select_events_at
from quart_app.store.staff import ORGANISER, SCORER, StaffRow, select_staff
from quart_app.web.doors.access import (
    actor_id,
    authorise,
    holds_role,
    require_staff,
)
from quart_app.web.doors.context import context
from quart_app.web.doors.following import joined_at, let_in
from quart_app.web.spectators.pages import NO_MATCH
from quart_app.web.staff import correction_forms, forms
from quart_app.web.staff.refusals import Refusal, again, page

blueprint = Blueprint("staff_matches", __name__, url_prefix="/staff")


async def _pad(refusal: Refusal | None, tournament_id: int, match_id: int) -> Response:
    loaded = await context().services.ledger.load(tournament_id)
    match = loaded.tournament.matches.get(match_id)
    if match is None or not match.played:
        raise NotFound(NO_MATCH, instead=staff_path(tournament_id))
    staff = await authorise()
    touch = await _last_touch(tournament_id, match, staff)
    organiser = holds_role(staff.role, ORGANISER)
    pad = staff_views.pad(loaded.tournament, match, touch, staff, organiser=organiser)
    shown = {
        "pad": pad,
        "back": staff_path(tournament_id),
        "tournament_name": loaded.tournament.name,
        "wished": forms.entered_score(refusal.entered) if refusal is not None else None,
    }
    if "HX-Request" in request.headers:
        response = page("staff/fragments/_pad.html", refusal, **shown)
        # The page has this very address: kept, the fragment would be what the Back button shows.
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("HX-Request")
        return response
    response = page(
        "staff/match.html",
        refusal,
        staff=staff,
        header=header_view(loaded.tournament),
        **shown,
        **joined_at(tournament_id, loaded.position, match_id),
    )
    response.vary.add("HX-Request")
    return let_in(context(), response, tournament_id, staff, request.scheme)


@blueprint.get("/tournaments/<int:tournament_id>/matches/<int:match_id>/")
@require_staff(SCORER)
async def get_match(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """The scoring pad of a match; for htmx, the pad alone."""
    return await _pad(None, tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/start/")
@require_staff(SCORER)
@again(_pad)
async def post_start(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Begin the match."""
    command = forms.read_start_match(match_id, await request.form)
    await matches.start_match(context().services, tournament_id, command, await actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/score/")
@require_staff(SCORER)
@again(_pad)
async def post_score(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Set the score."""
    command = forms.read_update_score(match_id, await request.form)
    await matches.update_score(context().services, tournament_id, command, await actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/confirm/")
@require_staff(SCORER)
@again(_pad)
async def post_confirm(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Confirm the result, or record a walkover."""
    command = forms.read_confirm_result(match_id, await request.form)
    await matches.confirm_result(context().services, tournament_id, command, await actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/reopen/")
@require_staff(SCORER)
@again(_pad)
async def post_reopen(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Take a result back, or a start: an organiser anybody's, a scorer what they have just done."""
    own = not holds_role((await authorise()).role, ORGANISER)
    command = correction_forms.read_reopen_match(match_id, await request.form, own=own)
    await corrections.change_result(context().services, tournament_id, command, await actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/void/")
@require_staff(ORGANISER)
@again(_pad)
async def post_void(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Let the match count for nothing."""
    command = correction_forms.read_void_match(match_id, await request.form)
    await corrections.change_result(context().services, tournament_id, command, await actor_id())
    return await _pad_after(tournament_id, match_id)


async def _correction(refusal: Refusal | None, tournament_id: int, match_id: int) -> Response:
    staff = await authorise(ORGANISER)
    tournament = (await context().services.ledger.load(tournament_id)).tournament
    match = tournament.matches.get(match_id)
    if match is None or (match.result is None and refusal is None):
        raise NotFound("This match has no confirmed result that could be corrected.")
    settings = tournament.stage_of(match).settings
    seen: object = match.version
    if refusal is not None and not refusal.overtaken and "seen" not in refusal.problems:
        seen = refusal.entered.get("seen", seen)  # nobody has told them yet what came since
    return page(
        "staff/correction.html",
        refusal,
        staff=staff,
        match=match_view(tournament, match),
        pad_path=_pad_path(tournament_id, match_id),
        seen=seen,
        form=refusal.entered if refusal is not None else correction_forms.write_result(match),
        by_games=bool(match.games),
        for_result=settings.games.result,
        draws=bool(settings.draws),
    )


@blueprint.get("/tournaments/<int:tournament_id>/matches/<int:match_id>/correct/")
@require_staff(ORGANISER)
async def get_correct(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """The form that corrects a confirmed result."""
    return await _correction(None, tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/correct/")
@require_staff(ORGANISER)
@again(_correction)
async def post_correct(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Replace the result; where that reaches further, the form comes back and says how far."""
    command = correction_forms.read_correct_result(match_id, await request.form)
    await corrections.change_result(context().services, tournament_id, command, await actor_id())
    return redirect(_pad_path(tournament_id, match_id), 303)


def _pad_path(tournament_id: int, match_id: int) -> str:
    return for_staff(match_path(tournament_id, match_id))


async def _pad_after(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """The pad after a deed: at once for htmx, else by a redirect, so that a reload does not post again."""
    if "HX-Request" in request.headers:
        return await _pad(None, tournament_id, match_id)
    return redirect(_pad_path(tournament_id, match_id), 303)


async def _last_touch(tournament_id: int, match: Match, viewer: StaffRow) -> Touch | None:
    """The last change of a match: the log's entry at its version says what it was and whose."""
    async with context().services.database.reading() as connection:
        (last,) = await select_events_at(connection, tournament_id, (match.version,))
        by = await select_staff(connection, last.actor_id) if last.actor_id is not None else None
    return staff_views.touch_of(match, last, by, viewer)
