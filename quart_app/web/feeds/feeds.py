"""The feeds: ``GET /sse/tournaments/<id>/`` as JSON, and ``…/fragments/`` as HTML for htmx; and
``…/fragments/catch-up/`` for pages to which no stream gets through.

There are three ways in, with one set of rules: Quart's, here, which answers every refusal; and for when
thousands come back at once the express way and the doorstep's, both of which are in ``express.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from quart import Blueprint, Response, request

from quart_app.auth.tokens import FEED, Grant
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Forbidden, MalformedRequest
from quart_app.live.streams import frames
from quart_app.live.streams.join import Join
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import Filter, view_of
from quart_app.show import fragments
from quart_app.show.paths import PAGE_VERSION, inside
from quart_app.show.projections import JSON, page_projection
from quart_app.web.answers.stored import no_content
from quart_app.web.doors.access import check_grant, feed_token
from quart_app.web.doors.callers import caller_of, client_address
from quart_app.web.doors.context import Context, context
from quart_app.web.express.handover import StreamResponse

blueprint = Blueprint("feeds", __name__)

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    # nginx would hold frames back to fill its buffer
    "X-Accel-Buffering": "no",
}

JSON_ROUTE = "/sse/tournaments/<int:tournament_id>/"
HTML_ROUTE = "/sse/tournaments/<int:tournament_id>/fragments/"
CATCH_UP_ROUTE = f"{HTML_ROUTE}catch-up/"
_PAGE = re.compile(r"/tournaments/\d+/(matches/\d+/)?")
"""Where the pages are that follow a feed by themselves."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks of a feed, whichever way it came in."""

    tournament_id: int
    html: bool
    address: str
    token: str | None
    last_event_id: str | None
    referer: str
    query: Mapping[str, list[str]]


@blueprint.get(JSON_ROUTE)
async def json_feed(tournament_id: int) -> Response:
    """The tournament's events as JSON."""
    return await _feed(tournament_id, html=False)


@blueprint.get(HTML_ROUTE)
async def html_feed(tournament_id: int) -> Response:
    """The fragments of the tournament's page that each event changes."""
    return await _feed(tournament_id, html=True)


@blueprint.get(CATCH_UP_ROUTE)
async def catch_up(tournament_id: int) -> Response:
    """What the HTML feed would send at once to who stands where the caller does, as one answer."""
    asked = _wanted(tournament_id, html=True)
    context().limits.connect(asked.address)
    return await caught_up(context(), await join_asked(context(), asked))


async def caught_up(parts: Context, join: Join) -> Response:
    """The answer to who asks now and then: 204 where nothing is new.

    It is no event stream, so that nothing on the way holds it back like one. Raises what ``Hub.catch_up``
    raises, and MalformedRequest for who does not say where they stand.
    """
    if join.asked is None:
        raise MalformedRequest("Say in lastEventId which position you want to catch up from.")
    body = await parts.hub.catch_up(join)
    headers = {"Cache-Control": "no-store", "Grandstand-Ask-After": str(parts.hub.pace.asked())}
    if not body:
        return no_content(headers)
    return Response(body, 200, headers, content_type="text/plain; charset=utf-8")


async def _feed(tournament_id: int, *, html: bool) -> Response:
    asked = _wanted(tournament_id, html=html)
    context().limits.connect(asked.address)  # before anything that costs more
    join = seated(context(), await join_asked(context(), asked), asked.address)
    if request.method == "HEAD":
        return Response(b"", headers=HEADERS)
    return stream(context(), join, HEADERS)


def _wanted(tournament_id: int, *, html: bool) -> Wanted:
    return Wanted(
        tournament_id=tournament_id,
        html=html,
        address=client_address(),
        token=feed_token(),
        last_event_id=request.headers.get("Last-Event-ID"),
        referer=request.headers.get("Referer", ""),
        query=request.args.to_dict(flat=False),
    )


async def join_asked(parts: Context, asked: Wanted) -> Join:
    """What somebody who may watch asks for, in a room that is no further back than they are. Raises the
    AppError that refuses it."""
    grant = granted(parts, asked)
    audience = await parts.hub.open(asked.tournament_id)
    await check_grant(parts.services, grant, audience.room.tournament.visibility)
    join = join_of(asked, grant)
    await parts.hub.reach(join)
    return join


def granted(parts: Context, asked: Wanted) -> Grant:
    """What the token grants, which has still to be checked against what is true now. Raises the AppError
    that refuses it."""
    grant = parts.tokens.read(asked.token, FEED)
    if grant.tournament_id != asked.tournament_id:
        raise Forbidden("This token is for another tournament.")
    return grant


def join_of(asked: Wanted, grant: Grant) -> Join:
    """What somebody asks for who may watch. Raises the AppError that refuses it."""
    query = asked.query
    chosen = Filter.read(query.get("match", ()), query.get("participant", ()), query.get("types", ()))
    last = asked.last_event_id or query.get("lastEventId", [""])[0]
    projection = page_projection(query.get("part", [None])[0]) if asked.html else JSON
    position = Position.parse(last) if last else None
    return Join(
        tournament_id=asked.tournament_id,
        view=view_of(projection, chosen),
        grant=grant,
        asked=position,
        conflate=query.get("conflate") != ["0"],
        beats=query.get("heartbeat") == ["event"],
        also=outdated(asked),
    )


def seated(parts: Context, join: Join, address: str) -> Join:
    """The join with a seat, which is taken until the stream has ended or is not begun. Raises the AppError
    of a limit."""
    seat = parts.hub.seats.take(join.tournament_id, caller_of(address), join.grant.staff_id)
    return replace(join, on_end=seat.give_back)


def outdated(asked: Wanted) -> Callable[[Tournament], bytes] | None:
    """What a page of another version is told, which would not understand all that follows: to load itself
    anew. A match's page of the first version does so when its position is lost."""
    page = _PAGE.fullmatch(inside(urlsplit(asked.referer).path))
    if not asked.html or page is None or asked.query.get("page") == [PAGE_VERSION]:
        return None
    if page[1]:
        return lambda tournament: frames.notice("resync", {"reason": "new_version"})
    return lambda tournament: frames.frame(fragments.header(tournament, outdated=True))


def stream(parts: Context, join: Join, headers: Mapping[str, str]) -> StreamResponse:
    """The answer that lets the join into the hub."""
    return StreamResponse(lambda wire: parts.hub.admit(join, wire), fleet=parts.fleet, headers=headers)
