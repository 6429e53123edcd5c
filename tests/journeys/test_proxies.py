"""Behind nginx, Caddy and HAProxy, each run with the very configuration that docs/operations.md gives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from quart_app.actions.staff import add_staff
from quart_app.settings import Settings
from tests.proxies import Caddy, HAProxy, Nginx, Proxy
from tests.server import PASSWORD, Server, open_feed, running

KINDS: list[type[Proxy]] = [Nginx, Caddy, HAProxy]
WAYS = [
    pytest.param("", False, id="at the root"),
    pytest.param("/cup", False, id="passed on"),
    pytest.param("/cup", True, id="taken off"),
]
HYPERCORNS_SECONDS = 5.0
"""How long a connection may be idle at Hypercorn unless it is told otherwise."""
AROUND = [step / 50 - 0.15 for step in range(20)]
"""Moments about that, in seconds."""


@pytest_asyncio.fixture(name="behind")
async def _behind(settings: Settings, base: str) -> AsyncIterator[Server]:
    """A server in production, whose one proxy is believed, and whose heartbeats come soon."""
    secured = replace(settings, environment="production", base_path=base, trusted_proxies=1)
    async with running(replace(secured, heartbeat_seconds=4)) as server:
        yield server


@asynccontextmanager
async def client_of(proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, as far as a proxy can tell: HTTP/2 over TLS."""
    async with httpx.AsyncClient(
        base_url=proxy.url, http2=True, verify=proxy.authority.context(), timeout=10
    ) as client:
        yield client


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.lower())
@pytest.mark.parametrize(("base", "takes_off"), WAYS)
async def test_all_of_it_works(kind: type[Proxy], behind: Server, base: str, *, takes_off: bool) -> None:
    """Pages, a login whose cookies are for HTTPS, a stream that nothing holds back or cuts while silent, and
    that ends at the server when its reader has gone; the whole of a long list; no metrics."""
    await add_staff(behind.services, "anna", PASSWORD, "organiser")
    tournament = await behind.tournament(4)
    pages = f"{base}/tournaments/{tournament.id}/"
    async with (
        kind.before(urlsplit(behind.url).port or 0, base, takes_off=takes_off) as proxy,
        client_of(proxy) as client,
    ):
        page = await client.get(pages)
        assert (page.status_code, page.http_version) == (200, "HTTP/2")
        assert page.headers["Grandstand-Answer"]
        assert f'href="{base}/tournaments/{tournament.id}/matches/1/"' in page.text
        assert (await client.get(f"{base}/metrics")).status_code == 403
        if base:
            bare = await client.get(base)
            assert bare.is_redirect
            assert bare.headers["Location"].endswith(f"{base}/")

        own = {"Origin": proxy.url}
        form = {"name": "anna", "password": PASSWORD}
        login = await client.post(f"{base}/staff/login/", data=form, headers=own)
        assert (login.status_code, login.headers["Location"]) == (303, f"{base}/staff/")
        assert all("Secure" in cookie for cookie in login.headers.get_list("Set-Cookie"))
        if not base:  # 2.2 MB, as large as any list
            long_list = {"name": "Cup", "participants": "\n" + "\U0001f3c6" * 180_000}
            refused = await client.post("/staff/tournaments/new/", data=long_list, headers=own)
            assert (refused.status_code, "too long to be read" in refused.text) == (422, True)

        token = (await client.post(f"{base}/api/tournaments/{tournament.id}/feed-token/")).json()
        async with open_feed(proxy.url + token["url"], {"Authorization": f"Bearer {token['token']}"}) as feed:
            await feed.until("connection_established")
            match = f"{base}/staff/tournaments/{tournament.id}/matches/1"
            began = time.monotonic()
            started = await client.post(f"{match}/start/", headers=own)
            assert started.status_code == 303
            await feed.until("match_started")
            assert time.monotonic() - began < 3  # and not with the next heartbeat
            while not (await asyncio.wait_for(feed.next_block(), 10)).raw.startswith(b":"):
                pass
            assert behind.hub.watching(tournament.id) == 1
        async with asyncio.timeout(10):  # a proxy may hang up with what it is sent next
            while behind.hub.watching(tournament.id):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("base", [""])
async def test_no_post_meets_a_connection_that_is_being_closed(behind: Server) -> None:
    """A proxy keeps connections to the server, and uses one again after any silence."""
    tournament = await behind.tournament(4)
    path = f"/api/tournaments/{tournament.id}/feed-token/"

    async def post(client: httpx.AsyncClient, seconds: float) -> int:
        assert (await client.post(path)).status_code == 200
        await asyncio.sleep(seconds)
        return (await client.post(path)).status_code

    async def answers(kind: type[Proxy]) -> list[int]:
        async with kind.before(urlsplit(behind.url).port or 0) as proxy, client_of(proxy) as client:
            return await asyncio.gather(*(post(client, HYPERCORNS_SECONDS + at) for at in AROUND))

    assert await asyncio.gather(*map(answers, KINDS)) == [[200] * len(AROUND)] * len(KINDS)
