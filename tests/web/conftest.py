"""Fixtures of the staff's pages: the hall, its people, and a match that is being played."""

from __future__ import annotations

import pytest
import pytest_asyncio
from quart import Quart

from quart_app.actions.staff import add_staff
from tests.web.api_client import Caller
from tests.web.hall import PASSWORD, Browser, Hall, Play


@pytest_asyncio.fixture(name="hall")
async def _hall(app: Quart) -> Hall:
    """The app with anna, an organiser, and bob, a scorer."""
    hall = Hall(app)
    await add_staff(hall.services, "anna", PASSWORD, "organiser")
    await add_staff(hall.services, "bob", PASSWORD, "scorer")
    return hall


@pytest_asyncio.fixture(name="anna")
async def _anna(hall: Hall) -> Browser:
    """Anna's browser."""
    return await hall.sign_in("anna")


@pytest_asyncio.fixture(name="bob")
async def _bob(hall: Hall) -> Browser:
    """Bob's browser."""
    return await hall.sign_in("bob")


@pytest_asyncio.fixture(name="play")
async def _play(hall: Hall, anna: Browser) -> Play:
    """A match that anna has started."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/matches/1/"
    await anna.post(f"{path}start/")
    return Play(hall, anna, tournament.id, path)


@pytest.fixture(name="anyone")
def _anyone(app: Quart) -> Caller:
    return Caller.anonymous(app)


@pytest_asyncio.fixture(name="organiser")
async def _organiser(app: Quart) -> Caller:
    return await Caller.staff(app, "Olga", "organiser")


@pytest_asyncio.fixture(name="scorer")
async def _scorer(app: Quart) -> Caller:
    return await Caller.staff(app, "Sam", "scorer")
