"""The crowd of the soak: spectators who come and go, visitors of pages and API, and whoever scores.

The spectators are those of the fault campaign (``tests/faults``), who hold what they saw against the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from random import Random

import httpx

from bench.machine import CannotMeasure
from bench.peers import STAFF_NAME, Grandstand
from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.services import Services
from quart_app.auth.sessions import COOKIE
from quart_app.domain.commands import Command, ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.events import Envelope
from quart_app.domain.state.tournament import Tournament
from tests.faults.spectators import JSON_KINDS, PAGE, Kind, Spectator, differences

STAY_SECONDS = 10.0
AWAY_SECONDS = 1.5
"""How long spectators stay and stay away, on average."""

LEAVES = 0.25
"""How many of those who go never come back, and have their seat taken by somebody new."""

SIP_BYTES, SIP_SECONDS = 256, 0.5
"""What somebody slow reads, and how often. They never go by themselves: the server has to cut them."""

TCP_REPAIR = 19
"""tcp(7): a socket closed in this mode sends nothing, neither FIN nor RST. Needs CAP_NET_ADMIN."""

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER of socket(7): a socket closed like this sends a RST."""

VISITS_APART_SECONDS = 0.25

MANNERS = ("fin", "reset", "silence")
"""How a stream is cut: in good order, by a RST, or without a word."""

_PARTIAL = re.compile(r'<hx-partial hx-target="#([^"]+)".*?</hx-partial>', re.DOTALL)


@dataclass
class Guest(Spectator):
    """A spectator, perhaps a slow one."""

    slow: bool = False

    async def read(self) -> bytes:
        """Some bytes: of a slow one few, after a while."""
        if not (self.slow and self.connections):
            return await super().read()
        await asyncio.sleep(SIP_SECONDS)
        return await (super().read() if self._held else self.receive(SIP_BYTES))

    def part(self, manner: str) -> None:
        """Have the connection end like this once it is closed.

        Only who has asked for something falls silent: when the server writes to them it finds that nobody is
        there. For the first word of anybody else it has more patience than the soak has with it.
        """
        if self._socket is None:
            return
        if manner == "fin":
            self.hang_up()
            return
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        if manner == "silence" and self.asked:
            with contextlib.suppress(PermissionError):
                self._socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)

    def wrong(self, log: Sequence[Envelope], fresh_page: str) -> str | None:
        """In what they hold something else than the log up to where they stand; None where they do not."""
        if self.position is None:
            return None if not self.odd else self.told()
        seen = int(self.position.rpartition("-")[2])
        if self.swaps:
            # a later partial for the same element replaces all of the earlier one
            latest: dict[str, str] = {}
            for partial in _PARTIAL.finditer("".join(self.swaps)):
                latest.pop(partial[1], None)
                latest[partial[1]] = partial[0]
            self.swaps = ["".join(latest.values())]
        return differences(self, log[:seen], fresh_page)


def kinds(seats: int) -> Iterator[tuple[Kind, bool]]:
    """Who sits where, and whether slow: a fifth watches the page, and one in six of these is slow."""
    programs = itertools.cycle(JSON_KINDS)
    for number in range(seats):
        yield (PAGE, number % 30 == 0) if number % 5 == 0 else (next(programs), False)


@dataclass
class Crowd:
    """Everybody who watches one tournament. ``over`` tells them that it will not go on."""

    port: int
    tournament_id: int
    chance: Random
    over: asyncio.Event = field(default_factory=asyncio.Event)
    guests: list[Guest] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    async def sit(self, kind: Kind, *, slow: bool, head: asyncio.Future[str]) -> None:
        """Keep one seat taken until the tournament is over and whoever sits there has come to its head."""
        await self._pause(self.chance.uniform(0, AWAY_SECONDS * 2))
        guest = self._arrives(kind, slow=slow)
        while True:
            watching = asyncio.create_task(guest.run())
            try:
                await self._pause(None if slow else self.chance.expovariate(1 / STAY_SECONDS))
                if self.over.is_set():
                    await self._bring(guest, await head)
                    return
                guest.part(self.chance.choice(MANNERS))
            finally:
                watching.cancel()
                (ended,) = await asyncio.gather(watching, return_exceptions=True)
                if isinstance(ended, Exception):
                    self.lost.append(f"{guest.told()}: {ended!r}")
            await self._pause(self.chance.expovariate(1 / AWAY_SECONDS))
            if not kind.html and self.chance.random() < LEAVES:
                guest = self._arrives(kind, slow=slow)

    def _arrives(self, kind: Kind, *, slow: bool) -> Guest:
        chance = Random(self.chance.random())
        guest = Guest("127.0.0.1", self.port, self.tournament_id, kind, chance)
        if slow:
            guest.slow, guest.receive_bytes = True, 4096
        self.guests.append(guest)
        return guest

    async def _pause(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()

    async def _bring(self, guest: Guest, head: str) -> None:
        guest.slow = False
        try:
            await guest.until(lambda spectator: spectator.position == head)
        except AssertionError as error:
            self.lost.append(str(error))

    def wrong(self, log: Sequence[Envelope], fresh_page: str) -> list[str]:
        """Who holds something else than the log, in words."""
        return self.lost + [found for each in self.guests if (found := each.wrong(log, fresh_page))]


@dataclass
class Visitors:
    """Those who only ask: pages, API, files, and what there is not. ``odd`` is what was answered wrongly."""

    url: str
    tournament_id: int
    chance: Random
    requests: int = 0
    odd: list[str] = field(default_factory=list)

    async def visit(self, *, keep_alive: bool) -> None:
        """Ask for one thing after the other, until cancelled, as a browser that has some of it already."""
        limits = httpx.Limits(max_keepalive_connections=None if keep_alive else 0)
        one, api = f"/tournaments/{self.tournament_id}/", f"/api/tournaments/{self.tournament_id}/"
        paths = {
            "/": 200,
            one: 200,
            f"{one}matches/1/": 200,
            "/static/app.css": 200,
            "/api/tournaments/": 200,
            api: 200,
            f"{api}events/?limit=50": 200,
            "/api/openapi.json": 200,
            "/readyz": 200,
            "/tournaments/999999/": 404,
            f"{api}nothing/": 404,
            f"/sse{one}": 401,
            f"/staff{one}": 302,
        }
        known: dict[str, str] = {}
        async with httpx.AsyncClient(base_url=self.url, timeout=20, limits=limits) as client:
            while True:
                await asyncio.sleep(self.chance.uniform(0, 2 * VISITS_APART_SECONDS))
                path, due = self.chance.choice(list(paths.items()))
                headers = {"If-None-Match": known[path]} if path in known else {}
                try:
                    answer = await client.get(path, headers=headers)
                except httpx.TransportError as error:
                    self.odd.append(f"GET {path} got no answer: {error!r}")
                    continue
                client.cookies.clear()
                self.requests += 1
                if answer.status_code not in (due, 304 if headers else due):
                    self.odd.append(f"GET {path} was answered {answer.status_code}")
                if "ETag" in answer.headers:
                    known[path] = answer.headers["ETag"]


SIGN_IN_EVERY_SECONDS = 300.0

ACTIONS = {StartMatch: "start", UpdateScore: "score", ConfirmResult: "confirm"}


@dataclass
class Scorer:
    """Scores matches through each of the three doors in turn: the API, the forms, and, as another worker
    would, the actions themselves."""

    services: Services
    client: httpx.AsyncClient
    deeds: int = 0

    async def sign_in(self, server: Grandstand) -> None:
        """Get a token for the API and a session for the forms, again and again: a token lasts 15 minutes."""
        self._server, self._signed_in = server, time.monotonic()
        login = {"username": STAFF_NAME, "password": server.password}
        answer = await self.client.post("/api/token/", json=login)
        self._require(answer, 200)
        self._bearer = {"Authorization": f"Bearer {answer.json()['access']}"}
        form = {"name": STAFF_NAME, "password": server.password}
        answer = await self.client.post("/staff/login/", data=form)
        self._require(answer, 303)
        # sent by hand: the cookie is for HTTPS only
        self._session = {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}

    async def perform(self, tournament_id: int, wish: Command) -> Tournament:
        """Carry a wish out and give the tournament after it. Raises CannotMeasure when it is refused."""
        self.deeds += 1
        if time.monotonic() - self._signed_in > SIGN_IN_EVERY_SECONDS:
            await self.sign_in(self._server)
        door = self.deeds % 3
        if door == 0:
            await self._act(tournament_id, wish)
        else:
            body = {name: value for name, value in asdict(wish).items() if value is not None}
            path = f"tournaments/{tournament_id}/matches/{body.pop('match_id')}/{ACTIONS[type(wish)]}/"
            if door == 1:
                headers = {**self._bearer, "Idempotency-Key": f"{tournament_id}-{self.deeds}"}
                self._require(await self.client.post(f"/api/{path}", json=body, headers=headers), 200)
            else:
                form = await self.client.post(f"/staff/{path}", data=body, headers=self._session)
                self._require(form, 303)
        return (await self.services.ledger.load(tournament_id)).tournament

    async def _act(self, tournament_id: int, wish: Command) -> None:
        match wish:
            case StartMatch():
                await start_match(self.services, tournament_id, wish, None)
            case UpdateScore():
                await update_score(self.services, tournament_id, wish, None)
            case ConfirmResult():
                await confirm_result(self.services, tournament_id, wish, None)

    @staticmethod
    def _require(answer: httpx.Response, status: int) -> None:
        if answer.status_code != status:
            said = f"{answer.request.url} was answered {answer.status_code}: {answer.text[:400]}"
            raise CannotMeasure(said)
