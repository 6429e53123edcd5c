"""sse-starlette's EventSourceResponse over an async generator with a queue per client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from bench.apps.listening import Listening

listening = Listening()


async def feed(request: Request) -> EventSourceResponse:
    """One client's stream."""

    async def events() -> AsyncIterator[ServerSentEvent]:
        with listening.client() as queue:
            yield ServerSentEvent(comment="joined")
            while True:
                number, data = await queue.get()
                yield ServerSentEvent(data, event="score_updated", id=str(number), sep="\n")

    return EventSourceResponse(events(), sep="\n")


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hear Redis while the app runs."""
    async with listening.running():
        yield


app = Starlette(routes=[Route("/feed/", feed)], lifespan=lifespan)
