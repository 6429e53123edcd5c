"""The organiser's pages: the tournaments to run, making one, its draw, and who did what.

Every form works as a plain POST, answered by a redirect. A refused form comes back with all that was entered
in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions import tournaments
from quart_app.actions.writing.idempotency import Repeated
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import GenerateBracket
from quart_app.domain.events import Envelope, StageSettings
from quart_app.domain.formats import FORMATS
from quart_app.domain.ranking import RULESETS
from quart_app.domain.staging.drawing import follows
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.show.paths import staff_path
from quart_app.show.views.lists import ENDED, listed
from quart_app.show.views.staff.draw import draw_work, order_rows
from quart_app.show.views.staff.history import SOMEBODY_OUTSIDE, history
from quart_app.show.views.staff.work import (
    PRESET_TITLES,
    drawn_as,
    first_round,
    group_lists,
    match_lists,
    outline,
    stage_work,
)
from quart_app.show.views.tournament import header_view
from quart_app.store.event_log import OUTSIDE, select_latest
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.staff import ORGANISER, SCORER, select_all_staff
from quart_app.store.tournaments import ARCHIVED, select_tournaments
from quart_app.web.answers.sizes import LIST_BODY_MAX
from quart_app.web.doors.access import (
    actor_id,
    authorise,
    holds_role,
    require_staff,
)
from quart_app.web.doors.context import context
from quart_app.web.doors.following import joined_at, let_in
from quart_app.web.spectators.pages import listed_with_progress
from quart_app.web.staff import forms, stage_forms
from quart_app.web.staff.entrants.lists import write_list
from quart_app.web.staff.refusals import Refusal, again, page

blueprint = Blueprint("staff_tournaments", __name__, url_prefix="/staff")

FINISHED_MAX = 50

COMING = (TournamentStatus.DRAFT, TournamentStatus.PENDING, TournamentStatus.POSTPONED)

HISTORY_PAGE = 200

UNFINISHED_MAX = 200


async def _create_page(refusal: Refusal | None) -> Response:
    staff = await authorise(ORGANISER)
    form = dict.fromkeys(stage_forms.FIELDS, "") | dict(refusal.entered if refusal is not None else {})
    formats = [each for each in FORMATS.values() if "plans" not in each.uses]
    return page(
        "staff/create.html",
        refusal,
        staff=staff,
        form=form,
        form_id=form.get(forms.FORM_ID) or secrets.token_urlsafe(16),
        formats=formats,
        followers=[each for each in formats if follows(StageSettings(format=each.name))],
        later=form["then"] and "advance" in stage_forms.uses(form["format"]),
        rulesets=RULESETS.values(),
        presets=PRESET_TITLES,
        reading=forms.read_participants(form),
        bytes_max=LIST_BODY_MAX,
    )


async def tournament_page(refusal: Refusal | None, tournament_id: int) -> Response:
    """What a tournament is run from."""
    loaded = await context().services.ledger.load(tournament_id)
    tournament, staff = loaded.tournament, await authorise()
    entered = refusal.entered if refusal is not None else {}
    participants = entered.get("participants", write_list(tournament.entrants))
    draft = tournament.progress is TournamentStatus.DRAFT
    drawn = drawn_as(tournament) if draft else None
    response = page(
        "staff/tournament.html",
        refusal,
        staff=staff,
        organiser=holds_role(staff.role, ORGANISER),
        header=header_view(tournament),
        seq=tournament.seq,
        seeding=tournament.seeding,
        third_place=any(stage.third_place for stage in tournament.settings),
        draw=first_round(tournament) if draft else (),
        outline=outline(drawn) if drawn is not None else "",
        groups=group_lists(drawn) if drawn is not None else (),
        work=stage_work(tournament),
        changes=draw_work(tournament),
        order=order_rows(tournament, entered) if draft else (),
        participants=participants,
        reading=forms.read_participants({**entered, "participants": participants}),
        lists=match_lists(tournament),
        bytes_max=LIST_BODY_MAX,
        **joined_at(tournament_id, loaded.position),
    )
    return let_in(context(), response, tournament_id, staff, request.scheme)


@blueprint.get("/")
@require_staff(SCORER)
async def home() -> ResponseReturnValue:
    """The tournaments to run: under way, to prepare, finished."""
    services, staff = context().services, await authorise()
    async with services.database.reading() as connection:
        active, coming, finished, archived = [
            await select_tournaments(connection, statuses=statuses, public_only=False, limit=limit)
            for statuses, limit in (
                ((TournamentStatus.ACTIVE,), UNFINISHED_MAX),
                (COMING, UNFINISHED_MAX),
                (ENDED, FINISHED_MAX),
                ((ARCHIVED,), FINISHED_MAX),
            )
        ]
        under_way = [await listed_with_progress(services, connection, row) for row in active]
    return page(
        "staff/home.html",
        None,
        staff=staff,
        organiser=holds_role(staff.role, ORGANISER),
        active=under_way,
        coming=[listed(row) for row in coming],
        finished=[listed(row) for row in finished],
        archived=[listed(row) for row in archived],
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
    """Make a tournament, and go on to its draw; the same form sent again makes no other."""
    form, staff = await request.form, await authorise(ORGANISER)
    command = stage_forms.read_create_tournament(form)
    once = forms.sent_once(form, staff.id, _leads_on)
    try:
        answer = _leads_on(
            await tournaments.create_tournament(context().services, command, staff.id, once=once)
        )
    except Repeated as repeated:
        answer = repeated.answer
    return redirect(answer.headers["Location"], 303)


def _leads_on(created: Recorded) -> KeptAnswer:
    return KeptAnswer(303, {"Location": staff_path(created.tournament.id)}, b"")


@blueprint.get("/tournaments/<int:tournament_id>/")
@require_staff(SCORER)
async def get_tournament(tournament_id: int) -> ResponseReturnValue:
    """A tournament to run: its draw before the bracket, its matches to score after."""
    return await tournament_page(None, tournament_id)


@blueprint.post("/tournaments/<int:tournament_id>/participants/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_participants(tournament_id: int) -> ResponseReturnValue:
    """Replace the list of a draft."""
    command = forms.read_register_participants(await request.form)
    await tournaments.register_participants(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post("/tournaments/<int:tournament_id>/generate/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_generate(tournament_id: int) -> ResponseReturnValue:
    """Draw the bracket."""
    command = GenerateBracket()
    await tournaments.generate_bracket(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post("/tournaments/<int:tournament_id>/visibility/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_visibility(tournament_id: int) -> ResponseReturnValue:
    """Open the tournament to everyone, or to staff only."""
    command = forms.read_change_visibility(await request.form)
    await tournaments.change_visibility(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.get("/tournaments/<int:tournament_id>/history/")
@require_staff(SCORER)
async def get_history(tournament_id: int) -> ResponseReturnValue:
    """Who did what and when, newest first, of everybody, of one or of a source outside, in all or one of the
    matches."""
    services = context().services
    shown = await services.ledger.load(tournament_id)
    tournament = shown.tournament
    by, match_id = (request.args.get(name, type=int) for name in ("by", "match"))
    before = min(request.args.get("before", tournament.seq + 1, type=int), tournament.seq + 1)
    log: Sequence[Envelope] = ()
    async with services.database.reading() as connection:
        staff = {row.id: row.name for row in await select_all_staff(connection)}
        if match_id is None and (by in (None, OUTSIDE) or by in staff):
            log = await select_latest(connection, tournament_id, before, HISTORY_PAGE + 1, by)
    if match_id is not None:
        story = await services.ledger.story(shown, match_id, before - 1)
        log = [each for each in story if by in (None, each.actor_id or OUTSIDE)]
    deeds = history(tournament, log, staff)
    return page(
        "staff/history.html",
        None,
        staff=await authorise(SCORER),
        tournament=tournament,
        back=staff_path(tournament_id),
        deeds=deeds[:HISTORY_PAGE],
        more=deeds[HISTORY_PAGE - 1].seq if len(deeds) > HISTORY_PAGE else None,
        people=[*sorted((name, who) for who, name in staff.items()), (SOMEBODY_OUTSIDE, OUTSIDE)],
        matches=[match for match in tournament.matches.values() if match.played],
        by=by,
        match_id=match_id,
    )
