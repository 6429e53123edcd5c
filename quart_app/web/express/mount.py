"""The base path: a proxy in front may pass it on or take it off, and here both become the same request."""

from __future__ import annotations

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Response

from quart_app.settings import Settings
from quart_app.show.paths import at, inside
from quart_app.web.doors.security import transport_headers
from quart_app.web.express.whole import send_whole


class Mounted:
    """ASGI middleware that says in the scope, in ASGI's own terms, that the app is mounted at the base path:
    ``root_path`` is the base, and ``path`` begins with it. The base without its slash leads on to the one
    with it, below which the cookies are."""

    def __init__(self, app: ASGIFramework, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            if scope["path"] == self._settings.base_path:
                query = scope["query_string"].decode("latin-1")
                onward = Response(b"", 308, {"Location": at("/") + (f"?{query}" if query else "")})
                onward.headers.update(transport_headers(scope["scheme"], self._settings))
                await send_whole(onward, send)
                return
            scope = scope.copy()
            scope["root_path"] = self._settings.base_path
            scope["path"] = at(inside(scope["path"]))
        await self._app(scope, receive, send)
