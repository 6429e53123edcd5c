"""Tournaments over the API: list, create, read, read the log, change the draw, put off and call off."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import UNSET
from quart import Blueprint, Response, request
from werkzeug.http import quote_etag

from quart_app.actions.tournaments import (
    StandingCommand,
    change_draw,
    change_standing,
    create_tournament,
    lots,
)
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import (
    ArchiveTournament,
    CancelTournament,
    DeleteTournament,
    ResumeTournament,
)
from quart_app.show.paths import at, tournament_path
from quart_app.show.snapshot import listed, logged, snapshot, tournament_state
from quart_app.store.event_log import select_events
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.tournaments import select_tournament, select_tournaments
from quart_app.timeline.vantage import Vantage
from quart_app.web.answers.bodies import ASKED_AGAIN, json_answer, kept_json, read_body, read_query
from quart_app.web.answers.stored import is_known, not_modified
from quart_app.web.api.addresses import TOURNAMENT, TOURNAMENTS
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes import schema as api_schema
from quart_app.web.api.shapes.lifecycle_schema import (
    DrawAnswer,
    NewArchiving,
    NewCancellation,
    NewDraw,
    NewPostponement,
    NewResumption,
    StandingAnswer,
)
from quart_app.web.doors.access import (
    actor_id,
    authorise,
    current_staff,
    require_public,
    require_staff,
    require_visible,
)
from quart_app.web.doors.context import context

blueprint = Blueprint("api_tournaments", __name__)


@blueprint.get(TOURNAMENTS, strict_slashes=False)
async def get_tournaments() -> Response:
    """A page of the tournaments that the caller may know of, the newest first."""
    query = read_query(api_schema.ListQuery)
    public_only = await current_staff() is None
    async with context().services.database.reading() as connection:
        rows = await select_tournaments(
            connection,
            statuses=query.status or None,
            public_only=public_only,
            before_id=None if query.before is UNSET else query.before,
            limit=query.limit + 1,
        )
    page = rows[: query.limit]
    following = {"before": page[-1].id, "limit": query.limit, "status": query.status} if rows != page else {}
    return json_answer(
        api_schema.TournamentList(
            tournaments=[listed(row) for row in page],
            next=at(f"{TOURNAMENTS}?{urlencode(following, doseq=True)}") if following else None,
        )
    )


@blueprint.post(TOURNAMENTS, strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_tournament() -> Response:
    """Create a tournament, its draw and its bracket at once."""
    command = (await read_body(api_schema.NewTournament)).command()
    services, staff = context().services, await authorise("organiser")
    recorded = await create_tournament(services, command, staff.id, generate=True, once=once(_created))
    return answered(_created(recorded))


@blueprint.get(TOURNAMENT, strict_slashes=False)
async def get_tournament(tournament_id: int) -> Response:
    """The snapshot; its position is its ETag, so asking again costs nothing while nothing has changed."""
    loaded = await _load_visible(tournament_id)
    etag = quote_etag(loaded.position)
    if is_known(etag, request.headers):
        return not_modified({"ETag": etag, "Cache-Control": ASKED_AGAIN})
    response = json_answer(snapshot(loaded.epoch, loaded.tournament))
    response.headers["ETag"] = etag
    return response


@blueprint.get(f"{TOURNAMENT}events/", strict_slashes=False)
async def get_events(tournament_id: int) -> Response:
    """The log after a seq, at most so many events."""
    query = read_query(api_schema.EventsQuery)
    async with context().services.database.reading() as connection:
        row = await select_tournament(connection, tournament_id)
        envelopes = await select_events(connection, tournament_id, query.after, query.limit)
    row = await require_visible(row)
    last = envelopes[-1].seq if envelopes else query.after
    head = max(row.head_seq, envelopes[-1].seq) if envelopes else row.head_seq
    following = f"{TOURNAMENTS}{row.id}/events/?after={last}&limit={query.limit}" if last < head else None
    return json_answer(
        api_schema.EventPage(
            events=[logged(envelope) for envelope in envelopes], head=f"{row.epoch}-{head}", next=following
        )
    )


@blueprint.post(f"{TOURNAMENT}postpone/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_postpone(tournament_id: int) -> Response:
    """Put it off."""
    return await _stand(tournament_id, (await read_body(NewPostponement)).command())


@blueprint.post(f"{TOURNAMENT}cancel/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_cancel(tournament_id: int) -> Response:
    """Call it off."""
    asked = await read_body(NewCancellation)
    return await _stand(tournament_id, CancelTournament(reason=asked.reason))


@blueprint.post(f"{TOURNAMENT}resume/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_resume(tournament_id: int) -> Response:
    """Let it be played on."""
    await read_body(NewResumption)
    return await _stand(tournament_id, ResumeTournament())


@blueprint.post(f"{TOURNAMENT}archive/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_archive(tournament_id: int) -> Response:
    """Take it off the lists, or put it back."""
    asked = await read_body(NewArchiving)
    return await _stand(tournament_id, ArchiveTournament(archived=asked.archived))


@blueprint.delete(TOURNAMENT, strict_slashes=False)
@require_staff("organiser")
@idempotent
async def delete_tournament(tournament_id: int) -> Response:
    """Remove a draft."""
    return await _stand(tournament_id, DeleteTournament())


@blueprint.post(f"{TOURNAMENT}draw/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_draw(tournament_id: int) -> Response:
    """Let two change places in the draw, or draw it anew."""
    command = (await read_body(NewDraw)).command(lots())
    recorded = await change_draw(
        context().services, tournament_id, command, await actor_id(), once=once(_drawn)
    )
    return answered(_drawn(recorded))


async def _stand(tournament_id: int, command: StandingCommand) -> Response:
    recorded = await change_standing(
        context().services, tournament_id, command, await actor_id(), once=once(_standing)
    )
    return answered(_standing(recorded))


def _standing(recorded: Recorded) -> KeptAnswer:
    return kept_json(
        StandingAnswer(tournament=tournament_state(recorded.tournament), position=recorded.position)
    )


def _drawn(recorded: Recorded) -> KeptAnswer:
    whole = snapshot(recorded.epoch, recorded.tournament)
    return kept_json(
        DrawAnswer(participants=whole.participants, matches=whole.matches, position=whole.position)
    )


def _created(recorded: Recorded) -> KeptAnswer:
    tournament_id = recorded.tournament.id
    created = api_schema.Created(
        tournament_id=tournament_id, url=tournament_path(tournament_id), position=recorded.position
    )
    return kept_json(created, 201, Location=at(f"{TOURNAMENTS}{tournament_id}/"))


async def _load_visible(tournament_id: int) -> Vantage:
    loaded = await context().services.ledger.load(tournament_id)
    await require_public(loaded.tournament.visibility)
    return loaded
