"""The organiser's forms about a draw: two change places, it is drawn anew, somebody joins late."""

from __future__ import annotations

from quart import Blueprint, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions import stages, tournaments
from quart_app.domain.commands import (
    AddParticipant,
    DrawAgain,
    EntrantLine,
    RegisterParticipants,
    SwapInDraw,
)
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.show.paths import staff_path
from quart_app.show.views.staff.draw import DIGITS_MAX, order_field
from quart_app.store.staff import ORGANISER
from quart_app.web.doors.access import actor_id, require_staff
from quart_app.web.doors.context import context
from quart_app.web.staff.forms import Form, read_number, read_register_participants, read_version
from quart_app.web.staff.refusals import again
from quart_app.web.staff.tournaments import tournament_page

blueprint = Blueprint("staff_draw", __name__, url_prefix="/staff")

BYE = "bye-"
"""What stands before the match of a bye in the choice of whom to change places with."""


@blueprint.post("/tournaments/<int:tournament_id>/order/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_order(tournament_id: int) -> ResponseReturnValue:
    """Number the list of a draft anew."""
    services, form = context().services, await request.form
    command = read_order((await services.ledger.load(tournament_id)).tournament, form)
    try:
        await tournaments.register_participants(services, tournament_id, command, await actor_id())
    except InvalidInput as refused:  # this form has one place for what is wrong with its numbers
        raise InvalidInput({"order": refused.detail}) from None
    return redirect(f"{staff_path(tournament_id)}#staff-order", 303)


@blueprint.post("/tournaments/<int:tournament_id>/draw/swap/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_swap(tournament_id: int) -> ResponseReturnValue:
    """Let two change places, or one and a bye."""
    command = read_swap(await request.form)
    await tournaments.change_draw(context().services, tournament_id, command, await actor_id())
    return redirect(f"{staff_path(tournament_id)}#draw-changes", 303)


@blueprint.post("/tournaments/<int:tournament_id>/draw/again/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_again(tournament_id: int) -> ResponseReturnValue:
    """Draw anew, by chance."""
    problems: dict[str, str] = {}
    version = read_version(await request.form, problems)
    if problems:
        raise InvalidInput(problems)
    command = DrawAgain(lots=tournaments.lots(), version=version)
    await tournaments.change_draw(context().services, tournament_id, command, await actor_id())
    return redirect(f"{staff_path(tournament_id)}#draw-changes", 303)


@blueprint.post("/tournaments/<int:tournament_id>/draw/list/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_list(tournament_id: int) -> ResponseReturnValue:
    """Draw anew from another list."""
    listed = read_register_participants(await request.form)
    command = DrawAgain(entrants=listed.entrants, version=listed.version)
    await tournaments.change_draw(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


@blueprint.post("/tournaments/<int:tournament_id>/late/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_late(tournament_id: int) -> ResponseReturnValue:
    """Let somebody join late."""
    command = AddParticipant(name=(await request.form).get("name", ""))
    await stages.add_participant(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)


def read_order(draft: Tournament, form: Form) -> RegisterParticipants:
    """A draft's list with the seeds that the form gives its lines; of a given draw the list in that order.

    Raises InvalidInput for what is no number, or the same one twice.
    """
    problems: dict[str, str] = {}
    version = read_version(form, problems)
    texts = [form.get(order_field(each, line), "").strip() for line, each in enumerate(draft.entrants)]
    numbers = [int(text) if text.isdecimal() and len(text) <= DIGITS_MAX else None for text in texts]
    given = draft.seeding == "given"
    told = [number for number in numbers if number is not None]
    if any(text and not number for text, number in zip(texts, numbers, strict=True)):
        problems["order"] = "Number them 1, 2, 3 …"
    elif len(set(told)) < len(told):
        twice = next(number for number in told if told.count(number) > 1)
        problems["order"] = f"The number {twice} stands twice."
    elif given and len(told) < len(numbers):
        problems["order"] = "Each line needs a number."
    if problems:
        raise InvalidInput(problems)
    lines = [
        EntrantLine(name=each.name, seed=each.seed if given else number)
        for each, number in zip(draft.entrants, numbers, strict=True)
    ]
    if given:
        lines = [lines[at] for at in sorted(range(len(lines)), key=lambda at: numbers[at] or 0)]
    return RegisterParticipants(entrants=tuple(lines), version=version)


def read_swap(form: Form) -> SwapInDraw:
    """Who changes places with whom. Raises InvalidInput for a choice that is not ours."""
    problems: dict[str, str] = {}
    first = read_number(form, "participant_id", problems)
    chosen = form.get("other", "")
    to_bye = chosen.startswith(BYE)
    other = read_number({"other": chosen.removeprefix(BYE)}, "other", problems)
    if problems or first is None:
        raise InvalidInput(dict.fromkeys(problems, "Choose from the list."))
    if to_bye:
        return SwapInDraw(participant_id=first, bye_match_id=other)
    return SwapInDraw(participant_id=first, other_id=other)
