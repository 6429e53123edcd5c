"""A feed for thousands who come back at once, and for thousands who ask now and then: a plain, valid request
is read straight from the ASGI scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from hypercorn.typing import HTTPScope
from quart import Response
from werkzeug.http import parse_cookie

from quart_app.auth.tokens import Grant
from quart_app.domain.commands import PUBLIC
from quart_app.live.wires.port import Wire
from quart_app.web.doors.access import FEED_COOKIE
from quart_app.web.doors.context import Context
from quart_app.web.express.doorstep import Entrance
from quart_app.web.feeds.feeds import (
    CATCH_UP_ROUTE,
    HEADERS,
    HTML_ROUTE,
    JSON_ROUTE,
    Wanted,
    caught_up,
    granted,
    join_asked,
    join_of,
    seated,
    stream,
)

EXPRESS_HEADERS = {**HEADERS, "Vary": "Origin"}

PATH = re.compile(r"/sse/tournaments/([0-9]{1,9})/(fragments/)?")
CATCH_UP_PATH = re.compile(r"/sse/tournaments/([0-9]{1,9})/(fragments/)catch-up/")


async def feed_way(
    parts: Context, scope: HTTPScope, path: re.Match[str], takeable: bool
) -> tuple[str, Response] | None:
    """The stream, for a request that needs no other answer, on a connection that can be handed over."""
    asked = _wanted(scope, path) if takeable and parts.fleet is not None else None
    if asked is None:
        return None
    try:
        parts.limits.require_connect(asked.address)
        join = seated(parts, await join_asked(parts, asked), asked.address)
        parts.limits.connect(asked.address)  # last: what is left to Quart is counted there
    except Exception:
        return None  # Quart's way says why
    return route_of(asked), stream(parts, join, EXPRESS_HEADERS)


def feed_entrance(parts: Context, path: re.Match[str], scope: HTTPScope) -> Entrance | None:
    """The way into the stream of a spectator, as soon as the room is open."""
    asked = _wanted(scope, path)
    if asked is None:
        return None
    try:
        parts.limits.require_connect(asked.address)
        grant = granted(parts, asked)
        if grant.staff_id is not None:
            return None  # who that is has to be looked up
        opening = parts.hub.opening(asked.tournament_id)
    except Exception:
        return None  # Quart's way says why
    enter = partial(_enter, parts, asked, grant)
    return Entrance(route_of(asked), EXPRESS_HEADERS, scope["scheme"], opening, enter)


def _enter(parts: Context, asked: Wanted, grant: Grant) -> Callable[[Wire], None] | None:
    """What lets a spectator in; None where that is not for anybody, or the log has to be read first."""
    try:
        audience = parts.hub.opened(asked.tournament_id)
        if audience is None or audience.room.tournament.visibility != PUBLIC:
            return None
        join = seated(parts, join_of(asked, grant), asked.address)
        admit = parts.hub.admission(join)
        if admit is not None:
            parts.limits.connect(asked.address)  # last, as above
    except Exception:
        return None  # Quart's way says why
    return admit


async def catch_up_way(
    parts: Context, scope: HTTPScope, path: re.Match[str], takeable: bool
) -> tuple[str, Response] | None:
    """What somebody catches up with, for a request that needs no other answer."""
    asked = _wanted(scope, path)
    if asked is None:
        return None
    try:
        parts.limits.require_connect(asked.address)
        response = await caught_up(parts, await join_asked(parts, asked))
        parts.limits.connect(asked.address)  # last, as above
    except Exception:
        return None  # Quart's way says why
    response.headers["Vary"] = "Origin"
    return CATCH_UP_ROUTE, response


def route_of(asked: Wanted) -> str:
    """The route that a stream counts as."""
    return HTML_ROUTE if asked.html else JSON_ROUTE


def _wanted(scope: HTTPScope, path: re.Match[str]) -> Wanted | None:
    """What a request asks of a feed; None if it comes from a page that names its origin."""
    # of a header that stands twice the first counts, as on Quart's way
    headers = {name: value.decode("latin-1") for name, value in reversed(list(scope["headers"]))}
    if b"origin" in headers:
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    scheme, _, bearer = headers.get(b"authorization", "").partition(" ")
    return Wanted(
        tournament_id=int(path[1]),
        html=path[2] is not None,
        address=(scope["client"] or ("",))[0],
        token=(bearer.strip() if scheme.lower() == "bearer" else None)
        or parse_cookie(headers.get(b"cookie")).get(FEED_COOKIE)
        or query.get("token", [None])[0],
        last_event_id=headers.get(b"last-event-id"),
        referer=headers.get(b"referer", ""),
        query=query,
    )
