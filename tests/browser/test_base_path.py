"""Below a path of a real nginx, in a real browser: from a login to a score on a spectator's page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from quart_app.settings import Settings
from tests.browser.browsing import viewing
from tests.browser.proxy import Nginx
from tests.browser.test_pad import PHONE, Pad, add_referees, scored
from tests.browser.test_stream import LIVE_SCORES, STATE
from tests.server import PASSWORD, Server, running

BASE = "/cup"
LOCKS = "navigator.locks.query().then(({ held }) => held.map((lock) => lock.name))"
"""By what the tabs of a site share a stream: another site of this host must not have the same."""


@pytest_asyncio.fixture(name="below")
async def _below(settings: Settings) -> AsyncIterator[Server]:
    """A server whose pages are below BASE."""
    async with running(replace(settings, base_path=BASE)) as server:
        yield server


@pytest.mark.parametrize("onward", [BASE, ""], ids=["passed on", "taken off"])
async def test_a_score_goes_round_below_a_path(below: Server, browser: Browser, onward: str) -> None:
    """A login, a tap on the pad, a page that follows, also when it needs a new token; and nothing is asked or
    kept beside the path."""
    tid = await add_referees(below)
    asked: list[str] = []
    async with (
        Nginx.before(urlsplit(below.url).port or 0, BASE, onward) as proxy,
        viewing(browser, f"{proxy.url}{BASE}/tournaments/{tid}/") as spectator,
        viewing(browser, "about:blank", **PHONE) as viewer,
    ):
        for page in (spectator.page, viewer.page):
            page.on("request", lambda request: asked.append(request.url))
        pad = Pad(viewer.page)
        await pad.page.goto(f"{proxy.url}{BASE}/staff/tournaments/{tid}/matches/1/")
        await pad.page.fill("#name", "anna")
        await pad.page.fill("#password", PASSWORD)
        await pad.page.press("#password", "Enter")
        await pad.page.wait_for_url(f"{proxy.url}{BASE}/staff/tournaments/{tid}/matches/1/")
        await pad.until_live()
        await spectator.until_live()
        await pad.tap(1, 2)
        await scored(below, tid, (2, 0))
        await spectator.until(f"{LIVE_SCORES} === '2–0'")
        await spectator.page.context.clear_cookies()
        await spectator.page.evaluate("document.getElementById('live-region')._htmx.sse.reader.cancel()")
        await spectator.until(f"{STATE} !== 'live'")
        await spectator.until_live()
        await pad.tap(2)
        await spectator.until(f"{LIVE_SCORES} === '2–1'")
        kept = {(each["name"], each["path"]) for each in await pad.page.context.cookies()}
        assert kept == {
            ("grandstand_session", f"{BASE}/"),
            ("grandstand_device", f"{BASE}/staff/login/"),
            ("feed_token", f"{BASE}/sse/tournaments/{tid}/"),
        }
        assert any(url.endswith("/feed-token/") for url in asked)
        assert [url for url in asked if not url.startswith((f"{proxy.url}{BASE}/", "about:", "data:"))] == []
        assert await spectator.page.evaluate(LOCKS) == [f"grandstand:line:cup/{tid}"]
        assert pad.complaints == []
