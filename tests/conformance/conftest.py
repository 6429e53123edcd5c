"""The browser, the servers and the clients of the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from quart_app.live.wires import ring
from quart_app.settings import Settings
from tests.browser.browsing import chromium
from tests.conformance.clients import Client, programs
from tests.conformance.htmx import Htmx
from tests.server import Server, running

PROGRAMS = ("Chromium's EventSource", "npm eventsource", "npm eventsource-client", "httpx-sse", "curl")
CLIENTS = (*PROGRAMS, "htmx")
WIRES = ("ring", "asgi")


@pytest_asyncio.fixture(scope="session", name="browser")
async def _browser() -> AsyncIterator[Browser]:
    """A running Chromium."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="session", name="clients")
def _clients(browser: Browser) -> Mapping[str, Client]:
    """Every client by its name."""
    return {client.name: client for client in (*programs(browser), Htmx(browser))}


@pytest.fixture(name="client", params=CLIENTS)
def _client(request: pytest.FixtureRequest, clients: Mapping[str, Client]) -> Client:
    """Each client in turn."""
    return clients[request.param]


@pytest.fixture(autouse=True)
def _few_go_through_the_ring_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else these few would be written to one by one."""
    monkeypatch.setattr(ring, "FEW", 0)


@pytest_asyncio.fixture(scope="module", name="server", params=WIRES)
async def _server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """A server with a quick heartbeat, once for each wire."""
    file = tmp_path_factory.mktemp("conformance") / "grandstand.db"
    settings = Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{file}", wire=request.param, heartbeat_seconds=0.5
    )
    async with running(settings) as server:
        yield server


@pytest_asyncio.fixture(scope="module", name="small_server")
async def _small_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server with a seat for one in each tournament, and two seats in all."""
    file = tmp_path_factory.mktemp("conformance") / "grandstand.db"
    settings = Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{file}", limit_streams_per_tournament=1, limit_streams_per_worker=2
    )
    async with running(settings) as server:
        yield server
