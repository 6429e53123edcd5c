"""What the ASGI middlewares share: a whole answer, sent without Quart."""

from __future__ import annotations

from typing import cast

from hypercorn.typing import ASGISendCallable, HTTPResponseBodyEvent, HTTPResponseStartEvent, HTTPScope
from quart import Response
from quart.utils import encode_headers
from werkzeug.datastructures import Headers


def request_headers(scope: HTTPScope) -> Headers:
    """The headers that a request came with."""
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])


async def send_whole(response: Response, send: ASGISendCallable) -> None:
    """Send ``response``, whose body stands ready."""
    start = {"status": response.status_code, "headers": encode_headers(response.headers)}
    await send(cast(HTTPResponseStartEvent, {"type": "http.response.start", **start}))
    body = await response.get_data(as_text=False)
    await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))
