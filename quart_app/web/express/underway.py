"""How requests end when the server does: what has begun is waited for, and what is cut off is told so.

Hypercorn waits for the connections that it knows when it stops. One that it accepted in that very moment it
does not know; and what takes longer than it waits, it answers with an empty 500.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from quart_app.errors import Unavailable
from quart_app.settings import Settings
from quart_app.show.paths import inside
from quart_app.web.answers import problems
from quart_app.web.doors.security import transport_headers
from quart_app.web.express.whole import request_headers, send_whole

CUT_OFF = Unavailable(
    "The server is restarting. Try again in a moment; if you sent something, look first whether it arrived."
)


class Underway:
    """ASGI middleware that knows the requests which have begun."""

    def __init__(self, app: ASGIFramework, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._requests: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        self._requests.add(task)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            refusal = problems.written(CUT_OFF, inside(scope["path"]), request_headers(scope))
            refusal.headers.update(transport_headers(scope["scheme"], self._settings))
            # fails where the answer has begun or the caller has left, and then there is nothing to tell
            with contextlib.suppress(Exception):
                await send_whole(refusal, send)
            raise
        finally:
            self._requests.discard(task)

    async def ended(self, seconds: float) -> None:
        """Return when every request that has begun is answered, or after so many seconds."""
        if self._requests:
            await asyncio.wait(self._requests, timeout=seconds)
