"""The feeds: ``GET /sse/tournaments/<id>/`` as JSON, and ``…/fragments/`` as HTML for htmx."""

from __future__ import annotations

from quart import Blueprint, Response, request

from quart_app.errors import Forbidden
from quart_app.live.filters import Filter
from quart_app.live.position import Position
from quart_app.live.room import view_of
from quart_app.live.subscriber import Join
from quart_app.live.wire import StreamResponse
from quart_app.web.access import check_grant, client_address, feed_token
from quart_app.web.context import context

blueprint = Blueprint("feeds", __name__)

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    # nginx would hold frames back to fill its buffer
    "X-Accel-Buffering": "no",
}


@blueprint.get("/sse/tournaments/<int:tournament_id>/")
async def json_feed(tournament_id: int) -> Response:
    """The tournament's events as JSON."""
    return await _feed(tournament_id, html=False)


@blueprint.get("/sse/tournaments/<int:tournament_id>/fragments/")
async def html_feed(tournament_id: int) -> Response:
    """The fragments of the tournament's page that each event changes."""
    return await _feed(tournament_id, html=True)


async def _feed(tournament_id: int, *, html: bool) -> Response:
    parts = context()
    address = client_address()
    await parts.limits.connect(address)
    grant = parts.tokens.read(feed_token(), "grandstand:feed")
    audience = await parts.hub.open(tournament_id)
    if grant.tournament_id != tournament_id:
        raise Forbidden("This token is for another tournament.")
    await check_grant(parts.services, grant, audience.room.tournament.visibility)
    query = request.args
    chosen = Filter.read(query.getlist("match"), query.getlist("participant"), query.getlist("types"))
    asked = request.headers.get("Last-Event-ID") or query.get("lastEventId") or None
    join = Join(
        tournament_id=tournament_id,
        view=view_of(html, chosen),
        grant=grant,
        address=address,
        asked=Position.parse(asked) if asked is not None else None,
        conflate=query.get("conflate") != "0",
    )
    parts.hub.seats.require_free(join)
    if request.method == "HEAD":
        return Response(b"", headers=HEADERS)
    return StreamResponse(
        lambda wire: parts.hub.admit(join, wire), adopt=parts.settings.wire == "socket", headers=HEADERS
    )
