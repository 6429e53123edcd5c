"""The feeds: ``GET /sse/tournaments/<id>/`` as JSON, and ``…/fragments/`` as HTML for htmx.

There are two ways in, with one set of rules. Quart's is for every request, and answers every refusal. The
*express* way is for when thousands come back at once: it reads a plain, valid request straight from the ASGI
scope, and leaves anything else to Quart.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qs

from hypercorn.typing import HTTPScope
from quart import Blueprint, Quart, Response, request
from werkzeug.http import parse_cookie

from quart_app.auth.tokens import FEED
from quart_app.errors import Forbidden
from quart_app.live.streams.filters import Filter
from quart_app.live.streams.position import Position
from quart_app.live.streams.subscriber import Join
from quart_app.live.streams.views import view_of
from quart_app.web.doors.access import FEED_COOKIE, check_grant, client_address, feed_token
from quart_app.web.doors.context import Context, context
from quart_app.web.doors.security import transport_headers
from quart_app.web.express.handover import EXPRESS, StreamResponse

blueprint = Blueprint("feeds", __name__)

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    # nginx would hold frames back to fill its buffer
    "X-Accel-Buffering": "no",
}

JSON_ROUTE = "/sse/tournaments/<int:tournament_id>/"
HTML_ROUTE = "/sse/tournaments/<int:tournament_id>/fragments/"
COUNTED = "grandstand.connect_counted"
"""What a request's scope holds once it counts towards its address's limit."""

_PATH = re.compile(r"/sse/tournaments/([0-9]{1,9})/(fragments/)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks of a feed, whichever way it came in."""

    tournament_id: int
    html: bool
    address: str
    token: str | None
    last_event_id: str | None
    query: Mapping[str, list[str]]


@blueprint.get(JSON_ROUTE)
async def json_feed(tournament_id: int) -> Response:
    """The tournament's events as JSON."""
    return await _feed(tournament_id, html=False)


@blueprint.get(HTML_ROUTE)
async def html_feed(tournament_id: int) -> Response:
    """The fragments of the tournament's page that each event changes."""
    return await _feed(tournament_id, html=True)


def register(app: Quart, parts: Context) -> None:
    """Open the express way of ``app``, which is for the wire that takes the socket over."""
    if parts.settings.wire == "socket":
        app.extensions[EXPRESS] = _express_way(parts)


async def _feed(tournament_id: int, *, html: bool) -> Response:
    asked = Asked(
        tournament_id=tournament_id,
        html=html,
        address=client_address(),
        token=feed_token(),
        last_event_id=request.headers.get("Last-Event-ID"),
        query=request.args.to_dict(flat=False),
    )
    join = await _join(context(), cast(HTTPScope, request.scope), asked)
    if request.method == "HEAD":
        return Response(b"", headers=HEADERS)
    return _stream(context(), join, HEADERS)


def _express_way(parts: Context) -> Callable[[HTTPScope], Awaitable[StreamResponse | None]]:
    async def express(scope: HTTPScope) -> StreamResponse | None:
        path = _PATH.fullmatch(scope["path"])
        # of a header that stands twice the first counts, as on Quart's way
        headers = {name: value.decode("latin-1") for name, value in reversed(list(scope["headers"]))}
        if path is None or scope["method"] != "GET" or b"origin" in headers:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        scheme, _, bearer = headers.get(b"authorization", "").partition(" ")
        asked = Asked(
            tournament_id=int(path[1]),
            html=path[2] is not None,
            address=(scope["client"] or ("",))[0],
            token=(bearer.strip() if scheme.lower() == "bearer" else None)
            or parse_cookie(headers.get(b"cookie")).get(FEED_COOKIE)
            or query.get("token", [None])[0],
            last_event_id=headers.get(b"last-event-id"),
            query=query,
        )
        try:
            join = await _join(parts, scope, asked)
        except Exception:
            return None  # Quart's way says why
        parts.metrics.http_requests.labels("GET", HTML_ROUTE if asked.html else JSON_ROUTE, "200").inc()
        secure = transport_headers(scope["scheme"], parts.settings)
        return _stream(parts, join, {**HEADERS, **secure, "Vary": "Origin"})

    return express


async def _join(parts: Context, scope: HTTPScope, asked: Asked) -> Join:
    """What to let in. Raises the AppError that refuses it."""
    request_state = cast(dict[str, object], scope)
    if COUNTED not in request_state:
        # before anything that costs more; what the express way leaves to Quart has been counted there
        await parts.limits.connect(asked.address)
        request_state[COUNTED] = True
    grant = parts.tokens.read(asked.token, FEED)
    if grant.tournament_id != asked.tournament_id:
        raise Forbidden("This token is for another tournament.")
    audience = await parts.hub.open(asked.tournament_id)
    await check_grant(parts.services, grant, audience.room.tournament.visibility)
    query = asked.query
    chosen = Filter.read(query.get("match", ()), query.get("participant", ()), query.get("types", ()))
    last = asked.last_event_id or query.get("lastEventId", [""])[0]
    join = Join(
        tournament_id=asked.tournament_id,
        view=view_of(asked.html, chosen),
        grant=grant,
        address=asked.address,
        asked=Position.parse(last) if last else None,
        conflate=query.get("conflate") != ["0"],
    )
    parts.hub.seats.require_free(join)
    return join


def _stream(parts: Context, join: Join, headers: Mapping[str, str]) -> StreamResponse:
    return StreamResponse(
        lambda wire: parts.hub.admit(join, wire), adopt=parts.settings.wire == "socket", headers=headers
    )
