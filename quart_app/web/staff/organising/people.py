"""The staff's pages of those who take part: their names, who takes their place, who plays no more."""

from __future__ import annotations

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions.people import PeopleCommand, change_participant
from quart_app.domain.commands import (
    ReinstateParticipant,
    RenameParticipant,
    ReplaceParticipant,
    WithdrawParticipant,
)
from quart_app.domain.decisions.people import find_participant, usual_policy
from quart_app.domain.state.people import group_matches
from quart_app.domain.state.tournament import Tournament
from quart_app.show.paths import staff_path
from quart_app.show.views.cards import match_view
from quart_app.store.staff import ORGANISER
from quart_app.web.doors.access import actor_id, authorise, require_staff
from quart_app.web.doors.context import context
from quart_app.web.staff.forms import Form
from quart_app.web.staff.refusals import Refusal, again, page

blueprint = Blueprint("staff_people", __name__, url_prefix="/staff")

_PEOPLE = "/tournaments/<int:tournament_id>/people/"
_PERSON = f"{_PEOPLE}<int:participant_id>/"


async def _tournament(tournament_id: int) -> Tournament:
    return (await context().services.ledger.load(tournament_id)).tournament


@blueprint.get(_PEOPLE)
@require_staff(ORGANISER)
async def get_people(tournament_id: int) -> ResponseReturnValue:
    """All who take part, each with the way to their page."""
    tournament = await _tournament(tournament_id)
    return page(
        "staff/people.html",
        None,
        staff=await authorise(ORGANISER),
        tournament=tournament,
        back=staff_path(tournament_id),
    )


async def _person(refusal: Refusal | None, tournament_id: int, participant_id: int) -> Response:
    tournament = await _tournament(tournament_id)
    who = find_participant(tournament, participant_id)
    mine = tournament.matches_of(who.id)
    return page(
        "staff/person.html",
        refusal,
        staff=await authorise(ORGANISER),
        tournament=tournament,
        who=who,
        out=tournament.roster.out.get(who.id, ""),
        back=f"{staff_path(tournament_id)}people/",
        here=f"{staff_path(tournament_id)}people/{who.id}/",
        form=refusal.entered if refusal is not None else {},
        begun=any(match.begun for match in mine),
        in_groups=bool(group_matches(tournament, who.id)),
        policy=usual_policy(tournament, who.id),
        matches=[match_view(tournament, match) for match in mine if match.played],
    )


@blueprint.get(_PERSON)
@require_staff(ORGANISER)
async def get_person(tournament_id: int, participant_id: int) -> ResponseReturnValue:
    """What can be done about somebody."""
    return await _person(None, tournament_id, participant_id)


@blueprint.post(f"{_PERSON}rename/")
@require_staff(ORGANISER)
@again(_person)
async def post_rename(tournament_id: int, participant_id: int) -> ResponseReturnValue:
    """Mend a name."""
    name = (await request.form).get("name", "")
    return await _change(tournament_id, RenameParticipant(participant_id=participant_id, name=name))


@blueprint.post(f"{_PERSON}replace/")
@require_staff(ORGANISER)
@again(_person)
async def post_replace(tournament_id: int, participant_id: int) -> ResponseReturnValue:
    """Let somebody else play in their place."""
    name = (await request.form).get("name", "")
    return await _change(tournament_id, ReplaceParticipant(participant_id=participant_id, name=name))


@blueprint.post(f"{_PERSON}withdraw/")
@require_staff(ORGANISER)
@again(_person)
async def post_withdraw(tournament_id: int, participant_id: int) -> ResponseReturnValue:
    """Take them out."""
    return await _change(tournament_id, read_withdrawal(participant_id, await request.form))


@blueprint.post(f"{_PERSON}reinstate/")
@require_staff(ORGANISER)
@again(_person)
async def post_reinstate(tournament_id: int, participant_id: int) -> ResponseReturnValue:
    """Let them play on."""
    return await _change(tournament_id, ReinstateParticipant(participant_id=participant_id))


def read_withdrawal(participant_id: int, form: Form) -> WithdrawParticipant:
    """Why somebody plays no more, and what becomes of their matches in groups."""
    return WithdrawParticipant(
        participant_id=participant_id,
        policy=form.get("policy", "forfeit_rest"),
        reason=form.get("reason", "").strip(),
        disqualified=form.get("disqualified") == "on",
    )


async def _change(tournament_id: int, command: PeopleCommand) -> ResponseReturnValue:
    await change_participant(context().services, tournament_id, command, await actor_id())
    return redirect(f"{staff_path(tournament_id)}people/{command.participant_id}/", 303)
