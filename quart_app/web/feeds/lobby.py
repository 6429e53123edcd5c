"""The front page's feed: ``GET /sse/tournaments/fragments/``, for anybody and without a token."""

from __future__ import annotations

from dataclasses import replace

from quart import Blueprint, Response, request

from quart_app.live.rooms.lobby import LOBBY, Visitor
from quart_app.live.streams.join import Join
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import Filter, view_of
from quart_app.show.paths import FRONT_FEED
from quart_app.show.projections import FRONT
from quart_app.web.doors.callers import caller_of, client_address
from quart_app.web.doors.context import Context, context
from quart_app.web.express.handover import StreamResponse
from quart_app.web.feeds.feeds import HEADERS, caught_up

blueprint = Blueprint("lobby", __name__)


@blueprint.get(FRONT_FEED)
async def front_feed() -> Response:
    """The fragments of the front page that have changed."""
    parts, address = context(), client_address()
    join = await _join(parts, address)
    await parts.hub.open_lobby()
    if request.method == "HEAD":
        return Response(b"", headers=HEADERS)
    join = replace(join, on_end=parts.hub.seats.take(LOBBY, caller_of(address), None).give_back)
    return StreamResponse(
        lambda wire: parts.hub.admit_to_lobby(join, wire), fleet=parts.fleet, headers=HEADERS
    )


@blueprint.get(f"{FRONT_FEED}catch-up/")
async def front_catch_up() -> Response:
    """What that feed would send at once to who stands where the caller does, as one answer."""
    return await caught_up(context(), await _join(context(), client_address()))


async def _join(parts: Context, address: str) -> Join:
    parts.limits.connect(address)
    last = request.headers.get("Last-Event-ID") or request.args.get("lastEventId", "")
    return Join(
        tournament_id=LOBBY,
        view=view_of(FRONT, Filter()),
        grant=Visitor(),
        asked=Position.parse(last) if last else None,
        beats=request.args.getlist("heartbeat") == ["event"],
    )
