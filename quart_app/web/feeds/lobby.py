"""The front page's feed: ``GET /sse/tournaments/fragments/``, for anybody and without a token."""

from __future__ import annotations

from quart import Blueprint, Response, request

from quart_app.live.rooms.lobby import LOBBY, Visitor
from quart_app.live.streams.filters import Filter
from quart_app.live.streams.position import Position
from quart_app.live.streams.subscriber import Join
from quart_app.live.streams.views import view_of
from quart_app.show.paths import FRONT_FEED
from quart_app.show.projections import FRONT
from quart_app.web.doors.callers import caller_of, client_address
from quart_app.web.doors.context import context
from quart_app.web.express.handover import StreamResponse
from quart_app.web.feeds.feeds import HEADERS

blueprint = Blueprint("lobby", __name__)


@blueprint.get(FRONT_FEED)
async def front_feed() -> Response:
    """The fragments of the front page that have changed."""
    parts, address = context(), client_address()
    await parts.limits.connect(address)
    await parts.hub.open_lobby()
    last = request.headers.get("Last-Event-ID") or request.args.get("lastEventId", "")
    asked = Position.parse(last) if last else None
    if request.method == "HEAD":
        return Response(b"", headers=HEADERS)
    join = Join(
        tournament_id=LOBBY,
        view=view_of(FRONT, Filter()),
        grant=Visitor(),
        address=address,
        asked=asked,
        on_end=parts.hub.seats.take(LOBBY, caller_of(address), None).give_back,
    )
    return StreamResponse(
        lambda wire: parts.hub.admit_to_lobby(join, wire),
        adopt=parts.settings.wire == "socket",
        headers=HEADERS,
    )
