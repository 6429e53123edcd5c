"""The express way past Quart, for when thousands come at once: one table, and one way to finish.

What an entry of the table answers is sent straight from the ASGI scope. What it leaves – a login, a refusal,
another method, a page that does not stand ready – goes Quart's way, which gives the very same answer, and
every other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from quart import Response

from quart_app.show.paths import inside
from quart_app.web.doors.context import Context
from quart_app.web.doors.security import transport_headers
from quart_app.web.express.handover import Handover, StreamResponse, open_stream
from quart_app.web.express.whole import send_whole

Express = Callable[[Context, HTTPScope, re.Match[str], bool], Awaitable[tuple[str, Response] | None]]
"""Answers a GET from its scope, with the route that it counts as; None leaves it to Quart. The last argument
says whether the connection can be handed over."""


class ExpressWay:
    """ASGI middleware that answers what the table can, and leaves the rest to the app behind it."""

    def __init__(self, app: ASGIFramework, parts: Context, table: Mapping[re.Pattern[str], Express]) -> None:
        self._app = app
        self._parts = parts
        self._table = table

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        answered = await self._answer(scope, send) if scope["type"] == "http" else None
        if answered is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._finish(*answered, scope, receive, send)

    async def _answer(self, scope: HTTPScope, send: ASGISendCallable) -> tuple[str, Response] | None:
        if scope["method"] != "GET":
            return None
        for pattern, express in self._table.items():
            path = pattern.fullmatch(inside(scope["path"]))
            if path is not None:
                handover = Handover.behind(send)
                takeable = handover is not None and handover.recognise()
                return await express(self._parts, scope, path, takeable)
        return None

    async def _finish(
        self,
        route: str,
        response: Response,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        """Count the answer, put the site's headers on it, and send it."""
        response.headers.update(transport_headers(scope["scheme"], self._parts.settings))
        self._parts.metrics.http_requests.labels("GET", route, str(response.status_code)).inc()
        if isinstance(response, StreamResponse):
            await open_stream(response, scope, send, receive)
        else:
            await send_whole(response, send)
