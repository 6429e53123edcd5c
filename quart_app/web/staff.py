"""The staff's pages: signing in, making a tournament, and scoring its matches.

Every form works as a plain POST, answered by a redirect; the pad's forms are also sent by htmx, which gets
the pad back and swaps it in place. A refused form comes back with all that was entered in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions import matches, tournaments
from quart_app.actions.staff import authenticate
from quart_app.auth.sessions import sign_in, sign_out
from quart_app.domain.bracket import Match
from quart_app.domain.commands import GenerateBracket
from quart_app.domain.tournament import TournamentStatus
from quart_app.errors import (
    AppError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from quart_app.store.event_log import select_events
from quart_app.store.staff import ORGANISER, SCORER, StaffRow, select_staff
from quart_app.store.tournaments import select_tournaments
from quart_app.web import forms, staff_views
from quart_app.web.access import (
    authorise,
    client_address,
    current_staff,
    holds_role,
    local_path,
    login_lasts,
    require_staff,
)
from quart_app.web.context import context
from quart_app.web.following import joined_at, let_in
from quart_app.web.page_views import listed
from quart_app.web.pages import listed_with_progress
from quart_app.web.staff_views import Refusal, Touch
from quart_app.web.templating import render
from quart_app.web.views import header_view

blueprint = Blueprint("staff", __name__, url_prefix="/staff")

FINISHED_MAX = 50
UNFINISHED_MAX = 200

_P = ParamSpec("_P")
_View = Callable[_P, Awaitable[ResponseReturnValue]]


def again(
    render_form: Callable[Concatenate[Refusal, _P], Awaitable[ResponseReturnValue]],
    *refused_by: type[AppError],
) -> Callable[[_View[_P]], _View[_P]]:
    """Answer a form that the view refuses with the form itself, which ``render_form`` renders."""

    refusals: tuple[type[AppError], ...] = (InvalidInput, Conflict, *refused_by)

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        async def answered(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            try:
                return await view(*args, **kwargs)
            except refusals as error:
                return await render_form(Refusal(error, await request.form), *args, **kwargs)

        return answered

    return decorate


async def _login_page(refusal: Refusal | None) -> Response:
    entered: Mapping[str, str] = refusal.entered if refusal is not None else request.args
    return _page(
        "staff/login.html",
        refusal,
        name=entered.get("name", "") if refusal is not None else "",
        next=local_path(entered.get("next")),
        lasts=login_lasts(),
        unsaved="unsaved" in request.args,
    )


async def _create_page(refusal: Refusal | None) -> Response:
    staff = await authorise(ORGANISER)
    defaults = {"name": "", "participants": "", "seeding": "", "third_place": "", "visibility": ""}
    form = defaults | dict(refusal.entered if refusal is not None else {})
    count = forms.count_entrants(form["participants"])
    return _page("staff/create.html", refusal, staff=staff, form=form, count=count)


async def _tournament_page(refusal: Refusal | None, tournament_id: int) -> Response:
    loaded = await context().services.ledger.load(tournament_id)
    tournament, staff = loaded.tournament, await authorise()
    entered = refusal.entered if refusal is not None else {}
    participants = entered.get("participants", forms.write_entrants(tournament.entrants))
    draft = tournament.status is TournamentStatus.DRAFT
    response = _page(
        "staff/tournament.html",
        refusal,
        staff=staff,
        organiser=holds_role(staff.role, ORGANISER),
        header=header_view(tournament),
        seq=tournament.seq,
        seeding=tournament.seeding,
        third_place=tournament.third_place,
        draw=staff_views.first_round(tournament.entrants, tournament.seeding) if draft else (),
        participants=participants,
        count=forms.count_entrants(participants),
        lists=staff_views.match_lists(tournament),
        **joined_at(loaded.row.id, loaded.position),
    )
    return let_in(context(), response, loaded.row.id, staff, request.scheme)


async def _pad(refusal: Refusal | None, tournament_id: int, match_id: int) -> Response:
    loaded = await context().services.ledger.load(tournament_id)
    match = loaded.tournament.matches.get(match_id)
    if match is None or not match.played:
        raise NotFound("There is no such match to be played.")
    staff = await authorise()
    pad = staff_views.pad(loaded.tournament, match, await _last_touch(tournament_id, match, staff))
    shown = {"pad": pad, "back": _tournament_path(tournament_id), "tournament_name": loaded.row.name}
    if "HX-Request" in request.headers:
        response = _page("staff/fragments/_pad.html", refusal, **shown)
        # The page has this very address: kept, the fragment would be what the Back button shows.
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("HX-Request")
        return response
    response = _page(
        "staff/match.html", refusal, staff=staff, **shown, **joined_at(loaded.row.id, loaded.position)
    )
    response.vary.add("HX-Request")
    return let_in(context(), response, loaded.row.id, staff, request.scheme)


@blueprint.get("/login/")
async def get_login() -> ResponseReturnValue:
    """The login; who is signed in already goes on."""
    if await current_staff() is not None:
        return redirect(local_path(request.args.get("next")))
    return await _login_page(None)


@blueprint.post("/login/")
@again(_login_page, Forbidden, Unauthenticated, TooManyRequests)
async def post_login() -> ResponseReturnValue:
    """Sign in, and go on to the page that was asked for."""
    if not login_lasts():
        raise Forbidden("Nobody can sign in over plain HTTP.")
    login = forms.read_login(await request.form)
    await context().limits.sign_in(client_address(), login.name)
    sign_in(await authenticate(context().services, login.name, login.password))
    return redirect(local_path(login.next), 303)


@blueprint.post("/logout/")
async def post_logout() -> ResponseReturnValue:
    """Sign out of this browser."""
    sign_out()
    return redirect("/", 303)


@blueprint.get("/")
@require_staff(SCORER)
async def home() -> ResponseReturnValue:
    """The tournaments to run: under way, to prepare, finished."""
    services, staff = context().services, await authorise()
    async with services.database.reading() as connection:
        active, coming, finished = [
            await select_tournaments(connection, statuses=statuses, public_only=False, limit=limit)
            for statuses, limit in (
                ((TournamentStatus.ACTIVE,), UNFINISHED_MAX),
                ((TournamentStatus.DRAFT, TournamentStatus.PENDING), UNFINISHED_MAX),
                ((TournamentStatus.COMPLETED,), FINISHED_MAX),
            )
        ]
        under_way = [await listed_with_progress(services, connection, row) for row in active]
    return _page(
        "staff/home.html",
        None,
        staff=staff,
        organiser=holds_role(staff.role, ORGANISER),
        active=under_way,
        coming=[listed(row) for row in coming],
        finished=[listed(row) for row in finished],
    )


@blueprint.get("/tournaments/new/")
@require_staff(ORGANISER)
async def get_create() -> ResponseReturnValue:
    """The form for a new tournament."""
    return await _create_page(None)


@blueprint.post("/tournaments/new/")
@require_staff(ORGANISER)
@again(_create_page)
async def post_create() -> ResponseReturnValue:
    """Make a tournament, and go on to its draw."""
    command = forms.read_create_tournament(await request.form)
    created = await tournaments.create_tournament(context().services, command, await _actor_id())
    return redirect(_tournament_path(created.id), 303)


@blueprint.get("/tournaments/<int:tournament_id>/")
@require_staff(SCORER)
async def get_tournament(tournament_id: int) -> ResponseReturnValue:
    """A tournament to run: its draw before the bracket, its matches to score after."""
    return await _tournament_page(None, tournament_id)


@blueprint.post("/tournaments/<int:tournament_id>/participants/")
@require_staff(ORGANISER)
@again(_tournament_page)
async def post_participants(tournament_id: int) -> ResponseReturnValue:
    """Replace the list of a draft."""
    command = forms.read_register_participants(await request.form)
    await tournaments.register_participants(context().services, tournament_id, command, await _actor_id())
    return redirect(_tournament_path(tournament_id), 303)


@blueprint.post("/tournaments/<int:tournament_id>/generate/")
@require_staff(ORGANISER)
@again(_tournament_page)
async def post_generate(tournament_id: int) -> ResponseReturnValue:
    """Fix the draw."""
    command = GenerateBracket()
    await tournaments.generate_bracket(context().services, tournament_id, command, await _actor_id())
    return redirect(_tournament_path(tournament_id), 303)


@blueprint.post("/tournaments/<int:tournament_id>/visibility/")
@require_staff(ORGANISER)
@again(_tournament_page)
async def post_visibility(tournament_id: int) -> ResponseReturnValue:
    """Open the tournament to everyone, or to staff only."""
    command = forms.read_change_visibility(await request.form)
    await tournaments.change_visibility(context().services, tournament_id, command, await _actor_id())
    return redirect(_tournament_path(tournament_id), 303)


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
    await matches.start_match(context().services, tournament_id, command, await _actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/score/")
@require_staff(SCORER)
@again(_pad)
async def post_score(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Set the score."""
    command = forms.read_update_score(match_id, await request.form)
    await matches.update_score(context().services, tournament_id, command, await _actor_id())
    return await _pad_after(tournament_id, match_id)


@blueprint.post("/tournaments/<int:tournament_id>/matches/<int:match_id>/confirm/")
@require_staff(SCORER)
@again(_pad)
async def post_confirm(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """Confirm the result, or record a walkover."""
    command = forms.read_confirm_result(match_id, await request.form)
    await matches.confirm_result(context().services, tournament_id, command, await _actor_id())
    return await _pad_after(tournament_id, match_id)


async def _pad_after(tournament_id: int, match_id: int) -> ResponseReturnValue:
    """The pad after a deed: at once for htmx, else by a redirect, so that a reload does not post again."""
    if "HX-Request" in request.headers:
        return await _pad(None, tournament_id, match_id)
    return redirect(f"{_tournament_path(tournament_id)}matches/{match_id}/", 303)


async def _actor_id() -> int:
    return (await authorise()).id


async def _last_touch(tournament_id: int, match: Match, viewer: StaffRow) -> Touch | None:
    """The last change of a match: the log's entry at its version says what it was and whose."""
    async with context().services.database.reading() as connection:
        (last,) = await select_events(connection, tournament_id, after=match.version - 1, limit=1)
        by = await select_staff(connection, last.actor_id) if last.actor_id is not None else None
    return staff_views.touch_of(match, last, by, viewer)


def _tournament_path(tournament_id: int) -> str:
    return f"/staff/tournaments/{tournament_id}/"


def _page(template: str, refusal: Refusal | None, **shown: object) -> Response:
    """A page or fragment. It may be kept for the Back button, so that what was typed is there again."""
    status = refusal.status if refusal is not None else 200
    headers = {"Cache-Control": "no-cache, private"}
    if refusal is not None and isinstance(refusal.error, TooManyRequests):
        headers["Retry-After"] = str(refusal.error.retry_after_seconds)
    html = render(template, refusal=refusal, **shown)
    return Response(html, status, headers, content_type="text/html; charset=utf-8")
