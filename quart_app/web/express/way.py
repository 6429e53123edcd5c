"""The express way to the page of a tournament or a match, for when thousands open it at once.

A page that stands ready, and that nobody in particular asks for, is answered straight from the ASGI scope.
Everything else goes Quart's way: a login, another method, a tournament that nobody watches here, a state that
no page was rendered for yet. Quart's way gives the very same answer, and every refusal.
"""

from __future__ import annotations

import re

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from quart import Response

from quart_app.auth.sessions import COOKIE as SESSION_COOKIE
from quart_app.domain.commands import PUBLIC
from quart_app.web.answers.stored import ASKED_AGAIN_PRIVATELY
from quart_app.web.doors.context import Context
from quart_app.web.doors.following import let_in
from quart_app.web.doors.security import transport_headers
from quart_app.web.express.whole import request_headers, send_whole
from quart_app.web.spectators.pages import MATCH_ROUTE, TOURNAMENT_ROUTE

_PATH = re.compile(r"/tournaments/([0-9]{1,9})/(?:matches/([0-9]{1,9})/)?")


class ExpressPages:
    """ASGI middleware that answers what it can, and leaves the rest to the app behind it."""

    def __init__(self, app: ASGIFramework, parts: Context) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        response = self._answer(scope) if scope["type"] == "http" else None
        if response is None:
            await self._app(scope, receive, send)
            return
        await send_whole(response, send)

    def _answer(self, scope: HTTPScope) -> Response | None:
        path = _PATH.fullmatch(scope["path"])
        if path is None or scope["method"] != "GET" or _personal(scope):
            return None
        tournament_id, *match_id = (int(number) for number in path.groups() if number is not None)
        current = self._parts.hub.current(tournament_id)
        if current is None:
            return None
        epoch, tournament = current
        kept = self._parts.pages.kept((f"{epoch}-{tournament.seq}", tournament_id, *match_id))
        if kept is None or tournament.visibility != PUBLIC:
            return None
        response = kept.answer(ASKED_AGAIN_PRIVATELY, request_headers(scope))
        let_in(self._parts, response, tournament_id, None, scope["scheme"])
        response.headers.update(transport_headers(scope["scheme"], self._parts.settings))
        route = MATCH_ROUTE if match_id else TOURNAMENT_ROUTE
        self._parts.metrics.http_requests.labels("GET", route, str(response.status_code)).inc()
        return response


def _personal(scope: HTTPScope) -> bool:
    """Whether the request brings anything that might tell who asks."""
    return any(
        name == b"authorization" or (name == b"cookie" and SESSION_COOKIE.encode() in value)
        for name, value in scope["headers"]
    )
