"""The organiser's forms about a tournament as a whole: put off, called off, resumed, archived, deleted."""

from __future__ import annotations

from datetime import UTC, datetime

from quart import Blueprint, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions.tournaments import StandingCommand, change_standing
from quart_app.domain.commands import (
    ArchiveTournament,
    CancelTournament,
    DeleteTournament,
    PostponeTournament,
    ResumeTournament,
)
from quart_app.domain.events import rfc3339
from quart_app.errors import InvalidInput
from quart_app.show.paths import at, staff_path
from quart_app.store.staff import ORGANISER
from quart_app.web.doors.access import actor_id, require_staff
from quart_app.web.doors.context import context
from quart_app.web.staff.forms import Form
from quart_app.web.staff.refusals import again
from quart_app.web.staff.tournaments import tournament_page

blueprint = Blueprint("staff_lifecycle", __name__, url_prefix="/staff")

_TOURNAMENT = "/tournaments/<int:tournament_id>/"


@blueprint.post(f"{_TOURNAMENT}postpone/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_postpone(tournament_id: int) -> ResponseReturnValue:
    """Put it off."""
    return await _stand(tournament_id, read_postponement(await request.form))


@blueprint.post(f"{_TOURNAMENT}cancel/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_cancel(tournament_id: int) -> ResponseReturnValue:
    """Call it off."""
    reason = (await request.form).get("reason", "").strip()
    return await _stand(tournament_id, CancelTournament(reason=reason))


@blueprint.post(f"{_TOURNAMENT}resume/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_resume(tournament_id: int) -> ResponseReturnValue:
    """Let it be played on."""
    return await _stand(tournament_id, ResumeTournament())


@blueprint.post(f"{_TOURNAMENT}archive/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_archive(tournament_id: int) -> ResponseReturnValue:
    """Take it off the lists, or put it back."""
    archived = (await request.form).get("archived") == "on"
    return await _stand(tournament_id, ArchiveTournament(archived=archived))


@blueprint.post(f"{_TOURNAMENT}delete/")
@require_staff(ORGANISER)
@again(tournament_page)
async def post_delete(tournament_id: int) -> ResponseReturnValue:
    """Remove a draft."""
    await change_standing(context().services, tournament_id, DeleteTournament(), await actor_id())
    return redirect(at("/staff/"), 303)


def read_postponement(form: Form) -> PostponeTournament:
    """Why, and until when: a moment as the browser's field writes it. ``zone`` is how many minutes the
    viewer's clock is behind UTC, as a script tells it; without one the field is UTC."""
    text, zone = form.get("until", "").strip(), form.get("zone", "").strip() or "0"
    until = None
    if text:
        try:
            local = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
            until = rfc3339(datetime.fromtimestamp(local + int(zone) * 60, UTC))
        except (ValueError, OverflowError, OSError):
            raise InvalidInput({"until": "Enter a date and a time."}) from None
    return PostponeTournament(reason=form.get("reason", "").strip(), until=until)


async def _stand(tournament_id: int, command: StandingCommand) -> ResponseReturnValue:
    await change_standing(context().services, tournament_id, command, await actor_id())
    return redirect(staff_path(tournament_id), 303)
