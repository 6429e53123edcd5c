"""A plain Quart response over an async generator with a queue per client, as Quart's documentation has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from quart import Quart, Response, make_response

from bench.apps.listening import Listening

app = Quart(__name__)
listening = Listening()


@app.while_serving
async def listen() -> AsyncGenerator[None]:
    """Hear Redis while the app runs."""
    async with listening.running():
        yield


@app.get("/feed/")
async def feed() -> Response:
    """One client's stream."""

    async def events() -> AsyncIterator[bytes]:
        with listening.client() as queue:
            yield b": joined\n\n"
            while True:
                number, data = await queue.get()
                yield f"id: {number}\nevent: score_updated\ndata: {data}\n\n".encode()

    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    response: Response = await make_response(events(), headers)  # type: ignore[assignment]
    response.timeout = None
    return response
