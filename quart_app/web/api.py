"""The JSON API: read tournaments, create them, and run their matches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET
from quart import Blueprint, Response, request

from quart_app.actions.ledger import Loaded
from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament, new_epoch
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.tournament import Tournament
from quart_app.live.position import Position
from quart_app.store.event_log import select_events
from quart_app.store.tournaments import select_tournament, select_tournaments
from quart_app.web import api_schema
from quart_app.web.access import authorise, current_staff, require_staff, require_visible
from quart_app.web.api_docs import docs_page
from quart_app.web.bodies import JSON, read_body, read_query
from quart_app.web.context import context
from quart_app.web.idempotency import idempotent
from quart_app.web.openapi import description
from quart_app.web.snapshot import listed, logged, match_state, snapshot

blueprint = Blueprint("api", __name__)

# A missing slash at the end is forgiven: a redirect would make many clients drop the body of a POST. An id
# that no database can hold is an unknown one.
_TOURNAMENTS = "/api/tournaments/"
_TOURNAMENT = f"{_TOURNAMENTS}<int(max={api_schema.ID_MAX}):tournament_id>/"
_MATCH = f"{_TOURNAMENT}matches/<int(max={api_schema.ID_MAX}):match_id>/"

_Wish = TypeVar("_Wish", StartMatch, UpdateScore, ConfirmResult)


@blueprint.get(_TOURNAMENTS, strict_slashes=False)
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
    return _json(
        api_schema.TournamentList(
            tournaments=[listed(row) for row in page],
            next=f"{_TOURNAMENTS}?{urlencode(following, doseq=True)}" if following else None,
        )
    )


@blueprint.post(_TOURNAMENTS, strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_tournament() -> Response:
    """Create a tournament, its draw and its bracket at once."""
    command = (await read_body(api_schema.NewTournament)).command()
    services, staff = context().services, await authorise("organiser")
    # known beforehand and not read again: a failure after the commit would look as if nothing had been done
    epoch = new_epoch()
    tournament = await create_tournament(services, command, staff.id, generate=True, epoch=epoch)
    created = api_schema.Created(
        tournament_id=tournament.id,
        url=f"/tournaments/{tournament.id}/",
        position=str(Position(epoch, tournament.seq)),
    )
    response = _json(created, 201)
    response.headers["Location"] = f"{_TOURNAMENTS}{tournament.id}/"
    return response


@blueprint.get(_TOURNAMENT, strict_slashes=False)
async def get_tournament(tournament_id: int) -> Response:
    """The snapshot; its position is its ETag, so asking again costs nothing while nothing has changed."""
    loaded = await _load_visible(tournament_id)
    if request.if_none_match.contains_weak(loaded.position):
        response = Response(b"", 304, {"Cache-Control": "private, no-cache"})
        del response.headers["Content-Type"], response.headers["Content-Length"]
    else:
        response = _json(snapshot(loaded.row.epoch, loaded.tournament))
    response.set_etag(loaded.position)
    return response


@blueprint.get(f"{_TOURNAMENT}events/", strict_slashes=False)
async def get_events(tournament_id: int) -> Response:
    """The log after a seq, at most so many events."""
    query = read_query(api_schema.EventsQuery)
    async with context().services.database.reading() as connection:
        row = await select_tournament(connection, tournament_id)
        envelopes = await select_events(connection, tournament_id, query.after, query.limit)
    row = await require_visible(row)
    last = envelopes[-1].seq if envelopes else query.after
    head = max(row.head_seq, envelopes[-1].seq) if envelopes else row.head_seq
    following = f"{_TOURNAMENTS}{row.id}/events/?after={last}&limit={query.limit}" if last < head else None
    return _json(
        api_schema.EventPage(
            events=[logged(envelope) for envelope in envelopes], head=f"{row.epoch}-{head}", next=following
        )
    )


@blueprint.post(f"{_MATCH}start/", strict_slashes=False)
@require_staff()
@idempotent
async def post_start(tournament_id: int, match_id: int) -> Response:
    """Start a match."""
    wish = (await read_body(api_schema.NewMatchStart)).command(match_id)
    return await _change_match(start_match, tournament_id, wish)


@blueprint.post(f"{_MATCH}score/", strict_slashes=False)
@require_staff()
@idempotent
async def post_score(tournament_id: int, match_id: int) -> Response:
    """Set the score of a live match."""
    wish = (await read_body(api_schema.NewScore)).command(match_id)
    return await _change_match(update_score, tournament_id, wish)


@blueprint.post(f"{_MATCH}confirm/", strict_slashes=False)
@require_staff()
@idempotent
async def post_confirm(tournament_id: int, match_id: int) -> Response:
    """Confirm the result of a match."""
    wish = (await read_body(api_schema.NewResult)).command(match_id)
    return await _change_match(confirm_result, tournament_id, wish)


@blueprint.get("/api/openapi.json", strict_slashes=False)
async def get_openapi() -> Response:
    """The OpenAPI description."""
    return _json(description())


@blueprint.get("/api/docs", strict_slashes=False)
async def get_docs() -> Response:
    """The description as a page."""
    return Response(docs_page(), content_type="text/html; charset=utf-8")


async def _change_match(
    action: Callable[[Services, int, _Wish, int | None], Awaitable[Tournament]],
    tournament_id: int,
    wish: _Wish,
) -> Response:
    services, staff = context().services, await authorise()
    loaded = await services.ledger.load(tournament_id)
    after = await action(services, tournament_id, wish, staff.id)
    answer = api_schema.MatchAnswer(
        match=match_state(after, after.matches[wish.match_id]), position=f"{loaded.row.epoch}-{after.seq}"
    )
    return _json(answer)


async def _load_visible(tournament_id: int) -> Loaded:
    loaded = await context().services.ledger.load(tournament_id)
    await require_visible(loaded.row)
    return loaded


def _json(answer: msgspec.Struct | Mapping[str, object], status: int = 200) -> Response:
    response = Response(msgspec.json.encode(answer), status, content_type=JSON)
    # What staff see is not for a shared cache, and everybody shall ask again each time.
    response.headers["Cache-Control"] = "private, no-cache"
    return response
