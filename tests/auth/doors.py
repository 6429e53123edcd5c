"""What the tests of doors and keys share: accounts, tournaments, and an app with any settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from quart import Quart, Response
from quart.typing import TestClientProtocol as Browser

from quart_app.actions.services import Services
from quart_app.actions.staff import add_staff
from quart_app.actions.tournaments import create_tournament
from quart_app.app import create_app
from quart_app.auth.sessions import sign_in, sign_out
from quart_app.auth.tokens import Tokens
from quart_app.domain.commands import CreateTournament, EntrantLine
from quart_app.live.bus.local import LocalBus
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.staff import StaffRow, select_staff
from quart_app.timeline.ledger import Ledger
from quart_app.web.doors.access import authorise, require_staff
from quart_app.web.doors.callers import client_address
from quart_app.web.doors.context import EXTENSION, Context
from tests.databases import prepare

PASSWORD = "corner flag 9"


def services_on(database: Database) -> Services:
    """The services of one process on a database."""
    return Services(database, LocalBus(), Ledger(database))


async def tournament(services: Services, visibility: str = "public") -> int:
    """The id of a new tournament of two."""
    entrants = (EntrantLine(name="Ana"), EntrantLine(name="Bo"))
    command = CreateTournament(name="Cup", entrants=entrants, visibility=visibility)
    return (await create_tournament(services, command, None)).tournament.id


@dataclass(frozen=True)
class House:
    """A running app, for ``client()``, and its parts."""

    app: Quart
    settings: Settings

    @property
    def context(self) -> Context:
        """The parts of the app."""
        return cast(Context, self.app.extensions[EXTENSION])

    @property
    def services(self) -> Services:
        """What actions work with."""
        return self.context.services

    @property
    def tokens(self) -> Tokens:
        """The app's own tokens."""
        return self.context.tokens

    def tokens_of(self, age: timedelta) -> Tokens:
        """The app's own tokens, as they were some time ago."""
        return Tokens(self.settings, lambda: datetime.now(UTC) - age)

    def client(self) -> Browser:
        """A new browser, without cookies."""
        return self.app.test_client()

    async def staff(self, name: str, role: str = "scorer") -> StaffRow:
        """A new account."""
        return await add_staff(self.services, name, PASSWORD, role)

    async def signed_in(self, name: str, role: str = "scorer") -> Browser:
        """A browser in which a new account is signed in."""
        staff, client = await self.staff(name, role), self.client()
        answer = await client.post(f"/probe/sign-in/{staff.id}/", scheme="https")
        assert answer.status_code == 200
        return client


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The whole app with these settings, and a few views below ``/probe/`` and ``/api/probe/``."""
    await prepare(settings.database_url)
    app = create_app(settings)
    _add_probes(app)
    async with app.test_app():
        yield House(app, settings)


def _add_probes(app: Quart) -> None:
    async def whoami() -> str:
        return (await authorise()).name

    async def address() -> str:
        return client_address()

    async def enter(staff_id: int) -> Response:
        context: Context = app.extensions[EXTENSION]
        async with context.services.database.reading() as connection:
            staff = await select_staff(connection, staff_id)
        assert staff is not None
        sign_in(staff)
        return Response("in")

    async def leave() -> Response:
        sign_out()
        return Response("out")

    methods = ["GET", "POST"]
    app.add_url_rule("/probe/scorer/", "p1", require_staff()(whoami), methods=methods)
    app.add_url_rule("/probe/organiser/", "p2", require_staff("organiser")(whoami), methods=methods)
    app.add_url_rule("/api/probe/scorer/", "p3", require_staff()(whoami), methods=methods)
    app.add_url_rule("/api/probe/organiser/", "p4", require_staff("organiser")(whoami), methods=methods)
    app.add_url_rule("/probe/address/", "p5", address)
    app.add_url_rule("/probe/sign-in/<int:staff_id>/", "p6", enter, methods=["POST"])
    app.add_url_rule("/probe/sign-out/", "p7", leave, methods=["POST"])


def on_file(path: Any, **overrides: Any) -> Settings:
    """Settings on a SQLite file in a folder."""
    return Settings.for_tests(database_url=f"sqlite+aiosqlite:///{path}/grandstand.db", **overrides)
