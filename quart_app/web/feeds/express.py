"""A feed for thousands who come back at once, and for thousands who ask now and then: a plain, valid request
is read straight from the ASGI scope."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from hypercorn.typing import HTTPScope
from quart import Response
from werkzeug.http import parse_cookie

from quart_app.web.doors.access import FEED_COOKIE
from quart_app.web.doors.context import Context
from quart_app.web.feeds.feeds import (
    CATCH_UP_ROUTE,
    HEADERS,
    HTML_ROUTE,
    JSON_ROUTE,
    Wanted,
    caught_up,
    join_asked,
    seated,
    stream,
)

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
    return HTML_ROUTE if asked.html else JSON_ROUTE, stream(parts, join, {**HEADERS, "Vary": "Origin"})


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
