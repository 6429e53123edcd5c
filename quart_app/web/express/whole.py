"""What is answered without Quart: a whole response for the ASGI middlewares, and a WebSocket's handshake."""

from __future__ import annotations

from typing import cast

from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    WebsocketCloseEvent,
    WebsocketScope,
)
from quart import Quart, Response
from quart.utils import encode_headers
from werkzeug.datastructures import Headers


class NoWebSocket:
    """Quart's WebSocket connection, which refuses every handshake: nothing here speaks that."""

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        """There is nothing to look at."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Close it before it is accepted, which the client is told as 403."""
        await send(WebsocketCloseEvent(type="websocket.close", code=1000, reason=None))


def request_headers(scope: HTTPScope) -> Headers:
    """The headers that a request came with."""
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])


async def send_whole(response: Response, send: ASGISendCallable) -> None:
    """Send ``response``, whose body stands ready."""
    start = {"status": response.status_code, "headers": encode_headers(response.headers)}
    await send(cast(HTTPResponseStartEvent, {"type": "http.response.start", **start}))
    body = await response.get_data(as_text=False)
    await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))
