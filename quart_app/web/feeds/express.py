"""A feed for thousands who come back at once: a plain, valid request is read straight from the ASGI scope."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from hypercorn.typing import HTTPScope
from quart import Response
from werkzeug.http import parse_cookie

from quart_app.web.doors.access import FEED_COOKIE
from quart_app.web.doors.context import Context
from quart_app.web.feeds.feeds import HEADERS, HTML_ROUTE, JSON_ROUTE, Wanted, join_asked, stream

PATH = re.compile(r"/sse/tournaments/([0-9]{1,9})/(fragments/)?")


async def feed_way(
    parts: Context, scope: HTTPScope, path: re.Match[str], takeable: bool
) -> tuple[str, Response] | None:
    """The stream, for a request that needs no other answer, on a connection that can be handed over."""
    # of a header that stands twice the first counts, as on Quart's way
    headers = {name: value.decode("latin-1") for name, value in reversed(list(scope["headers"]))}
    if not takeable or parts.fleet is None or b"origin" in headers:
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    scheme, _, bearer = headers.get(b"authorization", "").partition(" ")
    asked = Wanted(
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
    try:
        join = await join_asked(parts, scope, asked)
    except Exception:
        return None  # Quart's way says why
    return HTML_ROUTE if asked.html else JSON_ROUTE, stream(parts, join, {**HEADERS, "Vary": "Origin"})
