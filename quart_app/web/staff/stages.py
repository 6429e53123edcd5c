"""The organiser's pages about stages: the next round, lots, conduct, and what a draft will be."""

from __future__ import annotations

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions import stages
from quart_app.domain.commands import GenerateBracket, UnpairRound
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.stages import find_stage, round_to_pair
from quart_app.domain.fold import apply
from quart_app.domain.pairing import RULES_TITLE
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Conflict, InvalidInput, Unauthenticated, Unavailable
from quart_app.show.names import caution_words
from quart_app.show.paths import staff_path
from quart_app.show.views.staff.work import outline
from quart_app.store.staff import ORGANISER
from quart_app.web.doors.access import actor_id, authorise, login_url, require_staff
from quart_app.web.doors.context import context
from quart_app.web.staff import stage_forms as forms
from quart_app.web.staff.refusals import Refusal, again, page

blueprint = Blueprint("staff_stages", __name__, url_prefix="/staff")

_STAGE = "/tournaments/<int:tournament_id>/stages/<int:stage>/"


@blueprint.post("/tournaments/outline/")
async def post_outline() -> ResponseReturnValue:
    """What the form of a new tournament would make, in a sentence; or what keeps it from that.

    The page asks by itself whenever something in the form has changed: whose login has ended is told so, and
    not led away from what they typed.
    """
    try:
        await authorise(ORGANISER)
    except Unauthenticated:
        if "HX-Request" not in request.headers:
            raise
        return page("staff/fragments/_outline.html", None, outline="", problems={}, login=login_url(""))
    try:
        command = forms.read_create_tournament(await request.form, preview=True)
        tournament = Tournament(0)
        for step in (command, GenerateBracket()):
            for event in decide(tournament, step, context().services.clock()):
                tournament = apply(tournament, event)
        told, problems = outline(tournament), {}
    except InvalidInput as refused:
        told, problems = "", {key: words for key, words in refused.problems.items() if key != "name"}
        if not problems:
            problems = {"name": "Give it a name, and this shows what will be played."}
    return page("staff/fragments/_outline.html", None, outline=told, problems=problems, login="")


async def _round_page(refusal: Refusal | None, tournament_id: int, stage: int) -> Response:
    """The round that is to be published: as it was entered, or as it is proposed."""
    staff, services = await authorise(ORGANISER), context().services
    tournament = (await services.ledger.load(tournament_id)).tournament
    found = find_stage(tournament, stage)
    round_name = round_to_pair(found).name
    notices, seen = list[str](), ""
    if refusal is not None:
        form = refusal.entered
        if "cautions" in refusal.problems:
            boards = len(found.groups[0].members) // 2
            seen = forms.written(forms.read_round(stage, form, boards).pairs)
    else:
        absent = forms.read_ids(request.args, "absent")
        try:
            proposed = await stages.propose_round(services, tournament_id, stage, absent)
        except (Conflict, Unavailable) as reason:  # an empty form is what a round is paired in by hand
            form, notices = forms.write_round((), (), absent), [reason.detail]
        else:
            tournament = proposed.tournament
            form = forms.write_round(proposed.pairs, proposed.byes, absent)
            notices = [caution_words(tournament, caution) for caution in proposed.cautions]
    members = found.groups[0].members
    return page(
        "staff/round.html",
        refusal,
        staff=staff,
        tournament=tournament,
        back=staff_path(tournament_id),
        stage=stage,
        round_name=round_name,
        rules=RULES_TITLE,
        form=form,
        boards=[
            (form.get(f"first-{board}", ""), form.get(f"second-{board}", ""))
            for board in range(1, len(members) // 2 + 1)
        ],
        names={who: tournament.participants[who].name for who in members if who not in tournament.roster.out},
        notices=notices,
        seen=seen,
    )


@blueprint.get(f"{_STAGE}round/")
@require_staff(ORGANISER)
async def get_round(tournament_id: int, stage: int) -> ResponseReturnValue:
    """Propose the next round."""
    try:
        return await _round_page(None, tournament_id, stage)
    except Conflict:  # published meanwhile, or not yet to be paired: the tournament's page says which
        return redirect(staff_path(tournament_id), 303)


@blueprint.post(f"{_STAGE}round/")
@require_staff(ORGANISER)
@again(_round_page)
async def post_round(tournament_id: int, stage: int) -> ResponseReturnValue:
    """Publish the round as it stands in the form."""
    services, form = context().services, await request.form
    tournament = (await services.ledger.load(tournament_id)).tournament
    found = find_stage(tournament, stage)
    try:
        round_to_pair(found)
    except Conflict:  # published meanwhile, or nothing that is paired: the tournament's page says which
        return redirect(staff_path(tournament_id), 303)
    boards = len(found.groups[0].members) // 2
    command = forms.read_round(stage, form, boards)
    if command.edited and form.get("seen") != forms.written(command.pairs):
        broken = (await stages.check_round(services, tournament_id, command)).cautions
        if broken:
            raise InvalidInput({"cautions": "\n".join(caution_words(tournament, each) for each in broken)})
    await stages.publish_round(services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post(f"{_STAGE}unpair/")
@require_staff(ORGANISER)
async def post_unpair(tournament_id: int, stage: int) -> ResponseReturnValue:
    """Take the last round back."""
    await stages.unpair_round(context().services, tournament_id, UnpairRound(stage=stage), await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post(f"{_STAGE}lots/")
@require_staff(ORGANISER)
async def post_lots(tournament_id: int, stage: int) -> ResponseReturnValue:
    """Draw lots among those who share a place."""
    command = forms.read_lots(stage, await request.form)
    drawn = type(command)(stage=stage, group=command.group, order=stages.shuffled(command.order))
    await stages.draw_lots(context().services, tournament_id, drawn, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post(f"{_STAGE}conduct/")
@require_staff(ORGANISER)
async def post_conduct(tournament_id: int, stage: int) -> ResponseReturnValue:
    """Set somebody's points of conduct."""
    command = forms.read_conduct(stage, await request.form)
    await stages.record_conduct(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)
