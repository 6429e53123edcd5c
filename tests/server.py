"""A real server on a real port in the test's own loop, and a client that reads its feeds byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import msgspec

from quart_app.actions import staff, tournaments
from quart_app.actions.services import Services
from quart_app.app import create_app
from quart_app.domain.commands import CreateTournament, EntrantLine
from quart_app.domain.state.tournament import Tournament
from quart_app.live.rooms.hub import Hub
from quart_app.serving import server as serving
from quart_app.settings import Settings
from quart_app.show.paths import serve_below
from quart_app.web.doors.context import EXTENSION, Context
from tests.databases import prepare

PASSWORD = "correct horse battery staple"


@dataclass
class Server:
    """A running server and its parts, for tests that act behind its back."""

    settings: Settings
    context: Context
    url: str
    client: httpx.AsyncClient

    @property
    def services(self) -> Services:
        """What actions work with."""
        return self.context.services

    @property
    def hub(self) -> Hub:
        """The hub with its open streams."""
        return self.context.hub

    async def feed_token(self, tournament_id: int) -> str:
        """A spectator's token, asked for as a spectator does."""
        answer = await self.client.post(f"/api/tournaments/{tournament_id}/feed-token/")
        answer.raise_for_status()
        self.client.cookies.clear()
        return str(answer.json()["token"])

    async def sign_in(self, name: str, role: str = "organiser") -> dict[str, str]:
        """A new account's Authorization header for the API."""
        await staff.add_staff(self.services, name, PASSWORD, role)
        answer = await self.client.post("/api/token/", json={"username": name, "password": PASSWORD})
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access']}"}

    async def tournament(self, players: int = 4, **options: Any) -> Tournament:
        """A tournament with its bracket, P1 to Pn."""
        command = CreateTournament(
            name=options.pop("name", f"Cup of {players}"),
            entrants=tuple(EntrantLine(name=f"P{n}") for n in range(1, players + 1)),
            **options,
        )
        return (await tournaments.create_tournament(self.services, command, None, generate=True)).tournament

    @asynccontextmanager
    async def feed(
        self, tournament_id: int, *, html: bool = False, query: str = "", **headers: str
    ) -> AsyncIterator[Feed]:
        """A spectator's open feed."""
        token = await self.feed_token(tournament_id)
        path = f"/sse/tournaments/{tournament_id}/{'fragments/' if html else ''}{query}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        async with open_feed(self.url + path, {"Authorization": f"Bearer {token}", **headers}) as feed:
            yield feed


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """The whole application on a real port, its database migrated; afterwards the process is at the root."""
    await prepare(settings.database_url)
    app = create_app(settings)
    listening = serving.listen(settings)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    stop = asyncio.Event()
    serves = asyncio.create_task(serving.serve(app, settings, listening, stop=stop))
    try:
        # without TLS here, and to read all the authorities takes longer than many a test
        async with httpx.AsyncClient(base_url=url, timeout=10, verify=False) as client:
            await _until_alive(client, serves)
            yield Server(settings, app.extensions[EXTENSION], url, client)
    finally:
        stop.set()
        await serves
        serve_below("")


async def _until_alive(client: httpx.AsyncClient, serves: asyncio.Task[None]) -> None:
    for _ in range(200):
        if serves.done():
            serves.result()
        try:
            if (await client.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise TimeoutError("the server did not come up")


@dataclass(frozen=True)
class Frame:
    """One block of a stream, and its very bytes."""

    raw: bytes
    id: str | None = None
    event: str | None = None
    data: str | None = None
    retry: int | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read one block, without its blank line (WHATWG HTML, 9.2.6)."""
        fields: dict[str, list[str]] = {}
        for line in raw.decode().split("\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        return cls(
            raw,
            id=fields["id"][-1] if "id" in fields else None,
            event=fields["event"][-1] if "event" in fields else None,
            data="\n".join(fields["data"]) if "data" in fields else None,
            retry=int(fields["retry"][-1]) if "retry" in fields else None,
        )

    @property
    def payload(self) -> Any:
        """What the event tells: the inner ``data``."""
        return msgspec.json.decode(self.data or "null")["data"]


@dataclass
class Feed:
    """An open stream. ``frames`` are the blocks read so far."""

    response: httpx.Response
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chunks = self.response.aiter_raw()
        self._held = b""

    async def next(self, seconds: float = 5.0) -> Frame:
        """The next block that is neither a comment nor presence. Raises EOFError at the stream's end."""
        while True:
            frame = await asyncio.wait_for(self.next_block(), seconds)
            if not frame.raw.startswith(b":") and frame.event != "presence":
                self.frames.append(frame)
                return frame

    async def take(self, count: int) -> list[Frame]:
        """The next blocks."""
        return [await self.next() for _ in range(count)]

    async def until(self, event: str) -> Frame:
        """Read up to the next block of this event."""
        while (frame := await self.next()).event != event:
            pass
        return frame

    async def rest(self) -> list[Frame]:
        """Everything up to the stream's end."""
        read = []
        try:
            while True:
                read.append(await self.next())
        except EOFError:
            return read

    async def silence(self, seconds: float) -> bool:
        """Whether no block comes for this long; the stream cannot be read any further afterwards."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False

    async def next_block(self) -> Frame:
        """The next block, comments too. Raises EOFError at the stream's end."""
        while b"\n\n" not in self._held:
            try:
                self._held += await anext(self._chunks)
            except (StopAsyncIteration, httpx.RemoteProtocolError):
                raise EOFError from None
        raw, _, self._held = self._held.partition(b"\n\n")
        return Frame.parse(raw)


@asynccontextmanager
async def open_feed(url: str, headers: dict[str, str]) -> AsyncIterator[Feed]:
    """A feed read by a client of its own, as another machine would."""
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(10, read=None), verify=False) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        yield Feed(response)


def logged(frames: Sequence[Frame]) -> list[Frame]:
    """The frames that are of the log."""
    outside = {None, "connection_established", "presence", "resync", "token", "goodbye"}
    return [frame for frame in frames if frame.event not in outside]
